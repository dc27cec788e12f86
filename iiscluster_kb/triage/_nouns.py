"""The nouns of many cases: where a case lies, what is asked of it, how its examination ended."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FAULTY", "Cell", "Found", "Known", "LeftOut", "Outcome", "Result", "Row", "Settings", "Task"]

Cell: TypeAlias = str | int | float | bool | tuple[str, ...] | None
Row: TypeAlias = tuple[Cell, ...]

FAULTY = ("confirmed", "likely")
"""Verdicts that call for a remedy."""


class Outcome(StrEnum):
    """How the examination of one case ended."""

    DONE = "done"
    FAILED = "failed"
    """The case cannot be opened, or holds more than a case may; the same bytes would fail again."""
    TIMED_OUT = "timed-out"
    KILLED = "killed"
    """Its worker died: out of memory, or by a hostile case."""

    @property
    def is_final(self) -> bool:
        """Whether another run over the same bytes could only say the same."""
        return self in (Outcome.DONE, Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class Found:
    """A case that the work list holds."""

    source: str
    """Absolute path or URL; of a case inside an archive of cases ``all.zip!/customer``. Undecodable bytes of a
    file name are lone surrogates, as ``os.fsdecode`` makes them."""
    path: str
    """Where a worker reads it; differs from ``source`` where an archive of cases was unpacked."""
    name: str

    @property
    def key(self) -> str:
        """What the store knows the case by: 32 hex digits."""
        return hashlib.sha256(self.source.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A place in which no case was found."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the store holds of a case from before."""

    stamp: str | None
    """Digest of names, sizes and times of its files."""
    content: str | None
    """Digest of names and bytes of its files."""
    is_current: bool
    """Whether it was examined to an end by this version, with these settings; else it is examined again."""
    outcome: Outcome
    verdict: str | None
    run: int
    kit: str | None


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for every case of a run."""

    articles: tuple[str, ...] | None = None
    second_opinion: str = "faulty"
    """In which cases other readers check what is cited: ``faulty``, ``all`` or ``none``."""
    seconds: float = 120.0
    """Wall clock for one case; then its worker is killed."""
    memory: int = 2 << 30
    """Bytes of address space of a worker, where the platform can limit it."""
    files: int = 100_000
    size: int = 1 << 30
    """Bytes that the archives of one case may expand to."""
    kits: bool = False
    facts: str = "open"
    """Of which findings the store keeps the facts: ``open`` (confirmed, likely, undetermined) or ``all``."""
    pages: str = "faulty"
    """Of which cases the store keeps the HTML report: ``faulty``, ``all`` or ``none``."""

    @property
    def digest(self) -> str:
        """Names what changes an answer: another digest means that cases are examined again."""
        return f"{','.join(self.articles or ())};{self.second_opinion};{self.facts};{self.files};{self.size}"


@dataclass(frozen=True, slots=True)
class Task:
    """One case to be examined."""

    found: Found
    settings: Settings
    stamp: str | None = None
    """Of the last examination; None: it is to be examined whatever it holds."""
    content: str | None = None
    into: str | None = None
    """An empty folder: the case is an archive of cases, to be unpacked there one level deep, not examined."""


@dataclass(frozen=True, slots=True)
class Result:
    """How it ended, and the rows of the store that tell it."""

    found: Found
    outcome: Outcome
    reason: str | None = None
    unchanged: bool = False
    """The bytes are those of the last examination, whose rows stay."""
    verdict: str | None = None
    """The gravest of its findings: ``confirmed``, ``likely``, ``undetermined``, ``ruled-out``, ``not-applicable``."""
    cluster: str | None = None
    stamp: str | None = None
    content: str | None = None
    files: int = 0
    size: int = 0
    collected: float | None = None
    """Seconds since 1970: the newest time of its files."""
    seconds: float = 0.0
    memory: int = 0
    """Largest resident size of the worker so far, in bytes."""
    rows: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    """By table; without the case's key."""
    page: bytes | None = None
    """The HTML report, compressed with zlib."""
    kit: tuple[tuple[str, bytes], ...] = ()
    """Documents of the fix kit."""

    @property
    def is_faulty(self) -> bool:
        """Whether a cause is confirmed or likely."""
        return self.verdict in FAULTY
