"""Marvin32, the hash that guards the entries of new transaction logs.

Specification: "Format of transaction log files", "Log entries", notes 1 to 3; the hash itself is described in
US patent 8,555,056. The seed is the number that is written there in hexadecimal, its lower half first.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from iiscluster_kb.regf.layout import Buffer

__all__ = ["marvin32"]

_SEED_LOW: Final = 0x7A4E55C5
_SEED_HIGH: Final = 0x82EF4D88
_MASK: Final = 0xFFFFFFFF
_CHUNK: Final = 1 << 16
"""Bytes that are taken apart at once."""
_PADDING: Final = b"\x80"
_WORD: Final = 4


def marvin32(buffer: Buffer, start: int, end: int) -> int:
    """The hash of the bytes from ``start`` to ``end`` as a 64-bit number."""
    low, high = _SEED_LOW, _SEED_HIGH
    whole = end - (end - start) % _WORD
    for at in range(start, whole, _CHUNK):
        stop = min(at + _CHUNK, whole)
        low, high = _mixed(low, high, Struct(f"<{(stop - at) // _WORD}I").unpack(buffer[at:stop]))
    tail = int.from_bytes(bytes(buffer[whole:end]) + _PADDING, "little")
    low, high = _mixed(low, high, (tail, 0))
    return high << 32 | low


def _mixed(low: int, high: int, words: tuple[int, ...]) -> tuple[int, int]:
    """The state after these words.

    Kept short, since nearly all of the time of a replay is spent here.
    """
    mask = _MASK
    for word in words:
        low = (low + word) & mask
        high ^= low
        low = ((low << 20 | low >> 12) + high) & mask
        high = (high << 9 | high >> 23) & mask ^ low
        low = ((low << 27 | low >> 5) + high) & mask
        high = (high << 19 | high >> 13) & mask
    return low, high
