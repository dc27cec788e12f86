"""Compares two copies of the cluster database: names, types and data of everything, within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from iiscluster_kb.cluster import CLUSTER
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.registry import ValueType, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from iiscluster_kb.cluster import Machine
    from iiscluster_kb.model import AnyFact
    from iiscluster_kb.registry import KeyPath, RegistryKey, RegistryValue

__all__ = ["HIVE", "TOLD", "Outcome", "Place", "as_compared", "compare", "shows_bytes"]

HIVE = "registry-hive"
"""The one format that holds values as they are stored; exports and texts end every string by themselves."""

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


def shows_bytes(machine: Machine, fact: AnyFact) -> bool:
    """Whether the evidence of the machine that answered holds the values as they are stored."""
    path = fact.source.path if fact.source else None
    return any(
        evidence.format == HIVE for evidence in machine.registry.evidence if evidence.file.path == path
    )


def compare(one: RegistryKey, other: RegistryKey, *, by_bytes: bool = True) -> Outcome:
    """Walk two copies side by side; what lies below a key that one copy lacks is not listed.

    What one copy lists and the other does not differs only where the other certainly has not got it.

    Args:
        one: The root key of a copy.
        other: The same of another.
        by_bytes: Whether both hold values as they are stored; else strings are compared as they read.
    """
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
            below, beside = _below(mine), _below(theirs)
            for place in _differing(path, mine, theirs, by_bytes=by_bytes):
                if isinstance(place, Place):
                    places.append(place)
                else:
                    unread = unread or f"{path.short}: {place.detail}"
        except EvidenceError as error:
            unread = unread or f"{path.short}: {error.detail}"
            continue
        if max(len(below), len(beside)) >= _MOST_BELOW:
            unread = unread or f"{path.short} holds too many keys"
        waiting += (
            (key, beside[name], path / key.name, depth + 1) for name, key in below.items() if name in beside
        )
    else:
        unread = unread or f"there are more than {_MOST_KEYS:,} keys"
    return Outcome(tuple(sorted(places, key=str)[:_MOST_PLACES]), unread)


def _differing(
    path: KeyPath, mine: RegistryKey, theirs: RegistryKey, *, by_bytes: bool
) -> Iterator[Place | EvidenceError]:
    """Where two keys differ, and why that cannot be told of a name."""
    content = as_compared(by_bytes=by_bytes)
    values, others = _values(mine), _values(theirs)
    for name in sorted(values.keys() | others.keys()):
        shown = (values.get(name) or others[name]).name
        try:
            one = values.get(name) or mine.value(shown)
            other = others.get(name) or theirs.value(shown)
        except EvidenceError as error:
            yield error
        else:
            if one is None or other is None or content(one) != content(other):
                yield Place(path, shown)
    keys, beside = _below(mine), _below(theirs)
    for name in sorted(keys.keys() ^ beside.keys()):
        shown = (keys.get(name) or beside[name]).name
        try:
            is_in_both = mine.subkey(shown) is not None and theirs.subkey(shown) is not None
        except EvidenceError as error:
            yield error
        else:
            if not is_in_both:
                yield Place(path / shown, None)


def _below(key: RegistryKey) -> dict[str, RegistryKey]:
    return {fold(below.name): below for below in islice(key.subkeys(), _MOST_BELOW)}


def _values(key: RegistryKey) -> dict[str, RegistryValue]:
    return {fold(value.name): value for value in islice(key.values(), _MOST_BELOW)}


def as_compared(*, by_bytes: bool) -> Callable[[RegistryValue], tuple[object, ...]]:
    """What of a value must be alike in two copies; ``by_bytes`` as ``compare`` takes it."""
    return _stored if by_bytes else _printed


def _stored(value: RegistryValue) -> tuple[object, ...]:
    return int(value.type), value.data


def _printed(value: RegistryValue) -> tuple[object, ...]:
    is_text = value.type == ValueType.REG_MULTI_SZ or value.text() is not None
    return int(value.type), value.strings() if is_text else value.data
