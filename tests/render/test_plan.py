from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from iiscluster_kb.model import Deviation, Phase, Remedy, Step, Verdict
from iiscluster_kb.render import render
from tests.support.reports import empty_report, finding, full_report, infested

if TYPE_CHECKING:
    from iiscluster_kb.model import Report

GOLDEN = Path(__file__).with_name("golden")
READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
HOSTILE = [
    "<script>alert(1)</script>",
    "\n# Heading",
    "\n```\n",
    "`` ` ``",
    "[click](http://example.org)",
    " | cell | ",
    "\x1b[31m",
    "\u202e",
    "**",
    "&amp;",
    "\\",
    "$x$",
]
LINKS = [
    " @octocat",
    " someone@example.org",
    " #1 GH-1 octocat/repo#1",
    " https://example.org/ www.example.org",
    " :smile:",
    " 0123456789abcdef0123456789abcdef01234567",
]
LINKED_BY_GITHUB = re.compile(
    r"@\w|(?<!\w)#\d|GH-\d|\w+/\w+#\d|://|www\.|:[a-z_]+:|(?<!\w)[0-9a-f]{7,40}(?!\w)"
)
"""What GitHub makes a link or a picture of, in text and not in code, however it was escaped."""


def told(report: Report) -> str:
    (document,) = render(report, "plan")
    assert document.name == "plan.md"
    return document.content.decode("utf-8")


def shape(page: str) -> list[str]:
    """What a Markdown reader makes of it, without text and without code within lines."""
    return [
        f"{token.type} {token.tag}"
        for block in READER.parse(page)
        for token in (block, *(block.children or ()))
        if token.type not in {"text", "code_inline"}
    ]


def test_the_whole_plan_reads_as_it_should() -> None:
    assert told(full_report()) == (GOLDEN / "plan.md").read_text("utf-8")


@pytest.mark.parametrize("text", HOSTILE)
def test_evidence_does_not_change_the_shape_of_the_page(text: str) -> None:
    assert shape(told(infested(full_report(), text))) == shape(told(full_report()))


@pytest.mark.parametrize("text", [*LINKS, *HOSTILE])
def test_nothing_is_left_that_readers_make_links_of(text: str) -> None:
    for page in (told(infested(full_report(), text)), surprising(text)):
        for block in READER.parse(page):
            for token in block.children or ():
                assert token.type not in {"link_open", "image"}
                if token.type == "text":
                    assert not LINKED_BY_GITHUB.search(token.content), token.content


def test_what_is_worth_knowing_is_no_open_item() -> None:
    known = finding(verdict=Verdict.LIKELY, weighs=False, explanation="Noted.")
    page = told(replace(empty_report(), findings=(known,)))
    assert "Noted." not in page
    assert "There is nothing to do." in page


@pytest.mark.parametrize("text", HOSTILE)
def test_evidence_makes_no_control_character(text: str) -> None:
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", told(infested(full_report(), text)))


def test_nothing_to_do_is_said() -> None:
    page = told(empty_report())
    assert (
        page == "# Plan for empty\n\nNo fault found: nothing could be examined.\n\nThere is nothing to do.\n"
    )


def test_every_phase_has_a_heading() -> None:
    steps = tuple(Step("NODE1", phase, f"Do {phase}") for phase in Phase)
    page = told(replace(empty_report(), remedy=Remedy(plan=steps)))
    assert len(re.findall("^## NODE1: ", page, re.MULTILINE)) == len(Phase)
    assert len(re.findall(r"^- \[ \] \*\*Step \d+\.\*\*", page, re.MULTILINE)) == len(Phase)


def test_a_change_without_a_patch_is_told_as_made_by_hand() -> None:
    changes = full_report().findings[2].changes
    by_hand = finding(verdict=Verdict.CONFIRMED, changes=changes)
    page = told(replace(empty_report(), findings=(by_hand,)))
    assert "`Q224553/admin-extensions-missing` on NODE1 (CONFIRMED): " in page
    assert "it is made by hand, as the steps say" in page


def test_a_proof_without_a_machine_names_none() -> None:
    (proof,) = full_report().remedy.proof
    page = told(replace(empty_report(), remedy=Remedy(proof=(replace(proof, machine=None),))))
    assert "- `Q224553/admin-extensions-missing`: CONFIRMED before, ruled out after." in page


def surprising(text: str) -> str:
    other = (Deviation("Not so." + text, "Stop." + text), Deviation("Nothing.", "Wait."))
    plan = (Step("NODE1", Phase.PATCH, "Do", expect="So.", otherwise=other), Step(None, Phase.NOTE, "Think"))
    return told(replace(empty_report(), remedy=Remedy(plan=plan)))


def test_what_one_may_see_instead_is_a_list_within_the_step() -> None:
    assert (
        "  *If one sees something else:*\n\n  - *Not so.* Stop.\n  - *Nothing.* Wait.\n\n## Note"
        in surprising("")
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_evidence_does_not_change_the_shape_of_what_one_may_see(text: str) -> None:
    assert shape(surprising(text)) == shape(surprising(""))
