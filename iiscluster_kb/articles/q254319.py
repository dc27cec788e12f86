r"""Index Server Fails When It Is Installed on Cluster Server (Q254319).

Symptom:
    Searching the sites of a cluster fails after a group moved: the catalog is
    damaged, or empty and built anew at the cost of the node.

Causes told apart:
    index-server-on-node
        Index Server is installed on a node: its catalog does not move with the
        sites.
    index-server-resource
        A Generic Service resource runs Index Server: its catalog is damaged
        when the group moves.

What is read:
    SYSTEM of each node (Services\cisvc), the cluster hive (ServiceName of each
    Generic Service).

What it cannot tell:
    Whether anybody searches: this is advice, and counts as no fault. Windows
    2000 always has the service and is not judged; Q292542 tells what may be
    tried there, without support.

Remedy:
    Take Index Server off the nodes, in the Option Pack's set-up; let a third
    machine index the sites.

References:
    Q254319; Q292542 (Windows 2000).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, Standing, _collect
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._object_check import Found, Open, Sound, by_objects, cite, conclude
from iiscluster_kb.articles._preconditions import is_node, is_nt4
from iiscluster_kb.articles._services import find_service, is_disabled
from iiscluster_kb.model import Absent, Article, Cause, Phase, Present, Step, Unknown
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.articles._object_check import Answer
    from iiscluster_kb.articles._objects import ClusterObjects
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Finding

ARTICLE = Article(
    "Q254319",
    "Index Server Fails When it Is Installed on Cluster Server",
    "https://jeffpar.github.io/kbarchive/kb/254/Q254319/",
)
INSTALLED = Cause("Q254319/index-server-on-node", "Index Server is installed on a node of the cluster")
RESOURCE = Cause("Q254319/index-server-resource", "A resource of the cluster runs Index Server")
CAUSES = (INSTALLED, RESOURCE)

_SERVICE = "cisvc"
_NAME = r"Parameters\ServiceName"
_INSTEAD = (
    "It knows nothing of clusters: its catalog is empty on one node, or is damaged when the group moves (Q254319). "
    "Let a third machine index the sites."
)


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Look for the service on each node, and for a resource that runs it."""
    judges = {INSTALLED: _installed, RESOURCE: by_objects(RESOURCE, _resource)}
    yield from on_each_machine(cluster, judges, is_node, is_nt4)


def _installed(machine: Machine) -> Finding:
    return conclude(INSTALLED, machine, _look(machine))


def _look(machine: Machine) -> Answer:
    service = find_service(machine, _SERVICE)
    match service:
        case Present() if is_disabled(machine, _SERVICE):
            return Sound("Index Server is installed and disabled", (service,))
        case Present():
            step = Step(
                machine.name,
                Phase.ADMINISTER,
                f"Take Index Server off {machine.name}",
                reason=f"{_INSTEAD} Add/Remove Programs, Windows NT 4.0 Option Pack.",
                expect="There is no service Content Index.",
                warnings=(
                    "Take off nothing else; afterwards apply the service pack again, on both nodes (Q218922).",
                ),
            )
            return Found("installed", ("the service cisvc is there",), (service,), (step,))
        case Absent():
            return Sound("Index Server is not installed", (service,))
        case Unknown(reason=reason):
            return Open(reason, (service,), (_collect.system(machine),))


def _resource(machine: Machine, objects: ClusterObjects) -> Answer:
    generic = objects.of_type("Generic Service")
    running, silent = [], []
    for resource in generic:
        fact = machine.value(resource.key / "Parameters", "ServiceName")
        text = fact.value.text() if isinstance(fact, Present) else None
        if text is None:
            silent.append(resource)
        elif fold(text.strip()) == fold(_SERVICE):
            running.append(resource)
    if running:
        step = Step(
            None,
            Phase.ADMINISTER,
            "Delete the resources that run Index Server",
            reason=_INSTEAD,
            expect="No Generic Service of the cluster names CISVC.",
        )
        faults = tuple(f"'{resource}' runs Index Server" for resource in running)
        return Found("generic-service", faults, cite(machine, running, _NAME), (step,))
    if silent:
        return Open(f"which service '{silent[0]}' runs is not told", cite(machine, silent, _NAME))
    return Sound("No resource runs Index Server", cite(machine, generic, _NAME) or (objects.root,))


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    Standing.INFORMING,
    confidence={INSTALLED: Confidence.HIGH, RESOURCE: Confidence.HIGH},
)
