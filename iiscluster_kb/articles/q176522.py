r"""IIS Server Instance Error Message with Microsoft Cluster Server (Q176522).

Symptom:
    Cluster Administrator cannot read the properties of the resource type "IIS
    Server Instance": error 234, "More data is available".

Causes told apart:
    windows-directories-differ
        Windows NT lies in different directories on the nodes, so inetsrv does
        too, and the cluster does not find its DLLs on one of them.
    install-paths-differ
        Windows lies alike, but IIS in different directories.
    type-dll-path
        DllName of the resource type is a path that leads to no file on one of
        the nodes.

What is read:
    SOFTWARE of every node (SystemRoot; InstallPath of InetStp), the cluster
    hive (DllName of the resource type), a listing of where DllName leads.

What it cannot tell:
    With the evidence of one node alone: anything. Whether an 8.3 name and a
    long one are the same directory.

Remedy:
    Install Windows NT, then the Option Pack, on one of the nodes into the
    directory that the other one has. No registry value mends this: files,
    services and registrations all hold the path.

References:
    Q176522; Q191138, Q223258 and Q230287 state the rule; Q241573 tells how one
    node is installed anew.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._iis_extension import RESOURCE_TYPE
from iiscluster_kb.articles._judging import for_the_cluster
from iiscluster_kb.articles._preconditions import find_resource_type, has_type, is_node, is_nt4
from iiscluster_kb.cluster import CLUSTER
from iiscluster_kb.model import Absent, Article, Cause, Finding, Phase, Present, Step, Unknown, Verdict
from iiscluster_kb.registry import HKLM, fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, Fact
    from iiscluster_kb.registry import RegistryValue

ARTICLE = Article(
    "Q176522",
    "IIS Server Instance Error Message with Microsoft Cluster Server",
    "https://jeffpar.github.io/kbarchive/kb/176/Q176522/",
)
WINDOWS = Cause("Q176522/windows-directories-differ", "Windows lies in different directories on the nodes")
INSTALL = Cause("Q176522/install-paths-differ", "IIS lies in different directories on the nodes")
DLL_PATH = Cause("Q176522/type-dll-path", "The resource type's DLL has a path that one node does not have")
CAUSES = (WINDOWS, INSTALL, DLL_PATH)

_INETSTP = HKLM / r"SOFTWARE\Microsoft\InetStp"


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Compare the nodes of the cluster with each other."""
    judges = {
        WINDOWS: partial(_windows, cluster),
        INSTALL: partial(_install, cluster),
        DLL_PATH: partial(_dll_path, cluster),
    }
    yield from for_the_cluster(cluster, judges, is_node, is_nt4, has_type(RESOURCE_TYPE))


# --- directories that must be alike -----------------------------------------------------------------


def _windows(cluster: Cluster, nodes: tuple[Machine, ...]) -> Finding:
    facts = {node.name: node.system_root for node in nodes}
    return _alike(WINDOWS, cluster, facts, "SystemRoot", Verdict.CONFIRMED)


def _install(cluster: Cluster, nodes: tuple[Machine, ...]) -> Finding:
    if _windows(cluster, nodes).verdict is Verdict.CONFIRMED:
        reason = "Where Windows itself lies in different directories, IIS does too."
        facts = tuple(node.system_root for node in nodes)
        return Finding(INSTALL, None, Verdict.NOT_APPLICABLE, "", reason, facts)
    found = {node.name: node.value(_INETSTP, "InstallPath") for node in nodes}
    return _alike(INSTALL, cluster, found, "InstallPath", Verdict.LIKELY)  # no article names that value


def _alike(
    cause: Cause,
    cluster: Cluster,
    facts: Mapping[str, Fact[RegistryValue]],
    name: str,
    verdict: Verdict,
) -> Finding:
    """One finding for the cluster: the directories that the nodes name for the same thing."""
    told: dict[str, str] = {}
    for machine, fact in facts.items():
        match fact:
            case Present(value=value) if text := (value.text() or "").strip():
                told[machine] = text
            case _:
                pass
    cited: tuple[AnyFact, ...] = tuple(facts.values())
    named = "; ".join(f"{machine} {path}" for machine, path in told.items())
    different = {_bare(cluster, machine, path) for machine, path in told.items()}
    if len(different) > 1 and any("~" in path for path in different):
        words = f"{name} is spelled in an 8.3 form, which may be the same directory: {named}."
        return Finding(cause, None, Verdict.UNDETERMINED, "", words, cited)
    if len(different) > 1:
        steps = (_install_alike(),)
        return Finding(cause, None, verdict, "differ", f"{name} differs: {named}.", cited, steps=steps)
    if len(told) > 1 and len(told) == len(facts):
        words = f"{name} is the same on {len(told)} nodes: {next(iter(told.values()))}."
        return Finding(cause, None, Verdict.RULED_OUT, "ok", words, cited)
    return _incomplete(cause, cluster, cited, [machine for machine in facts if machine not in told])


