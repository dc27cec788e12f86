"""The order of a plan over several faults: nothing is done twice, too early or on a node that cannot bear it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.model import (
    Cause,
    FileRestored,
    Finding,
    MachineProfile,
    Phase,
    Role,
    Step,
    ValueChange,
    Verdict,
)
from iiscluster_kb.registry import HKLM, RegistryValue, ValueType, multi_sz, sz
from iiscluster_kb.remedy import prescribe, texts

if TYPE_CHECKING:
    from iiscluster_kb.model import Remedy
    from iiscluster_kb.registry import KeyPath

TYPE_KEY = HKLM / r"Cluster\ResourceTypes\IIS Server Instance"
SERVICE_KEY = HKLM / r"SYSTEM\ControlSet001\Services\X"
START = "net start clussvc"
DLL = FileRestored(r"C:\WINNT\Cluster\Cluadmex.dll", 1)


def profile(name: str, role: Role = Role.NODE, windows: str | None = "4.0") -> MachineProfile:
    return MachineProfile(name, role, windows, "6a", "x86", r"C:\WINNT", 1)


def listing(key: KeyPath, *strings: str) -> ValueChange:
    return ValueChange(key, "V", None, RegistryValue("V", ValueType.REG_MULTI_SZ, multi_sz(*strings)))


def found(machine: str | None, *steps: Step, changes: tuple[ValueChange, ...] = ()) -> Finding:
    cause = Cause("Q1/a", "A")
    return Finding(cause, machine, Verdict.CONFIRMED, "x", "X.", changes=changes, steps=steps)


def plan(*findings: Finding, machines: tuple[MachineProfile, ...] = ()) -> Remedy:
    return prescribe(findings, machines or (profile("NODE1"), profile("NODE2")))


def order(remedy: Remedy) -> list[tuple[str | None, str]]:
    return [(step.machine, str(step.phase)) for step in remedy.plan]


def starts(machine: str) -> Step:
    return Step(machine, Phase.ADMINISTER, "See that it starts", command=START)


def test_a_node_that_is_down_restarts_first_and_takes_its_patch_twice() -> None:
    remedy = plan(
        found("NODE1", changes=(listing(TYPE_KEY, "{A}"),)),
        found("NODE2", starts("NODE2"), changes=(listing(TYPE_KEY, "{A}"), listing(SERVICE_KEY, "Clusnet"))),
    )
    assert order(remedy) == [
        (None, "note"),
        ("NODE1", "back-up"),
        ("NODE1", "patch"),
        ("NODE1", "verify"),
        ("NODE2", "back-up"),
        ("NODE2", "patch"),
        ("NODE2", "verify"),
        ("NODE2", "restart"),
        ("NODE2", "administer"),
        ("NODE2", "patch"),
        ("NODE2", "verify"),
        ("NODE1", "restart"),
        (None, "verify"),
        (None, "administer"),
    ]
    first, second = (step for step in remedy.plan if (step.machine, step.phase) == ("NODE2", Phase.PATCH))
    assert first.command == second.command == "regedit NODE2.reg"
    assert first.achieves
    assert not second.achieves
    assert first.otherwise == texts.IMPORT_OTHERWISE_DOWN
    changes = remedy.patches[1].changes
    assert [change.key for change in changes] == [SERVICE_KEY, TYPE_KEY]


def test_where_a_node_is_down_nothing_stops_its_service_and_the_other_is_warned() -> None:
    remedy = plan(
        found("NODE1", changes=(listing(TYPE_KEY, "{A}"),)),
        found("NODE2", starts("NODE2"), changes=(listing(SERVICE_KEY, "Clusnet"),)),
    )
    up, down = (step for step in remedy.plan if step.phase is Phase.BACK_UP)
    assert up.warnings == (texts.BACK_UP_STOPS_ALL.format(machines="NODE2"),)
    assert "clussvc" not in (down.command or "")
    assert "copy" in (down.command or "")
    # Nothing of its patch is below HKLM\Cluster, so it is imported once.
    assert sum(step.command == "regedit NODE2.reg" for step in remedy.plan) == 1


def test_a_node_that_joins_anew_comes_after_the_other() -> None:
    remedy = plan(
        found(
            "NODE1",
            Step("NODE1", Phase.RESTORE_FILE, "Set up", command="net stop clussvc", achieves=(DLL,)),
            Step("NODE1", Phase.RESTORE_FILE, "Join", command=START),
            Step("NODE2", Phase.ADMINISTER, "Replicate"),
        ),
        found("NODE2", changes=(listing(TYPE_KEY, "{A}"),)),
    )
    assert [machine for machine, phase in order(remedy) if phase in {"patch", "restore-file"}] == [
        "NODE2",
        "NODE1",
        "NODE1",
    ]
    assert remedy.plan[0].reason == texts.BEFORE_REASON_SET_UP
    replicate = [step.title for step in remedy.plan].index("Replicate")
    assert replicate > max(number for number, (_, phase) in enumerate(order(remedy)) if phase == "restart")


def test_notes_of_every_machine_come_before_any_work() -> None:
    remedy = plan(
        found("NODE1", Step("NODE1", Phase.RESTORE_FILE, "Put", achieves=(DLL,))),
        found("NODE2", Step("NODE2", Phase.NOTE, "Think")),
        found(None, Step(None, Phase.NOTE, "Read")),
    )
    assert [step.title for step in remedy.plan[:3]] == [texts.BEFORE, "Read", "Think"]


def test_a_workstation_is_no_node() -> None:
    pc = profile("ADMINPC", Role.OPERATOR)
    step = Step("ADMINPC", Phase.REGISTER, "Register", achieves=(DLL,))
    remedy = plan(found("ADMINPC", step), machines=(profile("NODE1"), pc))
    back_up, _, reopen = (step for step in remedy.plan if step.machine == "ADMINPC")
    assert "CLUSDB" not in (back_up.command or "")
    assert reopen.title == texts.REOPEN.format(machine="ADMINPC")
    (later, *_) = (
        step
        for step in plan(found("ADMINPC", step), machines=(profile("ADMINPC", Role.OPERATOR, "5.0"),)).plan
        if step.phase is Phase.BACK_UP
    )
    assert (later.command or "").startswith("ntbackup")


def test_cluster_administrator_comes_last() -> None:
    remedy = plan(
        found(None, Step(None, Phase.ADMINISTER, "Create", command="cluadmin")),
        found(None, Step(None, Phase.ADMINISTER, "Register the type")),
    )
    assert [step.title for step in remedy.plan] == ["Register the type", "Create"]


def test_what_is_no_extension_of_cluster_administrator_asks_for_no_new_instance() -> None:
    database = FileRestored(r"C:\WINNT\Cluster\CLUSDB", 1)
    remedy = plan(found("NODE1", Step("NODE1", Phase.RESTORE_FILE, "Replace CLUSDB", achieves=(database,))))
    assert remedy.plan[-1].phase is Phase.RESTART
    assert (remedy.plan[-1].reason or "").startswith(texts.RESTART_REASON_PLAIN)


def test_the_same_step_of_two_findings_is_one_with_the_warnings_of_both() -> None:
    one, other = (
        Step("NODE1", Phase.RESTORE_FILE, "Put", warnings=(warning,), achieves=(DLL,)) for warning in "ab"
    )
    (step,) = (step for step in plan(found("NODE1", one), found("NODE1", other)).plan if step.title == "Put")
    assert step.warnings == ("a", "b")


def test_only_what_regedit_of_nt4_may_get_wrong_is_warned_of() -> None:
    old, new = (RegistryValue("V", ValueType.REG_SZ, sz(text)) for text in ("x", "y"))
    remedy = plan(found("NODE1", changes=(ValueChange(SERVICE_KEY, "V", old, new),)))
    (imported,) = (step for step in remedy.plan if step.phase is Phase.PATCH)
    assert imported.warnings == ()
    assert imported.otherwise == texts.IMPORT_OTHERWISE_ELSEWHERE
    assert texts.NOT_REPLICATED not in remedy.plan[0].warnings


def test_nodes_with_different_faults_restart_in_turn() -> None:
    old, new = (RegistryValue("V", ValueType.REG_SZ, sz(text)) for text in ("x", "y"))
    remedy = plan(
        found("NODE1", changes=(ValueChange(SERVICE_KEY, "V", old, new),)),
        found("NODE2", Step("NODE2", Phase.RESTORE_FILE, "Put", achieves=(DLL,))),
    )
    restarts = [step for step in remedy.plan if step.phase is Phase.RESTART]
    assert all((step.reason or "").startswith(texts.RESTART_REASON_IN_TURN) for step in restarts)
