"""Many cases beside what nobody can do without, in one run: Markdown on standard output, or into a file.

    python benchmarks/triage.py [--only hashing,small,memory,cores,dask,growth,planted] [--scale 0.01] [--out FILE]

hashing   cases with hives of real size (twice 15 MB and 86 MB), with a short and a long listing, against SHA-256 over the
          same bytes on all cores; one in four has a fault
small     small cases a second and core, with and without second opinions
memory    the parent's resident size while 100,000 synthetic results pass through it
cores     the whole run, parent included, on two cores against one; beside it, two workers against one on all cores
dask      what a case costs more on a Dask cluster of this machine
growth    cost as cases grow from 100 to 100,000, with one article
planted   10,000 cases with planted faults: the table is exactly what was planted; killed and resumed, the same;
          on Dask with a worker killed, the same

``--scale`` makes every number of cases smaller, to see that the script runs. Beside wall time stands processor time, of
parent and workers, which other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import duckdb  # noqa: E402 - found by the line above

from benchmarks._cases import BOMB, differences, plant, write_real  # noqa: E402 - found by the line above
from benchmarks._document import processor  # noqa: E402 - the same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks._cases import Planted

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
GROWTH = (100, 1000, 10_000, 100_000)
LIMIT = f"--max-size={BOMB // 2}"

COMMAND = """
import argparse, resource, sys
from iiscluster_kb.render import View
from iiscluster_kb.triage._command import add_arguments, run
parser = argparse.ArgumentParser()
add_arguments(parser)
parser.set_defaults(quiet=True)
status = run(parser.parse_args(), View(80), lambda text: None)
own, workers = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
print(own.ru_utime + own.ru_stime, workers.ru_utime + workers.ru_stime, own.ru_maxrss * 1024)
sys.exit(status)
"""
SYNTHETIC = """
import resource, sys, tempfile
from iiscluster_kb.triage import _run
from iiscluster_kb.triage._nouns import Found, Outcome, Result, Settings
from iiscluster_kb.triage._store import Store
count = int(sys.argv[2])
facts = tuple((n % 8 + 1, "subject", "present", "x" * 200, None, "NODE1/SYSTEM", "0" * 64, "key", 5, None, None, None, None) for n in range(30))
def find(roots, unpack=None):
    for number in range(count):
        yield Found(f"/cases/{number:09}", f"/cases/{number:09}", f"{number:09}")
def examined(tasks, workers):
    for task in tasks:
        yield Result(task.found, Outcome.DONE, verdict="ruled-out", stamp="s", content="c", rows={"facts": facts}, page=b"x" * 4000)
