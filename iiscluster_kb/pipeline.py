"""The whole flow on one screen: case, evidence, cluster, findings, remedy, report."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Standing, choose, diagnose, rules, summarise
from iiscluster_kb.articles._extensions import AUDIT, trace_extensions
from iiscluster_kb.articles._likeness import compare_nodes
from iiscluster_kb.case import open_case
from iiscluster_kb.cluster import group_machines
from iiscluster_kb.errors import EvidenceError, RemedyError
from iiscluster_kb.evidence import identify
from iiscluster_kb.evidence._second_opinion import Panel, confirm
from iiscluster_kb.media import read_media
from iiscluster_kb.model import Artifact, FileEvidence, RegistryEvidence, Remedy, Report, Skipped, Specimen
from iiscluster_kb.remedy import prescribe, told_of
from iiscluster_kb.remedy.proof import prove
from iiscluster_kb.remedy.supposition import Supposition

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from iiscluster_kb.articles import Rule
    from iiscluster_kb.case import Limits, Member
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Case, CaseFile, Evidence, Finding
    from iiscluster_kb.remedy import RemedyOptions

__all__ = ["Progress", "Stage", "examine"]

_HASHERS = 2
"""Threads that hash while the evidence is read; hashing releases the interpreter's lock."""


class Stage(StrEnum):
    """What ``examine`` does, in words for people, in its order."""

    OPENING = "opening the case"
    RECOGNISING = "looking at files"
    READING = "reading evidence"
    DIAGNOSING = "asking articles"
    CONFIRMING = "asking other readers"
    PROVING = "proving the remedy"
    HASHING = "hashing evidence"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far ``examine`` is."""

    stage: Stage
    done: int = 0
    """Files, articles or states of the cluster that were begun."""
    total: int | None = None
    """Of how many; None where nobody knows before."""


def examine(  # noqa: PLR0913 - each is a choice of its own, made by name
    *paths: str | os.PathLike[str] | Member,
    symptom: str | None = None,
    administered_from: str | None = None,
    articles: Iterable[str] | None = None,
    second_opinion: bool | Panel = True,
    limits: Limits | None = None,
    remedy_options: RemedyOptions | None = None,
    media: Sequence[str | os.PathLike[str]] = (),
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Diagnose a collected case.

    Args:
        paths: A folder, an archive, or single files; opened read-only. A ``iiscluster_kb.case.Member`` is a file
            that lies on no disk of this machine.
        symptom: ``finish-button`` where the operator saw it.
        administered_from: Name of the machine on which Cluster Administrator ran.
        articles: Ids of the articles to ask, such as ``Q224553``; all of them by default.
        second_opinion: Whether independent readers re-read every registry fact that a finding cites; or a panel
            of them that is already started, which the caller closes.
        limits: How much a case may hold; see ``iiscluster_kb.case.Limits``.
        remedy_options: Dialect of patches, nodes to work on, how COM servers are registered; see
            ``iiscluster_kb.remedy.RemedyOptions``.
        media: What is at hand to take files from: the folder of an installation CD, cabinets, a hotfix; opened
            read-only. It is no evidence.
        progress: Told how far it is, from the calling thread and often: it must be quick.

    Raises:
        CaseError: The case or the media cannot be opened.
        ValueError: An article or a chosen node is not known.
    """
    chosen = choose(articles)
    tell = progress or _unheard
    with ExitStack() as stack:
        match second_opinion:
            case Panel():
                panel: Panel | None = second_opinion
            case True:
                panel = stack.enter_context(Panel()).start()
            case _:
                panel = None
        tell(Progress(Stage.OPENING))
        case = stack.enter_context(
            open_case(*paths, symptom=symptom, administered_from=administered_from, limits=limits)
        )
        at_hand = read_media(media, limits=limits) if media else None
        hashing = stack.enter_context(ThreadPoolExecutor(_HASHERS))
        while True:
            evidence, skipped = identify(
                replace(case, files=_Watched(case.files, progress)) if progress else case
            )
            hashes = hashing.map(_hash_of, evidence)
            cluster = group_machines(evidence, case.stated, case.name, at_hand)
            findings = first = diagnose(cluster, tuple(_counted(chosen, progress)) if progress else chosen)
            if panel is not None:
                tell(Progress(Stage.CONFIRMING))
                findings = confirm(findings, evidence, panel)
            profiles = tuple(machine.profile for machine in cluster.machines)
            remedy = _remedy(
                findings,
                chosen,
                partial(prescribe, machines=profiles, options=remedy_options),
                _rediagnosis(cluster, chosen, first, tell),
            )
            hashed, lost = _hashed(evidence, hashes, tell)
            if not lost:
                break
            # Once more, as if they had never been collected: what has no hash cannot be cited.
            case = _without(case, lost)
            if panel is not None:
                panel.close()
                panel.start()  # it answers once
        return Report(
            case=case.name,
            stated=case.stated,
            cluster=cluster.name,
            nodes=cluster.node_names or tuple(node.name for node in cluster.nodes),
            machines=profiles,
            articles=summarise(findings, chosen),
            findings=findings,
            remedy=remedy,
            artifacts=_artifacts(cluster, hashed),
            skipped=tuple(sorted(skipped, key=lambda one: one.path)),
            media=at_hand,
            extensions=trace_extensions(cluster) if any(rule.article.id == AUDIT for rule in chosen) else (),
            comparison=compare_nodes(cluster),
        )


