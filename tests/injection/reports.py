"""The reports of the hostile cases, each made once."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from iiscluster_kb import examine, render
from iiscluster_kb.render import View
from tests.injection.catalogue import CATALOGUE, texts
from tests.injection.hostile import hostile_case

if TYPE_CHECKING:
    from iiscluster_kb import Report
    from tests.injection.catalogue import Threat

__all__ = ["documents", "harmless_report", "page", "report_of"]


@cache
def report_of(threat: Threat | None = None) -> Report:
    """Of the case in which every text of the threat, or of all threats, stands in every place."""
    return _examined(texts(threat))


@cache
def harmless_report() -> Report:
    """Of the same case with a text that attacks nobody."""
    return _examined("harmless")


def _examined(text: str) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        return examine(hostile_case(Path(folder), text), symptom="finish-button", second_opinion=False)


@cache
def documents(output: str, threat: Threat | None = None) -> dict[str, bytes]:
    """What an output makes of the report."""
    view = View(200, color=True)
    return {one.name: one.content for one in render(report_of(threat), output, view)}


def page(output: str, threat: Threat | None = None) -> str:
    """The one document of an output."""
    (content,) = documents(output, threat).values()
    return content.decode("utf-8-sig")


EACH = (*CATALOGUE, None)
"""Every threat alone, and all together."""
