"""The base block of a transaction log: of which kind the log is, and to which write it belongs.

Specification: "Format of transaction log files", "Base block" of both kinds. It is a copy of the first sector of
the hive's own base block, with another file type, other sequence numbers and its own checksum.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from struct import Struct
from typing import TYPE_CHECKING, Final

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf.layout import BINS, BaseBlock, checksum

if TYPE_CHECKING:
    from iiscluster_kb.regf.layout import Buffer

__all__ = ["LARGEST_BINS", "PAGE", "SECTOR", "LogBlock", "LogKind", "RefusedLog", "is_ahead", "renewed"]

SECTOR: Final = 512
PAGE: Final = 4096
"""Bytes of which the sizes of bins, and so of all of them, are multiples."""
LARGEST_BINS: Final = 0x80000000
"""Bytes: above it an offset would be taken for one of a volatile cell."""

_TYPES: Final = Struct("<I")
_FILE_TYPE: Final = 28
_CLUSTERING_FACTOR: Final = 44
_FLAGS: Final = 144
_MOST_SECTORS: Final = 8
"""Clustering factor of a disk with sectors of 4 KiB, the largest there are."""
_CHECKSUM: Final = 508
_SEQUENCES: Final = Struct("<II")
_HALF: Final = 0x7FFFFFFF


class LogKind(StrEnum):
    """How a transaction log is laid out."""

    OLD = "old"
    """One set of dirty pages below a bitmap: ``DIRT``, up to Windows 8."""
    NEW = "new"
    """Entries one after another: ``HvLE``, since Windows 8.1."""


_KINDS: Final = {
    1: LogKind.OLD,  # Windows XP to 8
    2: LogKind.OLD,  # Windows NT 3.51 to 2000
    6: LogKind.NEW,
}


class RefusedLog(Exception):  # noqa: N818 - it never leaves this package; what does is a LogOutcome
    """A log, or an entry of one, that is not laid over the hive; the message says why."""


@dataclass(frozen=True, slots=True)
class LogBlock:
    """What a log says of itself."""

    kind: LogKind
    sequence: int
    """Of an old log: the write that it guards. Of a new one: its first entry's."""
    filetime: int
    bins_size: int
    """Of the hive, in bytes, once that write is complete."""
    sector: int
    """Bytes of this block, behind which the log goes on."""
    image: bytes
    """The block itself."""

    @classmethod
    def read(cls, log: Buffer) -> LogBlock:
        """Read and check it.

        Raises:
            RefusedLog: It is none, or is not sound.
        """
        image = bytes(log[:SECTOR])
        if not image.startswith(b"regf"):
            raise RefusedLog("no transaction log: it does not begin with 'regf'")
        if len(image) < SECTOR:
            raise RefusedLog("it is cut off inside its base block")
        try:
            base = BaseBlock.read(image.ljust(BINS, b"\0"), "")
        except EvidenceError as error:
            raise RefusedLog(error.detail) from error
        (file_type,) = _TYPES.unpack_from(image, _FILE_TYPE)
        if file_type not in _KINDS:
            raise RefusedLog(
                f"its file type {file_type} (offset {_FILE_TYPE:#x}) is that of no transaction log"
            )
        if not base.checksum_matches:
            raise RefusedLog(f"the checksum of its base block (offset {_CHECKSUM:#x}) does not match")
        first, second = base.sequence_numbers
        if first != second:
            raise RefusedLog(
                f"it was not written to its end: its sequence numbers {first} and {second} differ"
            )
        (factor,) = _TYPES.unpack_from(image, _CLUSTERING_FACTOR)
        size = base.end - BINS
        if size % PAGE or size > LARGEST_BINS or factor > _MOST_SECTORS:
            raise RefusedLog("its base block states an impossible size of the hive or of sectors")
        sector = max(factor, 1) * SECTOR
        return cls(_KINDS[file_type], first, base.filetime, size, sector, bytes(log[:sector]))


def is_ahead(number: int, other: int) -> bool:
    """Whether a sequence number is the other or comes after it; they wrap around at 32 bits."""
    return (number - other) & 0xFFFFFFFF <= _HALF


def renewed(block: bytes, numbers: tuple[int, int], bins_size: int, flags: int | None = None) -> bytes:
    """A hive's base block, or the first part of one, as it is with these sequence numbers.

    Args:
        block: The hive's own, or a log's; at least a sector.
        numbers: Alike once a write has ended.
        bins_size: In bytes.
        flags: None leaves them as they are.
    """
    made = bytearray(block)
    _SEQUENCES.pack_into(made, 4, *numbers)
    _TYPES.pack_into(made, _FILE_TYPE, 0)
    _TYPES.pack_into(made, 40, bins_size)
    if flags is not None:
        _TYPES.pack_into(made, _FLAGS, flags)
    _TYPES.pack_into(made, _CHECKSUM, checksum(made))
    return bytes(made)
