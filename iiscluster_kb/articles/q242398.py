r"""Cluster Loses Track of Custom Resource DLL Registration (Q242398).

Symptom:
    A resource whose DLL is not Clusres.dll does not behave as it should after
    its resource monitor failed; Cluster Administrator shows no resource type
    for it.

Causes told apart:
    type-missing
        A resource's Type is empty, or names a resource type that the cluster
        hive does not hold.
    no-dll-name
        A resource type has no DllName.
    dll-not-found
        The file that DllName of a resource type names is not on the node.

What is read:
    The cluster hive (Resources, ResourceTypes) of each node, a listing of the
    directories where a resource DLL may lie, SOFTWARE (service pack).

What it cannot tell:
    Whether the state came from the fault that the article is about or from a
    removal that was never finished. Where the resource monitor looks for a DLL
    without a directory is not documented: that one is gone is at most likely,
    and only where Clusres.dll itself is listed.

Remedy:
    Register the resource type again, by the set-up of the product it belongs
    to, once its DLL is on every node. For "IIS Server Instance" that is the
    World Wide Web component of the Option Pack (Q223259, Q241573). Then Service
    Pack 6, which first mended this.

References:
    Q242398; Q223259; Q241573.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._iis_extension import DIRECTORY as INETSRV
from iiscluster_kb.articles._iis_extension import RESOURCE_TYPE as IIS
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._objects import ClusterObjects, read_objects
from iiscluster_kb.articles._preconditions import is_node, is_nt4
from iiscluster_kb.cluster import CLUSTER, CURRENT_CONTROL_SET, join
from iiscluster_kb.model import Absent, Article, Cause, Finding, Phase, Present, Step, Unknown, Verdict
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from iiscluster_kb.articles._objects import ResourceTypeEntry
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, Fact, FileEntry

ARTICLE = Article(
    "Q242398",
    "Cluster Loses Track of Custom Resource DLL Registration",
    "https://jeffpar.github.io/kbarchive/kb/242/Q242398/",
)
TYPE_MISSING = Cause("Q242398/type-missing", "A resource's type is not registered")
NO_DLL_NAME = Cause("Q242398/no-dll-name", "A resource type names no DLL")
DLL_NOT_FOUND = Cause("Q242398/dll-not-found", "A resource type's DLL is not on the node")
CAUSES = (TYPE_MISSING, NO_DLL_NAME, DLL_NOT_FOUND)

_CITED = 10
"""Facts of objects that a finding names one by one."""
_STANDARD_DLL = "clusres.dll"
"""Of the types that come with Cluster Server; a listing without it is none of a whole node."""
_ENVIRONMENT = CURRENT_CONTROL_SET / r"Control\Session Manager\Environment"
_MENDED = " Service Pack 6 first mended what loses registrations (Q242398)."
_SERVICE_PACK = 6


class _Told(NamedTuple):
    """What the objects of a hive show of one cause."""

    faults: tuple[str, ...]
    """Each in words."""
    facts: tuple[AnyFact, ...]
    """Of the first of them; where there is none, what rules the cause out."""
    in_doubt: str = ""
    """Why a cause without faults is not ruled out."""
    verdict: Verdict = Verdict.CONFIRMED
    detail: str = "ok"
    iis: bool = False
    """Whether one of them is that of IIS."""


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge each node by its own cluster hive and its own files."""
    asked = {TYPE_MISSING: _types, NO_DLL_NAME: _names, DLL_NOT_FOUND: _files}
    judges = {cause: partial(_judge, cause, look) for cause, look in asked.items()}
    yield from on_each_machine(cluster, judges, is_node, is_nt4)


