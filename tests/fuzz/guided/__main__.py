"""Searches for inputs that break the package: ``python -m tests.fuzz.guided regf --minutes 60``.

Needs atheris, which has wheels for Linux. The corpus grows in ``.cache/fuzz`` from run to run, findings lie beside it
with the command that repeats them, and each run adds a line to ``record.jsonl``.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.fuzz.guided import record
from tests.fuzz.guided.search import CACHE, Search
from tests.fuzz.guided.targets import targets
from tests.fuzz.guided.watch import bounded

_PATIENCE = 60
"""Seconds of CPU time after which an input that is replayed is stopped."""


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 where nothing was found."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if unknown := set(options.targets) - targets().keys():
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(targets())}")
    if options.totals:
        _tell_totals(options.record)
        return 0
    if not options.targets and not options.all:
        parser.error("name a target, or --all")
    names = options.targets or list(targets())
    failed = (
        [_replay(names, options.replay)] if options.replay else [_search(name, options) for name in names]
    )
    return 1 if any(failed) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz.guided", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(targets()))
    parser.add_argument("--all", action="store_true", help="every target in turn")
    parser.add_argument(
        "--minutes", type=float, default=10, help="of each target, by the clock (default: 10)"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes that share a corpus (default: 1)")
    parser.add_argument(
        "--corpus", type=Path, default=CACHE, help="folder of all corpora (default: .cache/fuzz)"
    )
    parser.add_argument("--record", type=Path, default=record.FILE, help="file that each run adds a line to")
    parser.add_argument(
        "--replay", type=Path, nargs="+", metavar="FILE", help="run the target on these inputs"
    )
    parser.add_argument("--totals", action="store_true", help="tell what was searched so far")
    return parser


def _search(name: str, options: argparse.Namespace) -> int:
    """Search one target; how many places failed."""
    search = Search(targets()[name], options.corpus / name)
    run = search.run(options.minutes * 60, options.jobs)
    record.append(run, options.record)
    print(
        f"{name}: {run.executions:,} executions, {run.edges:,} edges, {run.corpus:,} inputs kept, "
        f"{run.cpu_seconds:,.0f} s of CPU time, {run.crashes} findings",
        flush=True,
    )
    for file in search.findings():
        print(f"  python -m tests.fuzz.guided {name} --replay {file}", flush=True)
    return run.crashes


def _replay(names: list[str], files: list[Path]) -> int:
    """Run a target on files as a search would, but let pass what they raise."""
    for name in names:
        for file in files:
            began = time.process_time()
            with bounded(_PATIENCE):
                targets()[name].run(file.read_bytes())
            print(f"{name}: {file}: nothing wrong, {time.process_time() - began:.2f} s of CPU time")
    return 0


def _tell_totals(file: Path) -> None:
    for name, total in record.totals(record.read(file)).items():
        print(
            f"{name}: {total.runs} runs, {total.cpu_seconds / 3600:.1f} CPU hours, {total.executions:,} executions, "
            f"{total.edges:,} edges, {total.crashes} findings"
        )


if __name__ == "__main__":
    sys.exit(main())
