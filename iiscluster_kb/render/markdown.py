"""The report as GitHub-flavoured Markdown that goes into a ticket: verdict, causes by node, evidence, plan, patch.

What is told beside findings (other articles, extensions, where the nodes differ) is short: JSON and HTML have all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from iiscluster_kb.model import FOUND, Answer, Document, Unknown, Verdict
from iiscluster_kb.remedy import texts
from iiscluster_kb.remedy.naming import name_patches
from iiscluster_kb.remedy.patch_text import format_patch
from iiscluster_kb.render import Renderer
from iiscluster_kb.render._beside import listed_on, worth_knowing
from iiscluster_kb.render._escape import code_span, fenced, markdown, prose
from iiscluster_kb.render._words import (
    VERDICT_WORDS,
    collectable,
    count_of,
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
    from collections.abc import Iterable, Iterator, Sequence

    from iiscluster_kb.model import AnyFact, ArticleSummary, Finding, Patch, Remedy, Report, Step
    from iiscluster_kb.render import View

__all__ = ["RENDERER"]

_IN_STEP = "  "
_MOST_ROWS = 12
"""Of a table beside the findings; a ticket holds 65,536 characters."""


def _render(report: Report, _view: View) -> Iterator[Document]:
    lines = "\n".join(_lines(report))
    yield Document("report.md", f"{lines.rstrip()}\n".encode())


def _lines(report: Report) -> Iterator[str]:
    yield f"# {prose(report.cluster or report.case)}: {markdown(headline(report.findings))}"
    yield ""
    yield from _situation(report)
    yield from _causes(report)
    yield from _found(report)
    yield from _list("What to collect", collectable(filter(_in_full, report.findings)))
    yield from _plan(report.remedy)
    yield from _patches(report.remedy)
    yield from _known(report)
    yield from _other_articles(report)
    yield from _extensions(report)
    yield from _differences(report)
    yield from _evidence(report)
    yield from _list("Files that could not be used", (f"{s.path}: {s.reason}" for s in report.skipped))


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    lines = [f"- {prose(item)}" for item in items]
    if lines:
        yield from (f"## {title}", "", *lines, "")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Heads and cells are Markdown already."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _situation(report: Report) -> Iterator[str]:
    yield f"- Case {code_span(report.case)}"
    if report.stated.symptom is not None:
        yield f"- Stated: the symptom is {prose(report.stated.symptom)}"
    if report.stated.administered_from is not None:
        yield f"- Stated: Cluster Administrator ran on {prose(report.stated.administered_from)}"
    for machine in report.machines:
        yield f"- {prose(machine.name)}: {prose(profile_words(machine))}"
    leading = in_front(report)
    for summary in report.articles:
        if summary.article.id in leading:
            yield f"- {_article(summary)}: {prose(summary.summary)}"
    yield ""


def _article(summary: ArticleSummary) -> str:
    address = quote(summary.article.url, safe=":/?#@!$&'*+,;=%-._~")  # no bracket ends the link early
    return f"[{markdown(summary.article.id)}]({address}) ({prose(summary.article.title)})"


# --- what was found ---------------------------------------------------------------------------------


def _in_full(finding: Finding) -> bool:
    return (finding.verdict in FOUND and finding.weighs) or undecided(finding)


def _of_articles_that_tell(report: Report) -> list[Finding]:
    """The findings of each article of which anything is found or open; one line tells of each other."""
    telling = {finding.cause.article for finding in report.findings if _in_full(finding)}
    return [finding for finding in report.findings if finding.cause.article in telling]


def _causes(report: Report) -> Iterator[str]:
    shown = _of_articles_that_tell(report)
    if not shown:
        return
    order: dict[str | None, int] = {machine.name: at for at, machine in enumerate(report.machines)}
    named = sorted(dict.fromkeys(one.machine for one in shown), key=lambda name: order.get(name, len(order)))
    cells = {(one.cause.id, one.machine): _verdict(one) for one in shown}
    yield from ("## Causes", "")
    yield from _table(
        ("Cause", *(prose(machine_words(name)) for name in named)),
        (
            (code_span(cause), *(cells.get((cause, name), "") for name in named))
            for cause in dict.fromkeys(one.cause.id for one in shown)
        ),
    )


def _verdict(finding: Finding) -> str:
    if worth_knowing(finding):
        return "worth knowing"
    words = VERDICT_WORDS[finding.verdict]
    return f"**{words}**" if _in_full(finding) else words.lower()


def _found(report: Report) -> Iterator[str]:
    weight = list(VERDICT_WORDS)
    full = sorted(filter(_in_full, report.findings), key=lambda finding: weight.index(finding.verdict))
    if full:
        yield from ("## What was found", "")
    for finding in full:
        words = VERDICT_WORDS[finding.verdict]
        yield f"### {words}: {code_span(finding.cause.id)} {prose(place(finding))}"
        yield ""
        yield f"{prose(finding.cause.title)}. {prose(finding.explanation)}"
        yield ""
        if finding.facts:
            yield from _table(("Evidence", "Found", "Where"), map(_fact, finding.facts))
    others = [one for one in _of_articles_that_tell(report) if one.verdict is Verdict.RULED_OUT]
    if others:
        yield from ("### Ruled out", "")
        for finding in others:
            yield f"- {code_span(finding.cause.id)} {prose(place(finding))}: {prose(finding.explanation)}"
        yield ""


def _fact(fact: AnyFact) -> tuple[str, str, str]:
    found = ". ".join((prose(fact_words(fact)), *map(prose, _remarks(fact))))
    return code_span(str(fact.subject)), found, ", ".join(_source(fact))


def _remarks(fact: AnyFact) -> Iterator[str]:
    if isinstance(fact, Unknown):
        return
    yield from (f"Note: {note}" for note in fact.notes)
    for opinion in fact.opinions:
        if opinion.answer is not Answer.NOT_ASKED:
            note = f" ({opinion.note})" if opinion.note else ""
            explained = ", a known defect of that reader" if opinion.explained else ""
            yield f"{opinion.reader} {opinion.answer}{note}{explained}"


def _source(fact: AnyFact) -> Iterator[str]:
    source = fact.source
    if source is None:
        return
    yield code_span(source.path)
    if source.offset is not None:
        yield f"offset {source.offset}"
    if source.line is not None:
        yield f"line {source.line}"
    if source.last_written is not None:
        yield f"last written {moment(source.last_written)}"


# --- what to do -------------------------------------------------------------------------------------


def _plan(remedy: Remedy) -> Iterator[str]:
    if not remedy.plan:
        return
    yield from ("## What to do", "")
    if remedy.patches:
        yield from (f"> **{texts.WARNING}** {texts.REGISTRY_WARNING}", "")
    for number, step in enumerate(remedy.plan, 1):
        yield from _step(number, step)


def _step(number: int, step: Step) -> Iterator[str]:
    where = "" if step.machine is None else f"{prose(step.machine)}: "
    yield f"- [ ] **{number}.** {where}{prose(step.title)}"
    for warning in step.warnings:
        yield from ("", f"{_IN_STEP}**{texts.WARNING}** {prose(warning)}")
    if step.command:
        yield from ("", *fenced(step.command.splitlines(), _IN_STEP))
    if step.expect:
        yield from ("", f"{_IN_STEP}*{texts.EXPECT}* {prose(step.expect)}")
    yield ""


def _patches(remedy: Remedy) -> Iterator[str]:
    if not remedy.patches:
        return
    yield from ("## Patches", "")
    for named in name_patches(remedy.patches):
        yield f"{code_span(named.file)}, for {prose(named.patch.machine)} ({named.patch.dialect}):"
        yield from ("", *fenced(_text(named.patch)), "")
        yield f"{code_span(named.undo_file)} {texts.TAKES_IT_BACK}"
        yield from ("", *fenced(_text(named.patch.undo())), "")


def _text(patch: Patch) -> list[str]:
    content = format_patch(patch)
    return (
        content.decode("utf-16" if content.startswith(b"\xff\xfe") else "ascii").rstrip("\r\n").split("\r\n")
    )


# --- beside the findings ----------------------------------------------------------------------------


def _known(report: Report) -> Iterator[str]:
    lines = [
        f"- {code_span(finding.cause.id)} {prose(place(finding))}: {prose(finding.explanation)}"
        for finding in filter(worth_knowing, report.findings)
    ]
    if lines:
        yield from ("## Worth knowing", "", *lines[:_MOST_ROWS])
        yield from (*_rest(len(lines)), "")


def _rest(number: int) -> Iterator[str]:
    if number > _MOST_ROWS:
        yield f"- and {number - _MOST_ROWS:,} more, in the other formats"


def _other_articles(report: Report) -> Iterator[str]:
    leading = in_front(report)
    others = [summary for summary in report.articles if summary.article.id not in leading]
    lines = []
    for verdict, words in VERDICT_WORDS.items():
        ids = [markdown(one.article.id) for one in others if one.verdict is verdict]
        if ids and verdict not in FOUND:
            lines.append(f"- {words.lower()}: {', '.join(ids)}")
    if lines:
        yield from ("## Other articles", "", *lines, "")


def _extensions(report: Report) -> Iterator[str]:
    if not report.extensions:
        return
    broken = [chain for chain in report.extensions if chain.verdict is not Verdict.RULED_OUT]
    broken.sort(key=lambda chain: list(VERDICT_WORDS).index(chain.verdict))
    sound = len(report.extensions) - len(broken)
    yield from ("## Extensions of Cluster Administrator", "")
    yield from (f"{sound:,} of {count_of(len(report.extensions), 'chain')} from object to file whole.", "")
    if broken:
        yield from _table(
            ("Machine", "Extension", "Listed on", "Server", "Verdict"),
            (
                (
                    prose(chain.machine),
                    f"{code_span(chain.clsid)}{f' {prose(chain.owner)}' if chain.owner else ''}",
                    prose(listed_on(chain)),
                    code_span(chain.server) if chain.server else "none named",
                    f"{VERDICT_WORDS[chain.verdict]}: {prose(chain.explanation)}",
                )
                for chain in broken[:_MOST_ROWS]
            ),
        )
    yield from _left_out(len(broken))


def _differences(report: Report) -> Iterator[str]:
    rows = [row for row in report.comparison if row.alike is False]
    if not rows:
        return
    alike = sum(row.alike is True for row in report.comparison)
    names = tuple(dict.fromkeys(name for row in rows for name, _ in row.answers))
    yield from (f"## Where the nodes differ ({count_of(alike, 'thing')} alike)", "")
    yield from _table(
        ("What", *map(prose, names)),
        (
            (prose(f"{row.section}: {row.subject}"), *(_shown(dict(row.answers).get(name)) for name in names))
            for row in rows[:_MOST_ROWS]
        ),
    )
    yield from _left_out(len(rows))


def _shown(answer: str | None) -> str:
    return "not known" if answer is None else prose(answer)


def _left_out(number: int) -> Iterator[str]:
    if number > _MOST_ROWS:
        yield from (f"And {number - _MOST_ROWS:,} more, in the other formats.", "")


def _evidence(report: Report) -> Iterator[str]:
    if not report.artifacts:
        return
    yield from ("## Evidence", "")
    yield from _table(
        ("File", "Machine", "Taken for", "State", "Size", "SHA-256"),
        (
            (
                code_span(artifact.path),
                prose(artifact.machine),
                prose(artifact.format),
                artifact.state.value,
                count_of(artifact.size, "byte"),
                code_span(artifact.sha256),
            )
            for artifact in report.artifacts
        ),
    )


RENDERER = Renderer("markdown", _render)
