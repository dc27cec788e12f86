"""Records of the hive format, as they lie in the file.

Source of every number: "Windows registry file format specification" (msuhanov/regf), in the section that
each comment names; all numbers are little-endian. Security descriptors, volatile subkeys, the spare
and cached fields are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import TYPE_CHECKING, Final, TypeAlias

from iiscluster_kb.errors import EvidenceError

if TYPE_CHECKING:
    from mmap import mmap

__all__ = [
    "BINS",
    "NONE",
    "BaseBlock",
    "Buffer",
    "CellLayout",
    "checksum",
    "moment",
]

Buffer: TypeAlias = "bytes | bytearray | memoryview | mmap"

BINS: Final = 4096
"""File offset of the hive bins data; offsets stored in a hive count from here ("Base block", note 1)."""
NONE: Final = 0xFFFFFFFF
"""A stored offset that points nowhere."""

KEY_NODE: Final = int.from_bytes(b"nk", "little")
KEY_VALUE: Final = int.from_bytes(b"vk", "little")
INDEX_LEAF: Final = int.from_bytes(b"li", "little")
FAST_LEAF: Final = int.from_bytes(b"lf", "little")
HASH_LEAF: Final = int.from_bytes(b"lh", "little")
INDEX_ROOT: Final = int.from_bytes(b"ri", "little")
BIG_DATA: Final = int.from_bytes(b"db", "little")

# Positions in what ``CellLayout.key_node`` reads.
FLAGS: Final = 2
FILETIME: Final = 3
SUBKEY_COUNT: Final = 4
SUBKEY_LIST: Final = 5
VALUE_COUNT: Final = 6
VALUE_LIST: Final = 7
CLASS_NAME: Final = 8
NAME_LENGTH: Final = 9
CLASS_LENGTH: Final = 10

OFFSET_SIZE: Final = 4
ENTRY_SIZES: Final = {INDEX_LEAF: 4, FAST_LEAF: 8, HASH_LEAF: 8, INDEX_ROOT: 4}
"""Bytes an entry of a list of subkeys takes; the offset comes first, then a hint (lf) or hash (lh)."""

KEY_NAME_COMPRESSED: Final = 0x20  # KEY_COMP_NAME
KEY_PREDEFINED_HANDLE: Final = 0x40  # the number of values holds a handle instead
VALUE_NAME_COMPRESSED: Final = 0x1  # VALUE_COMP_NAME
DATA_RESIDENT: Final = 0x80000000  # "Data size": the data lies in the field of its offset
SMALLEST_KEY: Final = 80  # bytes of a cell with a key: its size, the record, rounded up to 8 ("Cell")
RESIDENT_SIZE: Final = 4  # bytes of that field
SEGMENT_SIZE: Final = 16344  # "Big data": what each data segment but the last holds
BIG_DATA_SINCE: Final = 4  # minor version

# Limits of Windows, not of the format: "Registry Element Size Limits" (learn.microsoft.com, sysinfo).
MAX_DEPTH: Final = 512
MAX_KEY_NAME: Final = 2 * 256  # bytes; 255 characters documented, the kernel takes 256
MAX_VALUE_NAME: Final = 2 * 16383  # bytes

# Sequence numbers, time, version, file type, file format, root cell, size of the hive bins data.
_BASE_BLOCK = Struct("<4sIIQIIIIII")
_CHECKED = 508
_WORD = 32
_CHECKSUM = Struct("<I")
_NEWEST = 6  # minor version
_LOG_SIGNATURES = frozenset({b"DIRT", b"HvLE"})
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


class CellLayout:
    """Structures of the records in cells, each with the cell's size before it.

    A cell's size is negative while the cell is allocated. Version 1.1 differs ("Very old versions of
    Windows"): a second number in the cell's head, UTF-16 names only, and in a value an index of titles
    where later versions have flags.
    """

    __slots__ = (
        "entries",
        "head",
        "key_compressed",
        "key_name",
        "key_node",
        "list_head",
        "prefix",
        "resident",
        "value",
        "value_compressed",
        "value_name",
    )

    def __init__(self, *, old: bool) -> None:
        self.prefix = 8 if old else 4
        """Where a cell's content begins, from the cell on; the positions below count from there too."""
        head = "<i4x" if old else "<i"
        self.head = Struct(head).unpack_from
        self.list_head = Struct(head + "HH").unpack_from
        """Size, signature, number of entries."""
        self.entries = self.prefix + 4
        self.key_node = Struct(head + "HHQ8xI4xI4xII4xI20xHH").unpack_from
        """The fields that ``FLAGS`` and those after it name; before them the size and the signature."""
        self.key_name = self.prefix + 76
        self.key_compressed = 0 if old else KEY_NAME_COMPRESSED
        self.value = Struct(head + "HHiIIH2x").unpack_from
        """Size, signature, length of the name, size of the data, its offset, type, flags.

        The size of the data is read as a signed number: negative where the data lies in the field of its
        offset (``DATA_RESIDENT``).
        """
        self.value_name = self.prefix + 20
        self.value_compressed = 0 if old else VALUE_NAME_COMPRESSED
        self.resident = self.prefix + 8


