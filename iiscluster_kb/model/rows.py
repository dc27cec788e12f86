"""The findings of a report as rows: flat, with stable names, for tables and for pipelines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.model.facts import Absent, Answer, Present, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.model.facts import AnyFact
    from iiscluster_kb.model.findings import Finding
    from iiscluster_kb.model.reports import Report

__all__ = ["FindingRow", "finding_rows"]


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding. None: not known, or for the cluster as a whole.

    Text is that of the report; only a surrogate without a partner, which no UTF-8 holds, is written as the six
    characters of its escape.
    """

    case: str
    cluster: str | None
    machine: str | None
    role: str | None
    windows: str | None
    service_pack: str | None
    architecture: str | None
    article: str
    cause: str
    title: str
    verdict: str
    detail: str
    explanation: str
    weighs: bool
    verdict_after: str | None
    """What the proof says that the verdict becomes once the plan is carried out; None: nothing addresses it."""
    changes: int
    """Registry values that a remedy of this finding changes."""
    facts_present: int
    facts_absent: int
    facts_unknown: int
    opinions_agree: int
    """Answers of second readers to the facts that the finding cites."""
    opinions_disagree: int
    """Likewise; those that a known defect of the reader explains are not counted."""
    evidence: tuple[str, ...]
    """Case paths of the files that are cited, each once."""
    sha256: tuple[str, ...]
    """Of those files, in the same order."""
    collect: tuple[str, ...]


def finding_rows(report: Report) -> Iterator[FindingRow]:
    """Every finding of the report, in its order."""
    profiles = {profile.name: profile for profile in report.machines}
    proved = {(proof.machine, proof.finding): proof.after.value for proof in report.remedy.proof}
    for finding in report.findings:
        profile = None if finding.machine is None else profiles.get(finding.machine)
        cited = _cited(finding)
        yield FindingRow(
            case=_writable(report.case),
            cluster=_writable_if(report.cluster),
            machine=_writable_if(finding.machine),
            role=profile.role.value if profile else None,
            windows=_writable_if(profile.windows) if profile else None,
            service_pack=_writable_if(profile.service_pack) if profile else None,
            architecture=_writable_if(profile.architecture) if profile else None,
            article=finding.cause.article,
            cause=finding.cause.id,
            title=finding.cause.title,
            verdict=finding.verdict.value,
            detail=finding.detail,
            explanation=_writable(finding.explanation),
            weighs=finding.weighs,
            verdict_after=proved.get((finding.machine, finding.cause.id)),
            changes=len(finding.changes),
            facts_present=sum(isinstance(fact, Present) for fact in finding.facts),
            facts_absent=sum(isinstance(fact, Absent) for fact in finding.facts),
            facts_unknown=sum(isinstance(fact, Unknown) for fact in finding.facts),
            opinions_agree=_answers(finding.facts, Answer.AGREES),
            opinions_disagree=_answers(finding.facts, Answer.DISAGREES),
            evidence=tuple(map(_writable, cited)),
            sha256=tuple(cited.values()),
            collect=tuple(map(_writable, finding.collect)),
        )


def _cited(finding: Finding) -> dict[str, str]:
    sources = (fact.source for fact in finding.facts)
    return {source.path: source.sha256 for source in sources if source is not None}


def _answers(facts: Iterable[AnyFact], wanted: Answer) -> int:
    opinions = (opinion for fact in facts if not isinstance(fact, Unknown) for opinion in fact.opinions)
    return sum(opinion.answer is wanted and not opinion.explained for opinion in opinions)


def _writable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _writable_if(text: str | None) -> str | None:
    return None if text is None else _writable(text)
