"""Signs by which a kind of difference between readers of hives is recognised.

A sign looks at the difference and at the bytes of the hive, which it unpacks itself: nothing is explained by what
our reader says alone, but for where it reports damage.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _comparing import Difference

__all__ = ["Evidence"]

BINS = 4096
TEXTS = {1, 2}
MULTI, DWORD, BIG_ENDIAN, QWORD = 7, 4, 5, 11
TWELVE_BITS = 0xFFF
"""What python-registry leaves of a type."""
ENDS = 4096
"""Bytes at each end by which ``_walks.py`` tells long data."""
FLOAT_ERROR = 3
"""Microseconds: a double holds 53 bits, a FILETIME of our century 57."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A hive's bytes, and where our reader reported damage."""

    data: bytes
    damaged: frozenset[str]
    """Paths of keys, relative to the root, at which it did."""

    @property
    def minor(self) -> int:
        return int.from_bytes(self.data[24:28], "little")

    @property
    def root(self) -> int:
        return int.from_bytes(self.data[36:40], "little")

    def value(self, offset: int) -> tuple[int, bytes, int]:
        """Data size as stored, the field of its offset, and type, of the value in a cell ("Key value")."""
        at = offset + (8 if self.minor == 1 else 4)
        size, field, kind = struct.unpack_from("<I4sI", self.data, at + 4)
        return size, field, kind

    def resident(self, offset: int) -> bool:
        return bool(self.value(offset)[0] & 0x80000000)

    def big(self, offset: int) -> bool:
        """Whether the data is a `db` record."""
        cell = int.from_bytes(self.value(offset)[1], "little")
        return not self.resident(offset) and self.data[BINS + cell + 4 : BINS + cell + 6] == b"db"

    def checksum_holds(self) -> bool:
        total = 0
        for number in struct.unpack_from("<127I", self.data):
            total ^= number
        return {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(total, total) == int.from_bytes(
            self.data[508:512], "little"
        )

    def is_damaged(self, difference: Difference) -> bool:
        """Whether our reader reported damage at the key of a difference or at the one above it."""
        below = difference.path[1:]
        return "\\".join(below) in self.damaged or "\\".join(below[:-1]) in self.damaged


def _ours(difference: Difference) -> bytes:
    return bytes.fromhex(difference.ours[3])


def _theirs(difference: Difference) -> bytes | None:
    """The peer's raw data; None: it gives a reading."""
    return bytes.fromhex(difference.theirs[3]) if difference.theirs[2] == "raw" else None


def _raised(difference: Difference, *what: str) -> bool:
    return any(row[0] in what for row in difference.raised)


def rounded(difference: Difference, _: Evidence) -> bool:
    ours, theirs = difference.ours, difference.theirs
    return None not in (ours, theirs) and abs(ours - theirs) <= FLOAT_ERROR


def masked_type(difference: Difference, _: Evidence) -> bool:
    return bool(difference.theirs[1] == difference.ours[1] & TWELVE_BITS)


def whole_field(difference: Difference, evidence: Evidence) -> bool:
    size, field, _ = evidence.value(difference.offset or 0)
    return bool(size & 0x80000000) and _theirs(difference) == field and len(_ours(difference)) < 4


def empty_list(difference: Difference, evidence: Evidence) -> bool:
    return (
        difference.ours[1] & TWELVE_BITS == MULTI
        and evidence.resident(difference.offset or 0)
        and _theirs(difference) == b""
    )


def field_for_dword(difference: Difference, evidence: Evidence) -> bool:
    size, field, kind = evidence.value(difference.offset or 0)
    return kind & TWELVE_BITS == DWORD and not size & 0x80000000 and _theirs(difference) == field


def next_field(difference: Difference, evidence: Evidence) -> bool:
    """The cell of a record is taken for the cell of the data, whose content then begins with the type."""
    size, _, kind = evidence.value(difference.offset or 0)
    theirs = _theirs(difference)
    behind = (
        struct.pack("<I", kind) + evidence.data[(difference.offset or 0) + 20 : (difference.offset or 0) + 24]
    )
    moved = kind & TWELVE_BITS in {BIG_ENDIAN, QWORD} if size & 0x80000000 else size <= 4
    return moved and bool(theirs) and theirs == behind[: len(theirs or b"")]


def cut_name(difference: Difference, _: Evidence) -> bool:
    replaced = "".join(letter if letter.isascii() else "\ufffd" for letter in difference.ours)
    return bool(difference.theirs == replaced != difference.ours)


def unterminated(difference: Difference, _: Evidence) -> bool:
    """All strings but the last, which no NUL ends (or an odd byte cuts)."""
    if difference.ours[1] != MULTI or difference.theirs[2] != "strings":
        return False
    data = _ours(difference)
    text = data[: len(data) & ~1].decode("utf-16-le", "replace")
    ended = [part for part in text.split("\0")[:-1] if part]
    return bool(difference.theirs[3] == ended)


def number(difference: Difference, evidence: Evidence) -> bool:
    size, field, kind = evidence.value(difference.offset or 0)
    resident = bool(size & 0x80000000)
    same = difference.theirs[2:] == ["number", int.from_bytes(field, "little")]
    return kind in {DWORD, QWORD} and resident and same and len(_ours(difference)) < 4


def elsewhere(difference: Difference, evidence: Evidence) -> bool:
    """The field of resident data is followed as an offset by regipy for these types; the bytes there are given."""
    size, field, kind = evidence.value(difference.offset or 0)
    if not size & 0x80000000 or kind & 0xFFFF in {1, 2, 3, DWORD, MULTI, QWORD} or kind == 0:
        return False
    start = BINS + 4 + int.from_bytes(field, "little")
    there = evidence.data[start : start + size]  # the size with its highest bit: to the end of the file
    theirs = difference.theirs
    if theirs[2] == "long":
        return bool(theirs[3] == [len(there), there[:ENDS].hex(), there[-ENDS:].hex()])
    return bool(theirs[3] in {there.hex(), _text(there)})


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-16-le").rstrip("\0")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace").rstrip("\0")


