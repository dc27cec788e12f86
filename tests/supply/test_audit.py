"""What is made of pip-audit's answer: known, unknown and nobody there are three things."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.supply.audit import Answer, judge

SOUND = {"name": "rich", "version": "15.0.0", "vulns": []}
FAULTY = {"name": "jinja2", "version": "3.1.2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1.3"]}]}
SKIPPED = {"name": "pefile", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "answer", "status"),
    [
        ([SOUND], Answer.SOUND, 0),
        ([SOUND, FAULTY], Answer.VULNERABLE, 1),
        ([FAULTY, SKIPPED], Answer.VULNERABLE, 1),
        ([SOUND, SKIPPED], Answer.PARTIAL, 1),
        ([SKIPPED], Answer.UNKNOWN, 0),
        ([], Answer.UNKNOWN, 0),
    ],
)
def test_each_answer_is_told_apart(packages: list[dict[str, Any]], answer: Answer, status: int) -> None:
    audit = judge(json.dumps({"dependencies": packages}), "")
    assert (audit.answer, audit.status) == (answer, status)


@pytest.mark.parametrize("report", ["", "[]", "{}", "null"])
def test_no_report_is_no_clean_bill(report: str) -> None:
    audit = judge(report, "no route to host")
    assert audit.answer is Answer.UNKNOWN
    assert audit.lines == ("no route to host",)


def test_an_advisory_is_named_with_what_mends_it() -> None:
    audit = judge(json.dumps({"dependencies": [FAULTY]}), "")
    assert audit.lines == ("jinja2 3.1.2: PYSEC-1, mended in ['3.1.3']",)
