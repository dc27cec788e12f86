"""Registry values: raw data and the readings of it, by type."""

from __future__ import annotations

from codecs import utf_16_le_decode
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

__all__ = ["RegistryValue", "UnsealedValue", "ValueType", "multi_sz", "sz"]


class ValueType(IntEnum):
    """Value types of winnt.h. Hives hold others too; those stay plain numbers."""

    REG_NONE = 0
    REG_SZ = 1
    REG_EXPAND_SZ = 2
    REG_BINARY = 3
    REG_DWORD = 4
    REG_DWORD_BIG_ENDIAN = 5
    REG_LINK = 6
    REG_MULTI_SZ = 7
    REG_RESOURCE_LIST = 8
    REG_FULL_RESOURCE_DESCRIPTOR = 9
    REG_RESOURCE_REQUIREMENTS_LIST = 10
    REG_QWORD = 11


# Plain numbers: looking up and comparing members of an enumeration takes longer than what is done with them.
_STRING_TYPES = frozenset(map(int, (ValueType.REG_SZ, ValueType.REG_EXPAND_SZ, ValueType.REG_LINK)))
_MULTI_SZ = int(ValueType.REG_MULTI_SZ)
_TEXT_TYPES = _STRING_TYPES | {_MULTI_SZ}
_BYTE_ORDERS: dict[tuple[int, int], Literal["little", "big"]] = {
    (int(ValueType.REG_DWORD), 4): "little",
    (int(ValueType.REG_DWORD_BIG_ENDIAN), 4): "big",
    (int(ValueType.REG_QWORD), 8): "little",
}
"""By type and size of the data."""
_TYPE_NAMES = {int(member): member.name for member in ValueType}


@dataclass(frozen=True, slots=True)
class RegistryValue:
    """One value: name, type and data exactly as stored.

    ``data`` stays raw because readers disagree on decoded text while bytes never do, and an undo must
    give back what was there, not what was understood of it. Two values are equal when name (as
    spelled), type and data are; where they were read from does not count.
    """

    name: str
    """As spelled; the empty string is the unnamed (default) value."""
    type: int
    """A ``ValueType`` number, or any other 32-bit number that the evidence holds."""
    data: bytes
    """As stored: text is UTF-16LE, terminators included where they exist."""
    offset: int | None = field(default=None, compare=False)
    """Absolute byte offset of the value's cell, from a hive."""
    line: int | None = field(default=None, compare=False)
    """Line number counted from 1, from a text file."""

    @property
    def type_name(self) -> str:
        """``REG_MULTI_SZ``, or ``0x12`` for a number that has no name."""
        return _TYPE_NAMES.get(self.type) or f"0x{self.type:x}"

    def strings(self) -> tuple[str, ...]:
        """The strings that a Windows program finds: a list ends at its first empty string.

        REG_SZ, REG_EXPAND_SZ and REG_LINK give one string, up to the first NUL; REG_MULTI_SZ gives
        those before the empty one; other types give none. Undecodable units become U+FFFD, and an odd
        last byte is left out.
        """
        kind = self.type
        if kind not in _TEXT_TYPES:
            return ()
        # The codec itself: bytes.decode looks it up by name first, which takes four times as long.
        data = self.data
        if len(data) % 2:
            data = data[:-1]
        text, _ = utf_16_le_decode(data, "replace", True)  # noqa: FBT003 - no keywords
        if kind != _MULTI_SZ:
            return (text.partition("\0")[0],)
        # Up to the first empty string; what is not terminated counts as well.
        listed = text.partition("\0\0")[0]
        return () if listed.startswith("\0") else tuple(filter(None, listed.split("\0")))

    def text(self) -> str | None:
        """The text of a REG_SZ, REG_EXPAND_SZ or REG_LINK, else None."""
        return self.strings()[0] if self.type in _STRING_TYPES else None

    def integer(self) -> int | None:
        """The number of a REG_DWORD, REG_DWORD_BIG_ENDIAN or REG_QWORD; None where the size is wrong."""
        order = _BYTE_ORDERS.get((self.type, len(self.data)))
        return None if order is None else int.from_bytes(self.data, order)


class UnsealedValue(RegistryValue):
    """A value while a reader sets its fields; then it gives it the class of any other.

    A frozen dataclass sets each field through ``object.__setattr__``, which takes three times as long as
    setting it, and a hive holds values by the hundred thousand.
    """

    __slots__ = ()
    __init__ = object.__init__  # the fields come one by one, so that no call is spent on a constructor
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__  # the type is slow to set again if but one of the two is frozen


def sz(text: str) -> bytes:
    """Data of a REG_SZ that holds ``text``."""
    return f"{text}\0".encode("utf-16-le", "surrogatepass")


def multi_sz(*strings: str) -> bytes:
    """Data of a REG_MULTI_SZ that holds ``strings``: each ends with NUL, the list with one more."""
    return "".join(f"{text}\0" for text in (*strings, "")).encode("utf-16-le", "surrogatepass")
