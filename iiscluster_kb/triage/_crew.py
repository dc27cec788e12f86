"""All the workers of this machine: cases in, results out, never more than a few of either in memory."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from iiscluster_kb.triage._worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.triage._nouns import Result, Task

__all__ = ["AHEAD", "examine_here"]

AHEAD = 3
"""Cases for each worker that are handed out before one comes back, so that none waits for the parent."""


def examine_here(tasks: Iterable[Task], workers: int) -> Iterator[Result]:
    """Examine cases on this machine.

    Args:
        tasks: Asked for one at a time, only when one can be taken.
        workers: Processes. They are ended when the iterator is closed, whatever they are doing.

    Yields:
        A result for each task, in the order in which they end.

    Raises:
        OSError: The system starts no process.
    """
    crew = [Worker() for _ in range(workers)]
    waiting: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
    ended: queue.SimpleQueue[Result | OSError] = queue.SimpleQueue()
    threads = [threading.Thread(target=_serve, args=(worker, waiting, ended), daemon=True) for worker in crew]
    for thread in threads:
        thread.start()
    try:
        under_way, source = 0, iter(tasks)
        is_over = False
        while True:
            while not is_over and under_way < AHEAD * workers:
                task = next(source, None)
                if task is None:
                    is_over = True
                else:
                    waiting.put(task)
                    under_way += 1
            if under_way == 0:
                return
            result = ended.get()
            if isinstance(result, OSError):
                raise result
            under_way -= 1
            yield result
    finally:
        _dismiss(crew, threads, waiting)


def _dismiss(
    crew: list[Worker], threads: list[threading.Thread], waiting: queue.SimpleQueue[Task | None]
) -> None:
    while True:
        try:
            waiting.get_nowait()
        except queue.Empty:
            break
    for _ in threads:
        waiting.put(None)
    for worker in crew:
        worker.close()
    for thread in threads:
        thread.join()


def _serve(
    worker: Worker, waiting: queue.SimpleQueue[Task | None], ended: queue.SimpleQueue[Result | OSError]
) -> None:
    try:
        worker.start()
        while (task := waiting.get()) is not None:
            ended.put(worker.examine(task))
    except OSError as error:
        ended.put(error)
    finally:
        worker.close()