def eight_bits(difference: Difference, _: Evidence) -> bool:
    data = _ours(difference)
    return difference.theirs[2] == "text" and len(data) % 2 == 1 and _text(data) == difference.theirs[3]


def low_bits(difference: Difference, _: Evidence) -> bool:
    return bool(difference.ours[1] > 0xFFFF0000 and difference.theirs[1] == difference.ours[1] & 0xFFFF)


def first_cell(difference: Difference, evidence: Evidence) -> bool:
    """The root's cell is not the first of the first bin, and everything told comes from another one."""
    return evidence.root != 32 and len(difference.path) <= 2


def old_version(difference: Difference, evidence: Evidence) -> bool:
    return evidence.minor == 1 and len(difference.path) <= 2


def wrong_checksum(difference: Difference, evidence: Evidence) -> bool:
    return difference.theirs is not None and not evidence.checksum_holds()


def resident_zeros(difference: Difference, evidence: Evidence) -> bool:
    """Whole pairs of resident bytes are swapped for zeros where fewer than four are stored."""
    ours, theirs = _ours(difference), _theirs(difference)
    small = evidence.resident(difference.offset or 0) and len(ours) < 4
    return small and theirs is not None and len(theirs) == len(ours) and theirs.rstrip(b"\0") in ours


def first_string(difference: Difference, _: Evidence) -> bool:
    """Text up to a NUL only, or up to before it; the rest of the data is not given."""
    ours, theirs = _ours(difference), _theirs(difference)
    if difference.ours[1] not in TEXTS or theirs is None or not ours.startswith(theirs):
        return False
    rest = ours[len(theirs) :]
    return not rest.strip(b"\0") or theirs.endswith(b"\0\0") or rest.startswith(b"\0\0")


def tight_segment(difference: Difference, evidence: Evidence) -> bool:
    ours, theirs = _ours(difference), _theirs(difference)
    return (
        evidence.big(difference.offset or 0)
        and theirs is not None
        and ours.startswith(theirs)
        and len(ours) - len(theirs) < 8
    )


def record_given(difference: Difference, evidence: Evidence) -> bool:
    theirs = _theirs(difference)
    return (
        evidence.minor == 4 and evidence.big(difference.offset or 0) and bool(theirs and theirs[:2] == b"db")
    )


def stopped(difference: Difference, evidence: Evidence) -> bool:
    what = "subkeys" if difference.what.startswith("key") else "values"
    return _raised(difference, what) and evidence.is_damaged(difference)


def unsound(difference: Difference, evidence: Evidence) -> bool:
    return evidence.is_damaged(difference)


def refused_damaged(_: Difference, evidence: Evidence) -> bool:
    return bool(evidence.damaged)
