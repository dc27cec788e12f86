r"""MSCS: Creating Multiple Virtual Servers with Same NetBIOS Name (Q254825).

Symptom:
    To clients a virtual server seems to come and go, or not to be there at
    all; neither Cluster Administrator nor the event log shows an error.

Causes told apart:
    duplicate-name
        Two Network Name resources register the same name. Cluster Server lets
        them be made and brought online.

What is read:
    The cluster hive of each node (Name of each Network Name's parameters).

What it cannot tell:
    Whether a machine outside the cluster has the name.

Remedy:
    Give each Network Name a name of its own, in Cluster Administrator.

References:
    Q254825; Q128233.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._object_check import Found, Open, Sound, by_objects, cite
from iiscluster_kb.articles._preconditions import is_node, is_nt4
from iiscluster_kb.model import Article, Cause, Phase, Present, Step
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.articles._object_check import Answer
    from iiscluster_kb.articles._objects import ClusterObjects, Resource
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Finding

ARTICLE = Article(
    "Q254825",
    "MSCS: Creating Multiple Virtual Servers with Same NetBIOS Name",
    "https://jeffpar.github.io/kbarchive/kb/254/Q254825/",
)
DUPLICATE = Cause("Q254825/duplicate-name", "Two Network Names register the same name")
CAUSES = (DUPLICATE,)

_STEP = Step(
    None,
    Phase.ADMINISTER,
    "Give each Network Name a name of its own",
    reason="Two virtual servers of one name disturb each other as two machines would (Q254825). Parameters page of "
    "one of them in Cluster Administrator, while it is offline.",
    expect="No two Network Names register the same name; clients reach each by its own.",
    warnings=("Shares, sites and programs that clients know by the old name must be told to them anew.",),
)


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node by its own cluster hive."""
    yield from on_each_machine(cluster, {DUPLICATE: by_objects(DUPLICATE, _look)}, is_node, is_nt4)


def _look(machine: Machine, objects: ClusterObjects) -> Answer:
    resources = objects.of_type("Network Name")
    if len(resources) < 2:  # noqa: PLR2004 - it takes two
        return Sound("The cluster hive holds fewer than two Network Names", (objects.root,))
    by_name: defaultdict[str, list[Resource]] = defaultdict(list)
    spelled: dict[str, str] = {}
    silent = []
    for resource in resources:
        fact = machine.value(resource.key / "Parameters", "Name")
        text = (fact.value.text() or "").strip() if isinstance(fact, Present) else ""
        if not text:
            silent.append(resource)
            continue
        by_name[fold(text)].append(resource)
        spelled.setdefault(fold(text), text)
    alike = {name: found for name, found in by_name.items() if len(found) > 1}
    if alike:
        faults = tuple(
            f"{len(found):,} Network Names register {spelled[name]}: '{found[0]}' and '{found[1]}'"
            for name, found in alike.items()
        )
        named = (resource for found in alike.values() for resource in found[:2])
        return Found("same-name", faults, cite(machine, named, r"Parameters\Name"), (_STEP,))
    if silent:
        return Open(f"what '{silent[0]}' registers is not told", cite(machine, silent, r"Parameters\Name"))
    return Sound("Each Network Name registers another name", cite(machine, resources, r"Parameters\Name"))


RULE = Rule(ARTICLE, CAUSES, diagnose, __doc__ or "", confidence={DUPLICATE: Confidence.HIGH})
