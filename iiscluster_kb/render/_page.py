"""A page of text of a given width, with or without colour. The one door of rich.

Whatever is put on it is made printable here, and markup is never read, so that no evidence can drive the
terminal. Only ASCII is added, so that any console shows it.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from iiscluster_kb.render._escape import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iiscluster_kb.render import View

__all__ = ["Cell", "Page"]

Cell = tuple[str, str]
"""Text of a table's cell, and its style."""

_NARROWEST = 24
"""A sentence can still be read in so many columns; less is not tried."""
_TRAILING = re.compile(r" +(?=\n)")
_RULE = "    \n    \n -- \n    \n    \n    \n    \n    \n"
"""A table with nothing but a rule of hyphens below its head, in the notation of ``rich.box.Box``."""


class Page:
    """Collects lines, then gives them back as text.

    Args:
        view: Columns, and whether to colour.
    """

    def __init__(self, view: View) -> None:
        from rich.console import Console  # noqa: PLC0415 - 40 ms that only outputs for people need

        self._width = max(view.width, _NARROWEST)
        self._written = io.StringIO()
        self._console = Console(
            file=self._written,
            width=self._width,
            height=100,
            force_terminal=view.color,
            color_system="standard" if view.color else None,
            force_jupyter=False,
            legacy_windows=False,
            markup=False,
            emoji=False,
            highlight=False,
            # A page depends on its view alone; COLUMNS, TERM and FORCE_COLOR are the command line's matter.
            _environ={},
        )

    def put(self, text: str, *, lead: str = "", style: str = "") -> None:
        """Add one paragraph, folded at the width.

        Args:
            text: Becomes printable, so it is one paragraph whatever it holds.
            lead: Stands before the first line; further lines hang below its end. Never from the evidence.
            style: Rich style of the lead, or of the text where there is no lead.
        """
        from rich.text import Text  # noqa: PLC0415 - see __init__

        body = Text(printable(text), "" if lead else style)
        margin = Text(lead, style)
        for line in body.wrap(self._console, self._width - len(lead), overflow="fold"):
            self._console.print(Text.assemble(margin, line))
            margin = Text(" " * len(lead))

    def head(self, text: str) -> None:
        """Add a heading with an empty line above it."""
        self.put("")
        self.put(text, style="bold")

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bool:
        """Add a table, unless it is wider than the page; returns whether it was added."""
        from rich.box import Box  # noqa: PLC0415 - see __init__
        from rich.cells import cell_len  # noqa: PLC0415 - see __init__
        from rich.table import Table  # noqa: PLC0415 - see __init__
        from rich.text import Text  # noqa: PLC0415 - see __init__

        shown = [[Text(printable(text), style) for text, style in row] for row in rows]
        titles = [Text(printable(head)) for head in heads]
        columns: Iterable[tuple[Text, ...]] = zip(titles, *shown, strict=True)
        widths = [max(cell_len(cell.plain) for cell in column) for column in columns]
        if sum(widths) + 2 * (len(widths) - 1) > self._width:
            return False
        # One column of padding and the box's own divider make two spaces between columns.
        table = Table(box=Box(_RULE, ascii=True), show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
        for title in titles:
            table.add_column(title, no_wrap=True)
        for row in shown:
            table.add_row(*row)
        self._console.print(table)
        return True

    def text(self) -> str:
        """Everything that was added; no line ends with a space."""
        return _TRAILING.sub("", self._written.getvalue())
