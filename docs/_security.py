"""Writes ``docs/security.md`` from the catalogues of the tests: ``python docs/_security.py > docs/security.md``."""  # noqa: INP001 - no package

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

_DOCS = Path(__file__).resolve().parent
_ROOT = _DOCS.parent
sys.path.insert(0, str(_ROOT))  # the catalogues are the tests' own

from iiscluster_kb.render._escape import code_span  # noqa: E402 - after the path
from tests.faults.cases import CASES  # noqa: E402 - the same
from tests.faults.disk import Ending  # noqa: E402 - the same
from tests.faults.points import Fault  # noqa: E402 - the same
from tests.injection.catalogue import CATALOGUE  # noqa: E402 - the same
from tests.injection.consumers import CONSUMERS  # noqa: E402 - the same
from tests.injection.hostile import PLACES  # noqa: E402 - the same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RECORD = _ROOT / "tests" / "fuzz" / "guided" / "record.jsonl"
_COUNTED = ("cpu_seconds", "executions", "crashes")
_SHOWN = 60
"""Characters of an example."""

_BEFORE = """\
# Security

Evidence is hostile: whoever controlled a node may have written any byte of what was collected, and means whoever reads
the results. This page says what is held against that, by which test, and what is not defended. It is written by
`python docs/_security.py > docs/security.md` from the catalogues of the tests; a test holds it against them.

What the program does at all limits what can go wrong: it reads files and writes files. It runs nothing of a case, opens
no connection but those that `triage` is told to open, and never writes to evidence.

"""
_INJECTION = """\
## Texts that attack a reader

Each text below is planted in every place at once, in the hives, listings, archives and names of one case that has a
fault, so that everything is written: report, plan, patches, kit, store. Every output of that case is then given to
those who read such files (`tests/injection`).

"""
_FAULTS = """
## Evidence that cannot be read, results that cannot be written

Every call by which a run asks the system for evidence is counted, and then fails in turn (`tests/faults`); so does every
call that writes. `python -m tests.faults --rounds 200` fails each call in each way and ends hundreds of runs by signals;
the tests take samples of it.

Evidence comes as {cases}. A call for it fails so:

{faults}

A call that writes fails so, on the way to `--output` of `examine` and `verify`, to `fix`, `collectors`, the kits of
`triage`; a disk of some kibibytes that is really full does the same to its store, its exports and its report:

{endings}

What holds in each case:

{laws}"""
_LAWS = """\
- There is an answer, or one line on standard error that names the file, and status 2; never a traceback.
- What failed is told by its path and counts as never collected: its facts are unknown, neither absent nor healthy. Each
  verdict is that of the whole case or undetermined; no fault is newly confirmed (but see the log below).
- All other evidence of the case is judged as ever, with the same hashes.
- The hash that a report cites is that of the bytes that were read.
- A read that gives less than was asked changes nothing.
- A file that others cut short at any moment ends no process (`tests/faults/test_truncated.py`).
- The bytes, times and modes of evidence are as they were.
- At a target is what was there before, or all of the new; several files of one output are put in place together, an undo
  before its patch. What a killed run leaves is hidden and named as unfinished (`.iiscluster-kb-*.tmp`, `.old`).
- A second run goes on: `fix` gives its kit, `triage` examines what its store does not hold yet.
"""
_UNDEFENDED = """
## What is not defended

- **A consistent lie.** A forged hive that says what a sound one could say is believed. Hashes, offsets and second
  readers tell what was read, not who wrote it.
- **Letters that look alike.** A machine that is named with letters of another script is another machine, and stays
  apart in every table and file name; on a screen the names look the same. In file names such letters become `_`.
- **A log that cannot be read.** A hive that waits for its transaction log is judged as it lies where the log is missing,
  spoilt or unreadable. Each fact then says that changes are pending; a fault that only the log mends is confirmed.
- **Evidence that changes under the program.** A report speaks of the bytes that were read, each file by itself. Only
  `fix` and `verify` compare the whole case before and after. Second readers open the file on the disk once more: where it
  went they are unreadable, where it changed they disagree, and the finding is left open.
- **The exact text.** JSON, JSON Lines and the store keep what evidence says, in ASCII escapes; what another program
  makes of it is that program's to escape.
- **Time.** Archives, files and depth are limited, and `triage` ends a case that takes too long; `examine` of one case has
  no clock.
- **Power that fails between two renames.** `fix --force` over an older kit moves it aside first: for that instant
  neither is at the target, and both lie beside it, whole. Files that `--force` replaces singly are each whole, old or new.
- **Ctrl-C before the first line of the program.** While Python itself starts, it answers with its own words. Nothing
  is written by then.
- **Commands are words for people.** They are quoted and checked, and typed by somebody who can read them; what a
  machine's own files do when they are run is out of reach.
"""


