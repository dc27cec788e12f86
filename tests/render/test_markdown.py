from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from iiscluster_kb.model import Answer as Reply
from iiscluster_kb.model import Opinion, Phase, Present, Remedy, Source, StatedSubject, Step, Verdict
from iiscluster_kb.render import render
from tests.render.hostile import HOSTILE, hostile_report, scenario_reports
from tests.render.html_reports import everything_report
from tests.support.reports import OTHER_CLSID, case_file, empty_report, finding, full_report, infested

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

    from iiscluster_kb import Report

GOLDEN = Path(__file__).with_name("golden") / "report.md"
READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
LINKED_BY_GITHUB = re.compile(
    r"@\w|(?<!\w)#\d|GH-\d|\w+/\w+#\d|://|www\.|:[a-z_]+:|(?<!\w)[0-9a-f]{7,40}(?!\w)"
)
"""What GitHub makes a link or a picture of, in text and not in code, however it was escaped."""


def told(report: Report) -> str:
    (document,) = render(report, "markdown")
    assert document.name == "report.md"
    return document.content.decode("utf-8")


def tokens(page: str) -> Iterator[Token]:
    for block in READER.parse(page):
        yield block
        yield from block.children or ()


def shape(page: str) -> list[str]:
    """What a Markdown reader makes of it, without text and without code within lines."""
    silent = {"text", "code_inline", "inline"}
    return [f"{token.type} {token.tag}" for token in tokens(page) if token.type not in silent]


def test_the_whole_report_reads_as_it_should() -> None:
    assert told(full_report()) == GOLDEN.read_text("utf-8")


def test_a_report_of_nothing() -> None:
    assert told(empty_report()) == "# empty: No fault found: nothing could be examined.\n\n- Case `empty`\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_evidence_does_not_change_the_shape_of_the_page(text: str) -> None:
    attacked = shape(told(hostile_report(text)))
    assert attacked == shape(told(full_report()))
    assert not any(kind.startswith("html") for kind in attacked)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_link_leads_where_evidence_wants(text: str) -> None:
    links = [
        token.attrs.get("href") for token in tokens(told(hostile_report(text))) if token.type == "link_open"
    ]
    assert links == ["https://jeffpar.github.io/kbarchive/kb/224/Q224553/"]
    assert not [token for token in tokens(told(hostile_report(text))) if token.type == "image"]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_is_left_that_readers_make_links_of(text: str) -> None:
    for token in tokens(told(hostile_report(text))):
        if token.type == "text":
            assert not LINKED_BY_GITHUB.search(token.content), token.content


@pytest.mark.parametrize("text", HOSTILE)
def test_evidence_makes_no_control_character(text: str) -> None:
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e]", told(hostile_report(text)))


def test_every_scenario_has_its_verdicts_its_plan_and_its_patches() -> None:
    for report in scenario_reports():
        page = told(report)
        assert not any(kind.startswith("html") for kind in shape(page))
        fences = [token.content for token in tokens(page) if token.type == "fence"]
        assert sum("iiscluster-kb patch" in fence for fence in fences) == 2 * len(report.remedy.patches)
        assert page.count("- [ ] **") == len(report.remedy.plan)
        assert len(page) < 65_536  # characters that a ticket on GitHub takes


def test_articles_that_find_nothing_take_one_line() -> None:
    found = (finding(), finding(machine="NODE2", verdict=Verdict.NOT_APPLICABLE))
    page = told(replace(full_report(), findings=found))
    assert "## Causes" not in page
    assert "### Ruled out" not in page
    assert "No fault found: 1 ruled out, 1 not applicable." in page


def test_what_does_not_weigh_is_worth_knowing_and_no_fault() -> None:
    noted = finding(machine="NODE3", verdict=Verdict.LIKELY, weighs=False, explanation="Noted.")
    page = told(replace(full_report(), findings=(noted, *full_report().findings)))
    assert "## Worth knowing\n\n- `Q224553/admin-extensions-missing` on NODE3: Noted.\n" in page
    assert "| **CONFIRMED** | **UNDETERMINED** | worth knowing |" in page
    assert "### LIKELY: `Q224553/admin-extensions-missing`" not in page
    many = told(replace(full_report(), findings=(noted,) * 20))
    assert many.count("Noted.") == 12
    assert "- and 8 more, in the other formats" in many


