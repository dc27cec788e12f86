"""What a case holds, for ``inspect``: what each file was taken for, whose it is and why, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.render._page import Page
from iiscluster_kb.render._words import collectable, count_of, profile_words
from iiscluster_kb.render.json import artifact_json, encode, machine_json, skipped_json, tool_json

if TYPE_CHECKING:
    from iiscluster_kb.model import Artifact, Report
    from iiscluster_kb.render import View

__all__ = ["SCHEMA", "inventory_json", "inventory_text"]

SCHEMA = "iiscluster-kb/inventory/1"

_SHOWN_PLACES = 6
"""A listing of a whole disk holds thousands of directories; the JSON has them all."""


def inventory_json(report: Report) -> bytes:
    """The inventory as JSON: the nouns of the report's JSON, without the diagnosis."""
    return encode(
        {
            "schema": SCHEMA,
            "tool": tool_json(),
            "case": {"name": report.case},
            "machines": [machine_json(machine) for machine in report.machines],
            "artifacts": [artifact_json(artifact) for artifact in report.artifacts],
            "skipped": [skipped_json(skipped) for skipped in report.skipped],
            "collect": [*collectable(report.findings)],
        }
    )


def inventory_text(report: Report, view: View) -> str:
    """The inventory for a person at a terminal."""
    page = Page(view)
    used, unused = count_of(len(report.artifacts), "file"), count_of(len(report.skipped), "file")
    page.put(f"Case {report.case}: {used} of use, {unused} not used.", style="bold")
    known = {machine.name: profile_words(machine) for machine in report.machines}
    owners = dict.fromkeys((*known, *(artifact.machine for artifact in report.artifacts)))
    for owner in owners:
        page.head(f"{owner} ({known[owner]})" if owner in known else owner)
        own = [artifact for artifact in report.artifacts if artifact.machine == owner]
        for artifact in own:
            _artifact(page, artifact)
        if not own:
            page.put("no file", lead="  ")
    if report.skipped:
        page.head("Not used")
        for skipped in report.skipped:
            page.put(f"{skipped.path}: {skipped.reason}", lead="  - ")
    if wanted := collectable(report.findings):
        page.head("Missing, and how to collect it")
        for line in wanted:
            page.put(line, lead="  - ")
    return page.text()


def _artifact(page: Page, artifact: Artifact) -> None:
    page.put(artifact.path, lead="  - ")
    page.put(f"{artifact.format}, {artifact.state}, {count_of(artifact.size, 'byte')}", lead="    ")
    if artifact.holds:
        page.put(_holds(artifact), lead="    holds ")
    page.put(artifact.given_because, lead="    given to the machine because: ")
    page.put(artifact.sha256, lead="    SHA-256 ")
    for note in artifact.notes:
        page.put(note, lead="    Note: ")


def _holds(artifact: Artifact) -> str:
    shown = ", ".join(artifact.holds[:_SHOWN_PLACES])
    rest = len(artifact.holds) - _SHOWN_PLACES
    return f"{shown} and {rest:,} more" if rest > 0 else shown
