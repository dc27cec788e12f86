"""Tells a comparison in one of its forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.comparison._json import comparison_json
from iiscluster_kb.comparison._markdown import comparison_markdown
from iiscluster_kb.comparison._text import comparison_text
from iiscluster_kb.model import Document
from iiscluster_kb.render import View
from iiscluster_kb.render.json import encode

if TYPE_CHECKING:
    from iiscluster_kb.comparison._nouns import Comparison

__all__ = ["render_comparison"]


def render_comparison(comparison: Comparison, output: str, view: View | None = None) -> Document:
    """Tell the comparison.

    Args:
        comparison: What ``verify`` or ``compare`` gave.
        output: ``text``, ``json`` or ``markdown``.
        view: Columns and colour of the text.

    Raises:
        ValueError: There is no such output.
    """
    match output:
        case "text":
            return Document("verification.txt", comparison_text(comparison, view or View()).encode())
        case "json":
            return Document("verification.json", encode(comparison_json(comparison)))
        case "markdown":
            return Document("verification.md", comparison_markdown(comparison).encode())
        case _:
            raise ValueError(f"no output {output!r}; there are json, markdown, text")
