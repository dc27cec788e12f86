"""What a report tells beside its findings, for a terminal: other articles, extensions, where the nodes differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.model import FOUND, Verdict
from iiscluster_kb.render._words import VERDICT_WORDS, count_of, in_front, place

if TYPE_CHECKING:
    from iiscluster_kb.model import ExtensionChain, Finding, Report
    from iiscluster_kb.render._page import Page

__all__ = ["listed_on", "put_comparison", "put_extensions", "put_other_articles", "worth_knowing"]

_MOST_DIFFERENCES = 12
_MOST_OBJECTS = 4
_LEADS = {
    Verdict.RULED_OUT: ("  + ruled out: ", "green"),
    Verdict.UNDETERMINED: (
        "  ? left open, what to collect is told where one is named with --article: ",
        "cyan",
    ),
    Verdict.NOT_APPLICABLE: ("  - not applicable: ", "dim"),
}


def worth_knowing(finding: Finding) -> bool:
    """Whether a state was found that counts as no fault."""
    return finding.verdict in FOUND and not finding.weighs


def listed_on(chain: ExtensionChain) -> str:
    """The objects that list an extension, so many by name."""
    objects = ", ".join(name or "the cluster" for name in chain.objects[:_MOST_OBJECTS])
    more = len(chain.objects) - _MOST_OBJECTS
    return f"{objects} and {more:,} more" if more > 0 else objects


def put_other_articles(page: Page, report: Report) -> None:
    """Add the articles that nobody named and that found nothing that counts, drawn together by verdict."""
    leading = in_front(report)
    others = [summary for summary in report.articles if summary.article.id not in leading]
    if not others:
        return
    page.head("Other articles")
    for finding in report.findings:
        if finding.cause.article not in leading and finding.verdict in FOUND:
            page.put(
                f"{finding.cause.id} {place(finding)}: {finding.explanation}",
                lead="  i worth knowing: ",
                style="yellow",
            )
    for verdict, (lead, style) in _LEADS.items():
        ids = [summary.article.id for summary in others if summary.verdict is verdict]
        if ids:
            page.put(f"{lead.lstrip()}{', '.join(ids)}", lead="  ", style=style)


def put_extensions(page: Page, report: Report) -> None:
    """Add each extension that an object lists and that leads nowhere; of the others their number."""
    if not report.extensions:
        return
    sound = sum(chain.verdict is Verdict.RULED_OUT for chain in report.extensions)
    page.head("Extensions of Cluster Administrator")
    page.put(f"{sound} of {len(report.extensions)} chains from object to file are whole.", lead="  ")
    for chain in report.extensions:
        if chain.verdict is Verdict.RULED_OUT:
            continue
        owner = f" ({chain.owner})" if chain.owner else ""
        words = VERDICT_WORDS[chain.verdict]
        page.put(
            f"{chain.machine}: {chain.clsid}{owner}, listed on {listed_on(chain)}: {chain.explanation} ({words})",
            lead="  - ",
        )


def put_comparison(page: Page, report: Report) -> None:
    """Add what is not alike on the nodes."""
    differing = [row for row in report.comparison if row.alike is False]
    if not differing:
        return
    alike = sum(row.alike is True for row in report.comparison)
    page.head(f"Where the nodes differ ({count_of(alike, 'thing')} alike)")
    for row in differing[:_MOST_DIFFERENCES]:
        page.put(f"{row.section}: {row.subject}", lead="  - ")
        for machine, answer in row.answers:
            page.put(f"{machine}: {'not known' if answer is None else answer}", lead="      ")
    if len(differing) > _MOST_DIFFERENCES:
        page.put(f"and {len(differing) - _MOST_DIFFERENCES} more (--format json has all)", lead="  ")
