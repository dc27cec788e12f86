"""What a CASE/UCO bundle says of the things examined: files with their hashes and origin, machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.render._linked_data import clean, utc
from iiscluster_kb.render._words import profile_words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from iiscluster_kb.model import Artifact, MachineProfile, Skipped
    from iiscluster_kb.render._linked_data import Graph
    from iiscluster_kb.render.json import Json

__all__ = ["computer", "exhibit", "file_facet", "record", "unused"]


def exhibit(graph: Graph, artifact: Artifact) -> Json:
    """A file of the case, with its hash."""
    key = (artifact.sha256, artifact.path)
    digest = graph.put(
        "hash",
        (artifact.sha256,),
        "uco-types:Hash",
        {
            "uco-types:hashMethod": "SHA256",
            "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": artifact.sha256},
        },
    )
    facets = [
        file_facet(graph, key, artifact.path, "/", size=artifact.size),
        graph.put(
            "content-data-facet",
            key,
            "uco-observable:ContentDataFacet",
            {
                "uco-observable:sizeInBytes": artifact.size,
                "uco-observable:hash": [digest],
            },
        ),
    ]
    if artifact.format == "registry-hive":
        kind = ", ".join(artifact.holds)
        facets.append(
            graph.put(
                "hive-facet",
                key,
                "uco-observable:WindowsRegistryHiveFacet",
                {
                    "uco-observable:hiveType": clean(kind),
                },
            )
        )
    return graph.put(
        "file",
        key,
        "uco-observable:File",
        {
            "uco-core:description": [
                clean(text) for text in (f"{artifact.format}, {artifact.state}", *artifact.notes)
            ],
            "uco-core:hasFacet": [*facets],
        },
    )


def file_facet(  # noqa: PLR0913 - what a file may have; all but the path may be unknown
    graph: Graph,
    key: Iterable[str],
    path: str,
    divider: str,
    *,
    size: int | None = None,
    modified: datetime | None = None,
    directory: bool = False,
) -> Json:
    """What a file system tells of a file. None: it is not known."""
    return graph.put(
        "file-facet",
        key,
        "uco-observable:FileFacet",
        {
            "uco-observable:fileName": clean(path.rpartition(divider)[2]),
            "uco-observable:filePath": clean(path),
            "uco-observable:isDirectory": directory,
            "uco-observable:sizeInBytes": size,
            "uco-observable:modifiedTime": utc(modified),
        },
    )


def record(graph: Graph, artifact: Artifact, file: Json) -> Json:
    """Whose a file is, and why."""
    inside = [f"inside, from the outermost: {', '.join(artifact.containers)}"] if artifact.containers else []
    return graph.put(
        "provenance-record",
        (artifact.sha256, artifact.path, artifact.machine),
        "case-investigation:ProvenanceRecord",
        {
            "uco-core:name": clean(artifact.machine),
            "uco-core:description": [
                clean(f"given to {artifact.machine} because: {artifact.given_because}"),
                *inside,
            ],
            "case-investigation:exhibitNumber": clean(artifact.path),
            "uco-core:object": [file],
        },
    )


def unused(graph: Graph, skipped: Skipped, identity: str) -> Json:
    """A file that became no evidence, and why."""
    key = (identity, skipped.path)
    return graph.put(
        "file-not-used",
        key,
        "uco-observable:File",
        {
            "uco-core:description": [clean(skipped.reason)],
            "uco-core:hasFacet": [file_facet(graph, key, skipped.path, "/")],
        },
    )


def computer(graph: Graph, machine: MachineProfile, identity: str) -> Json:
    """A machine of the case."""
    key = (identity, machine.name)
    specification = graph.put(
        "computer-specification-facet",
        key,
        "uco-observable:ComputerSpecificationFacet",
        {
            "uco-observable:hostname": clean(machine.name),
            "uco-observable:processorArchitecture": machine.architecture and clean(machine.architecture),
        },
    )
    return graph.put(
        "computer",
        key,
        "uco-observable:Computer",
        {
            "uco-core:name": clean(machine.name),
            "uco-core:description": [clean(profile_words(machine))],
            "uco-core:hasFacet": [specification],
        },
    )
