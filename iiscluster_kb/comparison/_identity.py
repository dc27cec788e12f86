"""Tells whether two collections are of one cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.cluster import CLUSTER
from iiscluster_kb.comparison._nouns import Basis, Identity
from iiscluster_kb.errors import CaseError
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iiscluster_kb.cluster import Cluster
    from iiscluster_kb.comparison._collection import Collection

__all__ = ["require_one_cluster"]

INSTANCE_ID = "ClusterInstanceID"
"""Root value of the cluster hive, made once when the cluster is formed; it survives a new name."""


def require_one_cluster(before: Collection, after: Collection) -> Identity:
    """Say by what both are of one cluster.

    The instance id decides where both sides have one; else the cluster's name and its nodes; else, where no
    cluster hive was collected, the machines' names.

    Raises:
        CaseError: They are not, or nothing tells; the message names both.
    """
    was, now = instance_ids(before.cluster), instance_ids(after.cluster)
    if was and now:
        shared = _shared(was, now)
        if not shared:
            raise _differ(before, after, INSTANCE_ID, was, now)
        return Identity(Basis.INSTANCE_ID, ", ".join(shared))
    name = after.report.cluster
    if before.report.cluster and name and fold(before.report.cluster) != fold(name):
        raise _differ(before, after, "name", (before.report.cluster,), (name,))
    is_named = bool(before.report.cluster and name)
    was, now = before.report.nodes, after.report.nodes
    if was and now:
        shared = _shared(was, now)
        if not shared:
            raise _differ(before, after, "nodes", was, now)
        if is_named:
            return Identity(Basis.CLUSTER, f"{name}: {', '.join(shared)}")
        return Identity(Basis.NODES, ", ".join(shared))
    was, now = _machine_names(before), _machine_names(after)
    shared = _shared(was, now)
    if not shared:
        raise _differ(before, after, "machines", was, now)
    return Identity(Basis.MACHINES, ", ".join(shared))


def instance_ids(cluster: Cluster) -> tuple[str, ...]:
    """Every ClusterInstanceID that a machine's cluster hive gives, each once."""
    told = (machine.text(CLUSTER, INSTANCE_ID) for machine in cluster.machines)
    return tuple({fold(text): text for text in told if text}.values())


def _machine_names(collection: Collection) -> tuple[str, ...]:
    return tuple(machine.name for machine in collection.report.machines)


def _shared(was: Iterable[str], now: Iterable[str]) -> tuple[str, ...]:
    known = set(map(fold, was))
    return tuple(name for name in now if fold(name) in known)


def _differ(
    before: Collection, after: Collection, what: str, was: Iterable[str], now: Iterable[str]
) -> CaseError:
    sides = (
        f"{side.report.case} ({what} {', '.join(told) or 'not known'})"
        for side, told in ((before, was), (after, now))
    )
    return CaseError(f"not two collections of one cluster: {' and '.join(sides)}")
