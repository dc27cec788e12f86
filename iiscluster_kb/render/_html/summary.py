"""The top of the page: the verdict in one sentence that needs no knowledge of the matter, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.model import FOUND, Verdict
from iiscluster_kb.render._beside import worth_knowing
from iiscluster_kb.render._words import (
    collectable,
    count_of,
    in_front,
    listed,
    machine_words,
    number_words,
    profile_words,
    undecided,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iiscluster_kb.model import Cause, Finding, Remedy, Report

__all__ = ["FAULTS", "Point", "Summary", "in_full", "is_fault", "summarise_page"]

FAULTS = (Verdict.CONFIRMED, Verdict.LIKELY)
_NAMED = 4
"""So many machines are named in a sentence; of more, the number."""
_LONGEST_NAME = 40
"""A computer's name has 15 characters at most; what is longer does not belong into a sentence."""


@dataclass(frozen=True, slots=True)
class Point:
    """One cause that was found, or is likely, and where."""

    verdict: Verdict
    cause: str
    title: str
    places: tuple[str, ...]
    first: int
    """Number of its first finding in the report."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What stands above everything else."""

    verdict: Verdict
    """The heaviest: gives colour and shape."""
    subject: str
    """What was examined."""
    sentence: str
    points: tuple[Point, ...]
    reasons: tuple[str, ...]
    """Why nothing applies, where nothing does."""
    ways_on: tuple[tuple[str, str], ...]
    """Id of a section and what is there to do."""
    circumstances: tuple[tuple[str, str], ...]
    """Term and description: case, nodes, what the operator stated."""


def is_fault(finding: Finding) -> bool:
    """Whether something is wrong that calls for work."""
    return finding.verdict in FOUND and finding.weighs


def in_full(finding: Finding) -> bool:
    """Whether a finding is told in full: something is wrong, or more evidence is asked for."""
    return is_fault(finding) or undecided(finding)


def summarise_page(report: Report) -> Summary:
    """Draw the report together."""
    points = tuple(_points(report.findings))
    leading = in_front(report)
    told = tuple(one for one in report.findings if one.cause.article in leading or in_full(one))
    return Summary(
        verdict=_heaviest(told),
        subject=f"Cluster {report.cluster}" if report.cluster else f"Case {report.case}",
        sentence=_sentence(report, told, points),
        points=points,
        reasons=tuple(_reasons(told)),
        ways_on=tuple(_ways_on(report)),
        circumstances=tuple(_circumstances(report)),
    )


def _heaviest(findings: Sequence[Finding]) -> Verdict:
    there = {finding.verdict for finding in findings if in_full(finding)}
    for verdict in (*FAULTS, Verdict.UNDETERMINED):
        if verdict in there:
            return verdict
    settled = {finding.verdict for finding in findings} & {Verdict.RULED_OUT, Verdict.NOT_APPLICABLE}
    if Verdict.RULED_OUT in settled:
        return Verdict.RULED_OUT
    return Verdict.NOT_APPLICABLE if settled else Verdict.UNDETERMINED


def _points(findings: Sequence[Finding]) -> Iterable[Point]:
    found: dict[tuple[int, Cause], list[int]] = {}
    for number, finding in enumerate(findings):
        if is_fault(finding):
            found.setdefault((FAULTS.index(finding.verdict), finding.cause), []).append(number)
    for (rank, cause), numbers in sorted(found.items(), key=lambda item: (item[0][0], item[1][0])):
        places = dict.fromkeys(machine_words(findings[number].machine) for number in numbers)
        yield Point(FAULTS[rank], cause.id, cause.title, tuple(places), numbers[0])


def _reasons(findings: Sequence[Finding]) -> Iterable[str]:
    if _heaviest(findings) is not Verdict.NOT_APPLICABLE:
        return
    told = dict.fromkeys(one.explanation for one in findings if one.verdict is Verdict.NOT_APPLICABLE)
    yield from list(told)[:_NAMED]


