"""What a CASE/UCO bundle says of the findings: verdicts, and the keys, values and files that they cite."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from iiscluster_kb.model import FileEntry, FileSubject, KeySubject, Present, Specimen, ValueSubject
from iiscluster_kb.registry import RegistryValue
from iiscluster_kb.render._exhibits import file_facet
from iiscluster_kb.render._linked_data import clean, utc
from iiscluster_kb.render._words import fact_words, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.model import AnyFact, Finding, Report, Source
    from iiscluster_kb.registry import KeyPath
    from iiscluster_kb.render._linked_data import Graph
    from iiscluster_kb.render.json import Json

__all__ = ["analytic_result"]

_CLIP = 4096
"""Bytes of one value that are repeated; the evidence holds the rest."""


def analytic_result(  # noqa: PLR0913, PLR0917 - what a finding points at
    graph: Graph,
    finding: Finding,
    identity: str,
    files: dict[str, Json],
    machines: dict[str, Json],
    report: Report,
) -> Json:
    """A finding, with its article and what it was judged by.

    Args:
        graph: Takes all that it needs.
        finding: The one to tell.
        identity: Of the case.
        files: References to the files of the case, by case path.
        machines: References to the machines, by name.
        report: Tells the articles.
    """
    key = (identity, finding.cause.id, finding.machine or "")
    classification = graph.put(
        "classification",
        key,
        "uco-analysis:ArtifactClassification",
        {
            "uco-analysis:class": f"{finding.cause.id}: {finding.verdict}",
        },
    )
    facet = graph.put(
        "classification-facet",
        key,
        "uco-analysis:ArtifactClassificationResultFacet",
        {
            "uco-analysis:classification": [classification],
        },
    )
    judged = [machines[finding.machine]] if finding.machine in machines else []
    judged += [one for fact in finding.facts for one in _observables(graph, fact, files, identity)]
    return graph.put(
        "finding",
        key,
        "uco-analysis:AnalyticResult",
        {
            "uco-core:name": clean(f"{finding.cause.title} {place(finding)}"),
            "uco-core:statement": [
                clean(finding.explanation),
                *(clean(f"{fact.subject}: {fact_words(fact)}") for fact in finding.facts),
            ],
            "uco-core:tag": [finding.verdict.value, finding.detail],
            "uco-core:externalReference": _references(graph, finding, report),
            "uco-core:hasFacet": [facet],
            "uco-analysis:resultContent": [*{str(one): one for one in judged}.values()],
        },
    )


def _references(graph: Graph, finding: Finding, report: Report) -> list[Json]:
    return [
        graph.put(
            "article",
            (summary.article.id,),
            "uco-core:ExternalReference",
            {
                "uco-core:definingContext": "Microsoft Knowledge Base",
                "uco-core:externalIdentifier": clean(summary.article.id),
                "uco-core:referenceURL": {
                    "@type": "xsd:anyURI",
                    "@value": quote(summary.article.url, safe=":/?#@!$&'()*+,;=%-._~"),
                },
            },
        )
        for summary in report.articles
        if summary.article.id == finding.cause.article
    ]


def _observables(graph: Graph, fact: AnyFact, files: dict[str, Json], identity: str) -> Iterator[Json]:
    """What a fact is about, and the file it was read in."""
    if fact.source is None:
        return
    file = files.get(fact.source.path)
    if file is not None:
        yield file
    match fact:
        case Present(subject=KeySubject(key=key)):
            yield _key(graph, key, fact.source, None, file)
        case Present(subject=ValueSubject(key=key), value=RegistryValue() as value):
            yield _key(graph, key, fact.source, value, file)
        case Present(subject=FileSubject(machine=machine), value=FileEntry() as entry):
            yield _listed(graph, entry, machine, identity)
        case Present(value=Specimen() as specimen) if specimen.file.path in files:
            yield files[specimen.file.path]
        case _:
            pass


def _key(graph: Graph, key: KeyPath, source: Source, value: RegistryValue | None, file: Json) -> Json:
    parts = (source.sha256, source.path, str(key), "" if value is None else f"value {value.name}")
    facet = graph.put(
        "registry-key-facet",
        parts,
        "uco-observable:WindowsRegistryKeyFacet",
        {
            "uco-observable:key": clean(str(key)),
            "uco-observable:modifiedTime": utc(source.last_written),
            "uco-observable:registryValues": None if value is None else [_value(graph, value, parts)],
        },
    )
    node = graph.put(
        "registry-key",
        parts,
        "uco-observable:WindowsRegistryKey",
        {
            "uco-core:hasFacet": [facet],
        },
    )
    if file is not None and source.offset is not None:
        cell = graph.put(
            "data-range-facet",
            parts,
            "uco-observable:DataRangeFacet",
            {
                "uco-observable:rangeOffset": source.offset,
            },
        )
        graph.put(
            "relationship",
            parts,
            "uco-observable:ObservableRelationship",
            {
                "uco-core:source": [node],
                "uco-core:target": file,
                "uco-core:kindOfRelationship": "Contained_Within",
                "uco-core:isDirectional": True,
                "uco-core:hasFacet": [cell],
            },
        )
    return node


def _value(graph: Graph, value: RegistryValue, parts: tuple[str, ...]) -> Json:
    """Text as text, everything else as hex digits: what its bytes mean, its type tells."""
    text = value.text()
    return graph.put(
        "registry-value",
        parts,
        "uco-observable:WindowsRegistryValue",
        {
            "uco-core:name": clean(value.name or "(default)"),
            "uco-observable:dataType": value.type_name.lower(),
            "uco-observable:data": value.data[:_CLIP].hex() if text is None else clean(text[:_CLIP]),
        },
    )


def _listed(graph: Graph, entry: FileEntry, machine: str, identity: str) -> Json:
    key = (identity, machine, entry.path)
    facet = file_facet(
        graph,
        key,
        entry.path,
        "\\",
        size=entry.size,
        modified=entry.modified,
        directory=entry.is_directory,
    )
    return graph.put(
        "listed-file",
        key,
        "uco-observable:File",
        {
            "uco-core:hasFacet": [facet],
        },
    )