def test_articles_that_nobody_asked_for_are_drawn_together() -> None:
    page = told(everything_report())
    assert (
        "## Other articles\n\n- undetermined: Q170771\n- ruled out: extension-audit\n- not applicable: Q272350\n"
        in page
    )
    assert "- `Q247763/old-resource-dll` on NODE1: It is older than that build." in page
    assert "Summary of" not in page


def test_extensions_that_are_not_whole_are_told() -> None:
    page = told(everything_report())
    assert "## Extensions of Cluster Administrator\n\n1 of 3 chains from object to file whole.\n" in page
    first, second = (line for line in page.splitlines() if OTHER_CLSID in line and line.startswith("| NODE"))
    assert first == (
        f"| NODE2 | `{OTHER_CLSID}` Vendor | Groups\\0, Groups\\1, Groups\\2, Groups\\3 and 2 more | `C:\\x.dll` "
        "| CONFIRMED: there is no C:\\x.dll |"
    )
    assert second == f"| NODE1 | `{OTHER_CLSID}` | the cluster | none named | UNDETERMINED: no hive tells |"
    whole = told(replace(empty_report(), extensions=everything_report().extensions[:1]))
    assert "1 of 1 chain from object to file whole." in whole
    assert "| Extension |" not in whole
    many = told(replace(empty_report(), extensions=everything_report().extensions[1:2] * 20))
    assert "And 8 more, in the other formats." in many


def test_where_the_nodes_differ_is_told() -> None:
    page = told(everything_report())
    assert (
        "## Where the nodes differ (1 thing alike)\n\n| What | NODE1 | NODE2 | NODE3 |\n| --- | --- | --- | --- |\n"
        "| files: Clusiis4.dll | 5 bytes | 6 bytes | not known |\n"
        "| services: ClusSvc | manual | absent | not known |\n" in page
    )
    alike = replace(empty_report(), comparison=everything_report().comparison[:1])
    assert "Where the nodes differ" not in told(alike)


@pytest.mark.parametrize("text", HOSTILE)
def test_evidence_beside_the_findings_does_not_change_the_shape(text: str) -> None:
    def beside(added: str) -> str:
        report = everything_report()
        parts = {name: infested(getattr(report, name), added) for name in ("extensions", "comparison")}
        return told(replace(empty_report(), **parts))

    assert shape(beside(text)) == shape(beside("x"))
    for token in tokens(beside(text)):
        if token.type == "text":
            assert not LINKED_BY_GITHUB.search(token.content), token.content


def test_notes_and_second_opinions_stand_beside_the_fact() -> None:
    opinions = (
        Opinion("python-registry", Reply.AGREES),
        Opinion("regipy", Reply.DISAGREES, "read less", explained=True),
        Opinion("third", Reply.NOT_ASKED),
    )
    fact = Present(StatedSubject("NODE1", "it"), "so", Source(case_file("x")), ("Old.",), opinions)
    found = finding(verdict=Verdict.CONFIRMED, facts=(fact,))
    page = told(replace(empty_report(), findings=(found,)))
    assert (
        "| `it` | so. Note: Old.. python-registry agrees. "
        "regipy disagrees (read less), a known defect of that reader | `x` |" in page
    )


def test_a_step_says_what_one_should_see() -> None:
    plan = (Step("NODE1", Phase.PATCH, "Do", expect="So."), Step(None, Phase.NOTE, "Think"))
    page = told(replace(empty_report(), remedy=Remedy(plan=plan)))
    assert "- [ ] **1.** NODE1: Do\n\n  *What one should see:* So.\n" in page
    assert "- [ ] **2.** Think" in page
    assert "Warning" not in page


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render(full_report(), "markdown") == render(full_report(), "markdown")
