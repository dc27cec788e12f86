from __future__ import annotations

import csv
import io
import re
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.model.rows import FindingRow
from iiscluster_kb.render import render
from iiscluster_kb.render._escape import cell
from tests.render.hostile import HOSTILE, hostile_report, scenario_reports
from tests.support.reports import empty_report, finding, full_report, infested

if TYPE_CHECKING:
    from pathlib import Path

    from iiscluster_kb import Report

COLUMNS = [field.name for field in fields(FindingRow)]
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", '=HYPERLINK("http://x","y")']
BEGINS_FORMULA = re.compile(r"(?:^|[;,])\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def content_of(report: Report) -> bytes:
    (document,) = render(report, "csv")
    assert document.name == "findings.csv"
    return document.content


def rows_of(report: Report) -> list[dict[str, str]]:
    text = content_of(report).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_one_row_for_each_finding_below_the_names_of_the_columns() -> None:
    report = full_report()
    rows = rows_of(report)
    assert [row["cause"] for row in rows] == [one.cause.id for one in report.findings]
    assert list(rows[0]) == COLUMNS
    assert rows[2] | {"sha256": "", "evidence": ""} == {
        "case": "webclus.zip",
        "cluster": "WEBCLUS",
        "machine": "NODE1",
        "role": "node",
        "windows": "4.0",
        "service_pack": "6a",
        "architecture": "x86",
        "article": "Q224553",
        "cause": "Q224553/admin-extensions-missing",
        "title": "AdminExtensions does not name the extension",
        "verdict": "confirmed",
        "detail": "other-only",
        "explanation": "AdminExtensions names other extensions, but not that of IIS 4.0.",
        "weighs": "true",
        "verdict_after": "ruled-out",
        "changes": "1",
        "facts_present": "2",
        "facts_absent": "0",
        "facts_unknown": "0",
        "opinions_agree": "1",
        "opinions_disagree": "0",
        "evidence": "",
        "sha256": "",
        "collect": "",
    }
    assert rows[-1]["machine"] == rows[-1]["service_pack"] == ""
    assert rows[-1]["weighs"] == "false"


def test_several_things_in_one_cell_are_divided() -> None:
    assert rows_of(full_report())[0]["evidence"] == "NODE1/dir.txt; NODE1/iisclex4.dll"


def test_nothing_but_the_names_of_the_columns_for_a_report_of_nothing() -> None:
    assert (
        content_of(empty_report()).decode("utf-8-sig") == ",".join(f'"{name}"' for name in COLUMNS) + "\r\n"
    )


def test_lines_and_encoding_are_what_the_standard_and_excel_want() -> None:
    content = content_of(full_report())
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    assert content.count(b"\n") == content.count(b"\r\n") == 1 + len(full_report().findings)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(text: str) -> None:
    report = replace(full_report(), case=text, cluster=text)
    noted = tuple(replace(one, explanation=text, collect=("x", text)) for one in report.findings)
    for row in rows_of(replace(report, findings=noted)):
        assert not any(BEGINS_FORMULA.search(cell) for cell in row.values())
        assert row["case"].startswith(("'", "\\"))


@given(st.text(alphabet="=+-@;, \t\"'a\uff1d"))
def test_no_text_is_a_formula_wherever_a_cell_may_begin(text: str) -> None:
    shown = cell(text)
    assert not BEGINS_FORMULA.search(shown)
    assert shown.replace("'", "") == text.replace("\t", "\\x09").replace("'", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_in_its_cell(text: str) -> None:
    rows = rows_of(hostile_report(text))
    assert len(rows) == len(full_report().findings)
    for row in rows:
        assert None not in row
        assert all(cell.isprintable() for cell in row.values())


@pytest.mark.parametrize("text", ['"', '","', "\r\n", "x\ny", ";", "\x00", "\ud800"])
def test_another_reader_sees_the_same_cells(text: str, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb reads the file as a second opinion")
    path = tmp_path / "findings.csv"
    report = infested(full_report(), text)
    path.write_bytes(content_of(report))
    table: Any = duckdb.connect().execute(
        "select * from read_csv(?, header=true, all_varchar=true, delim=',', quote='\"', escape='\"')",
        [str(path)],
    )
    names = [column[0] for column in table.description]
    cells = [{n: c or "" for n, c in zip(names, row, strict=True)} for row in table.fetchall()]
    assert cells == rows_of(report)


def test_every_scenario_has_its_rows() -> None:
    for report in scenario_reports():
        rows = rows_of(report)
        assert [(row["cause"], row["verdict"]) for row in rows] == [
            (one.cause.id, one.verdict) for one in report.findings
        ]


def test_a_machine_without_profile_has_no_role() -> None:
    (row,) = rows_of(replace(empty_report(), findings=(finding(),)))
    assert (row["machine"], row["role"], row["windows"]) == ("NODE1", "", "")
