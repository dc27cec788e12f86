r"""How to Install the Option Pack on Cluster Server: Its Rules (Q191138, with Q168948 and Q171791).

Symptom:
    A clustered Web or FTP site does not move with its address or its disk, or
    its failure takes the administration of the cluster with it.

Causes told apart:
    default-group
        An IIS Server Instance is in the Cluster Group, which is for the
        administration of the cluster alone (Q168948).
    no-ip-address
        An IIS Server Instance depends on no IP Address, neither directly nor
        through other resources.
    no-disk
        An IIS Server Instance depends on no Physical Disk. That is shown, and
        counts as no fault: a disk is recommended, content may lie elsewhere.
    crosses-groups
        A resource, of whatever type, depends on one of another group (Q171791).

What is read:
    The cluster hive of each node: types, names, groups and dependencies of its
    resources.

What it cannot tell:
    How Windows NT 4.0 stores dependencies is not documented: a list in each
    resource's key and the form of Windows Server 2008 are read, and what is
    concluded from them is at most likely. A default group under another name
    than "Cluster Group" is not known as such. Where a site's content lies is in
    the metabase, which is no part of the evidence.

Remedy:
    In Cluster Administrator, never in the registry: a group of its own for the
    sites with disk, address and network name; then the dependencies.

References:
    Q191138; Q168948; Q171791; Q223258 repeats the rules.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule
from iiscluster_kb.articles._iis_extension import RESOURCE_TYPE
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._object_check import NO_DEPENDENCIES, Found, Open, Sound, by_objects, cite
from iiscluster_kb.articles._objects import CLUSTER_GROUP
from iiscluster_kb.articles._preconditions import has_type, is_node, is_nt4
from iiscluster_kb.model import Article, Cause, Phase, Step, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.articles._object_check import Answer
    from iiscluster_kb.articles._objects import ClusterObjects
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Finding

ARTICLE = Article(
    "Q191138",
    "How to Install the NTOP on Cluster Server",
    "https://jeffpar.github.io/kbarchive/kb/191/Q191138/",
)
DEFAULT_GROUP = Cause("Q191138/default-group", "An IIS Server Instance is in the Cluster Group")
NO_ADDRESS = Cause("Q191138/no-ip-address", "An IIS Server Instance depends on no IP Address")
NO_DISK = Cause("Q191138/no-disk", "An IIS Server Instance depends on no Physical Disk")
CROSSES = Cause("Q191138/crosses-groups", "A resource depends on one of another group")
CAUSES = (DEFAULT_GROUP, NO_ADDRESS, NO_DISK, CROSSES)

_BY_HAND = "Do not write this into HKLM\\Cluster: what is typed there reaches one node alone."
_MOVE = Step(
    None,
    Phase.ADMINISTER,
    "Move the IIS Server Instances out of the Cluster Group",
    reason="The Cluster Group is for the administration of the cluster; what fails in it may end that (Q168948). Make "
    "a group with a Physical Disk, an IP Address and a Network Name, and move or create the instances there (Q191138).",
    expect="The Cluster Group holds nothing of IIS; the new group comes online on both nodes.",
    warnings=(_BY_HAND,),
)
_DEPEND = Step(
    None,
    Phase.ADMINISTER,
    "Let each IIS Server Instance depend on the IP Address of its group",
    reason="A site answers at the address of its group, so the address must come online first (Q191138). The "
    "Dependencies page of the resource's properties; the resource must be offline.",
    expect="The instance comes online after the address, on both nodes.",
    warnings=(_BY_HAND,),
)
_SAME_GROUP = Step(
    None,
    Phase.ADMINISTER,
    "Bring resources that depend on each other into one group",
    reason="Groups move on their own, so a dependency between two of them cannot be kept (Q171791).",
    expect="No resource depends on one of another group.",
    warnings=(_BY_HAND,),
)


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node by its own cluster hive."""
    of_iis = {
        DEFAULT_GROUP: by_objects(DEFAULT_GROUP, _default_group),
        NO_ADDRESS: by_objects(NO_ADDRESS, _address),
        NO_DISK: by_objects(NO_DISK, _disk),
    }
    yield from on_each_machine(cluster, of_iis, is_node, is_nt4, has_type(RESOURCE_TYPE))
    yield from on_each_machine(cluster, {CROSSES: by_objects(CROSSES, _crossing)}, is_node, is_nt4)


