"""A small writer of transaction logs, independent of the reader: hives whose last write did not end, and their logs.

It follows the "Windows registry file format specification" (msuhanov/regf), "Format of transaction log files", and
shares nothing with ``iiscluster_kb.regf``. A write is told by two hives, before and after, as ``build_hive`` of
``tests.support.regf_writer`` gives them; what differs, in pages of 4 KiB as Windows tracks them, is what the log
holds.

    interrupted = interrupted_write(build_hive(before, minor=3), build_hive(after, minor=3))
    interrupted.hive   # CLUSDB as it lay on the disk: what was before, or part of what was to come
    interrupted.log    # CLUSDB.LOG
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.regf_writer import BINS, checksum

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "PendingWrite",
    "base_block",
    "dirty_blocks",
    "interrupted_write",
    "log_entry",
    "marvin32",
    "new_log",
    "old_log",
    "with_header",
]

SECTOR = 512
_BLOCK = 4096
_MASK = 0xFFFFFFFF
NT4, XP, NEW = 2, 1, 6
"""File types of logs: up to Windows 2000, up to Windows 8, since Windows 8.1."""


@dataclass(frozen=True, slots=True)
class PendingWrite:
    """A hive as a crash left it, and the log that ends its last write."""

    hive: bytes
    log: bytes


def interrupted_write(
    before: bytes, after: bytes, *, number: int = 8, file_type: int = NT4, written_blocks: int = 0
) -> PendingWrite:
    """The last write, from ``before`` to ``after``, did not end; its log is of the old kind.

    Args:
        before: The hive as it was.
        after: The hive as it was to become.
        number: Sequence number of the write, as the hive's base block has it first.
        file_type: Of the log. Up to Windows 2000 and XP its number is one less than the hive's ("Base block",
            note 5), here for file type 2.
        written_blocks: How many of the blocks had reached the hive before the crash.
    """
    blocks = dirty_blocks(before, after)
    torn = bytearray(before.ljust(len(after), b"\0") if written_blocks else before)
    for at in blocks[:written_blocks]:
        torn[BINS + at : BINS + at + _BLOCK] = after[BINS + at : BINS + at + _BLOCK]
    hive = with_header(bytes(torn), (number, number - 1), like=after)
    log = old_log(before, after, number=number - (file_type == NT4), file_type=file_type)
    return PendingWrite(hive, log)


def with_header(hive: bytes, numbers: tuple[int, int], *, like: bytes | None = None) -> bytes:
    """The hive with these sequence numbers, and with the time and the size of bins that ``like`` has."""
    made = bytearray(hive)
    if like is not None:
        made[12:20] = like[12:20]
        made[40:44] = like[40:44]
    struct.pack_into("<II", made, 4, *numbers)
    struct.pack_into("<I", made, 508, checksum(made))
    return bytes(made)


def dirty_blocks(before: bytes, after: bytes) -> list[int]:
    """Offsets in the hive bins data of the 4 KiB blocks that differ, or that are new."""
    return [
        at - BINS
        for at in range(BINS, len(after), _BLOCK)
        if before[at : at + _BLOCK] != after[at : at + _BLOCK]
    ]


def base_block(hive: bytes, number: int, file_type: int, *, sectors: int = 1) -> bytearray:
    """What a log begins with: the first sectors of the hive's own base block, made a log's."""
    block = bytearray(hive[: sectors * SECTOR])
    struct.pack_into("<II", block, 4, number, number)
    struct.pack_into("<I", block, 28, file_type)
    struct.pack_into("<I", block, 44, sectors)
    struct.pack_into("<I", block, 508, checksum(block))
    return block


def old_log(before: bytes, after: bytes, *, number: int = 7, file_type: int = NT4, sectors: int = 1) -> bytes:
    """A log of the old kind: base block, ``DIRT``, the bitmap, the pages."""
    log = base_block(after, number, file_type, sectors=sectors)
    blocks = dirty_blocks(before, after)
    bitmap = bytearray((len(after) - BINS) // _BLOCK)
    for at in blocks:
        bitmap[at // _BLOCK] = 0xFF
    log += b"DIRT" + bitmap
    log += bytes(-len(log) % (sectors * SECTOR))
    for at in blocks:
        log += after[BINS + at : BINS + at + _BLOCK]
    return bytes(log)


def new_log(states: Sequence[bytes], *, first: int = 8, flags: int = 0, sectors: int = 1) -> bytes:
    """A log of the new kind: an entry for each step from one of the states to the next, numbered on from ``first``."""
    log = base_block(states[0], first, NEW, sectors=sectors)
    for number, (before, after) in enumerate(itertools.pairwise(states), first):
        pages = [(at, after[BINS + at : BINS + at + _BLOCK]) for at in dirty_blocks(before, after)]
        log += log_entry(pages, len(after) - BINS, number, flags=flags)
    return bytes(log)


def log_entry(pages: Sequence[tuple[int, bytes]], bins_size: int, number: int, *, flags: int = 0) -> bytes:
    """One entry of a log of the new kind, with both hashes right."""
    body = b"".join(struct.pack("<II", at, len(page)) for at, page in pages)
    body += b"".join(page for _, page in pages)
    size = -(-(40 + len(body)) // SECTOR) * SECTOR
    body = body.ljust(size - 40, b"\0")
    head = struct.pack(
        "<4sIIIIIQ", b"HvLE", size, flags, number & _MASK, bins_size, len(pages), marvin32(body)
    )
    return head + struct.pack("<Q", marvin32(head)) + body


def marvin32(data: bytes) -> int:
    """Marvin32 with the seed of transaction logs ("Log entries", notes 1 to 3), by the book."""
    low, high = 0x7A4E55C5, 0x82EF4D88
    whole = len(data) // 4 * 4
    tail = data[whole:] + b"\x80"
    for at in range(0, whole, 4):
        low, high = _block((low + int.from_bytes(data[at : at + 4], "little")) & _MASK, high)
    low, high = _block((low + int.from_bytes(tail, "little")) & _MASK, high)
    low, high = _block(low, high)
    return high << 32 | low


def _block(low: int, high: int) -> tuple[int, int]:
    high ^= low
    low = (_rotated(low, 20) + high) & _MASK
    high = _rotated(high, 9) ^ low
    low = (_rotated(low, 27) + high) & _MASK
    return low, _rotated(high, 19)


def _rotated(word: int, places: int) -> int:
    return (word << places | word >> (32 - places)) & _MASK
