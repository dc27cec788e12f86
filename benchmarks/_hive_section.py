"""Every hive read by ours and by each peer, and what differs sorted into the known kinds."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from _bounded import run
from _comparing import compare, read_dump
from _hive_kinds import KINDS, kind_of
from _hive_signs import Evidence
from _hive_sources import ROOT, hives
from _pages import interpreter, table
from _peers import OURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from _comparing import Difference, Dump
    from _hive_kinds import Kind

__all__ = ["HiveComparison", "compare_hives"]

SECONDS = 60
MEMORY = 2 << 30
LARGEST = {"regipy": 4 << 20, "regipy + regipy-rs": 12 << 20}
"""Bytes of the largest hive that is given to a reader that takes minutes for more."""
_NAMED = 3


@dataclass(slots=True)
class Tally:
    """What one peer read."""

    hives: int = 0
    keys: int = 0
    values: int = 0
    alike: int = 0
    unanswered: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one peer read in one hive."""

    keys: int
    values: int
    found: list[tuple[Difference, Kind | None]]
    """What it reads otherwise, and the kind that explains it."""


@dataclass(slots=True)
class HiveComparison:
    """What came of it: per peer, per kind, and what no kind explains."""

    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Things that differ by kind and peer; a subtree counts its keys."""
    places: dict[tuple[str, str], dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    unexplained: list[str] = field(default_factory=list)

    def add(self, peer: str, origin: str, name: str, answer: Answer) -> None:
        """Count what one peer reads in one hive, and sort what it reads otherwise."""
        tally = self.tallies[peer]
        tally.hives += 1
        tally.keys += answer.keys
        tally.values += answer.values
        tally.alike += not answer.found
        for difference, kind in answer.found:
            if kind is None:
                self.unexplained.append(f"{origin}: {name}: {difference}")
                continue
            self.counts[kind.name, peer] += difference.size
            self.places[kind.name, peer][f"{origin}: {name}"] = None

    def markdown(self) -> str:
        """Two tables: how much was compared, and what differs."""
        read = table(
            ["reader", "hives", "keys", "values", "hives read alike", "no answer"],
            [
                [peer, one.hives, one.keys, one.values, one.alike, ", ".join(one.unanswered) or "-"]
                for peer, one in self.tallies.items()
            ],
            numbers=range(1, 5),
        )
        kinds = table(
            ["what differs", "reader", "times", "hives", "for example", "right", "why", "specification"],
            [
                [
                    kind.name,
                    peer,
                    self.counts[kind.name, peer],
                    len(self.places[kind.name, peer]),
                    "; ".join([*self.places[kind.name, peer]][:_NAMED]),
                    kind.right,
                    kind.why,
                    kind.section,
                ]
                for kind in KINDS
                for peer in kind.peers
                if self.counts[kind.name, peer]
            ],
            numbers=(2, 3),
        )
        return f"{read}\n\n{kinds}"


def compare_hives(
    peers: Sequence[str], sources: Iterable[tuple[str, str, bytes]] | None = None, *, jobs: int = 1
) -> HiveComparison:
    """Read every hive with ours and each peer, and compare; ``jobs`` hives at a time."""
    result = HiveComparison()
    with ThreadPoolExecutor(jobs) as pool:
        for origin, name, answers in pool.map(
            partial(_compare_one, peers), hives() if sources is None else sources
        ):
            for peer, answer in answers.items():
                if isinstance(answer, str) and peer == OURS:
                    result.unexplained.append(f"{origin}: {name}: ours gives no answer: {answer}")
                elif isinstance(answer, str):
                    result.tallies[peer].unanswered.append(f"{origin}: {name} ({answer})")
                else:
                    result.add(peer, origin, name, answer)
            print(f"{origin}: {name}, {len(result.unexplained)} unexplained", file=sys.stderr)
    return result


def _compare_one(
    peers: Sequence[str], source: tuple[str, str, bytes]
) -> tuple[str, str, dict[str, Answer | str]]:
    """What each peer reads in one hive, or why it gives no answer; the same of ours only where it gives none."""
    origin, name, data = source
    answers: dict[str, Answer | str] = {}
    with tempfile.NamedTemporaryFile() as file:
        path = Path(file.name)
        path.write_bytes(data)
        ours = dump(OURS, path)
        if isinstance(ours, str):
            return origin, name, {OURS: ours}
        evidence = Evidence(data, frozenset(str(row[1]) for row in ours.told))
        for peer in peers:
            if len(data) <= LARGEST.get(peer, len(data)):
                theirs = dump(peer, path)
                answers[peer] = theirs if isinstance(theirs, str) else _answer(peer, ours, theirs, evidence)
    return origin, name, answers


def _answer(peer: str, ours: Dump, theirs: Dump, evidence: Evidence) -> Answer:
    found = [(difference, kind_of(difference, evidence)) for difference in compare(peer, ours, theirs)]
    return Answer(theirs.keys, theirs.values, found)


def dump(reader: str, path: Path) -> Dump | str:
    """A reader's walk through a hive, or how its process ended."""
    script = str(Path(__file__).with_name("_walks.py"))
    ended = run(
        [interpreter(reader), script, reader, "dump", str(path)], seconds=SECONDS, memory=MEMORY, folder=ROOT
    )
    if ended.status is None:
        return f"not within {SECONDS} s of processor time"
    if ended.status:
        return f"status {ended.status}: {ended.errors.strip()[-200:]}"
    return read_dump(ended.output.splitlines())
