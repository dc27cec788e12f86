"""Stage 5 of 6: how it is mended. Draws changes and steps of all findings into patches, undo and one plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.errors import RemedyError
from iiscluster_kb.model import Dialect, Patch, Remedy, Verdict
from iiscluster_kb.remedy._plan import write_plan
from iiscluster_kb.remedy.patch_text import format_patch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iiscluster_kb.model import Finding, MachineProfile, ValueChange

__all__ = ["dialect_of", "format_patch", "prescribe"]

_FIRST_UNICODE_IMPORTER = 5
"""Windows 2000 is the first whose Regedit takes the 5.00 form (KB 310516)."""


def dialect_of(machine: MachineProfile) -> Dialect:
    """The .reg form for a machine; REGEDIT4, which every Windows takes, where its version is not known."""
    major = (machine.windows or "").partition(".")[0]
    if major.isdecimal() and int(major) >= _FIRST_UNICODE_IMPORTER:
        return Dialect.VERSION_5
    return Dialect.REGEDIT4


def prescribe(findings: Iterable[Finding], machines: Iterable[MachineProfile]) -> Remedy:
    """Draw the findings' changes and steps together.

    Args:
        findings: All of them; only those that found something carry changes and steps.
        machines: In the order in which they are to be worked on.

    Returns:
        A patch for each machine that needs one, and one plan over all machines; not yet proved.

    Raises:
        RemedyError: Two findings want different data in one value.
    """
    found = tuple(findings)
    profiles = tuple(machines)
    patches = []
    by_hand: list[Patch] = []
    for machine in profiles:
        changes = _merged(finding for finding in found if finding.machine == machine.name)
        if not changes:
            continue
        patch = Patch(machine.name, dialect_of(machine), changes)
        try:
            format_patch(patch)
            format_patch(patch.undo())
        except RemedyError as error:
            by_hand.append(Patch(patch.machine, patch.dialect, changes, warnings=(str(error),)))
        else:
            patches.append(patch)
    blind = tuple(f for f in found if f.weighs and f.verdict is Verdict.UNDETERMINED)
    return Remedy(tuple(patches), write_plan(found, profiles, patches, by_hand, blind))


def _merged(findings: Iterable[Finding]) -> tuple[ValueChange, ...]:
    wanted: dict[tuple[object, str], tuple[ValueChange, Finding]] = {}
    for finding in findings:
        for change in finding.changes:
            place = (change.key, change.name.upper())
            known, other = wanted.setdefault(place, (change, finding))
            if (known.before, known.after) != (change.before, change.after):
                raise RemedyError(
                    f"{change.key.short} : {change.name or '(default)'} on {finding.machine}: "
                    f"{other.cause.id} and {finding.cause.id} want different data"
                )
    return tuple(change for change, _ in wanted.values())
