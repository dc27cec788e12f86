"""Single files compressed as SZDD and KWAJ, by the formats' public description; shares nothing with the reader."""

from __future__ import annotations

import struct
import zlib

__all__ = ["kwaj_compress", "lzss", "qbasic_compress", "szdd_compress"]

_WINDOW, _SHORTEST, _LONGEST = 4096, 3, 18


def lzss(data: bytes, start: int = _WINDOW - 16) -> bytes:
    """The longest match that begins with the same three bytes, else the byte itself; eight items a group."""
    text = b" " * _WINDOW + data
    places: dict[bytes, list[int]] = {}
    groups, control, items, count = bytearray(), 0, bytearray(), 0
    at = _WINDOW
    for place in range(_WINDOW - _SHORTEST):
        places.setdefault(text[place : place + _SHORTEST], []).append(place)
    while at < len(text):
        length, best = _match(text, at, places.get(text[at : at + _SHORTEST], ()))
        if length:
            offset = (best - _WINDOW + start) % _WINDOW
            items += bytes((offset & 0xFF, (offset >> 4 & 0xF0) | (length - _SHORTEST)))
        else:
            control |= 1 << count
            items.append(text[at])
            length = 1
        for place in range(at, at + length):
            places.setdefault(text[place : place + _SHORTEST], []).append(place)
        at += length
        count += 1
        if count == 8:
            groups += bytes((control,)) + items
            control, items, count = 0, bytearray(), 0
    if count:
        groups += bytes((control,)) + items
    return bytes(groups)


def _match(text: bytes, at: int, candidates: list[int] | tuple[()]) -> tuple[int, int]:
    found, best = 0, 0
    for place in candidates[-16:]:
        if at - place > _WINDOW - _LONGEST:
            continue
        length = _SHORTEST
        while length < min(_LONGEST, len(text) - at) and text[place + length] == text[at + length]:
            length += 1
        if length > found and at + length <= len(text):
            found, best = length, place
        if found == _LONGEST:
            break
    return found, best


def szdd_compress(data: bytes, last: str = "\0") -> bytes:
    """As COMPRESS.EXE writes it; ``last``: the character that the name lost."""
    return b"SZDD\x88\xf0\x27\x33A" + last.encode("latin-1") + struct.pack("<I", len(data)) + lzss(data)


def qbasic_compress(data: bytes) -> bytes:
    """The older form that QBasic's files have."""
    return b"SZ \x88\xf0\x27\x33\xd1" + struct.pack("<I", len(data)) + lzss(data, _WINDOW - 18)


def kwaj_compress(
    data: bytes,
    method: int,
    *,
    size: bool = True,
    name: str = "",
    ending: str = "",
    extra: bytes | None = None,
) -> bytes:
    """Method 0 stored, 1 every bit turned, 2 LZSS, 4 MSZIP."""
    flags, head = 0, b""
    if size:
        flags, head = flags | 0x01, head + struct.pack("<I", len(data))
    if extra is not None:
        flags, head = flags | 0x06, head + b"\0\0" + struct.pack("<H", len(extra)) + extra
    for flag, longest, text in ((0x08, 8, name), (0x10, 3, ending)):
        if text:
            flags, head = flags | flag, head + text.encode() + (b"\0" if len(text) <= longest else b"")
    packed = {0: lambda: data, 1: lambda: bytes(255 - byte for byte in data), 2: lambda: lzss(data, 4078)}
    body = packed.get(method, lambda: _mszip(data))()
    return b"KWAJ\x88\xf0\x27\xd1" + struct.pack("<HHH", method, 14 + len(head), flags) + head + body


def _mszip(data: bytes) -> bytes:
    blocks, history = b"", b""
    for at in range(0, len(data), 0x8000):
        piece = data[at : at + 0x8000]
        stream = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=history)
        block = b"CK" + stream.compress(piece) + stream.flush()
        blocks += struct.pack("<H", len(block)) + block
        history = (history + piece)[-0x8000:]
    return blocks
