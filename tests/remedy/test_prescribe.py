from __future__ import annotations

from dataclasses import replace

import pytest

from iiscluster_kb.errors import RemedyError
from iiscluster_kb.model import (
    Cause,
    Dialect,
    FileRestored,
    Finding,
    MachineProfile,
    PatchImported,
    Phase,
    Role,
    Step,
    ValueChange,
    Verdict,
)
from iiscluster_kb.registry import HKLM, RegistryValue, ValueType, multi_sz, sz
from iiscluster_kb.registry.reg_text import parse_reg
from iiscluster_kb.remedy import RemedyOptions, dialect_of, format_patch, prescribe, texts

KEY = HKLM / r"Cluster\ResourceTypes\IIS Server Instance"
NODES = ("NODE1", "NODE2")


def profile(name: str, windows: str | None = "4.0") -> MachineProfile:
    return MachineProfile(name, Role.NODE, windows, "6a", "x86", r"C:\WINNT", 1)


def multi(*strings: str, name: str = "AdminExtensions") -> RegistryValue:
    return RegistryValue(name, ValueType.REG_MULTI_SZ, multi_sz(*strings))


def change(*strings: str, before: RegistryValue | None = None, name: str = "AdminExtensions") -> ValueChange:
    return ValueChange(KEY, name, before, RegistryValue(name, ValueType.REG_MULTI_SZ, multi_sz(*strings)))


def finding(
    machine: str | None,
    *changes: ValueChange,
    cause: str = "Q1/a",
    steps: tuple[Step, ...] = (),
    verdict: Verdict = Verdict.CONFIRMED,
) -> Finding:
    return Finding(Cause(cause, cause), machine, verdict, "x", "X.", changes=changes, steps=steps)


def machines() -> tuple[MachineProfile, ...]:
    return tuple(profile(name) for name in NODES)


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ("4.0", Dialect.REGEDIT4),
        (None, Dialect.REGEDIT4),
        ("", Dialect.REGEDIT4),
        ("x", Dialect.REGEDIT4),
        ("5.0", Dialect.VERSION_5),
        ("5.2", Dialect.VERSION_5),
        ("10.0", Dialect.VERSION_5),
    ],
)
def test_the_dialect_follows_windows(windows: str | None, expected: Dialect) -> None:
    assert dialect_of(profile("N", windows)) is expected


def test_nothing_wrong_needs_nothing() -> None:
    remedy = prescribe([finding("NODE1", verdict=Verdict.RULED_OUT)], machines())
    assert (remedy.patches, remedy.plan) == ((), ())


def test_the_plan_never_restarts_before_all_nodes_are_done() -> None:
    register = tuple(Step(name, Phase.REGISTER, "Register") for name in NODES)
    remedy = prescribe(
        [finding(name, change("{A}"), steps=(step,)) for name, step in zip(NODES, register, strict=True)],
        machines(),
    )
    order = [(step.machine, step.phase) for step in remedy.plan]
    assert order == [
        (None, Phase.NOTE),
        ("NODE1", Phase.BACK_UP),
        ("NODE1", Phase.REGISTER),
        ("NODE1", Phase.PATCH),
        ("NODE1", Phase.VERIFY),
        ("NODE2", Phase.BACK_UP),
        ("NODE2", Phase.REGISTER),
        ("NODE2", Phase.PATCH),
        ("NODE2", Phase.VERIFY),
        ("NODE1", Phase.RESTART),
        ("NODE2", Phase.RESTART),
        (None, Phase.VERIFY),
        (None, Phase.ADMINISTER),
    ]


def test_a_healthy_node_is_left_alone() -> None:
    remedy = prescribe(
        [finding("NODE2", change("{A}")), finding("NODE1", verdict=Verdict.RULED_OUT)], machines()
    )
    assert {step.machine for step in remedy.plan} == {None, "NODE2"}


def test_an_unseen_node_is_looked_at_before_a_restart() -> None:
    remedy = prescribe(
        [finding("NODE1", change("{A}")), finding("NODE2", verdict=Verdict.UNDETERMINED)], machines()
    )
    phases = [step.phase for step in remedy.plan]
    (note,) = [step for step in remedy.plan if "NODE2" in step.title]
    assert remedy.plan.index(note) < phases.index(Phase.RESTART)


