"""The rows of a comma-separated table, up to the first damaged one."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from iiscluster_kb.evidence._text import lines
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Callable, Iterator

__all__ = ["CsvRows"]

_TYPE_LINE = "#TYPE "
"""What Export-Csv writes before the header."""
_DELIMITERS = ",;\t"
_LINE_LIMIT = 1 << 15
"""Characters; a row that has more is no row of files."""
_LINE_COUNT_LIMIT = 5_000_000


class CsvRows:
    """A header and the rows below it.

    Args:
        text: The whole table.
        is_header: Whether these names, folded, are the header that is looked for.
    """

    def __init__(self, text: str, is_header: Callable[[list[str]], bool]) -> None:
        self.problem: str | None = None
        """Why the reading ended before the text did."""
        self.columns: dict[str, int] = {}
        """Folded name to place; empty where there is no such header."""
        self._width = 0
        self._ended = True
        self._physical = self._lines(text)
        self._first = 1
        head = next(self._physical, "")
        if head.startswith(_TYPE_LINE):
            head = next(self._physical, "")
            self._first = 2
        for self._delimiter in _DELIMITERS:
            names = [fold(name) for name in self._names(head)]
            if is_header(names):
                self.columns = {name: place for place, name in enumerate(names)}
                self._width = len(names)
                break

    def give_up(self, reason: str) -> None:
        """Read nothing more, for that reason."""
        self.problem = reason

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Line number and cells of every row up to the end, or to the first that is damaged."""
        table = self._table(self._physical)
        while self.columns and self.problem is None:
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
            if cells and len(cells) != self._width:
                self.refuse(line)
            elif cells:
                yield line, cells
        if self.columns and not self._ended and self.problem is None:
            self.give_up("the last row is not ended and may be cut off; it is left out")

    def refuse(self, line: int) -> None:
        """Read nothing from this row on: it is none of the table."""
        self.give_up(f"line {line}: no row of this table; nothing from here on is read")

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
