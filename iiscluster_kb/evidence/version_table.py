r"""The format ``version-table``: files with their versions, as ``sigcheck`` or ``filever`` print them.

``sigcheck -c`` (commas) and ``-ct`` (tabs) of Sysinternals write a header and a row for each file: path and
file version are read; the date in it is that of the signature or of the linker, not of the file, and the machine
type only ``32-bit`` or ``64-bit``, which names no processor: x86 and Alpha are alike in it. ``filever``
of the Resource Kit (Q913111) prints attributes, kind, language, version, size, date and name, one file a
line; where the line names no directory, a prompt above it or a path in it must.

Both are given patterns and list no directories, so no directory is covered: they show what is there.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import EvidenceFormat
from iiscluster_kb.evidence._child_items import tidy_version
from iiscluster_kb.evidence._dir_lines import BARE_PATH
from iiscluster_kb.evidence._rows import ROW_LIMIT, Entries, Row, Table, bare_row, join
from iiscluster_kb.evidence._stamps import Calendar
from iiscluster_kb.evidence._table import Notes, as_evidence
from iiscluster_kb.evidence._text import decode, lines, looks_like_text
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.evidence._rows import Stored
    from iiscluster_kb.model import CaseFile, FileEvidence

__all__ = ["FORMAT"]

_NAME = "version-table"
_LINE_LIMIT = 1 << 14
_BANNER_LINES = 12
"""Lines that ``sigcheck`` may print above its header."""
_HEADER = frozenset({"PATH", "VERIFIED"})
_VERSIONS = ("FILE VERSION", "BINARY VERSION", "VERSION")
"""Columns with the version, the best first."""
_FILEVER = re.compile(
    r"[-d][-r][-a][-h][-s] ([^\s<>:\"/\\|?*][^<>:\"/\\|?*]{2,60}?) ([0-9][0-9,.'\xa0]{0,20}) "
    r"([0-9]{2})-([0-9]{2})-([0-9]{4}) ([^\s<>\"/|?*][^<>\"/|?*\x00-\x1f]*)$"
).match
"""Kind, language and version; size; month, day and year; name."""
_ARCHITECTURES = {"W32i": "x86"}
"""By the first word of filever's kind; no printed example was found of other processors."""
_NUMBER = re.compile(r"(?<![0-9.])[0-9]{1,5}(?:\.[0-9]{1,5}){3}(?![0-9.])").search
_COMMAND = re.compile(r"\"?(?:[^\"\s]*\\)?filever(?:\.exe)?\"?(?=\s|$)(.*)$", re.IGNORECASE).match
_PROMPT = re.compile(r'([A-Za-z]:\\[^<>|*?"]*)>\s*(.*)$').match
_OPERAND = re.compile(r'"([^"]*)"|([^\s"]+)')
_NO_DIRECTORY = (
    "the names that filever prints do not say where the files are; keep the line with the prompt and the "
    "command, such as C:\\>filever C:\\WINNT\\system32\\inetsrv\\*.dll"
)


def _recognises(head: bytes) -> bool:
    if not looks_like_text(head):
        return False
    text = decode(head).text
    return _find_header(text) is not None or _is_filever(text)


def _is_filever(text: str) -> bool:
    for _, line, ended in lines(text):
        if not line.strip() or line[0] in " \t":
            continue
        if not ended or len(line) > _LINE_LIMIT:
            return False
        if _FILEVER(line.rstrip()):
            return True
        if not (BARE_PATH(line.rstrip()) or _PROMPT(line)):
            return False
    return False


def _read(file: CaseFile) -> FileEvidence:
    text = decode(file.content.map()).text
    reader = _Reader()
    if header := _find_header(text):
        reader.read_sigcheck(text, *header)
    else:
        reader.read_filever(text)
    table = reader.table()
    if not table.entries and reader.lost is not None:
        raise EvidenceError(file.path, f"line {reader.lost}: {_NO_DIRECTORY}")
    return as_evidence(file, _NAME, table)


def _find_header(text: str) -> tuple[int, str, dict[str, int]] | None:
    """Line number, delimiter and columns of the header of ``sigcheck``; None: there is none."""
    for number, line, ended in lines(text):
        if number > _BANNER_LINES or not ended or len(line) > _LINE_LIMIT:
            return None
        for delimiter in ",\t":
            names = [fold(name) for name in _cells(line, delimiter)]
            if _HEADER.issubset(names):
                return number, delimiter, {name: place for place, name in enumerate(names)}
    return None


def _cells(line: str, delimiter: str) -> list[str]:
    # Row by row: sigcheck does not double the quotes inside a cell, so one may seem never to end.
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


