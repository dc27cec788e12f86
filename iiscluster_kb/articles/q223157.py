r"""Integrating WLBS and MSCS (Q223157).

Symptom:
    Addresses of the cluster are reached now and then, or not at all after a
    group moved.

Causes told apart:
    wlbs-on-node
        The Windows NT Load Balancing Service is installed on a node of Cluster
        Server, which is neither tested nor supported.

What is read:
    SYSTEM of each node (Services\WLBS).

What it cannot tell:
    Whether the two share an adapter or an address.

Remedy:
    Balance the load on machines of their own, in front of the cluster.

References:
    Q223157.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._object_check import Found, Open, Sound, conclude
from iiscluster_kb.articles._preconditions import is_node, is_nt4
from iiscluster_kb.articles._services import find_service, is_disabled
from iiscluster_kb.model import Absent, Article, Cause, Phase, Present, Step, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.articles._object_check import Answer
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Finding

ARTICLE = Article(
    "Q223157",
    "Integrating WLBS and MSCS",
    "https://jeffpar.github.io/kbarchive/kb/223/Q223157/",
)
BOTH = Cause("Q223157/wlbs-on-node", "The load balancing service is installed on a node of the cluster")
CAUSES = (BOTH,)

_SERVICE = "WLBS"


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Look for the service on each node."""
    yield from on_each_machine(cluster, {BOTH: _judge}, is_node, is_nt4)


def _judge(machine: Machine) -> Finding:
    return conclude(BOTH, machine, _look(machine))


def _look(machine: Machine) -> Answer:
    service = find_service(machine, _SERVICE)
    match service:
        case Present() if is_disabled(machine, _SERVICE):
            return Sound("The load balancing service is installed and disabled", (service,))
        case Present():
            return Found("both", ("the service WLBS is there beside ClusSvc",), (service,), (_step(machine),))
        case Absent():
            return Sound("The load balancing service is not installed", (service,))
        case Unknown(reason=reason):
            return Open(reason, (service,), (_collect.system(machine),))


def _step(machine: Machine) -> Step:
    return Step(
        machine.name,
        Phase.NOTE,
        f"Take the load balancing service off {machine.name}",
        reason="It is not supported on a node of Cluster Server: how the two treat one adapter's addresses when a group "
        "moves was never tested (Q223157). Balance the load on machines of their own, in front of the cluster.",
        expect="The addresses of the cluster are reached from outside, before and after a group moves.",
        warnings=("Clients may know the balanced address: give it to the machines in front first.",),
    )


RULE = Rule(ARTICLE, CAUSES, diagnose, __doc__ or "", confidence={BOTH: Confidence.HIGH})
