"""What was found, cause by cause: in full where it matters, folded where it was ruled out or not judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.model import (
    Answer,
    FileSubject,
    KeySubject,
    Present,
    StatedSubject,
    Unknown,
    ValueSubject,
    Verdict,
)
from iiscluster_kb.registry import KeyPath
from iiscluster_kb.render._beside import worth_knowing
from iiscluster_kb.render._html._bytes import Side, side
from iiscluster_kb.render._html.summary import in_full
from iiscluster_kb.render._words import VERDICT_WORDS, collectable, in_front, moment, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.model import AnyFact, Finding, Opinion, Report, Source, Subject, ValueChange
    from iiscluster_kb.render._html._bytes import Allowance

__all__ = [
    "INFORMING",
    "ChangeView",
    "FactView",
    "FindingView",
    "Findings",
    "Reason",
    "SourceView",
    "changes_of",
    "tell_findings",
]

INFORMING = "informing"
"""Class of what is worth knowing and no fault; the others are the verdicts' own words."""
_MOST_OPEN = 60
_MOST_KNOWN = 12
_WHOLE_LIMIT = 16 * 1024
"""Characters of a text that are shown on demand."""


@dataclass(frozen=True, slots=True)
class SourceView:
    """Where a fact was read."""

    path: str
    sha256: str
    artifact: int | None
    """Number of the file among the report's artifacts, where its whole hash stands."""
    places: tuple[tuple[str, str], ...]
    """Term and description: key, offset, line, last written."""


@dataclass(frozen=True, slots=True)
class OpinionView:
    """What a second reader said."""

    reader: str
    answer: str
    note: str


@dataclass(frozen=True, slots=True)
class FactView:
    """One thing that was asked for, and the answer."""

    subject: str
    kind: str
    """``key``, ``value``, ``file`` or ``statement``."""
    state: str
    """``present``, ``absent`` or ``unknown``."""
    told: Side
    whole: str
    """The text that ``told`` cuts short; empty where it does not."""
    source: SourceView | None
    notes: tuple[str, ...]
    opinions: tuple[OpinionView, ...]


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change of one value, both sides."""

    key: str
    name: str
    before: Side
    after: Side


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding with its evidence."""

    number: int
    verdict: Verdict
    cause: str
    title: str
    place: str
    detail: str
    explanation: str
    facts: tuple[FactView, ...]
    changes: tuple[ChangeView, ...]
    collect: tuple[str, ...]
    informs: bool
    """It is worth knowing, and no fault."""

    @property
    def look(self) -> str:
        """Gives colour and shape."""
        return INFORMING if self.informs else self.verdict.value


@dataclass(frozen=True, slots=True)
class Reason:
    """Findings that were not judged for one and the same reason."""

    verdict: Verdict
    explanation: str
    concerned: tuple[tuple[str, str], ...]
    """Cause and place."""
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """All findings of a report."""

    in_full: tuple[FindingView, ...]
    more: tuple[FindingView, ...]
    """To be told in full too, but so many that they are folded."""
    known: tuple[FindingView, ...]
    """Worth knowing."""
    more_known: tuple[FindingView, ...]
    """Likewise, but so many that they are folded."""
    ruled_out: tuple[FindingView, ...]
    not_judged: tuple[Reason, ...]
    collect: tuple[str, ...]


def tell_findings(report: Report, allowance: Allowance) -> Findings:
    """Sort the findings by how they are told; heaviest first.

    What articles that do not lead ruled out or left open is drawn together by the matrix, and not told here.
    """
    teller = _Teller(report, allowance)
    numbered = [*enumerate(report.findings)]
    heaviest_first = sorted(numbered, key=lambda item: [*VERDICT_WORDS].index(item[1].verdict))
    full = [(number, finding) for number, finding in heaviest_first if in_full(finding)]
    leading = in_front(report)
    settled = [item for item in numbered if item[1].cause.article in leading]
    ruled_out = [item for item in settled if item[1].verdict is Verdict.RULED_OUT]
    told = tuple(teller.finding(number, finding) for number, finding in full)
    known = tuple(
        teller.finding(number, finding) for number, finding in heaviest_first if worth_knowing(finding)
    )
    return Findings(
        in_full=told[:_MOST_OPEN],
        more=told[_MOST_OPEN:],
        known=known[:_MOST_KNOWN],
        more_known=known[_MOST_KNOWN:],
        ruled_out=tuple(teller.finding(number, finding) for number, finding in ruled_out),
        not_judged=tuple(_not_judged(settled)),
        collect=collectable(finding for _, finding in full),
    )


