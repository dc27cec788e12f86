"""The report of a store in words, as JSON and as a page with a table to search."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from dataclasses import asdict
from importlib import resources
from typing import TYPE_CHECKING

from iiscluster_kb.render._escape import printable
from iiscluster_kb.render._page import Page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iiscluster_kb.render import View
    from iiscluster_kb.triage._summary import Summary

__all__ = ["SCHEMA", "summary_html", "summary_json", "summary_text"]

SCHEMA = "iiscluster-kb/triage/1"
_SHOWN = 200
"""Cases that the text lists; the page and the JSON go further."""
_PLURAL = {"case": "cases", "value": "values"}


def summary_json(summary: Summary) -> bytes:
    """Everything, as ASCII JSON."""
    return json.dumps({"schema": SCHEMA, **asdict(summary)}, indent=2).encode("ascii") + b"\n"


def summary_text(summary: Summary, view: View) -> str:
    """For people, on a terminal."""
    page = Page(view)
    page.put(
        f"{_count(summary.cases, 'case')}, {summary.faulty_count} with a fault, "
        f"{summary.trouble_count} without an answer",
        style="bold",
    )
    if summary.duplicates:
        page.put(f"{_count(summary.duplicates, 'case')} repeat another byte for byte")
    if summary.left_out:
        page.put(f"{summary.left_out} places without a case in the last run (table left_out)")
    _totals(page, "Outcomes", ("outcome", "cases"), summary.outcomes)
    _totals(page, "Gravest verdicts", ("verdict", "cases"), summary.verdicts)
    _totals(page, "Causes", ("cause", "verdict", "cases"), summary.articles)
    _totals(page, "By month of the newest file", ("month", "cases", "faulty"), summary.months)
    if summary.faulty:
        page.head("Cases with a fault")
    for case in summary.faulty[:_SHOWN]:
        page.put(
            f"{case.name} ({case.cluster or 'no cluster name'}, {case.verdict}): {'; '.join(case.causes)}",
            lead="  ",
        )
        page.put(case.source if case.kit is None else f"{case.source}, kit {case.kit}", lead="    ")
    _rest(page, min(_SHOWN, len(summary.faulty)), summary.faulty_count)
    if summary.troubles:
        page.head("Cases without an answer")
    for trouble in summary.troubles[:_SHOWN]:
        page.put(f"{trouble.source}: {trouble.outcome}: {trouble.reason}", lead="  ")
    _rest(page, min(_SHOWN, len(summary.troubles)), summary.trouble_count)
    _totals(
        page,
        "Why files could not be used",
        ("files", "reason"),
        [(many, why) for why, many in summary.reasons],
    )
    return page.text()


def _totals(page: Page, title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    if not rows:
        return
    page.head(title)
    if not page.table(heads, [[(str(cell), "") for cell in row] for row in rows]):
        for row in rows:
            page.put(", ".join(f"{head} {cell}" for head, cell in zip(heads, row, strict=True)), lead="  ")


def _rest(page: Page, shown: int, count: int) -> None:
    if shown < count:
        page.put(f"... and {count - shown} more", lead="  ")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else _PLURAL[noun]}"


def summary_html(summary: Summary, title: str, links: Mapping[str, str]) -> bytes:
    """A page that needs nothing else; it lets nothing run but its own script.

    Args:
        summary: What to tell.
        title: Heading.
        links: Where a case's own report lies, below the page, by the case's key.
    """
    from jinja2 import DictLoader, Environment, StrictUndefined  # noqa: PLC0415 - only this output needs it
    from markupsafe import Markup  # noqa: PLC0415 - comes with jinja2

    def shown(value: object) -> object:
        return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    style, script = _packaged("style.css"), _packaged("script.js")
    environment = Environment(
        loader=DictLoader({"report": _packaged("report.html.j2")}),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    page = environment.get_template("report").render(
        title=title,
        summary=summary,
        troubles=[(one.name, one.source, one.outcome, one.reason) for one in summary.troubles],
        links=links,
        count=_count,
        style=Markup(style),  # noqa: S704 - a file of the package
        script=Markup(script),  # noqa: S704 - the same
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'",
    )
    return page.encode("utf-8")


def _packaged(name: str) -> str:
    return resources.files("iiscluster_kb.triage").joinpath("_page", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}"
