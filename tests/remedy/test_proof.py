from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import RemedyError
from iiscluster_kb.model import (
    Cause,
    Dialect,
    FileRestored,
    Finding,
    MachineProfile,
    Patch,
    PatchImported,
    Phase,
    Proof,
    Remedy,
    Role,
    Step,
    ValueChange,
    Verdict,
)
from iiscluster_kb.registry import HKLM, RegistryValue, ValueType, multi_sz, sz
from iiscluster_kb.registry.overlay import lay_over
from iiscluster_kb.remedy import RemedyOptions, format_patch, prescribe, proof
from iiscluster_kb.remedy.proof import prove
from iiscluster_kb.remedy.supposition import Supposition
from tests.support.evidence import memory

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = HKLM / "Cluster"
BEFORE = RegistryValue("V", ValueType.REG_SZ, "old\0".encode("utf-16-le"))
AFTER = RegistryValue("V", ValueType.REG_MULTI_SZ, multi_sz("{A}"))
CAUSE, OTHER, FILE, WHOLE = (Cause(f"Q1/{letter}", letter) for letter in "abcd")
RESTORED = FileRestored(r"C:\x.dll", 1)
RESTORE = Step("NODE1", Phase.RESTORE_FILE, "Restore", achieves=(RESTORED,))


def patch(after: RegistryValue = AFTER) -> Patch:
    return Patch("NODE1", Dialect.REGEDIT4, (ValueChange(KEY, "V", BEFORE, after),))


def remedy(*patches: Patch, steps: tuple[Step, ...] = ()) -> Remedy:
    imports = (Step(p.machine, Phase.PATCH, "Import", achieves=(PatchImported(),)) for p in patches)
    return Remedy(patches, (*steps, *imports))


def value_in(supposed: Supposition) -> RegistryValue | None:
    return lay_over(memory("ROOT", {"V": BEFORE}), KEY, supposed.entries.get("NODE1", ())).value("V")


def diagnosis(
    other: Callable[[RegistryValue | None], Verdict] = lambda _: Verdict.RULED_OUT,
    wanted: RegistryValue = AFTER,
) -> Callable[[Supposition], list[Finding]]:
    """A diagnosis that wants V to hold AFTER's data and a file, and another that looks at V as told."""

    def rediagnose(supposed: Supposition) -> list[Finding]:
        value = value_in(supposed)
        good = value == AFTER
        changes = () if good else (ValueChange(KEY, "V", value, wanted),)
        restored = bool(supposed.files.get("NODE1"))
        return [
            Finding(
                CAUSE, "NODE1", Verdict.RULED_OUT if good else Verdict.CONFIRMED, "", "X.", changes=changes
            ),
            Finding(OTHER, "NODE1", other(value), "", "Y."),
            Finding(
                FILE,
                "NODE1",
                Verdict.RULED_OUT if restored else Verdict.LIKELY,
                "",
                "Z.",
                steps=() if restored else (RESTORE,),
            ),
        ]

    return rediagnose


def findings(rediagnose: Callable[[Supposition], list[Finding]], *causes: Cause) -> list[Finding]:
    return [f for f in rediagnose(Supposition()) if f.cause in causes]


def test_a_cure_is_proved() -> None:
    rediagnose = diagnosis()
    assert prove(remedy(patch()), findings(rediagnose, CAUSE), rediagnose) == (
        Proof("NODE1", "Q1/a", Verdict.CONFIRMED, Verdict.RULED_OUT),
    )


def test_the_whole_plan_is_proved_with_what_its_steps_achieve() -> None:
    rediagnose = diagnosis()
    whole = remedy(patch(), steps=(RESTORE,))
    assert prove(whole, findings(rediagnose, CAUSE, OTHER, FILE), rediagnose) == (
        Proof("NODE1", "Q1/a", Verdict.CONFIRMED, Verdict.RULED_OUT),
        Proof("NODE1", "Q1/c", Verdict.LIKELY, Verdict.RULED_OUT),
    )


