"""A disk that is really full: a small one in memory, on which each command that writes runs until it fits."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.cli import main
from tests.faults.cases import FOLDER
from tests.faults.interrupts import is_whole
from tests.faults.test_writing import ASKED, contents
from tests.support.scenarios import FIXTURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

ROOM = 64 << 10
"""KiB on which everything fits."""
CASES = [str(FIXTURES / "scenarios" / name) for name in ("value-absent", "dll-absent", "healthy-cluster")]
COUNTED = "SELECT (SELECT count(*) FROM cases), (SELECT string_agg(state, ',' ORDER BY run) FROM runs)"


class SmallDisk:
    """A file system of some KiB."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def resize(self, kibibytes: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={kibibytes}k", self.place], check=True)

    def empty(self) -> None:
        for path in self.place.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    place = tmp_path_factory.mktemp("disk").resolve()
    try:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "none", place], capture_output=True, check=False)
    except OSError:
        pytest.skip("no mount on this system")
    if mounted.returncode:
        pytest.skip("no file system of one's own may be mounted here")
    yield SmallDisk(place)
    subprocess.run(["umount", place], check=True)


Told = tuple[int, str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[[Sequence[str]], Told]:
    def ran(command: Sequence[str]) -> Told:
        status = main([*command])
        return status, capsys.readouterr().err

    return ran


def assert_told(told: Told, place: Path) -> None:
    status, words = told
    assert status == 2
    assert words.startswith(f"iiscluster-kb: {place}")
    assert "No space left on device" in words
    assert words.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    [
        ("examine", *ASKED, "--format", "html", str(FOLDER), "--output"),
        ("fix", *ASKED, str(FOLDER), "--output"),
    ],
    ids=["report", "kit"],
)
def test_a_result_is_whole_or_not_there(
    command: tuple[str, ...], disk: SmallDisk, run: Callable[[Sequence[str]], Told]
) -> None:
    disk.empty()
    for size in (8, 16, 40):
        disk.resize(size)
        assert_told(run([*command, f"{disk.place}/out"]), disk.place)
        assert list(disk.place.iterdir()) == []
    disk.resize(ROOM)
    assert run([*command, f"{disk.place}/out"])[0] == 1
    out = disk.place / "out"
    assert is_whole(out) if out.is_dir() else out.read_bytes().endswith(b"</html>\n")


@pytest.fixture
def triage(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    pytest.importorskip("duckdb", reason="the extra triage is not installed: no duckdb")
    from tests.triage.conftest import _examine_in_this_process  # noqa: PLC0415 - which needs duckdb

    monkeypatch.setattr("iiscluster_kb.triage._run.examine_here", _examine_in_this_process)
    return ["triage", *CASES, *ASKED, "--workers", "1", "--max-size", "1M", "--progress", "none", "--store"]


@pytest.mark.parametrize("size", [4, 12, 20, 48])
def test_a_store_keeps_what_was_committed_and_goes_on(
    size: int,
    disk: SmallDisk,
    triage: list[str],
    run: Callable[[Sequence[str]], Told],
    capsys: pytest.CaptureFixture[str],
) -> None:
    disk.empty()
    disk.resize(size)
    store = f"{disk.place}/store"
    assert_told(run([*triage, store]), disk.place)
    disk.resize(ROOM)
    assert run([*triage, store])[0] == 1
    assert main(["triage", "query", store, COUNTED, "--format", "csv"]) == 0
    cases, states = capsys.readouterr().out.splitlines()[1].split(",", 1)
    assert (cases, states.strip('"').split(",")[-1]) == ("3", "complete")


def test_kits_of_many_cases_and_their_index_are_whole_or_not_there(
    disk: SmallDisk, triage: list[str], run: Callable[[Sequence[str]], Told], tmp_path: Path
) -> None:
    disk.empty()
    kits = disk.place / "kits"
    command = [*triage, str(tmp_path / "store"), "--fix-into", str(kits)]
    for size in (32, 160):
        disk.resize(size)
        assert_told(run(command), disk.place)
        assert all(is_whole(kit) for kit in kits.iterdir() if kit.is_dir())
        assert not (kits / "index.html").exists()
    disk.resize(ROOM)
    assert run(command)[0] == 1
    made = [kit for kit in kits.iterdir() if kit.is_dir()]
    assert len(made) == 2
    assert all(map(is_whole, made))
    assert (kits / "index.csv").read_text("utf-8").count("\n") == 3


def test_answers_of_a_store_are_whole_or_not_there(
    disk: SmallDisk, triage: list[str], run: Callable[[Sequence[str]], Told], tmp_path: Path
) -> None:
    disk.empty()
    disk.resize(ROOM)
    store, out = str(tmp_path / "store"), disk.place / "out"
    assert run([*triage, store])[0] == 1
    for words in (
        ["export", store, str(out), "--format", "csv"],
        ["export", store, str(out)],
        ["report", store, "--format", "html", "--output", f"{out}/"],
    ):
        for size in (8, 24):
            disk.resize(size)
            assert_told(run(["triage", *words]), disk.place)
            assert contents(disk.place) == {}
        disk.resize(ROOM)
        assert run(["triage", *words])[0] == 0
        assert contents(out)
        disk.empty()