def test_the_verify_step_shows_what_must_be_seen() -> None:
    remedy = prescribe([finding("NODE1", change("{A}", "{B}"))], machines())
    step, _ = [step for step in remedy.plan if step.phase is Phase.VERIFY]
    assert step.expect is not None
    assert "REG_MULTI_SZ : {A}, {B}" in step.expect
    assert step.command == "regedt32"


def test_two_findings_that_want_the_same_share_one_change() -> None:
    remedy = prescribe(
        [finding("NODE1", change("{A}")), finding("NODE1", change("{A}"), cause="Q2/b")], machines()
    )
    assert len(remedy.patches[0].changes) == 1


def test_two_findings_that_contradict_each_other_are_refused_by_name() -> None:
    both = [
        finding("NODE1", change("{A}")),
        finding("NODE1", change("{B}", name="ADMINEXTENSIONS"), cause="Q2/b"),
    ]
    with pytest.raises(RemedyError, match=r"Q1/a and Q2/b want different data"):
        prescribe(both, machines())


def test_what_no_reg_file_can_carry_is_typed_in_by_hand() -> None:
    remedy = prescribe([finding("NODE1", change("{A}", "\u4e16"))], machines())
    assert remedy.patches == ()
    (step,) = [step for step in remedy.plan if step.phase is Phase.PATCH]
    assert "Regedt32" in step.title


def test_on_nt4_the_import_step_says_that_it_is_unverified() -> None:
    for windows, warned in (("4.0", True), ("5.0", False)):
        remedy = prescribe([finding("NODE1", change("{A}"))], [profile("NODE1", windows)])
        (step,) = [step for step in remedy.plan if step.phase is Phase.PATCH]
        assert any("not been verified on a real machine" in text for text in step.warnings) is warned


def test_patch_and_undo_are_one_datum() -> None:
    before = RegistryValue("AdminExtensions", ValueType.REG_SZ, b"a\0\0\0")
    remedy = prescribe(
        [finding("NODE1", change("{A}", before=before)), finding("NODE2", change("{A}"))], machines()
    )
    first, second = remedy.patches
    undone = [entry for entry in parse_reg(format_patch(first.undo())).entries if hasattr(entry, "value")]
    assert [entry.value for entry in undone] == [before]
    assert '"AdminExtensions"=-' in format_patch(second.undo()).decode("ascii")
    assert first.undo().undo() == first


def test_steps_without_a_machine_stand_at_the_end() -> None:
    step = Step(None, Phase.ADMINISTER, "Run it on a node")
    remedy = prescribe([finding("PC", steps=(step,))], machines())
    assert remedy.plan == (step,)


# --- what the steps say on each Windows -------------------------------------------------------------


def commands(windows: str | None, *changes: ValueChange) -> dict[Phase, str | None]:
    """The first command of each phase on a node."""
    plan = prescribe([finding("NODE1", *(changes or (change("{A}"),)))], [profile("NODE1", windows)]).plan
    first: dict[Phase, str | None] = {}
    for step in plan:
        if step.machine is not None:
            first.setdefault(step.phase, step.command)
    return first


@pytest.mark.parametrize("windows", ["4.0", None, "x"])
def test_windows_nt4_has_neither_reg_nor_shutdown(windows: str | None) -> None:
    said = commands(windows)
    assert (said[Phase.BACK_UP] or "").startswith("rdisk /s\nnet stop clussvc\ncopy ")
    assert (said[Phase.VERIFY], said[Phase.RESTART]) == ("regedt32", None)


def test_windows_2000_backs_up_its_system_state_and_has_neither_reg_nor_shutdown() -> None:
    said = commands("5.0")
    assert (said[Phase.BACK_UP] or "").startswith("ntbackup backup systemstate ")
    assert "net stop clussvc" in (said[Phase.BACK_UP] or "")
    assert (said[Phase.VERIFY], said[Phase.RESTART]) == ("regedt32", None)