def _judge(cause: Cause, look: Callable[[Machine, ClusterObjects], _Told], machine: Machine) -> Finding:
    objects = read_objects(machine)
    if not isinstance(objects, ClusterObjects):
        reason = objects.reason if isinstance(objects, Unknown) else f"{objects.subject} is absent"
        return _open(cause, machine, (objects,), reason)
    told = look(machine, objects)
    if told.faults:
        more = len(told.faults) - _CITED
        listed = "; ".join(told.faults[:_CITED]) + (f"; and {more} more" if more > 0 else "")
        explanation = f"{listed[:1].upper()}{listed[1:]}.{'' if _has_the_fix(machine) else _MENDED}"
        return Finding(
            cause,
            machine.name,
            told.verdict,
            told.detail,
            explanation,
            facts=told.facts,
            # A type is registered once for the cluster; a DLL is put on each node.
            steps=_steps(machine.name if cause is DLL_NOT_FOUND else None, iis=told.iis),
        )
    if told.in_doubt or objects.unread:
        return _open(cause, machine, told.facts, told.in_doubt or objects.unread[0])
    return Finding(cause, machine.name, Verdict.RULED_OUT, "ok", f"{_SOUND[cause]}.", told.facts)


_SOUND = {
    TYPE_MISSING: "Every resource is of a type that the cluster hive holds",
    NO_DLL_NAME: "Every resource type names its DLL",
    DLL_NOT_FOUND: "The DLL of every resource type is on the node",
}


def _live_types(machine: Machine, objects: ClusterObjects) -> tuple[ResourceTypeEntry, ...]:
    """Those that the service reads: of a second, misspelt key nothing does."""
    spelled_right = tuple(entry for entry in objects.types if entry.key.is_within(CLUSTER / "ResourceTypes"))
    return spelled_right if isinstance(machine.key(CLUSTER / "ResourceTypes"), Present) else objects.types


# --- resources without a type -----------------------------------------------------------------------


def _types(machine: Machine, objects: ClusterObjects) -> _Told:
    types = _live_types(machine, objects)
    if not types:
        return _Told((), (objects.root,), "the evidence holds no resource types at all")
    known = {fold(entry.name) for entry in types}
    faults, facts, unread, details, iis = [], [], "", set(), False
    for resource in objects.resources:
        if resource.type and fold(resource.type) in known:
            continue
        fact = machine.value(resource.key, "Type")
        match fact:
            case Unknown(reason=reason):
                unread = unread or f"{fact.subject}: {reason}"
                continue
            case Present() if resource.type:
                details.add("unregistered")
                faults.append(f"resource '{resource}' is of type '{resource.type}', which is not registered")
                iis = iis or fold(resource.type) == fold(IIS)
            case _ if resource.name:
                details.add("no-type")
                faults.append(f"resource '{resource}' has no type")
            case _:  # a bare key shows nothing
                continue
        facts.append(fact)
    if not faults:
        return _Told((), (objects.root,), unread)
    detail = "unregistered" if "unregistered" in details else "no-type"
    return _Told(tuple(faults), tuple(facts[:_CITED]), detail=detail, iis=iis)


# --- types without a DLL ----------------------------------------------------------------------------


def _names(machine: Machine, objects: ClusterObjects) -> _Told:
    types = _live_types(machine, objects)
    if not any(entry.dll for entry in types):
        return _Told((), (objects.root,), "the evidence holds no resource type with a DLL")
    faults, facts, unread, iis = [], [], "", False
    for entry in types:
        if entry.dll and entry.dll.strip():
            continue
        fact = machine.value(entry.key, "DllName")
        if isinstance(fact, Unknown):
            unread = unread or f"{fact.subject}: {fact.reason}"
            continue
        faults.append(f"resource type '{entry.name}' has {_lack(fact)}")
        facts.append(fact)
        iis = iis or fold(entry.name) == fold(IIS)
    if not faults:
        return _Told((), (objects.root,), unread)
    return _Told(tuple(faults), tuple(facts[:_CITED]), detail="no-name", iis=iis)


def _lack(fact: AnyFact) -> str:
    return "no DllName" if isinstance(fact, Absent) else "a DllName that names nothing"


# --- DLLs that are gone -----------------------------------------------------------------------------


