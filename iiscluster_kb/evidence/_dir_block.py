r"""One directory of a ``dir`` listing: from its header to its footer, and whether it is all there.

A block shows its directory whole only if

* a footer closes it, and the footer's first number is the count of what was listed: the files, or on
  Windows NT 4.0 every line (Q138548). So from Windows 2000 on the loss of a directory's line goes unnoticed;
* every line of it is understood;
* it lists ``.`` and ``..``, which every directory but the root of a volume has: a pattern (``dir *.dll``)
  and most attributes (``/a-d``, ``/ah``) leave them out. The root of a volume counts as whole if it lists a
  directory and no letter is in all of its names, as the letters of a pattern would be;
* it does not show short names alone where a long one exists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from iiscluster_kb.evidence._dir_lines import (
    ENTRY,
    OLD_ENTRY,
    SHORT_AND_LONG,
    SHORT_WIDTH,
    SPACED_SIZE,
    TAG_WIDTH,
    find_entry,
)
from iiscluster_kb.evidence._rows import Row
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.evidence._stamps import Calendar

__all__ = ["BLOCK_LIMIT", "Block", "Doubt"]

_Groups: TypeAlias = "tuple[str | Any, ...]"

BLOCK_LIMIT = 1 << 18
"""Entries of one directory that are kept while it is read."""
_DOTS = frozenset({".", ".."})
_VOLUME_ROOT = re.compile(r"[A-Za-z]:\\|\\\\[^\\]+\\[^\\]+").fullmatch
_SHORT = re.compile(r"([^\s.]{1,8}(?:\.\S{1,3})?) *").fullmatch
_SHORTENED = re.compile(r"[^\s.]{1,6}~[0-9]+(?:\.|$)").match
_GROUPED = re.compile("[0-9]+|[0-9]{1,3}(?:([.,'\u2019\xa0\u202f ])[0-9]{3})(?:\\1[0-9]{3})*").fullmatch
_THREE_DIGITS = re.compile(r"[0-9]{3}(?: |$)").match
_LINK_TO_FILE = "SYMLINK"
_NO_OWNER = "... "
"""What ``/q`` prints before the name where it cannot find the owner."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a block is not its whole directory."""

    reason: str
    line: int
    damaged: bool
    """Whether the text is at fault, and not the command."""


