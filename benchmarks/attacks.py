"""Hives made to hang, exhaust or mislead a reader, given to ours and to its peers: Markdown.

    python benchmarks/attacks.py [--write] [--jobs N] [--seconds 10] [--only NAME]

Each reader walks each hive in a process of its own that may take ten seconds of processor time and 1 GiB. With
``--write`` the page goes to ``docs/hostile-hives.md``. Exit status 1: ours did not answer one of them rightly
within a second and 200 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _bounded import run
from _pages import heading, interpreter, table
from _peers import OURS, installed

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.regf_attacks import attacks  # noqa: E402 - found by the line above
from tests.support.regf_attacks_more import more_attacks, refused  # noqa: E402 - the same

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.support.regf_attacks import Attack

PAGE = ROOT / "docs/hostile-hives.md"
MOST_SECONDS, MOST_MEMORY = 1.0, 200
"""What ours may take for a hive: processor time, and MB."""
OUTCOMES = ("right", "clean error", "silent", "wrong", "raw exception", "endless", "hangs", "memory", "dies")
INTRODUCTION = """
Hives of {smallest} to {largest} bytes, each with one thing wrong, made by `tests/support/regf_attacks.py` and
`regf_attacks_more.py`. Each reader opens the hive and goes through all keys and values: ours with `Hive.walk`, a peer in
a loop over the subkeys that it gives, with a list of the keys still to be seen. A process may take {seconds} s of
processor time and 1 GiB of address space. Ours must be right each time, within {most_seconds:.0f} s and {most_memory} MB.

- **right**: everything sound is read, and what is not is named (ours: `Hive.damage`), or nothing is wrong with what
  is stored and the same keys and values are read as by ours.
- **clean error**: an exception that the reader documents. What else the hive holds is lost, unless the caller goes on.
- **silent**: it reads on and says nothing of what is wrong, so that what is lost looks absent. (Of 5,000 levels, more
  than Windows allows, nothing is lost.)
- **wrong**: the hive is sound enough to be read whole, and other numbers of keys or values come out.
- **raw exception**: one of Python or of a helper library, that the reader does not document.
- **endless**: it gave twenty times as many keys as the file has room for, and would have gone on.
- **hangs**, **memory**, **dies**: stopped at the time limit; out of memory; ended by a signal or an exit of its own.

That a loop over subkeys goes round in a ring counts as the reader's: what most of them give does not tell a key from
one that was met before.
"""

BEHIND = (
    "Processor time, the import of the reader included, and the process' largest memory, with the interpreter's, stand "
    "behind each answer; where a process died, the time is the clock's."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a reader took a hive."""

    word: str
    detail: str
    seconds: float
    """Processor time; the limit where it was stopped there."""
    peak: int
    """MB."""

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.word}{detail} {self.seconds:.2f} s {self.peak} MB"


@dataclass(frozen=True, slots=True)
class Hostile:
    """A hive and what is wrong with it."""

    attack: Attack
    opens: bool
    """Whether anything can be read of it."""


def take(reader: str, path: Path, seconds: int) -> Outcome | tuple[dict[str, Any], int]:
    """Give a hive to a reader: how it was stopped or died, or what it counted and the memory that took."""
    script = str(Path(__file__).with_name("_walks.py"))
    ended = run([interpreter(reader), script, reader, "count", str(path)], seconds=seconds, folder=ROOT)
    if ended.status is None:
        return Outcome("hangs", "", seconds, ended.peak)
    if ended.status < 0:
        return Outcome("dies", signal.Signals(-ended.status).name, ended.seconds, ended.peak)
    if ended.status:
        memory = "MemoryError" in ended.errors or "memory allocation" in ended.errors
        last = ended.errors.strip().splitlines()[-1][:40] if ended.errors.strip() else ""
        return Outcome("memory" if memory else "dies", last, ended.seconds, ended.peak)
    return json.loads(ended.output.splitlines()[-1]), ended.peak


def judge(told: dict[str, Any], hostile: Hostile, truth: dict[str, Any] | None) -> tuple[str, str]:
    """What a walk that ended is worth, and the exception if one was raised.

    Args:
        told: What the reader counted.
        hostile: The hive.
        truth: What ours counted, to which a peer's counts are held where nothing is wrong; None: it is ours.
    """
    if told.get("error"):
        return _raised(told["error"], hostile, truth)
    if told.get("endless"):
        return "endless", ""
    if told["raised"]:
        return "clean error", told["raised"][0][1]
    damage = [reason for _, _, reason in told.get("told", ())]
    reason = hostile.attack.reason
    if reason is not None:
        return ("right" if any(reason in met for met in damage) else "silent"), ""
    same = truth is None or all(told[what] == truth.get(what) for what in ("keys", "values"))
    return ("right" if same and not damage else "wrong"), ""


