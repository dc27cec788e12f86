"""What a case holds, for ``inspect``: what each file was taken for, whose it is and why, what is missing.

Of each machine a table says what the articles need of it, what is there in which state, and with which command
the rest is collected on that machine's Windows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.collectors.needs import Standing, needs_of
from iiscluster_kb.render._media import put_media
from iiscluster_kb.render._page import Page
from iiscluster_kb.render._words import collectable, count_of, profile_words
from iiscluster_kb.render.json import (
    artifact_json,
    encode,
    machine_json,
    media_json,
    skipped_json,
    tool_json,
)

if TYPE_CHECKING:
    from iiscluster_kb.collectors.needs import Met
    from iiscluster_kb.model import Artifact, MachineProfile, Report
    from iiscluster_kb.render import View
    from iiscluster_kb.render._page import Cell
    from iiscluster_kb.render.json import Json

__all__ = ["SCHEMA", "inventory_json", "inventory_text"]

SCHEMA = "iiscluster-kb/inventory/1"

_MARKS = {
    Standing.THERE: ("+", "green"),
    Standing.IN_PART: ("!", "yellow"),
    Standing.UNSOUND: ("!", "yellow"),
    Standing.MISSING: ("-", "red"),
}
_SHOWN_PLACES = 6
"""A listing of a whole disk holds thousands of directories; the JSON has them all."""


def inventory_json(report: Report) -> bytes:
    """The inventory as JSON: the nouns of the report's JSON, without the diagnosis."""
    told: dict[str, Json] = {
        "schema": SCHEMA,
        "tool": tool_json(),
        "case": {"name": report.case},
        "machines": [machine_json(machine) for machine in report.machines],
        "artifacts": [artifact_json(artifact) for artifact in report.artifacts],
        "skipped": [skipped_json(skipped) for skipped in report.skipped],
        "needs": [_needs_json(machine, report) for machine in report.machines],
        "collect": [*collectable(report.findings)],
    }
    if report.media is not None:
        told["media"] = media_json(report.media)
    return encode(told)


def _needs_json(machine: MachineProfile, report: Report) -> Json:
    return {
        "machine": machine.name,
        "needs": [
            {
                "need": met.need.title,
                "standing": met.standing.value,
                "artifacts": [artifact.path for artifact in met.artifacts],
                "collect": [{"command": way.command, "condition": way.condition} for way in met.ways],
            }
            for met in _needs(machine, report)
        ],
    }


def _needs(machine: MachineProfile, report: Report) -> tuple[Met, ...]:
    return needs_of(machine, (artifact for artifact in report.artifacts if artifact.machine == machine.name))


def inventory_text(report: Report, view: View) -> str:
    """The inventory for a person at a terminal."""
    page = Page(view)
    used, unused = count_of(len(report.artifacts), "file"), count_of(len(report.skipped), "file")
    page.put(f"Case {report.case}: {used} of use, {unused} not used.", style="bold")
    known = {machine.name: machine for machine in report.machines}
    owners = dict.fromkeys((*known, *(artifact.machine for artifact in report.artifacts)))
    for owner in owners:
        page.head(f"{owner} ({profile_words(known[owner])})" if owner in known else owner)
        if owner in known:
            _put_needs(page, _needs(known[owner], report))
            page.put("Files:", lead="  ")
        own = [artifact for artifact in report.artifacts if artifact.machine == owner]
        for artifact in own:
            _artifact(page, artifact)
        if not own:
            page.put("no file", lead="  ")
    if report.skipped:
        page.head("Not used")
        for skipped in report.skipped:
            page.put(f"{skipped.path}: {skipped.reason}", lead="  - ")
    put_media(page, report.media)
    if wanted := collectable(report.findings):
        page.head("What the findings lack, and how to collect it")
        for line in wanted:
            page.put(line, lead="  - ")
    return page.text()


def _put_needs(page: Page, needs: tuple[Met, ...]) -> None:
    rows = [_row(met) for met in needs]
    if not page.table(("Needed", "State", "Where"), rows):
        for (title, _), (state, style), (where, _) in rows:
            page.put(f"{title}: {state[2:]}{', ' if where else ''}{where}", lead=state[:2], style=style)
    for met in needs:
        if met.ways:
            page.put(f"To collect {met.need.title}:", lead="  ")
        for way in met.ways:
            page.put(f"{way.command}{f' ({way.condition})' if way.condition else ''}", lead="    - ")


def _row(met: Met) -> tuple[Cell, Cell, Cell]:
    mark, style = _MARKS[met.standing]
    first = met.artifacts[0] if met.artifacts else None
    state = f"{met.standing}, {first.state}" if first else str(met.standing)
    more = f" and {len(met.artifacts) - 1} more" if len(met.artifacts) > 1 else ""
    return (met.need.title, ""), (f"{mark} {state}", style), (f"{first.path}{more}" if first else "", "")


def _artifact(page: Page, artifact: Artifact) -> None:
    page.put(artifact.path, lead="  - ")
    page.put(f"{_recognised(artifact)}, {artifact.state}, {count_of(artifact.size, 'byte')}", lead="    ")
    if artifact.holds:
        page.put(_holds(artifact), lead="    holds ")
    page.put(artifact.given_because, lead="    given to the machine because: ")
    if artifact.containers:
        page.put(", ".join(artifact.containers), lead="    inside, from the outermost: ")
    page.put(artifact.sha256, lead="    SHA-256 ")
    for note in artifact.notes:
        page.put(note, lead="    Note: ")


def _recognised(artifact: Artifact) -> str:
    return artifact.format + (f" by its {artifact.recognised_by}" if artifact.recognised_by else "")


def _holds(artifact: Artifact) -> str:
    shown = ", ".join(artifact.holds[:_SHOWN_PLACES])
    rest = len(artifact.holds) - _SHOWN_PLACES
    return f"{shown} and {rest:,} more" if rest > 0 else shown
