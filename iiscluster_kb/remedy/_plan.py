"""Writes the plan: what a person does, machine by machine, in an order that never undoes itself.

The order is Q224553's: one node first (file, registration, value), then the other; only then restart, one
node at a time. A node that restarts takes the cluster database from the node that is up (Q217147), so both
hold the value before either restarts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.model import Dialect, Phase, Step
from iiscluster_kb.remedy.naming import name_patches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from iiscluster_kb.model import Finding, MachineProfile, Patch, ValueChange
    from iiscluster_kb.remedy.naming import NamedPatch

__all__ = ["write_plan"]

_ON_THE_MACHINE = (Phase.RESTORE_FILE, Phase.REGISTER)


def write_plan(
    findings: Sequence[Finding],
    machines: Sequence[MachineProfile],
    patches: Sequence[Patch],
    by_hand: Sequence[Patch],
    blind: Sequence[Finding],
) -> tuple[Step, ...]:
    """Order all steps; empty where nothing is to be done.

    Args:
        findings: All of them.
        machines: In the order of work.
        patches: Changes that a .reg file makes.
        by_hand: Changes that no .reg file can carry to that machine; ``warnings`` say why.
        blind: Findings that the evidence left open.
    """
    steps = _distinct(step for finding in findings for step in finding.steps)
    touched = [m for m in machines if _concerns(m, steps, (*patches, *by_hand))]
    plan: list[Step] = []
    if touched:
        plan.append(_read_this_first(bool(patches or by_hand)))
    for machine in touched:
        plan += _on_machine(machine, steps, patches, by_hand)
    plan += _before_restart(touched, blind)
    plan += (_restart(machine, number, touched) for number, machine in enumerate(touched))
    plan += (step for step in steps if step.phase is Phase.ADMINISTER)
    if touched and not any(step.phase is Phase.ADMINISTER for step in steps):
        plan.append(_create_the_instance())
    return tuple(plan)


def _distinct(steps: Iterable[Step]) -> list[Step]:
    seen: dict[tuple[str | None, Phase, str | None, str], Step] = {}
    for step in steps:
        seen.setdefault((step.machine, step.phase, step.command, step.title), step)
    return list(seen.values())


def _concerns(machine: MachineProfile, steps: Iterable[Step], patches: Iterable[Patch]) -> bool:
    return any(step.machine == machine.name and step.phase in _ON_THE_MACHINE for step in steps) or any(
        patch.machine == machine.name for patch in patches
    )


def _read_this_first(edits_registry: bool) -> Step:
    warnings = (
        (
            "Using Registry Editor incorrectly can cause serious problems that may require you to reinstall the "
            "operating system. Be sure that you can restore what you change."
        ),
        (
            "The cluster database is not replicated by edits with a registry editor: a change reaches only the "
            "node on which it is made, and Microsoft's documentation warns against such edits. The supported road "
            "is REGCLADM.EXE of the Platform SDK, or cluster.exe /regext of Windows 2000 (Q272350), run once on a "
            "node with the DLL in place. The article edits the registry of both nodes, and so does this plan."
        ),
    )
    return Step(
        None,
        Phase.NOTE,
        "Before you begin",
        reason="Work on one node to the end, then on the other; restart only when both are done.",
        warnings=warnings if edits_registry else warnings[:1],
    )


def _on_machine(
    machine: MachineProfile, steps: Sequence[Step], patches: Sequence[Patch], by_hand: Sequence[Patch]
) -> Iterator[Step]:
    yield _back_up(machine)
    for phase in _ON_THE_MACHINE:
        yield from (step for step in steps if step.machine == machine.name and step.phase is phase)
    for named in name_patches(patches):
        if named.patch.machine == machine.name:
            yield _import(named)
            yield from (_verify(named.patch, change) for change in named.patch.changes)
    for patch in by_hand:
        if patch.machine == machine.name:
            yield from (_edit(patch, change) for change in patch.changes)
            yield from (_verify(patch, change) for change in patch.changes)


def _back_up(machine: MachineProfile) -> Step:
    root = machine.system_root or "%SystemRoot%"
    return Step(
        machine.name,
        Phase.BACK_UP,
        f"Back up {machine.name}, the cluster hive included",
        command=(
            f"rdisk /s\nnet stop clussvc\ncopy {root}\\Cluster\\CLUSDB {root}\\Cluster\\CLUSDB.before\nnet start clussvc"
        ),
        reason=(
            "An emergency repair disk never holds the cluster hive (Q217157). NT Backup with Backup Local "
            "Registry does, and spares stopping the service."
        ),
        expect="CLUSDB.before has the size of CLUSDB, more than zero bytes.",
        warnings=(
            (
                "Stopping the cluster service moves this node's groups to the other node. Do it on one node at a "
                "time, and go on only when the service runs again."
            ),
        ),
    )


def _import(named: NamedPatch) -> Step:
    patch = named.patch
    warnings: tuple[str, ...] = ()
    if patch.dialect is Dialect.REGEDIT4:
        warnings = (
            (
                "That Regedit of Windows NT 4.0 imports a REG_MULTI_SZ as meant has not been verified on a real "
                "machine: look at the result in Regedt32 (next step), and where it is not as shown, type the value "
                "in there by the article's own steps."
            ),
        )
    return Step(
        patch.machine,
        Phase.PATCH,
        f"Import {named.file} on {patch.machine}",
        command=f"regedit {named.file}",
        reason=(
            "HKEY_LOCAL_MACHINE\\Cluster is there only while the cluster service runs on this node: start it "
            "before. The file replaces the whole value, so it carries every CLSID that was listed before."
        ),
        expect=f"Registry Editor says that the information was entered. {named.undo_file} takes it back.",
        warnings=warnings,
    )


def _edit(patch: Patch, change: ValueChange) -> Step:
    return Step(
        patch.machine,
        Phase.PATCH,
        f"Type {change.name or '(default)'} in on {patch.machine} with Regedt32",
        command="regedt32",
        reason=f"No .reg file can carry this change to this machine: {'; '.join(patch.warnings)}.",
        expect=_sight(change),
    )


def _verify(patch: Patch, change: ValueChange) -> Step:
    return Step(
        patch.machine,
        Phase.VERIFY,
        f"Look at the value on {patch.machine} in Regedt32",
        command="regedt32",
        reason="An importer's silence or success message proves nothing.",
        expect=_sight(change),
    )


def _sight(change: ValueChange) -> str:
    if change.after is None:
        return f"{change.key} has no value {change.name or '(default)'}."
    shown = ", ".join(change.after.strings()) or change.after.data.hex(" ")
    return (
        f"{change.key}: {change.name or '<No Name>'} : {change.after.type_name} : {shown}. If it is not so: "
        f"select the key, Edit, Add Value, Value Name {change.name}, Data Type {change.after.type_name}, and "
        "type each string on a line of its own, braces included (Q224553, steps 4 to 7)."
    )


def _before_restart(touched: Sequence[MachineProfile], blind: Sequence[Finding]) -> Iterator[Step]:
    unseen = dict.fromkeys(finding.machine for finding in blind if finding.machine)
    if not touched or not unseen:
        return
    named = ", ".join(unseen)
    yield Step(
        None,
        Phase.NOTE,
        f"Look at {named} before anything restarts",
        reason=(
            f"The evidence left open what {named} lacks. A node that restarts takes the cluster database from "
            "the node that is up: if that one lacks the value, the change is lost (Q217147)."
        ),
        expect="Collect what is missing and examine again, or go through the article's steps there by hand.",
    )


def _restart(machine: MachineProfile, number: int, touched: Sequence[MachineProfile]) -> Step:
    alone = len(touched) == 1
    before = (
        ""
        if number == 0
        else f", when {touched[number - 1].name} is back and online in Cluster Administrator"
    )
    return Step(
        machine.name,
        Phase.RESTART,
        f"Close Registry Editor and restart {machine.name}{before}",
        reason=(
            "Cluster Administrator and the cluster service read the extension at their start."
            if alone
            else "Every node holds the change by now; restart one node at a time (Q224553, step 9)."
        ),
        expect=f"{machine.name} is online in Cluster Administrator, its groups can be moved back.",
    )


def _create_the_instance() -> Step:
    return Step(
        None,
        Phase.ADMINISTER,
        "Create the IIS Server Instance in Cluster Administrator, on a node",
        command="cluadmin",
        reason="A remote Cluster Administrator cannot list the sites of the metabase (Q224553).",
        expect="After Dependencies, Next leads to the page for the instance's parameters.",
        warnings=("Use a group of its own, not the default Cluster Group (Q191138, Q168948).",),
    )