def test_windows_2003_has_reg_and_shutdown() -> None:
    said = commands("5.2")
    assert r'reg save HKLM\Cluster "C:\WINNT\Cluster\CLUSDB.before"' in (said[Phase.BACK_UP] or "")
    assert "clussvc" not in (said[Phase.BACK_UP] or "")
    assert (
        said[Phase.VERIFY]
        == r'reg query "HKLM\Cluster\ResourceTypes\IIS Server Instance" /v "AdminExtensions"'
    )
    assert said[Phase.RESTART] == "shutdown -r -t 0"
    unnamed = RegistryValue("", ValueType.REG_SZ, sz("x"))
    said = commands("5.2", ValueChange(HKLM / "SOFTWARE", "", None, unnamed))
    assert said[Phase.VERIFY] == r'reg query "HKLM\SOFTWARE" /ve'


def test_an_unknown_windows_is_said_in_patch_and_plan() -> None:
    remedy = prescribe([finding("NODE1", change("{A}"))], [profile("NODE1", None)])
    assert remedy.patches[0].dialect is Dialect.REGEDIT4
    assert b"; Which Windows NODE1 runs is not known." in format_patch(remedy.patches[0])
    warnings = [text for step in remedy.plan for text in step.warnings]
    assert texts.BACK_UP_WINDOWS_UNKNOWN in warnings
    assert texts.WINDOWS_UNKNOWN.format(machine="NODE1") in warnings


def test_a_value_that_goes_is_looked_for_and_can_come_back() -> None:
    gone = ValueChange(HKLM / "SOFTWARE", "V", RegistryValue("V", ValueType.REG_BINARY, b""), None)
    steps = prescribe([finding("NODE1", gone)], machines()).plan
    step = next(step for step in steps if step.phase is Phase.VERIFY)
    assert step.expect == r"HKEY_LOCAL_MACHINE\SOFTWARE has no value V."
    assert step.otherwise[0] == texts.VERIFY_DELETE
    assert step.otherwise[-1].action.endswith("its former type REG_BINARY and data (zero bytes).")
    (imported,) = [step for step in steps if step.phase is Phase.PATCH]
    assert imported.reason == texts.IMPORT_REASON_SINGLE


def test_a_number_is_typed_as_it_stands() -> None:
    number = RegistryValue("", ValueType.REG_DWORD, b"\1\0\0\0")
    step = next(
        step
        for step in prescribe([finding("NODE1", ValueChange(HKLM / "X", "", None, number))], machines()).plan
        if step.phase is Phase.VERIFY
    )
    assert step.expect == r"HKEY_LOCAL_MACHINE\X: <No Name> : REG_DWORD : 01 00 00 00"
    assert texts.HOW_ANYTHING_ELSE in step.otherwise[0].action


# --- choices ----------------------------------------------------------------------------------------


def test_no_step_of_a_finding_is_lost() -> None:
    steps = tuple(
        Step(where, phase, f"Do {phase} {where}") for phase in Phase for where in ("NODE1", None, "PC")
    )
    plan = prescribe([finding("NODE1", change("{A}"), steps=steps)], machines()).plan
    assert {step.title for step in steps} <= {step.title for step in plan}


def test_equal_steps_are_done_once_and_achieve_what_both_say() -> None:
    one, other = FileRestored(r"C:\a", 1), FileRestored(r"C:\b", 1)
    same = Step("NODE1", Phase.RESTORE_FILE, "Restore")
    plan = prescribe(
        [
            finding("NODE1", steps=(replace(same, achieves=(one,)),)),
            finding("NODE1", cause="Q2/b", steps=(replace(same, achieves=(one, other)),)),
        ],
        machines(),
    ).plan
    (step,) = [step for step in plan if step.phase is Phase.RESTORE_FILE]
    assert step.achieves == (one, other)


def test_one_node_alone_is_worked_on_where_it_was_chosen() -> None:
    both = [finding(name, change("{A}")) for name in NODES]
    remedy = prescribe(both, machines(), RemedyOptions(nodes=("node1",)))
    assert [patch.machine for patch in remedy.patches] == ["NODE1"]
    assert {step.machine for step in remedy.plan} == {None, "NODE1"}
    assert any("NODE2 was left out" in text for text in remedy.plan[0].warnings)


