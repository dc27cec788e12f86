"""Pairs the findings of two reports and says what became of each."""

from __future__ import annotations

from collections import Counter
from enum import IntEnum
from typing import TYPE_CHECKING

from iiscluster_kb.comparison._nouns import FAULTS, Fate, Fated
from iiscluster_kb.model import Verdict
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iiscluster_kb.model import Finding, Report

    Place = tuple[str, str | None]

__all__ = ["pair_findings"]


class _Kind(IntEnum):
    FAULT = 0
    SOUND = 1
    OPEN = 2
    """Undetermined, and more evidence is asked for."""
    SILENT = 3
    """Undetermined, and nobody asks."""
    MOOT = 4
    """The article does not apply."""
    MISSING = 5
    """No finding at all: the machine is not in that collection."""


_FATES = {
    # Row: the first collection. Columns, in the order above: the second.
    _Kind.FAULT: (Fate.REMAINING, Fate.CURED, *4 * (Fate.NO_LONGER_DECIDABLE,)),
    _Kind.SOUND: (
        *(Fate.NEW, Fate.UNCHANGED, Fate.NO_LONGER_DECIDABLE),
        *(Fate.UNCHANGED, Fate.NO_LONGER_DECIDABLE, Fate.NO_LONGER_DECIDABLE),
    ),
    _Kind.OPEN: (
        *(Fate.DECIDABLE_NOW, Fate.DECIDABLE_NOW, Fate.UNDECIDED),
        *(Fate.UNCHANGED, Fate.DECIDABLE_NOW, Fate.UNDECIDED),
    ),
    _Kind.SILENT: (Fate.DECIDABLE_NOW, Fate.DECIDABLE_NOW, Fate.UNDECIDED, *3 * (Fate.UNCHANGED,)),
    _Kind.MOOT: (Fate.NEW, Fate.DECIDABLE_NOW, Fate.NO_LONGER_DECIDABLE, *3 * (Fate.UNCHANGED,)),
    _Kind.MISSING: (Fate.DECIDABLE_NOW, Fate.DECIDABLE_NOW, Fate.UNDECIDED, *3 * (Fate.UNCHANGED,)),
}
"""A fault that is no longer seen is cured only where it is ruled out; that an article applies no more, or that
a machine is missing, cures nothing."""


def pair_findings(before: Report, after: Report) -> tuple[Fated, ...]:
    """Every cause and machine of either report: those of the first in its order, then those of the second."""
    wandering = _wandering(before) & _wandering(after)
    was = {_place(finding, wandering): finding for finding in before.findings}
    now = {_place(finding, wandering): finding for finding in after.findings}
    places = dict.fromkeys((*was, *now))
    return tuple(_fated(was.get(place), now.get(place)) for place in places)


def _wandering(report: Report) -> set[str]:
    """Causes that concern the cluster as a whole, whatever machine their one finding names this time.

    A cause that is judged on each machine has several findings where there are several machines.
    """
    counts = Counter(finding.cause.id for finding in report.findings)
    whole = {finding.cause.id for finding in report.findings if finding.machine is None}
    alone = {cause for cause, number in counts.items() if number == 1}
    return alone if len(report.machines) > 1 else alone & whole


def _place(finding: Finding, wandering: Iterable[str]) -> Place:
    if finding.machine is None or finding.cause.id in wandering:
        return finding.cause.id, None
    return finding.cause.id, fold(finding.machine)


def _fated(before: Finding | None, after: Finding | None) -> Fated:
    return Fated(_FATES[_kind(before)][_kind(after).value], before, after)


def _kind(finding: Finding | None) -> _Kind:
    match finding:
        case None:
            return _Kind.MISSING
        case _ if finding.verdict in FAULTS and not finding.weighs:
            return _Kind.SILENT
        case _ if finding.verdict in FAULTS:
            return _Kind.FAULT
        case _ if finding.verdict is Verdict.RULED_OUT:
            return _Kind.SOUND
        case _ if finding.verdict is Verdict.NOT_APPLICABLE:
            return _Kind.MOOT
        case _:
            return _Kind.OPEN if finding.weighs else _Kind.SILENT
