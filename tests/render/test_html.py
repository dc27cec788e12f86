"""The page as a whole: one file that needs nothing else, in which evidence is text."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.model import Deviation, Media, Phase, Remedy, Step
from iiscluster_kb.remedy import texts
from iiscluster_kb.render import render
from tests.render.html_reports import MEDIA, everything_report
from tests.support.reports import empty_report, finding, full_report, infested

if TYPE_CHECKING:
    from iiscluster_kb.model import Report

HOSTILE = [
    "<script>alert(1)</script>",
    "</pre></body></style>",
    '" onmouseover="alert(1)',
    "'",
    "&lt;",
    "]]>",
    "<!--",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "\x1b[31m",
    "\u202e",
    "\x00",
    "\ud800",
    "\n",
    "\u05e9\u05dc\u05d5\u05dd",
]
VOID = {"meta", "input", "br"}
TONES = ("red", "amber", "blue", "green", "violet", "grey")


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
        if self.open and self.open[-1] not in {"style", "script"}:
            self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def values(self, name: str) -> list[str]:
        return [value for known, value in self.attributes if known == name and value is not None]


def read(report: Report) -> Reader:
    (document,) = render(report, "html")
    assert document.name == "report.html"
    page = document.content.decode("utf-8")
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def packaged(name: str) -> str:
    return resources.files("iiscluster_kb.render._html").joinpath(name).read_text(encoding="utf-8")


def without_patches(report: Report) -> Report:
    """A hostile key or value name has no .reg form; such a patch is never made, so none is in the page."""
    return replace(report, remedy=replace(report.remedy, patches=()))


# --- one file ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("report", [empty_report(), full_report(), everything_report()])
def test_it_is_well_formed_and_needs_nothing_else(report: Report) -> None:
    reader = read(report)
    assert {"link", "img", "iframe", "form", "object", "base"}.isdisjoint(reader.elements)
    names = {name for name, _ in reader.attributes}
    assert {"src", "style", "srcdoc"}.isdisjoint(names)
    assert not {name for name in names if name.startswith("on")}
    assert {link.partition(":")[0] for link in reader.values("href") if link[:1] != "#"} <= {"https", "data"}


def test_the_policy_lets_nothing_in_but_its_own_style_and_script() -> None:
    policy = next(value for value in read(full_report()).values("content") if "default-src" in value)
    style, script = (
        b64encode(hashlib.sha256(packaged(name).encode()).digest()).decode()
        for name in ("style.css", "script.js")
    )
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; "
        "base-uri 'none'; form-action 'none'"
    )


@pytest.mark.parametrize("report", [empty_report(), full_report(), everything_report()])
def test_ids_are_unique_and_everything_that_names_one_finds_it(report: Report) -> None:
    reader = read(report)
    ids = reader.values("id")
    assert len(ids) == len(set(ids))
    named = [link[1:] for link in reader.values("href") if link.startswith("#")]
    named += [*reader.values("aria-labelledby"), *reader.values("for")]
    assert set(named) <= set(ids)


@pytest.mark.parametrize("report", [empty_report(), full_report(), everything_report()])
def test_headings_are_in_order(report: Report) -> None:
    levels = [int(tag[1]) for tag in read(report).elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(deeper <= level + 1 for level, deeper in pairwise(levels))


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render(full_report(), "html") == render(full_report(), "html")


def test_patches_lie_in_the_page_byte_for_byte() -> None:
    report = full_report()
    reader = read(report)
    links = [link for link in reader.values("href") if link.startswith("data:")]
    assert [b64decode(link.partition(",")[2]) for link in links] == [
        document.content for document in render(report, "reg")
    ]
    assert reader.values("download") == [document.name for document in render(report, "reg")]


# --- evidence is text -------------------------------------------------------------------------------


def shape(report: Report) -> tuple[list[str], list[str]]:
    reader = read(report)
    return reader.elements, [name for name, _ in reader.attributes]


@pytest.mark.parametrize("text", HOSTILE)
def test_evidence_does_not_change_the_shape_of_the_page(text: str) -> None:
    harmless = infested(without_patches(everything_report()), "x" * len(text))
    assert shape(infested(without_patches(everything_report()), text)) == shape(harmless)


@pytest.mark.parametrize("text", HOSTILE)
def test_evidence_shows_as_text(text: str) -> None:
    content = read(infested(without_patches(everything_report()), text)).text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", content)
    if text.isprintable():
        assert f"NODE1{text}" in content


def test_names_keep_their_direction_to_themselves() -> None:
    (document,) = render(replace(empty_report(), cluster="\u05e9\u05dc\u05d5\u05dd"), "html")
    assert "<bdi>Cluster \u05e9\u05dc\u05d5\u05dd</bdi>" in document.content.decode()


def test_a_long_text_is_cut_in_the_middle() -> None:
    text = read(replace(empty_report(), cluster="a" * 5_000 + "z")).text
    assert "(5,009 characters)" in text
    assert len(text) < 10_000


# --- what the report knows --------------------------------------------------------------------------


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
    for told in (
        "NODE1-undo.reg",
        "REGEDIT4",
        "Windows Registry Editor Version 5.00",
        "Import with Regedit.exe, not Regedt32.exe.",
        "python-registry agrees; regipy disagrees",
        "a known defect of that reader",
        "offset 4,128 (0x1020)",
        "1999-05-04T10:11:12Z",
        "7b 00 34 00 45 00 43 00",
    ):
        assert told in text, told


def test_what_is_beside_the_findings_is_on_the_page() -> None:
    text = " ".join(read(everything_report()).text.split())
    for told in (
        "worth knowing",
        "It is older than that build.",
        "4 other articles, without a fault found",
        "Told under Worth knowing.",
        "Q170771 Title of Q170771: Summary of Q170771.",
        "1 of 3 chains broken, 1 whole, 1 not told.",
        "BROKEN",
        "there is no C:\\x.dll",
        "and 2 more",
        "owner not known",
        "none named",
        "1 whole chain",
        "2 differ, 1 alike, 1 known of fewer than two nodes.",
        "Clusiis4.dll differs 5 bytes 6 bytes not known",
        "Mfc42u.dll too little known",
        "Build: Option Pack",
        "Of no use: it is empty",
        "broken.cab: cut off",
    ):
        assert told in text, told
    assert "Summary of Q247763" not in text  # it calls a fault what is none


def test_what_is_all_in_order_is_said_in_a_line() -> None:
    report = everything_report()
    told = read(replace(report, extensions=report.extensions[:1], comparison=report.comparison[:1])).text
    text = " ".join(told.split())
    assert "the only chain is whole." in text
    assert "nothing differs, 1 alike." in text
    both = replace(report, extensions=report.extensions[:1] * 2, media=Media((), ()))
    assert "all 2 chains are whole." in " ".join(read(both).text.split())


def test_what_is_too_much_is_in_the_json() -> None:
    report = everything_report()
    known = tuple(replace(report.findings[-2], machine=f"N{number}") for number in range(20))
    many = replace(
        report,
        findings=known,
        extensions=report.extensions * 250,
        comparison=report.comparison * 250,
        media=Media(MEDIA.files * 150, ()),
    )
    text = " ".join(read(many).text.split())
    assert "350 chains more are in report.json." in text
    assert "600 rows more are in report.json." in text
    assert "100 files more are in report.json." in text
    assert "8 more" in text


def test_a_step_can_be_ticked_off() -> None:
    step = Step("N", Phase.PATCH, "Do", otherwise=(Deviation("Not so.", "Stop."),))
    reader = read(replace(empty_report(), remedy=Remedy(plan=(step, Step(None, Phase.NOTE, "Think")))))
    assert reader.attributes.count(("type", "checkbox")) == 2
    assert texts.OTHERWISE in reader.text
    assert "Not so. Stop." in reader.text
    assert texts.PHASES[Phase.PATCH] in reader.text
    assert "The cluster" in reader.text


def test_nothing_to_do_is_said_unless_evidence_is_asked_for() -> None:
    assert texts.NOTHING_TO_DO in read(empty_report()).text
    report = full_report()
    assert texts.NOTHING_TO_DO not in read(replace(report, remedy=Remedy())).text


def test_an_address_that_is_no_web_page_is_no_link() -> None:
    report = full_report()
    article = replace(report.articles[0].article, url="javascript:alert(1)")
    reader = read(replace(report, articles=(replace(report.articles[0], article=article),)))
    assert not any(link.startswith("javascript") for link in reader.values("href"))


def test_many_causes_ruled_out_are_folded_together() -> None:
    findings = tuple(finding(machine=f"NODE{number}") for number in range(20))
    assert "20 causes ruled out" in read(replace(empty_report(), findings=findings)).text


# --- colours ----------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4) for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.1, "contrast ratio"."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_colour_of_text_is_legible_on_every_ground_it_meets(scheme: int) -> None:
    block = re.findall(r":root \{(.*?)\}", packaged("style.css"), re.DOTALL)[scheme]
    colour = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", block))
    grounds = [colour[name] for name in ("ground", "paper", "raised")]
    softs = [colour[f"{tone}-soft"] for tone in TONES]
    for name in ("text", "soft", "link"):
        assert min(contrast(colour[name], ground) for ground in (*grounds, colour["amber-soft"])) >= 4.5, name
    for tone, own in zip(TONES, softs, strict=True):
        assert min(contrast(colour[tone], ground) for ground in (*grounds, own)) >= 4.5, tone
        assert contrast(colour["text"], own) >= 4.5
        assert contrast(colour[tone], colour["ink"]) >= 3, tone  # WCAG 1.4.11: what shapes are known by
    assert contrast(colour["text"], colour["code"]) >= 4.5
