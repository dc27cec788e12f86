"""What guided fuzzing is run with: inputs are stopped and kept as promised, runs are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fuzz.guided import record
from tests.fuzz.guided.inputs import as_hive, as_input, as_patches, cut_and_whole, patched, with_cut
from tests.fuzz.guided.target import Target
from tests.fuzz.guided.targets import targets
from tests.fuzz.samples import NODE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fuzz.guided.watch import Watch

RUN = record.Run("2026-01-02T03:04:05+00:00", "regf", 60.0, 1000, 300, 40, 1, {"atheris": "3.0.0"})


def _run(data: bytes) -> None:
    if data.startswith(b"raise"):
        raise ValueError(f"{len(data)} bytes")
    while data.startswith(b"loop"):
        pass


TARGET = Target("regf", _run, lambda: (b"",), 100, seconds=0.05)


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    pytest.importorskip("resource", reason="only POSIX counts a process's time and memory so")
    from tests.fuzz.guided.watch import Watch  # noqa: PLC0415 - it needs what was asked for above

    return Watch(TARGET, tmp_path)


def kept(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix != ".txt"}


def test_of_inputs_that_fail_at_one_place_the_shortest_is_kept(watch: Watch, tmp_path: Path) -> None:
    for data in (b"raise a longer one", b"raise", b"raise it", b"nothing"):
        watch(data)
    ((name, data),) = kept(tmp_path).items()
    assert name.startswith("ValueError-test_guided_tools-")
    assert data == b"raise"
    told = (tmp_path / f"{name}.txt").read_text(encoding="utf-8")
    assert told.startswith(f"python -m tests.fuzz.guided regf --replay {tmp_path / name}\n")
    assert "ValueError: 5 bytes" in told


def test_an_input_without_end_is_stopped(watch: Watch, tmp_path: Path) -> None:
    watch(b"loop")
    watch(b"nothing")
    assert kept(tmp_path) == {"TooLongError-test_guided_tools": b"loop"}


def test_an_input_that_takes_much_memory_is_kept(
    watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peaks = iter((1 << 20, 300 << 20, 300 << 20, 301 << 20))
    monkeypatch.setattr("tests.fuzz.guided.watch._peak", lambda: next(peaks))
    watch(b"large")
    watch(b"small")
    assert kept(tmp_path) == {"TooMuchMemoryError-watch": b"large"}


def test_runs_add_up(tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    assert record.read(file) == ()
    for _ in range(2):
        record.append(RUN, file)
    assert record.read(file) == (RUN, RUN)
    assert record.totals(record.read(file)) == {"regf": record.Total(2, 120.0, 2000, 300, 2)}


def test_the_record_is_of_targets_that_there_are() -> None:
    assert {run.target for run in record.read()} <= targets().keys()


def test_an_input_describes_a_hive_and_pieces_of_files() -> None:
    hive = NODE["CLUSDB"]
    assert as_hive(as_input(hive))[4096:] == hive[4096:]
    assert patched(b"abcdef", as_patches((1, b"XY"), (5, b"Z"))) == b"aXYdeZ"
    assert patched(b"abc", b"\1") == b"abc"
    assert cut_and_whole(with_cut(b"abcdef", 2)) == (b"abcdef", b"ab")
