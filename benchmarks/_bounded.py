"""Programs that may hang or eat all memory, run with limits (``prlimit`` of util-linux)."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["GIB", "Ended", "run"]

GIB = 1 << 30
_LOOK = 0.02
"""Seconds between two looks at a program that runs."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    status: int | None
    """Exit status, negative for the signal that ended it; None: it was stopped at a time limit."""
    output: bytes
    errors: str
    """The end of standard error."""
    seconds: float
    """By the clock, the start of its interpreter included."""
    peak: int
    """Most memory it held, in MB, as last seen while it ran (``VmHWM``)."""


def run(command: Sequence[str], *, seconds: int, memory: int = GIB, folder: Path | None = None) -> Ended:
    """Run a program to its end or to a limit.

    Args:
        command: Program and arguments.
        seconds: Processor time after which it is stopped, whatever else the machine does; by the clock it has
            ten times as many.
        memory: Bytes of address space that it may have.
        folder: Where it runs.
    """

    limits = [f"--as={memory}", f"--cpu={seconds}:{seconds + 1}", "--core=0"]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = monotonic()
        program = subprocess.Popen(
            ["prlimit", *limits, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            cwd=folder,
            env=os.environ | {"PYTHONHASHSEED": "0"},
        )
        peak = 0
        while program.poll() is None and monotonic() - started < 10 * seconds:
            peak = max(peak, _peak(program.pid))
            sleep(_LOOK)
        in_time = program.returncode not in {None, -signal.SIGXCPU}
        program.kill()
        status = program.wait()
        spent = monotonic() - started
        output.seek(0)
        errors.seek(0)
        told = errors.read().decode(errors="replace")[-2000:]
        return Ended(status if in_time else None, output.read(), told, spent, peak)


def _peak(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text("ascii", "replace")
    except OSError:  # it has just ended
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) // 1024 if lines else 0
