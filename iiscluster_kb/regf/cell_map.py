"""What each part of a hive is to the live tree: reached by it, free, or neither.

Whatever a list of a live key leads to is marked as live, sound or not, so that nothing of it is ever taken
for deleted. Cells that are allocated and that nothing reaches are left alone.
"""

from __future__ import annotations

import re
from struct import Struct, unpack_from
from typing import TYPE_CHECKING, Final

from iiscluster_kb.regf.cells import Cells
from iiscluster_kb.regf.damage import BrokenCell
from iiscluster_kb.regf.layout import (
    BIG_DATA,
    BIG_DATA_SINCE,
    BINS,
    CLASS_LENGTH,
    CLASS_NAME,
    FLAGS,
    KEY_PREDEFINED_HANDLE,
    KEY_VALUE,
    NAME_LENGTH,
    NONE,
    SEGMENT_SIZE,
    SMALLEST_KEY,
    SUBKEY_COUNT,
    SUBKEY_LIST,
    VALUE_COUNT,
    VALUE_LIST,
    CellLayout,
)
from iiscluster_kb.regf.lists import subkey_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from iiscluster_kb.regf.cells import KeyNode
    from iiscluster_kb.regf.layout import BaseBlock, Buffer

__all__ = ["FREE", "FREE_HEAD", "LIVE", "PARENT", "REACHED", "CellMap"]

LIVE: Final = 1
FREE: Final = 2
FREE_HEAD: Final = 3
"""The first unit of a free cell."""
BROKEN: Final = 4
"""The first unit of what the live tree leads to and is not what it should be there."""
REACHED: Final = frozenset({LIVE, BROKEN})

_UNIT = 8  # cells begin and end at multiples of it ("Cell")
_PAGE = 4096  # bins begin at multiples of it and are as long ("Hive bin")
_BIN_HEADER = 32
_MOST_VALUES = 1 << 20
"""No key has more; a hostile one must not fill the memory."""
_SHORTEST_RECORD = 24
"""Bytes of a cell with a value that has no name."""
_RUN = bytes([LIVE]) * 512
_BIG_DATA_HEAD = Struct("<HHI")
_NUMBER = Struct("<I")
_IS_REACHED = re.compile(b"[\x01\x04]")

PARENT: Final = 16
"""Position of the parent's cell in a key's record ("Key node")."""


