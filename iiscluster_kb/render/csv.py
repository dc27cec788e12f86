"""The findings as CSV (RFC 4180), one row each, for spreadsheets: UTF-8 with the byte order mark that Excel wants.

Its columns are the fields of ``FindingRow``. What a spreadsheet would take for a formula is preceded by an
apostrophe, and invisible characters are written as escapes: the JSON Lines keep the exact text.
"""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, fields
from typing import TYPE_CHECKING

from iiscluster_kb.model import Document
from iiscluster_kb.model.rows import FindingRow
from iiscluster_kb.render import Renderer
from iiscluster_kb.render._escape import cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.model import Report
    from iiscluster_kb.render import View

__all__ = ["RENDERER"]

_BETWEEN = "; "


def _render(report: Report, _view: View) -> Iterator[Document]:
    page = io.StringIO()
    writer = csv.writer(page, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(field.name for field in fields(FindingRow))
    writer.writerows(map(_cell, astuple(row)) for row in report.rows())
    yield Document("findings.csv", page.getvalue().encode("utf-8-sig"))


def _cell(value: str | bool | tuple[str, ...] | None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case tuple():
            return cell(_BETWEEN.join(value))
        case _:
            return cell(str(value))


RENDERER = Renderer("csv", _render)
