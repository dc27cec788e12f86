"""Every call that asks for evidence fails in turn; what cannot be read is unknown, and the rest is judged as ever."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb import examine
from iiscluster_kb.case import Budget, Limits
from iiscluster_kb.case._folder import Found, walk
from iiscluster_kb.cli import main
from iiscluster_kb.errors import CaseError
from iiscluster_kb.model import Absent, Answer, Present, Skipped, Verdict
from iiscluster_kb.pipeline import Stage
from tests.case.archives import write_folder
from tests.faults.cases import CASES, FOLDER
from tests.faults.points import Door, Fault
from tests.faults.reading import Bench, same

if TYPE_CHECKING:
    from pathlib import Path

    from iiscluster_kb.model import AnyFact, Opinion
    from iiscluster_kb.pipeline import Progress

EVERY = {"a folder": 9, "dirty hives with logs": 10, "a large zip archive": 29, "a compressed tar archive": 5}
"""Of so many calls one fails in one fault, and another in the next; ``python -m tests.faults`` fails each in all."""


@pytest.fixture(scope="module", params=CASES)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Bench]:
    scratch = tmp_path_factory.mktemp("faults")
    return request.param, Bench(CASES[request.param](scratch), scratch)


def test_no_file_escapes_the_count(bench: tuple[str, Bench]) -> None:
    read = {call.path for call in bench[1].calls if call.kind == "read"}
    assert read == {path for path in bench[1].root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("fault", Fault)
def test_a_failing_call_costs_what_it_asked_for_and_no_more(bench: tuple[str, Bench], fault: Fault) -> None:
    name, one = bench
    falls = list(one.falls(fault, EVERY.get(name, 1)))
    assert falls
    broken = [f"{fall.call.kind} of {fall.path}: {law}" for fall in falls for law in one.judge(fall)]
    assert broken == []


def test_a_law_that_is_broken_is_seen(tmp_path: Path) -> None:
    bench = Bench(FOLDER, tmp_path)
    fall = next(fall for fall in bench.falls(Fault.ENDS) if fall.path.endswith("CLUSDB"))
    assert not isinstance(fall.outcome, Exception)
    assert not same(fall.outcome, bench.whole)
    assert bench.judge(fall) == []
    broken = list(bench._untold(fall, bench.whole)), list(bench._lost(fall, bench.whole))
    assert broken == ([f"nothing is told of {fall.path}"], [])


# --- the faults that were found so, each alone --------------------------------------------------------


def test_a_file_that_goes_before_it_is_hashed_is_skipped_and_the_rest_is_judged(tmp_path: Path) -> None:
    case = shutil.copytree(FOLDER, tmp_path / "made")
    log = FOLDER.parents[1] / "value-added-in-the-log" / "case" / "NODE1" / "CLUSDB.LOG"
    shutil.copy(
        log, case / "NODE1"
    )  # of a clean hive nobody reads it, so that only its hash is left to be made
    bench = Bench(case, tmp_path)
    asked = [n for n, call in enumerate(bench.calls) if call.path.name == log.name and call.kind == "open"]
    with Door(bench.root, Fault.GONE, asked[-1]):
        report = bench.examine()
    assert report.skipped == (Skipped("NODE1/CLUSDB.LOG", f"cannot be read: {os.strerror(errno.ENOENT)}"),)
    assert report.findings == bench.whole.findings
    assert len(report.artifacts) == len(bench.whole.artifacts) - 1
    with Door(bench.root, Fault.GONE, asked[-1]):
        report = bench.examine(second_opinion=True)
    opinions = [
        opinion.answer for finding in report.findings for fact in finding.facts for opinion in _of(fact)
    ]
    assert Answer.AGREES in opinions
    assert not {Answer.UNREADABLE, Answer.DISAGREES} & set(opinions)


def _of(fact: AnyFact) -> tuple[Opinion, ...]:
    return fact.opinions if isinstance(fact, Present | Absent) else ()


def test_a_directory_that_fails_half_way_keeps_what_it_gave(tmp_path: Path) -> None:
    write_folder(tmp_path, dict.fromkeys(("a", "b", "c"), b"x"))
    root = tmp_path.resolve()
    with Door(root) as door:
        list(walk(root, "", Budget(Limits())))
    second = [number for number, call in enumerate(door.calls) if call.kind == "next"][1]
    with Door(root, Fault.EIO, second):
        skipped, *kept = walk(root, "", Budget(Limits()))
    assert skipped == Skipped(root.name, f"directory cannot be read: {os.strerror(errno.EIO)}")
    assert len(kept) == 1
    assert isinstance(kept[0], Found)


def test_a_root_that_cannot_be_asked_is_one_error(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "case", {"a": b"x"}).resolve()
    with Door(root, Fault.EIO, 0), pytest.raises(CaseError, match=f"{root}: {os.strerror(errno.EIO)}"):
        examine(root)


def test_a_hive_that_the_second_readers_do_not_find_is_unreadable_to_them(tmp_path: Path) -> None:
    case = shutil.copytree(FOLDER, tmp_path / "case")

    def told(progress: Progress) -> None:
        if progress.stage is Stage.CONFIRMING:
            (case / "NODE1" / "SOFTWARE").unlink()

    report = examine(case, articles=["Q224553"], progress=told)
    assert [f.verdict for f in report.findings if f.cause.id.endswith("admin-extensions-missing")] == [
        Verdict.CONFIRMED
    ] * 2
    answers = {
        opinion.answer
        for finding in report.findings
        for fact in finding.facts
        if isinstance(fact, Present) and fact.source is not None and fact.source.path == "NODE1/SOFTWARE"
        for opinion in fact.opinions
    }
    assert answers == {Answer.UNREADABLE}


@pytest.mark.parametrize(
    ("command", "every"),
    [
        (("fix", "CASE", "--output", "OUT"), 40),
        (("verify", "CASE", str(FOLDER)), 40),
        (("inspect", "CASE"), 20),
        (("examine", str(FOLDER), "--media", "CASE"), 20),
    ],
    ids=["fix", "verify", "inspect", "media"],
)
def test_every_command_ends_with_an_answer_or_one_line(
    command: tuple[str, ...], every: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = shutil.copytree(FOLDER, tmp_path / "case").resolve()
    places = {"CASE": str(case), "OUT": str(tmp_path / "kit")}
    asked = [] if command[0] == "inspect" else ["--article", "Q224553", "--no-second-opinion"]
    arguments = [places.get(word, word) for word in (*command, *asked)]
    at, calls = 0, 1
    while at < calls:
        with Door(case, Fault.EIO, at) as door:
            status = main(arguments)
        told = capsys.readouterr()
        assert status in {0, 1, 2, 3}
        assert status != 2 or (told.err.startswith("iiscluster-kb: ") and told.err.count("\n") == 1)
        assert status == 2 or told.out or command[0] == "fix"
        shutil.rmtree(tmp_path / "kit", ignore_errors=True)
        at, calls = at + every, max(calls, len(door.calls))
