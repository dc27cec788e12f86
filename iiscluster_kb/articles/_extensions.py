"""Traces every extension that a cluster's objects list, on every machine that may run Cluster Administrator.

The property sits on the cluster, its nodes, groups, resources, resource types, networks and network interfaces
(MSLearn, "AdminExtensions" of each); the COM server must be registered on each machine that runs Cluster
Administrator (Platform SDK, "Registering an extension").
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from iiscluster_kb.articles._extension_list import CLSID_FORM
from iiscluster_kb.articles._server import clsid_key, follow
from iiscluster_kb.cluster import CLUSTER
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import (
    Absent,
    ExtensionChain,
    FileSubject,
    Present,
    Role,
    Source,
    Unknown,
    Verdict,
)
from iiscluster_kb.registry import ValueType, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.articles._server import Server
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, FileEntry, Specimen
    from iiscluster_kb.registry import KeyPath, RegistryKey, RegistryValue

__all__ = ["AUDIT", "PROPERTY", "ListedOn", "listings", "trace_extensions"]

AUDIT = "extension-audit"
"""Id of the article that judges what is traced here."""
PROPERTY = "AdminExtensions"
_MOST_OBJECTS = 20_000
"""Objects below one key; Q247327 puts a cluster's limit at 1,674 resources."""
_MOST_CONTAINERS = 200
_MOST_EXTENSIONS = 500
_ENTRY_POINT = "DllRegisterServer"

_OWNERS = {
    "{92BF7500-974C-11D0-A5F2-00A0C922E752}": "Iisclex4.dll, Internet Information Server 4.0 (Q224553)",
    "{4EC90FB0-D0BB-11CF-B5EF-00A0C90AB505}": "Cluadmex.dll, Cluster Server's own pages (Platform SDK, Q272350)",
}


@dataclass(frozen=True, slots=True)
class ListedOn:
    """An object's AdminExtensions."""

    key: KeyPath
    value: RegistryValue
    clsids: tuple[str, ...]
    """The sound ones that Cluster Administrator finds, as spelled."""
    faults: tuple[str, ...]
    """What is wrong with the value; each a sentence's end."""

    @property
    def name(self) -> str:
        """The object: its key below the cluster's."""
        return "\\".join(self.key.below(CLUSTER))


def listings(machine: Machine) -> tuple[tuple[ListedOn, ...], tuple[str, ...]]:
    """Every object of the machine's cluster hive that carries the property, and the keys that could not be read."""
    return machine.once(_read_listings)


def _read_listings(machine: Machine) -> tuple[tuple[ListedOn, ...], tuple[str, ...]]:
    place = machine.tree(CLUSTER)
    if not isinstance(place, Present):
        return (), ()
    unread: list[str] = []
    found = [
        _listed_on(path, value)
        for key, path in _objects(place.value, unread)
        if (value := _property(key, path, unread)) is not None
    ]
    return tuple(found), tuple(unread)


def trace_extensions(cluster: Cluster) -> tuple[ExtensionChain, ...]:
    """Follow each listed extension on each node and operator's machine, in order of machines."""
    lists = {machine.name: listings(machine)[0] for machine in cluster.machines}
    everywhere: dict[str, tuple[str, dict[str, None]]] = {}
    for uses in lists.values():
        for use in uses:
            for clsid in use.clsids:
                everywhere.setdefault(fold(clsid), (clsid, {}))[1][use.name] = None
    return tuple(
        _chain(machine, clsid, tuple(objects))
        for machine in cluster.machines
        if machine.role is not Role.UNKNOWN and machine.evidence
        for clsid, objects in islice(everywhere.values(), _MOST_EXTENSIONS)
    )


# --- what lists extensions --------------------------------------------------------------------------


def _objects(root: RegistryKey, unread: list[str]) -> Iterator[tuple[RegistryKey, KeyPath]]:
    """The cluster and the keys two levels below it: its nodes, groups, resources, types, networks."""
    yield root, CLUSTER
    for container, path in _children(root, CLUSTER, _MOST_CONTAINERS, unread):
        yield from _children(container, path, _MOST_OBJECTS, unread)


def _children(
    key: RegistryKey, path: KeyPath, most: int, unread: list[str]
) -> Iterator[tuple[RegistryKey, KeyPath]]:
    below = key.subkeys()
    try:
        for child in islice(below, most):
            yield child, path / child.name
        if next(below, None) is not None:
            unread.append(f"{path.short}: more than {most} keys; the rest is not read")
    except EvidenceError as error:
        unread.append(f"{path.short}: {error.detail}")


def _property(key: RegistryKey, path: KeyPath, unread: list[str]) -> RegistryValue | None:
    try:
        return key.value(PROPERTY)
    except EvidenceError as error:
        unread.append(f"{path.short}: {error.detail}")
        return None


