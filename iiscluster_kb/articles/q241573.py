r"""How to Install IIS 4.0 onto a Single Node of MSCS 1.0 (Q241573).

Symptom:
    IIS runs on one node and does not fail over to the other, which was rebuilt
    or on which IIS was damaged or removed.

Causes told apart:
    iis-on-one-node
        The node has nothing of IIS 4.0, while another node has it and the
        cluster has the resource type "IIS Server Instance".
    components-differ
        Both have IIS, but not the same services of it.
    builds-differ
        Both have the cluster's DLLs of IIS, but not of the same build.

What is read:
    SOFTWARE (Microsoft\InetStp), SYSTEM (services IISADMIN, W3SVC, MSFTPSVC),
    the cluster hive (resource type), a listing of inetsrv; of every node.

What it cannot tell:
    How the metabase and the MTS packages of the nodes differ, which is what
    IISSYNC brings over. Which components set-up was asked for: the form in
    which OC Manager keeps that is not documented. Builds are told by the
    version, else by size and date, so a difference is no more than likely.

Remedy:
    The order of the article, on the node that lacks IIS: cluster service
    stopped and Manual, Option Pack with the same options, the other node's
    service pack, cluster service Automatic; MTS replication configured; then IISSYNC, from
    the good node only, for from the other one it destroys what is good.

References:
    Q241573; Q191138; Q235698 and Q224801 (IISSYNC); Q223259 (Option Pack with
    FTP alone).
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._builds import identify_file
from iiscluster_kb.articles._iis_extension import DIRECTORY, DLL, RESOURCE_TYPE
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._option_pack import FIRST_NEWER_PACK, SET_UP, service_pack_number
from iiscluster_kb.articles._preconditions import has_type, is_node, is_nt4
from iiscluster_kb.articles._put_back import is_put_back
from iiscluster_kb.articles._relations import Supersedes
from iiscluster_kb.cluster import CURRENT_CONTROL_SET, join
from iiscluster_kb.model import (
    Absent,
    Article,
    Cause,
    Finding,
    KeySubject,
    Phase,
    Present,
    Step,
    Unknown,
    ValueChange,
    Verdict,
    same_build,
    version_of,
)
from iiscluster_kb.registry import HKLM, RegistryValue, ValueType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, Fact, FileEntry

ARTICLE = Article(
    "Q241573",
    "How to Install IIS 4.0 onto a Single Node of MSCS 1.0",
    "https://jeffpar.github.io/kbarchive/kb/241/Q241573/",
)
ONE_NODE = Cause("Q241573/iis-on-one-node", "The node has no IIS, while another node has")
COMPONENTS = Cause("Q241573/components-differ", "The nodes do not have the same services of IIS")
BUILDS = Cause("Q241573/builds-differ", "The nodes do not have the same build of IIS's cluster files")
CAUSES = (ONE_NODE, COMPONENTS, BUILDS)

_INETSTP = HKLM / r"SOFTWARE\Microsoft\InetStp"
_SERVICES = ("IISADMIN", "W3SVC", "MSFTPSVC")
_FILES = ("Clusiis4.dll", DLL)

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,14}")
"""A NetBIOS name that means itself on a command line."""


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Compare each node with the others."""
    judges = {
        ONE_NODE: partial(_one_node, cluster),
        COMPONENTS: partial(_components, cluster),
        BUILDS: partial(_builds, cluster),
    }
    yield from on_each_machine(cluster, judges, is_node, is_nt4, has_type(RESOURCE_TYPE))


def _others(cluster: Cluster, machine: Machine) -> tuple[Machine, ...]:
    return tuple(node for node in cluster.nodes if node is not machine)


# --- IIS at all -------------------------------------------------------------------------------------


def _signs(machine: Machine) -> tuple[AnyFact, ...]:
    """What IIS leaves on a node wherever it was installed: its own key and its services."""
    services = (machine.key(CURRENT_CONTROL_SET / "Services" / name) for name in _SERVICES)
    return machine.key(_INETSTP), *services


def _has_iis(machine: Machine) -> bool | None:
    """None: the evidence does not tell, or is too thin for an absence to mean anything."""
    signs = _signs(machine)
    if any(isinstance(sign, Present) for sign in signs):
        return True
    whole = isinstance(machine.windows_version, Present)
    whole = whole and isinstance(machine.key(CURRENT_CONTROL_SET / r"Services\ClusSvc"), Present)
    return False if whole and all(isinstance(sign, Absent) for sign in signs) else None


