"""The report for a person at a terminal: the verdict, a table, the evidence, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.model import FOUND, Answer, Document, KeySubject, Unknown, ValueSubject, Verdict
from iiscluster_kb.registry import KeyPath
from iiscluster_kb.remedy.naming import name_patches
from iiscluster_kb.render import Renderer
from iiscluster_kb.render._beside import put_comparison, put_extensions, put_other_articles
from iiscluster_kb.render._media import put_media
from iiscluster_kb.render._page import Page
from iiscluster_kb.render._words import (
    VERDICT_WORDS,
    collectable,
    count_of,
    describe,
    fact_words,
    headline,
    in_front,
    machine_words,
    moment,
    place,
    profile_words,
    undecided,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.model import AnyFact, Finding, Opinion, Remedy, Report, Source, Step, Subject
    from iiscluster_kb.render import View
    from iiscluster_kb.render._page import Cell

__all__ = ["RENDERER"]

_MARKS = {
    Verdict.CONFIRMED: ("X", "bold red"),
    Verdict.LIKELY: ("!", "bold yellow"),
    Verdict.UNDETERMINED: ("?", "bold cyan"),
    Verdict.RULED_OUT: ("+", "green"),
    Verdict.NOT_APPLICABLE: ("-", "dim"),
}
_HASH = 12
"""Digits of a SHA-256 that tell a case's files apart; the JSON has all 64."""


def _render(report: Report, view: View) -> Iterator[Document]:
    page = Page(view)
    page.put(headline(report.findings), style="bold")
    _situation(page, report)
    _matrix(page, report)
    _details(page, report)
    _others(page, report)
    put_other_articles(page, report)
    put_extensions(page, report)
    put_comparison(page, report)
    _collect(page, report)
    put_media(page, report.media)
    _what_to_do(page, report.remedy)
    _skipped(page, report)
    yield Document("report.txt", page.text().encode("utf-8"))


def _situation(page: Page, report: Report) -> None:
    cluster = f"cluster {report.cluster}" if report.cluster else "name of the cluster not known"
    nodes = f" of {', '.join(report.nodes)}" if report.nodes else ""
    page.put(f"Case {report.case}, {cluster}{nodes}.")
    if report.stated.symptom is not None:
        page.put(f"Stated: the symptom is {report.stated.symptom}.")
    if report.stated.administered_from is not None:
        page.put(f"Stated: Cluster Administrator ran on {report.stated.administered_from}.")
    for machine in report.machines:
        page.put(f"{machine.name}: {profile_words(machine)}", lead="  ")
    leading = in_front(report)
    for summary in report.articles:
        if summary.article.id in leading:
            page.put(f"{summary.article.id} ({summary.article.title}): {summary.summary}")


def _marked(verdict: Verdict) -> Cell:
    mark, style = _MARKS[verdict]
    return f"{mark} {VERDICT_WORDS[verdict]}", style


def _matrix(page: Page, report: Report) -> None:
    order: dict[str | None, int] = {machine.name: at for at, machine in enumerate(report.machines)}
    leading = in_front(report)
    for article in dict.fromkeys(finding.cause.article for finding in report.findings):
        if article not in leading:
            continue
        cells = {
            (finding.cause.id, finding.machine): _marked(finding.verdict)
            for finding in report.findings
            if finding.cause.article == article
        }
        concerned = dict.fromkeys(machine for _, machine in cells)
        machines = sorted(concerned, key=lambda name: order.get(name, len(order)))
        page.put("")
        _article_table(page, article, cells, machines)


def _article_table(
    page: Page, article: str, cells: dict[tuple[str, str | None], Cell], machines: list[str | None]
) -> None:
    causes = dict.fromkeys(cause for cause, _ in cells)
    rows = [
        [(cause.removeprefix(f"{article}/"), ""), *(cells.get((cause, name), ("", "")) for name in machines)]
        for cause in causes
    ]
    if page.table([article, *map(machine_words, machines)], rows):
        return
    for cause in causes:
        page.put(cause)
        for name in machines:
            if (cause, name) in cells:
                words, style = cells[cause, name]
                page.put(machine_words(name), lead=f"  {words:<16}  ", style=style)


def _in_full(finding: Finding) -> bool:
    return (finding.verdict in FOUND and finding.weighs) or undecided(finding)


def _details(page: Page, report: Report) -> None:
    for finding in sorted(report.findings, key=lambda finding: list(VERDICT_WORDS).index(finding.verdict)):
        if _in_full(finding):
            words, style = _marked(finding.verdict)
            page.put("")
            detail = f" ({finding.detail})" if finding.detail else ""
            page.put(f"{finding.cause.id} {place(finding)}{detail}", lead=f"{words}  ", style=style)
            page.put(f"{finding.cause.title}.", lead="  ")
            page.put(finding.explanation, lead="  ")
            for fact in finding.facts:
                _fact(page, fact)


