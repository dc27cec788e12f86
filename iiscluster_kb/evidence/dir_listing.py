r"""The format ``dir-listing``: what ``dir`` of cmd or COMMAND.COM printed, in any language.

Lines are told apart by shape (``_dir_lines``). A directory counts as covered only where the text shows it
whole: from header to footer for ``dir`` and ``dir /s`` (``_dir_block``), by the order of the lines for
``dir /s /b`` (``_walk``), and between two prompts for ``dir /b``, whose bare names say nothing of where they
are unless a prompt does. Without ``/a`` hidden and system files are not listed; the directory is covered
all the same, since what the rules look for is never hidden, and a note says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import EvidenceFormat
from iiscluster_kb.evidence._dir_block import Block
from iiscluster_kb.evidence._dir_lines import (
    BARE_PATH,
    ENTRY,
    FOOTER,
    HEADER,
    LINE_LIMIT,
    NOISE,
    SERIAL,
    has_pattern,
    parse_prompt,
)
from iiscluster_kb.evidence._rows import ROW_LIMIT, Entries, as_directory, bare_row, join
from iiscluster_kb.evidence._stamps import Calendar
from iiscluster_kb.evidence._text import TEXT_LIMIT, decode, lines, looks_like_text
from iiscluster_kb.evidence._walk import Walk
from iiscluster_kb.model import FileEvidence, State
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from iiscluster_kb.evidence._dir_lines import Command
    from iiscluster_kb.evidence._rows import Stored
    from iiscluster_kb.model import CaseFile

__all__ = ["FORMAT"]

_NAME = "dir-listing"
_LINE_COUNT_LIMIT = 5_000_000
_NOTES_OF_A_KIND = 5
_FEWEST_PATHS = 2
_FEWEST_NAMES = 3
_FILE_NAME = re.compile(r'[^\s<>:"/\\|?*][^<>:"/\\|?*\t]{0,250}').fullmatch
_OTHER_COLUMNS = re.compile(r"[-dl][-r][-w][-x].{6} +[0-9]+ |[-d][-r][-a][-h][-s] \S.*[0-9] [0-9]{2}-").match
"""What ``ls -l`` and ``filever`` print before a name."""
_EXTENSION = re.compile(r".*\.[A-Za-z0-9_]{1,4}").fullmatch
_BARE_NAMES = (
    "line 1: bare names (dir /b) do not say in which directory they are; collect with dir /s /b or dir /s"
)


def _read(file: CaseFile) -> FileEvidence:
    text = decode(file.content.map()).text
    reader = _Reader()
    reader.read(text)
    if file.content.size > TEXT_LIMIT:
        reader.stop(f"only the first {TEXT_LIMIT >> 20} MiB are read")
    if not reader.rows and not reader.recognised:
        shape = _BARE_NAMES if _only_names(text) else "line 1: no entry of a directory listing is understood"
        raise EvidenceError(file.path, shape)
    return reader.evidence(file)


def _recognises(head: bytes) -> bool:
    if not looks_like_text(head):
        return False
    text = decode(head).text
    reader = _Reader()
    reader.read(text)
    return reader.recognised or _only_names(text)


def _only_names(text: str) -> bool:
    names = [line for _, line, ended in lines(text[:LINE_LIMIT]) if ended and line]
    if any(map(_OTHER_COLUMNS, names)):
        return False
    with_extension = sum(_EXTENSION(name) is not None for name in names)
    return (
        len(names) >= _FEWEST_NAMES and all(map(_FILE_NAME, names)) and 3 * with_extension >= 2 * len(names)
    )


@dataclass(slots=True)
class _Run:
    """The output of one command."""

    command: Command | None = None
    lists_files: bool = False
    whole: dict[str, int] = field(default_factory=dict)
    """Folded directory to the count of its entries."""


class _Reader:
    """Reads a text line by line."""

    def __init__(self) -> None:
        self.rows: dict[str, Stored] = {}
        self.covered: dict[str, int] = {}
        self.damaged = False
        self._calendar = Calendar()
        self._notes: dict[str, list[str]] = {}
        self._run = _Run()
        self._block: Block | None = None
        self._walk: Walk | None = None
        self._parent = self._directory = self._prefix = ""
        self._names: list[tuple[int, str]] = []
        self._blank_before = True
        self._hides = False
        self._contradicted: set[str] = set()
        self._blocks = self._paths = self._strangers = 0
        self._typed = False

    @property
    def recognised(self) -> bool:
        """Whether what was read is the output of ``dir``."""
        if self._blocks or (self._typed and self.rows):
            return True
        return self._paths >= _FEWEST_PATHS and not self._strangers

    def read(self, text: str) -> None:
        """Read all of it."""
        for number, line, ended in lines(text):
            if number > _LINE_COUNT_LIMIT or len(self.rows) > ROW_LIMIT:
                self.stop(f"line {number}: only {_LINE_COUNT_LIMIT} lines and {ROW_LIMIT} entries are read")
                break
            block = self._block
            if not line:
                self._blank_before = True
            elif block is not None and ended and len(line) <= LINE_LIMIT and block.take(number, line):
                self._blank_before = False
            else:
                self._take(number, line, ended=ended)
        self._end_run(prompted=False)
        if not self._calendar.settle():
            self._note("dates", "the listing does not tell day from month; such dates are left out")
        if self._hides and self.covered:
            self._note(
                "hidden", "hidden and system files are listed only under /a, which the text does not show"
            )

    def stop(self, reason: str) -> None:
        """Note that the rest was not read."""
        self.damaged = True
        self._note("limit", reason)

    def evidence(self, file: CaseFile) -> FileEvidence:
        """What was found, as evidence."""
        return FileEvidence(
            file,
            _NAME,
            frozenset(self.covered) - self._contradicted,
            Entries(self.rows, self._calendar.moment),
            State.DAMAGED if self.damaged else State.CLEAN,
            tuple(note for kind in self._notes.values() for note in kind),
        )

    def _note(self, kind: str, text: str) -> None:
        notes = self._notes.setdefault(kind, [])
        if len(notes) < _NOTES_OF_A_KIND:
            notes.append(text)
        elif len(notes) == _NOTES_OF_A_KIND:
            notes.append("… and more of the kind")

    def _take(self, number: int, line: str, *, ended: bool) -> None:
        """A line that is no entry of an open block."""
        blank_before, self._blank_before = self._blank_before, not line.strip(" \t\x1a")
        if self._blank_before:
            return
        line = line.rstrip(" \t\x1a")
        if len(line) > LINE_LIMIT:
            self._puzzle(number)
        elif self._block is not None and (footer := FOOTER(line)):
            self._block.close(footer[1])
            self._settle_block()
        elif not ended:
            self._note("cut", f"line {number}: the last line is not ended and may be cut off; it is left out")
        elif BARE_PATH(line) and self._block is None:
            self._take_path(number, line)
        elif prompt := parse_prompt(line):
            self._end_run(prompted=True)
            self._run = _Run(prompt)
            self._typed = self._typed or prompt.is_dir
        elif SERIAL(line):
            command = self._run.command
            self._end_run(prompted=False)
            self._run = _Run(command)
        elif (header := HEADER(line)) and (self._block is None or self._block.empty or blank_before):
            self._settle_block()
            self._open_block(header[1], number)
        elif self._lists_names:
            self._names.append((number, line))
        else:
            self._puzzle(number, line)

    @property
    def _lists_names(self) -> bool:
        command = self._run.command
        return command is not None and command.is_dir and command.bare and not command.recurse

    def _puzzle(self, number: int, line: str = "") -> None:
        if self._block is not None:
            if not NOISE(line):
                self._block.puzzle(number)
            return
        self._strangers += 1
        if ENTRY(line):
            self._note("orphan", f"line {number}: an entry before any directory is left out")

    def _open_block(self, path: str, number: int) -> None:
        filtered = has_pattern(path) or bool(self._run.command and self._run.command.leaves_out)
        directory = path.rpartition("\\")[0] if "*" in path or "?" in path else path
        self._block = Block(_directory(directory), number, filtered)

    def _settle_block(self) -> None:
        block, self._block = self._block, None
        if block is None:
            return
        if block.empty:
            self._note("empty", f"line {block.line}: nothing is listed in {block.directory}")
            return
        rows, doubt = block.settle(self._calendar)
        self._blocks += 1
        keys = self._keys(block.directory, [row.name for row in rows])
        if doubt:
            self.damaged = self.damaged or doubt.damaged
            reason = f"line {doubt.line}: {block.directory} is not listed whole: {doubt.reason}"
            self._note("damaged" if doubt.damaged else "part", reason)
        else:
            self._cover(fold(block.directory), keys)
        self._run.lists_files = self._run.lists_files or any(not row.is_directory for row in rows)
        self.rows.update(zip(keys, map(tuple, rows), strict=True))

    @staticmethod
    def _keys(directory: str, names: list[str]) -> list[str]:
        prefix = fold(directory).rstrip("\\") + "\\"
        # One call for the whole directory; no name holds a line end.
        return [prefix + name for name in fold("\n".join(names)).split("\n")] if names else []

    def _cover(self, directory: str, keys: list[str]) -> None:
        before = self.covered.get(directory, self._run.whole.get(directory))
        if before is not None and (before != len(keys) or any(key not in self.rows for key in keys)):
            self._contradicted.add(directory)
            self._note("twice", f"{directory} is listed twice, and not alike: it covers nothing")
        self._run.whole[directory] = len(keys)

    def _take_path(self, number: int, line: str) -> None:
        parent, _, name = line.rstrip().rpartition("\\")
        if not name or "\\\\" in parent[1:]:
            self._puzzle(number)
            return
        self._paths += 1
        walk = self._walk
        if walk is None or parent != self._parent:
            walk = self._enter(parent)
        key = self._prefix + fold(name)
        walk.add(key)
        self.rows[key] = bare_row(self._directory, name, number)

    def _enter(self, parent: str) -> Walk:
        """Go on in another directory, of the same walk or of a new one."""
        directory, folded, before = _directory(parent), fold(_directory(parent)), fold(self._directory)
        walk = self._walk
        if walk is None or not walk.reaches(folded):
            self._end_walk(ended=False)
            walk = self._walk = Walk(folded, vouched=self._vouches_for(folded))
            walk.enter(folded)
        elif folded != before:
            walk.enter(folded)
        self._parent, self._directory, self._prefix = parent, directory, folded.rstrip("\\") + "\\"
        return walk

    def _vouches_for(self, directory: str) -> bool:
        command = self._run.command
        if command is None or command.leaves_out or command.several:
            return False
        return fold(_listed_by(command)) == directory

    def _end_walk(self, *, ended: bool) -> None:
        walk, self._walk = self._walk, None
        if walk is None:
            return
        directories, reason = walk.covered(ended=ended)
        if reason:
            self._note("walk", f"no directory below {self._directory} is listed whole: {reason}")
        self._run.lists_files = True
        self._run.whole.update(dict.fromkeys(directories, 0))
        for directory in walk.blocks:
            if row := self.rows.get(directory):
                self.rows[directory] = as_directory(row)

    def _end_names(self, *, ended: bool) -> None:
        names, self._names = self._names, []
        command = self._run.command
        if not names or command is None:
            return
        directory = _listed_by(command)
        alone = len(names) == 1 and fold(names[0][1].rstrip()) == fold(directory.rpartition("\\")[2])
        if has_pattern(directory) or alone:
            directory = _directory(directory.rpartition("\\")[0])
        legal = [(number, name) for number, name in names if _FILE_NAME(name)]
        keys = self._keys(directory, [name for _, name in legal])
        # Without a name that looks like a file's the lines may be an error message.
        vouched = ended and not alone and not command.leaves_out and not command.several
        if vouched and len(legal) == len(names) and _names_files([name for _, name in legal]):
            self._cover(fold(directory), keys)
            self._run.lists_files = True
        for key, (number, name) in zip(keys, legal, strict=True):
            self.rows[key] = bare_row(directory, name, number)

    def _end_run(self, *, prompted: bool) -> None:
        self._settle_block()
        self._end_walk(ended=prompted)
        self._end_names(ended=prompted)
        run, command = self._run, self._run.command
        if run.lists_files or (command is not None and command.is_dir and not command.leaves_out):
            self.covered.update(run.whole)
            self._hides = self._hides or bool(run.whole and not (command and command.all_files))
        elif run.whole:
            self._note("no-files", "no file is listed anywhere, as under /ad: no directory is listed whole")
        self._run = _Run()


def _directory(path: str) -> str:
    """Without a backslash at its end, but for the root of a drive, which has one."""
    path = path.rstrip("\\")
    return path + "\\" if path.endswith(":") else path


def _listed_by(command: Command) -> str:
    """The directory, file or pattern that a command lists."""
    if command.target is None:
        return _directory(command.directory)
    if command.target[1:2] == ":" or command.target.startswith("\\\\"):
        return _directory(command.target)
    if command.target.startswith("\\"):
        return _directory(command.directory[:2] + command.target)
    return _directory(join(_directory(command.directory), command.target))


def _names_files(names: list[str]) -> bool:
    return any(map(_EXTENSION, names)) and not any(name.endswith(".") for name in names)


FORMAT = EvidenceFormat(_NAME, _recognises, _read)
