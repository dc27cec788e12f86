"""Collections of a cluster for comparisons: written to folders, or held in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fixtures._case import dig
from fixtures._writers import _spec
from iiscluster_kb.articles import choose, diagnose
from iiscluster_kb.cluster import group_machines
from iiscluster_kb.comparison import Collection
from iiscluster_kb.evidence.hive import FORMAT
from iiscluster_kb.model import Artifact, CaseFile, Stated
from iiscluster_kb.remedy import prescribe
from tests.support.evidence import Bytes
from tests.support.listings import dir_listing
from tests.support.regf_writer import build_hive
from tests.support.reports import empty_report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fixtures._case import CollectedCase, Node, Tree
    from iiscluster_kb.model import Evidence, ValueChange
    from tests.support.regf_writer import KeySpec

BEFORE = datetime(1999, 5, 4, 10, 11, 12, tzinfo=UTC)
LATER = datetime(1999, 5, 7, 8, 0, 0, tzinfo=UTC)

_TREES = {"SYSTEM": "system", "SOFTWARE": "software", "CLUSDB": "cluster"}


@dataclass(frozen=True)
class Times:
    """When hives and keys were written."""

    hives: datetime = BEFORE
    keys: Mapping[str, datetime] = field(default_factory=dict)
    """By path below the root: ``Select``; others were written at ``BEFORE``."""


def _timed(spec: KeySpec, times: Times, path: str = "") -> KeySpec:
    below = tuple(_timed(one, times, f"{path}\\{one.name}".strip("\\")) for one in spec.subkeys)
    return replace(spec, subkeys=below, modified=times.keys.get(path, BEFORE))


def hive_bytes(name: str, tree: Tree, times: Times | None = None) -> bytes:
    when = times or Times()
    return build_hive(_timed(_spec(name, tree), when), minor=3, modified=when.hives)


def files_of_machine(node: Node, times: Times | None = None) -> dict[str, bytes]:
    files = {
        name: hive_bytes(name, tree, times)
        for name, attribute in _TREES.items()
        if (tree := getattr(node, attribute)) is not None
    }
    if node.files is not None:
        files["dir.txt"] = dir_listing(node.files["WINNT"], style=node.listing_style)
    return files | node.specimens


def write(case: CollectedCase, folder: Path, times: Times | None = None) -> Path:
    """The case as a folder for each machine."""
    for node in case.machines.values():
        for name, content in files_of_machine(node, times).items():
            target = folder / node.name / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return folder


def carry_out(node: Node, change: ValueChange) -> None:
    """Do to the trees in the making what the change does to the machine."""
    root, *names = change.key.parts[1:]
    tree = {"SYSTEM": node.system, "SOFTWARE": node.software, "Cluster": node.cluster}[root]
    assert tree is not None
    key = dig(tree, "\\".join(names))
    key.pop(change.name, None)
    if change.after is not None:
        key[change.name] = change.after


def held(case: CollectedCase, times: Times | None = None, **stated: str) -> Collection:
    """The hives of the case in memory, diagnosed; listings are left out."""
    statement = Stated(**stated)  # type: ignore[arg-type] # a test names the fields, the dataclass checks them
    evidence: list[Evidence] = []
    for node in case.machines.values():
        for name, attribute in _TREES.items():
            tree: Tree | None = getattr(node, attribute)
            if tree is not None:
                content = Bytes(hive_bytes(name, tree, times))
                evidence.append(FORMAT.read(CaseFile(f"{node.name}/{name}", content)))
    return collection(evidence, statement)


def collection(evidence: list[Evidence], stated: Stated | None = None) -> Collection:
    """Evidence made by hand, diagnosed."""
    statement = stated or Stated()
    cluster = group_machines(evidence, statement, "case")
    findings = diagnose(cluster, choose(["Q224553"]))
    profiles = tuple(machine.profile for machine in cluster.machines)
    report = replace(
        empty_report(),
        case="case",
        stated=statement,
        cluster=cluster.name,
        nodes=cluster.node_names,
        machines=profiles,
        findings=findings,
        remedy=prescribe(findings, profiles),
        artifacts=tuple(_artifact(piece) for piece in evidence),
    )
    return Collection(report, cluster)


def _artifact(piece: Any) -> Artifact:
    file: CaseFile = piece.file
    sha256 = file.content.sha256
    return Artifact(file.path, piece.format, (), "", "", file.content.size, sha256, piece.state, ())


def filetime(time: datetime) -> bytes:
    ticks = (time - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds() * 10_000_000
    return int(ticks).to_bytes(8, "little")