def _not_judged(numbered: Iterable[tuple[int, Finding]]) -> Iterator[Reason]:
    alike: dict[tuple[Verdict, str], list[tuple[int, Finding]]] = {}
    for number, finding in numbered:
        if finding.verdict is not Verdict.RULED_OUT and not in_full(finding) and not worth_knowing(finding):
            alike.setdefault((finding.verdict, finding.explanation), []).append((number, finding))
    for (verdict, explanation), items in alike.items():
        concerned = tuple((finding.cause.id, place(finding)) for _, finding in items)
        yield Reason(verdict, explanation, concerned, tuple(number for number, _ in items))


class _Teller:
    """Tells findings; knows what all of them share: the page's allowance, and the files by path."""

    def __init__(self, report: Report, allowance: Allowance) -> None:
        self._allowance = allowance
        self._artifacts = {artifact.path: number for number, artifact in enumerate(report.artifacts)}

    def finding(self, number: int, finding: Finding) -> FindingView:
        """One finding with its evidence."""
        return FindingView(
            number=number,
            verdict=finding.verdict,
            cause=finding.cause.id,
            title=finding.cause.title,
            place=place(finding),
            detail=finding.detail,
            explanation=finding.explanation,
            facts=tuple(self._fact(fact) for fact in finding.facts),
            changes=changes_of(finding.changes, self._allowance),
            collect=finding.collect,
            informs=worth_knowing(finding),
        )

    def _fact(self, fact: AnyFact) -> FactView:
        whole, told = "", Side("")  # a key that is there, or what is absent, needs no more words
        match fact:
            case Present(value=value) if not isinstance(fact.subject, KeySubject):
                told = side("there" if value is None else value, self._allowance)
                if isinstance(value, str) and value != told.words:
                    whole = value[:_WHOLE_LIMIT]
            case Unknown(reason=reason):
                told = Side(reason)
        doubts = () if isinstance(fact, Unknown) else fact.notes
        opinions = () if isinstance(fact, Unknown) else fact.opinions
        return FactView(
            subject=str(fact.subject),
            kind=_kind(fact.subject),
            state=type(fact).__name__.lower(),
            told=told,
            whole=whole,
            source=None if fact.source is None else self._source(fact.source, fact.subject),
            notes=doubts,
            opinions=tuple(_opinion(one) for one in opinions if one.answer is not Answer.NOT_ASKED),
        )

    def _source(self, source: Source, subject: Subject) -> SourceView:
        places = []
        if source.key is not None and not _same_key(source.key, subject):
            places.append(("key", source.key))
        if source.offset is not None:
            places.append(("offset", f"{source.offset:,} (0x{source.offset:x})"))
        if source.line is not None:
            places.append(("line", f"{source.line:,}"))
        if source.last_written is not None:
            local = "" if source.last_written.tzinfo else " local time"
            places.append(("last written", f"{moment(source.last_written)}{local}"))
        return SourceView(source.path, source.sha256, self._artifacts.get(source.path), tuple(places))


def changes_of(changes: Iterable[ValueChange], allowance: Allowance | None = None) -> tuple[ChangeView, ...]:
    """Both sides of each change, with their bytes where an allowance is given."""
    return tuple(
        ChangeView(
            change.key.short,
            change.name or "(default)",
            side(change.before, allowance),
            side(change.after, allowance),
        )
        for change in changes
    )


def _kind(subject: Subject) -> str:
    match subject:
        case KeySubject():
            return "key"
        case ValueSubject():
            return "value"
        case FileSubject():
            return "file"
        case StatedSubject():
            return "statement"


def _same_key(spelled: str, subject: Subject) -> bool:
    match subject:
        case KeySubject(key=key) | ValueSubject(key=key):
            try:
                return KeyPath.parse(spelled) == key
            except ValueError:
                return False
        case _:
            return False


def _opinion(opinion: Opinion) -> OpinionView:
    known = "a known defect of that reader" if opinion.explained else ""
    note = ", ".join(filter(None, (opinion.note, known)))
    return OpinionView(opinion.reader, opinion.answer.value, note)
