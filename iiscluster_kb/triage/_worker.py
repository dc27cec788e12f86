"""The parent's side of one worker: a process that is given cases, killed when one takes too long, and replaced.

``concurrent.futures`` and loky give up the whole pool when a process dies, and every pool of the standard library
and of PyPI takes results as pickles, which whoever controls a worker can make run anything in the parent.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

from iiscluster_kb.triage._nouns import Outcome, Result
from iiscluster_kb.triage._wire import pack_task, unpack_result
from iiscluster_kb.triage._worker_main import READY, read_message, write_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iiscluster_kb.triage._nouns import Task

__all__ = ["PROGRAM", "Worker"]

PROGRAM = (sys.executable, "-P", "-m", "iiscluster_kb.triage._worker_main")
_MOST_CASES = 1000
"""Cases after which a worker is replaced, so that no leak of a library grows for days."""
_STARTING = 120.0
"""Seconds for a worker to import the program, from a slow disk of a busy machine."""
_DYING = 2.0
"""Seconds for a worker that closed its side to say why."""
_WORDS = "stderr"
_TOLD = 300
"""Characters of a dead worker's last words that become the reason."""


class Worker:
    """One process, started when the first case comes. Used by one thread; ``close`` may come from another.

    Args:
        program: What is run, with the worker's own folder as its argument.
    """

    def __init__(self, program: Sequence[str] = PROGRAM) -> None:
        self._program = tuple(program)
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._cases = 0
        self._is_ready = False
        self._is_closed = False
        self._lock = threading.Lock()
        """Held while a process begins or is given up, so that none begins after ``close``."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Have a process; it imports what it needs while the caller goes on.

        Raises:
            OSError: The system starts none.
        """
        with self._lock:
            if self._process is None and not self._is_closed:
                self._begin()

    def _begin(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="iiscluster-kb-triage-"))
        place = str(self._folder)
        with (self._folder / _WORDS).open("wb") as words:
            self._process = subprocess.Popen(  # noqa: S603 - a program of this package
                [*self._program, place],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                env={
                    **os.environ,
                    **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), place),
                    "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
                },
                start_new_session=True,  # Ctrl-C is for the parent; and the whole group can be killed
            )
        self._cases = 0
        self._is_ready = False

    def examine(self, task: Task) -> Result:
        """Have one case examined; whatever it does to the worker, there is a result.

        Raises:
            OSError: The system starts no process, or the program fails in it before it has seen a case.
        """
        self.start()
        process = self._process
        if process is None or not self._await_start(process):
            return Result(task.found, Outcome.KILLED, "the run was stopped")
        message, is_overdue = _exchange(process, pack_task(task), task.settings.seconds)
        if is_overdue:
            self._end()
            return Result(
                task.found,
                Outcome.TIMED_OUT,
                f"took more than {task.settings.seconds:g} s (--case-timeout)",
                seconds=task.settings.seconds,
            )
        if message is None:
            with contextlib.suppress(subprocess.TimeoutExpired):  # its last words are on their way
                process.wait(_DYING)
            return Result(task.found, Outcome.KILLED, self._end())
        return self._answer(task, message)

    def _await_start(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether the process can be given a case; False: the worker was closed."""
        if not self._is_ready:
            message, _ = _exchange(process, None, _STARTING)
            if self._is_closed:
                return False
            if message != READY:
                # No case has to do with it, and each would fare alike: whoever runs this must know.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_DYING)
                raise OSError(errno.ENOEXEC, f"no worker can be started: {self._end()}")
            self._is_ready = True
        return True

    def _answer(self, task: Task, message: bytes) -> Result:
        try:
            result = unpack_result(task.found, message)
        except ValueError as error:
            self._end()
            return Result(task.found, Outcome.KILLED, str(error))
        self._cases += 1
        if result.outcome is Outcome.KILLED or self._cases >= _MOST_CASES:
            self._end()
        return result

    def close(self) -> None:
        """End the process, whatever it is doing, and remove what it left."""
        with self._lock:
            self._is_closed = True
        self._end()

    def _end(self) -> str:
        """Reap the process and say how it ended."""
        with self._lock:
            process, folder = self._process, self._folder
            self._process = self._folder = None
        if process is None or folder is None:
            return "the run was stopped"
        _kill(process)
        status = process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        words = _last_words(folder / _WORDS)
        shutil.rmtree(folder, ignore_errors=True)
        ending = f"signal {-status}" if status < 0 else f"exit status {status}"
        return f"its worker died ({ending}){words}"


def _exchange(
    process: subprocess.Popen[bytes], message: bytes | None, seconds: float
) -> tuple[bytes | None, bool]:
    """Say something, if there is anything to say, and wait for an answer; None: there is none.

    Returns:
        The answer, and whether the process was killed because it took too long.
    """
    overdue = threading.Event()

    def stop() -> None:
        overdue.set()
        _kill(process)

    clock = threading.Timer(seconds, stop)
    clock.start()
    try:
        with contextlib.suppress(OSError, ValueError):  # it is gone, which the missing answer tells
            if process.stdin is not None and message is not None:
                write_message(process.stdin, message)
            if process.stdout is not None:
                return read_message(process.stdout), overdue.is_set()
    finally:
        clock.cancel()
    return None, overdue.is_set()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _last_words(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - 4096))
            lines = stream.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return f": {lines[-1][:_TOLD]}" if lines else ""
