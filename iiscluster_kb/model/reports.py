"""Stage 6: what an output is told from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import polars as pl

    from iiscluster_kb.model.audits import ExtensionChain
    from iiscluster_kb.model.cases import Skipped, Stated
    from iiscluster_kb.model.comparisons import Likeness
    from iiscluster_kb.model.evidence import Sign, State
    from iiscluster_kb.model.facts import MachineProfile
    from iiscluster_kb.model.findings import Article, Finding, Verdict
    from iiscluster_kb.model.media import Media
    from iiscluster_kb.model.remedies import Remedy
    from iiscluster_kb.model.rows import FindingRow

__all__ = ["ArticleSummary", "Artifact", "Document", "Report"]


@dataclass(frozen=True, slots=True)
class ArticleSummary:
    """An article's findings drawn together."""

    article: Article
    verdict: Verdict
    summary: str
    collect: tuple[str, ...]
    text: str = ""
    """What ``explain`` prints of the article."""
    asked: bool = True
    """Whether it was asked for by name or leads; else it is told in full only where it found something."""


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
    recognised_by: Sign | None = None
    """By what its format was told; None: nobody kept it."""


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
    media: Media | None = None
    """What was looked through for files; None: none was given."""
    extensions: tuple[ExtensionChain, ...] = ()
    """Every extension that an object of the cluster lists, on every machine that may load it; empty: not asked."""
    comparison: tuple[Likeness, ...] = ()
    """The nodes side by side; empty: fewer than two."""

    def rows(self) -> Iterator[FindingRow]:
        """The findings as flat rows, in order."""
        from iiscluster_kb.model.rows import finding_rows  # noqa: PLC0415 - only tables need it

        return finding_rows(self)

    @overload
    def to_dataframe(self, backend: Literal["pandas"]) -> pd.DataFrame: ...
    @overload
    def to_dataframe(self, backend: Literal["polars"]) -> pl.DataFrame: ...
    @overload
    def to_dataframe(self, backend: None = None) -> Any: ...
    def to_dataframe(self, backend: str | None = None) -> Any:
        """The findings as a data frame, one row each; its columns are the fields of ``FindingRow``.

        Args:
            backend: ``pandas`` or ``polars``; by default pandas where it is installed, else polars.

        Raises:
            ImportError: The package is not installed; the extra ``notebook`` brings it.
            ValueError: There is no such backend.
        """
        from iiscluster_kb.model._frames import frame  # noqa: PLC0415 - only data frames need it

        return frame(self.rows(), backend)

    def _repr_html_(self) -> str:
        """What a notebook shows: verdicts by cause and machine."""
        from iiscluster_kb.model._notebook import report_html  # noqa: PLC0415 - only notebooks need it

        return report_html(self)


@dataclass(frozen=True, slots=True)
class Document:
    """One output file."""

    name: str
    content: bytes
    printed: bool = True
    """False: a companion (an undo) that is written to files but never to standard output."""
