"""Tells beside a finding what the newest checkpoint on the quorum disk says otherwise. It turns no verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from iiscluster_kb.model import Absent, KeySubject, Present, Unknown, ValueSubject
from iiscluster_kb.registry import RegistryValue, ValueType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from iiscluster_kb.cluster import Cluster, Dispute
    from iiscluster_kb.cluster._quorum import QuorumCopy
    from iiscluster_kb.model import AnyFact, Finding

__all__ = ["beside_checkpoint"]

_SHOWN_STRINGS = 8

_NEXT_START = (
    "At the next start of the cluster service, a node that forms the cluster loads that checkpoint, and what "
    "QUOLOG.LOG holds beyond it, in preference to its own copy; a node that joins takes the database of the node "
    "that is up (Q217147)"
)


def _in_words(value: RegistryValue) -> str:
    """A sentence's end: "AdminExtensions …"."""
    if value.type == ValueType.REG_MULTI_SZ:
        strings = value.strings()
        more = " …" if len(strings) > _SHOWN_STRINGS else ""
        return f"lists {', '.join(strings[:_SHOWN_STRINGS]) or 'nothing'}{more}"
    return f"is of type {value.type_name} with {len(value.data):,} bytes"


def beside_checkpoint(
    cluster: Cluster,
    finding: Finding,
    *,
    also: Iterable[AnyFact] = (),
    in_words: Callable[[RegistryValue], str] = _in_words,
) -> Finding:
    """The finding, with notes and a sentence where the newest sound checkpoint says otherwise.

    Args:
        cluster: Whose checkpoints are asked.
        finding: Its facts about the cluster database are compared.
        also: Facts that the finding does not cite and that must not differ either.
        in_words: How the data of a value reads after its name.
    """
    checkpoint = cluster.checkpoint
    if checkpoint is None:
        return finding
    found = tuple(cluster.disputes((*finding.facts, *also)))
    if not found:
        return finding
    told = [_told(dispute, in_words) for dispute in _worth_telling(found)]
    named = f"The newest checkpoint of the quorum disk ({_dated(checkpoint)}{_passed_over(cluster)})"
    if all(isinstance(dispute.here, Unknown) for dispute in found):
        sentence = (
            f"{named} is not {finding.machine}'s own copy and decides nothing here; in it {'; '.join(told)}"
        )
    else:
        sentence = (
            f"{named} says otherwise: {'; '.join(told)}. This verdict is on {finding.machine}'s own copy. "
            f"{_NEXT_START}"
        )
    notes = {dispute.here.subject: _note(checkpoint, dispute, in_words) for dispute in found}
    return replace(
        finding,
        facts=tuple(_noted(fact, notes.get(fact.subject)) for fact in finding.facts),
        explanation=f"{finding.explanation} {sentence}.",
    )


def _worth_telling(found: Sequence[Dispute]) -> Sequence[Dispute]:
    """Without the values of keys that are told to be absent, and where nobody knows, without absent keys."""
    keys = {d.there.subject.key: d.there for d in found if isinstance(d.there.subject, KeySubject)}
    there = [
        dispute
        for dispute in found
        if not isinstance(dispute.there.subject, ValueSubject)
        or not isinstance(keys.get(dispute.there.subject.key), Absent)
    ]
    return [
        d for d in there if isinstance(d.there, Present) or not isinstance(d.here, Unknown) or _is_value(d)
    ] or there


def _is_value(dispute: Dispute) -> bool:
    return isinstance(dispute.there.subject, ValueSubject)


def _told(dispute: Dispute, in_words: Callable[[RegistryValue], str]) -> str:
    match dispute.there:
        case Present(value=RegistryValue() as value):
            return f"{dispute.there.subject} {in_words(value)}"
        case Present():
            return f"{dispute.there.subject} is there"
        case Absent():
            return f"{dispute.there.subject} is absent"


def _note(copy: QuorumCopy, dispute: Dispute, in_words: Callable[[RegistryValue], str]) -> str:
    return (
        f"{copy.path}, the newest checkpoint of the quorum disk, says otherwise: {_told(dispute, in_words)}"
    )


def _noted(fact: AnyFact, note: str | None) -> AnyFact:
    if note is None or isinstance(fact, Unknown):
        return fact
    return replace(fact, notes=(*fact.notes, note))


def _dated(copy: QuorumCopy) -> str:
    return copy.path if copy.written is None else f"{copy.path}, written {copy.written:%Y-%m-%d %H:%M:%S} UTC"


def _passed_over(cluster: Cluster) -> str:
    """What speaks against its being the newest: unsound ones with higher numbers, others written later."""
    newest = cluster.checkpoint
    doubts = []
    for copy in cluster.quorum_copies:
        if newest is None or copy is newest:
            continue
        if cluster.quorum_copies.index(copy) < cluster.quorum_copies.index(newest):
            doubts.append(f"{copy.path} has a higher number but is {copy.evidence.state}")
        elif copy.is_sound and copy.written and newest.written and copy.written > newest.written:
            doubts.append(f"{copy.path} was written later but has a lower number")
    return "".join(f"; {doubt}" for doubt in doubts)
