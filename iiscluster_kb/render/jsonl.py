"""The findings as JSON Lines for pipelines: each line one finding, flat, schema ``iiscluster-kb/finding/1``.

The lines of many cases make one file when put one after another. A line is ASCII: nothing in it, raw, ends a line or
drives a terminal. Its names are the fields of ``FindingRow`` and stay; a change that could break a reader gets a new
schema number.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from iiscluster_kb.model import Document
from iiscluster_kb.render import Renderer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.model import Report
    from iiscluster_kb.model.rows import FindingRow
    from iiscluster_kb.render import View

__all__ = ["RENDERER", "finding_schema"]

SCHEMA = "iiscluster-kb/finding/1"


def finding_schema() -> bytes:
    """The JSON Schema (draft 2020-12) that every line obeys, as shipped."""
    from importlib import resources  # noqa: PLC0415 - 10 ms that no report needs

    return resources.files("iiscluster_kb.render").joinpath("finding.schema.json").read_bytes()


def _render(report: Report, _view: View) -> Iterator[Document]:
    lines = "".join(f"{_line(row)}\n" for row in report.rows())
    yield Document("findings.jsonl", lines.encode("ascii"))


def _line(row: FindingRow) -> str:
    text = json.dumps({"schema": SCHEMA} | asdict(row), separators=(",", ":"))
    return text.replace("\x7f", "\\u007f")  # a control that JSON itself lets stand


RENDERER = Renderer("jsonl", _render)
