"""What must hold before an article says anything of a machine: conditions that an article strings together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import _collect
from iiscluster_kb.articles._spelling import spelled
from iiscluster_kb.cluster import CLUSTER, CURRENT_CONTROL_SET, join
from iiscluster_kb.model import Absent, Present, Role, Unknown, Verdict

if TYPE_CHECKING:
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, Fact

__all__ = [
    "Condition",
    "Hindrance",
    "ResourceType",
    "administers_from_afar",
    "administers_the_cluster",
    "find_resource_type",
    "has_type",
    "is_node",
    "is_nt4",
    "loads_extensions",
]

_FIRST_UNSUPPORTED = 6
"""Windows Server 2008 dropped Cluster Administrator extensions (MSLearn, "AdminExtensions")."""


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why an article gives no judgement on a machine."""

    verdict: Verdict
    reason: str
    facts: tuple[AnyFact, ...] = ()
    collect: tuple[str, ...] = ()
    weighs: bool = True


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A resource type's key on one machine.

    The key is ``ResourceTypes`` (Platform SDK); Q224553 and Q184880 print ``Resource Types``, and whoever
    followed them to the letter left a key that nothing reads.
    """

    live: Fact[str]
    """The key that the cluster service reads."""
    stray: Present[str] | None
    """The same type under the spelling that nothing reads."""


def find_resource_type(machine: Machine, name: str) -> ResourceType:
    """Find the key of a resource type under either spelling; with both, DllName tells the live one."""
    return machine.once(lambda one: _resource_type(one, name), name)


def _resource_type(machine: Machine, name: str) -> ResourceType:
    right = machine.key(CLUSTER / "ResourceTypes" / name)
    misspelt = machine.key(CLUSTER / "Resource Types" / name)
    match right, misspelt:
        case Present(), Present():
            if not _has_dll_name(machine, right) and _has_dll_name(machine, misspelt):
                return ResourceType(misspelt, right)
            return ResourceType(right, misspelt)
        case Absent(), Present() if isinstance(machine.key(CLUSTER / "ResourceTypes"), Absent):
            return ResourceType(misspelt, None)
        case _, Present():
            return ResourceType(right, misspelt)
        case _:
            return ResourceType(right, None)


def _has_dll_name(machine: Machine, key: Present[str]) -> bool:
    return isinstance(machine.value(spelled(key), "DllName"), Present)


_SERVICE = CURRENT_CONTROL_SET / r"Services\ClusSvc"

Condition = Callable[["Cluster", "Machine"], "Hindrance | None"]
"""Tells why nothing can be said of a machine; None: the condition is met."""


def is_node(cluster: Cluster, machine: Machine) -> Hindrance | None:
    """The machine is a node of the cluster (Q171265, Q257928)."""
    service = machine.key(_SERVICE)
    if machine.role is Role.OPERATOR:
        reason = f"{machine.name} is an operator's workstation: {machine.role_reason}"
        return Hindrance(Verdict.NOT_APPLICABLE, reason, (service,))
    if isinstance(service, Absent):
        return Hindrance(Verdict.NOT_APPLICABLE, f"there is no cluster service on {machine.name}", (service,))
    if machine.role is Role.UNKNOWN and isinstance(machine.key(CLUSTER), Unknown):
        return Hindrance(
            Verdict.UNDETERMINED,
            f"nothing tells whether {machine.name} is a node of the cluster",
            (service,),
            (_collect.system(machine), _collect.cluster_hive(machine)),
            weighs=not cluster.nodes,
        )
    return None


def loads_extensions(_cluster: Cluster, machine: Machine) -> Hindrance | None:
    """The machine runs a Windows whose Cluster Administrator loads extensions: before Windows Server 2008."""
    version = machine.windows or ""
    major = version.partition(".")[0]
    if major.isdecimal():
        if int(major) < _FIRST_UNSUPPORTED:
            return None
        reason = f"{machine.name} runs Windows {version}; 2008 and later load no extensions"
        return Hindrance(Verdict.NOT_APPLICABLE, reason, (machine.windows_version,))
    # Where SOFTWARE does not tell, the cluster hive may: only 2008 and later keep this value there.
    tag = machine.value(CLUSTER, "PaxosTag")
    if isinstance(tag, Present):
        reason = "the cluster hive bears a PaxosTag: Windows 2008 or later, which load no extensions"
        return Hindrance(Verdict.NOT_APPLICABLE, reason, (tag,))
    return None


def is_nt4(_cluster: Cluster, machine: Machine) -> Hindrance | None:
    """The machine runs Windows NT 4.0; where nothing tells, it is taken to."""
    if machine.windows in {None, "4.0"}:
        return None
    reason = f"{machine.name} runs Windows {machine.windows}; the article is about Windows NT 4.0"
    return Hindrance(Verdict.NOT_APPLICABLE, reason, (machine.windows_version,))


def has_type(name: str) -> Condition:
    """The cluster has the resource type, as far as the machine's evidence or another node's tells."""
    return partial(_has_type, name)


def _has_type(name: str, cluster: Cluster, machine: Machine) -> Hindrance | None:
    match find_resource_type(machine, name).live:
        case Present():
            return None
        case Absent() as absent:
            return Hindrance(
                Verdict.NOT_APPLICABLE,
                f"the cluster has no resource type '{name}'; it comes with the World Wide Web component of "
                "the Windows NT Option Pack, to be installed on both nodes (Q223259, Q241573), not with a patch",
                (absent,),
            )
        case Unknown() as unknown:
            others = (
                find_resource_type(other, name).live for other in cluster.machines if other is not machine
            )
            if cluster.stated.symptom or any(isinstance(other, Present) for other in others):
                return None
            return Hindrance(
                Verdict.UNDETERMINED,
                f"nothing tells whether the cluster has the resource type '{name}'",
                (unknown,),
                (_collect.cluster_hive(machine),),
            )


def administers_the_cluster(cluster: Cluster, machine: Machine) -> Hindrance | None:
    """Cluster Administrator runs on the machine: a node, or a workstation that carries it (Q171265)."""
    if machine.role is Role.OPERATOR:
        return administers_from_afar(cluster, machine)
    return is_node(cluster, machine)


def administers_from_afar(cluster: Cluster, machine: Machine) -> Hindrance | None:
    """The machine is an operator's workstation that carries Cluster Administrator (Q171265)."""
    if machine.role is Role.NODE:
        service = machine.key(_SERVICE)
        reason = f"{machine.name} is a node: {machine.role_reason}"
        return Hindrance(Verdict.NOT_APPLICABLE, reason, (service,))
    if machine.role is Role.UNKNOWN:
        return Hindrance(
            Verdict.UNDETERMINED,
            f"nothing tells whether {machine.name} is an operator's workstation",
            collect=(_collect.system(machine),),
            weighs=not cluster.nodes,
        )
    directory = machine.expand(machine.cluster_directory)[0]
    program = machine.file(join(directory, "Cluadmin.exe"))
    match program:
        case Present():
            return None
        case Absent():
            reason = f"{machine.name} carries no Cluster Administrator in {directory}"
            return Hindrance(Verdict.NOT_APPLICABLE, reason, (program,))
        case Unknown(reason=why):
            return Hindrance(
                Verdict.UNDETERMINED,
                f"whether {machine.name} carries Cluster Administrator is not known: {why}",
                (program,),
                (_collect.listing(machine, directory),),
            )
