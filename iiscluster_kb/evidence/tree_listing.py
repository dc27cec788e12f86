r"""The format ``tree-listing``: what ``tree /f`` drew, with lines of ASCII (``/a``) or of the OEM code page.

``tree`` names the volume, then the directory where it begins, then each directory's files and below them its
subdirectories, the last of which hangs on a corner instead of a fork. Names are all it tells. So a directory
is whole once its last subdirectory was begun, or, where none hang on it, once the line that parts its files
from what comes next has come. A directory that shows nothing counts for nothing: one that could not be
entered looks the same. Where no file is shown anywhere ``/f`` was left out, and nothing is covered.

``tree`` leaves out hidden and system files, as ``dir`` without ``/a`` does; what the rules look for is never
hidden, and a note says so. It takes no pattern. Where it began in ``C:.`` only a prompt tells which directory
that is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import EvidenceFormat
from iiscluster_kb.evidence._dir_lines import LINE_LIMIT, SERIAL, parse_prompt
from iiscluster_kb.evidence._rows import ROW_LIMIT, Entries, Table, as_directory, bare_row, join
from iiscluster_kb.evidence._table import Notes, as_evidence
from iiscluster_kb.evidence._text import decode, lines, looks_like_text
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from datetime import datetime

    from iiscluster_kb.evidence._rows import Stored
    from iiscluster_kb.model import CaseFile, FileEvidence

__all__ = ["FORMAT"]

_NAME = "tree-listing"
_STEP = 4
"""Columns that one level is indented by."""
_BARS = re.compile("(?:[|│] {3}| {4})*+").match
_BRANCH = re.compile('([+├\\\\└])[-─]{3}([^<>:"/\\\\|?*\x00-\x1f]+)$').match
_CORNERS = "\\└"
_FILE_NAME = re.compile('[^<>:"/\\\\|?*│\x00-\x1f]+$').match
_ROOT = re.compile(r'((?:[A-Za-z]:|\\\\[^<>:"/|\\?*\s]+)\\[^<>:"/|?*\x00-\x1f]*)$').match
_HERE = re.compile(r"([A-Za-z]):\.$").match
_FIRST_FILE = re.compile('[|│] {3}[^<>:"/\\\\|?*│\x00-\x1f]+$').match
_ONLY_FILE = re.compile(' {4}[^\\s<>:"/\\\\|?*│\x00-\x1f][^<>:"/\\\\|?*│\x00-\x1f]*$').match
_OLD_SERIAL = re.compile(r".*[0-9A-F]{8} [0-9A-F]{4}:[0-9A-F]{4}$").match


def _recognises(head: bytes) -> bool:
    if not looks_like_text(head):
        return False
    titled = below_root = False
    for _, line, ended in lines(decode(head).text):
        bare = line.rstrip()
        if not ended or len(bare) > LINE_LIMIT:
            return False
        if below_root and (_BRANCH(bare) or _FIRST_FILE(bare) or (titled and _ONLY_FILE(bare))):
            return True
        titled = titled or bool(SERIAL(bare) or _OLD_SERIAL(bare))
        below_root = bool(_ROOT(bare) or _HERE(bare)) or (below_root and not bare)
    return False


def _read(file: CaseFile) -> FileEvidence:
    reader = _Reader(file)
    for number, line, ended in lines(decode(file.content.map()).text):
        if len(reader.rows) >= ROW_LIMIT:
            reader.stop(f"line {number}: only {ROW_LIMIT} entries are read")
            break
        reader.take(number, line.rstrip("\x1a"), ended=ended)
    return as_evidence(file, _NAME, reader.table())


def _no_moment(_date: str, _clock: str) -> datetime | None:
    return None


@dataclass(slots=True)
class _Directory:
    """A directory while it is drawn."""

    path: str
    bars: bool | None = None
    """Whether bars run past its files, which tells that subdirectories follow; None: it shows none."""
    parted: bool = False
    """Whether the line below its files has come."""
    begun: bool = False
    """Whether a subdirectory was begun."""
    last: bool = False
    """Whether its last subdirectory was begun."""

    @property
    def whole(self) -> bool:
        return self.last or (self.bars is False and self.parted)


class _Reader:
    """Reads line by line."""

    def __init__(self, file: CaseFile) -> None:
        self.rows: dict[str, Stored] = {}
        self._file = file
        self._notes = Notes()
        self._damaged = self._files = False
        self._covered: set[str] = set()
        self._open: list[_Directory] = []
        self._where: str | None = None

    def stop(self, reason: str) -> None:
        """Note that the rest is not read."""
        self._damaged = True
        self._notes.add("limit", reason)
        self._open.clear()

    def take(self, number: int, line: str, *, ended: bool) -> None:
        """Read a line."""
        if len(line) > LINE_LIMIT:
            self._lose(number, "too long")
        elif not ended:
            if line.strip():
                self._notes.add("cut", f"line {number}: not ended and may be cut off; it is left out")
        elif prompt := parse_prompt(line):
            self._end()
            self._where = prompt.directory
        elif root := _ROOT(line.rstrip()):
            self._begin(root[1])
        elif here := _HERE(line.rstrip()):
            self._begin_here(here[1], number)
        elif self._open:
            self._take_drawn(number, line.rstrip())

    def _begin(self, path: str) -> None:
        self._end()
        path = path.rstrip("\\")
        self._open = [_Directory(path + "\\" if path.endswith(":") else path)]

    def _begin_here(self, drive: str, number: int) -> None:
        self._end()
        if self._where is None or fold(self._where[0]) != fold(drive):
            raise EvidenceError(
                self._file.path,
                f"line {number}: {drive}:. does not say in which directory it began; "
                "draw it with the whole path, as in tree C:\\WINNT /f /a",
            )
        self._begin(self._where)

    def _take_drawn(self, number: int, line: str) -> None:
        bars = _BARS(line)
        depth = bars.end() // _STEP if bars else 0
        rest = line[depth * _STEP :]
        if not rest.strip(" |│"):
            self._part(number, line)
        elif (branch := _BRANCH(rest)) and self._fits(line, depth):
            self._take_directory(number, branch[2], depth, last=branch[1] in _CORNERS)
        elif _FILE_NAME(rest) and depth == len(self._open) and self._fits(line, depth - 1):
            self._take_file(number, rest, bars=line[(depth - 1) * _STEP] != " ")
        elif not depth and self._open[0].whole:
            self._end()
        else:
            self._lose(number, "not understood")

    def _part(self, number: int, line: str) -> None:
        """A line without a name: it ends the files of the directory drawn last."""
        drawn = self._open[-1]
        if drawn.bars is not None and not drawn.begun:
            drawn.parted = True
        elif line.strip():
            self._lose(number, "not understood")

    def _fits(self, line: str, depth: int) -> bool:
        """Whether a bar runs down from each directory that has more to come, and from no other."""
        return depth < len(self._open) and all(
            (line[level * _STEP] == " ") is self._open[level].last for level in range(depth)
        )

    def _take_directory(self, number: int, name: str, depth: int, *, last: bool) -> None:
        self._close(depth + 1)
        above = self._open[-1]
        if above.last or above.bars is False or (above.bars and not above.parted):
            self._lose(number, "a directory where none can hang")
            return
        above.begun, above.last = True, last
        self._keep(above.path, name, number, is_directory=True)
        self._open.append(_Directory(join(above.path, name)))

    def _take_file(self, number: int, name: str, *, bars: bool) -> None:
        drawn = self._open[-1]
        if drawn.begun or drawn.parted or drawn.bars not in {None, bars}:
            self._lose(number, "a file where none can stand")
            return
        drawn.bars = bars
        self._files = True
        self._keep(drawn.path, name, number, is_directory=False)

    def _keep(self, directory: str, name: str, number: int, *, is_directory: bool) -> None:
        row = bare_row(directory, name, number)
        self.rows[fold(join(directory, name))] = as_directory(row) if is_directory else row

    def _close(self, depth: int) -> None:
        """Leave all directories from this depth on."""
        for drawn in self._open[depth:]:
            if drawn.whole:
                self._covered.add(fold(drawn.path))
        del self._open[depth:]

    def _end(self) -> None:
        self._close(0)

    def _lose(self, number: int, reason: str) -> None:
        """Take nothing more of this drawing for whole."""
        if not self._open:
            return
        self._damaged = True
        self._notes.add("lost", f"line {number}: {reason}; the drawing is not read any further")
        self._open.clear()

    def table(self) -> Table:
        """All that was read."""
        self._end()
        if self._covered and not self._files:
            self._covered.clear()
            self._notes.add(
                "no-files", "no file is shown anywhere, as without /f: no directory is listed whole"
            )
        if self._covered:
            self._notes.add("hidden", "tree leaves out hidden and system files")
        return Table(
            Entries(self.rows, _no_moment), frozenset(self._covered), self._damaged, self._notes.texts()
        )


FORMAT = EvidenceFormat(_NAME, _recognises, _read)
