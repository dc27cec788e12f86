"""The data of a cabinet's folder: blocks, each with a checksum, expanded one after another.

Layout: [MS-CAB], sections 2.4 (CFDATA) and 3.1 (checksum); [MS-MCI], MSZIP. A block that the end of one
cabinet cuts in two is the last of its folder there, says nothing of its expanded size, and goes on as the
first block in the next cabinet of the set.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.case._lzx import expand_lzx
from iiscluster_kb.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iiscluster_kb.case import Budget
    from iiscluster_kb.case._cabinet_layout import Cabinet, Folder

__all__ = ["METHODS", "Block", "FolderStream", "Part", "checksum"]

METHODS = {0: "stored", 1: "MSZIP", 2: "Quantum", 3: "LZX"}
_STORED, _MSZIP, _LZX = 0, 1, 3
_BLOCK = struct.Struct("<IHH")
_LARGEST = 32768
"""Expanded bytes of a block."""
_LARGEST_PACKED = 65535
"""Bytes of a block as it lies there, the parts of a cut one joined."""
_LEAST = 512
"""Expanded bytes that a block counts for at least, so that a cabinet of tiny blocks reaches the limit too."""
_HISTORY = 32768
"""Bytes of expanded data to which the next MSZIP block may refer."""
_SIGNATURE = b"CK"
"""What an MSZIP block begins with."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one cabinet holds of a folder."""

    cabinet: Cabinet
    folder: Folder


@dataclass(frozen=True, slots=True)
class Block:
    """A whole block as it lies there."""

    data: bytes
    size: int
    """Expanded, as declared."""
    place: str
    """For messages."""
    damage: str | None
    """Why its bytes are not to be believed."""


class FolderStream:
    """The expanded data of a folder, read once from front to end."""

    def __init__(self, parts: Sequence[Part], end: int, budget: Budget) -> None:
        """Begin at the front.

        Args:
            parts: Of the folder, in the order of the set.
            end: Where the last file ends that may be asked for.
            budget: Pays for what is passed over.
        """
        self._path = parts[0].cabinet.path
        self._budget = budget
        self._chunks = _expanded(parts, end, budget)
        self._chunk: bytes | EvidenceError = b""
        self._size = 0
        self._start = 0
        self.position = 0

    def pass_to(self, start: int) -> None:
        """Leave what lies before; expanding it costs as if it were kept."""
        while self.position < start:
            end = min(self._start + self._size, start)
            if not self._budget.spend(end - self.position):
                raise EvidenceError(self._path, f"{self._budget.beyond_total}: the rest was not read")
            self.position = end
            if end < start and not self._next():
                return

    def read(self, size: int) -> bytes:
        """At least one byte and at most so many; none at the end."""
        while self.position >= self._start + self._size:
            if not self._next():
                return b""
        if isinstance(self._chunk, EvidenceError):
            raise self._chunk
        at = self.position - self._start
        data = self._chunk[at : at + size]
        self.position += len(data)
        return data

    def _next(self) -> bool:
        """Go on to the next chunk; False: there is none."""
        if isinstance(self._chunk, EvidenceError) and not self._size:
            raise self._chunk
        self._start += self._size
        try:
            found = next(self._chunks, None)
        except EvidenceError as error:
            found = (0, error)  # nothing behind it can be told, whoever asks
        self._size, self._chunk = found or (0, b"")
        return found is not None


def checksum(data: bytes) -> int:
    """Exclusive or of all 32-bit words; the odd bytes at the end count from the highest down."""
    whole = len(data) & ~3
    words = int.from_bytes(data[:whole], "little")
    bits = 32
    while bits < whole * 8:
        bits *= 2
    while bits > 32:  # noqa: PLR2004 - bits of a word
        bits //= 2
        words = (words >> bits) ^ (words & ((1 << bits) - 1))
    return words ^ int.from_bytes(data[whole:], "big")


def _expanded(parts: Sequence[Part], end: int, budget: Budget) -> Iterator[tuple[int, bytes | EvidenceError]]:
    """Chunks with their sizes. Of stored data a damaged block loses itself alone, else all that follows."""
    path, method = parts[0].cabinet.path, parts[0].folder.method
    blocks = _blocks(parts, budget)
    if method == _STORED:
        yield from _stored(blocks, path)
    elif method == _MSZIP:
        yield from _mszip(blocks, path)
    elif method == _LZX:
        sound = (block for block in blocks if _is_sound(block, path))
        try:
            for chunk in expand_lzx(sound, parts[0].folder.compression, _whole_blocks(parts), end):
                yield len(chunk), chunk
        except ValueError as error:
            raise EvidenceError(path, f"LZX data that cannot be expanded: {error}") from error


