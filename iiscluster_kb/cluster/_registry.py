"""Asks the registry evidence of one machine, the best piece first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import (
    Absent,
    KeySubject,
    Present,
    Source,
    State,
    Unknown,
    ValueSubject,
)
from iiscluster_kb.registry import descend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from iiscluster_kb.model import (
        Fact,
        Mount,
        RegistryEvidence,
        Subject,
    )
    from iiscluster_kb.registry import KeyPath, RegistryKey, RegistryValue

__all__ = ["RegistryView", "rank"]

_MOST_SUBKEYS = 100_000
"""No key that an article lists has more; a hostile one must not fill the memory."""

_SOUNDNESS = {State.CLEAN: 0, State.RECOVERED: 1, State.UNRECOVERED: 2, State.DAMAGED: 3}

_T = TypeVar("_T")


def rank(evidence: RegistryEvidence) -> tuple[int, bool, str]:
    """Which of two files that claim one place answers: the sounder, then a hive before an export."""
    return _SOUNDNESS[evidence.state], evidence.format != "registry-hive", evidence.file.path


@dataclass(frozen=True, slots=True)
class _Place:
    """A key in one piece of evidence, or the deepest key on the way to it."""

    path: str
    """As spelled."""
    key: RegistryKey
    found: bool


@dataclass(frozen=True, slots=True)
class RegistryView:
    """The registry of one machine as its evidence shows it."""

    machine: str
    evidence: tuple[RegistryEvidence, ...]
    """In order of ``rank``."""

    def key(self, path: KeyPath) -> Fact[str]:
        """Whether the key is there; the value of a ``Present`` is its name, as spelled."""
        return self._ask(KeySubject(self.machine, path), path, lambda key: key.name)

    def value(self, path: KeyPath, name: str) -> Fact[RegistryValue]:
        """Whether the value is there; the empty name asks for the unnamed one."""
        return self._ask(ValueSubject(self.machine, path, name), path, lambda key: key.value(name))

    def subkeys(self, path: KeyPath) -> Fact[tuple[str, ...]]:
        """Names of the direct subkeys, as spelled, in the evidence's own order."""

        def names(key: RegistryKey) -> tuple[str, ...]:
            return tuple(below.name for below, _ in zip(key.subkeys(), range(_MOST_SUBKEYS), strict=False))

        return self._ask(KeySubject(self.machine, path), path, names)

    def tree(self, path: KeyPath) -> Fact[RegistryKey]:
        """The key itself, to be read on from there; the reader meets damage as ``EvidenceError``."""
        return self._ask(KeySubject(self.machine, path), path, lambda key: key)

    def covers(self, path: KeyPath) -> bool:
        """Whether any evidence claims the place."""
        return any(True for _ in self._candidates(path))

    def _candidates(self, path: KeyPath) -> Iterator[tuple[RegistryEvidence, Mount]]:
        for evidence in self.evidence:
            for mount in evidence.mounts:
                if path.is_within(mount.path):
                    yield evidence, mount

    def _ask(self, subject: Subject, path: KeyPath, read: Callable[[RegistryKey], _T | None]) -> Fact[_T]:
        answers = [
            fact
            for evidence, mount in self._candidates(path)
            if (fact := _answer(evidence, mount, subject, path, read)) is not None
        ]
        decided = [fact for fact in answers if not isinstance(fact, Unknown)]
        if not decided:
            return answers[0] if answers else Unknown(subject, f"no evidence holds {path.short}")
        if len(answers) == 1:
            return decided[0]
        best, *others = decided
        doubts = [
            f"{fact.source.path} could not be read here: {fact.reason}"
            for fact in answers
            if isinstance(fact, Unknown) and fact.source is not None
        ]
        disputes = [
            f"{other.source.path} says otherwise: {_told(other)}"
            for other in others
            if other.source is not None and _told(other) != _told(best)
        ]
        return replace(best, notes=(*best.notes, *doubts, *disputes))


def _answer(
    evidence: RegistryEvidence,
    mount: Mount,
    subject: Subject,
    path: KeyPath,
    read: Callable[[RegistryKey], _T | None],
) -> Fact[_T] | None:
    """What one piece of evidence says; None: it is a fragment that does not mention the place."""
    try:
        place = _find(mount, path)
        value = read(place.key) if place.found else None
    except EvidenceError as error:
        return Unknown(subject, error.detail, Source(evidence.file, path.short, error.offset))
    key = place.key
    # A value that knows its own cell or line is cited there.
    offset = getattr(value, "offset", None) or key.offset
    line = getattr(value, "line", None) or key.line
    source = Source(evidence.file, place.path, offset, line, key.modified)
    notes = _reservations(evidence)
    if value is None:
        return Absent(subject, source, notes) if mount.whole else None
    return Present(subject, value, source, notes)


def _find(mount: Mount, path: KeyPath) -> _Place:
    names = path.below(mount.path)
    chain = descend(mount.root, names)
    spelled = "\\".join((*mount.path.parts, *(key.name for key in chain)))
    return _Place(spelled, chain[-1] if chain else mount.root, len(chain) == len(names))


def _reservations(evidence: RegistryEvidence) -> tuple[str, ...]:
    path = evidence.file.path
    told = (
        [f"{path} shows values as printed: terminators and stray bytes cannot be seen"]
        if evidence.rebuilt
        else []
    )
    why = "; ".join(evidence.notes) or "see its notes"
    match evidence.state:
        case State.CLEAN:
            pass
        case State.RECOVERED:
            told.append(f"{path}: {why}")
        case state:
            told.append(f"{path} is {state}: {why}")
    return tuple(told)


def _told(fact: Present[_T] | Absent) -> str:
    match fact:
        case Absent():
            return "absent"
        case Present(value=value):
            data = getattr(value, "data", None)
            return f"type {getattr(value, 'type', '')} data {data.hex()}" if data is not None else "present"
