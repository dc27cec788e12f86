from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from iiscluster_kb.model.rows import FindingRow
from iiscluster_kb.render import render
from iiscluster_kb.render.jsonl import finding_schema
from tests.render.hostile import HOSTILE, hostile_report, scenario_reports
from tests.support.reports import empty_report, full_report

if TYPE_CHECKING:
    from pathlib import Path

    from iiscluster_kb import Report

SCHEMA = json.loads(finding_schema())
VALIDATOR = Draft202012Validator(SCHEMA)


def lines_of(report: Report) -> list[Any]:
    (document,) = render(report, "jsonl")
    assert document.name == "findings.jsonl"
    return [json.loads(line) for line in document.content.splitlines()]


def test_the_schema_is_a_schema_of_the_fields() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert list(SCHEMA["properties"]) == ["schema", *(field.name for field in fields(FindingRow))]
    assert SCHEMA["required"] == list(SCHEMA["properties"])


def test_a_line_is_a_finding_with_what_is_known_of_its_machine() -> None:
    report = full_report()
    lines = lines_of(report)
    for line, row in zip(lines, report.rows(), strict=True):
        VALIDATOR.validate(line)
        told = {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(row).items()
        }
        assert line == {"schema": "iiscluster-kb/finding/1"} | told
    assert lines[2]["verdict_after"] == "ruled-out"
    assert lines[-1]["machine"] is None


def test_a_report_of_nothing_has_no_line() -> None:
    (document,) = render(empty_report(), "jsonl")
    assert document.content == b""


@pytest.mark.parametrize("text", [*HOSTILE, "\x7f", "\x85", "\n{}\n"])
def test_no_text_breaks_a_line(text: str) -> None:
    (document,) = render(hostile_report(text), "jsonl")
    assert document.content.isascii()
    assert all(byte >= 0x20 or byte == 0x0A for byte in document.content)
    assert b"\x7f" not in document.content
    assert document.content.count(b"\n") == len(full_report().findings)
    for line in lines_of(hostile_report(text)):
        VALIDATOR.validate(line)
        assert line["case"] == f"webclus.zip{text}".replace("\ud800", "\\ud800")


def test_another_reader_sees_the_same_rows(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb reads the file as a second opinion")
    path = tmp_path / "findings.jsonl"
    report = hostile_report('\ud800"\n\\')
    path.write_bytes(render(report, "jsonl")[0].content)
    table: Any = duckdb.connect().execute(
        "select cause, machine, verdict, weighs, facts_present, evidence from read_json(?, format='newline_delimited')",
        [str(path)],
    )
    assert table.fetchall() == [
        (row.cause, row.machine, row.verdict, row.weighs, row.facts_present, list(row.evidence))
        for row in report.rows()
    ]


def test_every_scenario_obeys_the_schema() -> None:
    for report in scenario_reports():
        for line in lines_of(report):
            VALIDATOR.validate(line)


def test_lines_of_several_cases_make_one_file() -> None:
    both = b"".join(
        document.content
        for name in ("a", "b")
        for document in render(replace(full_report(), case=name), "jsonl")
    )
    assert {json.loads(line)["case"] for line in both.splitlines()} == {"a", "b"}