@dataclass(frozen=True, slots=True)
class BaseBlock:
    """The first block of a hive ("Base block")."""

    sequence_numbers: tuple[int, int]
    """Primary and secondary: they differ while changes are being written."""
    filetime: int
    version: tuple[int, int]
    root: int
    """The root key's cell."""
    end: int
    """Absolute offset of the end of the hive bins data, as the block says."""
    file_name: str
    checksum_matches: bool

    @classmethod
    def read(cls, buffer: Buffer, name: str) -> BaseBlock:
        """Read the block at the start of ``buffer``.

        Raises:
            EvidenceError: No hive, cut inside the block, a transaction log, or a version other than 1.1
                to 1.6.
        """
        if bytes(buffer[:4]) != b"regf":
            raise EvidenceError(name, "no registry hive: it does not begin with 'regf'", offset=0)
        if len(buffer) < BINS:
            raise EvidenceError(name, f"cut off at offset {len(buffer):#x}, inside the base block", offset=0)
        if bytes(buffer[512:516]) in _LOG_SIGNATURES:
            raise EvidenceError(name, "a transaction log (offset 0x200), not a hive", offset=512)
        _, primary, secondary, filetime, major, minor, _, _, root, size = _BASE_BLOCK.unpack_from(buffer)
        if major != 1 or not 1 <= minor <= _NEWEST:
            raise EvidenceError(name, f"version {major}.{minor} (offset 0x14) is not 1.1 to 1.6", offset=20)
        return cls(
            sequence_numbers=(primary, secondary),
            filetime=filetime,
            version=(major, minor),
            root=root,
            end=BINS + size,
            file_name=str(buffer[48:112], "utf-16-le", "replace").split("\0", 1)[0],
            checksum_matches=checksum(buffer) == _CHECKSUM.unpack_from(buffer, 508)[0],
        )


def checksum(buffer: Buffer) -> int:
    """XOR-32 of the first 508 bytes, kept off the values 0 and -1 ("Base block", note 2)."""
    # One number of 128 words is folded in half until one word is left: 7 steps in place of 126.
    total = int.from_bytes(buffer[:_CHECKED], "little")
    width = 2048
    while width >= _WORD:
        total = total >> width ^ total & (1 << width) - 1
        width //= 2
    return {0: 1, NONE: NONE - 1}.get(total, total)


def moment(filetime: int) -> datetime | None:
    """The time, aware and UTC; None for zero and for what lies after the year 9999."""
    try:
        return _EPOCH + timedelta(microseconds=filetime // 10) if filetime else None
    except OverflowError:
        return None