def _bare(cluster: Cluster, machine: str, path: str) -> str:
    owner = cluster.machine(machine)
    return fold((owner.expand(path)[0] if owner else path).rstrip("\\"))


def _incomplete(cause: Cause, cluster: Cluster, cited: tuple[AnyFact, ...], silent: list[str]) -> Finding:
    if not silent and len(cluster.node_names) == 1:
        words = "The cluster has one node; there is nothing to compare it with."
        return Finding(cause, None, Verdict.NOT_APPLICABLE, "", words, cited)
    who = ", ".join(silent) or "the other node"
    missing = [machine for name in silent if (machine := cluster.machine(name))]
    collect = tuple(_collect.software(machine) for machine in missing) or ("SOFTWARE of the other node",)
    words = f"What {who} has is not known, so the nodes cannot be compared."
    return Finding(cause, None, Verdict.UNDETERMINED, "", words, cited, collect=collect)


# --- the DLL of the resource type -------------------------------------------------------------------


def _dll_path(cluster: Cluster, nodes: tuple[Machine, ...]) -> Finding:
    name = next(filter(None, map(_dll_name, nodes)), None)
    if name is None:
        return _no_name(nodes)
    text = (name.value.text() or "").strip().strip('"')
    if "\\" not in text:
        words = f"DllName is {text}, a name without a directory, which each node looks for in its own."
        return Finding(DLL_PATH, None, Verdict.RULED_OUT, "ok", words, (name,))
    files = {node.name: node.file(text) for node in nodes}
    facts: tuple[AnyFact, ...] = (name, *files.values())
    gone = [machine for machine, fact in files.items() if isinstance(fact, Absent)]
    there = [machine for machine, fact in files.items() if isinstance(fact, Present)]
    if gone and there:
        words = f"DllName is {text}, which is there on {', '.join(there)} and not on {', '.join(gone)}."
        return Finding(DLL_PATH, None, Verdict.CONFIRMED, "absent", words, facts, steps=(_install_alike(),))
    if gone and len(gone) == len(files):
        words = f"DllName is {text}, which no node has: that is another fault (Q242398)."
        return Finding(DLL_PATH, None, Verdict.RULED_OUT, "ok", words, facts)
    if len(there) == len(files) and len(there) >= min(2, len(cluster.node_names)):
        words = f"DllName is {text}, which is there on every node."
        return Finding(DLL_PATH, None, Verdict.RULED_OUT, "ok", words, facts)
    silent = [node for node in nodes if isinstance(files[node.name], Unknown)]
    words = f"DllName is {text}; whether it is there on every node is not known."
    collect = tuple(_collect.listing(node, text.rpartition("\\")[0]) for node in silent)
    return Finding(DLL_PATH, None, Verdict.UNDETERMINED, "", words, facts, collect=collect)


def _dll_name(machine: Machine) -> Present[RegistryValue] | None:
    if not isinstance(find_resource_type(machine, RESOURCE_TYPE).live, Present):
        return None
    for parent in ("ResourceTypes", "Resource Types"):
        match machine.value(CLUSTER / parent / RESOURCE_TYPE, "DllName"):
            case Present(value=value) as fact if (value.text() or "").strip():
                return fact
            case _:
                pass
    return None


def _no_name(nodes: tuple[Machine, ...]) -> Finding:
    facts = tuple(machine.key(CLUSTER / "ResourceTypes" / RESOURCE_TYPE) for machine in nodes)
    collect = tuple(map(_collect.cluster_hive, nodes))
    words = "No evidence tells the DLL of the resource type."
    return Finding(DLL_PATH, None, Verdict.UNDETERMINED, "", words, facts, collect=collect)


def _install_alike() -> Step:
    return Step(
        None,
        Phase.NOTE,
        "Install one node anew, into the directory that the other one has",
        reason="Both nodes need Windows NT, and IIS, in the same directory (Q176522, Q191138, Q230287). Evict the node, "
        "install Windows NT Server, Enterprise Edition, into that directory, join the cluster, then the Option Pack on "
        "that node alone as Q241573 says.",
        expect="SystemRoot is the same on every node, and Cluster Administrator reads the properties of the resource "
        "type.",
        warnings=("Do not change the path in the registry: files and registrations would not follow.",),
    )


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    confidence={WINDOWS: Confidence.HIGH, INSTALL: Confidence.MEDIUM, DLL_PATH: Confidence.HIGH},
)
