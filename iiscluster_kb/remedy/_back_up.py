"""The step that saves what is there, in the commands of the machine's own Windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.model import Phase, Step
from iiscluster_kb.remedy import texts
from iiscluster_kb.remedy._windows import has_reg_and_shutdown, is_nt4

if TYPE_CHECKING:
    from iiscluster_kb.model import MachineProfile

__all__ = ["back_up"]


def back_up(machine: MachineProfile) -> Step:
    """Back up the registry, and the cluster hive besides, which an emergency repair disk lacks (Q217157)."""
    hive = f"{machine.system_root or '%SystemRoot%'}\\Cluster\\CLUSDB"
    system_state = f'ntbackup backup systemstate /J "before" /F "{hive}.bkf"'
    copied = ("net stop clussvc", f'copy "{hive}" "{hive}.before"', "net start clussvc")
    warnings: tuple[str, ...] = (texts.BACK_UP_STOPS,)
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
        otherwise=texts.BACK_UP_OTHERWISE,
    )
