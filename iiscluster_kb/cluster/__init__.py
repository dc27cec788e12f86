"""Stage 3 of 6: whose evidence it is. Groups evidence into machines that answer questions with facts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from iiscluster_kb.cluster._files import join
from iiscluster_kb.cluster._grouping import Assignment, computer_name, node_names
from iiscluster_kb.cluster.machine import CLUSTER, CURRENT_CONTROL_SET, Machine
from iiscluster_kb.model import Absent, Present, RegistryEvidence, Role, Stated
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from iiscluster_kb.model import Evidence

__all__ = ["CLUSTER", "CURRENT_CONTROL_SET", "Cluster", "Machine", "group_machines", "join"]

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

    @property
    def nodes(self) -> tuple[Machine, ...]:
        """The machines that are nodes."""
        return tuple(machine for machine in self.machines if machine.role is Role.NODE)

    @cached_property
    def name(self) -> str | None:
        """ClusterName, from the first cluster hive that tells it."""
        for machine in self.machines:
            if text := machine.text(CLUSTER, "ClusterName"):
                return text
        return None

    def machine(self, name: str) -> Machine | None:
        """The machine of that name, compared as Windows does."""
        return next((m for m in self.machines if fold(m.name) == fold(name)), None)


def group_machines(evidence: Iterable[Evidence], stated: Stated, case_name: str) -> Cluster:
    """Give every piece of evidence to a machine, and each machine its role."""
    pieces = tuple(evidence)
    named = {piece.file.path: name for piece in pieces if (name := computer_name(piece))}
    nodes = _distinct(name for piece in pieces for name in node_names(piece))
    assignment = Assignment(case_name, (p.file.path for p in pieces), named, nodes, stated.machines)
    owned: dict[str, list[Evidence]] = defaultdict(list)
    reasons: dict[str, dict[str, str]] = defaultdict(dict)
    spelled: dict[str, str] = {fold(name): name for name in nodes}
    for piece in pieces:
        name, reason = assignment.machine_of(piece.file.path)
        spelled.setdefault(fold(name), name)
        owned[fold(name)].append(piece)
        reasons[fold(name)][piece.file.path] = reason
    for name in nodes:
        owned.setdefault(fold(name), [])
    told = {fold(name) for name in named.values()}
    order = {fold(name): number for number, name in enumerate(nodes)}
    machines = [
        _cast(Machine(spelled[key], _with_rivals(pieces_of), reasons[key]), nodes, has_system=key in told)
        for key, pieces_of in owned.items()
    ]
    machines.sort(key=lambda machine: (order.get(fold(machine.name), len(order)), machine.name))
    return Cluster(tuple(machines), nodes, stated)


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