@dataclass(slots=True)
class Block:
    """What stands between the header of a directory and its footer."""

    directory: str
    line: int
    """Of the header."""
    filtered: bool
    """Whether the command or the header says that something is left out."""
    _lines: list[tuple[int, re.Match[str]]] = field(default_factory=list)
    _old: list[tuple[int, _Groups]] = field(default_factory=list)
    _not_understood: list[int] = field(default_factory=list)
    _counted: str | None = None

    def take(self, number: int, line: str) -> bool:
        """Keep the line if it is an entry and there is room."""
        if match := find_entry(line) if line[-1:] == "]" else ENTRY(line):
            self._lines.append((number, match))
        elif old := OLD_ENTRY(line):
            self._old.append((number, old.groups()))
        else:
            return False
        return len(self._lines) + len(self._old) <= BLOCK_LIMIT

    def puzzle(self, number: int) -> None:
        """Note a line that is no entry and nothing else that may stand here."""
        self._not_understood.append(number)

    def close(self, count: str) -> None:
        """Note the footer, which counts so many."""
        self._counted = count

    @property
    def empty(self) -> bool:
        """Whether nothing was listed and nothing counted."""
        return not self._lines and not self._old and self._counted is None

    def settle(self, calendar: Calendar) -> tuple[list[Row], Doubt | None]:
        """Make the entries, ``.`` and ``..`` left out, and say why they are not the whole directory."""
        rows = list(
            self._rows_beside_short_names(calendar) if self._has_short_names() else self._rows(calendar)
        )
        rows += [self._old_row(number, groups, calendar) for number, groups in self._old]
        inside = [row for row in rows if row.name not in _DOTS]
        return inside, self._doubt(rows, inside)

    def _rows(self, calendar: Calendar) -> Iterator[Row]:
        directory, note, make = self.directory, calendar.note, Row._make
        for number, match in self._lines:
            date, clock, tag, size, _, printed = match.groups()
            name = printed.rstrip()
            if not name or name[0].isdigit() or "~" in name or name[0] == ".":
                size, name = self._told(match.string, size, name)
                if not name:
                    self.puzzle(number)
                    continue
            is_directory = tag is not None and tag != _LINK_TO_FILE
            date, clock = note(date, clock)
            yield make((directory, name, size, is_directory, date, clock, None, None, number))

    def _told(self, line: str, size: str | None, name: str) -> tuple[str | None, str]:
        """Size and name of a line that can be read in more than one way; no name: it stays open."""
        if name.startswith(_NO_OWNER) or SHORT_AND_LONG(name):
            return size, ""
        if size is not None and self._may_go_on(size, name):
            size, name = self._by_column(line)
        return size, name

    @staticmethod
    def _may_go_on(size: str, name: str) -> bool:
        """Whether ``54 099 a.txt`` may be 54,099 bytes, as where spaces divide thousands."""
        return len(size) <= 3 and _THREE_DIGITS(name) is not None  # noqa: PLR2004 - a group of digits

    def _by_column(self, line: str) -> tuple[str | None, str]:
        # Names begin in one column, and the word in < > tells which.
        column = self._name_column()
        match = SPACED_SIZE(line[:column]) if column else None
        return (match[1], line[column:].rstrip()) if match else (None, "")

    def _name_column(self) -> int | None:
        for _, match in self._lines:
            if match[3] is not None and len(match[5]) >= _usual_gap(match[3]):
                return match.start(5) + _usual_gap(match[3])
        return None

    def _short_column(self) -> int | None:
        """Where a column of short names begins: as far before ``.`` and ``..``, which have none, as it is wide."""
        names = {match.start(6) for _, match in self._lines if match[6].rstrip() in _DOTS}
        if len(names) != 1:
            return None
        column = names.pop() - SHORT_WIDTH - 1
        return column if any(match.start(6) == column for _, match in self._lines) else None

    def _has_short_names(self) -> bool:
        blank = SHORT_WIDTH + 1
        if self._short_column() is not None or any(
            match.end(5) - match.start(5) > SHORT_WIDTH and len(match[5]) - _usual_gap(match[3]) == blank
            for _, match in self._lines
        ):
            return True
        return bool(self._lines) and all("~" in _divide(match[6])[0] for _, match in self._lines)

    def _rows_beside_short_names(self, calendar: Calendar) -> Iterator[Row]:
        column = self._short_column()
        for number, match in self._lines:
            date, clock, tag, size, gap, printed = match.groups()
            blanks = len(gap) - _usual_gap(tag) if column is None else match.start(6) - column
            size_told, rest = size, " " * blanks + printed
            if size is not None and self._may_go_on(size, printed):
                size_told, rest = self._by_column(match.string)
            short, name = _divide(rest)
            if not name:
                self.puzzle(number)
                continue
            is_directory = tag is not None and tag != _LINK_TO_FILE
            when = calendar.note(date, clock)
            yield Row(self.directory, name, size_told, is_directory, *when, short or None, None, number)

    def _old_row(self, number: int, groups: _Groups, calendar: Calendar) -> Row:
        base, extension, tag, size, date, clock, long = groups
        short = f"{base.rstrip()}.{extension.rstrip()}".rstrip(".") if base.strip(". ") else base.rstrip()
        name = (long or "").strip() or short
        if fold(name) == fold(short):
            return Row(
                self.directory, name, size, tag is not None, *calendar.note(date, clock), None, None, number
            )
        return Row(
            self.directory, name, size, tag is not None, *calendar.note(date, clock), short, None, number
        )

    def _doubt(self, rows: list[Row], inside: list[Row]) -> Doubt | None:
        if self._counted is None:
            return Doubt("no footer closes it", self.line, damaged=True)
        if self._not_understood:
            return Doubt("a line is not understood", self._not_understood[0], damaged=True)
        count = int("".join(filter(str.isdigit, self._counted)))
        files = sum(not row.is_directory for row in rows)
        if _GROUPED(self._counted) and count not in {files, len(rows)}:
            reason = f"its footer counts {count}, but {files} files and {len(rows)} entries are listed"
            return Doubt(reason, self.line, damaged=True)
        reason = self._left_out(inside, dots=len(rows) - len(inside))
        return Doubt(reason, self.line, damaged=False) if reason else None

    def _left_out(self, inside: list[Row], *, dots: int) -> str:
        """Why a sound block need not show all of its directory."""
        if self.filtered:
            return "the command leaves files out"
        if dots < len(_DOTS) and not self._whole_root(inside):
            return "it lists no . and .., as under a pattern"
        if self._old and any(_SHORTENED(row.name) and not row.short_name for row in inside):
            return "it shows short names alone"
        return ""

    def _whole_root(self, inside: list[Row]) -> bool:
        if not _VOLUME_ROOT(self.directory) or not any(row.is_directory for row in inside):
            return False
        return not set.intersection(*(set(fold(row.name)) - {"."} for row in inside))


def _usual_gap(tag: str | None) -> int:
    return 1 if tag is None else TAG_WIDTH - len(tag) - 2


def _divide(rest: str) -> tuple[str, str]:
    """Short and long name of a line with a column of short names; no long name: it has no such column."""
    short, space, name = (
        rest[:SHORT_WIDTH],
        rest[SHORT_WIDTH : SHORT_WIDTH + 1],
        rest[SHORT_WIDTH + 1 :].rstrip(),
    )
    if space != " " or not name or name[0] == " ":
        return "", ""
    if not short.strip():
        return "", name
    match = _SHORT(short)
    return (match[1], name) if match else ("", "")