def _one_node(cluster: Cluster, machine: Machine) -> Finding:
    signs = _signs(machine)
    match _has_iis(machine):
        case True:
            seen = tuple(sign for sign in signs if isinstance(sign, Present))
            return _finding(ONE_NODE, machine, Verdict.RULED_OUT, "ok", f"{seen[0].subject} is there.", seen)
        case None:
            words = f"Whether IIS is installed on {machine.name} is not known."
            return _open(ONE_NODE, machine, words, signs, machine)
        case False:
            pass
    donors = [node for node in _others(cluster, machine) if _has_iis(node)]
    if donors:
        good = donors[0]
        seen = tuple(sign for sign in _signs(good) if isinstance(sign, Present))
        words = f"{machine.name} has neither key nor service of IIS 4.0, {good.name} has."
        found = _finding(ONE_NODE, machine, Verdict.CONFIRMED, "absent", words, (*signs, *seen))
        return replace(found, steps=_install(machine, good))
    if unseen := [node for node in _others(cluster, machine) if _has_iis(node) is None]:
        words = f"{machine.name} has no IIS; whether {unseen[0].name} has is not known."
        return _open(ONE_NODE, machine, words, signs, unseen[0])
    words = "No node has IIS."
    return _finding(ONE_NODE, machine, Verdict.RULED_OUT, "ok", words, signs)


# --- which services of it ---------------------------------------------------------------------------


def _components(cluster: Cluster, machine: Machine) -> Finding:
    if _has_iis(machine) is not True:
        return _waiting(COMPONENTS, machine)
    unseen: list[Machine] = []
    cited: list[AnyFact] = list(_signs(machine)[1:])
    for other in _others(cluster, machine):
        if _has_iis(other) is False:
            continue  # the other node's own finding
        for name in _SERVICES:
            key = CURRENT_CONTROL_SET / "Services" / name
            match machine.key(key), other.key(key):
                case (Absent() as here, Present() as there):
                    words = f"{machine.name} has no service {name}, {other.name} has."
                    found = _finding(COMPONENTS, machine, Verdict.LIKELY, "service", words, (here, there))
                    return replace(found, steps=(_make_alike(machine, other),))
                case (Unknown(), _) | (_, Unknown()):
                    unseen.append(other if isinstance(other.key(key), Unknown) else machine)
                case _:
                    pass
    if unseen:
        words = f"Which services of IIS {unseen[0].name} has is not known."
        return _open(COMPONENTS, machine, words, cited, unseen[0])
    words = f"{machine.name} has every service of IIS that another node has."
    return _finding(COMPONENTS, machine, Verdict.RULED_OUT, "ok", words, cited)


# --- which builds -----------------------------------------------------------------------------------


def _builds(cluster: Cluster, machine: Machine) -> Finding:
    if _has_iis(machine) is not True:
        return _waiting(BUILDS, machine)
    cited: list[AnyFact] = []
    doubts: list[str] = []
    for other in _others(cluster, machine):
        for name in _FILES:
            if any(is_put_back(node, join(DIRECTORY, name)) for node in (machine, other)):
                continue  # then it is of the build that the plan wants
            here, there = (node.file(join(DIRECTORY, name)) for node in (machine, other))
            cited.append(here)
            told = _compared(machine, other, here, there)
            if isinstance(told, str):
                doubts.append(f"{name}: {told}")
            elif told:
                words = f"{name}: {machine.name} has {_told(here)}, {other.name} has {_told(there)}."
                found = _finding(BUILDS, machine, Verdict.LIKELY, "differ", words, (here, there))
                return replace(found, steps=(_make_alike(machine, other),))
    if doubts:
        words = f"The builds cannot be compared: {doubts[0]}."
        directory = machine.expand(DIRECTORY)[0]
        collect = tuple(_collect.listing(node, directory) for node in cluster.nodes)
        found = _finding(BUILDS, machine, Verdict.UNDETERMINED, "", words, cited)
        return replace(found, collect=collect)
    words = "As far as can be compared, the nodes have the same builds."
    return _finding(BUILDS, machine, Verdict.RULED_OUT, "ok", words, cited)


def _compared(machine: Machine, other: Machine, here: Fact[FileEntry], there: Fact[FileEntry]) -> bool | str:
    """Whether one file is of different builds on two nodes, or why that is not known."""
    match here, there:
        case (Unknown(reason=reason), _) | (_, Unknown(reason=reason)):
            return reason
        case Present(value=mine), Present(value=theirs):
            if None in {machine.architecture, other.architecture}:
                return "which processor each node has is not known"
            if machine.architecture != other.architecture:
                return False
            told = _differ(mine, theirs)
            return "of which builds they are is not known" if told is None else told
        case _:
            return False  # a file that is missing is the matter of other articles


def _differ(mine: FileEntry, theirs: FileEntry) -> bool | None:
    """Whether two files of one name are of different builds; None: nothing tells."""
    one, other = version_of(mine.version), version_of(theirs.version)
    if one is not None and other is not None:
        return not same_build(one, other)
    if None not in {mine.size, mine.modified} and (mine.size, mine.modified) == (
        theirs.size,
        theirs.modified,
    ):
        return False
    # A version on one side alone is not set against a date on the other.
    here, there = (identify_file(replace(entry, version=None)) for entry in (mine, theirs))
    if not here.builds or not there.builds:
        return None
    return not set(here.builds) & set(there.builds)


def _told(fact: Fact[FileEntry]) -> str:
    match fact:
        case Present(value=entry) if not entry.version:
            return f"the build of {identify_file(entry)}"
        case Present(value=entry):
            return f"version {entry.version}"
        case _:
            return "none that is known"


# --- what both have in common -----------------------------------------------------------------------


