"""How files are spoilt: bytes are changed, cut off, put in, repeated, or taken from another file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Mutation", "mutations", "spoil"]

_ODD = (
    b"\0", b"\xff", b"\x7f", b"\x80", b"\r\n", b"\t", b"\\", b'"', b"\xff\xff\xff\xff", b"\0\0\0\0",
    b"\xff\xff\xff\x7f", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1b[2J", b"0", b"9" * 40, b"../..", b"\xe2\x80\xae",
)  # fmt: skip
"""What readers trip over: ends of numbers, marks of encodings, escapes, long numbers, ways upwards."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change at a place told as a fraction of the file."""

    kind: str
    where: float
    length: int
    piece: bytes


def mutations(most: int = 6) -> st.SearchStrategy[list[Mutation]]:
    """Some changes, most often one that leaves the rest as it is."""
    piece = st.sampled_from(_ODD) | st.binary(min_size=1, max_size=12)
    kinds = st.sampled_from(["put", "put", "put", "insert", "remove", "repeat", "cut", "swap"])
    where = st.floats(0, 1) | st.floats(0, 0.02)
    return st.lists(st.builds(Mutation, kinds, where, st.integers(1, 600), piece), min_size=1, max_size=most)


def spoil(data: bytes, changes: Sequence[Mutation], other: bytes = b"") -> bytes:
    """The file with all changes; ``other``: from which a ``swap`` takes its bytes."""
    made = bytearray(data)
    for change in changes:
        at = int(change.where * len(made))
        end = at + change.length
        match change.kind:
            case "put":
                made[at : at + len(change.piece)] = change.piece
            case "insert":
                made[at:at] = change.piece * (change.length % 7 + 1)
            case "remove":
                del made[at:end]
            case "repeat":
                made[end:end] = made[at:end] * 3
            case "cut":
                del made[at:]
            case _:
                made[at:end] = other[at:end]
    return bytes(made)
