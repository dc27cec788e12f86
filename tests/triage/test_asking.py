from __future__ import annotations

import csv
import json
import shutil
from typing import TYPE_CHECKING
from unittest.mock import Mock

import duckdb
import pytest

from iiscluster_kb.triage._nouns import Found, LeftOut, Outcome, Result
from iiscluster_kb.triage._schema import TABLES
from iiscluster_kb.triage._store import Store
from iiscluster_kb.triage._summary import page_of, summarise
from tests.support.scenarios import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NASTY = "=1+1 <script>alert(1)</script>\x1b[31m\u202e\x00"


def result(name: str, **more: object) -> Result:
    fields: dict[str, object] = {
        "verdict": "confirmed",
        "cluster": NASTY,
        "content": "same",
        "stamp": "stamp",
        "collected": 1_000_000_000.0,
        "rows": {
            "findings": ((1, "Q1/x", "Q1", NASTY, "confirmed", "absent", "why", True, ("collect",)),),
            "errors": (("file", NASTY, "reason 12"),),
            "patches": (("N", "N.reg", "REGEDIT4", "k", "v", None, None, "REG_SZ", "00"),),
        },
    }
    return Result(Found(f"/cases/{name}", f"/cases/{name}", name), Outcome.DONE, **(fields | more))  # type: ignore[arg-type]  # a mixture by name


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "store"
    with Store(str(path)) as writer:
        writer.begin_run("1.0", "settings", ["/cases", "odd\udcff"])
        failed = Result(Found("/cases/b\udcff", "/cases/b\udcff", "b\udcff"), Outcome.FAILED, f"bad {NASTY}")
        writer.write(
            [result(NASTY), result("two"), failed],
            [LeftOut("/cases/none", "empty")],
            {result("two").found.key: "two-kit"},
        )
        writer.end_run("complete")
    return path


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT content FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "COPY cases TO '/tmp/never.csv'",
        "ATTACH '/tmp/never.db'",
        "INSERT INTO left_out VALUES (1, 'a', 'b')",
        "DELETE FROM cases",
        "DROP TABLE cases",
        "CREATE TEMP TABLE x AS SELECT 1",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "LOAD httpfs",
        "EXPORT DATABASE '/tmp/never'",
        "SELECT 1; SELECT 2",
        "PRAGMA database_list",
        "SELEC 1",
        "SELECT nothing FROM cases",
        "SELECT * FROM connection",
        "",
    ],
)
def test_a_query_reads_the_store_and_nothing_else(
    query: str, store: Path, triage: Callable[..., int], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    before = store.read_bytes()
    with pytest.raises((ValueError, OSError), match="query"):
        triage("query", store, query)
    assert capsysbinary.readouterr().out == b""
    assert store.read_bytes() == before


def test_a_query_in_every_form(
    store: Path, triage: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    query = "SELECT name, cluster, verdict, collected FROM cases WHERE verdict IS NOT NULL ORDER BY name DESC"
    assert triage("query", store, query) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[0] == "name\tcluster\tverdict\tcollected"
    assert "\x1b" not in text
    assert "\\x1b[31m\\u202e\\x00" in text
    assert triage("query", store, query, "--format=csv") == 0
    rows = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert rows[1][0] == "two"
    assert rows[1][1].startswith("'=1+1")
    assert triage("query", store, query, "--format=jsonl") == 0
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert first == {
        "name": "two",
        "cluster": NASTY,
        "verdict": "confirmed",
        "collected": "2001-09-09 01:46:40",
    }
    assert triage("query", store, "SELECT ['=a', 'b'] AS x, 5 AS y, 'x'::BLOB AS z", "--format=csv") == 0
    assert capsys.readouterr().out.splitlines()[1].startswith('"[""=a"", ""b""]",5')
    assert triage("query", store, "SELECT 'x'::BLOB AS z", "--format=jsonl") == 0
    assert json.loads(capsys.readouterr().out) == {"z": "78"}


def test_usage(store: Path, triage: Callable[..., int]) -> None:
    for words in ("query", "report", "export", "report a b"):
        with pytest.raises(ValueError, match="usage: triage"):
            triage(words)
    with pytest.raises(ValueError, match="--format csv: there are text, json, html"):
        triage("report", store, "--format=csv")
    with pytest.raises(OSError, match="no such store"):
        triage("report nowhere")
    with pytest.raises(ValueError, match="needs --store"):
        triage(".")


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_export(form: str, store: Path, tmp_path: Path, triage: Callable[..., int]) -> None:
    target = tmp_path / "it's"
    assert triage("export", store, target, f"--format={form}") == 0
    made = {path.name for path in target.iterdir()}
    tables = {"runs", "left_out", *TABLES}
    assert made == {f"{table}.{form}" for table in tables} | {
        "cases" if form == "parquet" else f"cases.{form}"
    }
    with pytest.raises(OSError, match="is not empty"):
        triage("export", store, target)
    if form == "csv":
        with (target / "cases.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert {row["cluster"][:5] for row in rows} == {"'=1+1", ""}
        assert "collect" in (target / "findings.csv").read_text()
    if form == "jsonl":
        told = [json.loads(line) for line in (target / "findings.jsonl").read_text().splitlines()]
        assert told[0]["machine"] == NASTY
        assert told[0]["collect"] == ["collect"]


def test_parquet_is_read_by_others(store: Path, tmp_path: Path, triage: Callable[..., int]) -> None:
    triage("export", store, tmp_path / "out")
    files = f"{tmp_path}/out/cases/**/*.parquet"
    with duckdb.connect() as connection:
        query = "SELECT outcome, year, count(*) FROM read_parquet(?) GROUP BY ALL ORDER BY 1"
        counted = connection.execute(query, [files]).fetchall()
    assert counted == [("done", 2001, 2), ("failed", 0, 1)]
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    assert parquet.read_table(tmp_path / "out" / "findings.parquet").num_rows == 2


def test_a_store_of_another_version_or_of_somebody_else(tmp_path: Path, triage: Callable[..., int]) -> None:
    other = tmp_path / "other"
    with duckdb.connect(str(other)) as connection:
        connection.execute("CREATE TABLE mine (x INTEGER)")
    with pytest.raises(ValueError, match="no store of triage"):
        triage("--store", other, tmp_path)
    with pytest.raises(ValueError, match="of version 0, wanted 1"):
        triage("report", other)
    later = tmp_path / "later"
    Store(str(later)).close()
    with duckdb.connect(str(later)) as connection:
        connection.execute("INSERT INTO schema_versions VALUES (99, now()::TIMESTAMP)")
    with pytest.raises(ValueError, match="later version"):
        triage("--store", later, tmp_path)
    (tmp_path / "text").write_text("no database" * 1000)
    with pytest.raises((ValueError, OSError), match="text"):
        triage("report", tmp_path / "text")


def test_a_batch_is_written_whole_or_not_at_all(store: Path) -> None:
    with Store(str(store)) as writer:
        writer.begin_run("1.0", "settings", [])
        wrong = result("three", rows={"errors": (("file", "x"),)})
        with pytest.raises(ValueError, match=r"shorter|longer"):
            writer.write([result("two", verdict="likely"), wrong], [], {})
        writer.write([result("three"), result("two", unchanged=True, stamp="new")], [], {})
    with duckdb.connect(str(store), read_only=True) as connection:
        rows = connection.execute(
            "SELECT name, verdict, stamp, seen_in_run FROM cases WHERE name IN ('two', 'three')"
        )
        assert sorted(rows.fetchall()) == [("three", "confirmed", "stamp", 2), ("two", "confirmed", "new", 2)]


def test_the_text_and_the_json_of_a_report(
    store: Path, triage: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert triage("report", store) == 0
    text = capsys.readouterr().out
    assert "3 cases, 2 with a fault, 1 without an answer" in text
    assert "1 case repeat" in text
    assert "\x1b" not in text
    assert "/cases/b\\udcff: failed: bad =1+1" in text
    assert triage("report", store, "--format=json", "--output", tmp_path / "r.json") == 0
    told = json.loads((tmp_path / "r.json").read_text())
    assert told["schema"] == "iiscluster-kb/triage/1"
    assert told["faulty_count"] == 2
    assert told["months"] == [["2001-09", 2, 2], ["unknown", 1, 0]]
    assert told["reasons"] == [["reason N", 2]]


def test_a_report_of_nothing(
    tmp_path: Path, triage: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    with Store(str(tmp_path / "store")) as writer:
        writer.begin_run("1.0", "settings", [])
    assert triage("report", tmp_path / "store") == 0
    assert capsys.readouterr().out.startswith("0 cases")
    assert triage("report", tmp_path / "store", "--format=html") == 0
    assert "None." in capsys.readouterr().out


def test_a_folder_named_like_a_verb(
    tmp_path: Path, triage: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "fixtures" / "scenarios" / "value-absent" / "case", tmp_path / "report")
    monkeypatch.chdir(tmp_path)
    assert triage("./report --article Q224553 --no-second-opinion --workers 1 --store store") == 1
    assert (tmp_path / "store").is_file()


@pytest.mark.parametrize(
    "error", [RuntimeError("Query interrupted"), duckdb.InterruptException("INTERRUPT Error")]
)
def test_ctrl_c_in_the_middle_of_a_question_is_ctrl_c(error: Exception) -> None:
    connection = Mock()
    connection.execute.side_effect = error
    for ask in (summarise, lambda one: page_of(one, "key")):
        with pytest.raises(KeyboardInterrupt):
            ask(connection)


def test_an_error_that_is_no_ctrl_c_stays_what_it_is() -> None:
    connection = Mock()
    connection.execute.side_effect = RuntimeError("something else")
    with pytest.raises(RuntimeError, match="something else"):
        summarise(connection)
