r"""Copies of the cluster database that belong to no node: checkpoints on the quorum disk.

``MSCS\CHKxxx.TMP`` holds the same tree as a node's own CLUSDB, so content cannot tell them apart and the name has
to: ``xxx`` is a hexadecimal number that grows with each checkpoint (Q217147, Q224999). A node that forms the
cluster loads the newest checkpoint, and what QUOLOG.LOG holds beyond it, in preference to its own CLUSDB; a node
that joins takes the database of the node that sponsors it (Q217147). So a checkpoint never answers for a
machine: it is asked beside the machine's own copy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from iiscluster_kb.cluster._registry import RegistryView
from iiscluster_kb.model import Absent, KeySubject, Present, RegistryEvidence, State, Unknown, ValueSubject
from iiscluster_kb.registry import HKLM, RegistryValue, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.model import AnyFact, Evidence
    from iiscluster_kb.registry import KeyPath

__all__ = ["QUORUM_DISK", "Dispute", "QuorumCopy", "disputes", "is_quorum_copy", "newest_first"]

QUORUM_DISK = "quorum disk"
"""Stands where a machine's name does; no machine can bear it, for it holds a space."""

_CLUSTER = HKLM / "Cluster"
_CHECKPOINT = re.compile(r"(?:.*[^0-9a-z])?chk([0-9a-f]{1,8})(?:~\d+)?\.tmp", re.IGNORECASE)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_SOUND = frozenset({State.CLEAN, State.RECOVERED})


@dataclass(frozen=True, slots=True)
class QuorumCopy:
    """One checkpoint."""

    evidence: RegistryEvidence

    @property
    def path(self) -> str:
        """Case path."""
        return self.evidence.file.path

    @property
    def number(self) -> int | None:
        """Its place in the sequence of checkpoints, from its name; None: renamed."""
        named = _CHECKPOINT.fullmatch(self.path.rpartition("/")[2])
        return int(named[1], 16) if named else None

    @property
    def written(self) -> datetime | None:
        """When it was written, by its base block."""
        return self.evidence.written

    @property
    def is_sound(self) -> bool:
        """Whether it is a whole hive. The checksum that the service tests from SP5 on lies in QUOLOG.LOG."""
        return self.evidence.state in _SOUND

    def ask(self, subject: KeySubject | ValueSubject) -> AnyFact:
        r"""What it says of a place under ``HKLM\Cluster``."""
        view = RegistryView(QUORUM_DISK, (self.evidence,))
        match subject:
            case KeySubject(key=key):
                return view.key(key)
            case ValueSubject(key=key, name=name):
                return view.value(key, name)


@dataclass(frozen=True, slots=True)
class Dispute:
    """A place of which a machine's own copy and a checkpoint do not say the same."""

    here: AnyFact
    """What the machine's own evidence says; perhaps that nobody knows."""
    there: Present[object] | Absent


def is_quorum_copy(evidence: Evidence) -> bool:
    """Whether the name says so: ``chk*.tmp``, or any other name in a folder MSCS but one that speaks of clusters."""
    if not isinstance(evidence, RegistryEvidence) or {m.path for m in evidence.mounts} != {_CLUSTER}:
        return False
    folder, _, name = evidence.file.path.rpartition("/")
    if _CHECKPOINT.fullmatch(name):
        return True
    return fold(folder.rpartition("/")[2]) == "MSCS" and "CLUS" not in fold(name)


def newest_first(evidence: Iterable[RegistryEvidence]) -> tuple[QuorumCopy, ...]:
    """The checkpoints in order: by number, then by the time in the base block, then by path."""
    copies = [QuorumCopy(_noted(piece)) for piece in evidence]
    copies.sort(key=lambda copy: copy.path)
    copies.sort(key=lambda copy: (copy.number or 0, copy.written or _EARLIEST), reverse=True)
    return tuple(copies)


def _noted(evidence: RegistryEvidence) -> RegistryEvidence:
    number = QuorumCopy(evidence).number
    named = "by its folder" if number is None else f"number 0x{number:X} by its name"
    note = f"a checkpoint of the quorum disk ({named}); it answers for no machine"
    return replace(evidence, notes=(*evidence.notes, note))


def disputes(copy: QuorumCopy, facts: Iterable[AnyFact]) -> Iterator[Dispute]:
    """Compare everything of the cluster database that the facts speak of, each place once."""
    seen: set[tuple[KeyPath, str | None]] = set()
    for fact in facts:
        match fact.subject:
            case KeySubject(key=key) as subject:
                place: tuple[KeyPath, str | None] = (key, None)
            case ValueSubject(key=key, name=name) as subject:
                place = (key, fold(name))
            case _:
                continue
        if place in seen or not key.is_within(_CLUSTER):
            continue
        seen.add(place)
        there = copy.ask(subject)
        if not isinstance(there, Unknown) and _differ(fact, there):
            yield Dispute(fact, there)


def _differ(here: AnyFact, there: Present[object] | Absent) -> bool:
    match here, there:
        case Absent(), Absent():
            return False
        case Present(value=RegistryValue() as own), Present(value=RegistryValue() as other):
            return (own.type, own.data) != (other.type, other.data)
        case Present(), Present():
            return False
        case _:
            return True
