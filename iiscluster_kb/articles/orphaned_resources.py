r"""Orphaned Resources in the Cluster Hive (no Knowledge Base article).

Symptom:
    Cluster Administrator shows a group without one of its resources, or not at
    all; a group does not come online though all that it shows is online.

Causes told apart:
    member-missing
        A group lists a resource that the cluster hive does not hold.
    in-no-group
        The cluster hive holds a resource that no group lists.

What is read:
    The cluster hive of each node (Contains of each group, keys of resources).

What it cannot tell:
    Which of the two is right: whether the resource was deleted by halves, or
    the group's list lost it.

Remedy:
    Restore the cluster database from a checkpoint or a backup in which both
    agree (Q224999); else delete and create the resource anew in Cluster
    Administrator.

References:
    Rules 5257 and 5258 of Microsoft's support diagnostics
    (TS_Cluster_OrphanResource.ps1), written for Windows Server 2008: they look
    for the same in the same keys. Q224999.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._object_check import CITED, Found, Open, Sound, by_objects, cite
from iiscluster_kb.articles._preconditions import is_node
from iiscluster_kb.model import Article, Cause, Phase, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.articles._object_check import Answer
    from iiscluster_kb.articles._objects import ClusterObjects
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Finding

ARTICLE = Article(
    "orphaned-resources",
    "Orphaned Resources in the Cluster Hive",
    "https://github.com/architectaj/getTSS/blob/b0c299292a55a88873880e05c0c36badad8b7da4/psSDP/Diag/global/"
    "TS_Cluster_OrphanResource.ps1",
)
MISSING = Cause("orphaned-resources/member-missing", "A group lists a resource that is not there")
GROUPLESS = Cause("orphaned-resources/in-no-group", "A resource belongs to no group")
CAUSES = (MISSING, GROUPLESS)

_STEP = Step(
    None,
    Phase.ADMINISTER,
    "Restore the cluster database from a copy in which groups and resources agree",
    reason="A checkpoint of the quorum disk or a backup from before may hold the resource and its group (Q224999). "
    "Where there is none, note what the resource was for, delete what Cluster Administrator shows of it and create it "
    "anew.",
    expect="Each resource is in one group, and each group comes online on both nodes.",
    warnings=(
        "Do not mend the lists by hand: what is typed into HKLM\\Cluster reaches one node alone.",
        "A restored database takes back every change of the cluster since that copy.",
    ),
)


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node by its own cluster hive, of whatever Windows."""
    judges = {MISSING: by_objects(MISSING, _members), GROUPLESS: by_objects(GROUPLESS, _groups)}
    yield from on_each_machine(cluster, judges, is_node)


def _members(machine: Machine, objects: ClusterObjects) -> Answer:
    if not objects.resources or objects.unread:
        return Open(_reason(objects, "resources"), (objects.root,))
    gone = [
        (group, identity)
        for group in objects.groups
        for identity in group.contains
        if identity and objects.resource(identity) is None
    ]
    if not gone:
        return Sound("Every resource that a group lists is there", (objects.root,))
    faults = tuple(
        f"the group '{group}' lists {identity.lower()}, which is not there" for group, identity in gone
    )
    keys = list({group.id: group.key for group, _ in gone}.values())[:CITED]
    return Found("gone", faults, tuple(machine.value(key, "Contains") for key in keys), (_STEP,))


def _groups(machine: Machine, objects: ClusterObjects) -> Answer:
    if not any(group.contains for group in objects.groups) or objects.unread:
        return Open(_reason(objects, "members of groups"), (objects.root,))
    alone = [r for r in objects.resources if objects.group_of(r) is None and (r.name or r.type)]
    if not alone:
        return Sound("Every resource is in a group", (objects.root,))
    faults = tuple(f"no group lists '{resource}'" for resource in alone)
    return Found("alone", faults, cite(machine, alone, "Name"), (_STEP,))


def _reason(objects: ClusterObjects, what: str) -> str:
    return objects.unread[0] if objects.unread else f"the evidence holds no {what} at all"


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    confidence={MISSING: Confidence.HIGH, GROUPLESS: Confidence.HIGH},
)
