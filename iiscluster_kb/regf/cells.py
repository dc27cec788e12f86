"""Reading records cell by cell, every read inside the bounds of its cell and of the file."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final, TypeAlias, overload

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf.damage import BrokenCell, DamageLog
from iiscluster_kb.regf.layout import (
    BIG_DATA,
    BIG_DATA_SINCE,
    BINS,
    DATA_RESIDENT,
    ENTRY_SIZES,
    FLAGS,
    KEY_NODE,
    KEY_VALUE,
    MAX_KEY_NAME,
    MAX_VALUE_NAME,
    NAME_LENGTH,
    OFFSET_SIZE,
    RESIDENT_SIZE,
    SEGMENT_SIZE,
    CellLayout,
)
from iiscluster_kb.registry import upcase
from iiscluster_kb.registry.values import stored_value

if TYPE_CHECKING:
    from collections.abc import Callable
    from mmap import mmap

    from iiscluster_kb.regf.layout import Buffer
    from iiscluster_kb.registry import RegistryValue

__all__ = ["Cells", "KeyNode", "ListHead"]

# Plain tuples, since one is made for every record read.
KeyNode: TypeAlias = tuple[int, ...]
"""A key's record as it lies, to be indexed by the names that ``layout`` gives its fields."""
ListHead: TypeAlias = tuple[int, int, int]
"""Kind, number of entries, absolute offset of the first."""

