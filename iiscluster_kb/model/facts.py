"""Stage 3: what a machine answers when it is asked, and where it was read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from datetime import datetime

    from iiscluster_kb.model.cases import CaseFile
    from iiscluster_kb.registry import KeyPath

__all__ = [
    "Absent",
    "Answer",
    "AnyFact",
    "Fact",
    "FileSubject",
    "KeySubject",
    "MachineProfile",
    "Opinion",
    "Present",
    "Role",
    "Source",
    "StatedSubject",
    "Subject",
    "Unknown",
    "ValueSubject",
]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read."""

    file: CaseFile
    key: str | None = None
    r"""Absolute key as the evidence spells it; for an absence the deepest key that exists on the way."""
    offset: int | None = None
    """Absolute byte offset of the cell that was read."""
    line: int | None = None
    last_written: datetime | None = None
    """Of the key (UTC), or of the file."""

    @property
    def path(self) -> str:
        """Case path of the evidence."""
        return self.file.path

    @property
    def sha256(self) -> str:
        """Of the evidence file."""
        return self.file.content.sha256


@dataclass(frozen=True, slots=True)
class KeySubject:
    """A registry key on a machine."""

    machine: str
    key: KeyPath

    def __str__(self) -> str:
        return self.key.short


@dataclass(frozen=True, slots=True)
class ValueSubject:
    """A registry value on a machine."""

    machine: str
    key: KeyPath
    name: str

    def __str__(self) -> str:
        return f"{self.key.short} : {self.name or '(default)'}"


@dataclass(frozen=True, slots=True)
class FileSubject:
    """A file on a machine."""

    machine: str
    path: str

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class StatedSubject:
    """Something that the operator stated, or that was concluded from other facts."""

    machine: str
    text: str

    def __str__(self) -> str:
        return self.text


Subject = KeySubject | ValueSubject | FileSubject | StatedSubject


class Answer(StrEnum):
    """What a second, independent reader said of a cited place."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNREADABLE = "unreadable"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class Opinion:
    """One second reader's answer."""

    reader: str
    """``python-registry`` or ``regipy``."""
    answer: Answer
    note: str | None = None
    """What it said instead, why it could not read, or which known defect of it explains the answer."""
    explained: bool = False
    """A disagreement that a known defect of the reader explains; it changes nothing."""


T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Present(Generic[T_co]):
    """The evidence shows it."""

    subject: Subject
    value: T_co
    source: Source | None
    """None only for what the operator stated."""
    notes: tuple[str, ...] = ()
    """Reservations: an unrecovered hive, a competing copy that differs."""
    opinions: tuple[Opinion, ...] = ()


@dataclass(frozen=True, slots=True)
class Absent:
    """The evidence covers the place, and it is not there."""

    subject: Subject
    source: Source
    notes: tuple[str, ...] = ()
    opinions: tuple[Opinion, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody collected the place, or it could not be read."""

    subject: Subject
    reason: str
    source: Source | None = None
    """The evidence that should have told and could not be read; None: nothing covers the place."""


Fact = Present[T_co] | Absent | Unknown
AnyFact = Present[object] | Absent | Unknown


class Role(StrEnum):
    """What a machine is to the cluster."""

    NODE = "node"
    OPERATOR = "operator"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MachineProfile:
    """A machine in a report. None: no evidence says."""

    name: str
    role: Role
    windows: str | None
    """``CurrentVersion`` of SOFTWARE: ``4.0``."""
    service_pack: str | None
    """``6a``; the empty string: none installed."""
    architecture: str | None
    system_root: str | None
    current_control_set: int | None