def test_what_is_typed_in_by_hand_is_proved_too() -> None:
    rediagnose = diagnosis()
    by_hand = Step("NODE1", Phase.PATCH, "Type", achieves=patch().changes)
    (told,) = prove(Remedy((), (by_hand,)), findings(rediagnose, CAUSE), rediagnose)
    assert told.finding == "Q1/a"
    gone = Step("NODE1", Phase.PATCH, "Delete", achieves=(ValueChange(KEY, "V", BEFORE, None),))
    with pytest.raises(RemedyError, match="does not cure Q1/a"):
        prove(Remedy((), (gone,)), findings(rediagnose, CAUSE), rediagnose)


def test_nothing_to_prove() -> None:
    assert prove(Remedy(), [], diagnosis()) == ()


def test_a_patch_that_cures_nothing_is_refused() -> None:
    wrong = RegistryValue("V", ValueType.REG_MULTI_SZ, multi_sz("{B}"))
    rediagnose = diagnosis(wanted=wrong)
    with pytest.raises(RemedyError, match="does not cure Q1/a: confirmed: X"):
        prove(remedy(patch(wrong)), findings(rediagnose, CAUSE), rediagnose)


def test_a_cause_that_no_step_addresses_is_no_failure() -> None:
    rediagnose = diagnosis()
    assert len(prove(remedy(patch()), findings(rediagnose, CAUSE, OTHER), rediagnose)) == 1


def test_a_step_that_does_not_achieve_what_it_says_is_refused() -> None:
    rediagnose = diagnosis()
    idle = replace(RESTORE, achieves=(ValueChange(KEY, "W", None, AFTER),))
    with pytest.raises(RemedyError, match="does not cure Q1/c"):
        prove(remedy(patch(), steps=(idle,)), findings(rediagnose, CAUSE, FILE), rediagnose)


def test_a_step_on_no_machine_achieves_nothing() -> None:
    with pytest.raises(RemedyError, match="'Restore' achieves something on no machine"):
        prove(remedy(steps=(replace(RESTORE, machine=None),)), [], diagnosis())


def test_a_step_that_harms_something_else_is_refused_by_name() -> None:
    def harmed(value: RegistryValue | None) -> Verdict:
        return Verdict.LIKELY if value == AFTER else Verdict.RULED_OUT

    with pytest.raises(
        RemedyError, match="step 'Import' makes Q1/b on NODE1 worse: ruled-out becomes likely"
    ):
        prove(remedy(patch()), [], diagnosis(harmed))


def test_harm_that_a_later_step_heals_is_refused_too() -> None:
    def harmed(value: RegistryValue | None) -> Verdict:
        return Verdict.CONFIRMED if value is None else Verdict.RULED_OUT

    away = Step("NODE1", Phase.REGISTER, "Delete first", achieves=(ValueChange(KEY, "V", BEFORE, None),))
    with pytest.raises(RemedyError, match="'Delete first' makes Q1/b on NODE1 worse"):
        prove(remedy(patch(), steps=(away,)), [], diagnosis(harmed))


def test_a_finding_that_is_no_longer_made_is_harm() -> None:
    def rediagnose(supposed: Supposition) -> list[Finding]:
        return [] if supposed.entries else [Finding(OTHER, "NODE1", Verdict.RULED_OUT, "", "Y.")]

    with pytest.raises(RemedyError, match="becomes no finding"):
        prove(remedy(patch()), [], rediagnose)


def of_the_cluster(after: Callable[[bool], Verdict]) -> Callable[[Supposition], list[Finding]]:
    """A finding on the cluster that becomes what it is told, by whether the symptom is still reported."""

    def rediagnose(supposed: Supposition) -> list[Finding]:
        patched = value_in(supposed) == AFTER
        verdict = after(supposed.symptom_is_gone) if patched else Verdict.UNDETERMINED
        return [Finding(WHOLE, None, verdict, "", "W.")]

    return rediagnose


