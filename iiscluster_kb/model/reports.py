"""Stage 6: what an output is told from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iiscluster_kb.model.cases import Skipped, Stated
    from iiscluster_kb.model.evidence import State
    from iiscluster_kb.model.facts import MachineProfile
    from iiscluster_kb.model.findings import Article, Finding, Verdict
    from iiscluster_kb.model.remedies import Remedy

__all__ = ["ArticleSummary", "Artifact", "Document", "Report"]


@dataclass(frozen=True, slots=True)
class ArticleSummary:
    """An article's findings drawn together."""

    article: Article
    verdict: Verdict
    summary: str
    collect: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Artifact:
    """A piece of evidence in a report."""

    path: str
    format: str
    holds: tuple[str, ...]
    """Key paths, directories listed whole, or the name of a specimen."""
    machine: str
    given_because: str
    """Why it was given to that machine."""
    size: int
    sha256: str
    state: State
    notes: tuple[str, ...]
    containers: tuple[str, ...] = ()
    """Kinds of the archives in which it lies, from the outermost."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that is known at the end: the only argument of an output."""

    case: str
    stated: Stated
    cluster: str | None
    """ClusterName; None: no evidence says."""
    nodes: tuple[str, ...]
    machines: tuple[MachineProfile, ...]
    articles: tuple[ArticleSummary, ...]
    findings: tuple[Finding, ...]
    remedy: Remedy
    artifacts: tuple[Artifact, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One output file."""

    name: str
    content: bytes
    printed: bool = True
    """False: a companion (an undo) that is written to files but never to standard output."""
