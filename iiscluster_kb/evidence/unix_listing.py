r"""The format ``unix-listing``: what ``ls -lR`` or ``find -ls`` printed of a disk of Windows.

``ls -lR`` names a directory, counts its blocks and lists what is in it, then names the next. So a directory
is whole once the name of another follows; the last never is. Without ``-a`` names that begin with a dot are
left out, which on Windows are few; a note says so. A directory that shows nothing counts for nothing.

``find`` leaves out whatever it was told to, and its output does not show that: it covers directories
(``_descent``) only where the text shows the command with ``-ls`` and no test. Else it shows what is there.

A mounted disk has no drive letter. A path is placed on a drive only where it shows one (``/mnt/c/…``,
``/cygdrive/c/…``, ``C:/…``), or where it begins with a dot and the file is named after the drive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import EvidenceFormat
from iiscluster_kb.evidence._descent import Descent
from iiscluster_kb.evidence._drive_name import HOW_TO_STATE, stated_drive
from iiscluster_kb.evidence._rows import ROW_LIMIT, Entries, Row, Table, as_directory, join
from iiscluster_kb.evidence._stamps import Calendar
from iiscluster_kb.evidence._table import Notes, as_evidence
from iiscluster_kb.evidence._text import decode, lines, looks_like_text
from iiscluster_kb.evidence._unix_lines import (
    LINE_LIMIT,
    is_total,
    leaves_out,
    parse_command,
    parse_entry,
    parse_header,
    quoted_path,
    unescape,
    windows_path,
)
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from iiscluster_kb.evidence._rows import Stored
    from iiscluster_kb.evidence._unix_lines import Line
    from iiscluster_kb.model import CaseFile, FileEvidence

__all__ = ["FORMAT"]

_NAME = "unix-listing"
_BLOCK_LIMIT = 1 << 18
"""Entries of one directory that are kept while it is read."""
_LEGAL = re.compile(r'[^<>:"/\\|?*\x00-\x1f]+$').match
_DOTS = frozenset({".", ".."})
_QUOTES = "'\""


def _recognises(head: bytes) -> bool:
    if not looks_like_text(head):
        return False
    entries = known = strange = 0
    for _, line, ended in lines(decode(head).text):
        bare = line.rstrip()
        if not bare or not ended:
            continue
        if len(bare) > LINE_LIMIT:
            return False
        if parse_entry(bare):
            entries += 1
        elif parse_header(bare) or is_total(bare) or parse_command(bare):
            known += 1
        else:
            strange += 1
    return entries > 0 and 4 * strange <= entries + known


def _read(file: CaseFile) -> FileEvidence:
    reader = _Reader(stated_drive(file.path))
    for number, line, ended in lines(decode(file.content.map()).text):
        if len(reader.rows) >= ROW_LIMIT:
            reader.stop(f"line {number}: only {ROW_LIMIT} entries are read")
            break
        reader.take(number, line, ended=ended)
    table = reader.table()
    if not table.entries and reader.unplaced:
        raise EvidenceError(file.path, reader.unplaced)
    return as_evidence(file, _NAME, table)


@dataclass(slots=True)
class _Block:
    """A directory of ``ls``, from its name on."""

    directory: str | None
    """None: nothing tells where it lies."""
    line: int
    quoted: bool
    counted: bool = False
    doubt: str | None = None
    entries: list[tuple[int, Line]] = field(default_factory=list)


class _Reader:
    """Reads line by line."""

    def __init__(self, drive: str | None) -> None:
        self.rows: dict[str, Stored] = {}
        self.unplaced: str | None = None
        """Why the first file that lies nowhere does."""
        self._drive = drive
        self._notes = Notes()
        self._calendar = Calendar()
        self._covered: set[str] = set()
        self._doubtful: set[str] = set()
        self._damaged = self._hides = self._lost = False
        self._block: _Block | None = None
        self._blank = True
        self._program: str | None = None
        self._leaves_out = False
        self._descent = Descent()

    def stop(self, reason: str) -> None:
        """Note that the rest is not read."""
        self._damaged = True
        self._notes.add("limit", reason)

    def take(self, number: int, line: str, *, ended: bool) -> None:
        """Read a line."""
        blank_before, self._blank = self._blank, not line.strip()
        if self._blank:
            return
        if not ended:
            self._notes.add("cut", f"line {number}: not ended and may be cut off; it is left out")
        elif len(line) > LINE_LIMIT:
            self._doubt(number, "")
        elif entry := parse_entry(line):
            self._take_entry(number, entry)
        elif command := parse_command(line):
            self._end_run()
            self._program, self._leaves_out = command[0], leaves_out(*command)
            self._blank = True
        elif header := parse_header(line):
            if self._block is not None and not blank_before:
                self._block.doubt = self._block.doubt or f"another listing begins in line {number}"
            self._settle(whole=True)
            self._block = _Block(self._place(header[0], number), number, header[1])
        elif self._block is not None and not self._block.counted and is_total(line):
            self._block.counted = True
        else:
            self._doubt(number, line)

    def _place(self, path: str, number: int) -> str | None:
        placed = windows_path(path, self._drive)
        if placed is None and self.unplaced is None:
            self.unplaced = (
                f"line {number}: {path} tells no drive; mount the disk as /mnt/c and list it there, "
                f"or list . in its root and {HOW_TO_STATE}"
            )
            self._notes.add("unplaced", self.unplaced)
        return placed

    def _take_entry(self, number: int, entry: Line) -> None:
        block = self._block
        if "/" in entry.name:
            self._take_path(number, entry)
        elif block is not None:
            if len(block.entries) < _BLOCK_LIMIT:
                block.entries.append((number, entry))
            else:
                block.doubt = f"it has more than {_BLOCK_LIMIT} entries"
        elif self.unplaced is None:
            self.unplaced = f"line {number}: no line says in which directory it lies; list with ls -laR"
            self._notes.add("unplaced", self.unplaced)

    def _take_path(self, number: int, entry: Line) -> None:
        placed = self._place(unescape(entry.name), number)
        if placed is None or placed.endswith("\\"):
            return
        parent, _, name = placed.rpartition("\\")
        if not _LEGAL(name):
            self._lost = True
            self._notes.add("name", f"line {number}: no file of Windows can have that name")
            return
        directory = parent + "\\" if parent.endswith(":") else parent
        self._keep(number, directory, name, entry)
        self._descent.add(fold(directory), fold(placed))

    def _keep(self, number: int, directory: str, name: str, entry: Line) -> None:
        when = self._calendar.note(entry.date, entry.clock) if entry.date else ("", "")
        row = Row(directory, name, entry.size, entry.kind == "d", *when, None, None, number)
        self.rows[fold(join(directory, name))] = tuple(row)

    def _doubt(self, number: int, line: str) -> None:
        self._notes.add("strange", f"line {number}: not understood")
        path = quoted_path(line)
        placed = windows_path(path, self._drive) if path else None
        if placed is not None:
            self._blank = True
            self._doubtful.add(fold(placed))
        else:
            self._lost = True
            if self._block is not None:
                self._block.doubt = f"line {number} is not understood"

    def _settle(self, *, whole: bool) -> None:
        block, self._block = self._block, None
        if block is None or block.directory is None:
            return
        quoted = block.quoted or any(_in_quotes(entry.name) for _, entry in block.entries)
        if quoted:
            block.doubt = block.doubt or "its names stand in quotes, as on a terminal"
        for number, entry in block.entries:
            name = _unquoted(entry.name) if quoted else entry.name
            if name in _DOTS:
                continue
            if _LEGAL(name):
                self._keep(number, block.directory, name, entry)
            else:
                block.doubt = block.doubt or f"no file of Windows can have the name in line {number}"
        if self._leaves_out:
            block.doubt = block.doubt or "the command leaves files out"
        if block.doubt:
            self._notes.add(
                "part", f"line {block.line}: {block.directory} is not listed whole: {block.doubt}"
            )
        elif whole and block.counted and block.entries:
            self._covered.add(fold(block.directory))
            self._hides = self._hides or all(entry.name not in _DOTS for _, entry in block.entries)

    def _end_run(self) -> None:
        self._settle(whole=False)
        descent, self._descent = self._descent, Descent()
        for directory in descent.filled:
            if row := self.rows.get(directory):
                self.rows[directory] = as_directory(row)
        if descent.filled and (self._program != "find" or self._leaves_out or self._lost):
            self._notes.add(
                "find",
                "nothing shows that find left no file out, so no directory is listed whole; collect with ls -laR",
            )
            return
        directories, reason = descent.covered()
        if reason and descent.filled:
            self._notes.add("find", f"no directory is listed whole: {reason}")
        self._covered |= directories

    def table(self) -> Table:
        """All that was read."""
        self._end_run()
        covered = frozenset(self._covered - self._doubtful)
        if covered and self._hides:
            self._notes.add("hidden", "names that begin with a dot are listed only under -a")
        self._calendar.settle()
        return Table(Entries(self.rows, self._calendar.moment), covered, self._damaged, self._notes.texts())


def _in_quotes(name: str) -> bool:
    return len(name) > 1 and name[0] == name[-1] and name[0] in _QUOTES


def _unquoted(name: str) -> str:
    return name[1:-1] if _in_quotes(name) else name.removeprefix(" ")


FORMAT = EvidenceFormat(_NAME, _recognises, _read)
