r"""Error Creating Dependency for Quorum Resource (Q175664).

Symptom:
    The cluster service does not start: the quorum waits for another resource.
    Cluster Administrator refuses such a dependency (error 5069), but a disk
    that has one may be made the quorum later.

Causes told apart:
    quorum-dependency
        The quorum resource depends on another resource.

What is read:
    The cluster hive of each node (which resource is the quorum, dependencies).

What it cannot tell:
    Neither the form of dependencies under Windows NT 4.0 nor the value that
    names the quorum is documented: the finding is at most likely.

Remedy:
    Remove the dependency in Cluster Administrator; where the service does not
    start, start it with -fixquorum.

References:
    Q175664; Q243195 and Q217147 (-fixquorum).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._object_check import NO_DEPENDENCIES, Found, Open, Sound, by_objects, cite
from iiscluster_kb.articles._preconditions import is_node, is_nt4
from iiscluster_kb.articles._quorum_resource import find_quorum
from iiscluster_kb.model import Article, Cause, Phase, Step, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.articles._object_check import Answer
    from iiscluster_kb.articles._objects import ClusterObjects
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Finding

ARTICLE = Article(
    "Q175664",
    "Error Creating Dependency for Quorum Resource",
    "https://jeffpar.github.io/kbarchive/kb/175/Q175664/",
)
DEPENDS = Cause("Q175664/quorum-dependency", "The quorum resource depends on another resource")
CAUSES = (DEPENDS,)

_STEP = Step(
    None,
    Phase.ADMINISTER,
    "Remove the dependencies of the quorum resource",
    reason="The quorum must come online before all others; if it waits for another the cluster service cannot start "
    "(Q175664). Dependencies page of the resource's properties in Cluster Administrator.",
    expect="The quorum resource depends on nothing; others may depend on it.",
    warnings=("Where the service does not start, start it on one node with -fixquorum first (Q243195).",),
)


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node by its own cluster hive."""
    yield from on_each_machine(cluster, {DEPENDS: by_objects(DEPENDS, _look)}, is_node, is_nt4)


def _look(machine: Machine, objects: ClusterObjects) -> Answer:
    if not objects.shows_dependencies:
        return Open(NO_DEPENDENCIES, (objects.root,))
    fact, quorum = find_quorum(machine, objects)
    if quorum is None:
        return Open("which resource is the quorum is not told", (fact,))
    facts = (fact, *cite(machine, (quorum,), "Dependencies"))
    if not quorum.depends_on:
        return Sound(f"The quorum, '{quorum}', depends on nothing", facts)
    needed = (objects.resource(identity) or identity for identity in quorum.depends_on)
    faults = tuple(f"'{quorum}', the quorum, depends on '{provider}'" for provider in needed)
    return Found("depends", faults, facts, (_STEP,), Verdict.LIKELY)


RULE = Rule(ARTICLE, CAUSES, diagnose, __doc__ or "", confidence={DEPENDS: Confidence.MEDIUM})
