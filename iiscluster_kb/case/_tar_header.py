"""One header block of a tar archive.

Layouts: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; GNU tar manual, "Basic Tar
Format" (magic with a blank, sizes in base 256, long names in a member of their own).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BLOCK", "Header", "TarHeaderError", "parse_header", "parse_pax", "text"]

BLOCK = 512
_CHECKSUM = slice(148, 156)
_USTAR = b"ustar\0"
_OCTAL = frozenset(b"01234567")
_BASE_256 = 0x80
"""First byte of a number that is big-endian and binary (GNU)."""
_LONGEST_LENGTH = 8
"""Digits of the length before a pax record; one more than a header of 1 MiB can need."""


class TarHeaderError(ValueError):
    """A block is not what the format says; the message says in what way."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a header block says of one member."""

    name: str
    size: int
    kind: bytes
    """The type flag, one byte."""
    link: str
    is_extended: bool
    """A further block of a sparse map follows (old GNU format)."""

    @property
    def padded_size(self) -> int:
        """Bytes that the data takes in the archive."""
        return -(-self.size // BLOCK) * BLOCK


def parse_header(block: bytes) -> Header | None:
    """Parse a whole block; None: nothing but zeros, the mark of the archive's end.

    Raises:
        TarHeaderError: The checksum does not match, or a number is none.
    """
    if not any(block):
        return None
    if len(block) != BLOCK or not _checksum_matches(block):
        raise TarHeaderError("no tar header: its checksum does not match")
    name = text(block[:100])
    if block[257:263] == _USTAR and (prefix := text(block[345:500])):
        name = f"{prefix}/{name}"
    return Header(name, _number(block[124:136]), block[156:157], text(block[157:257]), bool(block[482]))


def parse_pax(data: bytes) -> dict[str, str]:
    """Parse the records ``length key=value`` of an extended header.

    Raises:
        TarHeaderError: A record is not of that form.
    """
    found = {}
    position = 0
    while position < len(data) and data[position]:
        blank = data.find(b" ", position, position + _LONGEST_LENGTH)
        digits = data[position:blank]
        if blank < 0 or not digits.isdigit():
            raise TarHeaderError("a record of an extended header has no length")
        end = position + int(digits)
        key, equals, value = data[blank + 1 : end - 1].partition(b"=")
        if end <= blank + 1 or end > len(data) or not equals or data[end - 1 : end] != b"\n":
            raise TarHeaderError("a record of an extended header does not fit its length")
        found[key.decode("utf-8", "surrogateescape")] = value.decode("utf-8", "surrogateescape")
        position = end
    return found


def text(field: bytes) -> str:
    """What stands before the first NUL."""
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _checksum_matches(block: bytes) -> bool:
    """Whether the sum holds, the field itself counted as blanks; some old writers summed signed bytes."""
    field = block[_CHECKSUM].strip(b" \0")
    if not field or not _OCTAL.issuperset(field):
        return False
    summed = block[: _CHECKSUM.start] + b" " * 8 + block[_CHECKSUM.stop :]
    unsigned = sum(summed)
    return int(field, 8) in {unsigned, unsigned - 256 * sum(byte >= _BASE_256 for byte in summed)}


def _number(field: bytes) -> int:
    if field[0] == _BASE_256:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if not _OCTAL.issuperset(digits):
        raise TarHeaderError("the size of a member is no number")
    return int(digits or b"0", 8)
