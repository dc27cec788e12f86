"""One search over one target: its corpus, its processes, what came of it."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import iiscluster_kb
from tests.fuzz.guided.record import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.guided.target import Target

__all__ = ["CACHE", "Search"]

ROOT = Path(__file__).resolve().parents[3]
CACHE = ROOT / ".cache" / "fuzz"
_KILLED_AFTER = 1200
"""Seconds of one input, by the clock, after which its process is ended; a loop that runs in C alone needs it."""
_MOST_RESIDENT = 2048
"""MiB of one process."""
_STATUS = re.compile(rb"^#(\d+)\s.*?\bcov: (\d+)", re.MULTILINE)
_EXECUTED = re.compile(rb"^stat::number_of_executed_units:\s*(\d+)", re.MULTILINE)
_ARTIFACTS = ("timeout-", "oom-", "crash-", "leak-", "slow-unit-")
"""What libFuzzer calls the inputs at which it ends a process, before their SHA-1."""


@dataclass(slots=True)
class _Process:
    running: subprocess.Popen[bytes]
    log: Path


class Search:
    """A search that one call runs to its end.

    Args:
        target: What is searched.
        folder: Where its corpus is and grows; seeds, findings and logs are below it.
    """

    def __init__(self, target: Target, folder: Path) -> None:
        self._target = target
        self._folder = folder
        self._corpus, self._seeds, self._findings, self._logs = (
            folder / name for name in ("corpus", "seeds", "findings", "logs")
        )
        self._dictionary = folder / "words.dict"
        self._executions = self._edges = 0

    def run(self, seconds: float, jobs: int = 1) -> Run:
        """Search for so long, by the clock, in so many processes; a process that is ended is begun anew."""
        self._prepare()
        before = _cpu_of_children()
        end = time.monotonic() + seconds
        processes = [self._start(end, number) for number in range(jobs)]
        try:
            while processes:
                time.sleep(0.2)
                for process in [one for one in processes if one.running.poll() is not None]:
                    processes.remove(process)
                    if self._took(process) and time.monotonic() < end - 1:
                        processes.append(self._start(end, len(processes)))
        except KeyboardInterrupt:
            for process in processes:
                process.running.send_signal(signal.SIGINT)
                process.running.wait()
                self._took(process)
        return Run(
            datetime.now(UTC).isoformat(timespec="seconds"),
            self._target.name,
            round(_cpu_of_children() - before, 1),
            self._executions,
            self._edges,
            sum(1 for _ in self._corpus.iterdir()),
            len(self.findings()),
            {
                "iiscluster-kb": iiscluster_kb.__version__,
                "atheris": version("atheris"),
                "python": platform.python_version(),
            },
        )

    def findings(self) -> list[Path]:
        """The inputs that failed; beside each, what of."""
        return sorted(file for file in self._findings.iterdir() if file.suffix != ".txt")

    def _prepare(self) -> None:
        """Write seeds and dictionary; what an earlier run found is tried anew."""
        for folder in (self._corpus, self._seeds, self._findings, self._logs):
            folder.mkdir(parents=True, exist_ok=True)
        for seed in self._target.seeds():
            _put(self._seeds, seed)
        for file in self.findings():
            if not file.name.startswith(_ARTIFACTS):
                _put(self._seeds, file.read_bytes())
        for file in self._findings.iterdir():
            file.unlink()
        self._dictionary.write_text("".join(_entries(self._target.words)), encoding="ascii")

    def _start(self, end: float, number: int) -> _Process:
        options: dict[str, object] = {
            "max_total_time": max(int(end - time.monotonic()), 1),
            "max_len": self._target.longest,
            "timeout": _KILLED_AFTER,
            "rss_limit_mb": _MOST_RESIDENT,
            "artifact_prefix": f"{self._findings}{os.sep}",
            "print_final_stats": 1,
            "reload": 1,
        }
        if self._target.words:  # an empty dictionary is refused
            options["dict"] = self._dictionary
        line = [sys.executable, "-m", "tests.fuzz.guided.guide", self._target.name, str(self._findings)]
        line += [f"-{name}={value}" for name, value in options.items()]
        log = self._logs / f"{number}.log"
        with log.open("wb") as stream:
            running = subprocess.Popen(
                [*line, str(self._corpus), str(self._seeds)], cwd=ROOT, stdout=stream, stderr=stream
            )
        return _Process(running, log)

    def _took(self, process: _Process) -> bool:
        """Count what a process did; whether it was ended by an input, which no later one shall begin with.

        Raises:
            RuntimeError: It did nothing, as where atheris is not installed.
        """
        told = process.log.read_bytes()
        status = _STATUS.findall(told)
        if not status:
            raise RuntimeError(f"{process.log}: {told[-2000:].decode(errors='replace')}")
        executed = _EXECUTED.search(told)
        self._executions += int(executed[1] if executed else status[-1][0])
        self._edges = max(self._edges, *(int(edges) for _, edges in status))
        for file in self._findings.iterdir():
            for prefix in _ARTIFACTS:
                for folder in (self._corpus, self._seeds):
                    if file.name.startswith(prefix):
                        (folder / file.name.removeprefix(prefix)).unlink(missing_ok=True)
        return process.running.returncode != 0


def _put(folder: Path, data: bytes) -> None:
    """Write an input under the name that libFuzzer gives it."""
    (folder / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


def _entries(words: tuple[bytes, ...]) -> Iterator[str]:
    for word in words:
        yield '"' + "".join(f"\\x{byte:02X}" for byte in word) + '"\n'


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
