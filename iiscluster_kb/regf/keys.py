"""Keys of a hive: their values, their subkeys, and all that is below them."""

# ruff: noqa: SLF001 - a key reaches into its parent and its subkeys, which are keys too
from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.regf.damage import BrokenCell
from iiscluster_kb.regf.layout import (
    BINS,
    CLASS_LENGTH,
    CLASS_NAME,
    FILETIME,
    FLAGS,
    KEY_PREDEFINED_HANDLE,
    MAX_DEPTH,
    NONE,
    SMALLEST_KEY,
    SUBKEY_COUNT,
    SUBKEY_LIST,
    VALUE_COUNT,
    VALUE_LIST,
    moment,
)
from iiscluster_kb.regf.lists import find_subkey, subkey_cells
from iiscluster_kb.registry import upcase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from iiscluster_kb.regf.cells import Cells
    from iiscluster_kb.registry import RegistryValue

__all__ = ["Key"]


_NEW = object.__new__
_MOST_REMEMBERED = 512
"""Keys that look-ups found and that the next look-ups will mostly pass again."""


class Key:
    """A key of a hive; a ``RegistryKey``.

    Its iterators read on past damage, which ``Hive.damage`` then tells; its other methods raise
    ``EvidenceError`` where damage leaves their answer open.

    Attributes:
        name: As spelled.
        offset: Absolute byte offset of its cell, at the field that holds the cell's size.
        line: None: a hive has no lines.
    """

    __slots__ = ("_cells", "_node", "_parent", "name", "offset")

    line: None = None

    def __init__(self, cells: Cells, parent: Key | None, cell: int) -> None:
        self._cells = cells
        self._parent = parent
        self.offset = BINS + cell
        self.name, self._node = cells.key(cell)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r}, offset={self.offset:#x})"

    @property
    def path(self) -> str:
        """The way from the root, as spelled; the root's own is the empty string."""
        names: list[str] = []
        key = self
        while key._parent is not None:
            names.append(key.name)
            key = key._parent
        return "\\".join(reversed(names))

    @property
    def modified(self) -> datetime | None:
        """Last-written time, aware, UTC; None where the hive gives none or no possible one."""
        return moment(self._node[FILETIME])

    @property
    def subkey_count(self) -> int:
        """How many subkeys the key says that it has."""
        return self._node[SUBKEY_COUNT]

    @property
    def class_name(self) -> str | None:
        """The class that the key was created with; None where it has none.

        Raises:
            EvidenceError: It cannot be read.
        """
        length, stored = self._node[CLASS_LENGTH], self._node[CLASS_NAME]
        if not length or stored == NONE:
            return None
        try:
            raw = self._cells.content(stored, length & ~1, "class name")
        except BrokenCell as fault:
            raise self._cells.error(fault, self.path) from fault
        return raw.decode("utf-16-le", "replace")

    def subkey(self, name: str) -> Key | None:
        """The direct subkey of that name, compared as Windows does; None: certainly absent.

        Raises:
            EvidenceError: Damage leaves open whether it exists.
        """
        cells, count = self._cells, self._node[SUBKEY_COUNT]
        if not count:
            return None
        place = (self.offset, folded := upcase(name))
        met = cells.met.get(place)
        if met is not None and met._parent is self:
            return met
        try:
            found = find_subkey(cells, self._node[SUBKEY_LIST], count, folded)
        except BrokenCell as fault:
            raise cells.error(fault, self.path) from fault
        if found is None:
            return None
        key = _NEW(Key)
        key._cells, key._parent = cells, self
        cell, key.name, key._node = found
        key.offset = BINS + cell
        if len(cells.met) == _MOST_REMEMBERED:
            cells.met.clear()
        cells.met[place] = key
        return key

    def subkeys(self) -> Iterator[Key]:
        """Direct subkeys in the hive's own order, without those that cannot be read."""
        cells = self._cells
        for cell in self._subkey_cells():
            try:
                key = Key(cells, self, cell)
            except BrokenCell as fault:
                self._report(fault)
            else:
                yield key

    def value(self, name: str) -> RegistryValue | None:
        """The value of that name, compared as Windows does; ``""`` is the unnamed one; None: certainly absent.

        Raises:
            EvidenceError: Its data cannot be read, or damage leaves open whether it exists.
        """
        folded = upcase(name)
        broken = None
        try:
            for cell in self._value_cells():
                try:
                    value = self._cells.value(cell, folded)
                except BrokenCell as fault:
                    broken = broken or fault
                else:
                    if value is not None:
                        return value
        except BrokenCell as fault:
            broken = fault
        if broken:
            raise self._cells.error(broken, self.path) from broken
        return None

    def values(self) -> Iterator[RegistryValue]:
        """Values in the hive's own order, without those that cannot be read."""
        node, cells = self._node, self._cells
        count = node[VALUE_COUNT]
        if not count or node[FLAGS] & KEY_PREDEFINED_HANDLE:
            return iter(())
        try:
            listed = cells.offsets(node[VALUE_LIST], count, "list of values")
        except BrokenCell as fault:
            self._report(fault)
            return iter(())
        return iter(cells.values(listed, self._report))

    def walk(self) -> Iterator[Key]:
        """This key and all below it, each before its subkeys, in the hive's own order.

        A key that cannot be read, is met a second time or lies deeper than Windows allows (512 levels) is
        left out and noted in ``Hive.damage``.
        """
        cells, make = self._cells, _NEW
        read, leaf = cells.key, cells.leaf
        room = cells.end // SMALLEST_KEY  # each entry of a list leads to a key of its own
        # A byte for each eight of the file, at which alone cells begin: a set of all keys takes thrice the memory.
        seen = bytearray((cells.end >> 3) + 1)
        seen[self.offset >> 3] = 1
        pending = [(self, iter(self._subkey_cells()))]
        yield self
        while pending:
            parent, listed = pending[-1]
            for cell in listed:
                try:
                    name, node = read(cell)
                except BrokenCell as fault:
                    parent._report(fault)
                    continue
                at = BINS + cell
                if seen[at >> 3]:
                    parent._report(BrokenCell(cell, "key that is met twice"))
                    continue
                seen[at >> 3] = 1
                key = make(Key)  # what the constructor does, whose call takes as long as all of it
                key._cells, key._parent, key.offset = cells, parent, at
                key.name, key._node = name, node
                yield key
                if not node[SUBKEY_COUNT]:
                    continue
                if len(pending) == MAX_DEPTH - 1:
                    key._report(BrokenCell(cell, f"subkeys below level {MAX_DEPTH}"))
                elif room <= 0:
                    key._report(BrokenCell(cell, "more subkeys than the file has room for"))
                else:
                    try:  # most lists are a sound leaf, which needs nothing of what else may be one
                        below = leaf(node[SUBKEY_LIST])
                    except BrokenCell:
                        below = None
                    if below is None or len(below) != node[SUBKEY_COUNT]:
                        below = subkey_cells(cells, node[SUBKEY_LIST], node[SUBKEY_COUNT], key._report)
                    room -= len(below)
                    pending.append((key, iter(below)))
                    break
            else:
                pending.pop()

    def _subkey_cells(self) -> tuple[int, ...]:
        count = self._node[SUBKEY_COUNT]
        return subkey_cells(self._cells, self._node[SUBKEY_LIST], count, self._report) if count else ()

    def _value_cells(self) -> tuple[int, ...]:
        node = self._node
        if not node[VALUE_COUNT] or node[FLAGS] & KEY_PREDEFINED_HANDLE:
            return ()
        return self._cells.offsets(node[VALUE_LIST], node[VALUE_COUNT], "list of values")

    def _report(self, fault: BrokenCell) -> None:
        self._cells.damage.add(fault, self)
