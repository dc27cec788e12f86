"""What evidence says stays text where the program itself speaks, and where it puts files."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import unicodedata
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.cli import main
from tests.case.archives import zip_bytes
from tests.cli.terminals import PROGRAM, on_terminal
from tests.faults.interrupts import is_whole
from tests.injection.catalogue import CATALOGUE, texts
from tests.injection.hostile import as_name, hostile_case, hostile_files
from tests.injection.test_outputs import STYLE, UNSEEN, Seen, is_formula

if TYPE_CHECKING:
    from pathlib import Path

ASKED = ("--no-second-opinion", "--article", "Q224553")
TERMINAL = next(one for one in CATALOGUE if one.name == "terminal")
CSV = next(one for one in CATALOGUE if one.name == "csv")
SQL = next(one for one in CATALOGUE if one.name == "sql")


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.skipif(sys.platform == "win32", reason="the platform has no pseudo-terminals")
def test_a_real_terminal_is_told_to_draw_alone(tmp_path: Path) -> None:
    pyte = pytest.importorskip("pyte", reason="pyte, a terminal emulator, is not installed")
    case = hostile_case(tmp_path, texts(TERMINAL))
    for arguments in (("inspect", str(case)), ("examine", *ASKED, f"{case}{TERMINAL.texts[1]}")):
        _, sent = on_terminal([*PROGRAM, *arguments, "--quiet"], 120)
        seen = Seen()
        pyte.Stream(seen, strict=False).feed(sent)
        assert seen.done <= {"select_graphic_rendition", "carriage_return"}
        assert not {"\x1b", "\x07", "\x9b"} & set(STYLE.sub("", sent))
        assert "\\x1b" in sent


def test_a_kit_is_whole_and_nothing_is_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "cases"
    folder.mkdir()
    case = hostile_case(folder, texts())
    before = files_below(tmp_path)
    assert main(["fix", *ASKED, str(case), "--output", str(tmp_path / "kit")]) == 1
    assert is_whole(tmp_path / "kit")
    assert all(path.startswith("kit/") for path in files_below(tmp_path) - before)


def test_a_store_keeps_texts_and_obeys_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("duckdb", reason="the extra triage is not installed: no duckdb")
    from tests.triage.conftest import _examine_in_this_process  # noqa: PLC0415 - which needs duckdb

    monkeypatch.setattr("iiscluster_kb.triage._run.examine_here", _examine_in_this_process)
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "cases"
    for threat in CATALOGUE:
        (root / threat.name).mkdir(parents=True)
        hostile_case(root / threat.name, texts(threat))
    for number, text in enumerate(CSV.texts):
        (root / f"table{number}").mkdir()
        case = zip_bytes(hostile_files("", (), (as_name(text), "NODE2")))
        (root / f"table{number}" / "case.zip").write_bytes(case)
    store, kits = tmp_path / "store", tmp_path / "kits"
    words = [
        "--workers",
        "1",
        "--max-size",
        "10M",
        "--progress",
        "none",
        "--fix-into",
        str(kits),
        "--facts",
        "all",
    ]
    before, made = files_below(tmp_path), len(CATALOGUE) + len(CSV.texts)
    assert main(["triage", str(root), "--store", str(store), *ASKED, *words]) == 1

    def asked(query: str) -> list[dict[str, object]]:
        capsys.readouterr()
        assert main(["triage", "query", str(store), query, "--format", "jsonl"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    (counted,) = asked(
        "SELECT count(*) AS cases, count(DISTINCT source) AS sources FROM cases WHERE outcome = 'done'"
    )
    assert counted == {"cases": made, "sources": made}
    machines = "\n".join(str(row["machine"]) for row in asked("SELECT DISTINCT machine FROM findings"))
    assert all(as_name(text) in machines for text in SQL.texts)

    for form in ("csv", "jsonl"):
        assert main(["triage", "export", str(store), str(tmp_path / form), "--format", form]) == 0
    assert main(["triage", "report", str(store), "--format", "html", "--output", f"{tmp_path}/report/"]) == 0
    assert all(is_whole(kit) for kit in kits.iterdir() if kit.is_dir())
    assert len([kit for kit in kits.iterdir() if kit.is_dir()]) == made
    new = {path.partition("/")[0] for path in files_below(tmp_path) - before}
    assert new == {"store", "kits", "csv", "jsonl", "report"}
    capsys.readouterr()
    assert main(["triage", "query", str(store), "FROM findings", "--format", "csv"]) == 0
    printed = capsys.readouterr().out
    assert not [cell for row in csv.reader(io.StringIO(printed)) for cell in row if is_formula(cell)]
    assert not {one for one in printed if unicodedata.category(one) in UNSEEN} - {"\n", "\r"}
    assert main(["triage", "report", str(store)]) == 0
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(STYLE.sub("", capsys.readouterr().out))
    for table in (tmp_path / "csv").iterdir():
        with table.open(encoding="utf-8", newline="") as file:
            assert not [cell for row in csv.reader(file) for cell in row if is_formula(cell)]
    assert not (tmp_path / "owned.db").exists()
    for page in (kits / "index.html", tmp_path / "report" / "index.html"):
        parts = Parts()
        parts.feed(page.read_text("utf-8"))
        assert parts.found
        assert not {"img", "svg", "iframe", "object", "embed", "form", "base"} & parts.tags
        assert all(re.fullmatch(r"[A-Za-z0-9#._/-]+", address) for address in parts.found), parts.found


class Parts(HTMLParser):
    """What a page consists of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [
            value or "" for name, value in attrs if name in {"href", "src"} or name.startswith("on")
        ]
