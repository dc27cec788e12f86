"""Holds the patches that were delivered against the second collection, value by value."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from iiscluster_kb.comparison._facts import alike
from iiscluster_kb.comparison._kit import delivered_values
from iiscluster_kb.comparison._nouns import (
    Application,
    Delivered,
    Delivery,
    Extent,
    OtherChange,
    Outcome,
    ValueOutcome,
)
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import Absent, KeySubject, Present, Unknown
from iiscluster_kb.registry import descend, fold
from iiscluster_kb.registry.reg_text import parse_reg
from iiscluster_kb.remedy import format_patch
from iiscluster_kb.remedy.naming import name_patches

if TYPE_CHECKING:
    from collections.abc import Collection as Names
    from collections.abc import Iterable, Sequence

    from iiscluster_kb.cluster import Machine
    from iiscluster_kb.comparison._collection import Collection
    from iiscluster_kb.model import Fact, Report
    from iiscluster_kb.registry import KeyPath, RegistryValue

__all__ = ["judge_patches", "prescribed"]

_MOST_VALUES = 10_000
"""Values of one key that are compared; no key that a patch names has more."""


def prescribed(report: Report) -> tuple[Delivery, ...]:
    """The changes that the report calls for: each patch from its bytes, then what is to be done by hand."""
    patches = name_patches(report.remedy.patches)
    deliveries = [
        Delivery(
            named.patch.machine,
            named.file,
            delivered_values(parse_reg(format_patch(named.patch), name=named.file).entries),
        )
        for named in patches
    ]
    by_hand: dict[str, list[Delivered]] = {}
    for finding in report.findings:
        if finding.machine is not None and finding.machine not in {named.patch.machine for named in patches}:
            changes = (Delivered(change.key, change.name, change.after) for change in finding.changes)
            by_hand.setdefault(finding.machine, []).extend(changes)
    deliveries += (Delivery(machine, None, tuple(values)) for machine, values in by_hand.items() if values)
    return tuple(deliveries)


def judge_patches(
    deliveries: Iterable[Delivery], before: Collection, after: Collection
) -> tuple[Application, ...]:
    """Say how far each was applied; the keys that a patch names are compared whole."""
    return tuple(_judge(one, before.machine(one.machine), after.machine(one.machine)) for one in deliveries)


def _judge(delivery: Delivery, before: Machine, after: Machine) -> Application:
    values = tuple(
        _outcome(one, before.value(one.key, one.name), after.value(one.key, one.name))
        for one in delivery.values
    )
    changes: list[OtherChange] = []
    doubts = [note for value in values if not isinstance(value.after, Unknown) for note in value.after.notes]
    for key in dict.fromkeys(one.key for one in delivery.values):
        carried = {fold(one.name) for one in delivery.values if one.key == key}
        found, doubt = _around(key, carried, before, after)
        changes += found
        doubts += [doubt] if doubt else []
    extent = _extent([value.outcome for value in values], is_alone=not changes)
    return Application(
        delivery.machine, delivery.file, extent, values, tuple(changes), tuple(dict.fromkeys(doubts))
    )


def _outcome(delivered: Delivered, before: Fact[RegistryValue], after: Fact[RegistryValue]) -> ValueOutcome:
    match after, delivered.value:
        case Unknown(), _:
            outcome = Outcome.UNKNOWN
        case (Present(value=found), put) if put is not None and (found.type, found.data) == (
            put.type,
            put.data,
        ):
            outcome = Outcome.APPLIED
        case Absent(), None:
            outcome = Outcome.APPLIED
        case Absent(), _:
            # Nobody put it there; that it is gone now where other data was before is a change of its own.
            outcome = Outcome.OTHER_DATA if isinstance(before, Present) else Outcome.NOT_APPLIED
        case _:
            outcome = Outcome.NOT_APPLIED if alike(before, after) else Outcome.OTHER_DATA
    return ValueOutcome(delivered, outcome, before, after)


def _extent(outcomes: Sequence[Outcome], *, is_alone: bool) -> Extent:
    match set(outcomes):
        case found if Outcome.UNKNOWN in found:
            return Extent.UNKNOWN
        case found if Outcome.OTHER_DATA in found:
            return Extent.WITH_OTHER_CHANGES
        case found if found == {Outcome.NOT_APPLIED}:
            return Extent.NOT_AT_ALL
        case found if Outcome.NOT_APPLIED in found:
            return Extent.PARTLY
        case _:
            return Extent.EXACTLY if is_alone else Extent.WITH_OTHER_CHANGES


def _around(
    key: KeyPath, carried: Names[str], before: Machine, after: Machine
) -> tuple[list[OtherChange], str | None]:
    """Other values of the key that changed, and why that is perhaps not all."""
    doubts: list[str] = []
    names: dict[str, str] = {}
    for side, machine in (("before", before), ("now", after)):
        found, doubt = _value_names(machine, key)
        names |= {fold(name): name for name in found}
        doubts += [f"{doubt} ({side})"] if doubt else []
    changes = []
    for folded, name in names.items():
        if folded in carried:
            continue
        was, now = before.value(key, name), after.value(key, name)
        match alike(was, now):
            case False:
                changes.append(OtherChange(key, name, was, now))
            case None:
                doubts += [fact.reason for fact in (was, now) if isinstance(fact, Unknown)]
            case True:
                pass
    if not doubts:
        return changes, None
    return changes, f"whether more values of {key.short} changed cannot be told: {doubts[0]}"


def _value_names(machine: Machine, key: KeyPath) -> tuple[list[str], str | None]:
    """Names of the values that any evidence of the machine lists in the key, and why that is perhaps not all."""
    match machine.key(key):
        case Present(subject=KeySubject(key=resolved)):
            pieces = machine.registry.evidence
            mounts = [m for piece in pieces for m in piece.mounts if resolved.is_within(m.path)]
        case Unknown(reason=reason):
            return [], reason
        case _:
            return [], None
    names: list[str] = []
    try:
        for mount in mounts:
            below = resolved.below(mount.path)
            chain = (mount.root, *descend(mount.root, below))
            if len(chain) > len(below):
                names += (value.name for value in islice(chain[-1].values(), _MOST_VALUES))
    except EvidenceError as error:
        return names, str(error)
    return names, None