def main() -> None:
    """Print the page."""
    parts = [
        _BEFORE,
        _INJECTION,
        "### What attacks\n\n",
        _table(("Threat", "It wants to", "Texts", "Such as"), _threats()),
        "\n### Where it enters\n\n",
        _table(("Place", "Held by"), PLACES.items()),
        "\n### Who was shown it\n\n",
        _table(("Output", "Reader", "Shown", "Test"), _consumers()),
        _FAULTS.format(
            cases=_listed(tuple(CASES)),
            faults=_points(f"{fault.name}: {fault}." for fault in Fault),
            endings=_points(f"{ending.name}: {ending}." for ending in Ending),
            laws=_LAWS,
        ),
        *_elsewhere(),
        _UNDEFENDED,
    ]
    sys.stdout.buffer.write("".join(parts).encode("utf-8"))


def _threats() -> Iterator[tuple[str, ...]]:
    for threat in CATALOGUE:
        longest = max((text for text in threat.texts if len(text) <= _SHOWN), key=len)
        yield threat.name, threat.means, str(len(threat.texts)), code_span(longest)


def _consumers() -> Iterator[tuple[str, ...]]:
    for one in CONSUMERS:
        file, _, function = one.test.partition("::")
        yield one.output, one.reader, one.shown, f"`tests/{file}`: `{function}`"


def _elsewhere() -> Iterator[str]:
    """Sections that stand where their files do."""
    if _RECORD.is_file():
        yield "\n## Fuzzing\n\nWhat coverage-guided runs of the readers came to, by target, all runs together:\n\n"
        yield _table(("Target", "Runs", "CPU seconds", "Executions", "Edges", "Crashes"), _fuzzed())
    for name, text in (
        ("hostile-hives.md", "Hives that attack their reader, and what each reader makes of them"),
        ("supply-chain.md", "What the program depends on, and how a release is made"),
    ):
        if (_DOCS / name).is_file():
            yield f"\n{text}: [{name.removesuffix('.md')}]({name}).\n"


def _fuzzed() -> Iterator[tuple[str, ...]]:
    runs: Counter[str] = Counter()
    sums: Counter[tuple[str, str]] = Counter()
    edges: dict[str, int] = {}
    for line in _RECORD.read_text("utf-8").splitlines():
        one = json.loads(line)
        target = one["target"]
        runs[target] += 1
        edges[target] = max(edges.get(target, 0), one["edges"])
        for name in _COUNTED:
            sums[target, name] += one[name]
    for target in sorted(runs):
        seconds, executions, crashes = (sums[target, name] for name in _COUNTED)
        yield (
            f"`{target}`",
            str(runs[target]),
            f"{seconds:,.0f}",
            f"{executions:,}",
            f"{edges[target]:,}",
            str(crashes),
        )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _points(texts: Iterable[str]) -> str:
    return "\n".join(f"- {text}" for text in texts)


def _listed(texts: tuple[str, ...]) -> str:
    return f"{', '.join(texts[:-1])} or {texts[-1]}"


if __name__ == "__main__":
    main()
