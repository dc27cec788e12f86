"""The same work on many machines, by Dask. The one door of ``distributed``.

A Dask worker hands each case to a process of its own (``Worker``), as the local crew does, so that limits hold
there too and a hostile case never costs a Dask worker. Tasks and answers are bytes of JSON; what Dask itself
pickles around them comes from this program and its own workers alone. A worker that is lost is Dask's
business: the scheduler gives its cases to others.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from iiscluster_kb.triage._crew import AHEAD
from iiscluster_kb.triage._nouns import Outcome, Result
from iiscluster_kb.triage._wire import pack_result, pack_task, unpack_result, unpack_task
from iiscluster_kb.triage._worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.triage._nouns import Task

__all__ = ["examine_message", "examine_on_cluster"]

_LONGEST_WAIT = 30.0
"""Seconds for the scheduler to answer, and for a first worker to be there."""
_MOST_AHEAD = 10_000
_TRIES = 2
"""Of a case on other machines, where one of them cannot start the program."""
_own = threading.local()


def examine_message(message: bytes) -> bytes:
    """What a Dask worker runs: one case, in this thread's own process.

    Raises:
        OSError: No such process can be started on this machine.
    """
    worker: Worker | None = getattr(_own, "worker", None)
    if worker is None:
        worker = _own.worker = Worker()
    return pack_result(worker.examine(unpack_task(message)))


def examine_on_cluster(tasks: Iterable[Task], scheduler: str) -> Iterator[Result]:
    """Examine cases on the workers of a scheduler.

    Args:
        tasks: Asked for one at a time, only when one can be taken.
        scheduler: ``tcp://host:8786``, or ``tls://…`` as Dask is configured.

    Yields:
        A result for each task, in the order in which they end.

    Raises:
        OSError: The scheduler does not answer or has no workers, or a machine cannot start the program.
        ValueError: ``distributed`` is not installed.
    """
    try:
        from distributed import Client, as_completed  # noqa: PLC0415 - an extra; half a second
    except ImportError as error:
        raise ValueError("--scheduler needs Dask: pip install 'iiscluster-kb[distributed]'") from error

    with Client(scheduler, timeout=_LONGEST_WAIT, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=_LONGEST_WAIT)
        source = iter(tasks)
        under_way: dict[str, Task] = {}
        futures = as_completed(loop=client.loop)
        _hand_out(client, futures, source, under_way)
        while under_way:
            future = next(futures)
            task = under_way.pop(future.key)
            result = _result_of(future, task)
            future.release()
            _hand_out(client, futures, source, under_way)
            yield result


def _hand_out(client: Any, futures: Any, source: Iterator[Task], under_way: dict[str, Task]) -> None:
    threads = max(1, sum(client.nthreads().values()))
    while len(under_way) < min(AHEAD * threads, _MOST_AHEAD):
        task = next(source, None)
        if task is None:
            return
        key = f"iiscluster-kb-{task.found.key}"
        under_way[key] = task
        futures.add(client.submit(examine_message, pack_task(task), key=key, pure=False, retries=_TRIES))


def _result_of(future: Any, task: Task) -> Result:
    error = future.exception()
    if isinstance(error, OSError):
        raise error
    if error is not None:
        return Result(task.found, Outcome.KILLED, f"its Dask worker: {type(error).__name__}: {error}")
    try:
        return unpack_result(task.found, bytes(future.result()))
    except ValueError as problem:
        return Result(task.found, Outcome.KILLED, str(problem))
