"""The report as one HTML file that needs nothing else: no network, no script to be read. It prints well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.model import Document
from iiscluster_kb.render import Renderer
from iiscluster_kb.render._html.page import page_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.model import Report
    from iiscluster_kb.render import View

__all__ = ["RENDERER"]


def _render(report: Report, _view: View) -> Iterator[Document]:
    yield Document("report.html", page_bytes(report))


RENDERER = Renderer("html", _render)
