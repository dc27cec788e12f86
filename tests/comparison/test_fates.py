from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.comparison import Basis, Comparison, Fate, Identity
from iiscluster_kb.comparison._fates import pair_findings
from iiscluster_kb.model import MachineProfile, Role, Verdict
from tests.support.reports import MISSING_DLL, NO_EXTENSION, REMOTE, empty_report, finding

if TYPE_CHECKING:
    from iiscluster_kb.comparison import Fated
    from iiscluster_kb.model import Finding, Report

FAULT = finding(verdict=Verdict.CONFIRMED)
LIKELY = finding(verdict=Verdict.LIKELY)
SOUND = finding()
OPEN = finding(verdict=Verdict.UNDETERMINED)
SILENT = finding(verdict=Verdict.UNDETERMINED, weighs=False)
MOOT = finding(verdict=Verdict.NOT_APPLICABLE)
ALL = (FAULT, LIKELY, SOUND, OPEN, SILENT, MOOT, None)


def report(*findings: Finding | None, machines: tuple[str, ...] = ("NODE1",)) -> Report:
    profiles = tuple(MachineProfile(name, Role.NODE, None, None, None, None, None) for name in machines)
    told = tuple(one for one in findings if one is not None)
    return replace(empty_report(), findings=told, machines=profiles)


def compared(before: Report, after: Report) -> Comparison:
    identity = Identity(Basis.NODES, "NODE1")
    return Comparison(before, after, identity, pair_findings(before, after), (), None, (), ())


def fate(before: Finding | None, after: Finding | None) -> Fated:
    (fated,) = pair_findings(report(before), report(after))
    return fated


@pytest.mark.parametrize(
    ("before", "after", "expected", "status"),
    [
        (FAULT, SOUND, Fate.CURED, 0),
        (LIKELY, SOUND, Fate.CURED, 0),
        (FAULT, LIKELY, Fate.REMAINING, 1),
        (FAULT, OPEN, Fate.NO_LONGER_DECIDABLE, 3),
        (FAULT, MOOT, Fate.NO_LONGER_DECIDABLE, 3),
        (FAULT, None, Fate.NO_LONGER_DECIDABLE, 3),
        (SOUND, FAULT, Fate.NEW, 1),
        (MOOT, FAULT, Fate.NEW, 1),
        (SOUND, OPEN, Fate.NO_LONGER_DECIDABLE, 3),
        (SOUND, None, Fate.NO_LONGER_DECIDABLE, 3),
        (OPEN, FAULT, Fate.DECIDABLE_NOW, 1),
        (OPEN, SOUND, Fate.DECIDABLE_NOW, 0),
        (None, FAULT, Fate.DECIDABLE_NOW, 1),
        (OPEN, OPEN, Fate.UNDECIDED, 3),
        (SILENT, SILENT, Fate.UNCHANGED, 0),
        (SOUND, SILENT, Fate.UNCHANGED, 0),
        (MOOT, None, Fate.UNCHANGED, 0),
        (SOUND, SOUND, Fate.UNCHANGED, 0),
    ],
)
def test_what_becomes_of_a_finding(
    before: Finding | None, after: Finding | None, expected: Fate, status: int
) -> None:
    assert fate(before, after).fate is expected
    assert compared(report(before), report(after)).status == status


@pytest.mark.parametrize(("before", "after"), [pair for pair in product(ALL, ALL) if pair != (None, None)])
def test_laws(before: Finding | None, after: Finding | None) -> None:
    status = compared(report(before), report(after)).status
    told = fate(before, after)
    was_fault, is_fault = before in (FAULT, LIKELY), after in (FAULT, LIKELY)
    assert told.is_fault == is_fault == (status == 1)
    assert (told.fate is Fate.CURED) == (was_fault and after is SOUND)
    if was_fault and status == 0:
        assert after is SOUND
    if after is OPEN:
        assert status == 3
    if before is after:
        assert told.fate in {Fate.REMAINING, Fate.UNDECIDED, Fate.UNCHANGED}


def test_a_finding_of_neither_side_cannot_be_shown() -> None:
    broken = replace(fate(FAULT, SOUND), before=None, after=None)
    with pytest.raises(AssertionError):
        _ = broken.shown


def test_machines_are_paired_as_windows_compares_names() -> None:
    (fated,) = pair_findings(report(FAULT), report(replace(SOUND, machine="node1")))
    assert fated.fate is Fate.CURED


def test_a_cause_of_the_whole_cluster_is_one_whatever_machine_it_names() -> None:
    nodes = ("NODE1", "NODE2")
    local = [finding(MISSING_DLL, node) for node in nodes]
    before = report(*local, finding(REMOTE, "ADMINPC", Verdict.CONFIRMED), machines=nodes)
    after = report(*local, finding(REMOTE, "NODE2", Verdict.RULED_OUT), machines=nodes)
    fates = {fated.shown.cause: fated.fate for fated in pair_findings(before, after)}
    assert fates[REMOTE] is Fate.CURED
    assert fates[MISSING_DLL] is Fate.UNCHANGED


def test_a_local_cause_is_not_carried_from_one_machine_to_another() -> None:
    before = report(finding(NO_EXTENSION, "NODE1", Verdict.CONFIRMED))
    after = report(finding(NO_EXTENSION, "NODE2"), machines=("NODE2",))
    assert [fated.fate for fated in pair_findings(before, after)] == [
        Fate.NO_LONGER_DECIDABLE,
        Fate.DECIDABLE_NOW,
    ]