_LAYOUTS: Final = {old: CellLayout(old=old) for old in (False, True)}
_READERS: Final[tuple[Callable[[Buffer, int], tuple[int, ...]], ...]] = tuple(
    Struct(f"<{count}I").unpack_from for count in range(64)
)
_BIG_DATA: Final = Struct("<HHI")


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
    """

    __slots__ = ("_buffer", "_bytes", "_has_big_data", "_layout", "_name", "damage", "end")

    def __init__(self, buffer: Buffer, name: str, minor: int) -> None:
        self.end = len(buffer)
        self.damage = DamageLog()
        self._name = name
        self._buffer = buffer
        self._bytes: bytes | mmap | _Copies = (
            _Copies(buffer) if isinstance(buffer, memoryview | bytearray) else buffer
        )
        self._layout = _LAYOUTS[minor == 1]
        self._has_big_data = minor >= BIG_DATA_SINCE

    def error(self, fault: BrokenCell, path: str) -> EvidenceError:
        """What a caller is told of a fault met at the key of that path."""
        key = f"in key {path!r}" if path else "in the root key"
        detail = f"{fault.reason}, at offset {fault.offset:#x}, {key}"
        return EvidenceError(self._name, detail, offset=fault.offset)

    def key(self, cell: int) -> tuple[str, KeyNode]:
        """The key in a cell: its name and its record."""
        layout = self._layout
        at = BINS + cell
        start = at + layout.key_name
        if start > self.end:
            raise BrokenCell(cell, "key outside the file")
        node = layout.key_node(self._buffer, at)
        size, signature, end = node[0], node[1], start + node[NAME_LENGTH]
        # An allocated cell has a negative size, so that the second test fails for an unallocated one too.
        if signature != KEY_NODE or end > at - size or end > self.end or end > start + MAX_KEY_NAME:
            raise BrokenCell(cell, _fault("key", size, sound=signature == KEY_NODE))
        raw = self._bytes[start:end]
        name = raw.decode("latin-1") if node[FLAGS] & layout.key_compressed else _wide(cell, raw)
        return name, node

    def key_name(self, cell: int) -> str:
        """The name of the key in a cell."""
        return self.key(cell)[0]

    @overload
    def value(self, cell: int) -> RegistryValue: ...

    @overload
    def value(self, cell: int, folded: str) -> RegistryValue | None: ...

    def value(self, cell: int, folded: str | None = None) -> RegistryValue | None:
        """The value in a cell; None where it has not the wanted name.

        Written out rather than divided: most of the time of a walk is spent here.

        Args:
            cell: Its offset.
            folded: The only name wanted, upper-cased; the data of another value is not looked at.
        """
        limit, layout = self.end, self._layout
        at = BINS + cell
        start = at + layout.value_name
        if start > limit:
            raise BrokenCell(cell, "value outside the file")
        size, signature, name_length, data_size, stored, type_, flags = layout.value(self._buffer, at)
        end = start + name_length
        if signature != KEY_VALUE or end > at - size or end > limit or name_length > MAX_VALUE_NAME:
            raise BrokenCell(cell, _fault("value", size, sound=signature == KEY_VALUE))
        raw = self._bytes[start:end]
        name = raw.decode("latin-1") if flags & layout.value_compressed else _wide(cell, raw)
        if folded is not None and (len(name) != len(folded) or upcase(name) != folded):
            return None
        if data_size < 0:
            data_size += DATA_RESIDENT
            if data_size > RESIDENT_SIZE:
                raise BrokenCell(cell, f"{data_size} bytes of data inside a value")
            start = at + layout.resident
            data = self._bytes[start : start + data_size]
        elif not data_size:
            data = b""
        elif data_size > SEGMENT_SIZE and self._has_big_data:
            data = self._big_data(stored, data_size)
        else:  # what ``content`` does
            at_data = BINS + stored
            start = at_data + layout.prefix
            end = start + data_size
            if end > limit or end > at_data - layout.head(self._buffer, at_data)[0]:
                raise self._overlong(stored, end, "data")
            data = self._bytes[start:end]
        return stored_value(name, type_, data, at)

    def content(self, cell: int, size: int, what: str) -> bytes:
        """The first ``size`` bytes in a cell that holds ``what``."""
        at = BINS + cell
        start = at + self._layout.prefix
        end = start + size
        if end > self.end or end > at - self._layout.head(self._buffer, at)[0]:
            raise self._overlong(cell, end, what)
        return self._bytes[start:end]

    def offsets(self, cell: int, count: int, what: str) -> tuple[int, ...]:
        """The first ``count`` offsets in a cell that holds ``what``."""
        at = BINS + cell
        start = at + self._layout.prefix
        end = start + 4 * count
        if end > self.end or end > at - self._layout.head(self._buffer, at)[0]:
            raise self._overlong(cell, end, what)
        read = _READERS[count] if count < len(_READERS) else Struct(f"<{count}I").unpack_from
        return read(self._buffer, start)

    def list_head(self, cell: int) -> ListHead:
        """The head of a list of subkeys of any kind, once it is sure to hold its entries."""
        layout = self._layout
        at = BINS + cell
        start = at + layout.entries
        if start > self.end:
            raise BrokenCell(cell, "list of subkeys outside the file")
        size, kind, count = layout.list_head(self._buffer, at)
        if kind not in ENTRY_SIZES:
            raise BrokenCell(cell, _fault("list of subkeys", size, sound=False))
        end = start + count * ENTRY_SIZES[kind]
        if end > at - size or end > self.end:
            raise BrokenCell(cell, _fault("list of subkeys", size, sound=True))
        return kind, count, start

    def list_entries(self, head: ListHead) -> tuple[int, ...]:
        """The offsets in a list."""
        kind, count, start = head
        if ENTRY_SIZES[kind] == OFFSET_SIZE:
            return _reader(count)(self._buffer, start)
        return _reader(2 * count)(self._buffer, start)[::2]

    def list_entry(self, head: ListHead, position: int) -> int:
        """One offset in a list."""
        kind, _, start = head
        (offset,) = _READERS[1](self._buffer, start + position * ENTRY_SIZES[kind])
        return offset

    def list_bytes(self, head: ListHead) -> bytes:
        """The entries of a list as they lie."""
        kind, count, start = head
        return self._bytes[start : start + count * ENTRY_SIZES[kind]]

    def _overlong(self, cell: int, end: int, what: str) -> BrokenCell:
        where = "outside the file" if end > self.end else "in an unallocated cell or longer than its cell"
        return BrokenCell(cell, f"{what} {where}")

    def _big_data(self, cell: int, size: int) -> bytes:
        """Data in segments, or in one cell that a system before Windows XP wrote."""
        signature, count, listed = _BIG_DATA.unpack(self.content(cell, 8, "data"))
        if signature != BIG_DATA:
            return self.content(cell, size, "data")
        needed = -(-size // SEGMENT_SIZE)
        if needed > count:
            raise BrokenCell(cell, f"big data of {count} segments for {size} bytes")
        segments = self.offsets(listed, needed, "list of segments")
        if len(set(segments)) < needed:
            raise BrokenCell(cell, "big data with one segment twice")
        sizes = [*[SEGMENT_SIZE] * (needed - 1), size - SEGMENT_SIZE * (needed - 1)]
        return b"".join(map(self.content, segments, sizes, ["segment of data"] * needed))


def _reader(count: int) -> Callable[[Buffer, int], tuple[int, ...]]:
    """What reads so many offsets at once; making it anew takes longer than a short list."""
    return _READERS[count] if count < len(_READERS) else Struct(f"<{count}I").unpack_from


def _wide(cell: int, raw: bytes) -> str:
    if len(raw) % 2:
        raise BrokenCell(cell, "name in UTF-16 with an odd number of bytes")
    return raw.decode("utf-16-le", "replace")


def _fault(what: str, size: int, *, sound: bool) -> str:
    """Why a record is refused, the most telling reason first."""
    if not sound:
        return f"no {what} where one should be"
    if size >= 0:
        return f"{what} in an unallocated cell"
    return f"{what} longer than its cell, than the file or than Windows allows"
