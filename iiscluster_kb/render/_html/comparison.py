"""The nodes side by side: what should be alike on them, where they differ first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iiscluster_kb.model import Likeness, Report

__all__ = ["Compared", "Comparison", "Group", "compare"]

_MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing on every node."""

    what: str
    cells: tuple[str | None, ...]
    """None: no evidence tells."""
    alike: bool | None
    """None: fewer than two nodes tell."""


@dataclass(frozen=True, slots=True)
class Group:
    """What belongs together: Windows, services, files."""

    section: str
    rows: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Nodes that should be alike."""

    machines: tuple[str, ...]
    differing: tuple[Group, ...]
    rest: tuple[Group, ...]
    """What is alike, and what too few nodes tell."""
    differences: int
    alike: int
    untold: int
    """How many things fewer than two nodes tell."""
    more: int
    """How many rows are not shown."""


def compare(report: Report) -> Comparison | None:
    """Lay the rows out by section; None: there is nothing to compare."""
    if not report.comparison:
        return None
    machines = tuple(dict.fromkeys(machine for row in report.comparison for machine, _ in row.answers))
    differing = [row for row in report.comparison if row.alike is False]
    rest = [row for row in report.comparison if row.alike is not False]
    alike = sum(row.alike is True for row in rest)
    return Comparison(
        machines=machines,
        differing=_groups(differing[:_MOST_ROWS], machines),
        rest=_groups(rest[:_MOST_ROWS], machines),
        differences=len(differing),
        alike=alike,
        untold=len(rest) - alike,
        more=max(0, len(differing) - _MOST_ROWS) + max(0, len(rest) - _MOST_ROWS),
    )


def _groups(rows: Iterable[Likeness], machines: Sequence[str]) -> tuple[Group, ...]:
    sections: dict[str, list[Compared]] = {}
    for row in rows:
        answers = dict(row.answers)
        cells = tuple(answers.get(machine) for machine in machines)
        sections.setdefault(row.section, []).append(Compared(row.subject, cells, row.alike))
    return tuple(Group(section, tuple(compared)) for section, compared in sections.items())