def _listed_on(path: KeyPath, value: RegistryValue) -> ListedOn:
    strings = value.strings() if value.type == ValueType.REG_MULTI_SZ else ()
    sound = [text for text in strings if CLSID_FORM.fullmatch(text)]
    distinct = {fold(text): text for text in reversed(sound)}
    return ListedOn(path, value, tuple(reversed(distinct.values())), tuple(_faults(value, strings, sound)))


def _faults(value: RegistryValue, strings: tuple[str, ...], sound: list[str]) -> Iterator[str]:
    if value.type != ValueType.REG_MULTI_SZ:
        yield f"is of type {value.type_name} instead of REG_MULTI_SZ"
        return
    for text in islice((text for text in strings if text not in sound), 4):
        yield f"lists {text!r}, which is no CLSID in braces"
    if len({fold(text) for text in sound}) < len(sound):
        yield "lists a CLSID twice"
    text = value.data[: len(value.data) & ~1].decode("utf-16-le", "replace")
    end = sum(len(string) + 1 for string in strings)
    if strings and text[end : end + 1] != "\0":
        yield "lacks the NULs that end the list"
    if text[end + 1 :].strip("\0"):
        yield "holds more behind the empty string that ends the list"


# --- where they lead --------------------------------------------------------------------------------


def _chain(machine: Machine, clsid: str, objects: tuple[str, ...]) -> ExtensionChain:
    server = follow(machine, clsid)
    specimen = _specimen(machine, server)
    verdict, detail, explanation = _judged(machine, server, specimen)
    facts: tuple[AnyFact, ...] = server.facts
    if specimen is not None:
        facts = (*facts, Present(FileSubject(machine.name, specimen.name), specimen, Source(specimen.file)))
    path = server.path.value.text() if isinstance(server.path, Present) else None
    return ExtensionChain(
        machine.name, clsid, _owner(machine, clsid), objects, verdict, detail, explanation, path, facts
    )


def _owner(machine: Machine, clsid: str) -> str | None:
    known = _OWNERS.get(fold(clsid))
    return known or machine.text(clsid_key(clsid), "") or None


def _judged(  # noqa: PLR0911 - one return a break
    machine: Machine, server: Server, specimen: Specimen | None
) -> tuple[Verdict, str, str]:
    match server.registration, server.path, server.file:
        case Absent(), _, _:
            return Verdict.CONFIRMED, "unregistered", "the CLSID is not registered"
        case (Unknown(reason=reason), _, _) | (_, Unknown(reason=reason), _):
            return Verdict.UNDETERMINED, "", f"the registration cannot be read: {reason}"
        case _, _, None:
            return Verdict.CONFIRMED, "no-server", "InprocServer32 is absent or names no file"
        case _, Present(value=path), Unknown(reason=reason):
            return Verdict.UNDETERMINED, "", f"it is registered to {path.text()}, but {reason}"
        case _, Present(value=path), Absent():
            verdict = Verdict.LIKELY if server.bare else Verdict.CONFIRMED
            return verdict, "server-missing", f"it is registered to {path.text()}, and no such file is there"
        case _, Present(value=path), Present(value=entry):
            return _judged_file(machine, path.text() or "", entry, specimen)
        case _:
            return Verdict.UNDETERMINED, "", "the chain cannot be followed"


def _judged_file(
    machine: Machine, path: str, entry: FileEntry, specimen: Specimen | None
) -> tuple[Verdict, str, str]:
    if entry.size == 0:
        return Verdict.CONFIRMED, "empty", f"{path} has zero bytes"
    if specimen is None:
        return Verdict.RULED_OUT, "ok", f"it leads to {path}, which is there"
    return _judged_content(machine, path, specimen)


def _judged_content(machine: Machine, path: str, specimen: Specimen) -> tuple[Verdict, str, str]:
    if specimen.problem is not None:
        return Verdict.CONFIRMED, "not-pe", f"{path} is unusable: {specimen.problem}"
    if machine.architecture not in {None, specimen.architecture}:
        why = f"{path} is made for {specimen.architecture}, the machine is {machine.architecture}"
        return Verdict.CONFIRMED, "wrong-machine", why
    if specimen.exports is not None and _ENTRY_POINT not in specimen.exports:
        return Verdict.CONFIRMED, "no-exports", f"{path} does not export {_ENTRY_POINT}"
    if machine.architecture is None:
        why = f"{path} is made for {specimen.architecture}; which processor the machine has is not known"
        return Verdict.UNDETERMINED, "", why
    return Verdict.RULED_OUT, "ok", f"it leads to {path}, a {specimen.architecture} DLL that can register"


def _specimen(machine: Machine, server: Server) -> Specimen | None:
    """The file itself, where it was collected: from that very path, else of that name and size."""
    if not isinstance(server.file, Present):
        return None
    entry = server.file.value
    candidates: Iterable[Specimen] = machine.files.specimens_at(entry.path) or (
        one
        for one in machine.files.specimens_named(entry.path.rpartition("\\")[2])
        if entry.size in {None, one.size}
    )
    return next(iter(candidates), None)
