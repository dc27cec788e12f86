"""The program of a worker: one task after another from standard input, one answer after another to standard output.

Each message is its length (four bytes, big-endian) and that many bytes of JSON; before the first comes ``READY``. The
program runs as a process group of its own with a temporary directory of its own, which it empties when it ends.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from iiscluster_kb.triage._nouns import Outcome, Result
from iiscluster_kb.triage._wire import LARGEST, pack_result, unpack_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from iiscluster_kb.triage._nouns import Task

__all__ = ["READY", "main", "read_message", "write_message"]

READY = b"ready"
"""Says that everything is imported, so that what goes wrong from here on has to do with a case."""
_RARELY = 20_000
"""Objects made between two looks for garbage: a small case makes as many before it is done with all of them."""
_GRACE = 10.0
"""Seconds after the limit of a case, at which a worker whose parent is gone ends itself."""


def read_message(stream: IO[bytes]) -> bytes | None:
    """The next message; None: there is none, or it is cut off or too long."""
    head = stream.read(4)
    size = int.from_bytes(head, "big")
    if len(head) < 4 or size > LARGEST:  # noqa: PLR2004 - the length is four bytes
        return None
    message = stream.read(size)
    return message if len(message) == size else None


def write_message(stream: IO[bytes], message: bytes) -> None:
    """Send one message."""
    stream.write(len(message).to_bytes(4, "big") + message)
    stream.flush()


def main(folder: str) -> None:
    """Carry out tasks until standard input ends.

    Args:
        folder: The worker's own temporary directory, removed at the end.
    """
    try:
        _serve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve() -> None:
    with (
        os.fdopen(os.dup(0), "rb") as tasks,
        os.fdopen(os.dup(1), "wb") as answers,
        Path(os.devnull).open("r+b") as nothing,
    ):
        # Whatever a library prints must not look like an answer, and a child of ours must not read tasks.
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
        from iiscluster_kb.articles import rules  # noqa: PLC0415 - 0.4 s all together, while the parent goes on
        from iiscluster_kb.case import containers  # noqa: PLC0415 - the same
        from iiscluster_kb.evidence import formats  # noqa: PLC0415 - the same
        from iiscluster_kb.triage._examination import carry_out  # noqa: PLC0415 - the same

        rules(), formats(), containers()
        write_message(answers, READY)
        gc.collect()
        gc.freeze()  # what was imported stays; looking through it again and again is a tenth of a small case
        gc.set_threshold(_RARELY, *gc.get_threshold()[1:])
        is_limited = False
        while (message := read_message(tasks)) is not None:
            task = unpack_task(message)
            if not is_limited:
                _limit(task)
                is_limited = True
            faulthandler.dump_traceback_later(task.settings.seconds + _GRACE, exit=True, file=sys.stderr)
            answer = _answer(task, carry_out)
            faulthandler.cancel_dump_traceback_later()
            write_message(answers, answer)


def _answer(task: Task, carry_out: Callable[[Task], Result]) -> bytes:
    result = replace(carry_out(task), memory=_peak())
    try:
        answer = pack_result(result)
    except MemoryError:
        answer = b""
    if 0 < len(answer) <= LARGEST:
        return answer
    reason = f"its result is larger than {LARGEST >> 20} MiB"
    return pack_result(Result(task.found, Outcome.FAILED, reason, stamp=result.stamp, content=result.content))


def _limit(task: Task) -> None:
    with contextlib.suppress(ImportError):  # Windows has no such module
        import resource  # noqa: PLC0415 - where it is missing the rest must run

        size = task.settings.size
        for what, most in (
            (resource.RLIMIT_AS, task.settings.memory),
            (resource.RLIMIT_FSIZE, size),
            (resource.RLIMIT_CORE, 0),
        ):
            with contextlib.suppress(ValueError, OSError):  # a system that refuses has its own, lower limit
                resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


def _peak() -> int:
    try:
        import resource  # noqa: PLC0415 - see _limit
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main(sys.argv[1])
