"""The report as one HTML file that needs nothing else: no network, no script. It prints well."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from iiscluster_kb.model import Document, Unknown
from iiscluster_kb.remedy import texts
from iiscluster_kb.remedy.naming import name_patches
from iiscluster_kb.remedy.patch_text import format_patch
from iiscluster_kb.render import Renderer
from iiscluster_kb.render._markup import Markup, element, many
from iiscluster_kb.render._words import (
    VERDICT_WORDS,
    collectable,
    count_of,
    describe,
    fact_words,
    headline,
    machine_words,
    moment,
    place,
    profile_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.model import (
        AnyFact,
        Finding,
        Patch,
        Phase,
        Remedy,
        Report,
        Source,
        Step,
        Verdict,
    )
    from iiscluster_kb.registry import RegistryValue
    from iiscluster_kb.remedy.naming import NamedPatch
    from iiscluster_kb.render import View

__all__ = ["RENDERER"]

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid; padding: .25rem .5rem; text-align: left; vertical-align: top; }
td, li, dd, p { overflow-wrap: anywhere; }
pre { border: 1px solid; padding: .5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.headline { font-size: 1.25rem; font-weight: bold; }
.confirmed, .likely, .undetermined { font-weight: bold; }
.warning { border-left: .25rem solid; padding-left: .75rem; }
.steps { list-style: none; padding: 0; }
.steps > li { border-top: 1px solid; padding: .5rem 0; }
input { width: 1rem; height: 1rem; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  .steps > li, tr, pre { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def _render(report: Report, _view: View) -> Iterator[Document]:
    title = f"{report.cluster or report.case}: {headline(report.findings)}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Markup(_STYLE)),
    )
    page = element("html", head, element("body", _header(report), _main(report)), lang="en")
    yield Document("report.html", f"<!DOCTYPE html>\n{page}\n".encode())


def _header(report: Report) -> Markup:
    return element(
        "header",
        element("h1", report.cluster or report.case),
        element("p", headline(report.findings), class_="headline"),
        element(
            "ul",
            *(element("li", f"{m.name}: {profile_words(m)}") for m in report.machines),
            *(element("li", f"{s.article.id} ({s.article.title}): {s.summary}") for s in report.articles),
        )
        if report.machines or report.articles
        else "",
    )


def _main(report: Report) -> Markup:
    sections = (
        _section("Causes", _causes(report.findings)),
        _section("What was found", _findings(report.findings)),
        _section("What to collect", _list(collectable(report.findings))),
        _section(texts.PLAN_FOR.format(name=report.cluster or report.case), _plan(report.remedy)),
        _section(texts.WHAT_PATCHES_CHANGE, _patches(report.remedy)),
        _section(texts.WHAT_WAS_PROVED, _proof(report.remedy)),
        _section("Evidence", _artifacts(report)),
        _section("Files that could not be used", _list(f"{s.path}: {s.reason}" for s in report.skipped)),
    )
    return element("main", *sections)


def _section(title: str, content: Iterable[Markup]) -> Markup:
    """A section, or nothing where it would be empty."""
    filled = many(content)
    return element("section", element("h2", title), filled) if filled else Markup()


def _list(items: Iterable[str]) -> Iterator[Markup]:
    filled = many(element("li", item) for item in items)
    if filled:
        yield element("ul", filled)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[Markup]:
    body = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    if body:
        head = element("tr", *(element("th", text, scope="col") for text in heads))
        yield element("table", element("thead", head), element("tbody", *body))


# --- what was found ---------------------------------------------------------------------------------


def _verdict(verdict: Verdict) -> Markup:
    return element("span", VERDICT_WORDS[verdict], class_=verdict.value)


def _causes(findings: Iterable[Finding]) -> Iterator[Markup]:
    heads = ("Cause", "Where", "Verdict", "Why")
    return _table(
        heads,
        (
            (f.cause.id, machine_words(f.machine), _verdict(f.verdict), f"{f.cause.title}. {f.explanation}")
            for f in findings
        ),
    )


def _findings(findings: Iterable[Finding]) -> Iterator[Markup]:
    for finding in findings:
        if finding.facts:
            yield element("h3", f"{finding.cause.id} {place(finding)}: ", _verdict(finding.verdict))
            yield from _table(("Asked for", "Found", "Where it was read"), map(_fact, finding.facts))


def _fact(fact: AnyFact) -> tuple[str, str, str]:
    doubts = () if isinstance(fact, Unknown) else fact.notes
    opinions = () if isinstance(fact, Unknown) else fact.opinions
    told = (
        f"{o.reader} {o.answer.value.replace('-', ' ')}{f' ({o.note})' if o.note else ''}" for o in opinions
    )
    found = many((fact_words(fact), *_list((*doubts, *told))))
    return str(fact.subject), found, _source(fact.source) if fact.source else "stated, or not collected"


def _source(source: Source) -> str:
    parts = (
        f"{source.path}, SHA-256 {source.sha256}",
        f"key {source.key}" if source.key is not None else "",
        f"offset {source.offset}" if source.offset is not None else "",
        f"line {source.line}" if source.line is not None else "",
        f"last written {moment(source.last_written)}" if source.last_written is not None else "",
    )
    return ", ".join(filter(None, parts))


# --- what to do -------------------------------------------------------------------------------------


def _plan(remedy: Remedy) -> Iterator[Markup]:
    if not remedy.plan:
        yield element("p", texts.NOTHING_TO_DO)
    elif remedy.patches:
        yield _warning(texts.REGISTRY_WARNING)
    numbered = enumerate(remedy.plan, 1)
    for (machine, phase), steps in groupby(numbered, key=lambda item: (item[1].machine, item[1].phase)):
        yield element("h3", _heading(machine, phase))
        yield element("ol", *(_step(number, step) for number, step in steps), class_="steps")


def _heading(machine: str | None, phase: Phase) -> str:
    words = texts.PHASES[phase]
    return words.capitalize() if machine is None else f"{machine}: {words}"


def _step(number: int, step: Step) -> Markup:
    name = texts.STEP.format(number=number)
    done = f"{texts.DONE}: {name}"
    deviations = (element("li", element("em", d.seen), f" {d.action}") for d in step.otherwise)
    return element(
        "li",
        element("input", type="checkbox", id=f"step-{number}", aria_label=done),
        " ",
        element("label", element("strong", name), f" {step.title}", for_=f"step-{number}"),
        element("p", step.reason) if step.reason else "",
        *map(_warning, step.warnings),
        element("pre", Markup("\n".join(many([line]) for line in step.command.splitlines())))
        if step.command
        else "",
        element("p", element("em", texts.EXPECT), f" {step.expect}") if step.expect else "",
        many((element("p", element("em", texts.OTHERWISE)), element("ul", *deviations)))
        if step.otherwise
        else "",
    )


def _warning(text: str) -> Markup:
    return element("p", element("strong", texts.WARNING), f" {text}", class_="warning")


def _patches(remedy: Remedy) -> Iterator[Markup]:
    for named in name_patches(remedy.patches):
        yield from _patch(named)


def _patch(named: NamedPatch) -> Iterator[Markup]:
    patch = named.patch
    yield element("h3", patch.machine)
    yield element(
        "p",
        element("code", named.file),
        f" ({patch.dialect}); ",
        element("code", named.undo_file),
        f" {texts.TAKES_IT_BACK}",
    )
    yield from _table(
        ("Key", "Value", "Before", "After"),
        ((c.key.short, c.name or "(default)", _side(c.before), _side(c.after)) for c in patch.changes),
    )
    yield many(map(_warning, patch.warnings))
    yield _file(named.file, patch)
    yield _file(named.undo_file, patch.undo())


def _file(name: str, patch: Patch) -> Markup:
    """What is in the file, to be read; the file itself lies beside the report."""
    content = format_patch(patch)
    text = content.decode("utf-16" if content.startswith(b"\xff\xfe") else "ascii")
    shown = Markup("\n".join(many([line]) for line in text.splitlines()))
    return element("details", element("summary", name), element("pre", shown))


def _side(value: RegistryValue | None) -> str:
    return "absent" if value is None else describe(value)


def _proof(remedy: Remedy) -> Iterator[Markup]:
    if remedy.proof:
        yield element("p", texts.HOW_IT_WAS_PROVED)
    yield from _table(
        ("Cause", "Where", "Before", "After"),
        ((p.finding, machine_words(p.machine), _verdict(p.before), _verdict(p.after)) for p in remedy.proof),
    )


# --- the evidence -----------------------------------------------------------------------------------


def _artifacts(report: Report) -> Iterator[Markup]:
    return _table(
        ("File", "What it is", "Whose, and why", "SHA-256"),
        (
            (
                artifact.path,
                f"{artifact.format}, {artifact.state}, {count_of(artifact.size, 'byte')}",
                many((f"{artifact.machine}: {artifact.given_because}", *_list(artifact.notes))),
                artifact.sha256,
            )
            for artifact in report.artifacts
        ),
    )


RENDERER = Renderer("html", _render)
