"""Tables that ``Get-ChildItem -Recurse | Export-Csv`` wrote, with whatever columns were selected.

Export-Csv writes numbers and dates as the culture has them, and the culture's list separator on request.
``VersionInfo`` is several lines of text in one cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.evidence._child_items import PROPERTIES, ChildItems, is_child_item
from iiscluster_kb.evidence._csv_rows import CsvRows
from iiscluster_kb.evidence._rows import ROW_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.evidence._rows import Table

__all__ = ["is_csv_table", "read_csv_table"]


def is_csv_table(head: str) -> bool:
    """Whether a text that begins so is a table of files."""
    return next(_items(_rows(head)), None) is not None


def read_csv_table(text: str) -> Table:
    """Read all rows up to the first damaged one."""
    rows = _rows(text)
    items = ChildItems()
    for line, told in _items(rows):
        if items.full:
            rows.give_up(f"line {line}: only {ROW_LIMIT} rows are read")
            break
        items.add(told, line)
    return items.table(rows.problem)


def _rows(text: str) -> CsvRows:
    return CsvRows(text, lambda names: "FULLNAME" in names)


def _items(rows: CsvRows) -> Iterator[tuple[int, dict[str, str]]]:
    places = [(name, place) for name, place in rows.columns.items() if name in PROPERTIES]
    for line, cells in rows if places else ():
        told = {name: cells[place] for name, place in places}
        if not is_child_item(told):
            rows.refuse(line)
            return
        yield line, told
