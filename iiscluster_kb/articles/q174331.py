r"""Error Message Received Adding Second Time Service to Cluster (Q174331).

Symptom:
    Error 5017: the properties of a Time Service resource cannot be read, or it
    cannot be created in its resource monitor.

Causes told apart:
    second-time-service
        The cluster holds more than one resource of the type Time Service.

What is read:
    The cluster hive of each node (types of its resources).

What it cannot tell:
    Which of them came first.

Remedy:
    Delete all but one, in Cluster Administrator.

References:
    Q174331.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._object_check import Found, Sound, by_objects, cite
from iiscluster_kb.articles._preconditions import is_node, is_nt4
from iiscluster_kb.model import Article, Cause, Phase, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.articles._object_check import Answer
    from iiscluster_kb.articles._objects import ClusterObjects
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Finding

ARTICLE = Article(
    "Q174331",
    "Error Message Received Adding Second Time Service to Cluster",
    "https://jeffpar.github.io/kbarchive/kb/174/Q174331/",
)
SECOND = Cause("Q174331/second-time-service", "The cluster holds a second Time Service")
CAUSES = (SECOND,)

_STEP = Step(
    None,
    Phase.ADMINISTER,
    "Delete all Time Service resources but one",
    reason="A cluster may have one only (Q174331). Keep the one of the Cluster Group where there is one.",
    expect="Cluster Administrator shows one Time Service, which is online.",
)


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node by its own cluster hive."""
    yield from on_each_machine(cluster, {SECOND: by_objects(SECOND, _look)}, is_node, is_nt4)


def _look(machine: Machine, objects: ClusterObjects) -> Answer:
    services = objects.of_type("Time Service")
    if len(services) > 1:
        faults = tuple(f"'{resource}' is a Time Service" for resource in services)
        return Found("several", faults, cite(machine, services, "Type"), (_STEP,))
    return Sound("There is no second Time Service", cite(machine, services, "Type") or (objects.root,))


RULE = Rule(ARTICLE, CAUSES, diagnose, __doc__ or "", confidence={SECOND: Confidence.HIGH})
