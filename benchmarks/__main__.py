"""Measure this project beside its peers and write ``docs/performance.md`` with its charts, in one run.

python -m benchmarks                        everything, some twelve minutes on a quiet machine
python -m benchmarks --only look-up,walk    these jobs
python -m benchmarks --quick --out DIR      small sizes, one run each: whether everything works
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks._document import describe_machine, write_document
from benchmarks._jobs import JOBS, Bench
from benchmarks._race import ROOT, Effort
from benchmarks._samples import Samples


def main(arguments: list[str] | None = None) -> int:
    """Run the jobs that the arguments name; 1 where a bar is missed, which a quick run does not judge, else 0."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "docs", help="folder of performance.md and images/"
    )
    parser.add_argument("--data", type=Path, default=ROOT / "benchmarks/data", help="where samples are kept")
    parser.add_argument("--only", default=",".join(JOBS), metavar="JOB,...", help=f"of {', '.join(JOBS)}")
    parser.add_argument("--peers", metavar="NAME,...", help="measure these peers only; '' for none")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes and one run each; figures mean nothing"
    )
    parser.add_argument("--hivex-python", default="/usr/bin/python3", help="the interpreter that has hivex")
    options = parser.parse_args(arguments)
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(JOBS):
        parser.error(f"no job {', '.join(sorted(unknown))}; there are {', '.join(JOBS)}")
    machine = describe_machine()
    bench = Bench(
        Samples(options.data, small=options.quick),
        Effort(turns=1, runs=1, warm=False, limit=60.0) if options.quick else Effort(),
        options.hivex_python,
        None if options.peers is None else frozenset(options.peers.split(",")),
    )
    chapters = []
    for name in chosen:
        print(f"{name} ...", file=sys.stderr, flush=True)
        chapters.append(JOBS[name](bench))
    options.out.mkdir(parents=True, exist_ok=True)
    target = options.out / "performance.md"
    only = [] if len(chosen) == len(JOBS) else ["--only", options.only]
    command = ["python -m benchmarks", *(["--quick"] if options.quick else []), *only]
    write_document(target, machine, chapters, " ".join(command))
    print(target)
    missed = [bar.what for chapter in chapters for bar in chapter.bars if not bar.reached]
    for what in missed:
        print(f"missed: {what}", file=sys.stderr)
    return 1 if missed and not options.quick else 0


if __name__ == "__main__":
    sys.exit(main())
