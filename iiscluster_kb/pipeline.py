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
from iiscluster_kb.remedy import prescribe
from iiscluster_kb.remedy.proof import prove

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from iiscluster_kb.articles import Rule
    from iiscluster_kb.case import Limits
    from iiscluster_kb.cluster import Cluster
    from iiscluster_kb.model import Evidence, Finding, Remedy
    from iiscluster_kb.remedy import RemedyOptions
    from iiscluster_kb.remedy.supposition import Supposition

__all__ = ["examine"]

_HASHERS = 2
"""Threads that hash while the evidence is read; hashing releases the interpreter's lock."""


def examine(  # noqa: PLR0913 - each is a choice of its own, made by name
    *paths: str | os.PathLike[str],
    symptom: str | None = None,
    administered_from: str | None = None,
    articles: Iterable[str] | None = None,
    second_opinion: bool | Panel = True,
    limits: Limits | None = None,
    remedy_options: RemedyOptions | None = None,
) -> Report:
    """Diagnose a collected case.

    Args:
        paths: A folder, an archive, or single files; opened read-only.
        symptom: ``finish-button`` where the operator saw it.
        administered_from: Name of the machine on which Cluster Administrator ran.
        articles: Ids of the articles to ask, such as ``Q224553``; all of them by default.
        second_opinion: Whether independent readers re-read every registry fact that a finding cites; or a panel
            of them that is already started, which the caller closes.
        limits: How much a case may hold; see ``iiscluster_kb.case.Limits``.
        remedy_options: Dialect of patches, nodes to work on, how COM servers are registered; see
            ``iiscluster_kb.remedy.RemedyOptions``.

    Raises:
        CaseError: The case cannot be opened.
        RemedyError: The findings contradict each other, or the remedy fails its proof.
        ValueError: An article or a chosen node is not known.
    """
    chosen = choose(articles)
    with ExitStack() as stack:
        match second_opinion:
            case Panel():
                panel: Panel | None = second_opinion
            case True:
                panel = stack.enter_context(Panel()).start()
            case _:
                panel = None
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
        remedy = _proved(prescribe(findings, profiles, remedy_options), findings, cluster, chosen)
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


def _proved(remedy: Remedy, findings: Sequence[Finding], cluster: Cluster, chosen: Sequence[Rule]) -> Remedy:
    def rediagnose(supposed: Supposition) -> tuple[Finding, ...]:
        return diagnose(_as_supposed(cluster, supposed), chosen)

    return replace(remedy, proof=prove(remedy, findings, rediagnose))


def _as_supposed(cluster: Cluster, supposed: Supposition) -> Cluster:
    machines = tuple(
        replace(machine, evidence=supposed.evidence(machine.name, machine.evidence))
        for machine in cluster.machines
    )
    stated = replace(cluster.stated, symptom=None) if supposed.symptom_is_gone else cluster.stated
    return replace(cluster, machines=machines, stated=stated)


def _artifacts(cluster: Cluster, hashes: Mapping[str, str]) -> tuple[Artifact, ...]:
    return tuple(
        sorted(
            (
                Artifact(
                    path=piece.file.path,
                    format=piece.format,
                    holds=_holds(piece),
                    machine=owner,
                    given_because=because,
                    containers=piece.file.containers,
                    size=piece.file.content.size,
                    sha256=hashes[piece.file.path],
                    state=piece.state,
                    notes=piece.notes,
                )
                for piece, owner, because in cluster.holdings
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
