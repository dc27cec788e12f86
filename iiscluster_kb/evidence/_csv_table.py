"""Tables that ``Get-ChildItem -Recurse | Export-Csv`` wrote, with whatever columns were selected.

Export-Csv does not translate property names; it writes numbers and dates as the culture has them, and the
culture's list separator on request. ``VersionInfo`` is several lines of text in one cell.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from iiscluster_kb.evidence._dir_lines import BARE_PATH
from iiscluster_kb.evidence._rows import ROW_LIMIT, Entries, Row, Table, as_directory
from iiscluster_kb.evidence._stamps import Calendar
from iiscluster_kb.evidence._text import lines
from iiscluster_kb.evidence._walk import Walk
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterator

    from iiscluster_kb.evidence._rows import Stored

__all__ = ["is_csv_table", "read_csv_table"]

_TYPE_LINE = "#TYPE "
_DELIMITERS = ",;\t"
_LINE_LIMIT = 1 << 15
"""Characters; a row that has more is no row of files."""
_DIRECTORY_ATTRIBUTE = 0x10
_FILE_VERSION = re.compile(r"^[ \t]*FileVersion:[ \t]*(\S[^\n]*)", re.MULTILINE)
_LINE_COUNT_LIMIT = 5_000_000
_LONGEST_VERSION = 64
_NUMBERED = re.compile(r"[0-9]+(?:[.,] ?[0-9]+)+")
_STAMP = re.compile(r"(\S+?)(?:[ T\xa0\u202f](.*))?").fullmatch


def is_csv_table(head: str) -> bool:
    """Whether a text that begins so is a table of files."""
    reader = _Reader(head)
    return bool(reader.columns) and next(reader.rows(), None) is not None


def read_csv_table(text: str) -> Table:
    """Read all rows up to the first damaged one."""
    reader = _Reader(text)
    rows: dict[str, Stored] = {}
    covered: set[str] = set()
    walk: Walk | None = None
    parent = ""
    files = False
    for row in reader.rows():
        if len(rows) >= ROW_LIMIT:
            reader.give_up(f"line {row.line}: only {ROW_LIMIT} rows are read")
            break
        directory = fold(row.directory)
        if walk is None or not walk.reaches(directory):
            covered |= _end(walk, rows, reader.notes)
            walk = Walk(directory)
            walk.enter(directory)
        elif directory != parent:
            walk.enter(directory)
        parent = directory
        path = directory.rstrip("\\") + "\\" + fold(row.name)
        walk.add(path)
        rows[path] = tuple(row)
        files = files or not row.is_directory
    covered |= _end(walk, rows, reader.notes)
    if covered and not files:
        covered.clear()
        reader.notes.append("no file is listed anywhere, as under -Directory: no directory is listed whole")
    if covered and not reader.shows_hidden:
        reader.notes.append("no hidden file is listed: they are listed only with -Force")
    if not reader.calendar.settle():
        reader.notes.append("the table does not tell day from month; such dates are left out")
    entries = Entries(rows, reader.calendar.moment)
    return Table(entries, frozenset(covered), reader.damaged, tuple(reader.notes))


def _end(walk: Walk | None, rows: dict[str, Stored], notes: list[str]) -> frozenset[str]:
    if walk is None:
        return frozenset()
    directories, reason = walk.covered(ended=False)
    if reason:
        notes.append(f"no directory is listed whole: {reason}")
    for directory in walk.blocks:
        if row := rows.get(directory):
            rows[directory] = as_directory(row)
    return directories


class _Reader:
    """The rows of a table, and what was noticed on the way."""

    def __init__(self, text: str) -> None:
        self.notes: list[str] = []
        self.damaged = False
        self.shows_hidden = False
        self.calendar = Calendar()
        self.columns: dict[str, int] = {}
        self._width = 0
        self._ended = True
        self._physical = self._lines(text)
        self._first = 1
        head = next(self._physical, "")
        if head.startswith(_TYPE_LINE):
            head = next(self._physical, "")
            self._first = 2
        for self._delimiter in _DELIMITERS:
            names = self._names(head)
            if "FULLNAME" in map(fold, names):
                self.columns = {fold(name): place for place, name in enumerate(names)}
                self._width = len(names)
                break

    def give_up(self, reason: str) -> None:
        """Note that the rest is not read."""
        self.damaged = True
        self.notes.append(reason)

    def rows(self) -> Iterator[Row]:
        """Every row up to the end, or to the first that is damaged."""
        table = self._table(self._physical)
        while True:
            line = self._first + 1 + table.line_num
            try:
                cells = next(table, None)
            except csv.Error:
                if self._ended:
                    self.give_up(f"line {line}: the row is damaged; nothing from here on is read")
                    return
                cells = None
            if cells is None:
                break
            if not cells:
                continue
            row = self._row(cells, line)
            if row is None:
                self.give_up(f"line {line}: no row of this table; nothing from here on is read")
                return
            yield row
        if not self._ended:
            self.give_up("the last row is not ended and may be cut off; it is left out")

    def _lines(self, text: str) -> Iterator[str]:
        for number, line, ended in lines(text):
            if not ended or len(line) > _LINE_LIMIT or number > _LINE_COUNT_LIMIT:
                self._ended = False
                return
            yield line + "\n"

    def _names(self, head: str) -> list[str]:
        try:
            return next(self._table([head]), [])
        except csv.Error:
            return []

    def _table(self, source: Iterator[str] | list[str]) -> Reader:
        return csv.reader(source, delimiter=self._delimiter, strict=True)

    def _cell(self, cells: list[str], column: str) -> str | None:
        place = self.columns.get(column)
        return None if place is None else cells[place]

    def _row(self, cells: list[str], line: int) -> Row | None:
        if len(cells) != self._width:
            return None
        path = self._cell(cells, "FULLNAME") or ""
        if not BARE_PATH(path) or path.endswith("\\"):
            return None
        directory, _, name = path.rpartition("\\")
        size = self._cell(cells, "LENGTH") or ""
        stamp = self._cell(cells, "LASTWRITETIME") or self._cell(cells, "LASTWRITETIMEUTC") or ""
        when = _STAMP(stamp.strip())
        date, clock = self.calendar.note(when[1], when[2] or "") if when else ("", "")
        return Row(
            directory + "\\" if directory.endswith(":") else directory,
            name,
            size if size.isdecimal() and size.isascii() else None,
            self._is_directory(cells, size),
            date,
            clock,
            None,
            self._version(cells),
            line,
        )

    def _is_directory(self, cells: list[str], size: str) -> bool:
        container = self._cell(cells, "PSISCONTAINER")
        mode = self._cell(cells, "MODE") or ""
        attributes = self._cell(cells, "ATTRIBUTES") or ""
        self.shows_hidden = self.shows_hidden or "h" in mode or "Hidden" in attributes
        if container:
            return fold(container) == "TRUE"
        if mode:
            return mode.startswith("d")
        if attributes.isdecimal() and attributes.isascii():
            return bool(int(attributes) & _DIRECTORY_ATTRIBUTE)
        if attributes:
            return "Directory" in attributes
        return not size and "LENGTH" in self.columns

    def _version(self, cells: list[str]) -> str | None:
        told = self._cell(cells, "FILEVERSION")
        if not told and (inside := _FILE_VERSION.search(self._cell(cells, "VERSIONINFO") or "")):
            told = inside[1]
        numbered = _NUMBERED.search((told or "")[:_LONGEST_VERSION])
        return numbered[0].replace(" ", "").replace(",", ".") if numbered else None
