"""The step that saves what is there, in the commands of the machine's own Windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.model import Phase, Role, Step
from iiscluster_kb.remedy import texts
from iiscluster_kb.remedy._windows import has_reg_and_shutdown, is_nt4

if TYPE_CHECKING:
    from collections.abc import Collection

    from iiscluster_kb.model import MachineProfile

__all__ = ["back_up"]


def back_up(machine: MachineProfile, down: Collection[str] = ()) -> Step:
    """Back up the registry, and a node's cluster hive besides, which an emergency repair disk lacks (Q217157).

    Args:
        machine: Which is about to be changed.
        down: Names of the nodes on which the cluster service does not start before they are mended.
    """
    if machine.role is Role.OPERATOR:
        return _back_up_workstation(machine)
    hive = f"{machine.system_root or '%SystemRoot%'}\\Cluster\\CLUSDB"
    system_state = f'ntbackup backup systemstate /J "before" /F "{hive}.bkf"'
    copy = f'copy "{hive}" "{hive}.before"'
    copied: tuple[str, ...] = ("net stop clussvc", copy, "net start clussvc")
    warnings: tuple[str, ...] = (texts.BACK_UP_STOPS,)
    otherwise = texts.BACK_UP_OTHERWISE
    if machine.name in down:
        copied, warnings, otherwise = (copy,), (texts.BACK_UP_DOWN,), texts.BACK_UP_OTHERWISE_DOWN
    elif down:
        warnings = (texts.BACK_UP_STOPS_ALL.format(machines=", ".join(down)),)
    if has_reg_and_shutdown(machine):
        lines: tuple[str, ...] = (system_state, f'reg save HKLM\\Cluster "{hive}.before"')
        reason, warnings = texts.BACK_UP_REASON_REG, ()
    elif is_nt4(machine) is False:
        lines, reason = (system_state, *copied), texts.BACK_UP_REASON
    else:
        lines, reason = ("rdisk /s", *copied), texts.BACK_UP_REASON_NT4
        if is_nt4(machine) is None:
            warnings = (*warnings, texts.BACK_UP_WINDOWS_UNKNOWN)
    return Step(
        machine.name,
        Phase.BACK_UP,
        texts.BACK_UP.format(machine=machine.name),
        command="\n".join(lines),
        reason=reason,
        expect=texts.BACK_UP_EXPECT,
        warnings=warnings,
        otherwise=otherwise,
    )


def _back_up_workstation(machine: MachineProfile) -> Step:
    later = is_nt4(machine) is False
    return Step(
        machine.name,
        Phase.BACK_UP,
        texts.BACK_UP_WORKSTATION.format(machine=machine.name),
        command='ntbackup backup systemstate /J "before" /F "before.bkf"' if later else "rdisk /s",
        reason=texts.BACK_UP_WORKSTATION_REASON,
        expect=texts.BACK_UP_WORKSTATION_EXPECT,
        warnings=(texts.BACK_UP_WINDOWS_UNKNOWN,) if is_nt4(machine) is None else (),
    )