def _raised(error: list[Any], hostile: Hostile, truth: dict[str, Any] | None) -> tuple[str, str]:
    kind, message, documented = error
    if kind == "MemoryError":
        return "memory", ""
    if not documented:
        return "raw exception", kind
    # To refuse what ours refuses is right, in whatever words; ours must give the reason.
    expected = not hostile.opens and (truth is not None or str(hostile.attack.reason) in message)
    return ("right" if expected else "clean error"), kind


def outcomes_of(hostile: Hostile, peers: Sequence[str], seconds: int) -> dict[str, Outcome]:
    """How each reader takes one hive, ours first."""
    outcomes: dict[str, Outcome] = {}
    truth: dict[str, Any] = {}
    with tempfile.NamedTemporaryFile() as file:
        for reader in (OURS, *peers):
            Path(file.name).write_bytes(hostile.attack.data)  # impacket opens it to write
            taken = take(reader, Path(file.name), seconds)
            if isinstance(taken, Outcome):
                outcomes[reader] = taken
                continue
            told, peak = taken
            outcomes[reader] = Outcome(
                *judge(told, hostile, truth if outcomes else None), told["seconds"], peak
            )
            truth = truth or told
    return outcomes


def failures(rows: Iterable[tuple[str, dict[str, Outcome]]]) -> list[str]:
    """The hives that ours did not answer as it must."""
    return [
        f"{name}: {outcomes[OURS]}"
        for name, outcomes in rows
        if outcomes[OURS].word != "right"
        or outcomes[OURS].seconds > MOST_SECONDS
        or outcomes[OURS].peak > MOST_MEMORY
    ]


def page(
    rows: Sequence[tuple[str, dict[str, Outcome]]],
    versions: dict[str, str],
    seconds: int,
    sizes: Sequence[int],
) -> str:
    """The document: a summary, then each hive."""
    readers = [OURS, *versions]
    summary = []
    for reader in readers:
        taken = [outcomes[reader] for _, outcomes in rows]
        words = Counter(outcome.word for outcome in taken)
        worst = [f"{max(one.seconds for one in taken):.2f} s", f"{max(one.peak for one in taken)} MB"]
        summary.append([reader, *(words[word] for word in OUTCOMES), *worst])
    parts = [
        heading("Hostile hives", "python benchmarks/attacks.py --write", versions),
        INTRODUCTION.format(
            seconds=seconds,
            smallest=min(sizes),
            largest=f"{max(sizes):,}",
            most_seconds=MOST_SECONDS,
            most_memory=MOST_MEMORY,
        ).strip(),
        f"## {len(rows)} hives",
        table(["reader", *OUTCOMES, "longest", "most memory"], summary, numbers=range(1, len(OUTCOMES) + 3)),
        "## Hive by hive",
        BEHIND,
        table(["hive", *readers], [[name, *map(outcomes.__getitem__, readers)] for name, outcomes in rows]),
    ]
    return "\n\n".join(parts) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    parser.add_argument("--seconds", type=int, default=10, help="processor time for each reader and hive")
    parser.add_argument("--only", default="", help="hives whose name holds this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="hives at a time")
    options = parser.parse_args()
    versions = installed()
    hostile = [Hostile(attack, opens=True) for attack in (*attacks(), *more_attacks())]
    hostile += [Hostile(attack, opens=False) for attack in refused()]
    hostile = [one for one in hostile if options.only in one.attack.name]
    rows = []
    with ThreadPoolExecutor(options.jobs) as pool:
        taken = pool.map(lambda one: outcomes_of(one, [*versions], options.seconds), hostile)
        for one, outcomes in zip(hostile, taken, strict=True):
            rows.append((one.attack.name, outcomes))
            told = [f"{reader}: {outcome}" for reader, outcome in outcomes.items()]
            print(one.attack.name, *told, sep="; ", file=sys.stderr)
    text = page(rows, versions, options.seconds, [len(one.attack.data) for one in hostile])
    if options.write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        print(text)
    failed = failures(rows)
    for line in failed:
        print(f"Ours fails: {line}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
