r"""What ``Get-ChildItem -Recurse`` gave, whatever it was written as: CSV, XML or JSON.

PowerShell does not translate property names. It writes what is in a directory in one block, as ``dir /s /b``
does, and directories are covered by the same rule (``_walk``). Without ``-Force`` hidden files are not given;
a note says so.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from iiscluster_kb.evidence._dir_lines import BARE_PATH
from iiscluster_kb.evidence._rows import ROW_LIMIT, Entries, Row, Table, as_directory
from iiscluster_kb.evidence._stamps import Calendar
from iiscluster_kb.evidence._walk import Walk
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iiscluster_kb.evidence._rows import Stored

__all__ = ["PROPERTIES", "ChildItems", "is_child_item", "tidy_version"]

PROPERTIES = frozenset(
    {
        "ATTRIBUTES",
        "FILEVERSION",
        "FULLNAME",
        "LASTWRITETIME",
        "LASTWRITETIMEUTC",
        "LENGTH",
        "MODE",
        "PSISCONTAINER",
        "VERSIONINFO",
    }
)
"""Folded names of the properties that are read."""

_DIRECTORY_ATTRIBUTE = 0x10
_HIDDEN_ATTRIBUTE = 0x02
_FILE_VERSION = re.compile(r"^[ \t]*FileVersion:[ \t]*(\S[^\r\n]*)", re.MULTILINE)
_LONGEST_VERSION = 64
_MOST_DIGITS = 20
_NUMBERED = re.compile(r"[0-9]+(?:[.,] ?[0-9]+)+")
_STAMP = re.compile(r"(\S+?)(?:[ T\xa0\u202f](.*))?").fullmatch
_TICKS = re.compile(r"/Date\((-?[0-9]{1,14})(?:[+-][0-9]{4})?\)/").fullmatch
"""Milliseconds since 1970, as Windows PowerShell writes times in JSON."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_child_item(told: Mapping[str, str]) -> bool:
    """Whether these properties, by folded name, are those of a file or directory below a drive or share."""
    path = told.get("FULLNAME") or ""
    return BARE_PATH(path) is not None and not path.endswith("\\")


def tidy_version(told: str) -> str | None:
    """The number in what a version resource says: ``5, 0, 2195, 1`` is ``5.0.2195.1``."""
    numbered = _NUMBERED.search(told[:_LONGEST_VERSION])
    return numbered[0].replace(" ", "").replace(",", ".") if numbered else None


class ChildItems:
    """Collects items in their order."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._rows: dict[str, Stored] = {}
        self._covered: set[str] = set()
        self._calendar = Calendar()
        self._walk: Walk | None = None
        self._parent = ""
        self._files = self._shows_hidden = False

    @property
    def full(self) -> bool:
        """Whether no more are taken."""
        return len(self._rows) >= ROW_LIMIT

    def add(self, told: Mapping[str, str], line: int) -> None:
        """Take an item (``is_child_item``), given by its properties under their folded names."""
        row = self._row(told, line)
        directory = fold(row.directory)
        if self._walk is None or not self._walk.reaches(directory):
            self._end()
            self._walk = Walk(directory)
            self._walk.enter(directory)
        elif directory != self._parent:
            self._walk.enter(directory)
        self._parent = directory
        path = directory.rstrip("\\") + "\\" + fold(row.name)
        self._walk.add(path)
        self._rows[path] = tuple(row)
        self._files = self._files or not row.is_directory

    def table(self, problem: str | None) -> Table:
        """All of them; ``problem`` says why there might be more."""
        self._end()
        if self._covered and not self._files:
            self._covered.clear()
            self.notes.append("no file is listed anywhere, as under -Directory: no directory is listed whole")
        if problem is not None:
            self.notes.append(problem)
        if self._covered and not self._shows_hidden:
            self.notes.append("no hidden file is listed: they are listed only with -Force")
        if not self._calendar.settle():
            self.notes.append("the table does not tell day from month; such dates are left out")
        entries = Entries(self._rows, self._calendar.moment)
        return Table(entries, frozenset(self._covered), problem is not None, tuple(self.notes))

    def _end(self) -> None:
        if self._walk is None:
            return
        directories, reason = self._walk.covered(ended=False)
        note = f"no directory is listed whole: {reason}"
        if reason and note not in self.notes:
            self.notes.append(note)
        for directory in self._walk.blocks:
            if row := self._rows.get(directory):
                self._rows[directory] = as_directory(row)
        self._covered |= directories

    def _row(self, told: Mapping[str, str], line: int) -> Row:
        directory, _, name = _well_formed(told["FULLNAME"]).rpartition("\\")
        size = told.get("LENGTH") or ""
        return Row(
            directory + "\\" if directory.endswith(":") else directory,
            name,
            size if _number(size) is not None else None,
            self._is_directory(told, size),
            *self._moment(told.get("LASTWRITETIME") or told.get("LASTWRITETIMEUTC") or ""),
            None,
            _version(told),
            line,
        )

    def _moment(self, stamp: str) -> tuple[str, str]:
        if ticks := _TICKS(stamp):
            stamp = _utc(int(ticks[1]))
        when = _STAMP(stamp.strip())
        return self._calendar.note(when[1], when[2] or "") if when else ("", "")

    def _is_directory(self, told: Mapping[str, str], size: str) -> bool:
        container = told.get("PSISCONTAINER")
        mode = told.get("MODE") or ""
        attributes = told.get("ATTRIBUTES") or ""
        number = _number(attributes)
        hidden = "Hidden" in attributes if number is None else bool(number & _HIDDEN_ATTRIBUTE)
        self._shows_hidden = self._shows_hidden or "h" in mode or hidden
        if container:
            return fold(container) == "TRUE"
        if mode:
            return mode.startswith("d")
        if number is not None:
            return bool(number & _DIRECTORY_ATTRIBUTE)
        if attributes:
            return "Directory" in attributes
        return not size and "LENGTH" in told


def _version(told: Mapping[str, str]) -> str | None:
    version = told.get("FILEVERSION")
    if not version and (inside := _FILE_VERSION.search(told.get("VERSIONINFO") or "")):
        version = inside[1]
    return tidy_version(version or "")


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= _MOST_DIGITS else None


def _well_formed(text: str) -> str:
    # JSON and CliXML can name half of a surrogate pair, which no output could hold.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _utc(milliseconds: int) -> str:
    try:
        return (_EPOCH + timedelta(milliseconds=milliseconds)).strftime("%Y-%m-%d %H:%M:%S")
    except OverflowError:
        return ""