def _unheard(_progress: Progress) -> None:
    pass


class _Watched(Mapping[str, "CaseFile"]):
    """The files of a case, each of which is taken once to be recognised, and again to be read."""

    def __init__(self, files: Mapping[str, CaseFile], progress: Callable[[Progress], None]) -> None:
        self._files = files
        self._progress = progress
        self._taken = 0

    def __getitem__(self, path: str) -> CaseFile:
        again = self._taken - len(self._files)
        if again < 0:
            self._progress(Progress(Stage.RECOGNISING, self._taken, len(self._files)))
        else:
            self._progress(Progress(Stage.READING, again))
        self._taken += 1
        return self._files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def _counted(chosen: Sequence[Rule], progress: Callable[[Progress], None]) -> Iterator[Rule]:
    def counting(rule: Rule, number: int) -> Callable[[Cluster], Iterable[Finding]]:
        def asked(cluster: Cluster) -> Iterable[Finding]:
            progress(Progress(Stage.DIAGNOSING, number, len(chosen)))
            return rule.diagnose(cluster)

        return asked

    for number, rule in enumerate(chosen):
        yield replace(rule, diagnose=counting(rule, number))


def _hash_of(piece: Evidence) -> str | Skipped:
    try:
        return piece.file.content.sha256
    except EvidenceError as error:
        return Skipped(piece.file.path, error.detail)


def _hashed(
    evidence: Sequence[Evidence], hashes: Iterator[str | Skipped], tell: Callable[[Progress], None]
) -> tuple[dict[str, str], tuple[Skipped, ...]]:
    """The hashes by case path, and the files that went before theirs could be made."""
    hashed: dict[str, str] = {}
    lost: list[Skipped] = []
    for number, piece in enumerate(evidence):
        tell(Progress(Stage.HASHING, number, len(evidence)))
        match next(hashes):
            case Skipped() as one:
                lost.append(one)
            case digest:
                hashed[piece.file.path] = digest
    return hashed, tuple(lost)


def _without(case: Case, lost: Sequence[Skipped]) -> Case:
    gone = {one.path for one in lost}
    rest = {path: file for path, file in case.files.items() if path not in gone}
    return replace(case, files=rest, skipped=(*case.skipped, *lost))


def _remedy(
    findings: Sequence[Finding],
    chosen: Sequence[Rule],
    prescribed: Callable[[Sequence[Finding]], Remedy],
    rediagnose: Callable[[Supposition], Sequence[Finding]],
) -> Remedy:
    """What mends all that was found, proved; what cannot be proved is not handed out, and the plan says why.

    Where all together fails its proof, what mends the findings of the articles that lead is tried alone.
    """
    leading = {rule.article.id for rule in chosen if rule.standing is Standing.LEADING}
    failed: RemedyError | None = None
    for wanted in (findings, [finding for finding in findings if finding.cause.article in leading]):
        try:
            remedy = prescribed(wanted)
            proof = prove(remedy, wanted, rediagnose)
        except RemedyError as error:
            failed = failed or error
        else:
            return told_of(failed, replace(remedy, proof=proof))
    return told_of(failed, Remedy())


def _rediagnosis(
    cluster: Cluster, chosen: Sequence[Rule], first: Sequence[Finding], tell: Callable[[Progress], None]
) -> Callable[[Supposition], Sequence[Finding]]:
    """What diagnoses the case anew under a supposition: every article that counts, each state once.

    Args:
        cluster: As the evidence shows it.
        chosen: The articles that were asked.
        first: What they found, before any second opinion.
        tell: Is told how many states were diagnosed.
    """
    named = {finding.cause.article for finding in first} - {rule.article.id for rule in chosen}
    heard = (*chosen, *(rule for rule in rules() if rule.article.id in named))
    counting = tuple(rule for rule in heard if rule.standing is not Standing.INFORMING)
    ids = {rule.article.id for rule in counting}
    known: dict[object, Machine] = {}
    diagnoses: dict[object, Sequence[Finding]] = {
        _state(cluster, Supposition()): tuple(f for f in first if f.cause.article in ids)
    }

    def rediagnose(supposed: Supposition) -> Sequence[Finding]:
        state = _state(cluster, supposed)
        if state not in diagnoses:
            tell(Progress(Stage.PROVING, len(diagnoses) - 1))
            diagnoses[state] = diagnose(_as_supposed(cluster, supposed, known), counting)
        return diagnoses[state]

    return rediagnose


def _state(cluster: Cluster, supposed: Supposition) -> object:
    """What a diagnosis under the supposition depends on: two that are alike in it give the same."""
    machines = tuple(supposed.of(machine.name) for machine in cluster.machines)
    return machines, supposed.symptom_is_gone and cluster.stated.symptom is not None


def _as_supposed(cluster: Cluster, supposed: Supposition, known: dict[object, Machine]) -> Cluster:
    """The cluster under a supposition; a machine that was seen in the same state keeps what it answered."""
    machines = []
    for machine in cluster.machines:
        state = (machine.name, *supposed.of(machine.name))
        if not any(state[1:]):
            known[state] = machine
        elif state not in known:
            known[state] = replace(machine, evidence=supposed.evidence(machine.name, machine.evidence))
        machines.append(known[state])
    stated = replace(cluster.stated, symptom=None) if supposed.symptom_is_gone else cluster.stated
    return replace(cluster, machines=tuple(machines), stated=stated)


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
                    recognised_by=piece.recognised_by,
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
