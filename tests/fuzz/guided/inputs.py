"""How the bytes of an input describe files: a sample with pieces put over it, a hive without its empty page."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from tests.support.regf_writer import BINS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["as_hive", "as_input", "as_patches", "patched", "pieces"]

_BASE_BLOCK = 112
"""Bytes of a base block in which anything stands, its checksum apart."""
_PIECE = struct.Struct("<HB")


def as_hive(data: bytes) -> bytes:
    """The hive that an input stands for."""
    return data[:_BASE_BLOCK].ljust(BINS, b"\0") + data[_BASE_BLOCK:]


def as_input(hive: bytes) -> bytes:
    """The input that stands for a hive; its checksum, in what is left out, becomes a wrong one."""
    return hive[:_BASE_BLOCK] + hive[BINS:]


def patched(data: bytes, patches: bytes) -> bytes:
    """A file with pieces put over it, each after its place (2 bytes) and its length (1 byte)."""
    made = bytearray(data)
    for at, piece in pieces(patches):
        made[at : at + len(piece)] = piece
    return bytes(made)


def pieces(patches: bytes) -> Iterator[tuple[int, bytes]]:
    """The places and pieces; what is too short for one ends them."""
    at = 0
    while at + _PIECE.size < len(patches):
        place, length = _PIECE.unpack_from(patches, at)
        at += _PIECE.size
        yield place, patches[at : at + length]
        at += length


def as_patches(*placed: tuple[int, bytes]) -> bytes:
    """What ``patched`` takes."""
    return b"".join(_PIECE.pack(place, len(piece)) + piece for place, piece in placed)


def cut_and_whole(data: bytes) -> tuple[bytes, bytes]:
    """A text, and what is left of it when it is cut off at the place that an input begins with (2 bytes)."""
    whole = data[2:]
    return whole, whole[: int.from_bytes(data[:2], "little") % (len(whole) + 1)]


def with_cut(text: bytes, place: int) -> bytes:
    """The input that stands for a text and the place of a cut."""
    return place.to_bytes(2, "little") + text
