"""The whole flow on one screen: case, evidence, cluster, findings, remedy, report."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from iiscluster_kb.articles import choose, diagnose, summarise
from iiscluster_kb.case import open_case
from iiscluster_kb.cluster import group_machines
from iiscluster_kb.evidence import identify
from iiscluster_kb.evidence._second_opinion import Panel, confirm
from iiscluster_kb.model import Artifact, FileEvidence, RegistryEvidence, Report, Specimen
from iiscluster_kb.registry.overlay import lay_over
from iiscluster_kb.remedy import prescribe
from iiscluster_kb.remedy.proof import prove

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from iiscluster_kb.articles import Rule
    from iiscluster_kb.case import Limits
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Evidence, Finding, Remedy
    from iiscluster_kb.registry.reg_text import Entry

__all__ = ["examine"]

_HASHERS = 2
"""Threads that hash while the evidence is read; hashing releases the interpreter's lock."""


def examine(
    *paths: str | os.PathLike[str],
    symptom: str | None = None,
    administered_from: str | None = None,
    articles: Iterable[str] | None = None,
    second_opinion: bool = True,
    limits: Limits | None = None,
) -> Report:
    """Diagnose a collected case.

    Args:
        paths: A folder, an archive, or single files; opened read-only.
        symptom: ``finish-button`` where the operator saw it.
        administered_from: Name of the machine on which Cluster Administrator ran.
        articles: Ids of the articles to ask, such as ``Q224553``; all of them by default.
        second_opinion: Whether independent readers re-read every registry fact that a finding cites.
        limits: How much a case may hold; see ``iiscluster_kb.case.Limits``.

    Raises:
        CaseError: The case cannot be opened.
        RemedyError: The findings contradict each other, or the remedy fails its proof.
        ValueError: An article is not known.
    """
    chosen = choose(articles)
    with ExitStack() as stack:
        panel = stack.enter_context(Panel()) if second_opinion else None
        if panel is not None:
            panel.start()
        case = stack.enter_context(
            open_case(*paths, symptom=symptom, administered_from=administered_from, limits=limits)
        )
        evidence, skipped = identify(case)
        hashing = stack.enter_context(ThreadPoolExecutor(_HASHERS))
        hashes = hashing.map(lambda piece: piece.file.content.sha256, evidence)
        cluster = group_machines(evidence, case.stated, case.name)
        findings = diagnose(cluster, chosen)
        if panel is not None:
            findings = confirm(findings, evidence, panel)
        profiles = tuple(machine.profile for machine in cluster.machines)
        remedy = _proved(prescribe(findings, profiles), cluster, chosen)
        return Report(
            case=case.name,
            stated=case.stated,
            cluster=cluster.name,
            nodes=cluster.node_names or tuple(node.name for node in cluster.nodes),
            machines=profiles,
            articles=tuple(summarise(rule, findings) for rule in chosen),
            findings=findings,
            remedy=remedy,
            artifacts=_artifacts(cluster, dict(zip((p.file.path for p in evidence), hashes, strict=True))),
            skipped=tuple(sorted(skipped, key=lambda one: one.path)),
        )


def _proved(remedy: Remedy, cluster: Cluster, chosen: Sequence[Rule]) -> Remedy:
    def rediagnose(changes: Mapping[str, Sequence[Entry]]) -> tuple[Finding, ...]:
        machines = (_laid_over(machine, changes.get(machine.name, ())) for machine in cluster.machines)
        return diagnose(replace(cluster, machines=tuple(machines)), chosen)

    return replace(remedy, proof=prove(remedy.patches, rediagnose))


def _laid_over(machine: Machine, entries: Sequence[Entry]) -> Machine:
    if not entries:
        return machine
    return replace(machine, evidence=tuple(_piece_laid_over(piece, entries) for piece in machine.evidence))


def _piece_laid_over(piece: Evidence, entries: Sequence[Entry]) -> Evidence:
    match piece:
        case RegistryEvidence(mounts=mounts):
            laid = tuple(replace(mount, root=lay_over(mount.root, mount.path, entries)) for mount in mounts)
            return replace(piece, mounts=laid)
        case _:
            return piece


def _artifacts(cluster: Cluster, hashes: Mapping[str, str]) -> tuple[Artifact, ...]:
    return tuple(
        sorted(
            (
                Artifact(
                    path=piece.file.path,
                    format=piece.format,
                    holds=_holds(piece),
                    machine=machine.name,
                    given_because=machine.given_because[piece.file.path],
                    size=piece.file.content.size,
                    sha256=hashes[piece.file.path],
                    state=piece.state,
                    notes=piece.notes,
                )
                for machine in cluster.machines
                for piece in machine.evidence
            ),
            key=lambda artifact: artifact.path,
        )
    )


def _holds(piece: Evidence) -> tuple[str, ...]:
    match piece:
        case RegistryEvidence(mounts=mounts):
            return tuple(mount.path.short for mount in mounts)
        case FileEvidence(directories=directories):
            return tuple(sorted(directories))
        case Specimen(name=name, windows_path=path):
            return (path or name,)
