from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.model import Deviation, Phase, Remedy, Step
from iiscluster_kb.remedy import texts
from iiscluster_kb.render import render
from iiscluster_kb.render._markup import Markup, element, many
from tests.support.reports import empty_report, finding, full_report, infested

if TYPE_CHECKING:
    from iiscluster_kb.model import Report

HOSTILE = [
    "<script>alert(1)</script>",
    "</pre></body>",
    '" onmouseover="alert(1)',
    "'",
    "&lt;",
    "]]>",
    "<!--",
    "\x1b[31m",
    "\u202e",
    "\x00",
    "\ud800",
    "\n",
]
VOID = {"meta", "input"}


class Reader(HTMLParser):
    """Reads strictly: every element is closed in its order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def read(report: Report) -> Reader:
    (document,) = render(report, "html")
    assert document.name == "report.html"
    page = document.content.decode("utf-8")
    assert page.startswith("<!DOCTYPE html>\n<html lang=")
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("report", [empty_report(), full_report()])
def test_it_is_well_formed_and_needs_nothing_else(report: Report) -> None:
    reader = read(report)
    assert {"script", "link", "img", "iframe", "form", "a"}.isdisjoint(reader.elements)
    names = [name for name, _ in reader.attributes]
    assert {"src", "href", "style", "srcdoc"}.isdisjoint(names)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in reader.attributes
    ids = [value for name, value in reader.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert [value for name, value in reader.attributes if name == "for"] == ids


def shape(report: Report) -> tuple[list[str], list[str]]:
    reader = read(report)
    return reader.elements, [name for name, _ in reader.attributes]


@pytest.mark.parametrize("text", HOSTILE)
def test_evidence_does_not_change_the_shape_of_the_page(text: str) -> None:
    assert shape(infested(with_readable_patches(), text)) == shape(with_readable_patches())


@pytest.mark.parametrize("text", HOSTILE)
def test_evidence_shows_as_text(text: str) -> None:
    content = read(infested(with_readable_patches(), text)).text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", content)
    if text.isprintable():
        assert f"NODE1{text}" in content


def with_readable_patches() -> Report:
    """A hostile key or value name has no .reg form; such a patch is never made, so none is in the page."""
    report = full_report()
    return replace(report, remedy=replace(report.remedy, patches=()))


def test_what_the_report_knows_is_on_the_page() -> None:
    report = full_report()
    text = read(report).text
    for one in report.findings:
        assert one.cause.id in text
        assert one.explanation in text
    for step in report.remedy.plan:
        assert step.title in text
        for line in (step.command or "").splitlines():
            assert line in text
    for artifact in report.artifacts:
        assert artifact.sha256 in text
    for skipped in report.skipped:
        assert f"{skipped.path}: {skipped.reason}" in text
    assert "NODE1-undo.reg" in text
    assert "REGEDIT4" in text
    assert "Windows Registry Editor Version 5.00" in text
    assert "Import with Regedit.exe, not Regedt32.exe." in text


def test_a_step_can_be_ticked_off() -> None:
    step = Step("N", Phase.PATCH, "Do", otherwise=(Deviation("Not so.", "Stop."),))
    reader = read(replace(empty_report(), remedy=Remedy(plan=(step, Step(None, Phase.NOTE, "Think")))))
    assert reader.attributes.count(("type", "checkbox")) == 2
    assert f"{texts.OTHERWISE}Not so. Stop." in reader.text
    assert "N: change the registry" in reader.text
    assert "Note" in reader.text


def test_nothing_to_do_is_said() -> None:
    assert texts.NOTHING_TO_DO in read(empty_report()).text


def test_a_finding_without_facts_is_in_the_table_alone() -> None:
    reader = read(replace(empty_report(), findings=(finding(),)))
    assert reader.elements.count("table") == 1


def test_text_is_escaped_and_markup_is_not() -> None:
    assert element("p", "<", Markup("<b>"), class_='"') == '<p class="&quot;">&lt;<b></p>'
    assert element("input", aria_label="&") == '<input aria-label="&amp;">'
    assert many(["\x1b", "&"]) == "\\x1b&amp;"
