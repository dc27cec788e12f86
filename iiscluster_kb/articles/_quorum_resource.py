"""Which resource is the quorum: what the cluster hive says of it.

``Quorum : Resource`` is known from hives, not from an article: nothing that rests on it is more than likely.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.cluster import CLUSTER
from iiscluster_kb.model import Present

if TYPE_CHECKING:
    from iiscluster_kb.articles._objects import ClusterObjects, Resource
    from iiscluster_kb.cluster import Machine
    from iiscluster_kb.model import Fact
    from iiscluster_kb.registry import RegistryValue

__all__ = ["find_quorum"]


def find_quorum(machine: Machine, objects: ClusterObjects) -> tuple[Fact[RegistryValue], Resource | None]:
    """The value that names the quorum resource, and the resource where it names one that is there."""
    fact = machine.value(CLUSTER / "Quorum", "Resource")
    text = fact.value.text() if isinstance(fact, Present) else None
    return fact, objects.resource(text) if text else None
