r"""The format ``attrib-listing``: what ``attrib /s`` printed, attributes and the absolute path.

Hidden and system files are listed as well, sizes and dates are not. Without ``/d`` (which ``attrib`` of
Windows NT 4.0 does not know) directories are not listed, so one that is empty, or that could not be entered,
leaves no trace: then nothing is covered, and the listing shows only what is there. With ``/d`` a directory is
whole once a line outside of it follows (``_descent``). A line that is not understood takes away what its path
lies in, and without a path everything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iiscluster_kb.evidence import EvidenceFormat
from iiscluster_kb.evidence._descent import Descent
from iiscluster_kb.evidence._dir_lines import LINE_LIMIT, parse_prompt
from iiscluster_kb.evidence._rows import ROW_LIMIT, Entries, Table, as_directory, bare_row
from iiscluster_kb.evidence._table import Notes, as_evidence
from iiscluster_kb.evidence._text import decode, lines, looks_like_text
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from iiscluster_kb.evidence._rows import Stored
    from iiscluster_kb.model import CaseFile, FileEvidence

__all__ = ["FORMAT"]

_NAME = "attrib-listing"
_ATTRIBUTES = "[ ABCEHILNOPRSTUVX]"
"""A, S, H and R; later Windows prints some of the others."""
_ENTRY = re.compile(
    rf"(?={_ATTRIBUTES}*(?:[A-Za-z]:|\\\\))({_ATTRIBUTES}{{7,23}} )"
    r'((?:[A-Za-z]:|\\\\[^<>:"/|\\?*\s]+)\\[^<>:"/|?*\x00-\x1f]+)$'
).match
"""Attributes in their columns, and the path behind them."""
_PATH = re.compile(r'[A-Za-z]:\\[^<>:"/|?*\x00-\x1f]*').search


def _recognises(head: bytes) -> bool:
    if not looks_like_text(head):
        return False
    whole = [line for _, line, ended in lines(decode(head).text) if ended and line.strip()]
    listing = [match for line in whole if len(line) <= LINE_LIMIT and (match := _entry(line))]
    return 2 * len(listing) > len(whole) and len({len(match[1]) for match in listing}) == 1


def _entry(line: str) -> re.Match[str] | None:
    match = _ENTRY(line)
    if not match:
        return None
    letters = match[1].replace(" ", "")
    return match if len(set(letters)) == len(letters) else None


def _read(file: CaseFile) -> FileEvidence:
    reader = _Reader()
    for number, line, ended in lines(decode(file.content.map()).text):
        if len(reader.rows) >= ROW_LIMIT:
            reader.stop(f"line {number}: only {ROW_LIMIT} entries are read")
            break
        reader.take(number, line.rstrip(" \t\x1a"), ended=ended)
    return as_evidence(file, _NAME, reader.table())


def _no_moment(_date: str, _clock: str) -> datetime | None:
    return None


class _Reader:
    """Reads line by line."""

    def __init__(self) -> None:
        self.rows: dict[str, Stored] = {}
        self._notes = Notes()
        self._covered: set[str] = set()
        self._doubtful: set[str] = set()
        self._descent = Descent()
        self._column: int | None = None
        self._damaged = self._lost = False

    def stop(self, reason: str) -> None:
        """Note that the rest is not read."""
        self._damaged = True
        self._notes.add("limit", reason)

    def take(self, number: int, line: str, *, ended: bool) -> None:
        """Read a line."""
        if not line.strip():
            return
        if not ended:
            self._notes.add("cut", f"line {number}: not ended and may be cut off; it is left out")
        elif len(line) <= LINE_LIMIT and (match := _entry(line)) and self._column in {None, len(match[1])}:
            self._column = len(match[1])
            self._take_path(number, match[2])
        elif len(line) <= LINE_LIMIT and parse_prompt(line):
            self._end()
        else:
            self._doubt(number, line)

    def _take_path(self, number: int, path: str) -> None:
        parent, _, name = path.rpartition("\\")
        if not name:
            return
        directory = parent + "\\" if parent.endswith(":") else parent
        folded = fold(directory)
        key = folded.rstrip("\\") + "\\" + fold(name)
        self.rows[key] = bare_row(directory, name, number)
        self._descent.add(folded, key)

    def _doubt(self, number: int, line: str) -> None:
        self._notes.add("strange", f"line {number}: not understood")
        path = _PATH(line[:LINE_LIMIT])
        if path is None:
            self._lost = self._damaged = True
            return
        place = fold(path[0].rstrip(" .\\"))
        above = place.rpartition("\\")[0]
        self._doubtful |= {place, above, above + "\\", place + "\\"}

    def _end(self) -> None:
        directories, reason = self._descent.covered()
        if reason and self._descent.filled:
            self._notes.add("walk", f"no directory is listed whole: {reason}; collect with dir /a /s")
        for directory in self._descent.filled:
            if row := self.rows.get(directory):
                self.rows[directory] = as_directory(row)
        self._covered |= directories
        self._descent = Descent()

    def table(self) -> Table:
        """All that was read."""
        self._end()
        covered: Iterable[str] = () if self._lost else self._covered - self._doubtful
        return Table(Entries(self.rows, _no_moment), frozenset(covered), self._damaged, self._notes.texts())


FORMAT = EvidenceFormat(_NAME, _recognises, _read)
