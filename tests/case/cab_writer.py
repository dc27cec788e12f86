"""Builds cabinets of every kind, sound or not, by [MS-CAB]; LZX in its simplest form, raw blocks ([MS-PATCH])."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STORED, MSZIP, QUANTUM, LZX = 0, 1, 0x1222, 0x0F03
FROM_PREVIOUS, TO_NEXT, FROM_PREVIOUS_TO_NEXT = 0xFFFD, 0xFFFE, 0xFFFF
UTF8 = 0x80
BLOCK = 32768

Packed = tuple[bytes, int]
"""A block as it lies there, and its expanded size."""


@dataclass(frozen=True, slots=True)
class File:
    """A row of the table of files."""

    name: bytes
    size: int
    start: int = 0
    folder: int = 0
    attributes: int = 0x20


def cab_bytes(members: Mapping[str, bytes], method: int = MSZIP) -> bytes:
    """One folder with all members."""
    return assemble([(method, pack(b"".join(members.values()), method))], files_of(members))


def files_of(members: Mapping[str, bytes]) -> list[File]:
    files, start = [], 0
    for name, data in members.items():
        raw = name.replace("/", "\\").encode()
        files.append(File(raw, len(data), start, 0, 0x20 if raw.isascii() else 0x20 | UTF8))
        start += len(data)
    return files


def pack(data: bytes, method: int, block: int = BLOCK) -> list[Packed]:
    chunks = [data[at : at + block] for at in range(0, len(data), block)]
    if method == MSZIP:
        return [(deflated(chunk, data[:at][-BLOCK:]), len(chunk)) for at, chunk in _placed(chunks)]
    if method == LZX:
        return [(_raw_lzx(chunk, is_first=at == 0), len(chunk)) for at, chunk in _placed(chunks)]
    return [(chunk, len(chunk)) for chunk in chunks]


def deflated(data: bytes, history: bytes = b"") -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=history)
    return b"CK" + packer.compress(data) + packer.flush()


def _placed(chunks: Sequence[bytes]) -> list[tuple[int, bytes]]:
    return [(sum(map(len, chunks[:number])), chunk) for number, chunk in enumerate(chunks)]


def _raw_lzx(data: bytes, *, is_first: bool) -> bytes:
    """A bit for no translation, once; three for a raw block; 24 for its size; three old offsets of 1."""
    bits = ("0" if is_first else "") + "011" + f"{len(data):024b}"
    bits = bits.ljust(32, "0")
    words = struct.pack("<HH", int(bits[:16], 2), int(bits[16:], 2))
    return words + struct.pack("<III", 1, 1, 1) + data + bytes(len(data) & 1)


def assemble(
    folders: Sequence[tuple[int, Sequence[Packed]]],
    files: Sequence[File],
    *,
    set_id: int = 0,
    index: int = 0,
    previous: str | None = None,
    following: str | None = None,
    reserve: tuple[int, int, int] | None = None,
    checksums: bool = True,
    counts_reserve: bool = True,
) -> bytes:
    """Put a cabinet together; nothing is checked."""
    flags = (previous is not None) | (following is not None) << 1 | (reserve is not None) << 2
    in_header, in_folder, in_block = reserve or (0, 0, 0)
    head = struct.pack("<HBB", *reserve) + b"h" * in_header if reserve else b""
    for name in (previous, following):
        head += b"" if name is None else name.encode("cp437") + b"\0disk\0"
    table = b"".join(
        struct.pack("<IIHHHH", one.size, one.start, one.folder, 0x2821, 0, one.attributes) + one.name + b"\0"
        for one in files
    )
    entries_at = 36 + len(head) + len(folders) * (8 + in_folder)
    position = entries_at + len(table)
    rows, data = b"", b""
    for compression, blocks in folders:
        rows += struct.pack("<IHH", position + len(data), len(blocks), compression) + b"f" * in_folder
        for packed, size in blocks:
            sizes = struct.pack("<HH", len(packed), size)
            extra = b"d" * in_block
            summed = summed_up(sizes) ^ summed_up(packed)
            summed ^= summed_up(extra) if counts_reserve else 0
            data += struct.pack("<I", summed if checksums else 0) + sizes + extra + packed
    header = struct.pack(
        "<4s5I2B5H",
        *(b"MSCF", 0, position + len(data), 0, entries_at, 0, 3, 1),
        *(len(folders), len(files), flags, set_id, index),
    )
    return header + head + rows + table + data


def summed_up(data: bytes) -> int:
    """The checksum, word by word as the specification has it."""
    total = 0
    for at in range(0, len(data) - 3, 4):
        total ^= int.from_bytes(data[at : at + 4], "little")
    return total ^ int.from_bytes(data[len(data) & ~3 :], "big")


def set_bytes(name: bytes, data: bytes, names: Sequence[str], method: int = MSZIP) -> dict[str, bytes]:
    """A set over which one file is cut into parts of equal length, with a small file in the first and last."""
    blocks = pack(b"first" + data, method)
    cut = _cut(blocks, len(names))
    cabinets = {}
    for index, own in enumerate(names):
        is_first, is_last = index == 0, index == len(names) - 1
        place = TO_NEXT if is_first else FROM_PREVIOUS if is_last else FROM_PREVIOUS_TO_NEXT
        files = [File(b"first.txt", 5)] if is_first else []
        files.append(File(name, len(data), 5, place))
        folders: list[tuple[int, Sequence[Packed]]] = [(method, cut[index])]
        if is_last:
            files.append(File(b"last.txt", 4, 0, 1))
            folders.append((STORED, [(b"last", 4)]))
        cabinets[own] = assemble(
            folders,
            files,
            set_id=7,
            index=index,
            previous=None if is_first else names[index - 1],
            following=None if is_last else names[index + 1],
        )
    return cabinets


def _cut(blocks: Sequence[Packed], parts: int) -> list[list[Packed]]:
    room = -(-sum(len(packed) for packed, _ in blocks) // parts)
    cut: list[list[Packed]] = [[]]
    left = room
    for packed, size in blocks:
        rest = packed
        while len(rest) > left:
            cut[-1].append((rest[:left], 0))
            rest = rest[left:]
            cut.append([])
            left = room
        cut[-1].append((rest, size))
        left -= len(rest)
    return cut
