"""How far a run is: a live line on a terminal, lines of JSON for programs, a log for afterwards."""

from __future__ import annotations

import json
import sys
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Self

from iiscluster_kb.render._escape import printable

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from iiscluster_kb.triage._nouns import Result
    from iiscluster_kb.triage._run import Counts

__all__ = ["Progress"]

_PERIOD = 1.0
"""Seconds between two lines of JSON."""
_PLAIN_PERIOD = 60.0
"""Seconds between two lines of text where there is no terminal."""


class Progress(AbstractContextManager["Progress"]):
    """Told after each case.

    Args:
        form: ``live`` (a terminal), ``json``, ``plain`` or ``none``; everything goes to standard error.
        log: A file that gets a line for each case.
    """

    def __init__(self, form: str, log: IO[str] | None = None) -> None:
        self._form = form
        self._log = log
        self._told = time.monotonic()
        self._live: RichProgress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if self._form == "live":
            from rich.console import Console  # noqa: PLC0415 - only on a terminal
            from rich.progress import (  # noqa: PLC0415 - the same
                BarColumn,
                MofNCompleteColumn,
                TextColumn,
                TimeElapsedColumn,
                TimeRemainingColumn,
            )
            from rich.progress import Progress as Live  # noqa: PLC0415 - the same

            self._live = Live(
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[told]}", markup=False),
                console=Console(stderr=True),
            )
            self._live.start()
            self._task = self._live.add_task("", total=None, rate="", told="")
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, counts: Counts, result: Result | None) -> None:
        """Take note of a result, or of the end of the work list."""
        if result is not None and self._log is not None:
            self._log.write(f"{_line(result)}\n")
        now = time.monotonic()
        if self._live is not None and self._task is not None:
            self._live.update(
                self._task,
                completed=counts.ended,
                total=counts.found if counts.is_listed else None,
                rate=f"{_rate(counts):.1f}/s",
                told=_words(counts),
            )
        elif now - self._told >= (_PERIOD if self._form == "json" else _PLAIN_PERIOD):
            self._told = now
            self._tell(counts, "running")

    def finish(self, counts: Counts, state: str) -> None:
        """Tell the end: ``complete`` or ``stopped``."""
        self.__exit__()
        self._live = None
        if self._log is not None:
            self._log.write(f"{_stamp()} {state}: {_words(counts)}\n")
            self._log.flush()
        self._tell(counts, state)

    def _tell(self, counts: Counts, state: str) -> None:
        if self._form == "json":
            _say(json.dumps(_told(counts, state)))
        elif self._form != "none":
            _say(f"iiscluster-kb: {state}: {_words(counts)}; {_rate(counts):.1f} cases a second")
        if self._log is not None:
            self._log.flush()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - progress belongs on standard error


def _told(counts: Counts, state: str) -> dict[str, object]:
    left = (counts.found - counts.ended) / _rate(counts) if counts.is_listed and _rate(counts) else None
    return {
        "state": state,
        "found": counts.found,
        "listed": counts.is_listed,
        "ended": counts.ended,
        "unchanged": counts.unchanged,
        "repeated": counts.repeated,
        "left_out": counts.left_out,
        "outcomes": dict(sorted(counts.outcomes.items())),
        "verdicts": dict(sorted(counts.verdicts.items())),
        "per_second": round(_rate(counts), 2),
        "seconds": round(time.monotonic() - counts.started, 2),
        "seconds_left": None if left is None else round(left, 1),
    }


def _rate(counts: Counts) -> float:
    return counts.ended / max(time.monotonic() - counts.started, 1e-6)


def _words(counts: Counts) -> str:
    parts = [f"{many} {outcome}" for outcome, many in sorted(counts.outcomes.items())]
    faulty = counts.verdicts["confirmed"] + counts.verdicts["likely"]
    if counts.unchanged:
        parts.append(f"{counts.unchanged} of them unchanged")
    return ", ".join((f"{counts.ended} cases", *parts, f"{faulty} with a fault"))


def _line(result: Result) -> str:
    how = "unchanged" if result.unchanged else result.outcome.value
    told = "" if result.reason is None else f": {result.reason}"
    return printable(
        f"{_stamp()} {how} {result.verdict or '-'} {result.seconds:.3f}s {result.found.source}{told}"
    )


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
