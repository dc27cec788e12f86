"""Records of keys and values where nothing lives any more, and the data that still lies free."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Final

from iiscluster_kb.regf.cell_map import FREE, FREE_HEAD, PARENT, REACHED
from iiscluster_kb.regf.layout import (
    BIG_DATA,
    BIG_DATA_SINCE,
    BINS,
    DATA_RESIDENT,
    FLAGS,
    KEY_NODE,
    MAX_KEY_NAME,
    MAX_VALUE_NAME,
    NAME_LENGTH,
    NONE,
    RESIDENT_SIZE,
    SEGMENT_SIZE,
    SUBKEY_COUNT,
    SUBKEY_LIST,
    VALUE_COUNT,
    VALUE_LIST,
)

if TYPE_CHECKING:
    from iiscluster_kb.regf.cell_map import CellMap
    from iiscluster_kb.regf.cells import KeyNode

__all__ = ["KeyRemnant", "Remnants", "ValueRemnant"]

_MOST_FOUND = 100_000
_MOST_TRIED = 1_000_000
"""Places with a signature that are looked at; a hostile file may hold one every eight bytes."""

# A signature and what little is fixed after it: the last byte of a key's time (0x01 from 1829 to 2057; zero
# where no time was written), and a value's flags, of which only two bits are known ("Key value").
_RECORD: Final = {
    False: re.compile(rb"nk(?=.{9}[\0\1])|vk(?=.{14}[\0-\3]\0)", re.DOTALL),
    True: re.compile(rb"nk(?=.{9}[\0\1])|vk", re.DOTALL),  # 1.1 has an index of titles for flags
}
_NOT_FREE = re.compile(rb"[^\x02]")
_NUMBER = Struct("<I")
_BIG_DATA_HEAD = Struct("<HHI")


@dataclass(frozen=True, slots=True)
class KeyRemnant:
    """The record of a key."""

    at: int
    """Absolute offset of its cell."""
    end: int
    name: str
    node: KeyNode
    parent: int
    """The parent's cell as the hive stores it."""
    intact: bool
    """Whether the cell's own size still fits it."""


@dataclass(frozen=True, slots=True)
class ValueRemnant:
    """The record of a value."""

    at: int
    end: int
    name: str
    type: int
    size: int
    """Of the data, as stored: negative where the data lies inside the record."""
    stored: int
    intact: bool


