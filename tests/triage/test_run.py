from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from benchmarks._cases import BOMB, differences, plant
from iiscluster_kb.triage._nouns import Settings
from iiscluster_kb.triage._run import Counts
from tests.support.scenarios import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CASES = 18
QUICK = f"--article Q224553 --no-second-opinion --workers 2 --max-size {BOMB // 2}"
CASE = ROOT / "fixtures" / "scenarios" / "value-absent" / "case"

HALTING = """
import argparse, signal, sys, time
from iiscluster_kb.render import View
from iiscluster_kb.triage import _progress, _run, _verbs
from iiscluster_kb.triage._command import add_arguments, run

class Halting(_progress.Progress):
    def __call__(self, counts, result):
        super().__call__(counts, result)
        if counts.ended == 5:
            print("halting", flush=True)
            time.sleep(60)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background ignores it
_run._BATCH, _run._LONGEST = 2, float("inf")
_verbs.Progress = Halting
parser = argparse.ArgumentParser()
add_arguments(parser)
parser.set_defaults(quiet=True)
try:
    sys.exit(run(parser.parse_args(), View(80), print))
except KeyboardInterrupt:
    sys.exit(130)
"""
"""A run that waits after the fifth case, in batches of two whatever the time they take."""


def halted(store: Path, cases: Path, how: signal.Signals) -> tuple[int, bytes]:
    """The exit status of a run that was ended in the middle, and what it said on standard error."""
    words = [*QUICK.split(), "--store", str(store), "--progress", "json", str(cases)]
    process = subprocess.Popen(
        [sys.executable, "-c", HALTING, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"halting\n"
    process.send_signal(how)
    _, told = process.communicate()
    return process.returncode, told


def ask(store: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(store), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_the_table_is_exactly_what_was_planted(tmp_path: Path, triage: Callable[..., int]) -> None:
    planted = list(plant(tmp_path / "cases", CASES, broken=0.5))
    store = tmp_path / "store"
    assert triage(f"{QUICK} --store", store, tmp_path / "cases", apart=True) == 1
    assert differences(store, planted) == []
    assert ask(store, "SELECT count(*) FROM errors WHERE kind = 'case'") == [
        (sum(one.outcome != "done" for one in planted),)
    ]
    # Again: nothing is examined. Changed, and gone back to with other times: only what has other bytes.
    examined = ask(store, "SELECT case_key, examined FROM cases ORDER BY 1")
    touched = next(one.path for one in planted if one.path.is_dir())
    os.utime(touched / "NODE1" / "CLUSDB", (1, 1))
    assert triage(f"{QUICK} --store", store, tmp_path / "cases") == 1
    assert ask(store, "SELECT case_key, examined FROM cases ORDER BY 1") == examined
    changed = next(one.path for one in planted[1:] if one.path.is_dir() and one.is_faulty)
    shutil.rmtree(changed / "NODE1")
    assert triage(f"{QUICK} --store", store, tmp_path / "cases") == 1
    again = ask(store, "SELECT case_key, examined FROM cases ORDER BY 1")
    assert len(set(again) - set(examined)) == 1
    assert differences(store, [one for one in planted if one.path != changed])[-1].endswith("was not planted")
    assert ask(store, "SELECT run, state FROM runs ORDER BY run") == [(n, "complete") for n in (1, 2, 3)]


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_killed_in_the_middle_and_resumed_the_table_is_the_same(
    tmp_path: Path, triage: Callable[..., int]
) -> None:
    planted = list(plant(tmp_path / "cases", 10, broken=0.2))
    store = tmp_path / "store"
    assert halted(store, tmp_path / "cases", signal.SIGKILL)[0] == -signal.SIGKILL
    # What was written is there, the case in flight is not.
    assert ask(store, "SELECT count(*) FROM cases") == [(4,)]
    assert triage(f"{QUICK} --store", store, tmp_path / "cases") == 1
    assert differences(store, planted) == []
    assert ask(store, "SELECT state FROM runs ORDER BY run") == [("under way",), ("complete",)]
    assert ask(store, "SELECT count(*) FROM cases WHERE run = 1 AND seen_in_run = 2") == [(4,)]


@pytest.mark.skipif(os.name != "posix", reason="SIGINT is sent as POSIX does")
def test_stopped_by_ctrl_c_what_is_done_is_kept(tmp_path: Path, triage: Callable[..., int]) -> None:
    planted = list(plant(tmp_path / "cases", 10))
    store = tmp_path / "store"
    status, told = halted(store, tmp_path / "cases", signal.SIGINT)
    assert status == 130
    last = json.loads(told.splitlines()[-1])
    assert (last["state"], last["ended"]) == ("stopped", 5)
    assert ask(store, "SELECT state FROM runs") == [("stopped",)]
    assert ask(store, "SELECT count(*) FROM cases") == [(5,)]
    assert triage(f"{QUICK} --store", store, tmp_path / "cases") == 1
    assert differences(store, planted) == []


def test_an_archive_of_cases(tmp_path: Path, triage: Callable[..., int]) -> None:
    planted = list(plant(tmp_path / "cases", 6))
    with tarfile.open(tmp_path / "all.tar.gz", "w:gz", compresslevel=1) as archive:
        archive.add(tmp_path / "cases", "cases")
    store = tmp_path / "store"
    for _ in range(2):
        assert triage(f"{QUICK} --store", store, tmp_path / "all.tar.gz") == 1
    inside = f"{tmp_path / 'all.tar.gz'}!"
    assert [source for (source,) in ask(store, "SELECT source FROM cases ORDER BY source")] == [
        str(one.path).replace(str(tmp_path), inside) for one in planted
    ]
    assert ask(store, "SELECT count(*) FROM cases WHERE run = 1 AND seen_in_run = 2") == [(6,)]


def test_an_archive_of_one_case_is_that_case(tmp_path: Path, triage: Callable[..., int]) -> None:
    with tarfile.open(tmp_path / "one.tar", "w") as archive:
        archive.add(CASE, "customer")
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04nothing")
    store = tmp_path / "store"
    assert triage(f"{QUICK} --store", store, tmp_path / "one.tar", tmp_path / "cut.zip") == 1
    assert ask(store, "SELECT source, outcome FROM cases ORDER BY source") == [
        (str(tmp_path / "cut.zip"), "failed"),
        (str(tmp_path / "one.tar"), "done"),
    ]


def test_a_case_that_is_named_twice_is_examined_once(tmp_path: Path, triage: Callable[..., int]) -> None:
    shutil.copytree(CASE, tmp_path / "case")
    store = tmp_path / "store"
    assert triage(f"{QUICK} --store", store, tmp_path, tmp_path / "case", tmp_path / "cas*") == 1
    assert ask(store, "SELECT count(*) FROM cases") == [(1,)]


def test_again_and_other_settings_examine_again(tmp_path: Path, triage: Callable[..., int]) -> None:
    shutil.copytree(CASE, tmp_path / "case")
    store = tmp_path / "store"
    for words in ("", "--again", "--max-files 99", "--max-files 99"):
        triage(f"{QUICK} {words} --store", store, tmp_path / "case")
    assert ask(store, "SELECT run, seen_in_run FROM cases") == [(3, 4)]
    (tmp_path / "case" / "more.txt").write_text("x")
    triage(f"{QUICK} --max-files 99 --store", store, tmp_path / "case")
    assert ask(store, "SELECT run FROM cases") == [(5,)]


def test_a_case_that_takes_too_long_is_tried_again(tmp_path: Path, triage: Callable[..., int]) -> None:
    shutil.copytree(CASE, tmp_path / "case")
    store = tmp_path / "store"
    assert triage(f"{QUICK} --case-timeout 0.001 --store", store, tmp_path / "case", apart=True) == 3
    assert ask(store, "SELECT outcome, reason FROM cases") == [
        ("timed-out", "took more than 0.001 s (--case-timeout)")
    ]
    assert triage(f"{QUICK} --store", store, tmp_path / "case") == 1
    assert ask(store, "SELECT outcome, verdict FROM cases") == [("done", "confirmed")]


def test_kits_and_their_index(tmp_path: Path, triage: Callable[..., int]) -> None:
    cases = tmp_path / "cases"
    shutil.copytree(CASE, cases / "=1+1 <b>")
    shutil.copytree(ROOT / "fixtures" / "scenarios" / "healthy-cluster" / "case", cases / "healthy")
    store, kits = tmp_path / "store", tmp_path / "kits"
    triage(f"{QUICK} --store", store, cases)
    assert triage(f"{QUICK} --store", store, cases, "--fix-into", kits) == 1
    (name,) = [path.name for path in kits.iterdir() if path.is_dir()]
    assert name.startswith("1-1-b-")
    assert {"NODE1.reg", "NODE1-undo.reg", "plan.md", "report.html", "SHA256SUMS"} <= {
        path.name for path in (kits / name).iterdir()
    }
    index = (kits / "index.csv").read_text()
    assert index.splitlines()[1].startswith(f"{name},'=1+1 <b>,")
    assert f'href="{name}/report.html"' in (kits / "index.html").read_text()
    assert ask(store, "SELECT kit FROM cases WHERE kit IS NOT NULL") == [(name,)]
    shutil.rmtree(kits / name)
    triage(f"{QUICK} --store", store, cases, "--fix-into", kits)
    assert (kits / name / "plan.md").is_file()
    with pytest.raises(OSError, match="where cases are looked for"):
        triage(f"{QUICK} --store", store, cases, "--fix-into", cases / "kits")
    with pytest.raises(OSError, match="is not empty"):
        triage(f"{QUICK} --store", store, cases, "--fix-into", tmp_path)


def test_second_opinions_where_a_fault_is(tmp_path: Path, triage: Callable[..., int]) -> None:
    cases = tmp_path / "cases"
    shutil.copytree(CASE, cases / "faulty")
    shutil.copytree(ROOT / "fixtures" / "scenarios" / "healthy-cluster" / "case", cases / "healthy")
    store = tmp_path / "store"
    query = "SELECT DISTINCT name FROM cases JOIN facts USING (case_key) WHERE python_registry = 'agrees' ORDER BY 1"
    triage("--article Q224553 --workers 1 --facts all --store", store, cases)
    assert ask(store, query) == [("faulty",)]
    triage("--article Q224553 --workers 1 --second-opinion all --facts all --store", store, cases)
    assert ask(store, query) == [("faulty",), ("healthy",)]


def test_exit_statuses() -> None:
    def status(outcomes: dict[str, int], verdicts: dict[str, int]) -> int:
        counts = Counts()
        counts.outcomes.update(outcomes)
        counts.verdicts.update(verdicts)
        return counts.exit_status

    assert status({"done": 2}, {"ruled-out": 2}) == 0
    assert status({}, {}) == 0
    assert status({"done": 2, "failed": 1}, {"likely": 1, "ruled-out": 1}) == 1
    assert status({"done": 1, "killed": 1}, {"ruled-out": 1}) == 3
    assert status({"done": 2}, {"undetermined": 1, "ruled-out": 1}) == 3


def test_a_store_that_another_run_has_open(tmp_path: Path, triage: Callable[..., int]) -> None:
    store = tmp_path / "store"
    code = f"import duckdb,time;c=duckdb.connect({str(store)!r});print(flush=True);time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert other.stdout is not None
    other.stdout.readline()
    try:
        with pytest.raises(OSError, match="another run has the store open"):
            triage("--store", store, CASE)
    finally:
        other.kill()
        other.wait()
        other.stdout.close()


def test_settings_name_what_changes_an_answer() -> None:
    assert Settings().digest == Settings(seconds=1.0, memory=1, kits=True, pages="all").digest
    assert Settings().digest != Settings(size=1).digest