def _waiting(cause: Cause, machine: Machine) -> Finding:
    if _has_iis(machine) is False:
        words = f"{machine.name} has nothing of IIS that could be compared."
        return _finding(cause, machine, Verdict.NOT_APPLICABLE, "", words, _signs(machine))
    words = f"Whether IIS is installed on {machine.name} is not known."
    return _open(cause, machine, words, _signs(machine), machine)


def _finding(  # noqa: PLR0913, PLR0917 - all that a finding of a comparison is made of
    cause: Cause, machine: Machine, verdict: Verdict, detail: str, words: str, facts: Iterable[AnyFact]
) -> Finding:
    return Finding(cause, machine.name, verdict, detail, words, tuple(facts))


def _open(cause: Cause, machine: Machine, words: str, facts: Iterable[AnyFact], missing: Machine) -> Finding:
    found = _finding(cause, machine, Verdict.UNDETERMINED, "", words, facts)
    return replace(found, collect=(_collect.system(missing), _collect.software(missing)))


def _make_alike(machine: Machine, other: Machine) -> Step:
    return Step(
        machine.name,
        Phase.NOTE,
        f"Bring IIS of {machine.name} and {other.name} to the same state",
        reason="Both nodes need the same components of the Option Pack and the same service pack and hotfixes, applied "
        "after it (Q241573, Q191138). Apply on each node what the other one has.",
        expect="Services and files of IIS are the same on both nodes.",
    )


def _install(machine: Machine, good: Machine) -> tuple[Step, ...]:
    """The article's order; ``good`` is never touched before the last step.

    What set-up brings comes before all else on the node; only IISSYNC waits until both nodes are done.
    """
    name = machine.name
    command = f'cd /d "{good.expand(DIRECTORY)[0]}"\niissync {name}'
    return (
        Step(
            name,
            Phase.RESTORE_FILE,
            f"With its cluster service stopped, run {SET_UP} on {name}",
            "net stop clussvc",
            "Stop the service and set it to Manual (Control Panel, Services, Cluster Server, Startup): set-up must not "
            f"see it run. Install with the same choice as on {good.name} (Minimal, Typical or Custom, and in it the same "
            f"components); restart the node, {_service_pack(machine, good)}, restart once more (Q241573, Q218922).",
            "Services W3SVC and IISADMIN are there, Iisclex4.dll and Clusiis4.dll lie in inetsrv: set-up brings and "
            "registers them, so that no single file need be taken from the CD first.",
            ("Go no further before the service is stopped.",),
            achieves=tuple(_left_by_setup(machine, good)),
        ),
        Step(
            name,
            Phase.RESTORE_FILE,
            f"Start the cluster service of {name} and set it to Automatic",
            "net start clussvc",
            "The node joins again. If it was rebuilt altogether, MSDTC is to be taken off and put on the cluster again "
            "on both nodes (Q241573).",
            "The node is up in Cluster Administrator.",
        ),
        Step(
            good.name,
            Phase.ADMINISTER,
            f"Configure MTS replication, then replicate from {good.name} to {name}",
            command=command if _PLAIN_NAME.fullmatch(name) else None,
            reason="Replication Share and Remote Server Name of My Computer in Microsoft Transaction Server come first, "
            "on both nodes; then IISSYNC brings metabase and packages over (Q241573).",
            expect=f"Each instance comes online on {name}.",
            warnings=(
                f"Run IISSYNC on {good.name} alone: from {name} it destroys what is good (Q241573, Q235698).",
            ),
        ),
    )


def _service_pack(machine: Machine, good: Machine) -> str:
    """What is applied after set-up: the same on both nodes, and never an older one than before."""
    here, there = service_pack_number(machine), service_pack_number(good)
    if here is None or there is None:
        return f"apply the service pack that {good.name} has"
    if here > there:
        return f"apply Service Pack {machine.service_pack} again (and on {good.name} too, which is behind it)"
    if there >= FIRST_NEWER_PACK:
        return f"apply Service Pack {good.service_pack}, which {good.name} has"
    return f"apply a service pack after it only where {good.name} got one"


def _left_by_setup(machine: Machine, good: Machine) -> Iterator[ValueChange]:
    """What set-up with the same choice leaves in the registry, as far as it is asked for here."""
    for here, there in zip(_signs(machine), _signs(good), strict=True):
        if isinstance(there, Present) and isinstance(here.subject, KeySubject):
            key = here.subject.key
            name, number = ("MajorVersion", 4) if key.is_within(_INETSTP) else ("Start", 2)
            value = RegistryValue(name, ValueType.REG_DWORD, number.to_bytes(4, "little"))
            yield ValueChange(key, name, None, value, makes=key)


_EXTRACTING = Supersedes(
    ONE_NODE.id,
    ("Q224553/dll-missing", "Q224553/clsid-unregistered"),
    frozenset({Phase.RESTORE_FILE, Phase.REGISTER}),
)
"""Set-up brings the file and registers it; a single file would be of no use to a node without IIS."""

RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    relations=(_EXTRACTING,),
    confidence={ONE_NODE: Confidence.HIGH, COMPONENTS: Confidence.MEDIUM, BUILDS: Confidence.MEDIUM},
)