def _files(machine: Machine, objects: ClusterObjects) -> _Told:
    by_dll: dict[str, list[ResourceTypeEntry]] = {}
    for entry in _live_types(machine, objects):
        if entry.dll and entry.dll.strip():
            by_dll.setdefault(fold(entry.dll.strip()), []).append(entry)
    if not by_dll:
        return _Told((), (objects.root,), "the evidence holds no resource type with a DLL")
    faults, facts, unread, bare, iis = [], [], "", True, False
    there: list[AnyFact] = []
    for entries in by_dll.values():
        first = entries[0]
        name = (first.dll or "").strip().strip('"')
        fact = machine.file(name) if "\\" in name else _search(machine, name)
        match fact:
            case Present():
                there.append(fact)
            case Unknown(reason=reason):
                unread = unread or f"{name}: {reason}"
            case Absent():
                kinds = ", ".join(f"'{entry.name}'" for entry in entries[:3])
                faults.append(f"{name}, the DLL of {kinds}, is not there")
                facts += [machine.value(first.key, "DllName"), fact]
                bare = bare and "\\" not in name
                iis = iis or any(fold(entry.name) == fold(IIS) for entry in entries)
    if not faults:
        return _Told((), tuple(there[:_CITED]) or (objects.root,), unread)
    verdict = Verdict.LIKELY if bare else Verdict.CONFIRMED
    return _Told(tuple(faults), tuple(facts[: 2 * _CITED]), verdict=verdict, detail="absent", iis=iis)


def _search(machine: Machine, name: str) -> Fact[FileEntry]:
    """Look for a bare name wherever a loader might; anything less than a whole listing decides nothing."""
    answers = [machine.file(join(directory, name)) for directory in _directories(machine)]
    for wanted in (Present, Unknown):
        for answer in answers:
            if isinstance(answer, wanted):
                return answer
    if _is_listed(machine, name):
        return Unknown(answers[0].subject, "a file of that name lies elsewhere")
    if not _is_listed(machine, _STANDARD_DLL):
        return Unknown(answers[0].subject, f"the listing does not even show {_STANDARD_DLL}")
    return answers[0]


def _is_listed(machine: Machine, name: str) -> bool:
    return any(True for _ in machine.files.files_named(name))


def _directories(machine: Machine) -> Iterable[str]:
    path = machine.text(_ENVIRONMENT, "Path") or ""
    fixed = (machine.cluster_directory, INETSRV, r"%SystemRoot%\system32", r"%SystemRoot%\system")
    named = (part.strip() for part in path.split(";") if part.strip())
    return dict.fromkeys((*fixed, *named, "%SystemRoot%"))


# --- what is done about it --------------------------------------------------------------------------


def _has_the_fix(machine: Machine) -> bool:
    number = (machine.service_pack or "").rstrip("a")
    return number.isdecimal() and int(number) >= _SERVICE_PACK


def _steps(machine: str | None, *, iis: bool) -> tuple[Step, ...]:
    of_iis = (
        f" '{IIS}' comes with the World Wide Web component of the Option Pack, to be installed on both nodes (Q223259, "
        "Q241573)."
        if iis
        else ""
    )
    return (
        Step(
            machine,
            Phase.ADMINISTER,
            "Register the resource type again",
            reason="The set-up of the product that the type belongs to puts its DLL on every node and registers the "
            f"type once for the cluster (Q242398).{of_iis}",
            expect="Cluster Administrator shows the type of each resource, and the resource comes online on every node.",
            warnings=(
                "Do not write the key by hand: what is typed into HKLM\\Cluster reaches one node alone.",
            ),
        ),
    )


def _open(cause: Cause, machine: Machine, facts: tuple[AnyFact, ...], reason: str) -> Finding:
    collect = [_collect.cluster_hive(machine)]
    if cause is DLL_NOT_FOUND:
        collect += [_collect.listing(machine, machine.expand("%SystemRoot%")[0])]
    words = f"{cause.title}, or not: {reason}."
    return Finding(cause, machine.name, Verdict.UNDETERMINED, "", words, facts=facts, collect=tuple(collect))


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    confidence={TYPE_MISSING: Confidence.HIGH, NO_DLL_NAME: Confidence.HIGH, DLL_NOT_FOUND: Confidence.HIGH},
)