class CellMap:
    """The map of one hive; making it reads the live tree.

    Attributes:
        units: One number for every eight bytes of the file: ``LIVE``, ``BROKEN``, ``FREE``, ``FREE_HEAD``,
            or zero where nothing is known. What is free is marked while ``regions`` goes on.
        keys: The cells of all live keys, as the hive stores them.
        root: The root key's cell.
        end: Absolute offset at which the hive bins end.
        complete: Whether all that is live is marked. It is not where more is reached than a file of this
            size can hold.
    """

    __slots__ = (
        "_cells",
        "_has_big_data",
        "_room",
        "buffer",
        "complete",
        "end",
        "keys",
        "layout",
        "minor",
        "root",
        "units",
    )

    def __init__(self, buffer: Buffer, name: str, base: BaseBlock) -> None:
        self.minor = base.version[1]
        self.buffer = buffer
        self.layout = CellLayout(old=self.minor == 1)
        self.end = max(BINS, min(len(buffer), base.end & ~(_UNIT - 1)))
        self.units = bytearray(len(buffer) // _UNIT + 1)
        self.keys: set[int] = set()
        # Cells of its own: what is met here is no damage that a reader of the hive met.
        self._cells = Cells(buffer, name, self.minor)
        self._has_big_data = self.minor >= BIG_DATA_SINCE
        self._room = 2 * len(self.units)  # a sound hive needs each unit once
        self.root = base.root
        self.complete = self._mark_tree(base.root)

    def regions(self) -> Iterator[tuple[int, int]]:
        """Where deleted records may lie.

        Free cells, what live cells do not use of themselves, and what follows the last bin, which is left of
        a hive that was longer.

        Yields:
            Absolute offsets of the begin and the end, in order. No two regions overlap.
        """
        at = BINS
        while at + _BIN_HEADER <= self.end:
            length = _PAGE
            if bytes(self.buffer[at : at + 4]) == b"hbin":
                (size,) = _NUMBER.unpack_from(self.buffer, at + 8)
                if size and not size % _PAGE:
                    length = size
                yield from self._regions_of_bin(at + _BIN_HEADER, min(at + length, self.end))
            at += length
        if len(self.buffer) - self.end >= _SHORTEST_RECORD:
            first, last = self.end // _UNIT, len(self.buffer) // _UNIT
            if not _IS_REACHED.search(self.units, first, last):
                self.units[first:last] = bytes([FREE]) * (last - first)
            yield self.end, len(self.buffer)

    def _regions_of_bin(self, at: int, stop: int) -> Iterator[tuple[int, int]]:
        units, head, buffer = self.units, self.layout.head, self.buffer
        while at + _UNIT <= stop:
            size = head(buffer, at)[0]
            length = abs(size)
            following = at + length
            if length < _UNIT or length % _UNIT or following > stop:
                return  # where the next cell begins, nobody knows
            first, last = at // _UNIT, following // _UNIT
            if size > 0:
                if length > _UNIT and not _IS_REACHED.search(units, first, last):
                    units[first:last] = bytes([FREE]) * (last - first)
                    units[first] = FREE_HEAD
                if length >= _SHORTEST_RECORD:
                    yield at, following
            elif length > _SHORTEST_RECORD and units[first] == LIVE:
                unused = units.find(0, first, last)
                if unused >= 0 and last - unused >= _SHORTEST_RECORD // _UNIT:
                    yield unused * _UNIT, following
            at = following

    # --- what is live -------------------------------------------------------------------------------

    def _mark_tree(self, root: int) -> bool:
        room = self.end // SMALLEST_KEY
        pending = [root]
        while pending and self._room > 0 and room > 0:
            cell = pending.pop()
            if cell in self.keys:
                continue
            try:
                node = self._cells.key(cell)[1]
            except BrokenCell:
                self._mark_head(cell)
                continue
            self.keys.add(cell)
            self._mark(cell, self.layout.key_name + node[NAME_LENGTH])
            if node[CLASS_LENGTH] and node[CLASS_NAME] != NONE:
                self._mark_content(node[CLASS_NAME], node[CLASS_LENGTH])
            if not self._mark_values(node):
                return False
            if node[SUBKEY_COUNT]:
                below = subkey_cells(self._cells, node[SUBKEY_LIST], node[SUBKEY_COUNT], _overlook)
                room -= len(below)
                pending += below
        return not pending

    def node(self, cell: int) -> tuple[str, KeyNode]:
        """Name and record of a live key."""
        return self._cells.key(cell)

    def parent(self, cell: int) -> int:
        """The cell of the key above a key, as its record says."""
        (stored,) = _NUMBER.unpack_from(self.buffer, BINS + cell + self.layout.prefix + PARENT)
        return int(stored)

    def is_live(self, cell: int) -> bool:
        """Whether the live tree reaches a cell."""
        unit = (BINS + cell) // _UNIT
        return unit < len(self.units) and self.units[unit] == LIVE

    def values_of(self, node: KeyNode) -> tuple[int, ...]:
        """Cells of the values that a live key lists; none where its list cannot be read."""
        count = node[VALUE_COUNT]
        if not 0 < count <= _MOST_VALUES or node[FLAGS] & KEY_PREDEFINED_HANDLE:
            return ()
        try:
            return self._cells.offsets(node[VALUE_LIST], count, "list of values")
        except BrokenCell:
            return ()

    def slack_of_list(self, node: KeyNode) -> tuple[int, ...]:
        """What follows a live key's list of values in its cell, read as more entries."""
        used = self.layout.prefix + 4 * node[VALUE_COUNT]
        at = BINS + node[VALUE_LIST]
        length = min(-self.layout.head(self.buffer, at)[0], len(self.buffer) - at)
        more = min((length - used) // 4, _MOST_VALUES)
        return unpack_from(f"<{more}I", self.buffer, at + used) if more > 0 else ()

    def _mark_values(self, node: KeyNode) -> bool:
        """False: too many."""
        listed = self.values_of(node)
        if not listed:
            return node[VALUE_COUNT] <= _MOST_VALUES or bool(node[FLAGS] & KEY_PREDEFINED_HANDLE)
        self._mark(node[VALUE_LIST], self.layout.prefix + 4 * len(listed))
        for cell in listed:
            self._mark_value(cell)
        return self._room > 0

    def _mark_value(self, cell: int) -> None:
        layout = self.layout
        at = BINS + cell
        if at + layout.value_name > len(self.buffer):
            return
        size, signature, name_length, data_size, stored, _, _ = layout.value(self.buffer, at)
        used = layout.value_name + name_length
        if signature != KEY_VALUE or used > -size or at + used > len(self.buffer):
            self._mark_head(cell)
            return
        self._mark(cell, used)
        if data_size <= 0:
            return
        if data_size > SEGMENT_SIZE and self._has_big_data and self._mark_segments(stored, data_size):
            return
        self._mark_content(stored, data_size)

    def _mark_segments(self, cell: int, size: int) -> bool:
        """False: the data lies in one cell, as before Windows XP."""
        needed = -(-size // SEGMENT_SIZE)
        try:
            signature, count, listed = _BIG_DATA_HEAD.unpack(self._cells.content(cell, 8, "data"))
            if signature != BIG_DATA:
                return False
            self._mark_head(cell)
            segments = self._cells.offsets(listed, min(needed, count), "list of segments")
        except BrokenCell:
            return True
        self._mark_content(listed, 4 * len(segments))
        for number, segment in enumerate(segments, start=1):
            last = number == needed
            self._mark_content(segment, size - SEGMENT_SIZE * (needed - 1) if last else SEGMENT_SIZE)
        return True

    def _mark_content(self, cell: int, size: int) -> None:
        """The first ``size`` bytes in a cell."""
        at = BINS + cell
        used = self.layout.prefix + size
        if at + used > len(self.buffer):
            return
        if used > -self.layout.head(self.buffer, at)[0]:
            self._mark_head(cell)
        else:
            self._mark(cell, used)

    def _mark_head(self, cell: int) -> None:
        """The head of a cell that is reached and is not what it should be, or whose use is not measured."""
        at = BINS + cell
        if at + _UNIT <= len(self.buffer):
            self.units[at // _UNIT] = BROKEN

    def _mark(self, cell: int, used: int) -> None:
        at = BINS + cell
        first, last = at // _UNIT, -(-(at + used) // _UNIT)
        count = last - first
        self._room -= count
        if self._room > 0:
            self.units[first:last] = _RUN[:count] if count <= len(_RUN) else bytes([LIVE]) * count


_overlook: Callable[[BrokenCell], None] = lambda _fault: None  # noqa: E731 - a parameter that asks for no answer
