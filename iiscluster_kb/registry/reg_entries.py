"""What a .reg text says, entry by entry, in its own order."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iiscluster_kb.registry.keys import KeyPath
    from iiscluster_kb.registry.values import RegistryValue

__all__ = [
    "PATCH_COMMENT",
    "Dialect",
    "Entry",
    "KeyDeletion",
    "KeyEntry",
    "Problem",
    "RegDocument",
    "ValueDeletion",
    "ValueEntry",
]

PATCH_COMMENT = "; iiscluster-kb patch"
"""The comment line that says a .reg text was written by this program and is no evidence."""


class Dialect(StrEnum):
    """The two forms of .reg text that every importer takes as meant."""

    REGEDIT4 = "REGEDIT4"
    VERSION_5 = "5.00"


@dataclass(frozen=True, slots=True)
class KeyEntry:
    r"""``[HKEY_…\key]``: the key is there; its values follow."""

    key: KeyPath
    line: int | None = field(default=None, compare=False)
    """Line number counted from 1; here and below it does not count in comparisons."""


@dataclass(frozen=True, slots=True)
class KeyDeletion:
    r"""``[-HKEY_…\key]``: the key and everything below it goes."""

    key: KeyPath
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ValueEntry:
    """``"name"=…``: the value has this type and data. Its line is the value's own."""

    key: KeyPath
    value: RegistryValue


@dataclass(frozen=True, slots=True)
class ValueDeletion:
    """``"name"=-``: the value goes."""

    key: KeyPath
    name: str
    line: int | None = field(default=None, compare=False)


Entry = KeyEntry | KeyDeletion | ValueEntry | ValueDeletion


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that could not be understood, or not in one way only."""

    line: int
    reason: str
    text: str
    """The beginning of the line, as it stands."""


@dataclass(frozen=True, slots=True)
class RegDocument:
    """A .reg text, read."""

    dialect: Dialect
    encoding: str
    """``ascii``, ``utf-8``, ``utf-16-le``, ``utf-16-be``, or the name of the ANSI code page."""
    entries: tuple[Entry, ...]
    comments: tuple[str, ...] = ()
    """Comment lines above the first entry, semicolon included, outer blanks left out."""
    problems: tuple[Problem, ...] = ()
    has_header: bool = True
    """False: the text begins with a key at once. It is then read as 5.00, which hivex writes."""
    ends_with_empty_line: bool = True
    """Whether an empty line (or a comment) follows the last entry, as exporters leave it. Without it the
    text may have been cut off at the end of a line."""
