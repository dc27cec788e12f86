"""When what the findings cite was last written, and how far that is from what is broken."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from iiscluster_kb.model import FileEntry, KeySubject, Present, Specimen, Unknown, ValueSubject
from iiscluster_kb.registry import KeyPath
from iiscluster_kb.render._html.summary import is_fault
from iiscluster_kb.render._words import count_of, in_front, moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta

    from iiscluster_kb.model import AnyFact, Report

__all__ = ["Event", "Moment", "Timeline", "draw_timeline"]

_SHOWN = 24
"""Moments shown at once, around the newest one of what is broken."""
_PER_MOMENT = 40


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was written."""

    what: str
    happened: str
    machine: str
    causes: tuple[str, ...]
    """Causes found that cite it; empty: nothing is wrong there."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What was written at one time."""

    when: str
    local: bool
    """The time is a machine's local one, and only its date means anything."""
    gap: str
    """How long after the moment before; empty for the first."""
    events: tuple[Event, ...]
    more: int
    """How many events are not shown."""

    @property
    def broken(self) -> bool:
        """Whether something that was written then is cited by a cause found."""
        return any(event.causes for event in self.events)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Moments in order: those around the break, and the others, to be shown on demand."""

    earlier: tuple[Moment, ...]
    around: tuple[Moment, ...]
    later: tuple[Moment, ...]


@dataclass(slots=True)
class _Line:
    """Collects causes by moment and event."""

    moments: dict[tuple[datetime, bool], dict[tuple[str, str, str], dict[str, None]]] = field(
        default_factory=dict
    )

    def add(self, time: datetime, what: tuple[str, str, str], cause: str | None) -> None:
        local = time.tzinfo is None
        at = (time if local else time.astimezone(UTC).replace(tzinfo=None)).replace(microsecond=0)
        causes = self.moments.setdefault((at, local), {}).setdefault(what, {})
        if cause is not None:
            causes[cause] = None


def draw_timeline(report: Report) -> Timeline | None:
    """Order the times of everything that leading articles cite; None: no time is known."""
    line = _Line()
    leading = in_front(report)
    for finding in report.findings:
        if finding.cause.article not in leading:
            continue
        cause = finding.cause.id if is_fault(finding) else None
        for fact in finding.facts:
            for time, what, happened in _times(fact):
                line.add(time, (what, happened, fact.subject.machine), cause)
    moments = tuple(_moments(line))
    if not moments:
        return None
    broken = [number for number, one in enumerate(moments) if one.broken]
    start = max(0, min((broken[-1] if broken else len(moments)) - _SHOWN // 2, len(moments) - _SHOWN))
    return Timeline(moments[:start], moments[start : start + _SHOWN], moments[start + _SHOWN :])


def _times(fact: AnyFact) -> Iterator[tuple[datetime, str, str]]:
    source = fact.source
    if isinstance(fact, Unknown) or source is None:
        return
    match fact:
        case Present(value=FileEntry(modified=datetime() as modified, path=path)):
            yield modified, path, "file modified"
        case Present(value=Specimen(linked=datetime() as linked, name=name)):
            yield linked, name, "file built by its maker"
        case _ if source.last_written is not None and isinstance(fact.subject, KeySubject | ValueSubject):
            yield source.last_written, _key(source.key, fact.subject), "key last written"


def _key(spelled: str | None, subject: KeySubject | ValueSubject) -> str:
    """The key that bears the time, as short as people write it: of an absence the deepest that exists."""
    try:
        return subject.key.short if spelled is None else KeyPath.parse(spelled).short
    except ValueError:
        return spelled or subject.key.short


def _moments(line: _Line) -> Iterator[Moment]:
    before: tuple[datetime, bool] | None = None
    for (time, local), events in sorted(line.moments.items()):
        told = [Event(*what, tuple(causes)) for what, causes in events.items()]
        told.sort(key=lambda event: not event.causes)
        shown = tuple(told[:_PER_MOMENT])
        when = moment(time if local else time.replace(tzinfo=UTC)).replace("T", " ")
        yield Moment(when, local, _gap(before, (time, local)), shown, len(told) - len(shown))
        before = (time, local)


def _gap(before: tuple[datetime, bool] | None, now: tuple[datetime, bool]) -> str:
    if before is None:
        return ""
    span = now[0] - before[0]
    if before[1] or now[1]:  # a listing's local time: give or take a day
        return f"about {count_of(span.days, 'day')}" if span.days > 1 else "about the same time"
    return _span(span)


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    steps: Sequence[tuple[int, str]] = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
    for size, noun in steps:
        if seconds >= size:
            return count_of(seconds // size, noun)
    return count_of(seconds, "second")
