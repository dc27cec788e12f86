"""Stage 3 of 6: whose evidence it is. Groups evidence into machines that answer questions with facts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from iiscluster_kb.cluster._files import join
from iiscluster_kb.cluster._grouping import Assignment, computer_name, node_names
from iiscluster_kb.cluster._quorum import QUORUM_DISK, Dispute, disputes, is_quorum_copy, newest_first
from iiscluster_kb.cluster.machine import CLUSTER, CURRENT_CONTROL_SET, Machine
from iiscluster_kb.model import Absent, Present, RegistryEvidence, Role, Stated, ValueSubject
from iiscluster_kb.registry import RegistryValue, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from iiscluster_kb.cluster._quorum import QuorumCopy
    from iiscluster_kb.model import AnyFact, Evidence, Media

__all__ = ["CLUSTER", "CURRENT_CONTROL_SET", "Cluster", "Dispute", "Machine", "group_machines", "join"]

CLUSTER_SERVICE = CURRENT_CONTROL_SET / r"Services\ClusSvc"


@dataclass(frozen=True)
class Cluster:
    """The machines of a case and what the operator stated."""

    machines: tuple[Machine, ...]
    """Nodes first in the cluster's own order, then the others by name. A node of which nothing was
    collected is here too and answers everything with Unknown."""
    node_names: tuple[str, ...] = ()
    """As the cluster hives list them; empty: no cluster hive tells."""
    stated: Stated = field(default_factory=Stated)
    quorum_copies: tuple[QuorumCopy, ...] = ()
    """Checkpoints of the cluster database from the quorum disk, newest first; they answer for no machine."""
    media: Media | None = None
    """What the operator has at hand to take files from; every machine has it too."""

    @property
    def nodes(self) -> tuple[Machine, ...]:
        """The machines that are nodes."""
        return tuple(machine for machine in self.machines if machine.role is Role.NODE)

    @cached_property
    def name(self) -> str | None:
        """ClusterName, from the first cluster hive that tells it; a checkpoint is asked last."""
        for machine in self.machines:
            if text := machine.text(CLUSTER, "ClusterName"):
                return text
        for copy in self.quorum_copies:
            match copy.ask(ValueSubject(QUORUM_DISK, CLUSTER, "ClusterName")):
                case Present(value=RegistryValue() as value) if text := value.text():
                    return text
                case _:
                    pass
        return None

    @property
    def checkpoint(self) -> QuorumCopy | None:
        """The newest checkpoint that is sound: what a node that forms the cluster loads (Q217147)."""
        return next((copy for copy in self.quorum_copies if copy.is_sound), None)

    def disputes(self, facts: Iterable[AnyFact]) -> Iterator[Dispute]:
        """Where the newest sound checkpoint does not say what the facts say of the cluster database."""
        return iter(()) if self.checkpoint is None else disputes(self.checkpoint, facts)

    @property
    def holdings(self) -> Iterator[tuple[Evidence, str, str]]:
        """Every piece of evidence with its owner's name and why it is theirs."""
        for machine in self.machines:
            for piece in machine.evidence:
                yield piece, machine.name, machine.given_because[piece.file.path]
        for copy in self.quorum_copies:
            yield copy.evidence, QUORUM_DISK, "the cluster's copy, not a node's own, as its name tells"

    def machine(self, name: str) -> Machine | None:
        """The machine of that name, compared as Windows does."""
        return next((m for m in self.machines if fold(m.name) == fold(name)), None)

    def _repr_html_(self) -> str:
        """What a notebook shows: the machines, what they are to the cluster, what was collected of them."""
        from iiscluster_kb.model._notebook import html_table  # noqa: PLC0415 - only notebooks need it

        rows = [
            (
                machine.name,
                machine.role.value,
                machine.role_reason,
                ", ".join(p.file.path for p in machine.evidence),
            )
            for machine in self.machines
        ]
        return html_table(self.name or "Cluster", ("Machine", "Role", "Because", "Evidence"), rows)


def group_machines(
    evidence: Iterable[Evidence], stated: Stated, case_name: str, media: Media | None = None
) -> Cluster:
    """Give every piece of evidence to a machine, and each machine its role and what is at hand."""
    everything = tuple(evidence)
    placed = frozenset(pattern for patterns in stated.machines.values() for pattern in patterns)
    quorum = {p.file.path: p for p in everything if is_quorum_copy(p) and p.file.path not in placed}
    pieces = tuple(piece for piece in everything if piece.file.path not in quorum)
    named = {piece.file.path: name for piece in pieces if (name := computer_name(piece))}
    nodes = _names_of_nodes(pieces) or _names_of_nodes(quorum.values())  # which may list an evicted node
    assignment = Assignment(case_name, (p.file.path for p in pieces), named, nodes, stated.machines)
    owned: dict[str, list[Evidence]] = defaultdict(list)
    reasons: dict[str, dict[str, str]] = defaultdict(dict)
    spelled: dict[str, str] = {fold(name): name for name in nodes}
    for piece in pieces:
        whole = piece.part_of if isinstance(piece, RegistryEvidence) else None
        name, reason = assignment.machine_of(whole or piece.file.path)
        spelled.setdefault(fold(name), name)
        owned[fold(name)].append(piece)
        reasons[fold(name)][piece.file.path] = reason
    for name in nodes:
        owned.setdefault(fold(name), [])
    told = {fold(name) for name in named.values()}
    order = {fold(name): number for number, name in enumerate(nodes)}
    machines = [
        _cast(
            Machine(spelled[key], _with_rivals(pieces_of), reasons[key], media=media),
            nodes,
            has_system=key in told,
        )
        for key, pieces_of in owned.items()
    ]
    machines.sort(key=lambda machine: (order.get(fold(machine.name), len(order)), machine.name))
    copies = newest_first(piece for piece in quorum.values() if isinstance(piece, RegistryEvidence))
    return Cluster(tuple(machines), nodes, stated, copies, media)


def _names_of_nodes(pieces: Iterable[Evidence]) -> tuple[str, ...]:
    return _distinct(name for piece in pieces for name in node_names(piece))


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(fold(name), name)
    return tuple(seen.values())


def _with_rivals(pieces: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Note on each piece which others of the same machine claim the same place."""
    claims: Mapping[object, list[str]] = defaultdict(list)
    kept = list(pieces)
    for piece in kept:
        if isinstance(piece, RegistryEvidence):
            for mount in piece.mounts:
                claims[mount.path].append(piece.file.path)
    noted: list[Evidence] = []
    for piece in kept:
        rivals = sorted(
            {
                other
                for mount in (piece.mounts if isinstance(piece, RegistryEvidence) else ())
                for other in claims[mount.path]
                if other != piece.file.path
            }
        )
        note = (f"claims the same place as {', '.join(rivals)}",) if rivals else ()
        noted.append(replace(piece, notes=(*piece.notes, *note)))
    return tuple(noted)


def _cast(machine: Machine, nodes: tuple[str, ...], *, has_system: bool) -> Machine:
    """Say what the machine is to the cluster (Q171265, Q257928)."""
    service = machine.key(CLUSTER_SERVICE)
    listed = fold(machine.name) in {fold(name) for name in nodes}
    match service:
        case _ if listed:
            role, reason = Role.NODE, "the cluster hive lists it among the nodes"
        case Present():
            role, reason = Role.NODE, "the cluster service is installed on it"
        case Absent() if nodes and has_system:
            role, reason = Role.OPERATOR, "it is not among the nodes and has no cluster service"
        case _:
            role, reason = Role.UNKNOWN, "no evidence tells whether it is a node"
    return replace(machine, role=role, role_reason=reason)
