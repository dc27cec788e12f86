r"""A listing of directories in the form of ``dir``, made from what a disk image shows of them.

The form is the one that says by itself where a directory begins and ends, so that it covers what it lists.
What cannot be told truthfully in it is not told at all: a directory that holds a name which no line could
hold, a time that is none, or more entries than anybody would believe, is left out and so stays unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MOST_ENTRIES", "Directory", "Entry", "format_listing"]

MOST_ENTRIES = 50_000
"""Entries of one directory; system32 of the systems in question has some thousand."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253_402_300_799
"""Of the year 9999."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or directory."""

    name: str
    size: int
    """Bytes."""
    modified: float
    """Seconds since 1970, UTC."""
    is_directory: bool = False


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory with everything that is in it, itself and its parent aside."""

    path: str
    """Absolute Windows path."""
    modified: float
    entries: tuple[Entry, ...]

    @property
    def is_tellable(self) -> bool:
        """Whether lines can hold it."""
        times = (self.modified, *(entry.modified for entry in self.entries))
        return (
            len(self.entries) <= MOST_ENTRIES
            and self.path.isprintable()
            and all(entry.name.isprintable() for entry in self.entries)
            and all(0 <= time <= _LAST_SECOND for time in times)
        )


def format_listing(directories: Iterable[Directory]) -> bytes:
    """Print directories as ``dir`` does, in UTF-16 with a byte order mark; nothing where none can be told."""
    blocks = [_block(directory) for directory in directories if directory.is_tellable]
    return "\r\n".join(blocks).encode("utf-16", "replace") if blocks else b""


def _block(directory: Directory) -> str:
    files = [entry for entry in directory.entries if not entry.is_directory]
    dots = [Entry(name, 0, directory.modified, is_directory=True) for name in (".", "..")]
    lines = (
        f" Directory of {directory.path}",
        "",
        *map(_line, () if directory.path.endswith("\\") else dots),
        *map(_line, directory.entries),
        f"{len(files):>16} File(s) {sum(entry.size for entry in files):>14,} bytes",
    )
    return "".join(f"{line}\r\n" for line in lines)


def _line(entry: Entry) -> str:
    written = _EPOCH + timedelta(seconds=int(entry.modified))
    size = "<DIR>         " if entry.is_directory else f"{entry.size:>14,}"
    return f"{written:%Y-%m-%d  %H:%M}    {size} {entry.name}"
