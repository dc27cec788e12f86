r"""Bodyfiles of The Sleuth Kit: ``MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime``.

Format: Sleuth Kit wiki, "Body file" (version 3 and later). ``fls -r -m C: image`` writes each directory and
at once, before its next sibling, what is in it. So a directory is whole when a line follows that lies
outside of it; the place where the walk began never is. A directory without a line counts for nothing: ``fls``
without ``-r`` would write it the same. Order, and the letters that all names share, disprove the rest as
they do for other bare listings (``_walk``).

Names come from the file system without a drive. Only those that were given one by ``-m`` can be placed on a
machine. Deleted entries, streams and the second name of an entry (``$FILE_NAME``) are not what is there.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from iiscluster_kb.evidence._rows import ROW_LIMIT, Entries, Row, Table
from iiscluster_kb.evidence._text import lines
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from iiscluster_kb.evidence._rows import Stored

__all__ = ["has_drive", "is_bodyfile", "read_bodyfile"]

_LINE = re.compile(
    r"[^|]{0,64}\|([^|]+)\|[^|]{0,32}\|([^|]{0,16})\|[0-9]*\|[0-9]*\|([0-9]{1,20})"
    r"\|-?[0-9.]{0,20}\|(-?[0-9]{0,20})(?:\.[0-9]{0,9})?\|-?[0-9.]{0,20}\|-?[0-9.]{0,20}"
).fullmatch
"""Name, mode, size, time of the last modification."""
_DRIVE = re.compile(r"[A-Za-z]:[/\\]").match
_NOT_THERE = re.compile(r" \((?:deleted|deleted-realloc|\$FILE_NAME)\)$").search
_ORPHANS = "$ORPHANFILES"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253_402_300_799
"""Of the year 9999."""


def is_bodyfile(head: str) -> bool:
    """Whether a text that begins so is a bodyfile."""
    for _, line, ended in lines(head):
        if line and not line.startswith("#"):
            return ended and _LINE(line) is not None
    return False


def has_drive(text: str) -> bool:
    """Whether any name tells the drive."""
    return any((match := _LINE(line)) and _DRIVE(match[1]) for _, line, _ in lines(text))


def read_bodyfile(text: str) -> Table:
    """Read all lines up to the first damaged one."""
    notes: list[str] = []
    rows: dict[str, Stored] = {}
    walk = _Preorder()
    damaged = False
    driveless = 0
    for number, line, ended in lines(text):
        match = _LINE(line) if ended else None
        if not match and line and not line.startswith("#"):
            notes.append(f"line {number}: damaged or cut off; nothing from here on is read")
            damaged = True
            break
        if len(rows) >= ROW_LIMIT:
            notes.append(f"line {number}: only {ROW_LIMIT} entries are read")
            damaged = True
            break
        if not match or _NOT_THERE(match[1]):
            continue
        if not _DRIVE(match[1]):
            driveless += 1
            continue
        row = _row(match, number)
        if row:
            path = fold(row.directory).rstrip("\\") + "\\" + fold(row.name)
            walk.add(fold(row.directory), path, is_directory=row.is_directory, again=path in rows)
            rows[path] = tuple(row)
    if driveless:
        notes.append(f"{driveless} names carry no drive and are left out")
    directories, reason = walk.covered()
    if reason:
        notes.append(f"no directory is listed whole: {reason}")
    return Table(Entries(rows, _moment), directories, damaged, tuple(notes))


def _row(match: re.Match[str], line: int) -> Row | None:
    name, mode, size, modified = match.groups()
    parts = [part for part in name.replace("\\", "/").split("/") if part]
    last = parts[-1]
    if len(parts) == 1 or ":" in last or last in {".", ".."} or fold(parts[1]) == _ORPHANS:
        return None
    directory = "\\".join(parts[:-1]) + ("\\" if len(parts) == 2 else "")  # noqa: PLR2004 - drive and name
    is_directory = mode.startswith("d") or mode.partition("/")[2].startswith("d")
    return Row(directory, last, None if is_directory else size, is_directory, modified, "", None, None, line)


def _moment(seconds: str, _clock: str) -> datetime | None:
    told = int(seconds) if seconds.lstrip("-") else 0
    return _EPOCH + timedelta(seconds=told) if 0 < told <= _LAST_SECOND else None


class _Preorder:
    """A walk that goes into each directory before it goes on."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._whole: set[str] = set()
        self._filled: set[str] = set()
        self._common: set[str] | None = None
        self._in_order = True
        self._files = False

    def add(self, directory: str, path: str, *, is_directory: bool, again: bool) -> None:
        """A folded path, and the folded directory that it lies in.

        ``again``: it was listed before, so that a second walk follows one that was interrupted.
        """
        if not self._open:
            self._open = [directory]
        while self._open and self._open[-1] != directory:
            self._whole.add(self._open.pop())
        if again or not self._open:
            self._in_order = False
            return
        self._filled.add(directory)
        name = set(path[path.rfind("\\") + 1 :]) - {"."}
        self._common = name if self._common is None else self._common & name
        self._files = self._files or not is_directory
        if is_directory:
            self._open.append(path)

    def covered(self) -> tuple[frozenset[str], str | None]:
        """The directories listed whole, and why there are none."""
        if not self._in_order:
            return frozenset(), "the lines are not in the order in which fls writes them"
        if self._common:
            return frozenset(), "every name shares a letter, as after a search"
        if not self._files:
            return frozenset(), "no file is listed anywhere"
        return frozenset(self._whole & self._filled), None
