"""Stage 5 of 6: how it is mended. Draws changes and steps of all findings into patches, undo and one plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from iiscluster_kb.errors import RemedyError
from iiscluster_kb.model import Dialect, Patch, Phase, Remedy, Role, Step, Verdict
from iiscluster_kb.registry import fold
from iiscluster_kb.remedy import texts
from iiscluster_kb.remedy._edit import is_of_cluster
from iiscluster_kb.remedy._plan import Work, write_plan
from iiscluster_kb.remedy._registration import look_for_file, registrations
from iiscluster_kb.remedy._windows import dialect_of, is_nt4
from iiscluster_kb.remedy.patch_text import format_patch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from iiscluster_kb.model import Finding, MachineProfile, ValueChange

__all__ = ["RemedyOptions", "dialect_of", "format_patch", "prescribe", "told_of"]


@dataclass(frozen=True, slots=True)
class RemedyOptions:
    """What whoever asks for a remedy may choose."""

    dialect: Dialect | None = None
    """The form of every patch; None: by each machine's Windows."""
    nodes: tuple[str, ...] = ()
    """The nodes to work on, compared as Windows does; none named: all."""
    registers: bool = False
    """Whether patches register COM servers too, instead of a step that runs regsvr32."""


def prescribe(
    findings: Iterable[Finding], machines: Iterable[MachineProfile], options: RemedyOptions | None = None
) -> Remedy:
    """Draw the findings' changes and steps together.

    Args:
        findings: All of them; only those that found something carry changes and steps, and of these only what
            weighs is acted upon.
        machines: In the order in which they are to be worked on.
        options: What was chosen; nothing, by default.

    Returns:
        A patch for each machine that needs one, and one plan over all machines; not yet proved.

    Raises:
        RemedyError: Two findings want different data in one value.
        ValueError: A node that was chosen is not in the case.
    """
    options = options or RemedyOptions()
    profiles = tuple(machines)
    out = _left_out(profiles, options.nodes)
    everything = tuple(findings)
    found = tuple(finding for finding in everything if finding.weighs and finding.machine not in out)
    patches, by_hand = _patches(found, profiles, options)
    return Remedy(
        tuple(patches),
        write_plan(
            Work(
                profiles,
                _distinct(_steps(found, registers=options.registers)),
                patches,
                by_hand,
                unseen=_machines(f for f in everything if f.weighs and f.verdict is Verdict.UNDETERMINED),
                left_out=_machines(f for f in everything if f.machine in out and (f.changes or f.steps)),
            )
        ),
    )


def told_of(failed: RemedyError | None, remedy: Remedy) -> Remedy:
    """The remedy that is handed out in place of one that failed its proof, which its plan tells; None: as it is."""
    if failed is None:
        return remedy
    step = Step(None, Phase.NOTE, texts.UNPROVED, reason=f"{texts.UNPROVED_REASON} {failed}.")
    return replace(remedy, plan=(step, *remedy.plan), unproved=str(failed))


def _left_out(profiles: Sequence[MachineProfile], names: Iterable[str]) -> frozenset[str]:
    """The machines that are not worked on, where some are named: an operator's workstation never is left out."""
    wanted = {fold(name): name for name in names}
    known = {fold(profile.name): profile for profile in profiles}
    if unknown := [name for folded, name in wanted.items() if folded not in known]:
        there = ", ".join(profile.name for profile in profiles)
        raise ValueError(f"no machine {', '.join(unknown)} in the case; there are {there}")
    return frozenset(
        profile.name
        for folded, profile in known.items()
        if wanted and folded not in wanted and profile.role is not Role.OPERATOR
    )


def _machines(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.machine for finding in findings if finding.machine))


# --- steps ------------------------------------------------------------------------------------------


def _steps(findings: Iterable[Finding], *, registers: bool) -> Iterator[Step]:
    for finding in findings:
        for step in finding.steps:
            yield look_for_file(step) if registers and registrations(step) else step


def _distinct(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Each step once, with all that any finding says it achieves, and warns of."""
    seen: dict[tuple[str | None, Phase, str | None, str], Step] = {}
    for step in steps:
        place = (step.machine, step.phase, step.command, step.title)
        known = seen.setdefault(place, step)
        achieves = tuple(dict.fromkeys((*known.achieves, *step.achieves)))
        warnings = tuple(dict.fromkeys((*known.warnings, *step.warnings)))
        seen[place] = replace(known, achieves=achieves, warnings=warnings)
    return tuple(seen.values())


# --- patches ----------------------------------------------------------------------------------------


def _patches(
    findings: Sequence[Finding], profiles: Iterable[MachineProfile], options: RemedyOptions
) -> tuple[list[Patch], list[Patch]]:
    """Patches that a .reg file can carry, and those that it cannot, with the reason among their warnings."""
    carried, by_hand = [], []
    for machine in profiles:
        own = [finding for finding in findings if finding.machine == machine.name]
        changes = _merged(own, registers=options.registers)
        if not changes:
            continue
        dialect = options.dialect or dialect_of(machine)
        patch = Patch(machine.name, dialect, changes, tuple(_warnings(machine, dialect, own, options)))
        try:
            format_patch(patch)
            carried.append(_with_undo(patch))
        except RemedyError as error:
            by_hand.append(replace(patch, warnings=(str(error),)))
    return carried, by_hand


def _with_undo(patch: Patch) -> Patch:
    """The patch with an undo that gives the very bytes back, in the other dialect where its own cannot."""
    try:
        format_patch(patch.undo())
    except RemedyError as error:
        warning = texts.UNDO_IN_OTHER_DIALECT.format(machine=patch.machine, why=error)
        patch = replace(patch, undo_dialect=Dialect.VERSION_5, warnings=(*patch.warnings, warning))
        format_patch(patch.undo())
    return patch


def _warnings(
    machine: MachineProfile, dialect: Dialect, findings: Iterable[Finding], options: RemedyOptions
) -> Iterator[str]:
    match is_nt4(machine), dialect:
        case None, Dialect.REGEDIT4:
            yield texts.WINDOWS_UNKNOWN.format(machine=machine.name)
        case None, Dialect.VERSION_5:
            yield texts.DIALECT_MAY_BE_TOO_NEW.format(machine=machine.name)
        case True, Dialect.VERSION_5:
            yield texts.DIALECT_TOO_NEW.format(machine=machine.name)
        case _:
            pass
    if options.registers:
        for change in dict.fromkeys(c for f in findings for step in f.steps for c in registrations(step)):
            yield texts.REGISTRATION_UNVERIFIED.format(clsid=change.key.parts[-2])


def _merged(findings: Iterable[Finding], *, registers: bool) -> tuple[ValueChange, ...]:
    """All changes to one machine.

    Registrations come first: what follows hex(2) may be dropped (Q186146). The cluster database comes last: where the
    cluster service does not run it is not there, and an importer may stop at it.
    """
    listed = tuple(findings)
    registered = [
        (change, finding)
        for finding in listed
        for step in finding.steps
        for change in registrations(step)
        if registers
    ]
    wanted: dict[tuple[object, str], tuple[ValueChange, Finding]] = {}
    for change, finding in (*registered, *((change, f) for f in listed for change in f.changes)):
        place = (change.key, fold(change.name))
        known, other = wanted.setdefault(place, (change, finding))
        if (known.before, known.after) != (change.before, change.after):
            raise RemedyError(
                f"{change.key.short} : {change.name or '(default)'} on {finding.machine}: "
                f"{other.cause.id} and {finding.cause.id} want different data"
            )
    return tuple(sorted((change for change, _ in wanted.values()), key=is_of_cluster))
