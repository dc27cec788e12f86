"""The objects of a cluster as its hive holds them: resources, groups, resource types, and what depends on what.

Names of keys and values: Platform SDK June 1998 ("Cluster database"), Q243195, Q279158. GUIDs are bare in the
hives that were seen; braces and either case are taken too. How Windows NT 4.0 stores dependencies is not
documented: a list on the resource, and the ``Dependencies`` key that Windows Server 2008 has, are both read.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from iiscluster_kb.cluster import CLUSTER
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import Absent, Present, Unknown
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from iiscluster_kb.cluster import Machine
    from iiscluster_kb.model import Fact
    from iiscluster_kb.registry import KeyPath, RegistryKey, RegistryValue

__all__ = [
    "CLUSTER_GROUP",
    "ClusterObjects",
    "Group",
    "Resource",
    "ResourceTypeEntry",
    "guid",
    "read_objects",
]

CLUSTER_GROUP = "Cluster Group"
"""Name of the group that set-up makes (Q168948)."""

_MOST = 20_000
"""Objects of one kind that are read; Q247327 puts a cluster's limit at 1,674 resources."""
_MOST_BYTES = 64 << 20
"""Of names, types and lists together: keys of a hostile hive may all name the same large value."""
_MOST_NOTES = 20


def guid(text: str) -> str:
    """The form in which GUIDs are compared: folded, without braces and blanks."""
    return fold(text).strip("{} \t")


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource. None: the hive does not hold it, or it could not be read."""

    id: str
    """As ``guid`` gives it."""
    key: KeyPath
    """As spelled; ask the machine for what is to be cited."""
    name: str | None
    type: str | None
    """Registered name of its resource type."""
    depends_on: tuple[str, ...] | None
    """Ids; None: the hive keeps no dependencies in a form that is known."""

    def __str__(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Group:
    """A group and its members."""

    id: str
    key: KeyPath
    name: str | None
    contains: tuple[str, ...]
    """Ids of its resources."""

    def __str__(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class ResourceTypeEntry:
    """A registered resource type."""

    name: str
    """Name of the key."""
    key: KeyPath
    dll: str | None
    """DllName, unexpanded."""


@dataclass(frozen=True, slots=True)
class ClusterObjects:
    """What one machine's cluster hive holds."""

    machine: str
    resources: tuple[Resource, ...]
    groups: tuple[Group, ...]
    types: tuple[ResourceTypeEntry, ...]
    root: Present[str]
    """The hive's root key, for citation."""
    unread: tuple[str, ...] = ()
    """What could not be read or was too much, each with its reason: with any, nothing is certainly absent."""
    _by_id: Mapping[str, Resource] = field(default_factory=dict)
    _group_of: Mapping[str, Group] = field(default_factory=dict)

    @property
    def shows_dependencies(self) -> bool:
        """Whether any dependency is kept in a form that is known."""
        return any(resource.depends_on is not None for resource in self.resources)

    def group_of(self, resource: Resource) -> Group | None:
        """The group that lists the resource; None: none does."""
        return self._group_of.get(resource.id)

    def group_named(self, name: str) -> Group | None:
        """The first group of that name, compared as Windows does."""
        wanted = fold(name)
        return next((group for group in self.groups if group.name and fold(group.name) == wanted), None)

    def resource(self, identity: str) -> Resource | None:
        """The resource of that id, in any spelling."""
        return self._by_id.get(guid(identity))

    def of_type(self, name: str) -> tuple[Resource, ...]:
        """The resources of a type, compared as Windows does."""
        wanted = fold(name)
        return tuple(r for r in self.resources if r.type is not None and fold(r.type) == wanted)

    def depending_on(self, providers: Iterable[Resource]) -> frozenset[str]:
        """Ids of all that depend on any of these, directly or through others; cycles end."""
        dependents: defaultdict[str, list[str]] = defaultdict(list)
        for resource in self.resources:
            for provider in resource.depends_on or ():
                dependents[provider].append(resource.id)
        seen: set[str] = set()
        waiting = [provider.id for provider in providers]
        while waiting:
            new = [one for one in dependents.pop(waiting.pop(), ()) if one not in seen]
            seen.update(new)
            waiting += new
        return frozenset(seen)


def read_objects(machine: Machine) -> ClusterObjects | Unknown | Absent:
    """Read the objects of the cluster from the machine's cluster hive; once for each machine.

    Returns:
        The objects; or why there are none: no cluster hive was collected, or its root cannot be read.
    """
    return machine.once(_objects_of)


