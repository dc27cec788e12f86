from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from benchmarks._cases import BOMB, differences, plant
from iiscluster_kb.triage import _dask, _verbs
from iiscluster_kb.triage._nouns import Found, Outcome, Settings, Task
from iiscluster_kb.triage._progress import Progress
from iiscluster_kb.triage._wire import pack_task, unpack_result
from tests.support.scenarios import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from iiscluster_kb.triage._nouns import Result
    from iiscluster_kb.triage._run import Counts

distributed = pytest.importorskip("distributed", reason="the extra distributed is not installed: no Dask")

SCHEDULER = """
import asyncio, sys
from distributed import Scheduler
async def main():
    async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()
asyncio.run(main())
"""
WORKER = """
import asyncio, sys
from distributed import Worker
async def main():
    async with Worker(sys.argv[1], nthreads=1, name=sys.argv[2], dashboard=False) as worker:
        print(worker.address, flush=True)
        await worker.finished()
asyncio.run(main())
"""


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self.address = self._start(SCHEDULER)[1]
        self.workers = [self._start(WORKER, self.address, str(number))[0] for number in range(2)]

    def _start(self, program: str, *arguments: str) -> tuple[subprocess.Popen[str], str]:
        environment = {
            **os.environ,
            "DASK_TEMPORARY_DIRECTORY": str(self._folder),
            "DASK_LOGGING__DISTRIBUTED": "critical",
        }
        process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self._stack.callback(self._stop, process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    @staticmethod
    def _stop(process: subprocess.Popen[str]) -> None:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield Cluster(stack, tmp_path)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning"
)  # distributed leaves sockets of a lost worker to the collector
def test_a_lost_worker_s_cases_run_again(
    tmp_path: Path, cluster: Cluster, triage: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killing(Progress):
        """Ends a worker in the middle of the run, when both have cases."""

        def __call__(self, counts: Counts, result: Result | None) -> None:
            super().__call__(counts, result)
            if counts.ended == 5:
                cluster.workers[0].kill()

    monkeypatch.setattr(_verbs, "Progress", Killing)
    planted = list(plant(tmp_path / "cases", 16, broken=0.2))
    store = tmp_path / "store"
    words = (
        f"--article Q224553 --no-second-opinion --max-size {BOMB // 2} --scheduler {cluster.address} --store"
    )
    assert triage(words, store, tmp_path / "cases", "--log", tmp_path / "log") == 1
    assert cluster.workers[0].wait() == -9
    assert differences(store, planted) == []
    assert len((tmp_path / "log").read_text().splitlines()) == len(planted) + 1


def test_no_scheduler_there(
    tmp_path: Path, triage: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iiscluster_kb.triage._dask._LONGEST_WAIT", 0.5)
    with pytest.raises(OSError, match=r"(?i)timed out|connect"):
        triage("--scheduler tcp://127.0.0.1:9 --store", tmp_path / "store", tmp_path)


class Ended:
    """A future whose task ended so."""

    def __init__(self, error: Exception | None, told: bytes = b"") -> None:
        self._error, self._told = error, told

    def exception(self) -> Exception | None:
        return self._error

    def result(self) -> bytes:
        return self._told


def test_how_a_task_ends() -> None:
    task = Task(Found("/a", "/a", "a"), Settings())
    lost = _dask._result_of(Ended(RuntimeError("lost")), task)
    assert (lost.outcome, lost.reason) == (Outcome.KILLED, "its Dask worker: RuntimeError: lost")
    assert _dask._result_of(Ended(None, b"{}"), task).outcome is Outcome.KILLED
    # A machine that cannot start the program is no case's fault, and the run says so.
    with pytest.raises(OSError, match="no worker"):
        _dask._result_of(Ended(OSError("no worker can be started")), task)


def test_a_thread_keeps_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    case = str(ROOT / "fixtures" / "scenarios" / "value-absent" / "case")
    settings = Settings(articles=("Q224553",), second_opinion="none", pages="none")
    task = Task(Found(case, case, "case"), settings)
    monkeypatch.setattr(_dask, "_own", threading.local())
    for _ in range(2):
        assert unpack_result(task.found, _dask.examine_message(pack_task(task))).verdict == "confirmed"
    _dask._own.worker.close()