def test_what_elimination_lays_on_the_cluster_while_the_symptom_is_reported_is_no_harm() -> None:
    rediagnose = of_the_cluster(lambda gone: Verdict.UNDETERMINED if gone else Verdict.LIKELY)
    assert prove(remedy(patch()), [], rediagnose) == ()


def test_harm_to_the_cluster_as_a_whole_is_refused() -> None:
    with pytest.raises(RemedyError, match="the remedy makes Q1/d worse: undetermined becomes likely"):
        prove(remedy(patch()), [], of_the_cluster(lambda _: Verdict.LIKELY))


def test_an_undo_that_does_not_lead_back_is_refused() -> None:
    def rediagnose(supposed: Supposition) -> list[Finding]:
        imports = len(supposed.entries.get("NODE1", ()))
        verdict = Verdict.UNDETERMINED if imports > 2 else Verdict.RULED_OUT
        return [Finding(OTHER, "NODE1", verdict, "", "Y.")]

    with pytest.raises(RemedyError, match="undo does not lead back: Q1/b on NODE1 was ruled-out"):
        prove(remedy(patch()), [], rediagnose)


def test_an_undo_after_which_another_value_is_found_is_refused() -> None:
    def rediagnose(supposed: Supposition) -> list[Finding]:
        before = AFTER if len(supposed.entries.get("NODE1", ())) > 2 else BEFORE
        return [
            Finding(OTHER, "NODE1", Verdict.LIKELY, "", "Y.", changes=(ValueChange(KEY, "V", before, None),))
        ]

    with pytest.raises(RemedyError, match="does not give back what Q1/b on NODE1 found before"):
        prove(remedy(patch()), [], rediagnose)


def mangled(monkeypatch: pytest.MonkeyPatch, old: bytes, new: bytes) -> None:
    """The bytes that are delivered are not those that were meant."""
    monkeypatch.setattr(proof, "format_patch", lambda patch: format_patch(patch).replace(old, new))


def test_a_patch_whose_bytes_say_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    mangled(monkeypatch, b"hex(7):7b,41", b"hex(7):7b,42")
    with pytest.raises(
        RemedyError, match=r"patch for NODE1 .*Cluster : V .*: REG_MULTI_SZ 7b 00 42 .* instead of"
    ):
        prove(remedy(patch()), [], diagnosis())


def test_an_undo_whose_bytes_say_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    mangled(monkeypatch, b'"V"="old"', b'"V"=-')
    with pytest.raises(RemedyError, match=r"undo for NODE1 .* no value instead of REG_SZ 6f 00"):
        prove(remedy(patch()), [], diagnosis())


MADE = ValueChange(
    KEY / r"New\Sub", "", None, RegistryValue("", ValueType.REG_SZ, sz("x")), makes=KEY / "New"
)


def test_a_key_that_the_patch_makes_goes_with_the_undo() -> None:
    made = Patch("NODE1", Dialect.VERSION_5, (MADE,))
    assert prove(remedy(made), [], diagnosis()) == ()


def test_a_key_that_the_undo_leaves_behind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    mangled(monkeypatch, b"[-HKEY_LOCAL_MACHINE\\Cluster\\New]", b"[-HKEY_LOCAL_MACHINE\\Cluster\\New\\Sub]")
    made = Patch("NODE1", Dialect.REGEDIT4, (MADE,))
    with pytest.raises(RemedyError, match=r"undo for NODE1 leaves HKLM\\Cluster\\New behind"):
        prove(remedy(made), [], diagnosis())


def test_a_node_that_was_left_out_need_not_be_cured() -> None:
    rediagnose = diagnosis()
    found = findings(rediagnose, CAUSE)
    profiles = [MachineProfile(n, Role.NODE, "4.0", "", "x86", r"C:\WINNT", 1) for n in ("NODE1", "NODE2")]
    narrow = prescribe(found, profiles, RemedyOptions(nodes=("NODE2",)))
    assert prove(narrow, found, rediagnose) == ()
