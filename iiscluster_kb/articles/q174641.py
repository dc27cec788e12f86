r"""Resource Parameters Tab Is Missing (Q174641).

Symptom:
    In Cluster Administrator no resource has a Parameters page, and the wizard
    for new resources offers Finish where it should offer Next, whatever the
    resource type. Where IIS Server Instance alone shows this, it is Q224553.

Causes told apart:
    dll-missing
        Cluadmex.dll is not in the cluster directory, or it or Debugex.dll is
        there and empty or no PE image; or Debugex.dll is listed as an
        extension and is not there.
    dll-outdated
        What is there is as old as Cluster Server 1.0 under Service Pack 5 or
        later, or of a size that no build of its time has.
    clsid-unregistered
        {4EC90FB0-D0BB-11CF-B5EF-00A0C90AB505} is not registered as an
        in-process server, or its path leads to no file.
    admin-extensions-missing
        Standard resource types with a Parameters page do not list that CLSID
        in AdminExtensions.

What is read:
    Of each machine that runs Cluster Administrator, a node or a workstation:
    a listing of the cluster directory and the files themselves; SOFTWARE
    (Classes\CLSID, service pack). Of each node the cluster hive (the resource
    types that lie in Clusres.dll).

What it cannot tell:
    Whether a file's code is sound. Sizes in the article are those of Cluster
    Server 1.0; what Service Packs 4 and 6 brought is not published, so that
    another size proves nothing under these. Debugex.dll need not be there
    where nobody registered it. That the CLSID is that of Cluadmex.dll is
    concluded from the Platform SDK and Q272350.

Remedy:
    Put the file of the installed service pack in place and register it. On a
    workstation with nothing but Cluster Administrator: rename the cluster
    directory and install the program anew. What no longer is listed is listed
    again by registering Cluadmex.dll with the cluster.

References:
    Q174641; Q224553 (the same symptom for one resource type); Q235373 and
    Q262705 (later builds); Q272350 (registering with the cluster); Platform
    SDK, June 1998 (AdminExtensions of Physical Disk, REGCLADM).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import Confidence, Rule, _collect
from iiscluster_kb.articles._extension_list import Listing, add_extension, read_extensions
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._option_pack import service_pack_number
from iiscluster_kb.articles._preconditions import (
    administers_the_cluster,
    find_resource_type,
    is_node,
    loads_extensions,
)
from iiscluster_kb.articles._registered import judge_registration
from iiscluster_kb.articles._server import clsid_key, follow
from iiscluster_kb.articles._spelling import spelled
from iiscluster_kb.articles._standard_extension import (
    CLSID,
    DEBUG_DLL,
    DLL,
    list_step,
    register_step,
    restore_step,
)
from iiscluster_kb.cluster import CLUSTER, join
from iiscluster_kb.model import Absent, Article, Cause, Finding, Present, Role, Unknown, ValueChange, Verdict
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, Fact, FileEntry
    from iiscluster_kb.registry import KeyPath, RegistryValue

ARTICLE = Article(
    "Q174641",
    "Resource Parameters Tab Is Missing",
    "https://jeffpar.github.io/kbarchive/kb/174/Q174641/",
)
DLL_MISSING = Cause("Q174641/dll-missing", "The standard extension's file is missing or unusable")
DLL_OUTDATED = Cause("Q174641/dll-outdated", "The standard extension's file is of a wrong build")
CLSID_UNREGISTERED = Cause("Q174641/clsid-unregistered", "The standard extension's CLSID is not registered")
VALUE_MISSING = Cause(
    "Q174641/admin-extensions-missing", "Standard resource types do not list the standard extension"
)
CAUSES = (DLL_MISSING, DLL_OUTDATED, CLSID_UNREGISTERED, VALUE_MISSING)

VALUE = "AdminExtensions"
DOCUMENTED = "Physical Disk"
"""The type whose AdminExtensions the Platform SDK prints."""
STANDARD_TYPES = (
    DOCUMENTED,
    "File Share",
    "Generic Application",
    "Generic Service",
    "IP Address",
    "Network Name",
    "Print Spooler",
)
"""Types with parameters of their own (Platform SDK), which therefore have a page for them."""

_RESOURCE_DLL = fold("clusres.dll")
_OLDEST = {DLL: 131_344, DEBUG_DLL: 57_616}
"""Bytes for x86 in Cluster Server 1.0 (Q174641)."""
_LATER = {DLL: range(133_001, 138_240), DEBUG_DLL: range(0)}
"""What later builds for x86 have: 135,952 bytes, and 134 KB rounded either way (Q235373, Q262705)."""
_CHANGED = {DLL: 5, DEBUG_DLL: None}
"""The first service pack that is known to bring another size than the oldest (Q235373)."""
_UNPUBLISHED = {DLL: 4, DEBUG_DLL: 6}
"""The first service pack of which no size is published and the one before has the oldest."""
_SOUND, _DOUBT = "ok", ""
_MOST_EXTENSIONS = 16
"""CLSIDs of a type that are followed to their file."""


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """Judge file and registration wherever Cluster Administrator runs, the lists on each node."""
    yield from on_each_machine(
        cluster,
        {DLL_MISSING: _missing, DLL_OUTDATED: _outdated, CLSID_UNREGISTERED: _clsid},
        administers_the_cluster,
        loads_extensions,
        directories=(r"%SystemRoot%\Cluster",),
    )
    yield from on_each_machine(cluster, {VALUE_MISSING: _lists}, is_node, loads_extensions)


def _directory(machine: Machine) -> str:
    return machine.expand(machine.cluster_directory)[0]


# --- the files --------------------------------------------------------------------------------------


def _missing(machine: Machine) -> Finding:
    path = join(_directory(machine), DLL)
    judged = partial(Finding, DLL_MISSING, machine.name)
    fact = machine.file(path)
    match fact:
        case Unknown(reason=reason):
            collect = (_collect.listing(machine, _directory(machine)),)
            explanation = f"Whether {path} is there is not known: {reason}."
            return judged(Verdict.UNDETERMINED, "", explanation, (fact,), collect=collect)
        case Absent():
            return _absent(machine, path, fact)
        case Present(value=entry) if fault := _fault(machine, entry):
            detail, said = fault
            steps = (restore_step(machine, DLL), *_debugging(machine).steps)
            return judged(Verdict.CONFIRMED, detail, f"{path} {said}.", (fact,), steps=steps)
    finding = _debugging(machine)
    if finding.verdict is not Verdict.RULED_OUT:
        return finding
    size = "" if fact.value.size is None else f" with {fact.value.size:,} bytes"
    return judged(Verdict.RULED_OUT, "ok", f"{fact.value.path} is there{size}.", (fact, *finding.facts))


def _absent(machine: Machine, path: str, fact: Absent) -> Finding:
    judged = partial(Finding, DLL_MISSING, machine.name)
    server = follow(machine, CLSID)
    match server.file:
        case Present(value=entry) if _fault(machine, entry) is None:
            explanation = f"{path} is not there, but the extension is registered to {entry.path}, which is."
            debugging = _debugging(machine)
            if debugging.verdict is not Verdict.RULED_OUT:
                return debugging
            return judged(Verdict.RULED_OUT, "ok", explanation, (fact, *server.facts))
        case _:
            pass
    beside = [machine.file(join(_directory(machine), name)) for name in ("Cluadmin.exe", "Clussvc.exe")]
    if not any(isinstance(one, Present) for one in beside):
        explanation = f"Neither {path} nor Cluster Administrator itself is in that directory."
        collect = (_collect.listing(machine, _directory(machine)),)
        return judged(Verdict.UNDETERMINED, "", explanation, (fact, *beside), collect=collect)
    steps = (restore_step(machine, DLL), *_debugging(machine).steps)
    return judged(Verdict.CONFIRMED, "absent", f"{path} is not there.", (fact, *server.facts), steps=steps)


def _fault(machine: Machine, entry: FileEntry) -> tuple[str, str] | None:
    """The sub-case and what is wrong with a file that is there; None: nothing that can be seen."""
    if entry.is_directory:
        return "not-pe", "is a directory"
    if entry.size == 0:
        return "empty", "is there with zero bytes"
    problem = next((specimen.problem for specimen in machine.files.specimens_at(entry.path)), None)
    return None if problem is None else ("not-pe", f"is unusable: {problem}")


def _debugging(machine: Machine) -> Finding:
    """Debugex.dll does harm if it is there and unusable, or is loaded and is not there."""
    path = join(_directory(machine), DEBUG_DLL)
    fact = machine.file(path)
    judged = partial(Finding, DLL_MISSING, machine.name)
    steps = (restore_step(machine, DEBUG_DLL),)
    match fact:
        case Present(value=entry) if fault := _fault(machine, entry):
            detail, said = fault
            return judged(Verdict.CONFIRMED, detail, f"{path} {said}.", (fact,), steps=steps)
        case Absent():
            citing, doubts = _loaded(machine, path)
            if citing:
                explanation = f"A resource type lists the extension in {path}, which is not there."
                return judged(Verdict.CONFIRMED, "debug-absent", explanation, (fact, *citing), steps=steps)
            if doubts:
                explanation = f"{path} is not there; whether a resource type lists it is not known."
                collect = (_collect.cluster_hive(machine), _collect.software(machine))
                return judged(Verdict.UNDETERMINED, "", explanation, (fact, *doubts), collect=collect)
        case _:
            pass
    return judged(Verdict.RULED_OUT, "ok", "Nothing loads Debugex.dll in vain.")


def _loaded(machine: Machine, path: str) -> tuple[tuple[AnyFact, ...], tuple[AnyFact, ...]]:
    """The facts by which a standard type leads to that file, and those that leave it open."""
    hive = machine.key(CLUSTER)
    doubts: list[AnyFact] = [hive] if isinstance(hive, Unknown) and machine.role is not Role.OPERATOR else []
    for _, key in _standard_types(machine):
        fact = machine.value(key, VALUE)
        doubts += [fact] if isinstance(fact, Unknown) else []
        listed = fact.value.strings() if isinstance(fact, Present) else ()
        for clsid in listed[:_MOST_EXTENSIONS]:
            server = follow(machine, clsid)
            match server.file:
                case Absent(subject=subject) if fold(str(subject)) == fold(path):
                    return (fact, *server.facts), ()
                case _:
                    doubts += [one for one in server.facts[:2] if isinstance(one, Unknown)]
    return (), tuple(dict.fromkeys(doubts))


# --- their builds -----------------------------------------------------------------------------------


def _outdated(machine: Machine) -> Finding:
    judged = partial(Finding, DLL_OUTDATED, machine.name)
    files = {name: machine.file(join(_directory(machine), name)) for name in (DLL, DEBUG_DLL)}
    first = files[DLL]
    if isinstance(first, Unknown) or (isinstance(first, Present) and first.value.size is None):
        listing = _collect.listing(machine, _directory(machine))
        explanation = f"The size of {join(_directory(machine), DLL)} is not known."
        return judged(Verdict.UNDETERMINED, "", explanation, (first,), collect=(listing,))
    told: list[tuple[str, FileEntry, str, str]] = [
        (name, fact.value, *_build(machine, name, fact.value))
        for name, fact in files.items()
        if isinstance(fact, Present)
    ]
    # A listing that does not show Debugex.dll says nothing of it, and nothing need be said.
    facts = tuple(fact for fact in files.values() if not isinstance(fact, Unknown))
    if wrong := [one for one in told if one[2] not in {_SOUND, _DOUBT}]:
        words = "; ".join(f"{entry.path} has {entry.size:,} bytes: {said}" for _, entry, _, said in wrong)
        steps = tuple(restore_step(machine, name) for name, *_ in wrong)
        cited = tuple(files[name] for name, *_ in wrong)
        return judged(Verdict.LIKELY, wrong[0][2], f"{words}.", cited, steps=steps)
    if doubts := [one for one in told if one[2] == _DOUBT]:
        _, entry, _, why = doubts[0]
        collect = (_collect.system(machine), _collect.software(machine))
        explanation = f"Whether {entry.path} is of a wrong build is not known: {why}."
        return judged(Verdict.UNDETERMINED, "", explanation, facts, collect=collect)
    explanation = "No file of the standard extension shows by its size that it is of a wrong build."
    return judged(Verdict.RULED_OUT, "ok", explanation, facts)


def _build(machine: Machine, name: str, entry: FileEntry) -> tuple[str, str]:
    """The sub-case of a file's size, and why."""
    architecture = entry.architecture or machine.architecture
    if not entry.size or architecture not in {None, "x86"}:
        return _SOUND, ""
    pack = service_pack_number(machine)
    changed = _CHANGED[name]
    oldest = entry.size == _OLDEST[name]
    if entry.size in _LATER[name] or (oldest and (changed is None or (pack is not None and pack < changed))):
        return _SOUND, ""
    if pack is not None and not oldest and pack >= _UNPUBLISHED[name]:
        return _SOUND, ""
    if pack is None or architecture is None:
        return _DOUBT, f"no evidence tells the {'service pack' if pack is None else 'processor'}"
    if oldest:
        words = f"that of Cluster Server 1.0, older than Service Pack {machine.service_pack} (Q235373)"
        return "outdated", words
    return "odd-size", "no build of its time has that size (Q174641, Q235373)"


