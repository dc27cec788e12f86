"""Measures one contender in a process of its own: ``_worker.py MODULE CONTENDER JOB < task``, answers in JSON.

The module beside this one has ``run(contender, job, task)``. What takes less than two seconds runs as often as the
task says, after one run to warm up if it says so; what takes longer runs once.
"""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from time import perf_counter

_LONG = 2.0


def _peak() -> int:
    """Most MiB that the process held, or the largest of its children where it has any.

    VmHWM, since the ``ru_maxrss`` of a process includes its parent's before it; of a child of this small process that
    does not matter.
    """
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    if children:
        return children // 1024
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - one import fewer
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024


def main() -> None:
    """Measure what the arguments say."""
    module, contender, job = sys.argv[1:]
    task = json.load(sys.stdin)
    run = import_module(module).run
    times: list[float] = []
    answer = None
    try:
        for number in range(-task["warm"], task["runs"]):
            started = perf_counter()
            answer = run(contender, job, task)
            took = perf_counter() - started
            if number >= 0 or took >= _LONG:
                times.append(took)
            if took >= _LONG:
                break
    except ImportError as error:
        json.dump({"left_out": f"not installed: {error}"}, sys.stdout)
        return
    except Exception as error:  # noqa: BLE001 - a peer may raise anything; what it raised is its result
        json.dump({"left_out": f"fails: {type(error).__name__}: {error}"[:200]}, sys.stdout)
        return
    json.dump({"answer": answer, "seconds": times, "peak": _peak()}, sys.stdout)


if __name__ == "__main__":
    main()
