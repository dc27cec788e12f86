"""What was searched so far: one line of JSON a run, and the totals of each target."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FILE", "Run", "Total", "append", "read", "totals"]

FILE = Path(__file__).with_name("record.jsonl")


@dataclass(frozen=True, slots=True)
class Run:
    """One run over one target."""

    date: str
    """Of its end, in UTC."""
    target: str
    cpu_seconds: float
    """Of all processes that searched."""
    executions: int
    edges: int
    """Places in the package's code that inputs reached, with those of the corpus that the run began with."""
    corpus: int
    """Inputs that it left for the next run."""
    crashes: int
    """Places at which an input failed or took too much: faults, or laws that asked for more than is promised."""
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Total:
    """All runs over one target."""

    runs: int
    cpu_seconds: float
    executions: int
    edges: int
    """The most that a run reached."""
    crashes: int


def append(run: Run, file: Path = FILE) -> None:
    """Add a run at the end."""
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(run)) + "\n")


def read(file: Path = FILE) -> tuple[Run, ...]:
    """All runs, in their order; none where there is no file yet."""
    if not file.exists():
        return ()
    return tuple(Run(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines())


def totals(runs: tuple[Run, ...]) -> dict[str, Total]:
    """By target, in order of names."""
    of: defaultdict[str, list[Run]] = defaultdict(list)
    for run in runs:
        of[run.target].append(run)
    return {
        target: Total(
            len(own),
            sum(run.cpu_seconds for run in own),
            sum(run.executions for run in own),
            max(run.edges for run in own),
            sum(run.crashes for run in own),
        )
        for target, own in sorted(of.items())
    }