def _no_instance(objects: ClusterObjects) -> Sound:
    return Sound(f"The cluster hive holds no resource of the type {RESOURCE_TYPE}", (objects.root,))


def _default_group(machine: Machine, objects: ClusterObjects) -> Answer:
    instances = objects.of_type(RESOURCE_TYPE)
    if not instances:
        return _no_instance(objects)
    default = objects.group_named(CLUSTER_GROUP)
    if default is None:
        return Open(
            f"no group is called {CLUSTER_GROUP}, so which one set-up made is not known", (objects.root,)
        )
    members = machine.value(default.key, "Contains")
    inside = [resource for resource in instances if objects.group_of(resource) is default]
    if inside:
        faults = tuple(f"'{resource}' is in the group '{default}'" for resource in inside)
        return Found("in-cluster-group", faults, (members, *cite(machine, inside, "Type")), (_MOVE,))
    if alone := [resource for resource in instances if objects.group_of(resource) is None]:
        return Open(f"no group lists '{alone[0]}'", (members, *cite(machine, alone, "Type")))
    return Sound(f"No {RESOURCE_TYPE} is in the group '{default}'", (members,))


# --- dependencies -----------------------------------------------------------------------------------


def _address(machine: Machine, objects: ClusterObjects) -> Answer:
    return _depending(
        machine, objects, "IP Address", Found("no-ip-address", (), (), (_DEPEND,), Verdict.LIKELY)
    )


def _disk(machine: Machine, objects: ClusterObjects) -> Answer:
    found = Found("no-disk", (), (), verdict=Verdict.LIKELY, weighs=False)
    return _depending(machine, objects, "Physical Disk", found)


def _depending(machine: Machine, objects: ClusterObjects, kind: str, found: Found) -> Answer:
    """``found``, filled with the instances that do not depend on a resource of the kind."""
    instances = objects.of_type(RESOURCE_TYPE)
    if not instances:
        return _no_instance(objects)
    if not objects.shows_dependencies:
        return Open(NO_DEPENDENCIES, (objects.root,))
    if objects.unread:
        return Open(objects.unread[0], (objects.root,))
    served = objects.depending_on(objects.of_type(kind))
    without = [resource for resource in instances if resource.id not in served]
    if not without:
        facts = cite(machine, instances, "Dependencies")
        return Sound(f"Every {RESOURCE_TYPE} depends on a resource of the type {kind}", facts)
    faults = tuple(f"'{resource}' depends on no resource of the type {kind}" for resource in without)
    return replace(found, faults=faults, facts=cite(machine, without, "Type", "Dependencies"))


def _crossing(machine: Machine, objects: ClusterObjects) -> Answer:
    if not objects.shows_dependencies:
        return Open(NO_DEPENDENCIES, (objects.root,))
    crossing = [
        (resource, provider, own, other)
        for resource in objects.resources
        for identity in resource.depends_on or ()
        if (provider := objects.resource(identity))
        and (own := objects.group_of(resource))
        and (other := objects.group_of(provider))
        and own is not other
    ]
    if not crossing:
        return Sound("No resource depends on one of another group", (objects.root,))
    faults = tuple(
        f"'{resource}' of the group '{own}' depends on '{provider}' of the group '{other}'"
        for resource, provider, own, other in crossing
    )
    guilty = {resource.id: resource for resource, *_ in crossing}
    facts = cite(machine, guilty.values(), "Dependencies")
    return Found("other-group", faults, facts, (_SAME_GROUP,), Verdict.LIKELY)


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    confidence={
        DEFAULT_GROUP: Confidence.HIGH,
        NO_ADDRESS: Confidence.MEDIUM,
        NO_DISK: Confidence.MEDIUM,
        CROSSES: Confidence.MEDIUM,
    },
)
