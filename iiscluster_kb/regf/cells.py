"""Reading records cell by cell, every read inside the bounds of its cell and of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf.damage import BrokenCell, DamageLog
from iiscluster_kb.regf.layout import BIG_DATA_SINCE, BINS, ENTRY_SIZES, KEY_VALUE, OFFSET_SIZE, CellLayout
from iiscluster_kb.regf.records import (
    KeyNode,
    big_data_reader,
    content_reader,
    key_reader,
    leaf_reader,
    numbers,
    offsets_reader,
    refused,
    values_reader,
    wide,
)
from iiscluster_kb.registry import upcase

if TYPE_CHECKING:
    from mmap import mmap

    from iiscluster_kb.regf.keys import Key
    from iiscluster_kb.regf.layout import Buffer
    from iiscluster_kb.registry import RegistryValue

__all__ = ["Cells", "KeyNode", "ListHead"]

ListHead: TypeAlias = tuple[int, int, int]
"""Kind, number of entries, absolute offset of the first; a plain tuple, since one is made for every list."""

_LAYOUTS: Final = {old: CellLayout(old=old) for old in (False, True)}


class _Copies:
    """Slices of a view or of an array as bytes, which those of bytes and of a map are by themselves."""

    __slots__ = ("_buffer",)

    def __init__(self, buffer: memoryview | bytearray) -> None:
        self._buffer = buffer

    def __getitem__(self, where: slice) -> bytes:
        return bytes(self._buffer[where])


class Cells:
    """The cells of one hive.

    Methods take the offset of a cell as the hive stores it, relative to the hive bins data. They raise
    ``BrokenCell`` where the record is not sound: outside the file, unallocated, of another kind, or longer
    than its cell. An unpaired surrogate in a name, which no text can carry, reads as U+FFFD.

    Attributes:
        end: Size of the file in bytes.
        damage: What iteration left out so far.
        met: Keys that look-ups found, by the offset of the parent and the folded name.
        key: See ``records.key_reader``.
        content: See ``records.content_reader``.
        leaf: See ``records.leaf_reader``.
        offsets: See ``records.offsets_reader``.
        values: See ``records.values_reader``.
    """

    __slots__ = (
        "_buffer",
        "_bytes",
        "_layout",
        "_name",
        "content",
        "damage",
        "end",
        "key",
        "leaf",
        "met",
        "offsets",
        "values",
    )

    def __init__(self, buffer: Buffer, name: str, minor: int) -> None:
        self.end = len(buffer)
        self.damage = DamageLog()
        self.met: dict[tuple[int, str], Key] = {}
        self._name = name
        self._buffer = buffer
        copies: bytes | mmap | _Copies = (
            _Copies(buffer) if isinstance(buffer, memoryview | bytearray) else buffer
        )
        self._bytes = copies
        layout = self._layout = _LAYOUTS[minor == 1]
        self.key = key_reader(buffer, copies, layout)
        self.content = content_reader(buffer, copies, layout)
        self.offsets = offsets_reader(buffer, layout)
        self.leaf = leaf_reader(buffer, layout)
        big = big_data_reader(self.content, self.offsets) if minor >= BIG_DATA_SINCE else None
        self.values = values_reader(buffer, copies, layout, big)

    def error(self, fault: BrokenCell, path: str) -> EvidenceError:
        """What a caller is told of a fault met at the key of that path."""
        key = f"in key {path!r}" if path else "in the root key"
        detail = f"{fault.reason}, at offset {fault.offset:#x}, {key}"
        return EvidenceError(self._name, detail, offset=fault.offset)

    def value(self, cell: int, folded: str) -> RegistryValue | None:
        """The value in a cell; None where it has not the wanted name.

        Args:
            cell: Its offset.
            folded: The only name wanted, upper-cased; the data of another value is not looked at.
        """
        layout = self._layout
        at = BINS + cell
        start = at + layout.value_name
        if start <= self.end:
            size, signature, length, *_, flags = layout.value(self._buffer, at)
            end = start + length
            if signature == KEY_VALUE and end <= at - size and end <= self.end:
                raw = self._bytes[start:end]
                name = str(raw, "latin-1") if flags & layout.value_compressed else wide(cell, raw)
                if len(name) != len(folded) or upcase(name) != folded:
                    return None
        broken: list[BrokenCell] = []
        found = self.values((cell,), broken.append)
        if broken:
            raise broken[0]
        return found[0]

    def list_head(self, cell: int) -> ListHead:
        """The head of a list of subkeys of any kind, once it is sure to hold its entries."""
        layout = self._layout
        at = BINS + cell
        start = at + layout.entries
        if start > self.end:
            raise BrokenCell(cell, "list of subkeys outside the file")
        size, kind, count = layout.list_head(self._buffer, at)
        if kind not in ENTRY_SIZES:
            raise refused(cell, "list of subkeys", size, sound=False)
        end = start + count * ENTRY_SIZES[kind]
        if end > at - size or end > self.end:
            raise refused(cell, "list of subkeys", size, sound=True)
        return kind, count, start

    def list_entries(self, head: ListHead) -> tuple[int, ...]:
        """The offsets in a list."""
        kind, count, start = head
        if ENTRY_SIZES[kind] == OFFSET_SIZE:
            return numbers(count)(self._buffer, start)
        return numbers(2 * count)(self._buffer, start)[::2]

    def list_entry(self, head: ListHead, position: int) -> int:
        """One offset in a list."""
        kind, _, start = head
        (offset,) = numbers(1)(self._buffer, start + position * ENTRY_SIZES[kind])
        return offset

    def list_bytes(self, head: ListHead) -> bytes:
        """The entries of a list as they lie."""
        kind, count, start = head
        return self._bytes[start : start + count * ENTRY_SIZES[kind]]
