r"""Use "-localquorum" Switch to Install Single-Node MSCS Cluster (Q245626).

Symptom:
    No second node can join the cluster; nothing fails over.

Causes told apart:
    local-quorum
        The quorum is a resource of the type Local Quorum: the cluster was set
        up with -localquorum, for development, and is not supported otherwise.

What is read:
    The cluster hive of the node (types of its resources; which is the quorum).

What it cannot tell:
    Whether the cluster is in production. Where the hive holds a disk too, which
    of them is the quorum rests on a value that no article documents.

Remedy:
    Install Cluster Server anew, on two nodes that share a disk.

References:
    Q245626; Platform SDK June 1998 (quorum-capable resources).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._object_check import Found, Sound, by_objects, cite
from iiscluster_kb.articles._preconditions import is_node
from iiscluster_kb.articles._quorum_resource import find_quorum
from iiscluster_kb.model import Article, Cause, Phase, Step, Verdict
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.articles._object_check import Answer
    from iiscluster_kb.articles._objects import ClusterObjects
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Finding

ARTICLE = Article(
    "Q245626",
    'INFO: Use "-localquorum" Switch Install Single-Node MSCS Cluster',
    "https://jeffpar.github.io/kbarchive/kb/245/Q245626/",
)
LOCAL = Cause("Q245626/local-quorum", "The cluster has a local quorum, which is for development alone")
CAUSES = (LOCAL,)

_NEVER_THE_QUORUM = frozenset(
    map(
        fold,
        (
            "Distributed Transaction Coordinator",
            "File Share",
            "Generic Application",
            "Generic Service",
            "IIS Server Instance",
            "IIS Virtual Root",
            "IP Address",
            "Network Name",
            "Print Spooler",
            "Time Service",
        ),
    )
)
"""Types that keep nothing on a disk of their own; of any other, a vendor's say, it is not known."""
_STEP = Step(
    None,
    Phase.NOTE,
    "Use this cluster for development only, or install it anew with a shared disk",
    reason="A cluster that was set up with -localquorum has one node for good and is not supported in production "
    "(Q245626).",
    expect="The quorum is a disk that both nodes reach.",
)


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node by its own cluster hive; Windows 2000 has the switch too."""
    yield from on_each_machine(cluster, {LOCAL: by_objects(LOCAL, _look)}, is_node)


def _look(machine: Machine, objects: ClusterObjects) -> Answer:
    local = objects.of_type("Local Quorum")
    if not local:
        return Sound("The cluster hive holds no resource of the type Local Quorum", (objects.root,))
    fact, quorum = find_quorum(machine, objects)
    facts = (*cite(machine, local, "Type"), fact)
    if quorum is not None and quorum not in local:
        return Sound(f"The quorum is '{quorum}', no Local Quorum", facts)
    capable = [one for one in objects.resources if fold(one.type or "") not in _NEVER_THE_QUORUM]
    if capable == list(local) and not objects.unread:
        faults = (f"'{local[0]}' is of the type Local Quorum, and no other resource can be the quorum",)
        return Found("local-quorum", faults, facts, (_STEP,))
    faults = (f"'{local[0]}' is of the type Local Quorum",)
    return Found("local-quorum", faults, facts, (_STEP,), Verdict.LIKELY)


RULE = Rule(ARTICLE, CAUSES, diagnose, __doc__ or "", confidence={LOCAL: Confidence.HIGH})
