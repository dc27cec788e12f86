"""Contenders for one job, each in a process of its own, in turns, so that a machine that slows down slows all."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OURS = "iiscluster_kb"
_WORKER = ROOT / "benchmarks/_worker.py"
# Compiled modules are kept, as an installation keeps them.
_ENVIRONMENT = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True, slots=True)
class Effort:
    """How long a contender is measured."""

    turns: int = 3
    runs: int = 5
    """Runs of a turn; what takes two seconds or more runs once a turn."""
    warm: bool = True
    """Whether a run that does not count comes first."""
    limit: float = 15.0
    """Seconds after which a turn is stopped: the contender is reported as slower than that."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Who runs, and where from."""

    name: str
    module: str
    """A file beside this one, without its ending, whose ``run`` knows the contender."""
    python: str = sys.executable


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured of one contender."""

    times: tuple[float, ...]
    """Seconds, one a run."""
    peak: int
    """Most memory in MiB."""
    answer: Any = None

    @property
    def seconds(self) -> float:
        return statistics.median(self.times)


@dataclass(frozen=True, slots=True)
class Slower:
    """It was stopped."""

    seconds: float


@dataclass(frozen=True, slots=True)
class LeftOut:
    """It did not run."""

    reason: str


Outcome = Result | Slower | LeftOut
Outcomes = Mapping[str, Outcome]


def race(
    job: str, contenders: list[Contender], task: Mapping[str, Any], effort: Effort
) -> dict[str, Outcome]:
    """Let the contenders do a job in turns.

    Args:
        job: What the contenders' modules call it.
        contenders: In the order of the turns.
        task: What the modules are told.
        effort: How long each is measured.

    Returns:
        By name, in the same order; one that was stopped or left out in its first turn had no other.
    """
    turns: dict[str, list[Outcome]] = {one.name: [] for one in contenders}
    for _ in range(effort.turns):
        for one in contenders:
            so_far = turns[one.name]
            if all(isinstance(outcome, Result) for outcome in so_far):
                so_far.append(_turn(job, one, task, effort))
    return {name: _joined(outcomes) for name, outcomes in turns.items()}


def _joined(turns: list[Outcome]) -> Outcome:
    results = [turn for turn in turns if isinstance(turn, Result)]
    if len(results) < len(turns):
        return turns[-1]
    times = tuple(seconds for result in results for seconds in result.times)
    return Result(times, max(result.peak for result in results), results[0].answer)


def _turn(job: str, contender: Contender, task: Mapping[str, Any], effort: Effort) -> Outcome:
    command = [contender.python, str(_WORKER), contender.module, contender.name, job]
    told = json.dumps({**task, "runs": effort.runs, "warm": effort.warm})
    try:
        done = subprocess.run(
            command,
            input=told,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env=_ENVIRONMENT,
            timeout=effort.limit,
        )
    except subprocess.TimeoutExpired:
        return Slower(effort.limit)
    except OSError as error:
        return LeftOut(f"not installed: {contender.python}: {error.strerror}")
    if done.returncode:
        return LeftOut(f"its process ended with {done.returncode}: {done.stderr[-200:]}")
    said = json.loads(done.stdout)
    if reason := said.get("left_out"):
        return LeftOut(reason)
    return Result(tuple(said["seconds"]), said["peak"], said["answer"])
