"""One interface over every storage of keys, and the storage in memory.

A hive, a .reg export and a hand-made tree answer alike, so that whoever asks does not know which.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from iiscluster_kb.registry.keys import upcase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from iiscluster_kb.registry.values import RegistryValue

__all__ = ["MemoryKey", "RegistryKey", "descend"]


class RegistryKey(Protocol):
    """A key that can be asked. Every method may raise ``EvidenceError`` where the storage is damaged."""

    @property
    def name(self) -> str:
        """As spelled."""
        ...

    @property
    def modified(self) -> datetime | None:
        """Last-written time, aware, UTC; None where the storage does not say."""
        ...

    @property
    def offset(self) -> int | None:
        """Absolute byte offset of the key's cell, from a hive."""
        ...

    @property
    def line(self) -> int | None:
        """Line number counted from 1, from a text file."""
        ...

    def subkey(self, name: str, /) -> RegistryKey | None:
        """The direct subkey, compared as Windows does; None: certainly absent."""
        ...

    def subkeys(self) -> Iterator[RegistryKey]:
        """Direct subkeys in the storage's own order."""
        ...

    def value(self, name: str, /) -> RegistryValue | None:
        """The value, compared as Windows does; ``""`` is the unnamed one; None: certainly absent."""
        ...

    def values(self) -> Iterator[RegistryValue]:
        """Values in the storage's own order."""
        ...


@dataclass(slots=True)
class MemoryKey:
    """A key held in memory, grown by readers of text formats and by tests."""

    name: str
    modified: datetime | None = None
    offset: int | None = None
    line: int | None = None
    _subkeys: dict[str, MemoryKey] = field(default_factory=dict)
    _values: dict[str, RegistryValue] = field(default_factory=dict)

    def subkey(self, name: str) -> MemoryKey | None:
        """See ``RegistryKey.subkey``."""
        return self._subkeys.get(upcase(name))

    def subkeys(self) -> Iterator[MemoryKey]:
        """See ``RegistryKey.subkeys``."""
        return iter(self._subkeys.values())

    def value(self, name: str) -> RegistryValue | None:
        """See ``RegistryKey.value``."""
        return self._values.get(upcase(name))

    def values(self) -> Iterator[RegistryValue]:
        """See ``RegistryKey.values``."""
        return iter(self._values.values())

    def add(self, relative: Iterable[str], *, line: int | None = None) -> MemoryKey:
        """The key below this one at the names given, made with its parents where it is not there yet."""
        key = self
        for part in relative:
            folded = upcase(part)
            below = key._subkeys.get(folded)
            if below is None:
                below = key._subkeys[folded] = MemoryKey(part, line=line)
            key = below
        return key

    def put(self, value: RegistryValue) -> None:
        """Store a value; a later one of the same name replaces the earlier, as an import does."""
        self._values[upcase(value.name)] = value


def descend(root: RegistryKey, relative: Iterable[str]) -> tuple[RegistryKey, ...]:
    """Follow names below ``root`` as far as they lead.

    Returns:
        The keys on the way, without ``root``. As many as there are names: the last is the key asked for;
        fewer: the next name is certainly absent there.
    """
    key, found = root, []
    for part in relative:
        below = key.subkey(part)
        if below is None:
            break
        found.append(below)
        key = below
    return tuple(found)
