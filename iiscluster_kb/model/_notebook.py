"""How the nouns show themselves in a notebook: small tables of HTML, without style sheet or script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from iiscluster_kb.model.facts import Absent, Present, Unknown
from iiscluster_kb.model.findings import FOUND, Verdict

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from iiscluster_kb.model.facts import AnyFact
    from iiscluster_kb.model.findings import Finding
    from iiscluster_kb.model.reports import Report

__all__ = ["finding_html", "html_table", "report_html"]

_SHOWN = 240
"""Characters of one text; hostile data may be a megabyte long."""


def html_table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of plain text; a cell that begins a row heads it. Text is escaped and made visible here."""
    head = "".join(f'<th scope="col">{_text(cell)}</th>' for cell in heads)
    body = "".join(
        f'<tr><th scope="row">{_text(first)}</th>{"".join(f"<td>{_text(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    about = f"<caption>{_text(caption)}</caption>"
    return f"<table>{about}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def report_html(report: Report) -> str:
    """Verdicts by cause and machine, below what each article comes to; of other articles what is worth knowing."""
    leading = _leading(report)
    about = "".join(
        f"<p><strong>{_text(summary.article.id)}</strong> {_text(summary.summary)}</p>"
        for summary in report.articles
        if summary.article.id in leading
    )
    told = [one for one in report.findings if one.cause.article in leading]
    cells = {(one.cause.id, one.machine): _verdict(one) for one in told}
    order: dict[str | None, int] = {machine.name: at for at, machine in enumerate(report.machines)}
    named = sorted(
        dict.fromkeys(machine for _, machine in cells), key=lambda name: order.get(name, len(order))
    )
    causes = dict.fromkeys(cause for cause, _ in cells)
    rows = [(cause, *(cells.get((cause, name), "") for name in named)) for cause in causes]
    heads = ("Cause", *("the cluster" if name is None else name for name in named))
    table = html_table(f"{report.cluster or report.case}: verdicts", heads, rows)
    return f"{about}{table}{''.join(_others(report, leading))}"


def _leading(report: Report) -> frozenset[str]:
    """Ids of the articles that were asked for, that found a fault, or of which there is no summary."""
    found = {one.cause.article for one in report.findings if one.weighs and one.verdict in FOUND}
    summarised = {summary.article.id for summary in report.articles}
    asked = {summary.article.id for summary in report.articles if summary.asked}
    return frozenset(found | asked | ({one.cause.article for one in report.findings} - summarised))


def _others(report: Report, leading: Container[str]) -> Iterator[str]:
    """The other articles: what they found, which is no fault, then their ids by verdict."""
    for finding in report.findings:
        if finding.cause.article not in leading and finding.verdict in FOUND:
            heading = f"{finding.cause.id} {_where(finding)}, worth knowing:"
            yield f"<p><strong>{_text(heading)}</strong> {_text(finding.explanation)}</p>"
    for verdict in (Verdict.RULED_OUT, Verdict.UNDETERMINED, Verdict.NOT_APPLICABLE):
        ids = [
            one.article.id
            for one in report.articles
            if one.article.id not in leading and one.verdict is verdict
        ]
        if ids:
            words = f"Other articles, {verdict.value.replace('-', ' ')}:"
            yield f"<p><strong>{_text(words)}</strong> {', '.join(map(_text, ids))}</p>"


def finding_html(finding: Finding) -> str:
    """The verdict and its reason, then the facts that it rests on."""
    heading = f"{finding.cause.id} {_where(finding)}: {_verdict(finding)} ({finding.detail})"
    rows = [(str(fact.subject), _state(fact), _place(fact)) for fact in finding.facts]
    facts = html_table("Evidence", ("What", "Found", "Where"), rows) if rows else ""
    return f"<p><strong>{_text(heading)}</strong> {_text(finding.explanation)}</p>{facts}"


def _where(finding: Finding) -> str:
    return "in the cluster" if finding.machine is None else f"on {finding.machine}"


def _verdict(finding: Finding) -> str:
    """The verdict in words; what calls for work is in capitals, so that no colour is needed to see it."""
    words = finding.verdict.value.replace("-", " ")
    if finding.verdict not in FOUND and finding.verdict is not Verdict.UNDETERMINED:
        return words
    return words.upper() if finding.weighs else f"{words}, for information"


def _state(fact: AnyFact) -> str:
    match fact:
        case Present():
            return "present"
        case Absent():
            return "absent"
        case Unknown(reason=reason):
            return f"not known: {reason}"


def _place(fact: AnyFact) -> str:
    source = fact.source
    if source is None:
        return ""
    if source.line is not None:
        return f"{source.path}, line {source.line}"
    return source.path if source.offset is None else f"{source.path}, offset {source.offset}"


def _text(text: str) -> str:
    """The text, escaped and clipped, with what cannot be seen (controls, direction marks, surrogates) as escapes."""
    clipped = text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."
    seen = (each if each.isprintable() else each.encode("unicode_escape").decode() for each in clipped)
    return escape("".join(seen))
