"""Values as the page shows them: in words, string by string, and byte by byte for whoever asks; all bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from iiscluster_kb.registry import RegistryValue
from iiscluster_kb.render._words import count_of, describe

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Allowance", "Dump", "Side", "side"]

_ROW = 8
"""Bytes in a row of a dump: as many as a narrow screen shows."""
_VALUE_LIMIT = 16 * 1024
_PAGE_LIMIT = 256 * 1024
_LEAST = 64
"""What is shown of each value once the page has shown enough."""
_STRINGS = 16
_STRING_LIMIT = 240
"""Characters; the bytes have the rest."""
_LONG = 512
"""A dump of more bytes is for the screen; paper gets its first line only."""


@dataclass(frozen=True, slots=True)
class Dump:
    """The bytes of one value."""

    title: str
    rows: tuple[str, ...]
    long: bool


@dataclass(frozen=True, slots=True)
class Side:
    """A value before or after a change, or as it was found."""

    words: str
    strings: tuple[str, ...] = ()
    more: int = 0
    """How many strings are not shown."""
    dump: Dump | None = None


@dataclass(slots=True)
class Allowance:
    """What the page may still spend on dumps, so that no evidence makes it too large to open."""

    left: int = field(default=_PAGE_LIMIT)

    def dump(self, data: bytes) -> Dump | None:
        """The dump of ``data`` as far as it is allowed; None: there are no bytes."""
        if not data:
            return None
        shown = data[: max(_LEAST, min(_VALUE_LIMIT, self.left))]
        self.left = max(0, self.left - len(shown))
        size = count_of(len(data), "byte")
        title = f"Show {size}" if len(shown) == len(data) else f"Show the first {len(shown):,} of {size}"
        return Dump(title, tuple(_rows(shown)), len(shown) > _LONG)


def side(value: object, allowance: Allowance | None) -> Side:
    """A value in words, and its bytes where they are allowed; None: the value is not there."""
    if not isinstance(value, RegistryValue):
        return Side("absent" if value is None else describe(value))
    dump = allowance.dump(value.data) if allowance else None
    strings = value.strings()
    if not strings:
        return Side(describe(value), dump=dump)
    shown = tuple(map(_clip, strings[:_STRINGS]))
    words = f"{value.type_name}, {count_of(len(value.data), 'byte')}"
    return Side(words, shown, len(strings) - len(shown), dump)


def _clip(text: str) -> str:
    return text if len(text) <= _STRING_LIMIT else f"{text[:_STRING_LIMIT]} ..."


def _rows(data: bytes) -> Iterator[str]:
    for start in range(0, len(data), _ROW):
        row = data[start : start + _ROW]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)  # noqa: PLR2004 - printable ASCII
        yield f"{start:04x}  {row.hex(' '):<{3 * _ROW - 1}}  {text}"
