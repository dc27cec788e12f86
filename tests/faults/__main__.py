"""The long run: ``python -m tests.faults --rounds 200`` fails every call in every way, and ends many runs by signals."""

from __future__ import annotations

import argparse
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.cases import CASES
from tests.faults.interrupts import end_fix, end_triage
from tests.faults.points import Fault
from tests.faults.reading import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator


def _reading(name: str, fault: Fault) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(CASES[name](Path(scratch)), Path(scratch))
        falls = 0
        for fall in bench.falls(fault):
            falls += 1
            yield from (f"{fall.call.kind} of {fall.path}: {law}" for law in bench.judge(fall))
        print(f"{name}: {fault}: {falls} runs", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=200, help="runs ended by a signal; default: %(default)s"
    )
    parser.add_argument("--seed", type=int, default=1, help="of their moments; default: %(default)s")
    options = parser.parse_args()
    # A shell has its background jobs ignore Ctrl-C, and their children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    broken = [law for name in CASES for fault in Fault for law in _reading(name, fault)]
    for end in (end_fix, end_triage):
        with tempfile.TemporaryDirectory() as scratch:
            broken += end(Path(scratch).resolve(), options.rounds, options.seed)
        print(f"{end.__name__}: {options.rounds} runs", flush=True)
    print("\n".join(broken) or "no law was broken")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
