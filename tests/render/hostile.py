"""Reports whose evidence attacks the reader, and the reports of every scenario."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from iiscluster_kb import examine
from tests.support.reports import full_report, infested
from tests.support.scenarios import SCENARIOS

if TYPE_CHECKING:
    from iiscluster_kb import Report

HOSTILE = (
    "<script>alert(1)</script>",
    "<!-- -->",
    "\n# Heading",
    "\n- [ ] item",
    "\n```\n",
    "`` ` ``",
    "[click](http://example.org)",
    "![picture](http://example.org/a.png)",
    " | cell | ",
    " @octocat",
    " someone@example.org",
    " #1 GH-1 octocat/repo#1",
    " https://example.org/ www.example.org",
    " :smile:",
    " 0123456789abcdef0123456789abcdef01234567",
    "\x1b[31m",
    "\u202e",
    "\ud800",
    "\x00",
    "\r\n",
    "\u2028",
    "**",
    "&amp;",
    "\\",
    "$x$",
    '"',
    "{0}",
    "~~x~~",
    "\U0001f600 \u0436\u4e2d\u05d0",
)


def hostile_report(text: str) -> Report:
    """The full report with ``text`` behind everything that evidence tells, and patches that can be written."""
    report, attacked = full_report(), infested(full_report(), text)
    patches = tuple(replace(patch, machine=patch.machine + text) for patch in report.remedy.patches)
    findings = tuple(
        replace(found, changes=plain.changes)
        for found, plain in zip(attacked.findings, report.findings, strict=True)
    )
    attacked_report: Report = replace(
        attacked, findings=findings, remedy=replace(attacked.remedy, patches=patches)
    )
    return attacked_report


@cache
def scenario_reports() -> tuple[Report, ...]:
    """What is told of every scenario, by the package itself alone."""
    return tuple(
        examine(scenario.case, articles=scenario.articles or None, second_opinion=False, **scenario.options)
        for scenario in SCENARIOS
    )
