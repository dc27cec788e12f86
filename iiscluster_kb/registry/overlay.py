"""A registry with changes laid over it: how it would look after an import, while nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from iiscluster_kb.registry.keys import upcase
from iiscluster_kb.registry.reg_entries import KeyDeletion, KeyEntry, ValueDeletion, ValueEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from iiscluster_kb.registry.keys import KeyPath
    from iiscluster_kb.registry.reg_entries import Entry
    from iiscluster_kb.registry.tree import RegistryKey
    from iiscluster_kb.registry.values import RegistryValue

__all__ = ["lay_over"]


@dataclass(slots=True)
class _Layer:
    """What an import did to one key."""

    name: str
    covers: bool = False
    """Whether what lay below is gone: the key was deleted, and perhaps made again."""
    exists: bool = False
    """Whether the import made sure that the key is there."""
    values: dict[str, RegistryValue | None] = field(default_factory=dict)
    """By folded name; None: deleted."""
    subkeys: dict[str, _Layer] = field(default_factory=dict)

    def below(self, name: str) -> _Layer:
        return self.subkeys.setdefault(upcase(name), _Layer(name))


@dataclass(frozen=True, slots=True)
class _LaidKey:
    """A key seen through a layer. Answers as ``RegistryKey`` says."""

    name: str
    base: RegistryKey | None
    layer: _Layer

    @property
    def modified(self) -> datetime | None:
        return self.base.modified if self.base else None

    @property
    def offset(self) -> int | None:
        return self.base.offset if self.base else None

    @property
    def line(self) -> int | None:
        return self.base.line if self.base else None

    def subkey(self, name: str) -> RegistryKey | None:
        below = self.base.subkey(name) if self.base else None
        return _seen(below, self.layer.subkeys.get(upcase(name)))

    def subkeys(self) -> Iterator[RegistryKey]:
        met = set()
        for below in self.base.subkeys() if self.base else ():
            met.add(upcase(below.name))
            seen = _seen(below, self.layer.subkeys.get(upcase(below.name)))
            if seen is not None:
                yield seen
        for folded, layer in self.layer.subkeys.items():
            if folded not in met and (made := _seen(None, layer)) is not None:
                yield made

    def value(self, name: str) -> RegistryValue | None:
        folded = upcase(name)
        if folded in self.layer.values:
            return self.layer.values[folded]
        return self.base.value(name) if self.base else None

    def values(self) -> Iterator[RegistryValue]:
        for value in self.base.values() if self.base else ():
            if upcase(value.name) not in self.layer.values:
                yield value
        yield from (value for value in self.layer.values.values() if value is not None)


def _seen(base: RegistryKey | None, layer: _Layer | None) -> RegistryKey | None:
    if layer is None:
        return base
    if layer.covers:
        base = None
    if base is None and not layer.exists:
        return None
    return _LaidKey(base.name if base else layer.name, base, layer)


def lay_over(root: RegistryKey, mount: KeyPath, entries: Iterable[Entry]) -> RegistryKey:
    """Show ``root``, which lies at ``mount``, as it would be once ``entries`` were imported in their order.

    Entries that lie outside of ``mount`` do nothing here.
    """
    top = _Layer(root.name, exists=True)
    for entry in entries:
        if not entry.key.is_within(mount):
            continue
        names = entry.key.below(mount)
        match entry:
            case KeyDeletion():
                gone = _reach(top, names, make=False)
                gone.covers, gone.exists = True, False
                gone.values.clear()
                gone.subkeys.clear()
            case KeyEntry():
                _reach(top, names, make=True)
            case ValueEntry(value=value):
                _reach(top, names, make=True).values[upcase(value.name)] = value
            case ValueDeletion(name=name):
                _reach(top, names, make=False).values[upcase(name)] = None
    return _LaidKey(root.name, root, top)


def _reach(layer: _Layer, names: Iterable[str], *, make: bool) -> _Layer:
    for name in names:
        layer = layer.below(name)
        layer.exists = layer.exists or make
    return layer
