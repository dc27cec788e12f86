"""What a job gives: tables of outcomes, lines of growth, and how they stand to the bars."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks._race import OURS, LeftOut, Result, Slower

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks._race import Outcomes


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure that is asked for, and the one that was measured."""

    what: str
    measured: float
    limit: float
    at_least: bool
    unit: str = "x"

    @property
    def reached(self) -> bool:
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


@dataclass(frozen=True, slots=True)
class Table:
    """One race."""

    title: str
    outcomes: Outcomes
    answers: bool = True
    """Whether all contenders were asked the same and must answer alike."""
    reference: str = OURS
    """The contender that the others are compared with."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Seconds and memory by size."""

    title: str
    unit: str
    """What the size counts: keys, files."""
    lines: Mapping[str, Sequence[tuple[int, Result]]]


@dataclass(frozen=True, slots=True)
class Chapter:
    """What one job measured."""

    title: str
    text: str
    tables: Sequence[Table] = ()
    growths: Sequence[Growth] = ()
    bars: Sequence[Bar] = ()


def faster(what: str, outcomes: Outcomes, limits: Mapping[str, float]) -> list[Bar]:
    """Bars that say how many times faster than a peer ours must be; one of a peer that did not run is left out.

    A peer that was stopped counts with the time after which it was.
    """
    ours = outcomes[OURS]
    if isinstance(ours, LeftOut):
        raise TypeError(f"{what}: {ours.reason}")
    return [
        Bar(f"{what}: times as fast as {peer}", outcome.seconds / ours.seconds, limit, at_least=True)
        for peer, limit in limits.items()
        if isinstance(outcome := outcomes.get(peer), Result | Slower)
    ]


def figure(number: float) -> str:
    """Three digits that count, without an exponent."""
    if not number:
        return "0"
    digits = max(2 - math.floor(math.log10(abs(number))), 0)
    text = f"{round(number, digits or 2 - math.floor(math.log10(abs(number)))):,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