def _stored(blocks: Iterator[Block], path: str) -> Iterator[tuple[int, bytes | EvidenceError]]:
    for block in blocks:
        detail = block.damage
        if detail is None and len(block.data) != block.size:
            detail = f"a stored block of {len(block.data):,} bytes that declares {block.size:,}"
        damage = None if detail is None else EvidenceError(path, f"{detail} ({block.place})")
        yield block.size, damage or block.data


def _mszip(blocks: Iterator[Block], path: str) -> Iterator[tuple[int, bytes | EvidenceError]]:
    history = b""
    for block in blocks:
        if _is_sound(block, path):
            data = _inflated(block, history, path)
            history = (history + data)[-_HISTORY:]
            yield len(data), data


def _inflated(block: Block, history: bytes, path: str) -> bytes:
    if not block.data.startswith(_SIGNATURE):
        raise EvidenceError(path, f"an MSZIP block without its signature ({block.place})")
    inflate = zlib.decompressobj(-zlib.MAX_WBITS, zdict=history)
    try:
        data = inflate.decompress(block.data[len(_SIGNATURE) :], block.size + 1)
    except zlib.error as error:
        raise EvidenceError(
            path, f"an MSZIP block that cannot be expanded: {error} ({block.place})"
        ) from error
    if len(data) != block.size:
        more = "more" if len(data) > block.size else f"{len(data):,}"
        raise EvidenceError(
            path, f"an MSZIP block that declares {block.size:,} bytes and gives {more} ({block.place})"
        )
    return data


def _is_sound(block: Block, path: str) -> bool:
    if block.damage is not None:
        raise EvidenceError(path, f"{block.damage} ({block.place})")
    return True


def _blocks(parts: Sequence[Part], budget: Budget) -> Iterator[Block]:
    """Whole blocks, those that cabinets share joined."""
    path, before, damage = parts[0].cabinet.path, b"", None
    for part in parts:
        position = part.folder.offset
        for left in range(part.folder.blocks - 1, -1, -1):
            data, size, fault, place = _block_at(part.cabinet, position)
            position += _BLOCK.size + part.cabinet.block_reserve + len(data)
            data, damage = before + data, damage or fault
            goes_on = not size and left == 0 and part.cabinet.goes_on
            if len(data) > _LARGEST_PACKED or size > _LARGEST or not (size or goes_on):
                detail = f"a block of {len(data):,} bytes that declares {size:,}"
                raise EvidenceError(path, f"{detail} ({place})")
            if goes_on and part is parts[-1]:
                raise EvidenceError(path, f"a block that goes on in the next cabinet ({place})")
            if not budget.spend(max(len(data) - size, _LEAST - size, 0)):
                raise EvidenceError(path, f"{budget.beyond_total}: the rest was not read")
            if size:
                yield Block(data, size, place, damage)
                before, damage = b"", None
            else:
                before = data


def _whole_blocks(parts: Sequence[Part]) -> int:
    """How many blocks there are once the cut ones are joined; not those beyond the cabinet's end."""
    count = 0
    for part in parts:
        position = part.folder.offset
        for _ in range(part.folder.blocks):
            if position + _BLOCK.size > len(part.cabinet.data):
                break
            _, packed, size = _BLOCK.unpack_from(part.cabinet.data, position)
            position += _BLOCK.size + part.cabinet.block_reserve + packed
            count += size > 0
    return count


def _block_at(cabinet: Cabinet, position: int) -> tuple[bytes, int, str | None, str]:
    """Bytes, declared size, why they are not to be believed, and where that was."""
    place = f"at byte {position:,} of {cabinet.path}"
    start = position + _BLOCK.size + cabinet.block_reserve
    if start > len(cabinet.data):
        raise EvidenceError(cabinet.path, f"cut off before the data ends ({place})", offset=position)
    told, packed, size = _BLOCK.unpack_from(cabinet.data, position)
    data = bytes(cabinet.data[start : start + packed])
    if len(data) < packed:
        raise EvidenceError(cabinet.path, f"cut off inside a block ({place})", offset=position)
    sizes = packed | size << 16
    reserve = checksum(bytes(cabinet.data[position + _BLOCK.size : start]))
    found = checksum(data) ^ sizes
    # 0: no checksum was made. Writers disagree whether the reserve counts: the specification says so.
    is_right = told in {0, found, found ^ reserve}
    return data, size, None if is_right else "a block whose checksum does not match", place