class Remnants:
    """All records found in one hive.

    Attributes:
        keys: By absolute offset of the cell, in order.
        values: The same.
        truncated: Whether a limit ended the search.
    """

    __slots__ = ("_begins", "_buffer", "_ends", "_map", "_minor", "keys", "truncated", "values")

    def __init__(self, cell_map: CellMap) -> None:
        self._map = cell_map
        self._buffer = cell_map.buffer
        self._minor = cell_map.minor
        self.keys: dict[int, KeyRemnant] = {}
        self.values: dict[int, ValueRemnant] = {}
        self.truncated = not self._search()
        spans = sorted((found.at, found.end) for part in (self.keys, self.values) for found in part.values())
        self._begins = [begin for begin, _ in spans]
        self._ends = [end for _, end in spans]

    def _search(self) -> bool:
        """False: a limit ended it. Regions are gone through to the end, since that marks what is free."""
        pattern, buffer, units = _RECORD[self._minor == 1], self._buffer, self._map.units
        prefix = self._map.layout.prefix
        tries, room = _MOST_TRIED, _MOST_FOUND
        for begin, stop in self._map.regions():
            if not tries or not room:
                continue
            last: KeyRemnant | ValueRemnant | None = None
            for match in pattern.finditer(buffer, begin, stop):
                at = match.start() - prefix
                if at % 8 or at < begin or units[at // 8] in REACHED:
                    continue
                found = self._key(at, stop) or self._value(at, stop)
                tries -= 1
                if found is not None:
                    if last is not None and at < last.end:  # written over by what was found now
                        self.keys.pop(last.at, None)
                        self.values.pop(last.at, None)
                    last = found
                    room -= 1
                if not tries or not room:
                    break
        return bool(tries and room)

    # --- records ------------------------------------------------------------------------------------

    def _key(self, at: int, stop: int) -> KeyRemnant | None:
        layout = self._map.layout
        start = at + layout.key_name
        if start > stop:
            return None
        node = layout.key_node(self._buffer, at)
        end = start + node[NAME_LENGTH]
        if node[1] != KEY_NODE or not 0 < node[NAME_LENGTH] <= MAX_KEY_NAME or end > stop:
            return None
        (parent,) = _NUMBER.unpack_from(self._buffer, at + layout.prefix + PARENT)
        lists = ((SUBKEY_COUNT, SUBKEY_LIST), (VALUE_COUNT, VALUE_LIST))
        if not self._leads(parent) or not all(not node[n] or self._leads(node[where]) for n, where in lists):
            return None
        name = self._name(start, end, compressed=bool(node[FLAGS] & layout.key_compressed))
        if name is None or "\\" in name:
            return None
        found = KeyRemnant(at, end, name, node, parent, self._fits(at, node[0], end, stop))
        self.keys[at] = found
        return found

    def _value(self, at: int, stop: int) -> ValueRemnant | None:
        layout = self._map.layout
        start = at + layout.value_name
        if start > stop:
            return None
        head, signature, name_length, size, stored, type_, flags = layout.value(self._buffer, at)
        end = start + name_length
        if signature == KEY_NODE or name_length > MAX_VALUE_NAME or end > stop:
            return None
        if size < 0 and size + DATA_RESIDENT > RESIDENT_SIZE:
            return None
        if size > 0 and (size > len(self._buffer) or not self._leads(stored) or stored == NONE):
            return None
        name = self._name(start, end, compressed=bool(flags & layout.value_compressed))
        if name is None:
            return None
        found = ValueRemnant(at, end, name, type_, size, stored, self._fits(at, head, end, stop))
        self.values[at] = found
        return found

    def _leads(self, stored: int) -> bool:
        """Whether an offset is one that a sound record may hold."""
        return stored == NONE or (not stored % 8 and BINS + stored < len(self._buffer))

    def _name(self, start: int, end: int, *, compressed: bool) -> str | None:
        raw = bytes(self._buffer[start:end])
        if compressed:
            return raw.decode("latin-1")
        return None if len(raw) % 2 else raw.decode("utf-16-le", "replace")

    @staticmethod
    def _fits(at: int, head: int, end: int, stop: int) -> bool:
        """Whether the size before a record is one that its cell can have had."""
        return not head % 8 and end - at <= abs(head) <= stop - at

    # --- what records lead to -----------------------------------------------------------------------

    def data(self, value: ValueRemnant) -> tuple[bytes, bool]:
        """The data as far as it lies free, and whether nothing shows that it was overwritten."""
        if value.size <= 0:
            length = value.size + DATA_RESIDENT if value.size else 0
            start = value.at + self._map.layout.resident
            return bytes(self._buffer[start : start + length]), True
        if value.size > SEGMENT_SIZE and self._minor >= BIG_DATA_SINCE:
            head, whole = self.content(value.stored, _BIG_DATA_HEAD.size)
            if whole and _BIG_DATA_HEAD.unpack(head)[0] == BIG_DATA:
                return self._segments(value.size, *_BIG_DATA_HEAD.unpack(head)[1:])
        return self.content(value.stored, value.size)

    def _segments(self, size: int, count: int, listed: int) -> tuple[bytes, bool]:
        needed = -(-size // SEGMENT_SIZE)
        entries, sound = self.content(listed, 4 * min(needed, count))
        parts: list[bytes] = []
        for (segment,) in _NUMBER.iter_unpack(entries[: len(entries) & ~3]):
            part, whole = self.content(segment, min(SEGMENT_SIZE, size - SEGMENT_SIZE * len(parts)))
            parts.append(part)
            sound = sound and whole
            if not whole:
                break
        return b"".join(parts), sound and needed <= count

    def content(self, cell: int, size: int) -> tuple[bytes, bool]:
        """The first ``size`` bytes in a free cell, as far as they lie free and side by side.

        Returns:
            The bytes, and whether they are all there, fit the size that the cell once had, and hold no
            record of something else.
        """
        at = BINS + cell
        start = at + self._map.layout.prefix
        end = start + size
        units = self._map.units
        if cell % 8 or start > len(self._buffer) or units[at // 8] not in {FREE, FREE_HEAD}:
            return b"", False
        taken = _NOT_FREE.search(units, at // 8 + 1, -(-end // 8))
        stop = min(end, len(self._buffer), taken.start() * 8 if taken else end)
        data = bytes(self._buffer[start : max(start, stop)])
        head = self._map.layout.head(self._buffer, at)[0]
        sound = len(data) == size and not head % 8 and abs(head) >= end - at
        return data, sound and not self._used_again(at, end)

    def _used_again(self, begin: int, end: int) -> bool:
        """Whether a record lies in between."""
        following = bisect_left(self._begins, end)
        return following > 0 and self._ends[following - 1] > begin
