r"""IIS Virtual Root Is Obsolete Since IIS 4.0 (Q230287, release notes of IIS 4.0).

Symptom:
    A resource of the type "IIS Virtual Root", made for IIS 3.0, does not come
    online, or Cluster Administrator cannot show it, since the Windows NT Option
    Pack was installed.

Causes told apart:
    virtual-root-resource
        The cluster hive holds resources of the type "IIS Virtual Root" beside
        the type "IIS Server Instance", which IIS 4.0 brought in its place.
    virtual-root-type
        No such resource is left, but the type is still registered. That is
        shown, and counts as no fault: the release notes ask for nothing.

What is read:
    The cluster hive of each node (Resources, ResourceTypes), SOFTWARE
    (MajorVersion of InetStp) where the hive does not tell which IIS there is.

What it cannot tell:
    What the virtual roots held: their parameters are of IIS 3.0, and the
    metabase of IIS 4.0 is no part of the evidence.

Remedy:
    Delete the resources in Cluster Administrator, create an IIS Server
    Instance for each Web or FTP site instead (Q191138).

References:
    Q230287; Q191138; Platform SDK June 1998, "IIS Virtual Root".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._iis_extension import RESOURCE_TYPE
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._object_check import Found, Open, Sound, by_objects, cite
from iiscluster_kb.articles._preconditions import find_resource_type, is_node, is_nt4
from iiscluster_kb.model import Article, Cause, Phase, Present, Step, Unknown, Verdict
from iiscluster_kb.registry import HKLM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.articles._object_check import Answer
    from iiscluster_kb.articles._objects import ClusterObjects
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, Finding

ARTICLE = Article(
    "Q230287",
    "Contents of Internet Information Server 4.0 Release Notes",
    "https://jeffpar.github.io/kbarchive/kb/230/Q230287/",
)
RESOURCE = Cause("Q230287/virtual-root-resource", "Resources of the obsolete type IIS Virtual Root are left")
TYPE = Cause("Q230287/virtual-root-type", "The obsolete type IIS Virtual Root is still registered")
CAUSES = (RESOURCE, TYPE)

_OBSOLETE = "IIS Virtual Root"
_INETSTP = HKLM / r"SOFTWARE\Microsoft\InetStp"
_SINCE = 4
"""Major version of IIS that no longer supports the type."""
_STEPS = (
    Step(
        None,
        Phase.ADMINISTER,
        f"Delete the resources of the type {_OBSOLETE}, create IIS Server Instances instead",
        reason="IIS 4.0 no longer supports the type; the release notes say to delete its resources in Cluster "
        "Administrator (Q230287). Write down what each served first.",
        expect="Each site has a resource of the type IIS Server Instance, which comes online on both nodes.",
        warnings=(
            "Do not create them in the Cluster Group; each needs an IP Address of its own group (Q191138).",
        ),
    ),
)


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node by its own cluster hive."""
    judges = {RESOURCE: by_objects(RESOURCE, _resources), TYPE: by_objects(TYPE, _type)}
    yield from on_each_machine(cluster, judges, is_node, is_nt4)


def _resources(machine: Machine, objects: ClusterObjects) -> Answer:
    left = objects.of_type(_OBSOLETE)
    if not left:
        return Sound(f"The cluster hive holds no resource of the type {_OBSOLETE}", (objects.root,))
    facts = cite(machine, left, "Type")
    verdict, shown = _iis_4(machine)
    if verdict is Verdict.UNDETERMINED:
        reason = (
            f"the cluster holds resources of the type {_OBSOLETE}, but no evidence tells which IIS there is"
        )
        return Open(reason, (*facts, *shown), (_collect.software(machine),))
    if verdict is Verdict.RULED_OUT:
        return Sound("This is an IIS before 4.0, which supports the type", (*facts, *shown))
    faults = tuple(f"resource '{resource}' is of the type {_OBSOLETE}" for resource in left)
    return Found("resource", faults, (*facts, *shown), _STEPS, verdict)


def _type(machine: Machine, objects: ClusterObjects) -> Answer:
    entry = find_resource_type(machine, _OBSOLETE).live
    if isinstance(entry, Unknown):
        return Open(entry.reason, (entry,))
    if not isinstance(entry, Present):
        return Sound(f"The type {_OBSOLETE} is not registered", (entry,))
    if objects.of_type(_OBSOLETE):
        return Sound("The type is in use, which is what is to be mended", (entry,))
    verdict, shown = _iis_4(machine)
    if verdict is Verdict.UNDETERMINED:
        reason = "the type is registered, but no evidence tells which IIS there is"
        return Open(reason, (entry, *shown), (_collect.software(machine),))
    if verdict is Verdict.RULED_OUT:
        return Sound("This is an IIS before 4.0, which supports the type", (entry, *shown))
    faults = (f"the type {_OBSOLETE} is registered, and no resource is of it",)
    return Found("type-only", faults, (entry, *shown), verdict=Verdict.LIKELY, weighs=False)


def _iis_4(machine: Machine) -> tuple[Verdict, tuple[AnyFact, ...]]:
    """How sure it is that IIS 4.0 is there. The resource type is its own; the value's name is common knowledge."""
    newer = find_resource_type(machine, RESOURCE_TYPE).live
    if isinstance(newer, Present):
        return Verdict.CONFIRMED, (newer,)
    version = machine.value(_INETSTP, "MajorVersion")
    number = version.value.integer() if isinstance(version, Present) else None
    if number is None:
        return Verdict.UNDETERMINED, (newer, version)
    return (Verdict.LIKELY if number >= _SINCE else Verdict.RULED_OUT), (newer, version)


RULE = Rule(
    ARTICLE, CAUSES, diagnose, __doc__ or "", confidence={RESOURCE: Confidence.HIGH, TYPE: Confidence.MEDIUM}
)