def _ways_on(report: Report) -> Iterable[tuple[str, str]]:
    if report.remedy.plan:
        yield "plan", f"What to do: {count_of(len(report.remedy.plan), 'step')}"
    if wanted := collectable(finding for finding in report.findings if in_full(finding)):
        yield "collect", f"What to collect: {count_of(len(wanted), 'piece')} of evidence"
    if noted := sum(map(worth_knowing, report.findings)):
        yield "known", f"Worth knowing: {count_of(noted, 'note')}"


# --- the sentence -----------------------------------------------------------------------------------


def _sentence(report: Report, told: Sequence[Finding], points: Sequence[Point]) -> str:
    open_questions = sum(map(undecided, report.findings))
    rest = (
        f" {_capital(_questions(open_questions))} until more evidence is collected." if open_questions else ""
    )
    said = "None of the known faults applies here."
    match _heaviest(told):
        case Verdict.CONFIRMED | Verdict.LIKELY as verdict:
            said = f"{_fault(verdict, points)}{_way_out(report, points)}."
        case Verdict.UNDETERMINED if not report.findings:
            said = "Nothing could be examined, so nothing can be said."
        case Verdict.UNDETERMINED if not open_questions:
            said = "No known fault was found, and nothing was reported that asks for more."
        case Verdict.UNDETERMINED if any(one.verdict is Verdict.RULED_OUT for one in told):
            said = "No known fault was found so far."
        case Verdict.UNDETERMINED:
            said = "Nothing can be said yet."
        case Verdict.RULED_OUT:
            said = "No known fault was found."
    return said + rest


def _fault(verdict: Verdict, points: Sequence[Point]) -> str:
    mine = [point for point in points if point.verdict is verdict]
    places = dict.fromkeys(place for point in mine for place in point.places)
    named = len(places) <= _NAMED and max(map(len, places)) <= _LONGEST_NAME
    where = f"on {listed(places)}" if named else f"on {count_of(len(places), 'machine')}"
    where = where.replace("on the cluster", "in the cluster", 1)
    many = len(mine) > 1
    if verdict is Verdict.LIKELY:
        return f"{_capital(number_words(len(mine), one='a'))} known fault{'s are' if many else ' is'} likely {where}"
    return f"{_capital(number_words(len(mine), one='a'))} known fault{'s were' if many else ' was'} found {where}"


def _way_out(report: Report, points: Sequence[Point]) -> str:
    remedy = report.remedy
    if not remedy.plan:
        return ""
    steps = count_of(len(remedy.plan), "step")
    named = sum(point.verdict is points[0].verdict for point in points)
    them = "it" if named == 1 else "them"
    if _is_whole(remedy, report.findings):
        return f", and the {steps} of the plan below mend {them}"
    if all(finding.steps or finding.changes for finding in filter(is_fault, report.findings)):
        return f", and the plan below, of {steps}, tells how to mend {them}"
    return f"; the plan below, of {steps}, mends part of {them}"


def _is_whole(remedy: Remedy, findings: Iterable[Finding]) -> bool:
    mended = {(one.finding, one.machine) for one in remedy.proof if one.after is Verdict.RULED_OUT}
    return all((one.cause.id, one.machine) in mended for one in filter(is_fault, findings))


def _questions(number: int) -> str:
    return "one question stays open" if number == 1 else f"{number_words(number)} questions stay open"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _circumstances(report: Report) -> Iterable[tuple[str, str]]:
    yield "Case", report.case
    yield "Cluster", report.cluster or "name not known"
    for machine in report.machines:
        yield machine.name, profile_words(machine)
    missing = [node for node in report.nodes if node not in {machine.name for machine in report.machines}]
    if missing:
        yield "Nodes without evidence", listed(missing)
    if report.stated.symptom is not None:
        yield "Symptom stated", report.stated.symptom
    if report.stated.administered_from is not None:
        yield "Cluster Administrator ran on", report.stated.administered_from