def _objects_of(machine: Machine) -> ClusterObjects | Unknown | Absent:
    root = machine.key(CLUSTER)
    if not isinstance(root, Present):
        return root
    reader = _Reader(machine)
    types = tuple(
        ResourceTypeEntry(key.name, path, reader.text(key, path, "DllName"))
        for spelling in ("ResourceTypes", "Resource Types")
        for key, path in reader.below(CLUSTER / spelling)
    )
    resources = _resources(reader)
    groups = tuple(
        Group(guid(key.name), path, reader.text(key, path, "Name"), reader.ids(key, path, "Contains"))
        for key, path in reader.below(CLUSTER / "Groups")
    )
    by_id: dict[str, Resource] = {}
    for resource in resources:
        by_id.setdefault(resource.id, resource)
    group_of: dict[str, Group] = {}
    for group in groups:
        for identity in group.contains:
            group_of.setdefault(identity, group)
    return ClusterObjects(machine.name, resources, groups, types, root, tuple(reader.unread), by_id, group_of)


def _resources(reader: _Reader) -> tuple[Resource, ...]:
    central = _central_dependencies(reader)
    found = [
        (
            guid(key.name),
            path,
            reader.text(key, path, "Name"),
            reader.text(key, path, "Type"),
            reader.ids(key, path, "Dependencies"),
        )
        for key, path in reader.below(CLUSTER / "Resources")
    ]
    shown = bool(central) or any(listed for *_, listed in found)
    return tuple(
        Resource(
            identity,
            path,
            name,
            kind,
            tuple(dict.fromkeys((*listed, *central.get(identity, ())))) if shown else None,
        )
        for identity, path, name, kind, listed in found
    )


def _central_dependencies(reader: _Reader) -> Mapping[str, list[str]]:
    """Of the form of Windows Server 2008: a key for each dependency, naming who depends on whom."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for key, path in reader.below(CLUSTER / "Dependencies"):
        dependent, provider = reader.text(key, path, "dependent"), reader.text(key, path, "provider")
        if dependent and provider:
            found[guid(dependent)].append(guid(provider))
    return found


@dataclass(slots=True)
class _Reader:
    machine: Machine
    unread: list[str] = field(default_factory=list)
    left: int = field(default_factory=lambda: _MOST_BYTES)
    """Bytes that may still be kept."""

    def below(self, path: KeyPath) -> Iterator[tuple[RegistryKey, KeyPath]]:
        """The direct subkeys of a key, as far as they can be read."""
        place: Fact[RegistryKey] = self.machine.tree(path)
        match place:
            case Present(value=key):
                yield from self._children(key, path)
            case Unknown(reason=reason):
                self._note(f"{path.short}: {reason}")
            case Absent():
                pass

    def _children(self, key: RegistryKey, path: KeyPath) -> Iterator[tuple[RegistryKey, KeyPath]]:
        children = key.subkeys()
        for number in range(_MOST + 1):
            try:
                below = next(children, None)
            except EvidenceError as error:
                self._note(f"{path.short}: {error.detail}")
                return
            if below is None:
                return
            if number == _MOST or self.left < 0:
                break
            yield below, path / below.name
        self._note(f"{path.short}: more than {_MOST:,} keys or too much data; the rest is not read")

    def text(self, key: RegistryKey, path: KeyPath, name: str) -> str | None:
        """A value's text; None: there is none, or ``unread`` says why it is not known."""
        value = self._value(key, path, name)
        return None if value is None else value.text()

    def ids(self, key: RegistryKey, path: KeyPath, name: str) -> tuple[str, ...]:
        """The GUIDs that a value lists; none where ``unread`` says why they are not known."""
        value = self._value(key, path, name)
        return () if value is None else tuple(map(guid, value.strings()))

    def _value(self, key: RegistryKey, path: KeyPath, name: str) -> RegistryValue | None:
        if self.left < 0:
            return None
        try:
            value = key.value(name)
        except EvidenceError as error:
            self._note(f"{path.short} : {name}: {error.detail}")
            return None
        if value is None:
            return None
        self.left -= len(value.data)
        if self.left >= 0:
            return value
        self._note(f"{path.short} : {name}: more data than a cluster hive holds; the rest is not read")
        return None

    def _note(self, reason: str) -> None:
        if len(self.unread) < _MOST_NOTES:
            self.unread.append(reason)
