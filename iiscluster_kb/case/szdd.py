r"""Single files compressed by Microsoft's COMPRESS.EXE and its kin: SZDD and KWAJ.

Emergency repair disks hold hives so (``SYSTEM._``, Q122857), product media hold files so (``iisclex4.dl_``).
Both formats are described by libmspack ("SZDD and KWAJ file formats", cabextract.org.uk). A member is
expanded as it is read. LZSS at its best gives 18 bytes for 2, so a size that the compressed bytes cannot
hold is refused before anything is expanded.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.case import Container, Member
from iiscluster_kb.model import Skipped

if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable, Iterator

    from iiscluster_kb.case import Budget
    from iiscluster_kb.case._content import Readable
    from iiscluster_kb.model import CaseFile, Content

    Source = bytes | mmap.mmap

__all__ = ["CONTAINER"]

_SZDD = b"SZDD\x88\xf0\x27\x33"
_QBASIC = b"SZ \x88\xf0\x27\x33\xd1"
_KWAJ = b"KWAJ\x88\xf0\x27\xd1"
_WINDOW = 4096
_STARTS = {_SZDD: _WINDOW - 16, _QBASIC: _WINDOW - 18, _KWAJ: _WINDOW - 18}
"""Where in the window the first byte goes; the window is filled with blanks."""
_MODE = b"A"
"""The only mode of SZDD that is known."""
_HIGHEST_RATIO = 9
_CHUNK = 1 << 16
_BLOCK = 1 << 15
"""Bytes that a block of MSZIP expands to at most, and bytes of its history."""


def _recognises(head: bytes, _content: Content) -> bool:
    return head.startswith((_SZDD, _QBASIC, _KWAJ))


def _files(archive: CaseFile, budget: Budget) -> Iterator[Member | Skipped]:
    data = archive.content.map()
    packed = _read_kwaj(data) if data[:8] == _KWAJ else _read_szdd(data)
    name = packed.name or _full_name(archive.path.rpartition("/")[2], packed.last_character)
    if isinstance(packed.expand, str):
        yield Skipped(name, packed.expand)
        return
    size = packed.size
    if size is None:
        size = _measured(packed.expand(data), budget.limits.member)
    elif size > _HIGHEST_RATIO * len(data) and packed.is_lzss:
        yield Skipped(name, f"damaged: declares {size:,} bytes, more than its {len(data):,} can hold")
        return
    yield Member(name, size, partial(_Expanding, packed.expand, data))


CONTAINER = Container("szdd", _recognises, _files)


@dataclass(frozen=True, slots=True)
class _Packed:
    """What a header says."""

    expand: Callable[[Source], Iterator[bytes]] | str
    """Gives the bytes, piece by piece; or why it cannot be."""
    size: int | None
    """None: the header does not declare it."""
    name: str = ""
    last_character: str = ""
    """What the underscore at the end of the archive's name stands for."""
    is_lzss: bool = True


def _full_name(name: str, last: str) -> str:
    """``SYSTEM._`` becomes ``SYSTEM``; of ``iisclex4.dl_`` the header tells the ``l``."""
    if not name.endswith("_") or len(name) == 1:
        return name
    return (name[:-1] + last).rstrip(".") or name


