r"""The format ``mft-table``: the ``$MFT`` of a volume as MFTECmd writes it to CSV.

Columns: documentation of MFTECmd (``EntryNumber`` … ``ZoneIdContents``, lately ``SourceFile``). Each name of
a file is a row; alternate streams are rows of their own and no files. All files in use come first, by entry
number, then the records that are free: a row that is not in use shows that every file was written. So
directories are covered if such a row follows, the entries of the volume itself (0 to 11) are there, and most
numbers between the first and the last entry are: then nothing was filtered out. Else the table shows only
what is there.

A volume does not know its drive letter. It is told by ``SourceFile`` where the table was made on the machine
itself (``C:\$MFT``), else by the name of the file (``_drive_name``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import EvidenceFormat
from iiscluster_kb.evidence._csv_rows import CsvRows
from iiscluster_kb.evidence._drive_name import HOW_TO_STATE, stated_drive
from iiscluster_kb.evidence._rows import ROW_LIMIT, Entries, Row, Table, join
from iiscluster_kb.evidence._stamps import Calendar
from iiscluster_kb.evidence._table import as_evidence
from iiscluster_kb.evidence._text import decode, looks_like_text
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from iiscluster_kb.evidence._rows import Stored
    from iiscluster_kb.model import CaseFile, FileEvidence

__all__ = ["FORMAT"]

_NAME = "mft-table"
_COLUMNS = frozenset({"ENTRYNUMBER", "INUSE", "PARENTPATH", "FILENAME", "FILESIZE", "ISDIRECTORY"})
_LAST_OF_VOLUME = 11
"""Entry number of ``$Extend``, the last that every NTFS volume has."""
_MISSING_AT_MOST = 8
"""One entry in so many may have no row: records that continue another have none."""
_ROOT = "\\"
_DIGITS = re.compile("[0-9]{1,18}").fullmatch
_PARENT = re.compile(r'\.(?:\\[^<>:"/|?*\x00-\x1f]+)?').fullmatch
_LEGAL = re.compile(r'[^<>:"/\\|?*\x00-\x1f]+').fullmatch
_LIVE = re.compile(r"(?:\\\\[.?]\\)?([A-Za-z]):\\\$MFT", re.IGNORECASE).fullmatch


def _rows(text: str) -> CsvRows:
    return CsvRows(text, _COLUMNS.issubset)


def _recognises(head: bytes) -> bool:
    return looks_like_text(head) and bool(_rows(decode(head).text).columns)


def _read(file: CaseFile) -> FileEvidence:
    reader = _Reader(_rows(decode(file.content.map()).text), stated_drive(file.path))
    reader.read()
    if reader.drive is None:
        raise EvidenceError(
            file.path,
            f"line 1: a $MFT does not know the drive letter of its volume; {HOW_TO_STATE}",
        )
    return as_evidence(file, _NAME, reader.table())


class _Reader:
    """Reads row by row."""

    def __init__(self, rows: CsvRows, drive: str | None) -> None:
        self.drive = drive
        self._rows = rows
        self._rows_by_path: dict[str, Stored] = {}
        self._directories: set[str] = set()
        self._calendar = Calendar()
        self._illegal: int | None = None
        self._own: set[int] = set()
        self._entries = self._last = 0
        self._previous: int | None = None
        self._free = self._mixed = False

    def read(self) -> None:
        """Read all rows up to the first damaged one."""
        for line, cells in self._rows:
            if len(self._rows_by_path) >= ROW_LIMIT:
                self._rows.give_up(f"line {line}: only {ROW_LIMIT} rows are read")
            elif _DIGITS(self._cell(cells, "ENTRYNUMBER")):
                self._take(line, cells)
            else:
                self._rows.refuse(line)

    def _cell(self, cells: list[str], column: str) -> str:
        place = self._rows.columns.get(column)
        return "" if place is None else cells[place]

    def _take(self, line: int, cells: list[str]) -> None:
        self._count(int(self._cell(cells, "ENTRYNUMBER")))
        if fold(self._cell(cells, "INUSE")) != "TRUE":
            self._free = True
            return
        self._mixed = self._mixed or self._free
        if live := _LIVE(self._cell(cells, "SOURCEFILE")):
            self.drive = live[1].upper()
        parent, name = self._cell(cells, "PARENTPATH"), self._cell(cells, "FILENAME")
        if self.drive is None or name == "." or not _PARENT(parent):
            return
        if fold(self._cell(cells, "ISADS")) == "TRUE" or self._cell(cells, "NAMETYPE") == "Dos":
            return
        if _LEGAL(name):
            self._keep(line, cells, f"{self.drive}:{parent[1:] or _ROOT}", name)
        else:
            self._illegal = self._illegal or line

    def _count(self, number: int) -> None:
        if number <= _LAST_OF_VOLUME:
            self._own.add(number)
        if number != self._previous:
            self._entries += 1
            self._previous = number
            self._last = max(self._last, number)

    def _keep(self, line: int, cells: list[str], directory: str, name: str) -> None:
        is_directory = fold(self._cell(cells, "ISDIRECTORY")) == "TRUE"
        size = self._cell(cells, "FILESIZE")
        date, _, clock = self._cell(cells, "LASTMODIFIED0X10").partition(" ")
        when = self._calendar.note(date, clock[:8]) if date else ("", "")
        told = size if _DIGITS(size) and not is_directory else None
        path = fold(join(directory, name))
        self._rows_by_path[path] = tuple(Row(directory, name, told, is_directory, *when, None, None, line))
        if is_directory:
            self._directories.add(path)

    def table(self) -> Table:
        """All that was read."""
        self._calendar.settle()
        objection = self._objection()
        notes = [f"no directory is listed whole: {objection}"] if objection else []
        covered = set() if objection else {f"{self.drive}:{_ROOT}"} | self._directories
        if self._rows.problem is not None:
            notes.append(self._rows.problem)
        entries = Entries(self._rows_by_path, self._calendar.moment)
        return Table(entries, frozenset(covered), self._rows.problem is not None, tuple(notes))

    def _objection(self) -> str | None:
        """Why files may be missing."""
        if self._illegal is not None:
            return f"no file of Windows can have the name in line {self._illegal}"
        if not self._free:
            return "no record that is free follows, so the table may be cut off"
        if self._mixed:
            return "its rows are not in the order in which MFTECmd writes them"
        if len(self._own) <= _LAST_OF_VOLUME:
            return "the entries of the volume itself are missing, as after a search"
        if self._entries * _MISSING_AT_MOST < (self._last + 1) * (_MISSING_AT_MOST - 1):
            return "many entries are missing, as after a search"
        return None


FORMAT = EvidenceFormat(_NAME, _recognises, _read)
