"""The plan as Markdown: a checklist that an engineer works through at the machines."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from iiscluster_kb.model import FOUND, Document, Verdict
from iiscluster_kb.remedy import texts
from iiscluster_kb.remedy.naming import name_patches
from iiscluster_kb.render import Renderer
from iiscluster_kb.render._escape import code_span, fenced, markdown, prose
from iiscluster_kb.render._words import VERDICT_WORDS, describe, headline, place, undecided

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.model import Finding, Patch, Remedy, Report, Step
    from iiscluster_kb.registry import RegistryValue
    from iiscluster_kb.remedy.naming import NamedPatch
    from iiscluster_kb.render import View

__all__ = ["RENDERER"]

_IN_STEP = "  "
"""Indents what belongs to a step of the checklist."""


def _render(report: Report, _view: View) -> Iterator[Document]:
    lines = "\n".join(_lines(report))
    yield Document("plan.md", f"{lines.rstrip()}\n".encode())


def _lines(report: Report) -> Iterator[str]:
    yield f"# {prose(texts.PLAN_FOR.format(name=report.cluster or report.case))}"
    yield ""
    yield markdown(headline(report.findings))
    yield ""
    if report.remedy.patches:
        yield f"> **{texts.WARNING}** {texts.REGISTRY_WARNING}"
        yield ""
    if report.remedy.plan:
        yield from _steps(report.remedy)
    else:
        yield texts.NOTHING_TO_DO
        yield ""
    yield from _patches(report.remedy)
    yield from _proof(report.remedy)
    yield from _unpatched(report)


def _steps(remedy: Remedy) -> Iterator[str]:
    numbered = enumerate(remedy.plan, 1)
    for (machine, phase), steps in groupby(numbered, key=lambda item: (item[1].machine, item[1].phase)):
        heading = texts.PHASES[phase]
        yield f"## {heading.capitalize()}" if machine is None else f"## {prose(machine)}: {heading}"
        yield ""
        for number, step in steps:
            yield from _step(number, step)


def _step(number: int, step: Step) -> Iterator[str]:
    yield f"- [ ] **{texts.STEP.format(number=number)}** {prose(step.title)}"
    if step.reason:
        yield from _paragraph(prose(step.reason))
    for warning in step.warnings:
        yield from _paragraph(f"**{texts.WARNING}** {prose(warning)}")
    if step.command:
        yield ""
        yield from fenced(step.command.splitlines(), _IN_STEP)
    if step.expect:
        yield from _paragraph(f"*{texts.EXPECT}* {prose(step.expect)}")
    if step.otherwise:
        yield from _paragraph(f"*{texts.OTHERWISE}*")
        yield ""
        for deviation in step.otherwise:
            yield f"{_IN_STEP}- *{prose(deviation.seen)}* {prose(deviation.action)}"
    yield ""


def _paragraph(text: str) -> tuple[str, str]:
    return "", f"{_IN_STEP}{text}"


def _patches(remedy: Remedy) -> Iterator[str]:
    if not remedy.patches:
        return
    yield f"## {texts.WHAT_PATCHES_CHANGE}"
    yield ""
    for named in name_patches(remedy.patches):
        yield from _patch(named)


def _patch(named: NamedPatch) -> Iterator[str]:
    yield f"### {prose(named.patch.machine)}"
    yield ""
    yield f"{code_span(named.file)} ({named.patch.dialect}); {code_span(named.undo_file)} {texts.TAKES_IT_BACK}"
    yield ""
    yield "| key | value | before | after |"
    yield "| --- | --- | --- | --- |"
    for change in named.patch.changes:
        cells = (change.key.short, change.name or "(default)", _side(change.before), _side(change.after))
        yield f"| {' | '.join(map(code_span, cells))} |"
    yield ""
    yield from _patch_warnings(named.patch)


def _patch_warnings(patch: Patch) -> Iterator[str]:
    for warning in patch.warnings:
        yield f"> **{texts.WARNING}** {prose(warning)}"
        yield ""


def _side(value: RegistryValue | None) -> str:
    return "absent" if value is None else describe(value)


def _proof(remedy: Remedy) -> Iterator[str]:
    if not remedy.proof:
        return
    yield f"## {texts.WHAT_WAS_PROVED}"
    yield ""
    yield texts.HOW_IT_WAS_PROVED
    yield ""
    for proof in remedy.proof:
        where = "" if proof.machine is None else f" on {prose(proof.machine)}"
        before, after = VERDICT_WORDS[proof.before], VERDICT_WORDS[proof.after]
        yield f"- {code_span(proof.finding)}{where}: {before} before, {after} after."
    yield ""


def _unpatched(report: Report) -> Iterator[str]:
    patched = {patch.machine for patch in report.remedy.patches}
    open_findings = [finding for finding in report.findings if _is_open(finding, patched)]
    if not open_findings:
        return
    yield f"## {texts.NOT_PATCHED}"
    yield ""
    for finding in open_findings:
        words = VERDICT_WORDS[finding.verdict]
        yield f"- {code_span(finding.cause.id)} {prose(place(finding))} ({words}): {_why(finding)}"
        yield from (f"  - [ ] Collect {prose(line)}" for line in finding.collect)
    yield ""


def _is_open(finding: Finding, patched: set[str]) -> bool:
    if finding.verdict in FOUND and finding.weighs:
        return not finding.changes or finding.machine not in patched
    return undecided(finding)


def _why(finding: Finding) -> str:
    explained = prose(finding.explanation)
    if finding.verdict is Verdict.UNDETERMINED:
        return f"{explained} {texts.NOT_TOLD}"
    if finding.changes:
        return f"{explained} {texts.BY_HAND}"
    return f"{explained} {texts.BY_STEPS}"


RENDERER = Renderer("plan", _render)
