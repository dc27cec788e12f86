"""Taking a machine, or one kind of file of all machines, flips no verdict (single files: tests/test_taking_away.py)."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.articles import choose
from iiscluster_kb.case import Member, open_case
from iiscluster_kb.cluster import group_machines
from iiscluster_kb.evidence import identify
from iiscluster_kb.model import FOUND, Verdict
from tests.support.scenarios import RELATED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.scenarios import Scenario

Place = tuple[str, str | None]

DOUBT = {Verdict.UNDETERMINED, Verdict.NOT_APPLICABLE}
EXCEPTIONS = {
    # What only the file itself shows is gone with it.
    "Q217157-cut-checkpoint": {"Q217157/checkpoint-damaged"},
    "extension-audit-vendor-file-for-alpha": {"extension-audit/broken-chain"},
}
"""By scenario, the causes that flip."""


def files_of(scenario: Scenario) -> dict[str, bytes]:
    paths = sorted(path for path in scenario.case.rglob("*") if path.is_file())
    return {path.relative_to(scenario.case).as_posix(): path.read_bytes() for path in paths}


def verdicts(scenario: Scenario, files: Mapping[str, bytes]) -> dict[Place, Verdict]:
    members = [Member(path, len(data), partial(io.BytesIO, data)) for path, data in files.items()]
    stated = scenario.stated.get
    with open_case(
        *members, symptom=stated("symptom"), administered_from=stated("administered_from")
    ) as case:
        cluster = group_machines(identify(case)[0], case.stated, case.name)
        findings = (f for rule in choose(scenario.articles or None) for f in rule.diagnose(cluster))
        return {(finding.cause.id, finding.machine): finding.verdict for finding in findings}


def with_less(files: Mapping[str, bytes]) -> Iterator[dict[str, bytes]]:
    """Without each folder, then without each name."""
    for part in (0, -1):
        for name in sorted({path.split("/")[part] for path in files}):
            if less := {path: data for path, data in files.items() if path.split("/")[part] != name}:
                yield less


@pytest.mark.parametrize("scenario", RELATED, ids=lambda scenario: scenario.name)
def test_no_verdict_flips(scenario: Scenario) -> None:
    files = files_of(scenario)
    whole = verdicts(scenario, files)
    flipped = {
        place[0]
        for less in with_less(files)
        for place, verdict in verdicts(scenario, less).items()
        if verdict not in DOUBT and is_flip(whole.get(place, verdict), verdict)
    }
    assert flipped == EXCEPTIONS.get(scenario.name, set())


def is_flip(before: Verdict, after: Verdict) -> bool:
    return before in DOUBT or (after in FOUND) != (before in FOUND)
