"""Transaction logs of the old kind: the dirty pages of one write, below a bitmap that says which they are.

Specification: "Format of transaction log files", "Old format".
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Final

from iiscluster_kb.regf._log_block import PAGE, SECTOR, RefusedLog
from iiscluster_kb.regf.layout import BINS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iiscluster_kb.regf._log_block import LogBlock
    from iiscluster_kb.regf.layout import Buffer

__all__ = ["Pages", "check_bins", "dirty_pages", "first_bin_time"]

_DIRTY_VECTOR: Final = b"DIRT"
_BITS: Final = 8
_BIN: Final = Struct("<4sII")
"""Signature, offset, size ("Hive bin")."""
_BIN_SIGNATURE: Final = b"hbin"
_BIN_TIME: Final = Struct("<Q")
_BIN_TIME_OFFSET: Final = BINS + 20


@dataclass(frozen=True, slots=True)
class Pages:
    """Bytes of a log that replace as many of a hive."""

    offset: int
    """In the hive bins data."""
    size: int
    at: int
    """Offset in the log."""


def dirty_pages(log: Buffer, block: LogBlock) -> tuple[Pages, ...]:
    """What the log holds, neighbours joined, in order of offsets.

    Raises:
        RefusedLog: It lacks its bitmap or some of its pages.
    """
    vector = block.sector
    bitmap = vector + len(_DIRTY_VECTOR)
    end = bitmap + block.bins_size // (SECTOR * _BITS)
    if bytes(log[vector:bitmap]) != _DIRTY_VECTOR:
        raise RefusedLog(f"no bitmap of dirty pages where one should be (offset {vector:#x})")
    if end > len(log):
        raise RefusedLog("it is cut off inside its bitmap of dirty pages")
    at = -(-end // block.sector) * block.sector
    pages = []
    for first, last in _runs(bytes(log[bitmap:end])):
        size = (last - first) * SECTOR
        pages.append(Pages(first * SECTOR, size, at))
        at += size
    if not pages:
        raise RefusedLog("it holds no pages")
    if at > len(log):
        raise RefusedLog(f"it is cut off: {at - len(log):,} bytes of its pages are missing")
    return tuple(pages)


def _runs(bitmap: bytes) -> Iterator[tuple[int, int]]:
    """Where bits are set: the first, and the one behind the last."""
    start = -1
    for place, bits in enumerate(bitmap):
        if bits == (0 if start < 0 else 0xFF):  # what Windows writes, by pages of 4 KiB, holds no other bytes
            continue
        for number in range(_BITS):
            is_set = bits >> number & 1
            if is_set and start < 0:
                start = place * _BITS + number
            elif not is_set and start >= 0:
                yield start, place * _BITS + number
                start = -1
    if start >= 0:
        yield start, len(bitmap) * _BITS


def first_bin_time(primary: Buffer) -> int | None:
    """The time of the last write as the first bin repeats it; None: no such bin."""
    if len(primary) < BINS + PAGE or bytes(primary[BINS : BINS + 4]) != _BIN_SIGNATURE:
        return None
    (filetime,) = _BIN_TIME.unpack_from(primary, _BIN_TIME_OFFSET)
    return int(filetime)


def check_bins(primary: Buffer, log: Buffer, pages: Sequence[Pages], bins_size: int) -> None:
    """Go through the bins as they would be, and look at each whose header comes from the log.

    Bins whose header is not among the pages are not the log's to answer for: behind one that is damaged the
    next is looked for.

    Raises:
        RefusedLog: A header is none, says another place, or an impossible size.
    """
    position = turn = 0
    end = min(bins_size, max(len(primary) - BINS, pages[-1].offset + pages[-1].size))
    while position + _BIN.size <= end:
        while turn < len(pages) and pages[turn].offset + pages[turn].size <= position:
            turn += 1
        page = pages[turn] if turn < len(pages) and pages[turn].offset <= position else None
        if page is not None:
            header = _BIN.unpack_from(log, page.at + position - page.offset)
        elif BINS + position + _BIN.size <= len(primary):
            header = _BIN.unpack_from(primary, BINS + position)
        else:
            header = (b"", 0, 0)
        signature, offset, size = header
        sound = signature == _BIN_SIGNATURE and offset == position and PAGE <= size <= bins_size - position
        if page is not None and (not sound or size % PAGE):
            raise RefusedLog(f"it holds no sound header of the hive bin at offset {BINS + position:#x}")
        position += size - size % PAGE if sound else PAGE
