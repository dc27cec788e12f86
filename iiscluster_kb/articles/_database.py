"""Compares two copies of the cluster database: names, types and data of everything, within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from iiscluster_kb.cluster import CLUSTER
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from iiscluster_kb.registry import KeyPath, RegistryKey, RegistryValue

__all__ = ["TOLD", "Outcome", "Place", "compare"]

TOLD = 5
"""Places that are named."""
_MOST_PLACES = 100
"""Differences after which two copies are different enough."""
_MOST_KEYS, _MOST_BELOW, _DEEPEST = 100_000, 20_000, 64


class Place(NamedTuple):
    """Where two copies differ."""

    key: KeyPath
    value: str | None
    """Name of the value; None: the key itself is in one copy alone."""

    def __str__(self) -> str:
        return self.key.short if self.value is None else f"{self.key.short} : {self.value or '(default)'}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a comparison shows."""

    places: tuple[Place, ...]
    unread: str = ""
    """Why not everything was compared."""

    def __str__(self) -> str:
        named = ", ".join(map(str, self.places[:TOLD]))
        if len(self.places) <= TOLD:
            return named
        at_least = " at least" if len(self.places) >= _MOST_PLACES else ""
        return f"{named} and{at_least} {len(self.places) - TOLD} more places"


def compare(one: RegistryKey, other: RegistryKey) -> Outcome:
    """Walk two cluster hives side by side; what lies below a key that one copy lacks is not listed."""
    places: list[Place] = []
    unread = ""
    waiting = [(one, other, CLUSTER, 0)]
    for _ in range(_MOST_KEYS):
        if not waiting or len(places) >= _MOST_PLACES:
            break
        mine, theirs, path, depth = waiting.pop()
        if depth > _DEEPEST:
            unread = unread or f"{path.short} lies deeper than {_DEEPEST} keys"
            continue
        try:
            places += (Place(path, name) for name in _values_that_differ(mine, theirs))
            below, beside = _below(mine), _below(theirs)
        except EvidenceError as error:
            unread = unread or f"{path.short}: {error.detail}"
            continue
        if max(len(below), len(beside)) >= _MOST_BELOW:
            unread = unread or f"{path.short} holds too many keys"
        places += (
            Place(path / (below.get(name) or beside[name]).name, None)
            for name in below.keys() ^ beside.keys()
        )
        waiting += (
            (key, beside[name], path / key.name, depth + 1) for name, key in below.items() if name in beside
        )
    else:
        unread = unread or f"there are more than {_MOST_KEYS:,} keys"
    return Outcome(tuple(sorted(places, key=str)[:_MOST_PLACES]), unread)


def _below(key: RegistryKey) -> dict[str, RegistryKey]:
    return {fold(below.name): below for below in islice(key.subkeys(), _MOST_BELOW)}


def _values_that_differ(mine: RegistryKey, theirs: RegistryKey) -> list[str]:
    here, there = _values(mine), _values(theirs)
    return [
        (here.get(name) or there[name]).name
        for name in here.keys() | there.keys()
        if _content(here.get(name)) != _content(there.get(name))
    ]


def _values(key: RegistryKey) -> dict[str, RegistryValue]:
    return {fold(value.name): value for value in islice(key.values(), _MOST_BELOW)}


def _content(value: RegistryValue | None) -> tuple[int, bytes] | None:
    return None if value is None else (int(value.type), value.data)
