from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from iiscluster_kb.model import MachineProfile, Role, Source, StatedSubject, Unknown, Verdict
from iiscluster_kb.render import View, render
from iiscluster_kb.render._escape import printable
from tests.support.reports import (
    MISSING_DLL,
    NO_EXTENSION,
    REMOTE,
    UNREGISTERED,
    case_file,
    empty_report,
    finding,
    full_report,
    infested,
)

if TYPE_CHECKING:
    from iiscluster_kb.model import Finding, Report

GOLDEN = Path(__file__).with_name("golden")
HOSTILE = [
    "\x1b[31m",
    "<script>",
    "[bold]x[/bold]",
    "\nConfirmed",
    "\u202eevil",
    "\x9b2J",
    ":smile:",
    "集群" * 20,
]


def told(report: Report, width: int = 80, *, color: bool = False) -> str:
    (document,) = render(report, "text", View(width, color))
    assert document.name == "report.txt"
    return document.content.decode("utf-8")


def with_findings(*findings: Finding) -> Report:
    return replace(empty_report(), findings=findings)


@pytest.mark.parametrize("width", [80, 40])
def test_the_whole_report_reads_as_it_should(width: int) -> None:
    assert told(full_report(), width) == (GOLDEN / f"report-{width}.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        ((), "No fault found: nothing could be examined."),
        ((finding(),), "No fault found: 1 ruled out."),
        (
            (finding(), finding(verdict=Verdict.NOT_APPLICABLE)),
            "No fault found: 1 ruled out, 1 not applicable.",
        ),
        ((finding(), finding(verdict=Verdict.CONFIRMED)), "Fault found: 1 CONFIRMED."),
        ((finding(verdict=Verdict.LIKELY),), "Fault likely: 1 LIKELY."),
        (
            (finding(), finding(verdict=Verdict.UNDETERMINED)),
            "Nothing found, but not all could be told: 1 UNDETERMINED.",
        ),
        ((finding(), finding(verdict=Verdict.UNDETERMINED, weighs=False)), "No fault found: 1 ruled out."),
    ],
)
def test_the_first_line_is_the_verdict(findings: tuple[Finding, ...], line: str) -> None:
    assert told(with_findings(*findings)).splitlines()[0] == line


@pytest.mark.parametrize("width", [24, 40, 80, 132])
@pytest.mark.parametrize("text", ["", *HOSTILE])
def test_no_line_is_wider_than_the_terminal(width: int, text: str) -> None:
    for line in told(infested(full_report(), text), width).splitlines():
        assert cell_len(line) <= width
        assert line == line.rstrip()


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_the_evidence_reaches_the_terminal_as_a_command(text: str) -> None:
    page = told(infested(full_report(), text), 200)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", page)
    assert f"Case webclus.zip{printable(text)}, cluster WEBCLUS{printable(text)}" in page.replace("\n", "")
    assert "\nConfirmed" not in page


def test_without_colour_there_is_no_escape_sequence() -> None:
    assert "\x1b" not in told(full_report())


def test_colour_adds_colour_and_nothing_else() -> None:
    page = told(infested(full_report(), "\x1b[2J"), color=True)
    assert "\x1b[1;31mX CONFIRMED" in page
    bare = re.sub(r"\x1b\[[0-9;]*m", "", page)
    assert "\x1b" not in bare
    assert re.sub(" +(?=\n)", "", bare) == told(infested(full_report(), "\x1b[2J"))


def test_what_we_add_is_ascii() -> None:
    assert told(full_report()).isascii()


def test_the_surroundings_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    before = told(full_report())
    monkeypatch.setenv("COLUMNS", "33")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert told(full_report()) == before


def test_many_machines_make_a_list_instead_of_a_table() -> None:
    names = [f"NODE{number}" for number in range(1, 9)]
    page = told(with_findings(*(finding(machine=name) for name in names)))
    assert "Q224553/admin-extensions-missing\n  + ruled out       NODE1\n  + ruled out       NODE2\n" in page


def test_columns_stand_in_the_order_of_machines() -> None:
    machines = tuple(MachineProfile(name, Role.NODE, None, None, None, None, None) for name in ("B", "A"))
    report = with_findings(finding(REMOTE, None), finding(machine="A"), finding(machine="B"))
    page = told(replace(report, machines=machines))
    assert re.search(r"^Q224553 +B +A +the cluster$", page, re.MULTILINE)


def test_each_article_has_its_table() -> None:
    other = replace(NO_EXTENSION, id="Q174641/cluadmex-bad")
    page = told(with_findings(finding(), finding(other)))
    assert re.search(r"^Q224553 +NODE1$", page, re.MULTILINE)
    assert re.search(r"^Q174641 +NODE1\n-+\ncluadmex-bad +\+ ruled out$", page, re.MULTILINE)


def test_findings_stand_by_weight() -> None:
    page = told(
        with_findings(
            finding(MISSING_DLL, verdict=Verdict.UNDETERMINED),
            finding(UNREGISTERED, verdict=Verdict.LIKELY),
            finding(NO_EXTENSION, verdict=Verdict.CONFIRMED),
        )
    )
    full = re.findall(r"^[X!?] \w+  (\S+)", page, re.MULTILINE)
    assert full == [NO_EXTENSION.id, UNREGISTERED.id, MISSING_DLL.id]


def test_one_reason_for_several_causes_is_told_once() -> None:
    why = "The machine has no Cluster service."
    page = told(
        with_findings(
            *(
                finding(cause, verdict=Verdict.NOT_APPLICABLE, explanation=why)
                for cause in (MISSING_DLL, UNREGISTERED)
            )
        ),
        200,
    )
    assert page.count(why) == 1
    assert f"- Q224553/dll-missing on NODE1, Q224553/clsid-unregistered on NODE1: {why}" in page


def test_a_key_that_is_spelled_otherwise_than_the_subject_is_shown() -> None:
    source = Source(case_file("a"), key="no root at all")
    subject = full_report().findings[2].facts[0].subject
    facts = (
        Unknown(subject, "why", source),
        Unknown(subject, "why", replace(source, key=r"HKLM\Cluster")),
        Unknown(StatedSubject("NODE1", "it"), "why", source),
    )
    page = told(with_findings(finding(verdict=Verdict.UNDETERMINED, facts=facts)), 200)
    assert page.count("key no root at all") == 2
    assert page.count(r"key HKLM\Cluster") == 1


def test_what_to_collect_is_told_once() -> None:
    line = "a listing of NODE1"
    undetermined = finding(verdict=Verdict.UNDETERMINED, collect=(line,))
    page = told(with_findings(undetermined, replace(undetermined, cause=MISSING_DLL)))
    assert page.count(line) == 1


def test_a_line_of_a_text_file_is_named() -> None:
    facts = (Unknown(StatedSubject("NODE1", "it"), "why", Source(case_file("dir.txt"), line=17)),)
    assert ", line 17\n" in told(with_findings(finding(verdict=Verdict.CONFIRMED, facts=facts)))
