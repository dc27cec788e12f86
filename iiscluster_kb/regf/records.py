"""Readers of records, each made once for a hive.

A walk calls them by the hundred thousand. What does not change while a hive is read (the buffer, the layout of its
version, the end of the file) is bound when a reader is made, since to fetch it from an object at every call takes
longer than to read the record. Each raises ``BrokenCell`` as ``Cells`` says.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from iiscluster_kb.regf.damage import BrokenCell
from iiscluster_kb.regf.layout import (
    BIG_DATA,
    BINS,
    DATA_RESIDENT,
    ENTRY_SIZES,
    FLAGS,
    INDEX_LEAF,
    INDEX_ROOT,
    KEY_NODE,
    KEY_VALUE,
    MAX_KEY_NAME,
    MAX_VALUE_NAME,
    NAME_LENGTH,
    OFFSET_SIZE,
    RESIDENT_SIZE,
    SEGMENT_SIZE,
)
from iiscluster_kb.registry.values import RegistryValue, UnsealedValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iiscluster_kb.regf.layout import Buffer, CellLayout

__all__ = [
    "Copies",
    "KeyNode",
    "big_data_reader",
    "content_reader",
    "key_reader",
    "leaf_reader",
    "numbers",
    "offsets_reader",
    "refused",
    "values_reader",
    "wide",
]

KeyNode: TypeAlias = tuple[int, ...]
"""A key's record as it lies, to be indexed by the names that ``layout`` gives its fields: a plain tuple, since one
is made for every key read."""

_UNPACKERS: Final[tuple[Callable[[Buffer, int], tuple[int, ...]], ...]] = tuple(
    Struct(f"<{count}I").unpack_from for count in range(64)
)
_BIG_DATA: Final = Struct("<HHI")


class Copies(Protocol):
    """What gives a slice as bytes."""

    def __getitem__(self, where: slice, /) -> bytes:
        """The bytes there."""
        ...


def key_reader(buffer: Buffer, copies: Copies, layout: CellLayout) -> Callable[[int], tuple[str, KeyNode]]:
    """What reads the key in a cell: its name and its record."""
    limit = len(buffer)
    name_at, compressed, record = layout.key_name, layout.key_compressed, layout.key_node

    def read(cell: int) -> tuple[str, KeyNode]:
        at = BINS + cell
        start = at + name_at
        if start > limit:
            raise BrokenCell(cell, "key outside the file")
        node = record(buffer, at)
        end = start + node[NAME_LENGTH]
        # An allocated cell has a negative size, so that the second test fails for an unallocated one too.
        if node[1] != KEY_NODE or end > at - node[0] or end > limit or end > start + MAX_KEY_NAME:
            raise refused(cell, "key", node[0], sound=node[1] == KEY_NODE)
        raw = copies[start:end]
        return str(raw, "latin-1") if node[FLAGS] & compressed else wide(cell, raw), node

    return read


def content_reader(buffer: Buffer, copies: Copies, layout: CellLayout) -> Callable[[int, int, str], bytes]:
    """What reads the first bytes in a cell, by their number and by what the cell holds."""
    limit, prefix, head = len(buffer), layout.prefix, layout.head

    def read(cell: int, size: int, what: str) -> bytes:
        at = BINS + cell
        start = at + prefix
        end = start + size
        if end > limit or end > at - head(buffer, at)[0]:
            raise _overlong(cell, end, limit, what)
        return copies[start:end]

    return read


def offsets_reader(buffer: Buffer, layout: CellLayout) -> Callable[[int, int, str], tuple[int, ...]]:
    """What reads the first offsets in a cell, by their number and by what the cell holds."""
    limit, prefix, head = len(buffer), layout.prefix, layout.head
    unpackers, most = _UNPACKERS, len(_UNPACKERS)

    def read(cell: int, count: int, what: str) -> tuple[int, ...]:
        at = BINS + cell
        start = at + prefix
        end = start + 4 * count
        if end > limit or end > at - head(buffer, at)[0]:
            raise _overlong(cell, end, limit, what)
        return unpackers[count](buffer, start) if count < most else numbers(count)(buffer, start)

    return read


def leaf_reader(buffer: Buffer, layout: CellLayout) -> Callable[[int], tuple[int, ...] | None]:
    """What reads the offsets in a list of subkeys that is a leaf; None: it is an index root."""
    limit, entries, record = len(buffer), layout.entries, layout.list_head
    unpackers, most = _UNPACKERS, len(_UNPACKERS)

    def read(cell: int) -> tuple[int, ...] | None:
        at = BINS + cell
        start = at + entries
        if start > limit:
            raise BrokenCell(cell, "list of subkeys outside the file")
        size, kind, count = record(buffer, at)
        if kind == INDEX_ROOT:
            return None
        if kind not in ENTRY_SIZES:
            raise refused(cell, "list of subkeys", size, sound=False)
        units = count if kind == INDEX_LEAF else 2 * count
        end = start + OFFSET_SIZE * units
        if end > at - size or end > limit:
            raise refused(cell, "list of subkeys", size, sound=True)
        found = unpackers[units](buffer, start) if units < most else numbers(units)(buffer, start)
        return found if kind == INDEX_LEAF else found[::2]

    return read


def values_reader(  # noqa: C901, PLR0915 - of its one inner function
    buffer: Buffer,
    copies: Copies,
    layout: CellLayout,
    read_big: Callable[[int, int], bytes] | None,
) -> Callable[[Iterable[int], Callable[[BrokenCell], None]], list[RegistryValue]]:
    """What reads the values in cells, in order, without those that cannot be read, which its caller is told.

    Args:
        buffer: The whole file.
        copies: Gives its bytes.
        layout: Of the hive's version.
        read_big: Reads data that is longer than a segment; None: the version has no segments.
    """
    limit = len(buffer)
    record, head, prefix, resident = layout.value, layout.head, layout.prefix, layout.resident
    name_at, compressed = layout.value_name, layout.value_compressed
    longest = SEGMENT_SIZE if read_big else limit
    unsealed, sealed = UnsealedValue, RegistryValue

    def read(  # noqa: C901, PLR0912 - written out, since most of the time of a walk is spent here
        listed: Iterable[int], report: Callable[[BrokenCell], None]
    ) -> list[RegistryValue]:
        room = limit  # values share no data
        found: list[RegistryValue] = []
        for cell in listed:
            at = BINS + cell
            start = at + name_at
            try:
                if start > limit:
                    raise BrokenCell(cell, "value outside the file")  # noqa: TRY301 - one value costs itself alone
                size, signature, length, data_size, stored, type_, flags = record(buffer, at)
                end = start + length
                if signature != KEY_VALUE or end > at - size or end > limit or length > MAX_VALUE_NAME:
                    raise refused(cell, "value", size, sound=signature == KEY_VALUE)
                if not length:
                    name = ""
                elif flags & compressed:
                    name = str(copies[start:end], "latin-1")  # a third faster than the method of bytes
                else:
                    name = wide(cell, copies[start:end])
                if data_size < 0:
                    data_size += DATA_RESIDENT
                    if data_size > RESIDENT_SIZE:
                        raise BrokenCell(cell, f"{data_size} bytes of data inside a value")  # noqa: TRY301 - the same
                    start = at + resident
                    data = copies[start : start + data_size]
                elif not data_size:
                    data = b""
                elif data_size > longest and read_big:
                    data = read_big(stored, data_size)
                else:  # what ``content_reader`` does
                    at_data = BINS + stored
                    start = at_data + prefix
                    end = start + data_size
                    if end > limit or end > at_data - head(buffer, at_data)[0]:
                        raise _overlong(stored, end, limit, "data")
                    data = copies[start:end]
                room -= data_size
                if room < 0:
                    report(BrokenCell(cell, "values with more data than the file has room for"))
                    break
            except BrokenCell as fault:
                report(fault)
            else:
                value = unsealed()
                value.name = name
                value.type = type_
                value.data = data
                value.offset = at
                value.line = None
                value.__class__ = sealed
                found.append(value)
        return found

    return read


def big_data_reader(
    content: Callable[[int, int, str], bytes], offsets: Callable[[int, int, str], tuple[int, ...]]
) -> Callable[[int, int], bytes]:
    """What reads data in segments, or in the one cell that a system before Windows XP wrote."""

    def read(cell: int, size: int) -> bytes:
        signature, count, listed = _BIG_DATA.unpack(content(cell, _BIG_DATA.size, "data"))
        if signature != BIG_DATA:
            return content(cell, size, "data")
        needed = -(-size // SEGMENT_SIZE)
        if needed > count:
            raise BrokenCell(cell, f"big data of {count} segments for {size} bytes")
        segments = offsets(listed, needed, "list of segments")
        if len(set(segments)) < needed:
            raise BrokenCell(cell, "big data with one segment twice")
        sizes = [*[SEGMENT_SIZE] * (needed - 1), size - SEGMENT_SIZE * (needed - 1)]
        return b"".join(map(content, segments, sizes, ["segment of data"] * needed))

    return read


def numbers(count: int) -> Callable[[Buffer, int], tuple[int, ...]]:
    """What reads so many 32-bit numbers at once; making it anew takes longer than a short list."""
    return _UNPACKERS[count] if count < len(_UNPACKERS) else Struct(f"<{count}I").unpack_from


def wide(cell: int, raw: bytes) -> str:
    """A name that is not compressed; an unpaired surrogate, which no text can carry, reads as U+FFFD."""
    if len(raw) % 2:
        raise BrokenCell(cell, "name in UTF-16 with an odd number of bytes")
    return raw.decode("utf-16-le", "replace")


def refused(cell: int, what: str, size: int, *, sound: bool) -> BrokenCell:
    """Why a record is refused, the most telling reason first."""
    if not sound:
        return BrokenCell(cell, f"no {what} where one should be")
    if size >= 0:
        return BrokenCell(cell, f"{what} in an unallocated cell")
    return BrokenCell(cell, f"{what} longer than its cell, than the file or than Windows allows")


def _overlong(cell: int, end: int, limit: int, what: str) -> BrokenCell:
    where = "outside the file" if end > limit else "in an unallocated cell or longer than its cell"
    return BrokenCell(cell, f"{what} {where}")
