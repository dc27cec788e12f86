r"""MSDTC Conflicts During NTOP Installation on Cluster Server (Q252641, with Q255184, Q223258, Q223397).

Symptom:
    Set-up of the Option Pack fails on a node with errors of Transaction Server;
    MSDTC does not start (event 7024 with error 3221229574), or its resource
    does not come online.

Causes told apart:
    newer-msdtc
        A node still lacks IIS 4.0 though the cluster has its resource type, and
        MSDTC there is newer than the Option Pack's: set-up in the usual order
        fails on it (Q223258).
    service-on-one-node
        One node has the service MSDTC, another has not.
    resource
        The service is there, but no resource of the cluster is of its kind
        (none), or one is in the Cluster Group (default-group, Q223397).

What is read:
    SYSTEM of each node (Services\MSDTC), SOFTWARE (InetStp, service pack),
    versions of Msdtc.exe and Msdtc.dll, the cluster hive of each node.

What it cannot tell:
    Whether MSDTC works, for that is in its log and in events. Every service
    pack since 4 and SQL Server bring a newer MSDTC, rightly once the Option
    Pack is on both nodes. What the resource type is called on Windows NT 4.0 is
    not documented: whatever names the Transaction Coordinator counts. All of it
    is at most likely.

Remedy:
    None that a program should do: the articles remove MSDTC on both nodes,
    delete its keys and set it up again, in an order that depends on SQL Server.

References:
    Q252641; Q255184; Q223258; Q223397; Q241573; Q192708 and Q219264 (order of
    set-up with SQL Server).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._iis_extension import RESOURCE_TYPE
from iiscluster_kb.articles._judging import for_the_cluster, on_each_machine
from iiscluster_kb.articles._object_check import Found, Open, Sound, by_objects, cite, conclude
from iiscluster_kb.articles._objects import CLUSTER_GROUP
from iiscluster_kb.articles._option_pack import runs_set_up, service_pack_number
from iiscluster_kb.articles._preconditions import has_type, is_node, is_nt4
from iiscluster_kb.articles._relations import Warns
from iiscluster_kb.articles._services import find_service
from iiscluster_kb.model import (
    Absent,
    Article,
    Cause,
    Finding,
    Phase,
    Present,
    Step,
    Unknown,
    Verdict,
    older,
    version_of,
)
from iiscluster_kb.registry import HKLM, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.articles._object_check import Answer
    from iiscluster_kb.articles._objects import ClusterObjects
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, FileEntry

ARTICLE = Article(
    "Q252641",
    "MSDTC Conflicts During NTOP Installation on Cluster Server",
    "https://jeffpar.github.io/kbarchive/kb/252/Q252641/",
)
NEWER = Cause("Q252641/newer-msdtc", "MSDTC is newer than the Option Pack that is yet to be installed")
ONE_NODE = Cause("Q252641/service-on-one-node", "MSDTC is not installed on every node")
RESOURCE = Cause("Q252641/resource", "The resource of MSDTC is not there, or is in the Cluster Group")
CAUSES = (NEWER, ONE_NODE, RESOURCE)

_SERVICE = "MSDTC"
_OF_THE_OPTION_PACK = "1997.11.532.0"
"""Version of Msdtc.exe and Msdtc.dll with which the usual order works (Q223258)."""
_FILES = (r"%SystemRoot%\system32\msdtc.exe", r"%SystemRoot%\system32\msdtc.dll")
_INETSTP = HKLM / r"SOFTWARE\Microsoft\InetStp"
_WINDOWS_NT = HKLM / r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_IIS = 4
_BRINGS_NEWER = 4
"""First service pack with a newer MSDTC (Q223258, Q252641)."""
_KINDS = ("TRANSACTION COORDINATOR", "MSDTC")

_ORDER = Step(
    None,
    Phase.NOTE,
    "Install the Option Pack in the order for newer files of MSDTC",
    reason="The usual order fails on the second node (Q223258): there the cluster service is stopped for the set-up, "
    "afterwards MSDTC is removed on both nodes and set up again; then the service pack, on both nodes (Q218922).",
    expect="Set-up ends without errors of Transaction Server on either node.",
    warnings=(
        "Read Q223258 to its end before set-up is started; with SQL Server the order differs (Q192708, Q219264).",
    ),
)
_AGAIN = Step(
    None,
    Phase.NOTE,
    "Set up MSDTC again, on both nodes",
    reason="Check its log first (Q223397, steps 1 to 5). Then: remove the resource, msdtc -remove on both nodes, msdtc "
    "-install on the first with the log on a shared disk of a group that is not the Cluster Group, msdtc -join on the "
    "second (Q223258, steps 12 to 18; Q223397). Q252641 and Q255184 tell what to delete where that fails.",
    expect="The resource of MSDTC comes online on both nodes.",
    warnings=(
        "Transactions in doubt are lost with the log.",
        "Where SQL Server is clustered its group holds the resource; its set-up may have to be undone first.",
    ),
)


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node, then the nodes against each other."""
    conditions = (is_node, is_nt4, has_type(RESOURCE_TYPE))
    judges = {NEWER: _newer, RESOURCE: by_objects(RESOURCE, _resource)}
    yield from on_each_machine(cluster, judges, *conditions)
    yield from for_the_cluster(cluster, {ONE_NODE: lambda nodes: _one_node(cluster, nodes)}, *conditions)


# --- what set-up would meet -------------------------------------------------------------------------


def _newer(machine: Machine) -> Finding:
    return conclude(NEWER, machine, _versions(machine))