def test_an_operators_workstation_is_never_left_out() -> None:
    pc = replace(profile("PC"), role=Role.OPERATOR)
    step = Step("PC", Phase.REGISTER, "Register")
    remedy = prescribe([finding("PC", steps=(step,))], (*machines(), pc), RemedyOptions(nodes=("NODE1",)))
    assert step in remedy.plan


def test_a_node_that_is_not_there_is_refused_with_the_list() -> None:
    with pytest.raises(ValueError, match="no machine NODE3 in the case; there are NODE1, NODE2"):
        prescribe([], machines(), RemedyOptions(nodes=("NODE1", "NODE3")))


@pytest.mark.parametrize(
    ("windows", "warning"),
    [("4.0", texts.DIALECT_TOO_NEW), (None, texts.DIALECT_MAY_BE_TOO_NEW), ("5.0", None)],
)
def test_a_chosen_dialect_is_obeyed_and_warned_of(windows: str | None, warning: str | None) -> None:
    options = RemedyOptions(dialect=Dialect.VERSION_5)
    (patch,) = prescribe([finding("NODE1", change("{A}"))], [profile("NODE1", windows)], options).patches
    assert patch.dialect is Dialect.VERSION_5
    assert patch.warnings == ((warning.format(machine="NODE1"),) if warning else ())


CLSID = HKLM / r"SOFTWARE\Classes\CLSID\{92BF7500-974C-11D0-A5F2-00A0C922E752}"
PATH = r"C:\WINNT\system32\inetsrv\iisclex4.dll"
REGISTERED = ValueChange(
    CLSID / "InprocServer32", "", None, RegistryValue("", ValueType.REG_SZ, sz(PATH)), makes=CLSID
)
REGISTER = Step(
    "NODE1", Phase.REGISTER, "Register", "regsvr32 x", achieves=(FileRestored(PATH, 1), REGISTERED)
)


def test_registration_is_left_to_regsvr32_unless_it_was_chosen() -> None:
    found = [finding("NODE1", change("{A}"), steps=(REGISTER,))]
    remedy = prescribe(found, machines())
    assert REGISTER in remedy.plan
    assert remedy.patches[0].changes == (change("{A}"),)


def test_registration_by_registry_is_in_the_patch_and_says_what_is_not_verified() -> None:
    found = [finding("NODE1", change("{A}"), steps=(REGISTER,))]
    remedy = prescribe(found, machines(), RemedyOptions(registers=True))
    (patch,) = remedy.patches
    assert patch.changes == (REGISTERED, change("{A}"))
    assert b"ProgID" in format_patch(patch)
    assert b"has not\r\n; been verified" in format_patch(patch)
    assert f"[-{CLSID}]".encode() in format_patch(patch.undo())
    (looked,) = [step for step in remedy.plan if step.phase is Phase.REGISTER]
    assert looked.command == f'dir "{PATH}"'
    assert looked.achieves == (FileRestored(PATH, 1),)
    (imported,) = [step for step in remedy.plan if step.phase is Phase.PATCH]
    assert imported.achieves == (PatchImported(),)
    assert any("not known of this DLL" in text for text in imported.warnings)
    told = [step.otherwise[-1].action for step in remedy.plan if step.phase is Phase.VERIFY and step.machine]
    assert told[0] == f"In Regedt32: delete the key {CLSID}, which was not there before."


def test_a_registration_that_is_right_already_is_not_in_the_patch() -> None:
    right = replace(REGISTERED, before=REGISTERED.after, makes=None)
    step = replace(REGISTER, achieves=(right,))
    remedy = prescribe([finding("NODE1", steps=(step,))], machines(), RemedyOptions(registers=True))
    assert remedy.patches == ()
    assert step in remedy.plan


def test_a_registration_and_a_finding_that_contradict_each_other_are_refused_by_name() -> None:
    other = ValueChange(REGISTERED.key, "", None, RegistryValue("", ValueType.REG_SZ, sz("other.dll")))
    both = [finding("NODE1", steps=(REGISTER,)), finding("NODE1", other, cause="Q2/b")]
    with pytest.raises(RemedyError, match=r"Q1/a and Q2/b want different data"):
        prescribe(both, machines(), RemedyOptions(registers=True))