# --- the registration -------------------------------------------------------------------------------


def _clsid(machine: Machine) -> Finding:
    classes = machine.key(clsid_key(CLSID).parent or clsid_key(CLSID))
    if isinstance(classes, Absent):  # then nothing at all is registered: what was collected is a remnant
        return Finding(
            CLSID_UNREGISTERED,
            machine.name,
            Verdict.UNDETERMINED,
            "",
            "What was collected of SOFTWARE holds no registration at all.",
            (classes,),
            collect=(_collect.software(machine),),
        )
    return judge_registration(
        machine, CLSID_UNREGISTERED, CLSID, _directory(machine), lambda at: (register_step(at),)
    )


# --- the lists --------------------------------------------------------------------------------------


def _standard_types(machine: Machine) -> tuple[tuple[str, KeyPath], ...]:
    """The types of Cluster Server itself that have a page for parameters, and their keys as spelled."""
    return machine.once(_read_standard_types)


def _read_standard_types(machine: Machine) -> tuple[tuple[str, KeyPath], ...]:
    found = []
    for name in STANDARD_TYPES:
        live = find_resource_type(machine, name).live
        if isinstance(live, Present):
            key = spelled(live)
            dll = (machine.text(key, "DllName") or "").strip().strip('"')
            if fold(dll.rpartition("\\")[2]) == _RESOURCE_DLL:
                found.append((name, key))
    return tuple(found)