class _Reader:
    """Collects the files of either program."""

    def __init__(self) -> None:
        self.lost: int | None = None
        """Line of the first file of which nothing tells where it is."""
        self._rows: dict[str, Stored] = {}
        self._architectures: dict[str, str] = {}
        self._notes = Notes()
        self._calendar = Calendar()
        self._damaged = False

    def table(self) -> Table:
        """All that was read."""
        self._calendar.settle()
        if self.lost is not None:
            self._notes.add("lost", f"line {self.lost}: {_NO_DIRECTORY}")
        entries = Entries(self._rows, self._calendar.moment, self._architectures)
        return Table(entries, frozenset(), self._damaged, self._notes.texts())

    def _whole_lines(self, text: str) -> Iterator[tuple[int, str]]:
        for number, line, ended in lines(text):
            if len(self._rows) >= ROW_LIMIT:
                self._damaged = True
                self._notes.add("limit", f"line {number}: only {ROW_LIMIT} files are read")
                return
            if ended and len(line) <= _LINE_LIMIT:
                yield number, line.rstrip()
            elif line.strip():
                self._damaged = True
                self._notes.add("cut", f"line {number}: too long, or not ended and cut off; it is left out")

    def _keep(self, row: Row, kind: str = "") -> None:
        path = fold(join(row.directory, row.name))
        self._rows[path] = tuple(row)
        if kind in _ARCHITECTURES:
            self._architectures[path] = _ARCHITECTURES[kind]

    def read_sigcheck(self, text: str, header: int, delimiter: str, columns: dict[str, int]) -> None:
        """Read every row that begins with a path."""
        versions = [columns[name] for name in _VERSIONS if name in columns]
        for number, line in self._whole_lines(text):
            if number <= header or not line:
                continue
            cells = _cells(line, delimiter)
            path = cells[columns["PATH"]] if len(cells) == len(columns) else ""
            if not BARE_PATH(path) or path.endswith("\\"):
                self._damaged = True
                self._notes.add("strange", f"line {number}: no row of this table; it is left out")
                continue
            directory, _, name = path.rpartition("\\")
            version = next(filter(None, (tidy_version(cells[place]) for place in versions)), None)
            row = Row._make(bare_row(_rooted(directory), name, number))
            self._keep(row._replace(version=version))

    def read_filever(self, text: str) -> None:
        """Read every line about a file, and the prompts and paths that tell where it is."""
        directory: str | None = None
        named: str | None = None
        for number, line in self._whole_lines(text):
            if match := _FILEVER(line):
                self._take_file(number, match, directory, named)
            elif prompt := _PROMPT(line):
                directory, named = _listed(prompt[1], prompt[2])
            elif BARE_PATH(line):
                directory, named = _rooted(line.rstrip("\\")), None

    def _take_file(self, number: int, match: re.Match[str], directory: str | None, named: str | None) -> None:
        kind, size, month, day, year, name = match.groups()
        if named is not None and directory is not None and fold(named) != fold(name):
            directory, named = join(directory, named), None
        path = name if BARE_PATH(name) else join(directory, name) if directory else ""
        if not BARE_PATH(path):
            self.lost = self.lost or number
            return
        version = _NUMBER(kind)
        when = self._calendar.note(f"{year}-{month}-{day}", "00:00")
        parent, _, last = path.rpartition("\\")
        row = Row._make(bare_row(_rooted(parent), last, number))
        told = version[0] if version else None
        self._keep(row._replace(size=size, date=when[0], clock=when[1], version=told), kind.split()[0])


def _listed(directory: str, typed: str) -> tuple[str | None, str | None]:
    """Where the files lie that a command names, and the last part of its operand where that is no pattern."""
    command = _COMMAND(typed)
    if not command:
        return None, None
    operands = [quoted or plain for quoted, plain in _OPERAND.findall(command[1])]
    operands = [word for word in operands if word[:1] not in {"", "/", "-"}]
    if not operands:
        return _rooted(directory.rstrip("\\")), None
    if len(operands) > 1:
        return None, None
    path = operands[0]
    if path.startswith("\\") and not path.startswith("\\\\"):
        path = directory[:2] + path
    elif path[1:2] != ":" and not path.startswith("\\"):
        path = join(directory, path)
    parent, _, last = path.rstrip("\\").rpartition("\\")
    if not parent:
        return None, None
    return _rooted(parent), None if "*" in last or "?" in last else last


def _rooted(directory: str) -> str:
    return directory + "\\" if directory.endswith(":") else directory


FORMAT = EvidenceFormat(_NAME, _recognises, _read)
