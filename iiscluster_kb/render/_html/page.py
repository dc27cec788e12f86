"""Puts the sections through the templates into one file. The one door of jinja2.

Whatever evidence wrote is escaped by being text, and what is invisible in it is made visible, in one place: every
expression of a template passes through ``_shown``.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

import iiscluster_kb
from iiscluster_kb.remedy import texts
from iiscluster_kb.render._escape import printable
from iiscluster_kb.render._html._bytes import Allowance
from iiscluster_kb.render._html.comparison import compare
from iiscluster_kb.render._html.extensions import CHAIN_WORDS, list_extensions
from iiscluster_kb.render._html.findings import tell_findings
from iiscluster_kb.render._html.inventory import take_inventory
from iiscluster_kb.render._html.matrix import draw_matrix
from iiscluster_kb.render._html.media import show_media
from iiscluster_kb.render._html.picture import draw_picture
from iiscluster_kb.render._html.plan import prepare_work
from iiscluster_kb.render._html.summary import summarise_page
from iiscluster_kb.render._html.timeline import draw_timeline
from iiscluster_kb.render._words import VERDICT_WORDS, count_of, headline, machine_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2 import Template

    from iiscluster_kb.model import Report
    from iiscluster_kb.render._html.comparison import Comparison
    from iiscluster_kb.render._html.extensions import Extensions
    from iiscluster_kb.render._html.findings import Findings
    from iiscluster_kb.render._html.inventory import Inventory
    from iiscluster_kb.render._html.matrix import Matrix
    from iiscluster_kb.render._html.media import AtHand
    from iiscluster_kb.render._html.picture import Picture
    from iiscluster_kb.render._html.plan import Work
    from iiscluster_kb.render._html.summary import Summary
    from iiscluster_kb.render._html.timeline import Timeline

__all__ = ["PageView", "page_bytes", "view_of"]

_LONGEST_TEXT = 1_200
_TEMPLATES = (
    "report.html.j2",
    "parts.html.j2",
    "picture.html.j2",
    "found.html.j2",
    "work.html.j2",
    "beside.html.j2",
    "evidence.html.j2",
)


@dataclass(frozen=True, slots=True)
class PageView:
    """Everything that is on the page, in its order."""

    title: str
    summary: Summary
    picture: Picture | None
    matrix: Matrix
    findings: Findings
    work: Work
    timeline: Timeline | None
    extensions: Extensions | None
    comparison: Comparison | None
    media: AtHand | None
    inventory: Inventory

    @property
    def sections(self) -> tuple[tuple[str, str], ...]:
        """Id and title of each section that there is."""
        findings, work = self.findings, self.work
        sections = (
            ("picture", "Where it breaks" if self._is_broken else "The chain", self.picture),
            ("causes", "Causes by machine", self.matrix),
            ("found", "What was found", findings.in_full),
            ("collect", "What to collect", findings.collect),
            ("plan", "What to do", work.groups or not findings.collect),
            ("patches", texts.WHAT_PATCHES_CHANGE, work.patches),
            ("proof", texts.WHAT_WAS_PROVED, work.proof),
            ("known", "Worth knowing", findings.known),
            ("timeline", "When it was written", self.timeline),
            ("extensions", "Extensions of Cluster Administrator", self.extensions),
            ("comparison", "The nodes side by side", self.comparison),
            ("media", "On the media", self.media),
            ("settled", "Ruled out, not judged", findings.ruled_out or findings.not_judged),
            ("evidence", "Evidence", self.inventory),
        )
        return tuple((name, title) for name, title, there in sections if there)

    @property
    def _is_broken(self) -> bool:
        return self.picture is not None and any(
            box.beyond for lane in self.picture.lanes for box in lane.boxes
        )


def view_of(report: Report) -> PageView:
    """Prepare every section."""
    allowance = Allowance()
    return PageView(
        title=f"{report.cluster or report.case}: {headline(report.findings)}",
        summary=summarise_page(report),
        picture=draw_picture(report),
        matrix=draw_matrix(report),
        findings=tell_findings(report, allowance),
        work=prepare_work(report.remedy),
        timeline=draw_timeline(report),
        extensions=list_extensions(report),
        comparison=compare(report),
        media=show_media(report),
        inventory=take_inventory(report),
    )


def page_bytes(report: Report) -> bytes:
    """The page in UTF-8. The same report gives the same bytes.

    Raises:
        RemedyError: A patch's dialect cannot carry one of its values.
    """
    return _template().render(view=view_of(report)).encode("utf-8")


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import DictLoader, Environment, StrictUndefined  # noqa: PLC0415 - 60 ms that no other output needs
    from markupsafe import Markup, escape  # noqa: PLC0415 - comes with jinja2

    def _shown(value: object) -> object:
        return (
            printable(_bounded(value)) if isinstance(value, str) and not isinstance(value, Markup) else value
        )

    def _lines(lines: Iterable[str]) -> Markup:
        return Markup("\n").join(map(printable, lines))

    environment = Environment(
        loader=DictLoader({name: _packaged(name) for name in _TEMPLATES}),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style, script = _packaged("style.css"), _packaged("script.js")
    environment.filters |= {"lines": _lines, "whole": escape}
    environment.globals |= {
        "style": Markup(style),  # noqa: S704 - a file of the package
        "script": Markup(script),  # noqa: S704 - the same
        "policy": (
            f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
            "base-uri 'none'; form-action 'none'"
        ),
        "texts": texts,
        "words": VERDICT_WORDS,
        "chain_words": CHAIN_WORDS,
        "version": iiscluster_kb.__version__,
        "count_of": count_of,
        "machine_words": machine_words,
    }
    return environment.get_template("report.html.j2")


def _bounded(text: str) -> str:
    """A text that no page becomes unreadable of; values of the registry are bounded where they are told."""
    if len(text) <= _LONGEST_TEXT:
        return text
    half = _LONGEST_TEXT // 2
    return f"{text[:half]} ... ({len(text):,} characters) ... {text[-half:]}"


def _packaged(name: str) -> str:
    return resources.files("iiscluster_kb.render._html").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{b64encode(digest).decode('ascii')}"
