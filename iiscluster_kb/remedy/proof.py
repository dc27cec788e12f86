"""Proves a remedy before anyone touches a node.

The whole plan is carried out in memory, step by step. A patch is parsed back from the very bytes that are
delivered; what no file can prove (a DLL put back, a program that registers it) is assumed as the step declares it.
After each step everything is diagnosed again: nothing may become worse. At the end every cause that the plan
addresses must be ruled out. The undo must give the old bytes and the first diagnosis back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from iiscluster_kb.errors import RemedyError
from iiscluster_kb.model import FileRestored, PatchImported, Proof, ValueChange, Verdict
from iiscluster_kb.registry import KeyPath, MemoryKey, RegistryValue, descend
from iiscluster_kb.registry.overlay import lay_over
from iiscluster_kb.registry.reg_text import KeyEntry, ValueDeletion, ValueEntry, parse_reg
from iiscluster_kb.remedy.patch_text import format_patch
from iiscluster_kb.remedy.supposition import Supposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from iiscluster_kb.model import Assumption, Finding, Patch, Remedy, Step
    from iiscluster_kb.registry import RegistryKey
    from iiscluster_kb.registry.reg_text import Entry

    Rediagnose = Callable[[Supposition], Iterable[Finding]]
    """Diagnoses the case anew as it would be under a supposition."""

    Diagnosis = Mapping[tuple[str, str | None], Finding]

__all__ = ["prove"]

_HARM = {
    Verdict.NOT_APPLICABLE: 0,
    Verdict.RULED_OUT: 0,
    Verdict.UNDETERMINED: 1,
    Verdict.LIKELY: 2,
    Verdict.CONFIRMED: 3,
}
_EVERYWHERE = KeyPath(())


def prove(remedy: Remedy, findings: Iterable[Finding], rediagnose: Rediagnose) -> tuple[Proof, ...]:
    """Carry the plan out in memory and diagnose again after each step; then the undos over the patches.

    Args:
        remedy: What ``prescribe`` made of the findings.
        findings: The causes that must be ruled out at the end are those among them that the remedy addresses:
            with a change, or with a step that declares what it achieves.
        rediagnose: Must give, under an empty supposition, the diagnosis that led to the findings.

    Returns:
        One proof a finding that was confirmed or likely and is ruled out at the end.

    Raises:
        RemedyError: A cause that the remedy addresses is not cured, something else becomes worse on the way, or
            an undo does not lead back. The message names the first difference.
    """
    assumed = [(step, step.achieves) for step in remedy.plan if step.achieves]
    if not assumed:
        return ()
    imports = {patch.machine: _entries(patch) for patch in remedy.patches}
    for patch in remedy.patches:
        _require_exact(patch, imports[patch.machine])
    first = before = _diagnosis(rediagnose(Supposition()))
    state = Supposition()
    for step, assumptions in assumed:
        state = _after(state, step, assumptions, imports)
        now = _diagnosis(rediagnose(state))
        _require_no_harm(before, now, f"the step '{step.title}'")
        before = now
    for finding in findings:
        if _is_addressed(finding, remedy):
            _require_cured(finding, before.get(_place(finding)))
    _require_no_harm_to_the_cluster(rediagnose, state)
    _require_way_back(remedy.patches, imports, first, rediagnose)
    return tuple(
        Proof(finding.machine, finding.cause.id, finding.verdict, Verdict.RULED_OUT)
        for place, finding in first.items()
        if _is_guilty(finding) and (last := before.get(place)) and last.verdict is Verdict.RULED_OUT
    )


def _diagnosis(findings: Iterable[Finding]) -> Diagnosis:
    return {_place(finding): finding for finding in findings}


def _place(finding: Finding) -> tuple[str, str | None]:
    return finding.cause.id, finding.machine


def _entries(patch: Patch) -> tuple[Entry, ...]:
    return parse_reg(format_patch(patch), name=f"{patch.machine}.reg").entries


def _after(
    state: Supposition, step: Step, assumptions: Iterable[Assumption], imports: Mapping[str, Sequence[Entry]]
) -> Supposition:
    """The state once a step is done as well."""
    machine = step.machine
    if machine is None:
        raise RemedyError(f"the step '{step.title}' achieves something on no machine in particular")
    for assumption in assumptions:
        match assumption:
            case FileRestored():
                state = state.restored(machine, assumption)
            case PatchImported():
                state = state.entered(machine, imports[machine])
            case ValueChange(key=key, name=name, after=None):
                state = state.entered(machine, (ValueDeletion(key, name),))
            case ValueChange(key=key, after=RegistryValue() as value):
                state = state.entered(machine, (KeyEntry(key), ValueEntry(key, value)))
    return state


# --- what must hold ---------------------------------------------------------------------------------


def _is_guilty(finding: Finding) -> bool:
    return finding.verdict in {Verdict.CONFIRMED, Verdict.LIKELY}


def _is_addressed(finding: Finding, remedy: Remedy) -> bool:
    if not _is_guilty(finding) or not any(step.machine == finding.machine for step in remedy.plan):
        return False
    return bool(finding.changes) or any(step.achieves for step in finding.steps)


def _require_cured(finding: Finding, after: Finding | None) -> None:
    if after is None or after.verdict is not Verdict.RULED_OUT:
        raise RemedyError(
            f"the remedy for {finding.machine} does not cure {finding.cause.id}: {_told(after)}"
        )


def _is_worse(finding: Finding, now: Finding | None) -> bool:
    """Whether more is wrong, or more is open that anybody asked for."""
    return now is None or (now.weighs and _HARM[now.verdict] > _HARM[finding.verdict])


def _require_no_harm(before: Diagnosis, after: Diagnosis, culprit: str) -> None:
    """Compare what is said of single machines; of the cluster as a whole nothing holds while steps are missing."""
    for place, finding in before.items():
        now = after.get(place)
        if finding.machine is not None and _is_worse(finding, now):
            raise RemedyError(
                f"{culprit} makes {finding.cause.id} on {finding.machine} worse: "
                f"{finding.verdict} becomes {_told(now)}"
            )


def _require_no_harm_to_the_cluster(rediagnose: Rediagnose, state: Supposition) -> None:
    """Compare what is said of the cluster as a whole, at the end, the reported symptom gone.

    With the symptom still reported, ruling out every other cause would lay it, by elimination, on what is left.
    """
    before = _diagnosis(rediagnose(Supposition(symptom_is_gone=True)))
    after = _diagnosis(rediagnose(replace(state, symptom_is_gone=True)))
    for place, finding in before.items():
        now = after.get(place)
        if finding.machine is None and _is_worse(finding, now):
            raise RemedyError(
                f"the remedy makes {finding.cause.id} worse: {finding.verdict} becomes {_told(now)}"
            )


def _told(finding: Finding | None) -> str:
    return f"{finding.verdict}: {finding.explanation}" if finding else "no finding"


def _require_exact(patch: Patch, forward: Sequence[Entry]) -> None:
    """Import patch and undo into the state that the patch presumes, and compare bytes."""
    root = MemoryKey("")
    for change in patch.changes:
        there = change.key if change.makes is None else change.makes.parent or _EVERYWHERE
        key = root.add(there.parts)
        if change.before is not None:
            key.put(change.before)
    patched = lay_over(root, _EVERYWHERE, forward)
    undone = lay_over(root, _EVERYWHERE, (*forward, *_entries(patch.undo())))
    for change in patch.changes:
        _require_same(patch, "patch", change, _value(patched, change), change.after)
        _require_same(patch, "undo", change, _value(undone, change), change.before)
        if change.makes is not None and len(descend(undone, change.makes.parts)) == len(change.makes.parts):
            raise RemedyError(f"the undo for {patch.machine} leaves {change.makes.short} behind")


def _value(root: RegistryKey, change: ValueChange) -> RegistryValue | None:
    chain = descend(root, change.key.parts)
    return chain[-1].value(change.name) if len(chain) == len(change.key.parts) else None


def _require_same(
    patch: Patch, which: str, change: ValueChange, given: RegistryValue | None, wanted: RegistryValue | None
) -> None:
    if given != wanted:
        place = f"{change.key.short} : {change.name or '(default)'}"
        raise RemedyError(
            f"the {which} for {patch.machine} does not bring {place} to what it should be: "
            f"{_bytes(given)} instead of {_bytes(wanted)}"
        )


def _bytes(value: RegistryValue | None) -> str:
    return "no value" if value is None else f"{value.type_name} {value.data.hex(' ') or '(zero bytes)'}"


def _require_way_back(
    patches: Sequence[Patch],
    imports: Mapping[str, Sequence[Entry]],
    first: Diagnosis,
    rediagnose: Rediagnose,
) -> None:
    """Lay each undo over its patch: everything must be found as it was."""
    state = Supposition()
    for patch in patches:
        state = state.entered(patch.machine, (*imports[patch.machine], *_entries(patch.undo())))
    for finding in rediagnose(state):
        was = first.get(_place(finding))
        if was is None or (finding.verdict, finding.detail) != (was.verdict, was.detail):
            then = f"{was.verdict} {was.detail}" if was else "no finding"
            raise RemedyError(
                f"the undo does not lead back: {finding.cause.id} on {finding.machine} was {then}, "
                f"is {finding.verdict} {finding.detail}"
            )
        if tuple(change.before for change in was.changes) != tuple(c.before for c in finding.changes):
            raise RemedyError(
                f"the undo does not give back what {finding.cause.id} on {finding.machine} found before"
            )
