"""Transaction logs of the new kind: entries one after another, each with a number and two hashes.

Specification: "Format of transaction log files", "New format".
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Final

from iiscluster_kb.regf._log_block import LARGEST_BINS, PAGE, SECTOR, RefusedLog
from iiscluster_kb.regf._marvin32 import marvin32

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.regf._log_block import LogBlock
    from iiscluster_kb.regf.layout import Buffer

__all__ = ["Entry", "check_entry", "entries", "pages_of"]

_SIGNATURE: Final = b"HvLE"
_HEAD: Final = Struct("<4sIIIIIQQ")
_HASHED_HEAD: Final = 32
"""Bytes of an entry's head that its second hash covers."""
_REFERENCE: Final = Struct("<II")
_SEQUENCES: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class Entry:
    """The head of a log entry."""

    at: int
    """Offset in the log."""
    size: int
    sequence: int
    flags: int
    bins_size: int
    """Of the hive, in bytes, once the entry is laid over it."""
    count: int
    """Of pages."""
    hash: int
    """Of all that follows the head."""


def entries(log: Buffer, block: LogBlock) -> Iterator[Entry]:
    """The entries, in order, as long as each has a sound head and the number that follows the last one's.

    Raises:
        RefusedLog: What stands behind the last one given is an entry that is not sound. Not raised at the
            log's end, nor where nothing or an entry of an earlier use of the file follows.
    """
    at, expected = block.sector, block.sequence
    while at + _HEAD.size <= len(log):
        signature, size, flags, sequence, bins_size, count, first, second = _HEAD.unpack_from(log, at)
        if signature != _SIGNATURE or sequence != expected:
            return
        if marvin32(log, at, at + _HASHED_HEAD) != second:
            raise _unsound(at, "its second hash does not match")
        if size < _HEAD.size or size % SECTOR or bins_size % PAGE or bins_size > LARGEST_BINS:
            raise _unsound(at, "it states an impossible size")
        if at + size > len(log):
            raise _unsound(at, "it is cut off")
        yield Entry(at, size, sequence, flags, bins_size, count, first)
        at += size
        expected = (expected + 1) % _SEQUENCES


def check_entry(log: Buffer, entry: Entry) -> int:
    """Look at all that the head leaves open.

    Returns:
        Where the furthest page ends, in the hive bins data.

    Raises:
        RefusedLog: The entry is not sound.
    """
    start, end = entry.at + _HEAD.size, entry.at + entry.size
    if start + entry.count * _REFERENCE.size > end:
        raise _unsound(entry.at, f"it has no room for its {entry.count} pages")
    if marvin32(log, start, end) != entry.hash:
        raise _unsound(entry.at, "its first hash does not match")
    furthest = 0
    at = start + entry.count * _REFERENCE.size
    for offset, size in _references(log, entry):
        at += size
        if not size or offset % SECTOR or size % SECTOR or offset + size > entry.bins_size or at > end:
            raise _unsound(entry.at, f"a page of {size} bytes at {offset:#x} does not fit")
        furthest = max(furthest, offset + size)
    return furthest


def pages_of(log: Buffer, entry: Entry) -> Iterator[tuple[int, int, int]]:
    """Of each page its offset in the hive bins data, its size, and its offset in the log."""
    at = entry.at + _HEAD.size + entry.count * _REFERENCE.size
    for offset, size in _references(log, entry):
        yield offset, size, at
        at += size


def _references(log: Buffer, entry: Entry) -> Iterator[tuple[int, int]]:
    for number in range(entry.count):
        yield _REFERENCE.unpack_from(log, entry.at + _HEAD.size + number * _REFERENCE.size)


def _unsound(at: int, reason: str) -> RefusedLog:
    return RefusedLog(f"the entry at offset {at:#x} was left out: {reason}")
