from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from benchmarks._cases import BOMB, differences, plant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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
    tmp_path: Path, cluster: Cluster, triage: Callable[..., int]
) -> None:
    planted = list(plant(tmp_path / "cases", 24, broken=0.2))
    store = tmp_path / "store"
    lost = threading.Timer(3.0, cluster.workers[0].kill)
    lost.start()
    try:
        words = f"--article Q224553 --no-second-opinion --max-size {BOMB // 2} --scheduler {cluster.address} --store"
        assert triage(words, store, tmp_path / "cases", "--log", tmp_path / "log") == 1
    finally:
        lost.join()
    assert cluster.workers[0].wait() == -9
    assert differences(store, planted) == []
    assert len((tmp_path / "log").read_text().splitlines()) == len(planted) + 1


def test_no_scheduler_there(
    tmp_path: Path, triage: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iiscluster_kb.triage._dask._LONGEST_WAIT", 0.5)
    with pytest.raises(OSError, match=r"(?i)timed out|connect"):
        triage("--scheduler tcp://127.0.0.1:9 --store", tmp_path / "store", tmp_path)
