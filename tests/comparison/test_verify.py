"""Whole runs: a case of the fixtures before, a case collected again after the repair."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fixtures._case import CLSID, OTHER, healthy
from fixtures.catalogue import load_all
from iiscluster_kb import examine
from iiscluster_kb.comparison import (
    Accord,
    Extent,
    Fate,
    Restarted,
    open_collection,
    verify,
)
from iiscluster_kb.errors import CaseError
from iiscluster_kb.model import Dialect, Verdict
from iiscluster_kb.remedy import format_patch
from tests.comparison.collecting import LATER, Times, carry_out, filetime, write
from tests.comparison.test_kit import write_kit
from tests.support.scenarios import SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from fixtures._case import CollectedCase
    from iiscluster_kb.comparison import Comparison
    from iiscluster_kb.comparison._collection import ExamineOptions
    from iiscluster_kb.model import Report
    from tests.support.scenarios import Scenario

ALONE: ExamineOptions = {"second_opinion": False, "articles": ["Q224553"]}
VALUE = "Q224553/admin-extensions-missing"
DLL = "Q224553/dll-missing"
KEY_PATH = r"ResourceTypes\IIS Server Instance"
BY_NAME = {scenario.name: scenario for scenario in load_all()}
HIVEXREGEDIT = shutil.which("hivexregedit")

PATCHED = [
    scenario
    for scenario in SCENARIOS
    if any(v["cause"] == VALUE and v["verdict"] == "confirmed" for v in scenario.verdicts)
]


def report_of(scenario: Scenario) -> Report:
    return examine(scenario.case, **ALONE, **scenario.options)


def fates(comparison: Comparison) -> dict[tuple[str, str | None], Fate]:
    return {(f.shown.cause.id, f.shown.machine): f.fate for f in comparison.findings}


def extents(comparison: Comparison) -> dict[str, Extent]:
    return {patch.machine: patch.extent for patch in comparison.patches}


def absent_value(tmp_path: Path) -> Path:
    case = healthy()
    for node in case.nodes:
        del node.type_key["AdminExtensions"]
    return write(case, tmp_path / "before")


# --- every scenario with a patch --------------------------------------------------------------------


@pytest.mark.parametrize("scenario", PATCHED, ids=lambda scenario: scenario.name)
def test_every_patch_applied_is_seen_as_applied(scenario: Scenario, tmp_path: Path) -> None:
    case = BY_NAME[scenario.name].build()
    changes = [(f.machine, change) for f in report_of(scenario).findings for change in f.changes]
    patched = {machine for machine, _ in changes if machine is not None}
    assert patched
    for machine, change in changes:
        assert machine is not None
        carry_out(case.machines[machine], change)
    after = write(case, tmp_path / "after")
    comparison = verify(scenario.case, after, **ALONE, **scenario.options)
    assert extents(comparison) == dict.fromkeys(patched, Extent.EXACTLY)
    found = fates(comparison)
    assert all(found[VALUE, machine] is Fate.CURED for machine in patched)
    left = {f.verdict for f in comparison.after.findings if f.weighs} - {
        Verdict.RULED_OUT,
        Verdict.NOT_APPLICABLE,
    }
    expected = 1 if Verdict.CONFIRMED in left else 3 if Verdict.UNDETERMINED in left else 0
    assert comparison.status == expected
    if all(v["cause"] == VALUE and v["verdict"] == "confirmed" for v in scenario.verdicts):
        assert comparison.status == 0


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_case_against_itself(scenario: Scenario) -> None:
    now: dict[str, Any] = {f"{name}_after": text for name, text in scenario.options.items()}
    comparison = verify(scenario.case, scenario.case, **ALONE, **scenario.options, **now)
    assert set(fates(comparison).values()) <= {Fate.REMAINING, Fate.UNDECIDED, Fate.UNCHANGED}
    assert set(extents(comparison).values()) <= {Extent.NOT_AT_ALL, Extent.UNKNOWN}
    assert all(patch.other_changes == () for patch in comparison.patches)
    assert {restart.answer for restart in comparison.restarts} <= {Restarted.UNKNOWN}
    assert comparison.status == scenario.exit_status
    assert comparison.notes == ("Both collections hold the same files, byte for byte.",)


@pytest.mark.skipif(HIVEXREGEDIT is None, reason="hivexregedit (Debian: libwin-hivex-perl) is missing")
@pytest.mark.parametrize("name", ["value-absent", "value-lists-only-others", "value-of-wrong-type"])
def test_hivex_as_importer(name: str, tmp_path: Path) -> None:
    scenario = next(one for one in SCENARIOS if one.name == name)
    after = tmp_path / "after"
    shutil.copytree(scenario.case, after)
    for patch in report_of(scenario).remedy.patches:
        text = format_patch(replace(patch, dialect=Dialect.VERSION_5)).decode("utf-16").replace("\r\n", "\n")
        source = tmp_path / f"{patch.machine}.reg"
        source.write_text(text, encoding="utf-8")
        hive = after / patch.machine / "CLUSDB"
        prefix = r"HKEY_LOCAL_MACHINE\Cluster"
        subprocess.run(
            [str(HIVEXREGEDIT), "--merge", "--prefix", prefix, str(hive), str(source)],
            check=True,
            capture_output=True,
            timeout=60,
        )
    comparison = verify(scenario.case, after, articles=["Q224553"])
    assert (comparison.status, set(extents(comparison).values())) == (0, {Extent.EXACTLY})
    assert all(agreement.accord is Accord.AGREE for agreement in comparison.agreements)


# --- what goes wrong after a repair -----------------------------------------------------------------


def test_one_node_was_forgotten(tmp_path: Path) -> None:
    mended = healthy()
    del mended.nodes[1].type_key["AdminExtensions"]
    comparison = verify(absent_value(tmp_path), write(mended, tmp_path / "after"), **ALONE)
    found = fates(comparison)
    assert (found[VALUE, "NODE1"], found[VALUE, "NODE2"]) == (Fate.CURED, Fate.REMAINING)
    assert extents(comparison) == {"NODE1": Extent.EXACTLY, "NODE2": Extent.NOT_AT_ALL}
    differing = [one for one in comparison.agreements if one.accord is Accord.DIFFER]
    assert [one.subject for one in differing] == [rf"HKLM\Cluster\{KEY_PATH} : AdminExtensions"]
    assert comparison.status == 1


def test_cured_by_other_means(tmp_path: Path) -> None:
    mended = healthy()
    for node in mended.nodes:
        node.type_key["AdminExtensions"] = [CLSID, OTHER]
        node.type_key["Description"] = "mended by hand"
    comparison = verify(absent_value(tmp_path), write(mended, tmp_path / "after"), **ALONE)
    assert comparison.status == 0
    assert set(extents(comparison).values()) == {Extent.WITH_OTHER_CHANGES}
    assert [change.name for change in comparison.patches[0].other_changes] == ["Description"]


def test_a_new_fault(tmp_path: Path) -> None:
    mended = healthy()
    mended.nodes[0].inetsrv["iisclex4.dll"] = 0
    comparison = verify(absent_value(tmp_path), write(mended, tmp_path / "after"), **ALONE)
    assert fates(comparison)[DLL, "NODE1"] is Fate.NEW
    assert comparison.status == 1


def test_evidence_that_was_not_collected_again(tmp_path: Path) -> None:
    mended = healthy()
    mended.nodes[1].cluster = None
    comparison = verify(absent_value(tmp_path), write(mended, tmp_path / "after"), **ALONE)
    assert fates(comparison)[VALUE, "NODE2"] is Fate.NO_LONGER_DECIDABLE
    assert extents(comparison)["NODE2"] is Extent.UNKNOWN
    assert comparison.status == 3


def test_evidence_that_is_there_now(tmp_path: Path) -> None:
    case = healthy()
    case.nodes[0].files = None
    before, after = write(case, tmp_path / "before"), write(healthy(), tmp_path / "after")
    comparison = verify(before, after, **ALONE)
    assert fates(comparison)[DLL, "NODE1"] is Fate.DECIDABLE_NOW
    assert comparison.status == 0


def test_restarts_and_times(tmp_path: Path) -> None:
    mended = healthy()
    times = Times(LATER, {"Select": LATER, r"Microsoft\Windows NT\CurrentVersion": LATER})
    for node in mended.nodes:
        assert node.system is not None
        node.system["ControlSet001"]["Control"]["Windows"] = {"ShutdownTime": filetime(LATER)}
    comparison = verify(absent_value(tmp_path), write(mended, tmp_path / "after", times), **ALONE)
    assert {restart.machine: restart.answer for restart in comparison.restarts} == {
        "NODE1": Restarted.YES,
        "NODE2": Restarted.YES,
    }


def test_the_symptom_concerns_the_side_for_which_it_is_stated(tmp_path: Path) -> None:
    before, after = absent_value(tmp_path), write(healthy(), tmp_path / "after")

    def verified(**stated: str) -> Comparison:
        return verify(before, after, second_opinion=False, articles=["Q224553"], **stated)  # type: ignore[arg-type] # only what is stated

    gone = verified(symptom="finish-button")
    assert (gone.status, gone.after.stated.symptom) == (0, None)
    still = verified(symptom="finish-button", symptom_after="finish-button")
    assert still.status in {1, 3}
    moved = verified(administered_from="ADMINPC", administered_from_after="NODE1")
    remote = [one for one in moved.findings if one.shown.cause.id.endswith("remote-administration")]
    assert [one.fate for one in remote] == [Fate.CURED]


# --- the kit ----------------------------------------------------------------------------------------


def kit_of(case: Path, folder: Path) -> Path:
    patches = examine(case, **ALONE).remedy.patches
    return write_kit(folder, **{f"{patch.machine}__reg": format_patch(patch) for patch in patches})


def test_the_kit_is_what_is_looked_for(tmp_path: Path) -> None:
    before, after = absent_value(tmp_path), write(healthy(), tmp_path / "after")
    comparison = verify(before, after, kit=kit_of(before, tmp_path / "kit"), **ALONE)
    assert comparison.kit == "kit"
    assert extents(comparison) == {"NODE1": Extent.EXACTLY, "NODE2": Extent.EXACTLY}


def test_a_kit_of_other_machines(tmp_path: Path) -> None:
    before = absent_value(tmp_path)
    patch = examine(before, **ALONE).remedy.patches[0]
    kit = write_kit(tmp_path / "kit", SRV9__reg=format_patch(patch))
    with pytest.raises(CaseError, match=r"^kit: SRV9\.reg is for no machine of the two collections$"):
        verify(before, before, kit=kit, **ALONE)


def test_a_tampered_kit_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    before = absent_value(tmp_path)
    kit = kit_of(before, tmp_path / "kit")
    (kit / "NODE2.reg").write_bytes(b"")
    with pytest.raises(CaseError, match="differs from its checksum"):
        verify(tmp_path / "nowhere", tmp_path / "nowhere", kit=kit, **ALONE)


# --- a case that changes while it is read -----------------------------------------------------------


def test_a_case_that_changes_between_two_readings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = absent_value(tmp_path)

    def examine_then_change(*paths: Path, **options: Any) -> Report:
        report: Report = examine(*paths, **options)
        other: CollectedCase = healthy()
        write(other, folder)
        return report

    monkeypatch.setattr("iiscluster_kb.comparison._collection.examine", examine_then_change)
    message = r"^before: NODE1/CLUSDB changed while the case was read; collect it again$"
    with pytest.raises(CaseError, match=message), open_collection(folder, **ALONE):
        raise AssertionError("it was opened all the same")
