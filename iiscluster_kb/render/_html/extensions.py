"""The extensions of Cluster Administrator: each from the objects that list it to the file that serves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.model import Verdict
from iiscluster_kb.render._words import VERDICT_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.model import ExtensionChain, Report

__all__ = ["CHAIN_WORDS", "ChainRow", "Extensions", "list_extensions"]

_MOST_ROWS = 200
_MOST_OBJECTS = 4

CHAIN_WORDS = VERDICT_WORDS | {
    Verdict.CONFIRMED: "BROKEN",
    Verdict.LIKELY: "LIKELY BROKEN",
    Verdict.UNDETERMINED: "NOT KNOWN",
    Verdict.RULED_OUT: "whole",
}
"""What a verdict on the break of a chain says of the chain."""


@dataclass(frozen=True, slots=True)
class ChainRow:
    """One extension on one machine."""

    machine: str
    clsid: str
    owner: str
    """Empty: neither known nor told."""
    objects: tuple[str, ...]
    more: int
    """How many objects are not shown."""
    server: str
    """Empty: nothing names one."""
    verdict: Verdict
    explanation: str


@dataclass(frozen=True, slots=True)
class Extensions:
    """Every chain: those that call for a look, and the whole ones."""

    open: tuple[ChainRow, ...]
    """Broken, or not known; the broken ones first."""
    whole: tuple[ChainRow, ...]
    broken: int
    sound: int
    total: int
    more: int
    """How many rows are not shown."""


def list_extensions(report: Report) -> Extensions | None:
    """Sort the chains by what they came out as; None: no extension was traced."""
    if not report.extensions:
        return None
    whole = [chain for chain in report.extensions if chain.verdict is Verdict.RULED_OUT]
    rest = [chain for chain in report.extensions if chain.verdict is not Verdict.RULED_OUT]
    rest.sort(key=lambda chain: [*VERDICT_WORDS].index(chain.verdict))
    return Extensions(
        open=tuple(_rows(rest[:_MOST_ROWS])),
        whole=tuple(_rows(whole[:_MOST_ROWS])),
        broken=sum(chain.verdict in (Verdict.CONFIRMED, Verdict.LIKELY) for chain in rest),
        sound=len(whole),
        total=len(report.extensions),
        more=max(0, len(rest) - _MOST_ROWS) + max(0, len(whole) - _MOST_ROWS),
    )


def _rows(chains: Iterable[ExtensionChain]) -> Iterator[ChainRow]:
    for chain in chains:
        yield ChainRow(
            machine=chain.machine,
            clsid=chain.clsid,
            owner=chain.owner or "",
            objects=tuple(name or "the cluster" for name in chain.objects[:_MOST_OBJECTS]),
            more=max(0, len(chain.objects) - _MOST_OBJECTS),
            server=chain.server or "",
            verdict=chain.verdict,
            explanation=chain.explanation,
        )
