"""The matrix of causes by machines: articles that were asked for or found a fault; the rest drawn together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.model import FOUND
from iiscluster_kb.render._beside import worth_knowing
from iiscluster_kb.render._words import VERDICT_WORDS, in_front, machine_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iiscluster_kb.model import ArticleSummary, Finding, Report, Verdict

__all__ = ["ArticleRows", "Cell", "Matrix", "Others", "Row", "draw_matrix"]


@dataclass(frozen=True, slots=True)
class Cell:
    """The verdict on one cause for one machine."""

    verdict: Verdict
    number: int
    """Of the finding in the report."""
    informs: bool
    """What was found is worth knowing, and no fault."""


@dataclass(frozen=True, slots=True)
class Row:
    """One cause."""

    cause: str
    title: str
    cells: tuple[Cell | None, ...]
    """None: the cause was not asked for that machine."""


@dataclass(frozen=True, slots=True)
class ArticleRows:
    """The causes of one article."""

    article: str
    title: str
    url: str
    summary: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Others:
    """Articles that found no fault, and came out alike."""

    verdict: Verdict
    """One of those of FOUND: what they found is worth knowing, and no fault."""
    articles: tuple[tuple[str, str, str], ...]
    """Id, title and summary."""

    @property
    def informs(self) -> bool:
        """Whether what they found is told among what is worth knowing."""
        return self.verdict in FOUND


@dataclass(frozen=True, slots=True)
class Matrix:
    """All causes of all articles."""

    machines: tuple[str, ...]
    articles: tuple[ArticleRows, ...]
    others: tuple[Others, ...]

    @property
    def folded(self) -> int:
        """How many articles are drawn together."""
        return sum(len(other.articles) for other in self.others)


def draw_matrix(report: Report) -> Matrix:
    """Put the findings in rows and columns."""
    order = {machine.name: at for at, machine in enumerate(report.machines)}
    findings: dict[str, list[tuple[int, Finding]]] = {}
    for number, finding in enumerate(report.findings):
        findings.setdefault(finding.cause.article, []).append((number, finding))
    leading = in_front(report)
    shown = {article: numbered for article, numbered in findings.items() if article in leading}
    concerned = dict.fromkeys(finding.machine for numbered in shown.values() for _, finding in numbered)
    machines = sorted(
        concerned, key=lambda name: len(order) + 1 if name is None else order.get(name, len(order))
    )
    known = {summary.article.id: summary for summary in report.articles}
    return Matrix(
        machines=tuple(map(machine_words, machines)),
        articles=tuple(_article(article, known, numbered, machines) for article, numbered in shown.items()),
        others=tuple(_others(summary for summary in report.articles if summary.article.id not in leading)),
    )


def _article(
    article: str,
    known: dict[str, ArticleSummary],
    numbered: Sequence[tuple[int, Finding]],
    machines: Sequence[str | None],
) -> ArticleRows:
    cells = {(f.cause, f.machine): Cell(f.verdict, number, worth_knowing(f)) for number, f in numbered}
    causes = dict.fromkeys(cause for cause, _ in cells)
    rows = tuple(
        Row(cause.id, cause.title, tuple(cells.get((cause, machine)) for machine in machines))
        for cause in causes
    )
    if (summary := known.get(article)) is None:
        return ArticleRows(article, "", "", "", rows)
    return ArticleRows(article, summary.article.title, summary.article.url, summary.summary, rows)


def _others(summaries: Iterator[ArticleSummary]) -> Iterator[Others]:
    alike: dict[Verdict, list[tuple[str, str, str]]] = {}
    for summary in summaries:
        told = (summary.article.id, summary.article.title, summary.summary)
        alike.setdefault(summary.verdict, []).append(told)
    for verdict in VERDICT_WORDS:
        if verdict in alike:
            yield Others(verdict, tuple(alike[verdict]))
