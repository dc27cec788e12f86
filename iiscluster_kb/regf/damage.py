"""What could not be read: where it lies and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from iiscluster_kb.regf.layout import BINS

__all__ = ["BrokenCell", "Damage", "DamageLog", "Place"]

_LISTED = 1000


class Place(Protocol):
    """A key, as far as it tells where damage was met."""

    @property
    def offset(self) -> int:
        """Absolute byte offset of its cell."""
        ...

    @property
    def path(self) -> str:
        """Relative to the hive."""
        ...


@dataclass(frozen=True, slots=True)
class Damage:
    """A place that iteration left out."""

    offset: int
    """Absolute byte offset in the file."""
    path: str
    """The key at or below which it lies, relative to the hive; the root is the empty string."""
    reason: str


class BrokenCell(Exception):  # noqa: N818 - it never leaves this package; what does is an EvidenceError
    """A record that is not what its place says it is.

    Args:
        cell: Offset of the cell as the hive stores it.
        reason: In words, without the place.

    Attributes:
        offset: Absolute byte offset of the cell in the file.
        reason: As given.
    """

    def __init__(self, cell: int, reason: str) -> None:
        super().__init__(cell, reason)
        self.offset = BINS + cell
        self.reason = reason


class DamageLog:
    """The damage met so far, each place once, at most a thousand of them."""

    __slots__ = ("_listed", "_truncated")

    def __init__(self) -> None:
        # Paths are put together when somebody asks: a hostile hive can make them long and many.
        self._listed: dict[tuple[int, int, str], Place | None] = {}
        self._truncated = False

    def __bool__(self) -> bool:
        return bool(self._listed)

    def add(self, fault: BrokenCell, key: Place | None) -> None:
        """Take note of a fault met at a key, or at the root where that cannot be read."""
        if len(self._listed) < _LISTED:
            self._listed[fault.offset, key.offset if key else 0, fault.reason] = key
        else:
            self._truncated = True

    def listed(self) -> tuple[Damage, ...]:
        """In the order in which it was met; the last one says so if there was more."""
        damage = [
            Damage(offset, key.path if key else "", reason)
            for (offset, _, reason), key in self._listed.items()
        ]
        if self._truncated:
            damage.append(
                Damage(damage[-1].offset, "", f"more than {_LISTED} places; the rest is not listed")
            )
        return tuple(damage)