def _lists(machine: Machine) -> Finding:
    judged = partial(Finding, VALUE_MISSING, machine.name)
    types = _standard_types(machine)
    facts = [machine.value(key, VALUE) for _, key in types]
    unknown = [fact for fact in facts if isinstance(fact, Unknown)]
    if not types or unknown:
        collect = (_collect.cluster_hive(machine),)
        explanation = "What the standard resource types list cannot be read."
        hive = machine.key(CLUSTER)
        if not types and isinstance(hive, Present):
            explanation = "The cluster hive holds no standard resource type, so it is not whole."
        return judged(Verdict.UNDETERMINED, "", explanation, (*unknown, hive), collect=collect)
    lacking = [
        (name, fact, *told)
        for (name, key), fact in zip(types, facts, strict=True)
        if (told := _lacks(key, fact)) is not None
    ]
    if not lacking:
        named = ", ".join(name for name, _ in types)
        explanation = f"AdminExtensions lists the standard extension on each standard type: {named}."
        return judged(Verdict.RULED_OUT, "ok", explanation, tuple(facts))
    documented = machine.windows == "4.0" and any(name == DOCUMENTED for name, *_ in lacking)
    return judged(
        Verdict.CONFIRMED if documented else Verdict.LIKELY,
        "all-types" if len(lacking) == len(types) else "some-types",
        "AdminExtensions " + "; ".join(f"of {name} {said}" for name, _, said, _ in lacking) + ".",
        tuple(fact for _, fact, *_ in lacking),
        steps=(list_step(machine, (change for *_, change in lacking)),),
    )


def _lacks(key: KeyPath, fact: Fact[RegistryValue]) -> tuple[str, ValueChange] | None:
    """How a type's list fails to name the extension, and the list as it should be; None: it names it."""
    before = fact.value if isinstance(fact, Present) else None
    reading = None if before is None else read_extensions(before, CLSID)
    if reading is not None and reading.listing is Listing.OK:
        return None
    after = add_extension(before, CLSID, name=VALUE)
    return (reading.explanation if reading else "is absent"), ValueChange(key, after.name, before, after)


RULE = Rule(
    ARTICLE,
    CAUSES,
    diagnose,
    __doc__ or "",
    confidence={
        DLL_MISSING: Confidence.HIGH,
        DLL_OUTDATED: Confidence.MEDIUM,
        CLSID_UNREGISTERED: Confidence.HIGH,
        VALUE_MISSING: Confidence.HIGH,
    },
)
