"""Writes the plan: what a person does, machine by machine, in an order that never undoes itself.

The order is Q224553's: one node first (file, registration, value), then the other; only then restart, one
node at a time. A node that restarts takes the cluster database from the node that is up (Q217147), so both
hold the value before either restarts. For the same reason a node whose own work makes it join anew (set-up with
the cluster service stopped, Q241573) comes after the others; and one on which the service does not start restarts
first, because nothing is lost on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from iiscluster_kb.model import FileRestored, Phase, Role, Step, ValueChange
from iiscluster_kb.remedy import texts
from iiscluster_kb.remedy._back_up import back_up
from iiscluster_kb.remedy._edit import edit, import_again, import_patch, is_of_cluster, verify
from iiscluster_kb.remedy._windows import has_reg_and_shutdown
from iiscluster_kb.remedy.commands import without_hostile_command
from iiscluster_kb.remedy.naming import name_patches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from iiscluster_kb.model import MachineProfile, Patch
    from iiscluster_kb.remedy.naming import NamedPatch

__all__ = ["Work", "write_plan"]

_ADMINISTRATOR = "cluadmin"
_START, _STOP = "net start clussvc", "net stop clussvc"
_BEFORE_PATCHES = (Phase.RESTORE_FILE, Phase.REGISTER)
_WORK = (Phase.BACK_UP, *_BEFORE_PATCHES, Phase.PATCH, Phase.VERIFY)


@dataclass(frozen=True, slots=True)
class Work:
    """All that a plan is made of."""

    machines: Sequence[MachineProfile]
    """In the order of work."""
    steps: Sequence[Step]
    """Of all findings, in their order; equal ones once."""
    patches: Sequence[Patch]
    """Changes that a .reg file makes."""
    by_hand: Sequence[Patch] = ()
    """Changes that no .reg file can carry to that machine; ``warnings`` say why."""
    unseen: Sequence[str] = ()
    """Machines of which the evidence left something open."""
    left_out: Sequence[str] = ()
    """Machines that were found faulty and are not worked on by choice."""

    def of(self, machine: MachineProfile, *phases: Phase) -> Iterator[Step]:
        """The findings' own steps on a machine, phase by phase."""
        for phase in phases:
            yield from (s for s in self.steps if s.machine == machine.name and s.phase is phase)

    def elsewhere(self, phase: Phase) -> Iterator[Step]:
        """The findings' own steps on no machine in particular, and on machines that nobody collected."""
        known = {machine.name for machine in self.machines}
        return (step for step in self.steps if step.machine not in known and step.phase is phase)

    @property
    def edits_cluster(self) -> bool:
        """Whether any change is made to the cluster database."""
        changes = (change for patch in (*self.patches, *self.by_hand) for change in patch.changes)
        return any(map(is_of_cluster, changes))

    @property
    def mends_the_page(self) -> bool:
        """Whether what is done lets Cluster Administrator show a page that it did not show."""
        return self.edits_cluster or any(map(_mends_a_page, self.steps))

    @property
    def down(self) -> tuple[str, ...]:
        """The nodes on which the cluster service does not start before they are mended: a step looks whether it does."""
        return tuple(machine.name for machine in self.machines if any(True for _ in self.starts(machine)))

    @property
    def rejoining(self) -> tuple[MachineProfile, ...]:
        """The nodes that leave the cluster and join it anew while they are worked on."""
        return tuple(
            machine
            for machine in self.machines
            if any(step.command in {_START, _STOP} for step in self.of(machine, *_BEFORE_PATCHES))
        )

    def starts(self, machine: MachineProfile) -> Iterator[Step]:
        """The steps that look whether the cluster service starts once the machine is mended."""
        return (step for step in self.of(machine, Phase.ADMINISTER) if step.command == _START)

    def touches(self, machine: MachineProfile) -> bool:
        """Whether anything is changed on the machine."""
        patched = {patch.machine for patch in (*self.patches, *self.by_hand)}
        return machine.name in patched or any(True for _ in self.of(machine, *_WORK))


def write_plan(work: Work) -> tuple[Step, ...]:
    """Order all steps; empty where nothing is to be done."""
    touched = [machine for machine in work.machines if work.touches(machine)]
    profiles = {machine.name: machine for machine in work.machines}
    return tuple(
        without_hostile_command(step, profiles.get(step.machine or "")) for step in _steps(work, touched)
    )


def _mends_a_page(step: Step) -> bool:
    """Whether a step puts an extension of Cluster Administrator in place or registers it."""
    return step.phase in _BEFORE_PATCHES and any(
        isinstance(one, ValueChange) or (isinstance(one, FileRestored) and one.path.lower().endswith(".dll"))
        for one in step.achieves
    )


def _steps(work: Work, touched: Sequence[MachineProfile]) -> Iterator[Step]:
    if touched:
        yield _read_this_first(work)
    yield from work.elsewhere(Phase.NOTE)
    for machine in work.machines:
        yield from work.of(machine, Phase.NOTE)
    for machine in sorted(touched, key=lambda machine: machine in work.rejoining):
        yield from _on_machine(machine, work)
    for phase in _WORK:
        yield from work.elsewhere(phase)
    if touched and work.unseen:
        yield _look_first(work.unseen)
    yield from _restarts(work, touched)
    if work.edits_cluster:
        yield _last_look()
    started = [step for machine in touched for step in work.starts(machine)]
    last = [step for step in work.steps if step.phase is Phase.ADMINISTER and step not in started]
    # What is done in Cluster Administrator wants every type registered and every service as it should be.
    yield from sorted(last, key=lambda step: step.command == _ADMINISTRATOR)
    if touched and work.mends_the_page and not any(step.command == _ADMINISTRATOR for step in last):
        yield _create_the_instance()


