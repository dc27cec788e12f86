"""Taking evidence away never flips a verdict: it can only leave it open. Over every scenario, file by file."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb import CaseError, examine
from iiscluster_kb.case import Member
from iiscluster_kb.model import Unknown, Verdict
from tests.support.scenarios import RELATED, SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iiscluster_kb.model import Finding
    from tests.support.scenarios import Scenario

Place = tuple[str, str | None]
Flip = tuple[str, str]
"""The file that was taken away, and what then was judged the other way round."""

ITSELF = "what only the file itself shows is gone with it"
PENDING = "a log holds what its hive does not; without it every fact says that changes are pending"
STATED = "by the statement alone it is confirmed; only files on all machines show that it was made to work"
OPERATOR = (
    "that a machine is an operator's is told by its SYSTEM; without one there is nothing to administer from"
)

EXCEPTIONS: dict[str, tuple[str, set[Flip]]] = {
    "dll-cannot-register": (
        ITSELF,
        {("NODE1/C/WINNT/system32/inetsrv/iisclex4.dll", "Q224553/dll-missing NODE1")},
    ),
    "dll-for-another-processor": (
        ITSELF,
        {("NODE1/C/WINNT/system32/inetsrv/iisclex4.dll", "Q224553/dll-missing NODE1")},
    ),
    "dll-not-pe": (
        ITSELF,
        {("NODE1/C/WINNT/system32/inetsrv/iisclex4.dll", "Q224553/dll-missing NODE1")},
    ),
    "value-added-in-the-log": (
        PENDING,
        {(f"{node}/CLUSDB.LOG", f"Q224553/admin-extensions-missing {node}") for node in ("NODE1", "NODE2")},
    ),
    "value-taken-away-in-the-log": (
        PENDING,
        {("NODE1/CLUSDB.LOG", "Q224553/admin-extensions-missing NODE1")},
    ),
    "remote-made-to-work": (
        STATED,
        {
            (f"{machine}/{name}", "Q224553/remote-administration ADMINPC")
            for machine in ("ADMINPC", "NODE1", "NODE2")
            for name in ("SOFTWARE", "dir.txt")
        },
    ),
    "Q217157-cut-checkpoint": (ITSELF, {("quorum/MSCS/chk1B.tmp", "Q217157/checkpoint-damaged")}),
    "extension-audit-vendor-file-for-alpha": (
        ITSELF,
        {("NODE1/C/WINNT/Cluster/vendorex.dll", "extension-audit/broken-chain NODE1")},
    ),
}
"""By scenario: why, and all that flips."""


def judge(scenario: Scenario, files: Mapping[str, bytes]) -> dict[Place, Finding]:
    members = [Member(path, len(data), partial(io.BytesIO, data)) for path, data in files.items()]
    report = examine(*members, articles=scenario.articles or None, second_opinion=False, **scenario.options)
    return {(finding.cause.id, finding.machine): finding for finding in report.findings}


def is_flip(cause: str, before: Verdict, after: Verdict) -> bool:
    """Whether less evidence changed a verdict into another answer than a question.

    A fault that is confirmed may be likely with less. Whom an article beside Q224553 concerns (an operator's
    machine, a cluster of some Windows) is told by evidence too, and without it that article does not apply.
    """
    if cause.partition("/")[0] != "Q224553" and after is Verdict.NOT_APPLICABLE:
        return False
    return after not in {before, Verdict.UNDETERMINED} and (before, after) != (
        Verdict.CONFIRMED,
        Verdict.LIKELY,
    )


def flips(scenario: Scenario) -> Iterator[tuple[Flip, Finding]]:
    files = {
        path.relative_to(scenario.case).as_posix(): path.read_bytes()
        for path in sorted(scenario.case.rglob("*"))
        if path.is_file()
    }
    whole = judge(scenario, files)
    for path in files if len(files) > 1 else ():
        try:
            found = judge(scenario, {name: data for name, data in files.items() if name != path})
        except CaseError:
            continue
        for (cause, machine), finding in found.items():
            before = whole.get((cause, machine))
            if before is not None and is_flip(cause, before.verdict, finding.verdict):
                yield (path, f"{cause} {machine or ''}".rstrip()), finding


def says_that_changes_are_pending(finding: Finding) -> bool:
    notes = [note for fact in finding.facts if not isinstance(fact, Unknown) for note in fact.notes]
    return any("unrecovered" in note and "changes are pending" in note for note in notes)


@pytest.mark.parametrize("scenario", [*SCENARIOS, *RELATED], ids=lambda scenario: scenario.name)
def test_taking_a_file_away_flips_no_verdict(scenario: Scenario) -> None:
    reason, expected = EXCEPTIONS.get(scenario.name, ("", set()))
    flipped = dict(flips(scenario))
    assert set(flipped) == expected, reason
    if reason == PENDING:
        assert all(says_that_changes_are_pending(finding) for finding in flipped.values())


def test_exceptions_are_of_scenarios_that_there_are() -> None:
    assert EXCEPTIONS.keys() <= {scenario.name for scenario in (*SCENARIOS, *RELATED)}
