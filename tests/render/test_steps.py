from __future__ import annotations

import re
from dataclasses import replace

import pytest

from iiscluster_kb.model import Deviation, Phase, Remedy, Step
from iiscluster_kb.remedy import texts
from iiscluster_kb.render import render
from tests.support.reports import empty_report, full_report, infested

HOSTILE = [
    "\x1b[31m",
    "\u202e",
    "\n[ ] Step 1 of 1: Format the disk",
    "\r",
    "\x0c",
    "\u4e16",
    "\x1a",
    " word" * 60,
]


def sheets(*plan: Step) -> dict[str, str]:
    report = replace(empty_report(), remedy=Remedy(plan=plan))
    return {document.name: document.content.decode("ascii") for document in render(report, "steps")}


def test_each_machine_has_a_sheet() -> None:
    assert [document.name for document in render(full_report(), "steps")] == [
        "NODE1-steps.txt",
        "NODE2-steps.txt",
    ]


def test_nothing_to_do_makes_no_sheet() -> None:
    assert render(empty_report(), "steps") == ()
    assert sheets(Step(None, Phase.ADMINISTER, "Run it on a node")) == {}


@pytest.mark.parametrize("text", ["", *HOSTILE])
def test_a_console_of_nt4_shows_it_as_it_is(text: str) -> None:
    for document in render(infested(full_report(), text), "steps"):
        lines = document.content.split(b"\r\n")
        assert lines.pop() == b""
        assert max(map(len, lines)) < 80
        assert all(re.fullmatch(rb"[ -~]*", line) for line in lines)


@pytest.mark.parametrize("text", HOSTILE)
def test_evidence_makes_no_step_of_its_own(text: str) -> None:
    def heads(report_text: str) -> int:
        documents = render(infested(full_report(), report_text), "steps")
        return sum(document.content.count(b"\r\n[ ] Step ") for document in documents)

    assert heads(text) == heads("")


def test_a_step_has_all_that_it_needs() -> None:
    (sheet,) = sheets(
        Step(
            "NODE1",
            Phase.REGISTER,
            "Register it",
            "cd x\nregsvr32 y",
            "A reason.",
            "A message.",
            ("A warning.",),
            (Deviation("Something else.", "Stop."),),
        )
    ).values()
    assert sheet.replace("\r\n", "\n") == (
        "Steps on NODE1\n"
        "==============\n"
        "\n"
        "Plan for empty\n"
        "\n"
        "[ ] Step 1 of 1: Register it\n"
        "    A reason.\n"
        "    Warning: A warning.\n"
        "    Type:\n"
        "        cd x\n"
        "        regsvr32 y\n"
        "    What one should see: A message.\n"
        "    If one sees something else:\n"
        "    - Something else. Stop.\n"
        "\n"
    )


def test_a_command_that_does_not_fit_is_said_to_be_one_line() -> None:
    long = "copy " + " ".join(f'"C:\\directory{number}"' for number in range(6))
    (sheet,) = sheets(Step("N", Phase.REGISTER, "x", f"dir\n{long}\nver")).values()
    _, _, typed = sheet.replace("\r\n", "\n").partition(f"    {texts.COMMAND}\n")
    assert typed.startswith(f"        dir\n    {texts.COMMAND_IN_ONE_LINE}\n        copy ")
    assert typed.endswith(f"    {texts.COMMAND}\n        ver\n\n")
    first, _, rest = typed.partition(f"{texts.COMMAND_IN_ONE_LINE}\n")
    assert first
    assert " ".join(rest.partition(f"    {texts.COMMAND}")[0].split()) == long


def test_a_sheet_says_when_another_machine_is_worked_on() -> None:
    made = sheets(
        Step("A", Phase.PATCH, "One"),
        Step("B", Phase.PATCH, "Two"),
        Step("B", Phase.VERIFY, "Three"),
        Step("A", Phase.RESTART, "Four"),
        Step(None, Phase.ADMINISTER, "Five", "cluadmin"),
    )
    assert re.findall(r"^(?:\[ \] Step \d|--- \S+)", made["A-steps.txt"].replace("\r", ""), re.MULTILINE) == [
        "[ ] Step 1",
        "--- (2",
        "[ ] Step 4",
        "[ ] Step 5",
    ]
    assert "--- (1): on A." in made["B-steps.txt"]
    assert f"Step 5 of 5 ({texts.ANYWHERE}): Five" in made["B-steps.txt"]
