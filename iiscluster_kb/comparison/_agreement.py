"""Whether the nodes hold the same wherever a finding looked."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from iiscluster_kb.cluster import CURRENT_CONTROL_SET
from iiscluster_kb.comparison._facts import all_alike
from iiscluster_kb.comparison._nouns import Accord, Agreement
from iiscluster_kb.model import FileSubject, KeySubject, ValueSubject
from iiscluster_kb.registry import HKLM, KeyPath, fold

if TYPE_CHECKING:
    from iiscluster_kb.cluster import Machine
    from iiscluster_kb.comparison._collection import Collection
    from iiscluster_kb.model import AnyFact, Subject

__all__ = ["judge_agreement"]

_Place: TypeAlias = "tuple[KeyPath, str | None] | str"
"""A key and a value's name (None: the key itself), or a file's path; the same on any node."""

_ACCORD = {True: Accord.AGREE, False: Accord.DIFFER, None: Accord.UNKNOWN}
_SYSTEM = HKLM / "SYSTEM"
_SYSTEM_ROOT = "%SystemRoot%"


def judge_agreement(collection: Collection) -> tuple[Agreement, ...]:
    """Ask every node for each place that a finding cites on any node; none where there is but one node."""
    nodes = collection.cluster.nodes
    if len(nodes) < 2:  # noqa: PLR2004 - one node agrees with nobody
        return ()
    by_name = {fold(node.name): node for node in nodes}
    places: dict[object, _Place] = {}
    for finding in collection.report.findings:
        for fact in finding.facts:
            node = by_name.get(fold(fact.subject.machine))
            if node is not None and (place := _place(fact.subject, node)) is not None:
                places.setdefault(_identity(place), place)
    return tuple(_agreement(place, nodes) for place in places.values())


def _place(subject: Subject, node: Machine) -> _Place | None:
    """The place in words that mean the same on every node."""
    match subject:
        case KeySubject(key=key):
            return _generalised(key, node), None
        case ValueSubject(key=key, name=name):
            return _generalised(key, node), name
        case FileSubject(path=path):
            root = (node.profile.system_root or "").rstrip("\\")
            if root and fold(path).startswith(f"{fold(root)}\\"):
                return _SYSTEM_ROOT + path[len(root) :]
            return path
        case _:
            return None


def _generalised(key: KeyPath, node: Machine) -> KeyPath:
    number = node.profile.current_control_set
    own = _SYSTEM / f"ControlSet{number or 0:03}"
    return KeyPath((*CURRENT_CONTROL_SET.parts, *key.below(own))) if key.is_within(own) else key


def _identity(place: _Place) -> object:
    match place:
        case str():
            return fold(place)
        case key, name:
            return key, name if name is None else fold(name)


def _agreement(place: _Place, nodes: tuple[Machine, ...]) -> Agreement:
    facts = tuple((node.name, _asked(place, node)) for node in nodes)
    return Agreement(_words(place), _ACCORD[all_alike([fact for _, fact in facts])], facts)


def _asked(place: _Place, node: Machine) -> AnyFact:
    match place:
        case str():
            return node.file(place)
        case key, None:
            return node.key(key)
        case key, name:
            return node.value(key, name)


def _words(place: _Place) -> str:
    match place:
        case str():
            return place
        case key, None:
            return key.short
        case key, name:
            return f"{key.short} : {name or '(default)'}"