def _fact(page: Page, fact: AnyFact) -> None:
    page.put(str(fact.subject), lead="  - ")
    page.put(fact_words(fact), lead="      ")
    if fact.source is not None:
        page.put(_source_words(fact.source, fact.subject), lead="      ")
    if not isinstance(fact, Unknown):
        for note in fact.notes:
            page.put(note, lead="      Note: ")
        asked = [opinion for opinion in fact.opinions if opinion.answer is not Answer.NOT_ASKED]
        if asked:
            page.put("; ".join(map(_opinion_words, asked)), lead="      Second opinion: ")


def _source_words(source: Source, subject: Subject) -> str:
    parts = [f"in {source.path} (SHA-256 {source.sha256[:_HASH]}...)"]
    if source.key is not None and not _same_key(source.key, subject):
        parts.append(f"key {source.key}")
    if source.offset is not None:
        parts.append(f"offset {source.offset}")
    if source.line is not None:
        parts.append(f"line {source.line}")
    if source.last_written is not None:
        local = "" if source.last_written.tzinfo else " local time"
        parts.append(f"last written {moment(source.last_written)}{local}")
    return ", ".join(parts)


def _same_key(spelled: str, subject: Subject) -> bool:
    match subject:
        case KeySubject(key=key) | ValueSubject(key=key):
            try:
                return KeyPath.parse(spelled) == key
            except ValueError:
                return False
        case _:
            return False


def _opinion_words(opinion: Opinion) -> str:
    note = f" ({opinion.note})" if opinion.note else ""
    explained = ", a known defect of that reader" if opinion.explained else ""
    return f"{opinion.reader} {opinion.answer.value.replace('-', ' ')}{note}{explained}"


def _others(page: Page, report: Report) -> None:
    leading = in_front(report)
    told = [finding for finding in report.findings if finding.cause.article in leading]
    ruled_out = [finding for finding in told if finding.verdict is Verdict.RULED_OUT]
    if ruled_out:
        page.head("Ruled out")
        for finding in ruled_out:
            page.put(
                f"{finding.cause.id} {place(finding)}: {finding.explanation}", lead="  + ", style="green"
            )
    reasons: dict[tuple[str, str], list[str]] = {}
    for finding in told:
        if finding.verdict is not Verdict.RULED_OUT and not _in_full(finding):
            mark, _ = _MARKS[finding.verdict]
            reasons.setdefault((mark, finding.explanation), []).append(f"{finding.cause.id} {place(finding)}")
    if reasons:
        page.head("Not judged")
        for (mark, explanation), concerned in reasons.items():
            page.put(f"{', '.join(concerned)}: {explanation}", lead=f"  {mark} ", style="dim")


def _collect(page: Page, report: Report) -> None:
    wanted = collectable(finding for finding in report.findings if _in_full(finding))
    if wanted:
        page.head("What to collect")
        for line in wanted:
            page.put(line, lead="  - ")


def _what_to_do(page: Page, remedy: Remedy) -> None:
    if remedy.plan:
        page.head("What to do (reasons, warnings and what one should see: --format plan)")
        for number, step in enumerate(remedy.plan, 1):
            _step(page, number, step)
    if remedy.patches:
        page.head("Patches (written by --format reg --output FOLDER/)")
        for named in name_patches(remedy.patches):
            changes = count_of(len(named.patch.changes), "value")
            page.put(f"{named.file} ({named.patch.dialect}, {changes}); undo: {named.undo_file}", lead="  ")
            for change in named.patch.changes:
                page.put(f"{change.key.short} : {change.name or '(default)'}", lead="    - ")
                page.put(
                    "absent" if change.before is None else describe(change.before), lead="        before  "
                )
                page.put(
                    "absent" if change.after is None else describe(change.after), lead="        after   "
                )


def _step(page: Page, number: int, step: Step) -> None:
    where = "" if step.machine is None else f"{step.machine}: "
    page.put(f"{where}{step.title}", lead=f"{number:>3}. ")
    for command in (step.command or "").splitlines():
        page.put(command, lead="       > ")


def _skipped(page: Page, report: Report) -> None:
    if report.skipped:
        page.head("Files that could not be used")
        for skipped in report.skipped:
            page.put(f"{skipped.path}: {skipped.reason}", lead="  - ")


RENDERER = Renderer("text", _render)
