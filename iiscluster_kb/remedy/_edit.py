"""The steps that change the registry: import or type in, look at the result, take it back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from iiscluster_kb.model import Dialect, PatchImported, Phase, Step
from iiscluster_kb.registry import HKLM, ValueType
from iiscluster_kb.remedy import texts
from iiscluster_kb.remedy._windows import has_reg_and_shutdown

if TYPE_CHECKING:
    from iiscluster_kb.model import Deviation, MachineProfile, Patch, ValueChange
    from iiscluster_kb.registry import RegistryValue
    from iiscluster_kb.remedy.naming import NamedPatch

__all__ = ["edit", "import_again", "import_patch", "is_of_cluster", "verify"]

_CLUSTER = HKLM / "Cluster"


def import_patch(named: NamedPatch, *, is_down: bool = False) -> Step:
    """Import a patch with Regedit.

    Args:
        named: Which.
        is_down: Whether the cluster service does not start on that machine before it is mended.
    """
    patch = named.patch
    hard = any(_is_hard_for_regedit4(change) for change in patch.changes)
    unverified = (texts.IMPORT_UNVERIFIED,) if hard and patch.dialect is Dialect.REGEDIT4 else ()
    lists = any(change.after and change.after.type == ValueType.REG_MULTI_SZ for change in patch.changes)
    reason = texts.IMPORT_REASON if lists else texts.IMPORT_REASON_SINGLE
    otherwise = texts.IMPORT_OTHERWISE_ELSEWHERE
    if any(map(is_of_cluster, patch.changes)):
        first = texts.IMPORT_WHILE_DOWN if is_down else texts.IMPORT_WHILE_RUNNING
        reason = f"{first} {reason}"
        otherwise = texts.IMPORT_OTHERWISE_DOWN if is_down else texts.IMPORT_OTHERWISE
    return Step(
        patch.machine,
        Phase.PATCH,
        texts.IMPORT.format(file=named.file, machine=patch.machine),
        command=f"regedit {named.file}",
        reason=reason,
        expect=texts.IMPORT_EXPECT.format(undo_file=named.undo_file),
        warnings=(*unverified, *patch.warnings),
        otherwise=otherwise,
        achieves=(PatchImported(),),
    )


def import_again(named: NamedPatch) -> Step:
    """Import a patch once the cluster service runs, for what it holds of the cluster database."""
    return Step(
        named.patch.machine,
        Phase.PATCH,
        texts.IMPORT_AGAIN.format(file=named.file, machine=named.patch.machine),
        command=f"regedit {named.file}",
        reason=texts.IMPORT_AGAIN_REASON,
        expect=texts.IMPORT_EXPECT.format(undo_file=named.undo_file),
        otherwise=texts.IMPORT_OTHERWISE,
    )


def edit(patch: Patch, change: ValueChange) -> Step:
    """Make one change in Regedt32, where no .reg file carries it."""
    return Step(
        patch.machine,
        Phase.PATCH,
        texts.EDIT.format(name=change.name or texts.NO_NAME, machine=patch.machine),
        command="regedt32",
        reason=texts.EDIT_REASON.format(why="; ".join(patch.warnings)),
        expect=_sight(change),
        otherwise=_other_sights(change),
        achieves=(change,),
    )


def verify(machine: MachineProfile, change: ValueChange, undo_file: str | None) -> Step:
    """Look at one change once it is made.

    Args:
        machine: Where.
        change: What was changed.
        undo_file: The file that takes it back; None where it was made by hand.
    """
    command = "regedt32"
    if has_reg_and_shutdown(machine):
        asked = f'/v "{change.name}"' if change.name else "/ve"
        command = f'reg query "{change.key.short}" {asked}'
    back = replace(
        texts.VERIFY_TAKE_BACK,
        seen=texts.VERIFY_TAKE_BACK.seen.format(undo_file=undo_file or "an undo file"),
        action=texts.VERIFY_TAKE_BACK.action.format(before=_way_back(change)),
    )
    return Step(
        machine.name,
        Phase.VERIFY,
        texts.VERIFY.format(name=change.name or texts.NO_NAME, key=change.key.name, machine=machine.name),
        command=command,
        reason=texts.VERIFY_REASON,
        expect=_sight(change),
        otherwise=(*_other_sights(change), back),
    )


def is_of_cluster(change: ValueChange) -> bool:
    """Whether it is made to the cluster database."""
    return change.key.is_within(_CLUSTER)


def _is_hard_for_regedit4(change: ValueChange) -> bool:
    """Whether importing it, or taking it back, rests on what Regedit of Windows NT 4.0 is only believed to do."""
    return change.before is None or any(
        value.type == ValueType.REG_MULTI_SZ for value in (change.before, change.after) if value is not None
    )


def _sight(change: ValueChange) -> str:
    name = change.name or texts.NO_NAME
    if change.after is None:
        return texts.SEEN_ABSENT.format(key=change.key, name=name)
    after = change.after
    return texts.SEEN.format(key=change.key, name=name, type=after.type_name, data=_data(after))


def _other_sights(change: ValueChange) -> tuple[Deviation, ...]:
    no_key = (texts.VERIFY_NO_KEY,) if is_of_cluster(change) else ()
    if change.after is None:
        return (*no_key, texts.VERIFY_DELETE)
    how = texts.HOW_ANYTHING_ELSE
    if change.after.type == ValueType.REG_MULTI_SZ:
        how = texts.HOW_MANY_STRINGS if is_of_cluster(change) else texts.HOW_STRINGS_ELSEWHERE
    typed = texts.VERIFY_TYPE_IN.action.format(
        name=change.name or texts.NO_NAME,
        type=change.after.type_name,
        how=how,
    )
    return (*no_key, replace(texts.VERIFY_TYPE_IN, action=typed))


def _way_back(change: ValueChange) -> str:
    name = change.name or texts.NO_NAME
    if change.makes is not None:
        return texts.BACK_TO_NO_KEY.format(key=change.makes)
    if change.before is None:
        return texts.BACK_TO_NOTHING.format(name=name, key=change.key)
    before = change.before
    return texts.BACK_TO.format(name=name, key=change.key, type=before.type_name, data=_data(before))


def _data(value: RegistryValue) -> str:
    """The strings, where these are all that is stored; else the bytes."""
    shown = ", ".join(value.strings())
    return shown or value.data.hex(" ") or texts.ZERO_BYTES
