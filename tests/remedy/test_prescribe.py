from __future__ import annotations

import pytest

from iiscluster_kb.errors import RemedyError
from iiscluster_kb.model import (
    Cause,
    Dialect,
    Finding,
    MachineProfile,
    Phase,
    Role,
    Step,
    ValueChange,
    Verdict,
)
from iiscluster_kb.registry import HKLM, RegistryValue, ValueType, multi_sz
from iiscluster_kb.registry.reg_text import parse_reg
from iiscluster_kb.remedy import dialect_of, format_patch, prescribe

KEY = HKLM / r"Cluster\ResourceTypes\IIS Server Instance"
NODES = ("NODE1", "NODE2")


def profile(name: str, windows: str | None = "4.0") -> MachineProfile:
    return MachineProfile(name, Role.NODE, windows, "6a", "x86", r"C:\WINNT", 1)


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
    (step,) = [step for step in remedy.plan if step.phase is Phase.VERIFY]
    assert step.expect is not None
    assert "REG_MULTI_SZ : {A}, {B}" in step.expect


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
        assert bool(step.warnings) is warned


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
