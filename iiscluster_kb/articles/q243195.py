r"""Event ID 1034 for MSCS Shared Disk After Disk Replacement (Q243195).

Symptom:
    Event 1034 of ClusDisk: the disk of a resource could not be found, with the
    signature that was expected; the cluster service may not start. A shared
    disk was replaced, or moved to another place on its bus.

Causes told apart:
    signatures-differ
        The signatures that a node's disk driver knows are not those of the
        disk resources. Told apart are: a resource's disk that the driver does
        not know (unknown-to-driver), a disk that the driver knows and no
        resource has (left-over), and both at once (replaced), which is what an
        exchanged disk leaves behind.

What is read:
    The cluster hive (Signature of each Physical Disk), SYSTEM of the same node
    (subkeys of Services\ClusDisk\Parameters\Signatures).

What it cannot tell:
    Which signature the disk itself bears: only the machine knows. A disk that
    was never online on a node has no entry there, and one whose resource was
    deleted keeps its entry, so that either alone is at most likely. Disks of
    other resource types than Physical Disk are not compared.

Remedy:
    The procedure of the article, with both nodes at hand: find each disk's
    signature (FTEdit, Resource Kit), correct the resource's, let the driver's
    list be made anew. Nothing of it is safe as a patch.

References:
    Q243195; Q149927 (FTEdit); Q217147 (why the quorum's copies go first).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._object_check import CITED, Found, Open, Sound, by_objects, cite
from iiscluster_kb.articles._preconditions import is_node, is_nt4
from iiscluster_kb.cluster import CURRENT_CONTROL_SET
from iiscluster_kb.model import Absent, Article, Cause, Phase, Present, Step, Unknown, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from iiscluster_kb.articles._object_check import Answer
    from iiscluster_kb.articles._objects import ClusterObjects, Resource
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, Finding
    from iiscluster_kb.registry import RegistryValue

ARTICLE = Article(
    "Q243195",
    "Event ID 1034 for MSCS Shared Disk After Disk Replacement",
    "https://jeffpar.github.io/kbarchive/kb/243/Q243195/",
)
DIFFER = Cause("Q243195/signatures-differ", "The disk driver knows other signatures than the resources have")
CAUSES = (DIFFER,)

_KNOWN = CURRENT_CONTROL_SET / r"Services\ClusDisk\Parameters\Signatures"
_SIGNATURE = "Parameters\\Signature"
_BITS = 32
_SHOWN = 50
"""Entries that a fact may list; no shared bus has as many disks."""
_STEP = Step(
    None,
    Phase.NOTE,
    "Find out each shared disk's signature before anything else is done to the disks",
    reason="Cluster Server finds a disk by its signature alone. FTEdit of the Resource Kit shows the signature of "
    "each disk; compare it with the resource's, and where the disk was replaced follow Q243195 step by step, with "
    "the cluster service of both nodes set to manual.",
    expect="Each disk bears the signature that its resource names; event 1034 is not logged again.",
    warnings=(
        "Write no signature on the strength of this alone: a disk that was never online on a node has no entry.",
        "The procedure deletes the quorum's checkpoints: copy CLUSDB of both nodes first.",
    ),
)


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Compare, on each node, what its two hives say."""
    yield from on_each_machine(cluster, {DIFFER: by_objects(DIFFER, _compare)}, is_node, is_nt4)


def _compare(machine: Machine, objects: ClusterObjects) -> Answer:
    disks = objects.of_type("Physical Disk")
    if not disks:
        return Open("the cluster hive holds no resource of the type Physical Disk", (objects.root,))
    known = machine.subkeys(_KNOWN)
    if not isinstance(known, Present):
        reason = known.reason if isinstance(known, Unknown) else f"{known.subject} is absent"
        return Open(reason, (known,), (_collect.system(machine),))
    names = known.value
    shown: AnyFact = known if len(names) <= _SHOWN else machine.key(_KNOWN)
    entries = {number: name for name in names if (number := _number(name)) is not None}
    if len(entries) < len(names) or not names:
        odd = (
            "an entry is no signature, or is there twice" if names else "no disk was ever online on this node"
        )
        return Open(f"{known.subject}: {odd}", (shown,))
    wanted: dict[int, Resource] = {}
    for disk in disks:
        fact = machine.value(disk.key / "Parameters", "Signature")
        number = _signature(fact.value) if isinstance(fact, Present) else None
        if number is None:
            return Open(f"{fact.subject} {_why(fact)}", (shown, fact))
        wanted.setdefault(number, disk)
    return _told(machine, shown, entries, wanted)


def _told(
    machine: Machine, known: AnyFact, entries: Mapping[int, str], wanted: Mapping[int, Resource]
) -> Answer:
    strangers = {number: disk for number, disk in wanted.items() if number not in entries}
    left_over = [name for number, name in entries.items() if number not in wanted]
    facts = (known, *cite(machine, strangers.values() or wanted.values(), _SIGNATURE))
    if not strangers and not left_over:
        return Sound("The disk driver knows the disk of every resource, and no other", facts)
    faults = (
        *(
            f"'{disk}' expects the signature {number:08X}, which the disk driver does not know"
            for number, disk in strangers.items()
        ),
        *_listed(left_over),
    )
    if strangers and left_over:
        return Found("replaced", faults, facts, (_STEP,))
    return Found("unknown-to-driver" if strangers else "left-over", faults, facts, (_STEP,), Verdict.LIKELY)


def _listed(left_over: Iterable[str]) -> Iterator[str]:
    """One fault for all, so that those do not crowd out the resources'."""
    names = tuple(left_over)
    if names:
        more = f" and {len(names) - CITED:,} more" if len(names) > CITED else ""
        yield f"the disk driver knows {', '.join(names[:CITED])}{more}, of which no resource is left"


def _signature(value: RegistryValue) -> int | None:
    """A number; text is taken as hexadecimal digits, as the driver's entries are."""
    number = value.integer()
    return number if number is not None else _number(value.text() or "")


def _number(text: str) -> int | None:
    try:
        number = int(text.strip(), 16)
    except ValueError:
        return None
    return number if 0 <= number < 1 << _BITS else None


def _why(fact: AnyFact) -> str:
    match fact:
        case Unknown(reason=reason):
            return f"is not known: {reason}"
        case Absent():
            return "is absent"
        case Present():
            return "is no signature"


RULE = Rule(ARTICLE, CAUSES, diagnose, __doc__ or "", confidence={DIFFER: Confidence.HIGH})