def _versions(machine: Machine) -> Answer:
    iis = machine.value(_INETSTP, "MajorVersion")
    match iis:
        case Unknown(reason=reason):
            return Open(reason, (iis,), (_collect.software(machine),))
        case Present(value=value) if (value.integer() or 0) >= _IIS:
            return Sound("IIS 4.0 is installed, so that a newer MSDTC is as it should be", (iis,))
        case _:
            pass
    newer, known = _newer_files(machine)
    files = [machine.file(path) for path in _FILES]
    facts: tuple[AnyFact, ...] = (iis, *files)
    if newer:
        faults = tuple(
            f"{fact.subject} is of version {fact.value.version}, the Option Pack's of {_OF_THE_OPTION_PACK}"
            for fact in newer
        )
        return Found("newer", faults, facts, (_ORDER,), Verdict.LIKELY)
    if len(known) == len(files) and all(is_newer is False for is_newer in known):
        return Sound("MSDTC is no newer than the Option Pack's", facts)
    if not known and (service_pack_number(machine) or 0) >= _BRINGS_NEWER:
        words = f"service pack {machine.service_pack} is installed, which brings a newer MSDTC"
        pack = machine.value(_WINDOWS_NT, "CSDVersion")
        return Found("service-pack", (words,), (*facts, pack), (_ORDER,), Verdict.LIKELY)
    directory = machine.expand(r"%SystemRoot%\system32")[0]
    wanted = (_collect.listing(machine, directory), _collect.software(machine))
    return Open("the version of MSDTC is not told", facts, wanted)


def _newer_files(machine: Machine) -> tuple[list[Present[FileEntry]], list[bool | None]]:
    """The files that are newer than the Option Pack's; and of each whose version is told, whether it is."""
    ours = version_of(_OF_THE_OPTION_PACK) or ()
    told = [
        (fact, older(ours, version))
        for fact in map(machine.file, _FILES)
        if isinstance(fact, Present) and (version := version_of(fact.value.version))
    ]
    return [fact for fact, is_newer in told if is_newer], [is_newer for _, is_newer in told]


# --- service and resource ---------------------------------------------------------------------------


def _one_node(cluster: Cluster, nodes: tuple[Machine, ...]) -> Finding:
    services = {node.name: find_service(node, _SERVICE) for node in nodes}
    facts: tuple[AnyFact, ...] = tuple(services.values())
    there = [name for name, fact in services.items() if isinstance(fact, Present)]
    gone = [name for name, fact in services.items() if isinstance(fact, Absent)]
    if there and gone:
        words = f"The service MSDTC is there on {', '.join(there)} and not on {', '.join(gone)}."
        return Finding(ONE_NODE, None, Verdict.LIKELY, "one-node", words, facts, steps=(_AGAIN,))
    if len(cluster.node_names) == 1 and (there or gone):
        words = "The cluster has one node; there is nothing to compare it with."
        return Finding(ONE_NODE, None, Verdict.NOT_APPLICABLE, "", words, facts)
    if len(nodes) >= max(2, len(cluster.node_names)) and len(there) + len(gone) == len(nodes):
        words = "The service MSDTC is there on every node." if there else "No node has the service MSDTC."
        return Finding(ONE_NODE, None, Verdict.RULED_OUT, "ok", words, facts)
    silent = [node for node in nodes if isinstance(services[node.name], Unknown)]
    collect = tuple(map(_collect.system, silent)) or ("SYSTEM of the other node",)
    words = "Whether every node has the service MSDTC is not known."
    return Finding(ONE_NODE, None, Verdict.UNDETERMINED, "", words, facts, collect=collect)


def _resource(machine: Machine, objects: ClusterObjects) -> Answer:
    service = find_service(machine, _SERVICE)
    match service:
        case Absent():
            return Sound(f"The service MSDTC is not installed on {machine.name}", (service,))
        case Unknown(reason=reason):
            return Open(reason, (service,), (_collect.system(machine),))
        case Present():
            pass
    if objects.unread or not objects.resources:
        reason = objects.unread[0] if objects.unread else "the evidence holds no resources at all"
        return Open(reason, (service, objects.root))
    own = [r for r in objects.resources if r.type and any(kind in fold(r.type) for kind in _KINDS)]
    if not own:
        words = "the service MSDTC is there, but the cluster holds no resource of it"
        return Found("none", (words,), (service, objects.root), (_AGAIN,), Verdict.LIKELY)
    default = objects.group_named(CLUSTER_GROUP)
    inside = [r for r in own if default is not None and objects.group_of(r) is default]
    facts = (service, *cite(machine, inside or own, "Type"))
    if default is not None and inside:
        faults = tuple(f"'{resource}' is in the group '{default}'" for resource in inside)
        members = machine.value(default.key, "Contains")
        return Found("default-group", faults, (*facts, members), (_AGAIN,), Verdict.LIKELY)
    return Sound("MSDTC has a resource, which is not in the Cluster Group", facts)


# --- what set-up would meet, told beside the steps that run it ---------------------------------------


def _warning(_cluster: Cluster, machine: Machine, _step: Step) -> str | None:
    newer, known = _newer_files(machine)
    if newer:
        what = f"{newer[0].subject} is of version {newer[0].value.version}"
    elif not known and (service_pack_number(machine) or 0) >= _BRINGS_NEWER:
        what = f"Service Pack {machine.service_pack} brought a newer MSDTC"
    else:
        return None
    return (
        f"{what}, the Option Pack's is {_OF_THE_OPTION_PACK}: set-up in the usual order may fail with errors of "
        "Transaction Server. Follow the order for newer files (Q223258, Q252641), and read it to its end first."
    )


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    relations=(Warns(runs_set_up, _warning),),
    confidence={NEWER: Confidence.MEDIUM, ONE_NODE: Confidence.MEDIUM, RESOURCE: Confidence.MEDIUM},
)
