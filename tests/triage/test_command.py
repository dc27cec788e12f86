from __future__ import annotations

import io
import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

import iiscluster_kb.triage
from iiscluster_kb.case import Limits
from iiscluster_kb.triage import _verbs
from iiscluster_kb.triage._examination import carry_out
from iiscluster_kb.triage._nouns import Found, Outcome, Result, Settings, Task
from iiscluster_kb.triage._progress import Progress
from iiscluster_kb.triage._run import Counts
from iiscluster_kb.triage._stamps import content_of, stamp_of
from tests.support.scenarios import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CASE = ROOT / "fixtures" / "scenarios" / "value-absent" / "case"
FOUND = Found("/a/\x1b[31m", "/a/\x1b[31m", "x")


def test_the_folder_s_names() -> None:
    assert all(getattr(iiscluster_kb.triage, name) is not None for name in iiscluster_kb.triage.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = iiscluster_kb.triage.nothing


def test_a_dry_run_shows_what_would_be_taken(
    tmp_path: Path, triage: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(CASE, tmp_path / "cases" / "one\x1b[31m")
    (tmp_path / "cases" / "notes").mkdir()
    assert triage("--dry-run", tmp_path / "cases") == 0
    assert capsys.readouterr().out.splitlines() == [
        f"none\t{tmp_path}/cases/notes\tan empty folder",
        f"case\t{tmp_path}/cases/one\\x1b[31m",
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--workers 0", "--workers 0"),
        ("--case-timeout 0", "--case-timeout 0"),
        ("--case-memory much", "--case-memory much"),
        ("--max-size 9999999T", "fewer --workers"),
        ("--max-files x", "--max-files x"),
        ("--article Q1", "Q1"),
        ("--max-archive-size x", "--max-archive-size x"),
    ],
)
def test_wrong_usage(words: str, told: str, tmp_path: Path, triage: Callable[..., int]) -> None:
    with pytest.raises(ValueError, match=told):
        triage(f"{words} --store", tmp_path / "store", tmp_path)


def test_no_more_is_expanded_than_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=300 << 20))
    assert _verbs._affordable(1 << 30, 2, is_asked=False) == 128 << 20
    assert _verbs._affordable(100 << 20, 2, is_asked=True) == 100 << 20


def test_workers_are_one_for_each_core(tmp_path: Path, triage: Callable[..., int]) -> None:
    assert triage("--store", tmp_path / "store", tmp_path / "nothing") == 0


def test_progress_for_programs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iiscluster_kb.triage._progress._PERIOD", 0.0)
    counts, log = Counts(found=4, is_listed=True), io.StringIO()
    counts.outcomes.update({"done": 1, "failed": 1})
    counts.verdicts["likely"] += 1
    with Progress("json", log) as progress:
        progress(counts, Result(FOUND, Outcome.FAILED, "bad\n"))
        progress(counts, Result(FOUND, Outcome.DONE, unchanged=True))
        progress.finish(counts, "complete")
    *_, last = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert last["state"] == "complete"
    assert last["outcomes"] == {"done": 1, "failed": 1}
    assert last["seconds_left"] is not None
    first, second, third = log.getvalue().splitlines()
    assert first.endswith("failed - 0.000s /a/\\x1b[31m: bad\\x0a")
    assert " unchanged " in second
    assert third.endswith("complete: 2 cases, 1 done, 1 failed, 1 with a fault")


@pytest.mark.parametrize("form", ["plain", "none", "live"])
def test_progress_for_people(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    counts = Counts(found=3, unchanged=1)
    counts.outcomes["done"] += 2
    with Progress(form) as progress:
        progress(counts, Result(FOUND, Outcome.DONE))
        counts.is_listed = True
        progress(counts, None)
        progress.finish(counts, "stopped")
    told = capsys.readouterr().err
    assert ("stopped: 2 cases, 2 done, 1 of them unchanged" in told) is (form != "none")


def test_progress_is_live_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Options:
        progress = "auto"
        quiet = False

    assert _verbs._progress_form(Options()) == "plain"  # type: ignore[arg-type]  # as much of it as is asked
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert _verbs._progress_form(Options()) == "live"  # type: ignore[arg-type]  # the same
    Options.quiet = True
    assert _verbs._progress_form(Options()) == "none"  # type: ignore[arg-type]  # the same
    Options.progress = "json"
    assert _verbs._progress_form(Options()) == "json"  # type: ignore[arg-type]  # the same


# --- what a worker does, without the worker ---------------------------------------------------------


def test_a_case_that_went(tmp_path: Path) -> None:
    found = Found(str(tmp_path / "gone"), str(tmp_path / "gone"), "gone")
    told = carry_out(Task(found, Settings()))
    assert (told.outcome, told.reason) == (Outcome.FAILED, "cannot be read: No such file or directory")


def test_a_case_with_nothing_in_it_or_too_much(tmp_path: Path) -> None:
    found = Found(str(tmp_path), str(tmp_path), "x")
    told = carry_out(Task(found, Settings()))
    assert told.outcome is Outcome.FAILED
    assert told.content is not None
    for name in "abc":
        (tmp_path / name).write_text(name)
    told = carry_out(Task(found, Settings(files=2)))
    assert told.reason is not None
    assert "over the limit of 2 files" in told.reason


def test_memory_that_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    def spend(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("iiscluster_kb.triage._examination.examine", spend)
    told = carry_out(Task(Found(str(CASE), str(CASE), "x"), Settings()))
    assert told.outcome is Outcome.KILLED


def test_what_is_as_it_was_is_not_examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = tmp_path / "case"
    shutil.copytree(CASE, case)
    found, settings = Found(str(case), str(case), "x"), Settings(articles=("Q224553",), second_opinion="none")
    first = carry_out(Task(found, settings))
    stamp = stamp_of(str(case), Limits())
    assert (first.stamp, first.content) == (stamp.digest, content_of(stamp))
    monkeypatch.setattr("iiscluster_kb.triage._examination.examine", None)
    assert carry_out(Task(found, settings, first.stamp, first.content)).unchanged
    assert carry_out(Task(found, settings, "another", first.content)).unchanged


def test_a_case_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = tmp_path / "case"
    shutil.copytree(CASE, case)

    def change(_report: object) -> dict[str, str]:
        (case / "NODE1" / "SYSTEM").write_bytes(b"regf")
        return {}

    monkeypatch.setattr("iiscluster_kb.triage._examination.hashes_of", change)
    settings = Settings(articles=("Q224553",), second_opinion="none", kits=True)
    told = carry_out(Task(Found(str(case), str(case), "x"), settings))
    assert (told.outcome, told.content, told.kit, told.rows) == (Outcome.FAILED, None, (), {})


def test_the_digests_tell_names_and_bytes_apart(tmp_path: Path) -> None:
    digests = set()
    for number, files in enumerate(
        ({"a": b"12"}, {"a": b"21"}, {"b": b"12"}, {"a": b"1", "b": b"2"}, {"a\t": b"12"})
    ):
        for name, data in files.items():
            folder = tmp_path / str(number)
            folder.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)
        digests.add(
            content_of(
                stamp_of(str(tmp_path / str(number)), Limits()), {"a": "1" * 64} if "a\t" in files else None
            )
        )
    assert len(digests) == 5


def test_pages_and_kits_where_they_are_wanted() -> None:
    found = Found(str(CASE), str(CASE), "x")
    told = carry_out(
        Task(found, Settings(articles=("Q224553",), second_opinion="none", pages="none", kits=True))
    )
    assert told.page is None
    assert "NODE1.reg" in dict(told.kit)