def _restarts(work: Work, touched: Sequence[MachineProfile]) -> Iterator[Step]:
    nodes = [machine for machine in touched if machine.role is not Role.OPERATOR]
    nodes.sort(key=lambda machine: machine.name not in work.down)
    for number, machine in enumerate(nodes):
        yield _restart(machine, nodes[number - 1] if number else None, _why_restart(work, nodes))
        yield from work.starts(machine)
        for named in _own(work, machine) if machine.name in work.down else ():
            if of_cluster := [change for change in named.patch.changes if is_of_cluster(change)]:
                yield import_again(named)
                yield from (verify(machine, change, named.undo_file) for change in of_cluster)
    yield from (_reopen(machine) for machine in touched if machine.role is Role.OPERATOR)
    for machine in work.machines:
        yield from work.of(machine, Phase.RESTART)
    yield from work.elsewhere(Phase.RESTART)


def _own(work: Work, machine: MachineProfile) -> Iterator[NamedPatch]:
    return (named for named in name_patches(work.patches) if named.patch.machine == machine.name)


def _read_this_first(work: Work) -> Step:
    warnings = [texts.REGISTRY_EDITOR]
    if work.edits_cluster:
        warnings.append(texts.NOT_REPLICATED)
    if work.left_out:
        warnings.append(texts.LEFT_OUT.format(machines=", ".join(work.left_out)))
    return Step(
        None,
        Phase.NOTE,
        texts.BEFORE,
        reason=texts.BEFORE_REASON_SET_UP if work.rejoining else texts.BEFORE_REASON,
        expect=texts.BEFORE_EXPECT,
        warnings=tuple(warnings),
    )


def _on_machine(machine: MachineProfile, work: Work) -> Iterator[Step]:
    is_down = machine.name in work.down
    yield back_up(machine, work.down)
    yield from work.of(machine, Phase.BACK_UP, *_BEFORE_PATCHES)
    for named in _own(work, machine):
        yield import_patch(named, is_down=is_down)
        for change in named.patch.changes:
            if not (is_down and is_of_cluster(change)):  # there is nothing to be seen yet
                yield verify(machine, change, named.undo_file)
    for patch in work.by_hand:
        if patch.machine == machine.name:
            for change in patch.changes:
                yield edit(patch, change)
                yield verify(machine, change, None)
    yield from work.of(machine, Phase.PATCH, Phase.VERIFY)


def _look_first(unseen: Iterable[str]) -> Step:
    machines = ", ".join(unseen)
    return Step(
        None,
        Phase.NOTE,
        texts.UNSEEN.format(machines=machines),
        reason=texts.UNSEEN_REASON.format(machines=machines),
        expect=texts.UNSEEN_EXPECT,
    )


def _why_restart(work: Work, touched: Sequence[MachineProfile]) -> str:
    if not work.mends_the_page:
        return texts.RESTART_REASON_PLAIN
    if len(touched) == 1:
        return texts.RESTART_REASON_ALONE
    alike = all(any(map(_mends_a_page, work.of(machine, *_BEFORE_PATCHES))) for machine in touched)
    return texts.RESTART_REASON if alike or work.edits_cluster else texts.RESTART_REASON_IN_TURN


def _restart(machine: MachineProfile, before: MachineProfile | None, reason: str) -> Step:
    title = texts.RESTART.format(machine=machine.name)
    if before is not None:
        title = texts.RESTART_AFTER.format(machine=machine.name, before=before.name)
    step = Step(
        machine.name,
        Phase.RESTART,
        title,
        reason=reason,
        expect=texts.RESTART_EXPECT.format(machine=machine.name),
        otherwise=texts.RESTART_OTHERWISE,
    )
    if has_reg_and_shutdown(machine):
        return replace(step, command="shutdown -r -t 0")
    return replace(step, reason=f"{step.reason} {texts.RESTART_HOW}")


def _reopen(machine: MachineProfile) -> Step:
    return Step(
        machine.name,
        Phase.RESTART,
        texts.REOPEN.format(machine=machine.name),
        reason=texts.REOPEN_REASON,
        expect=texts.REOPEN_EXPECT,
    )


def _last_look() -> Step:
    return Step(
        None,
        Phase.VERIFY,
        texts.LAST_LOOK,
        reason=texts.LAST_LOOK_REASON,
        expect=texts.LAST_LOOK_EXPECT,
        otherwise=texts.LAST_LOOK_OTHERWISE,
    )


def _create_the_instance() -> Step:
    return Step(
        None,
        Phase.ADMINISTER,
        texts.CREATE,
        command=_ADMINISTRATOR,
        reason=texts.CREATE_REASON,
        expect=texts.CREATE_EXPECT,
        warnings=(texts.CREATE_GROUP,),
        otherwise=texts.CREATE_OTHERWISE,
    )