def _measured(pieces: Iterator[bytes], limit: int) -> int:
    """The size of what is expanded, as far as the limit of one file goes and one piece more."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            break
    return size


class _Expanding:
    """Reads from an iterator of pieces."""

    def __init__(self, expand: Callable[[Source], Iterator[bytes]], data: Source) -> None:
        self._pieces = expand(data)
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def close(self) -> None:
        """Forget what was expanded and not read."""
        self._pieces, self._rest = iter(()), b""


_: type[Readable] = _Expanding


# --- headers ----------------------------------------------------------------------------------------


def _read_szdd(data: Source) -> _Packed:
    signature = data[:8]
    if signature == _QBASIC:
        (size,) = struct.unpack_from("<I", data, 8)
        return _Packed(partial(_lzss, place=12, start=_STARTS[_QBASIC]), size)
    mode, last, size = struct.unpack_from("<ccI", data, 8)
    if mode != _MODE:
        return _Packed(f"compressed by a mode of SZDD that is not known ({mode!r})", size)
    character = last.decode("latin-1")
    return _Packed(
        partial(_lzss, place=14, start=_STARTS[_SZDD]),
        size,
        last_character=character if character.isprintable() and character.isascii() else "",
    )


def _read_kwaj(data: Source) -> _Packed:
    method, place, flags = struct.unpack_from("<HHH", data, 8)
    size, name = _kwaj_extras(data, flags)
    match method:
        case 0:
            return _Packed(partial(_stored, place=place), size, name, is_lzss=False)
        case 1:
            return _Packed(partial(_stored, place=place, mask=0xFF), size, name, is_lzss=False)
        case 2:
            return _Packed(partial(_lzss, place=place, start=_STARTS[_KWAJ]), size, name)
        case 4:
            return _Packed(partial(_mszip, place=place), size, name, is_lzss=False)
        case _:
            return _Packed(f"compressed by a method of KWAJ that is not supported ({method})", size, name)


def _kwaj_extras(data: Source, flags: int) -> tuple[int | None, str]:
    """Size and name, each where a bit of ``flags`` says that it is there."""
    at, size, name = 14, None, ""
    if flags & 0x01:
        (size,) = struct.unpack_from("<I", data, at)
        at += 4
    if flags & 0x02:
        at += 2
    if flags & 0x04:
        (length,) = struct.unpack_from("<H", data, at)
        at += 2 + length
    for flag, longest, joint in ((0x08, 8, ""), (0x10, 3, ".")):
        if flags & flag:
            text = bytes(data[at : at + longest + 1])
            if len(text) <= longest and b"\0" not in text:
                raise ValueError("the header ends inside a name")
            part = text.split(b"\0", 1)[0][:longest]
            at += min(len(part) + 1, longest + 1)
            name += f"{joint}{part.decode('latin-1')}" if part else ""
    return size, name


# --- methods ----------------------------------------------------------------------------------------


def _stored(data: Source, *, place: int, mask: int = 0) -> Iterator[bytes]:
    table = bytes(value ^ mask for value in range(256))
    for at in range(place, len(data), _CHUNK):
        yield bytes(data[at : at + _CHUNK]).translate(table)


def _lzss(data: Source, *, place: int, start: int) -> Iterator[bytes]:
    """Expand LZSS.

    Eight items follow each control byte, the lowest bit's first: a byte as it is (1), or two bytes (0) with a
    place in the window (12 bits) and a length (4 bits, 3 to 18).
    """
    window = bytearray(b" " * _WINDOW)
    shift = start - _WINDOW
    """What is added to a place in ``window`` to give that in the 4,096 bytes of the format."""
    end = len(data)
    while place < end:
        control = data[place]
        place += 1
        if control == 0xFF:  # noqa: PLR2004 - eight bytes as they are, the commonest case by far
            window += data[place : place + 8]
            place += 8
            continue
        for bit in range(8):
            if control >> bit & 1:
                window += data[place : place + 1]
                place += 1
                continue
            if place + 2 > end:
                place = end
                break
            low, high = data[place], data[place + 1]
            place += 2
            length = (high & 0x0F) + 3
            distance = (len(window) + shift - (low | (high & 0xF0) << 4)) % _WINDOW or _WINDOW
            first = len(window) - distance
            piece = window[first : first + length]
            window += piece if len(piece) == length else (piece * length)[:length]
        if len(window) >= _WINDOW + _CHUNK:
            done = len(window) - _WINDOW
            yield bytes(window[_WINDOW:])
            del window[:done]
            shift += done
    yield bytes(window[_WINDOW:])


def _mszip(data: Source, *, place: int) -> Iterator[bytes]:
    """Blocks of deflate, each with its length and ``CK`` before it and the bytes before it as history."""
    history = b""
    while place + 2 <= len(data):
        (length,) = struct.unpack_from("<H", data, place)
        block = bytes(data[place + 2 : place + 2 + length])
        place += 2 + length
        if not length:
            return
        if block[:2] != b"CK":
            raise ValueError("a block that does not begin with CK")
        stream = zlib.decompressobj(-zlib.MAX_WBITS, zdict=history)
        piece = stream.decompress(block[2:], _BLOCK)
        if not stream.eof:
            raise ValueError("a block that does not end, or holds too much")
        history = (history + piece)[-_BLOCK:]
        yield piece
