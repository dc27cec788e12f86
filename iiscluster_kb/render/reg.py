"""The patches as .reg files: for each machine the patch, and its undo beside it.

The bytes are those that the proof laid over the evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.model import Document
from iiscluster_kb.remedy.naming import name_patches
from iiscluster_kb.remedy.patch_text import format_patch
from iiscluster_kb.render import Renderer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.model import Report
    from iiscluster_kb.render import View

__all__ = ["RENDERER"]


def _render(report: Report, _view: View) -> Iterator[Document]:
    for named in name_patches(report.remedy.patches):
        yield Document(named.file, format_patch(named.patch))
        yield Document(named.undo_file, format_patch(named.patch.undo()), printed=False)


RENDERER = Renderer("reg", _render)