_run.find_cases, _run.examine_here = find, examined
peaks = []
def tell(counts, result):
    if counts.ended % (count // 10) == 0 and result is not None:
        with open("/proc/self/statm") as statm:
            peaks.append(int(statm.read().split()[1]) * resource.getpagesize() >> 20)
with Store(sys.argv[1]) as store:
    _run.triage(["x"], store, Settings(), workers=1, progress=tell)
print(*peaks)
"""
SCHEDULER = """
import asyncio
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
    async with Worker(sys.argv[1], nthreads=1, dashboard=False) as worker:
        print(worker.address, flush=True)
        await worker.finished()
asyncio.run(main())
"""


class Run:
    """One run of the command as a process of its own."""

    def __init__(self, *arguments: str, pinned: tuple[str, ...] = ()) -> None:
        began = time.perf_counter()
        done = subprocess.run(
            [*pinned, sys.executable, "-c", COMMAND, "--progress=none", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        self.seconds = time.perf_counter() - began
        if done.returncode not in (0, 1, 3):
            raise SystemExit(f"triage ended with {done.returncode}")
        if (
            LIMIT not in arguments
        ):  # then no case is broken, and an examination that fails at once must not count
            _require_answers(arguments)
        parent, workers, memory = done.stdout.split()[-3:]
        self.parent, self.workers, self.memory = float(parent), float(workers), int(memory)

    @property
    def processor(self) -> float:
        """Seconds of processor time, of all processes on this machine."""
        return self.parent + self.workers

    def told(self, cases: int) -> str:
        """In words, for so many cases."""
        return (
            f"{self.seconds:.1f} s, processor {self.workers / cases * 1000:.1f} ms a case in workers and "
            f"{self.parent / cases * 1000:.1f} ms in the parent"
        )


def _require_answers(arguments: tuple[str, ...]) -> None:
    (store,) = (word.removeprefix("--store=") for word in arguments if word.startswith("--store="))
    with duckdb.connect(store, read_only=True) as connection:
        failed = connection.execute(
            "SELECT source, reason FROM cases WHERE outcome <> 'done' LIMIT 1"
        ).fetchone()
    if failed is not None:
        raise SystemExit(f"{failed[0]}: {failed[1]}")


def sha256_of(path: str) -> int:
    with Path(path).open("rb") as stream:
        hashlib.file_digest(stream, "sha256")
    return Path(path).stat().st_size


def hashing(folder: Path, scale: float) -> Iterator[str]:
    cases = max(4, round(24 * scale))
    for listed in (0, 5000):
        yield f"\n{cases} cases, {listed} files more in the listing of each node:\n"
        yield from _beside_hashing(folder / f"listed-{listed}", cases, listed, {})
    yield "\nThe same hives with the processor's instructions for SHA-256 switched off (`OPENSSL_ia32cap`), as older ones have none:\n"
    yield from _beside_hashing(folder / "plain", cases, 0, {"OPENSSL_ia32cap": ":~0x20000000"})


def _beside_hashing(folder: Path, cases: int, listed: int, environment: dict[str, str]) -> Iterator[str]:
    shelf = folder / "real"
    for number in range(cases):
        if number < 2:
            write_real(shelf / f"{number:03}", is_faulty=number == 0, listed=listed)
        else:
            shutil.copytree(shelf / f"{int(number % 4 != 0):03}", shelf / f"{number:03}")
    files = [str(path) for path in shelf.rglob("*") if path.is_file()]
    with _environment(environment):
        # Processes that start now read the environment when they first hash.
        with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as pool:
            list(pool.map(sha256_of, files))  # both find the files in the page cache
            began = time.perf_counter()
            size = sum(pool.map(sha256_of, files))
            hashed = time.perf_counter() - began
        words = ("--no-second-opinion", "--reports=none")
        list(plant(folder / "few", CORES))
        started = Run(*words, f"--store={folder / 'few.store'}", str(folder / "few"))
        run = Run(*words, f"--store={folder / 'real.store'}", str(shelf))
    yield f"{size >> 20} MiB on {CORES} cores: SHA-256 {hashed:.2f} s ({size / hashed / 2**20:.0f} MiB/s); "
    yield f"triage {run.seconds:.2f} s, of which {started.seconds:.2f} s go by until every worker has done a small case: "
    yield f"**{hashed / (run.seconds - started.seconds):.2f}** of hashing."
    shutil.rmtree(folder)


@contextmanager
def _environment(more: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, text in before.items():
            if text is None:
                del os.environ[name]
            else:
                os.environ[name] = text


def small(folder: Path, scale: float) -> Iterator[str]:
    cases = folder / "small"
    planted = list(plant(cases, max(50, round(4000 * scale))))
    count, faulty = len(planted), sum(one.is_faulty for one in planted)
    yield f"{count} cases, {faulty} with a fault."
    shelf = cases / "0000"
    on_shelf = sum(one.path.parent == shelf for one in planted)
    for words, root, number in (
        ("--no-second-opinion", cases, count),
        ("--second-opinion=faulty", shelf, on_shelf),
        ("--second-opinion=all", shelf, on_shelf),
    ):
        run = Run(words, "--reports=none", f"--store={folder / words}", str(root))
        yield (
            f"- {number} with `{words}`: {run.told(number)}: **{number / run.seconds / CORES:.1f}** a second and core, "
            f"**{number / run.processor:.1f}** a second of processor time"
        )
    words = "--no-second-opinion"
    run = Run(words, "--reports=none", f"--store={folder / words}", str(cases))
    yield f"- {count} again, unchanged: {run.told(count)}, {count / run.seconds:.0f} a second"


def memory(folder: Path, scale: float) -> Iterator[str]:
    count = max(1000, round(100_000 * scale))
    done = subprocess.run(
        [sys.executable, "-c", SYNTHETIC, str(folder / "synthetic"), str(count)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    size = (folder / "synthetic").stat().st_size
    yield f"{count} synthetic results; resident MiB of the parent after each tenth: {done.stdout.strip()}; "
    yield f"store {size >> 20} MiB, {size / count / 1024:.1f} KiB a case."


def cores(folder: Path, scale: float) -> Iterator[str]:
    cases = folder / "cores"
    count = sum(1 for _ in plant(cases, max(50, round(2000 * scale))))
    taskset = shutil.which("taskset")
    pinned = () if taskset is None else (taskset, "--cpu-list")
    told = {}
    for name, workers, where in (("one core", 1, "0"), ("two cores", 2, "0,1"), ("one worker", 1, "")):
        only = (*pinned, where) if pinned and where else ()
        store = folder / f"{name}.store"
        told[name] = Run(
            "--no-second-opinion", f"--workers={workers}", f"--store={store}", str(cases), pinned=only
        )
    one, two, worker = told.values()
    if pinned:
        yield f"{count} cases: everything on one core {one.seconds:.1f} s, on two {two.seconds:.1f} s: **{one.seconds / two.seconds:.2f}** times "
        yield f"(processor time {one.processor:.1f} s and {two.processor:.1f} s)."
    yield f"One worker, while the parent has the other core: {worker.seconds:.1f} s, {worker.seconds / two.seconds:.2f} times the two cores' time."


@contextmanager
def cluster(workers: int, folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """A scheduler and workers as processes of this machine."""
    with ExitStack() as stack:

        def start(program: str, *arguments: str) -> tuple[subprocess.Popen[str], str]:
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", program, *arguments],
                    cwd=ROOT,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    env={**os.environ, "DASK_TEMPORARY_DIRECTORY": str(folder)},
                )
            )
            stack.callback(process.kill)
            return process, (process.stdout.readline() if process.stdout else "").strip()

        _, address = start(SCHEDULER)
        yield address, [start(WORKER, address)[0] for _ in range(workers)]


def dask(folder: Path, scale: float) -> Iterator[str]:
    cases = folder / "dask"
    count = sum(1 for _ in plant(cases, max(50, round(2000 * scale))))
    here = Run("--no-second-opinion", f"--workers={CORES}", f"--store={folder / 'dask-here'}", str(cases))
    with cluster(CORES, folder) as (address, _):
        there = Run(
            "--no-second-opinion", f"--scheduler={address}", f"--store={folder / 'dask-there'}", str(cases)
        )
    more = (there.seconds - here.seconds) / count * 1000
    yield f"{count} cases: here {here.seconds:.1f} s, on Dask with as many workers {there.seconds:.1f} s: "
    yield f"**{more:.1f} ms** more a case (connection and imports of Dask included)."


def growth(folder: Path, scale: float) -> Iterator[str]:
    yield "| cases | seconds | a second | processor ms a case | parent MiB | store MiB | store KiB a case |"
    yield "|---:|---:|---:|---:|---:|---:|---:|"
    for number in GROWTH:
        cases = folder / f"growth-{number}"
        count = sum(1 for _ in plant(cases, max(10, round(number * scale))))
        store = folder / f"growth-{number}.store"
        run = Run("--article=Q224553", "--no-second-opinion", f"--store={store}", str(cases))
        size = store.stat().st_size
        yield (
            f"| {count} | {run.seconds:.1f} | {count / run.seconds:.0f} | {run.processor / count * 1000:.1f} | {run.memory >> 20} | {size / 2**20:.1f} "
            f"| {size / count / 1024:.1f} |"
        )
        shutil.rmtree(cases)


def planted(folder: Path, scale: float) -> Iterator[str]:
    cases = folder / "planted"
    expected = list(plant(cases, max(100, round(10_000 * scale)), broken=0.03))
    faulty = sum(one.is_faulty for one in expected)
    yield f"{len(expected)} cases, {faulty} with a planted fault, 3 % broken."
    words = ("--article=Q224553", "--second-opinion=none", "--reports=none", LIMIT)
    run = Run(*words, f"--store={folder / 'p1'}", str(cases))
    yield f"- examined in {run.seconds:.0f} s: {_verdict(folder / 'p1', expected)}"
    yield f"- kill -9 after {_killed(folder, words, cases, len(expected) // 3)} cases, resumed: {_verdict(folder / 'p2', expected)}"
    with cluster(CORES, folder) as (address, workers):
        clock = threading.Timer(min(20.0, run.seconds / 3 + 2), workers[0].kill)
        clock.start()
        there = Run(*words, f"--scheduler={address}", f"--store={folder / 'p3'}", str(cases))
        clock.cancel()
    yield f"- on Dask, one of {CORES} workers killed, {there.seconds:.0f} s: {_verdict(folder / 'p3', expected)}"


def _verdict(store: Path, expected: list[Planted]) -> str:
    wrong = differences(store, expected)
    return f"{len(wrong)} differences, such as {wrong[0]}" if wrong else "exactly what was planted"


def _killed(folder: Path, words: tuple[str, ...], cases: Path, after: int) -> int:
    arguments = [
        sys.executable,
        "-c",
        COMMAND,
        *words,
        "--progress=json",
        f"--store={folder / 'p2'}",
        str(cases),
    ]
    ended = 0
    with subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        while process.stderr is not None and (line := process.stderr.readline()):
            ended = json.loads(line)["ended"]
            if ended >= after:
                process.send_signal(signal.SIGKILL)
                break
    Run(*words, f"--store={folder / 'p2'}", str(cases))
    return ended


PARTS: dict[str, Callable[[Path, float], Iterator[str]]] = {
    "hashing": hashing,
    "small": small,
    "memory": memory,
    "cores": cores,
    "dask": dask,
    "growth": growth,
    "planted": planted,
}
TITLES = {
    "hashing": "Cases of real size against hashing",
    "small": "Small cases",
    "memory": "Memory of the parent",
    "cores": "Two cores against one",
    "dask": "What Dask costs",
    "growth": "Growth, with one article",
    "planted": "Planted faults, a kill and a lost worker",
}


def main() -> None:
    arguments = argparse.ArgumentParser(description="Measures many cases.")
    arguments.add_argument("--only", default=",".join(PARTS))
    arguments.add_argument("--scale", type=float, default=1.0)
    arguments.add_argument("--out", type=Path, help="a Markdown file to write as well")
    options = arguments.parse_args()
    lines = []
    for line in _page(options.only.split(","), options.scale):
        print(line, flush=True)
        lines.append(line)
    if options.out is not None:
        options.out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _page(parts: list[str], scale: float) -> Iterator[str]:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    yield "# Figures of triage\n"
    yield f"Made by `python benchmarks/triage.py` on {datetime.now(UTC):%Y-%m-%d}: {CORES} cores ({processor()}), load {load} at the"
    yield f"start, Python {sys.version.split()[0]}, DuckDB {duckdb.__version__}, scale {scale:g}. Compare figures of one run only.\n"
    for name in parts:
        yield f"## {TITLES[name]}\n"
        with tempfile.TemporaryDirectory(prefix="iiscluster-kb-benchmark-") as folder:
            yield from PARTS[name](Path(folder), scale)
        yield ""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    yield f"The largest process of the whole held {peak} MiB."


if __name__ == "__main__":
    main()
