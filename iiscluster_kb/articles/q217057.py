r"""Unable to Bring New Network Name Resource On Line (Q217057).

Symptom:
    Under Windows NT 4.0 Service Pack 4 or later a Network Name does not come
    online: it fails on one node, then on the other, and stays offline.

Causes told apart:
    netbios-disabled
        "Enable NetBIOS for this IP address" is off for an IP Address on which a
        Network Name depends. Cluster Administrator of Service Pack 3, run
        against a cluster of Service Pack 4, leaves it off.

What is read:
    The cluster hive of each node (EnableNetBIOS of each IP Address, groups,
    dependencies), SOFTWARE (service pack).

What it cannot tell:
    What the service assumes where the value is absent. A Network Name must
    depend on an IP Address, and cannot on one of another group (Q171791): where
    NetBIOS is off for every address of its group the fault is certain, else it
    rests on the dependencies, whose form is not documented.

Remedy:
    Tick the box on the Parameters page of the IP Address, with Cluster
    Administrator of Service Pack 4 or later.

References:
    Q217057; Q257904 (old and new Cluster Administrator); Q171791.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._object_check import CITED, Found, Open, Sound, by_objects, cite
from iiscluster_kb.articles._option_pack import service_pack_number
from iiscluster_kb.articles._preconditions import Hindrance, is_node, is_nt4
from iiscluster_kb.model import Article, Cause, Phase, Present, Step, Verdict
from iiscluster_kb.registry import HKLM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from iiscluster_kb.articles._object_check import Answer
    from iiscluster_kb.articles._objects import ClusterObjects, Resource
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, Finding

ARTICLE = Article(
    "Q217057",
    "Unable to Bring New Network Name Resource On Line",
    "https://jeffpar.github.io/kbarchive/kb/217/Q217057/",
)
DISABLED = Cause("Q217057/netbios-disabled", "NetBIOS is off for the address of a Network Name")
CAUSES = (DISABLED,)

_SINCE = 4
"""Service pack that brought the box."""
_BOX = "EnableNetBIOS"
_VALUE = rf"Parameters\{_BOX}"
_STEP = Step(
    None,
    Phase.ADMINISTER,
    "Enable NetBIOS for the IP Addresses on which a Network Name depends",
    reason="Since Service Pack 4 a Network Name does not come online without it (Q217057). Parameters page of the IP "
    "Address, in Cluster Administrator of Service Pack 4 or later; take the address offline and online again.",
    expect="The Network Name comes online on both nodes.",
    warnings=("Cluster Administrator of Service Pack 3 takes the setting away again: use it no more.",),
)


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node by its own cluster hive."""
    judges = {DISABLED: by_objects(DISABLED, _look)}
    yield from on_each_machine(cluster, judges, is_node, is_nt4, _has_the_box)


def _has_the_box(_cluster: Cluster, machine: Machine) -> Hindrance | None:
    """The machine has Service Pack 4 or later."""
    pack = service_pack_number(machine)
    if pack is not None and pack >= _SINCE:
        return None
    fact = machine.value(HKLM / r"SOFTWARE\Microsoft\Windows NT\CurrentVersion", "CSDVersion")
    if pack is None:
        reason = f"which service pack {machine.name} has is not known"
        return Hindrance(Verdict.UNDETERMINED, reason, (fact,), (_collect.software(machine),))
    reason = f"{machine.name} has no Service Pack {_SINCE} or later, which brought the setting"
    return Hindrance(Verdict.NOT_APPLICABLE, reason, (fact,))


def _look(machine: Machine, objects: ClusterObjects) -> Answer:
    names, addresses = objects.of_type("Network Name"), objects.of_type("IP Address")
    if not names:
        return Sound("The cluster hive holds no Network Name", (objects.root,))
    enabled = {address.id: _enabled(machine, address) for address in addresses}
    around: defaultdict[str, set[bool | None]] = defaultdict(set)
    for address in addresses:
        if group := objects.group_of(address):
            around[group.id].add(enabled[address.id])
    certain, likely, in_doubt = [], [], []
    for name in names:
        group = objects.group_of(name)
        direct = {enabled[one] for one in name.depends_on or () if one in enabled}
        beside = around[group.id] if group else set()
        if beside == {False} and direct <= beside:
            certain.append(name)
        elif False in direct:
            likely.append(name)
        elif (direct or beside) != {True}:
            in_doubt.append(name)
    if certain or likely:
        concerned = _concerned(objects, (*certain, *likely), addresses, enabled)
        facts = (*cite(machine, concerned, _VALUE), *_links(machine, objects, certain, likely))
        return _found(facts, certain, likely)
    if in_doubt:
        reason = f"nothing tells whether NetBIOS is on for the address of '{in_doubt[0]}'"
        return Open(reason, cite(machine, addresses, _VALUE) or (objects.root,))
    facts = cite(machine, addresses, _VALUE)
    return Sound("NetBIOS is on for the address of every Network Name", facts)


def _found(facts: tuple[AnyFact, ...], certain: Sequence[Resource], likely: Sequence[Resource]) -> Found:
    faults = (
        *(f"NetBIOS is off for every IP Address of the group of '{name}'" for name in certain),
        *(f"'{name}' depends on an IP Address for which NetBIOS is off" for name in likely),
    )
    if certain:
        return Found("whole-group", faults, facts, (_STEP,))
    return Found("dependency", faults, facts, (_STEP,), Verdict.LIKELY)


def _links(
    machine: Machine, objects: ClusterObjects, certain: Iterable[Resource], likely: Iterable[Resource]
) -> tuple[AnyFact, ...]:
    """What ties the names to their addresses: the lists of their groups, or their dependencies."""
    keys = {group.id: group.key for name in certain if (group := objects.group_of(name))}
    lists = tuple(machine.value(key, "Contains") for key in islice(keys.values(), CITED))
    return (*lists, *cite(machine, likely, "Dependencies"))


def _concerned(
    objects: ClusterObjects,
    names: Iterable[Resource],
    addresses: Iterable[Resource],
    enabled: Mapping[str, bool | None],
) -> Iterator[Resource]:
    """The addresses that are to blame, for citation."""
    groups = {group.id for name in names if (group := objects.group_of(name))}
    direct = {one for name in names for one in name.depends_on or ()}
    for address in addresses:
        group = objects.group_of(address)
        if enabled[address.id] is False and (address.id in direct or (group and group.id in groups)):
            yield address


def _enabled(machine: Machine, address: Resource) -> bool | None:
    match machine.value(address.key / "Parameters", _BOX):
        case Present(value=value) if (number := value.integer()) is not None:
            return bool(number)
        case _:
            return None


RULE = Rule(ARTICLE, CAUSES, diagnose, __doc__ or "", confidence={DISABLED: Confidence.HIGH})
