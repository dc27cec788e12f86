"""The entries of a listing, kept as lean rows and made into ``FileEntry`` only when somebody asks.

A listing of a whole disk has a million lines, of which a diagnosis asks a dozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from iiscluster_kb.model import FileEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

__all__ = ["ROW_LIMIT", "Entries", "Row", "Stored", "Table", "as_directory", "bare_row", "join"]

ROW_LIMIT = 1_100_000
"""Entries that one listing may have: about half a gigabyte of rows."""


class Row(NamedTuple):
    """What a line says of a file, as it says it."""

    directory: str
    """Absolute, as spelled; the root of a drive ends with a backslash."""
    name: str
    size: str | None
    """Digits and whatever divides them."""
    is_directory: bool
    date: str
    clock: str
    short_name: str | None
    version: str | None
    line: int


def bare_row(directory: str, name: str, line: int) -> Stored:
    """The row of a line that says nothing but the path."""
    return directory, name, None, False, "", "", None, None, line


def as_directory(stored: Stored) -> Stored:
    """The row, once lines below it show that it is a directory."""
    return tuple(Row._make(stored)._replace(is_directory=True))


def join(directory: str, name: str) -> str:
    """The path of a name in a directory."""
    return directory + name if directory.endswith("\\") else f"{directory}\\{name}"


Stored: TypeAlias = "tuple[Any, ...]"
"""A row as a plain tuple, which the garbage collector, other than a named one, stops tracking at once."""


class Entries(Mapping[str, FileEntry]):
    """Entries by folded path."""

    __slots__ = ("_architectures", "_moment", "_rows")

    def __init__(
        self,
        rows: dict[str, Stored],
        moment: Callable[[str, str], datetime | None],
        architectures: Mapping[str, str] | None = None,
    ) -> None:
        self._rows = rows
        self._moment = moment
        self._architectures = architectures or {}  # beside the rows: hardly any listing tells a processor

    def __getitem__(self, path: str) -> FileEntry:
        row = Row._make(self._rows[path])
        return FileEntry(
            join(row.directory, row.name),
            None if row.size is None else int("".join(filter(str.isdigit, row.size))),
            self._moment(row.date, row.clock),
            row.is_directory,
            row.short_name,
            row.version,
            row.line,
            self._architectures.get(path),
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


@dataclass(frozen=True, slots=True)
class Table:
    """What a table of files says."""

    entries: Entries
    directories: frozenset[str]
    """Folded paths of those listed whole."""
    damaged: bool
    notes: tuple[str, ...]
