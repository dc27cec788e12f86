"""Runs one input after another; what raises, takes too long or too much memory is kept as a finding."""

from __future__ import annotations

import contextlib
import resource
import signal
import sys
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from tests.fuzz.guided.target import Target

__all__ = ["TooLongError", "TooMuchMemoryError", "Watch", "bounded", "limit_memory"]

_MOST_MEMORY = 200 << 20
"""Bytes by which one input may raise the process's peak."""
_MOST_ADDRESSES = 4 << 30
"""Bytes of addresses, behind which allocation fails."""
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
_MOST_FINDINGS = 40
"""Of one target: who has so many has enough to mend."""
_PACKAGES = ("iiscluster_kb", "tests")


class TooLongError(BaseException):
    """An input takes more than its CPU time. Not an ``Exception``, that nothing under test handles it."""


class TooMuchMemoryError(Exception):
    """An input raised the process's memory by too much."""


class Watch:
    """Calls a target and keeps, of all inputs that fail at one place, the shortest.

    Args:
        target: What is called.
        folder: Where findings go; it exists.
    """

    def __init__(self, target: Target, folder: Path) -> None:
        self._target = target
        self._folder = folder
        self._kept: dict[str, int] = {}

    def __call__(self, data: bytes) -> None:
        """Run one input; nothing that comes of it is raised."""
        try:
            with bounded(self._target.seconds):
                self._target.run(data)
        except (Exception, TooLongError) as error:  # noqa: BLE001 - whatever is raised here is what is looked for
            self._keep(data, error)

    def _keep(self, data: bytes, error: BaseException) -> None:
        place = f"{type(error).__name__}-{_place(error)}"
        if self._kept.get(place, len(data) + 1) <= len(data) or len(self._kept) >= _MOST_FINDINGS:
            return
        self._kept[place] = len(data)
        file = self._folder / place
        file.write_bytes(data)
        command = f"python -m tests.fuzz.guided {self._target.name} --replay {file}"
        told = "".join(traceback.format_exception(error))
        file.with_name(f"{place}.txt").write_text(f"{command}\n\n{told}", encoding="utf-8")


@contextlib.contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """What is done inside raises ``TooLongError`` after so much CPU time, ``TooMuchMemoryError`` at its end."""
    before = _peak()
    signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    grown = _peak() - before
    if grown > _MOST_MEMORY:
        raise TooMuchMemoryError(f"{grown >> 20} MiB more than before")


def limit_memory() -> None:
    """Let allocation fail in this process before it takes the machine with it."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_ADDRESSES, _MOST_ADDRESSES))


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise TooLongError("over its CPU time")


def _place(error: BaseException) -> str:
    """Module and line of the innermost frame of ours; of what took too long, the module alone: lines vary."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    inner = [frame for frame in frames if any(f"/{one}/" in frame.filename for one in _PACKAGES)]
    if not inner:
        return "watch"
    name = inner[-1].filename.rpartition("/")[2].removesuffix(".py")
    return name if isinstance(error, TooLongError) else f"{name}-{inner[-1].lineno}"
