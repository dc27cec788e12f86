"""The nouns that flow from stage to stage, in order of flow. All frozen; collections never change.

Paths are of three kinds, never mixed: a case path (``str``, POSIX, inside the case), a ``KeyPath``, and a
Windows path (``str`` with backslashes; folded with ``registry.fold`` wherever it is a key of a mapping).
Offsets and sizes are bytes. Times are aware and UTC, but for those of listings, which print local time
without a zone: they are naive, and only their date, give or take a day, means anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, Generic, Protocol, Self, TypeVar

from iiscluster_kb.registry.reg_entries import Dialect

if TYPE_CHECKING:
    import mmap
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from iiscluster_kb.registry import KeyPath, RegistryKey, RegistryValue

__all__ = [
    "Absent",
    "Answer",
    "AnyFact",
    "Article",
    "ArticleSummary",
    "Artifact",
    "Assumption",
    "Case",
    "CaseFile",
    "Cause",
    "Content",
    "Deviation",
    "Dialect",
    "Document",
    "Evidence",
    "Fact",
    "FileEntry",
    "FileEvidence",
    "FileRestored",
    "FileSubject",
    "Finding",
    "KeySubject",
    "MachineProfile",
    "Mount",
    "Opinion",
    "Patch",
    "PatchImported",
    "Phase",
    "Present",
    "Proof",
    "RegistryEvidence",
    "Remedy",
    "Report",
    "Role",
    "Skipped",
    "Source",
    "Specimen",
    "State",
    "Stated",
    "StatedSubject",
    "Step",
    "Subject",
    "Unknown",
    "ValueChange",
    "ValueSubject",
    "Verdict",
]

# --- stage 1: where the bytes come from -------------------------------------------------------------


class Content(Protocol):
    """The bytes of one file, wherever they lie. Read-only; may be asked from several threads."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def sha256(self) -> str:
        """Lower-case hex, computed once."""
        ...

    def open(self) -> BinaryIO:
        """A fresh stream from the first byte; the caller closes it."""
        ...

    def map(self) -> bytes | mmap.mmap:
        """The whole content: bytes where it is small, else a read-only map. Made once, kept till close."""
        ...

    def on_disk(self) -> Path:
        """A file that holds exactly these bytes, for programs that take only a path. Never write to it."""
        ...

    def close(self) -> None:
        """Release the map and any temporary file."""
        ...


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One file of a case."""

    path: str
    """POSIX, inside the case; below an archive its members follow: ``node1.zip/SYSTEM``."""
    content: Content = field(compare=False, repr=False)
    containers: tuple[str, ...] = ()
    """Kinds of the archives in which it lies, from the outermost: ``("tar", "zip")``."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What no file can tell and the operator stated."""

    symptom: str | None = None
    """``finish-button``: the Dependencies page offers Finish; None: not reported."""
    administered_from: str | None = None
    """Name of the machine on which Cluster Administrator ran."""
    machines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Machine name to glob patterns of case paths that belong to it; wins over every guess."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that became no evidence. Every file ends as evidence or here; none is lost."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that was collected, opened but not yet understood."""

    name: str
    files: Mapping[str, CaseFile]
    """By case path, in sorted order."""
    stated: Stated = field(default_factory=Stated)
    skipped: tuple[Skipped, ...] = ()
    """Members of containers that could not be taken out."""

    def close(self) -> None:
        """Release every map and temporary file."""
        for file in self.files.values():
            file.content.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


# --- stage 2: what the bytes are --------------------------------------------------------------------


class State(StrEnum):
    """How sound a piece of evidence is as a whole."""

    CLEAN = "clean"
    RECOVERED = "recovered"
    """Pending changes of its transaction logs were laid over it."""
    UNRECOVERED = "unrecovered"
    """A hive with pending changes that no log gave back."""
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Mount:
    """A place in a machine's registry that a piece of evidence holds."""

    path: KeyPath
    root: RegistryKey
    whole: bool = True
    """Whether what is not found below ``path`` is absent. False: only what is found counts."""


@dataclass(frozen=True, slots=True)
class RegistryEvidence:
    """A file that holds registry keys."""

    file: CaseFile
    format: str
    """Name of the evidence format: ``registry-hive``, ``reg-export`` …"""
    mounts: tuple[Mount, ...]
    state: State = State.CLEAN
    notes: tuple[str, ...] = ()
    """Facts about the file that a reader of the report should know."""
    rebuilt: bool = False
    """Whether values were rebuilt from their printed form, which does not show every byte."""
    written: datetime | None = None
    """Of a hive: when Windows last wrote it, by its base block (UTC)."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file or directory on a machine. None: the evidence does not say."""

    path: str
    """Absolute Windows path as the evidence spells it."""
    size: int | None = None
    modified: datetime | None = None
    """Naive local time from a listing (None where day and month cannot be told apart), else UTC."""
    is_directory: bool = False
    short_name: str | None = None
    """The 8.3 name of the last part, where it differs."""
    version: str | None = None
    """File version of the version resource: ``4.2.622.1``."""
    line: int | None = None
    """Line number counted from 1, in a text file."""


@dataclass(frozen=True, slots=True)
class FileEvidence:
    """A listing of files."""

    file: CaseFile
    format: str
    directories: frozenset[str]
    """Folded paths of the directories that are listed whole: what is not in them is absent."""
    entries: Mapping[str, FileEntry]
    """By folded path. Parents of listed entries need not be in it."""
    state: State = State.CLEAN
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Specimen:
    """A file of the machine itself, collected whole: here, a DLL or a program."""

    file: CaseFile
    format: str
    name: str
    """File name without directories."""
    windows_path: str | None
    """Where it lay, where the case mirrors the Windows tree; else None."""
    size: int
    problem: str | None = None
    """``empty``, or why it is no PE image; None: it is one."""
    architecture: str | None = None
    """``x86``, ``alpha``, ``x64`` …, or ``0x1234`` for a machine number that has no name."""
    exports: frozenset[str] | None = None
    """Exported names; None: they could not be read."""
    version: str | None = None
    linked: datetime | None = None
    """Time stamp that the linker left, UTC."""
    state: State = State.CLEAN
    notes: tuple[str, ...] = ()


Evidence = RegistryEvidence | FileEvidence | Specimen

# --- stage 3: facts ---------------------------------------------------------------------------------


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


# --- stage 4: what is wrong -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Article:
    """A Microsoft Knowledge Base article."""

    id: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Cause:
    """One of the causes that an article names."""

    id: str
    """``Q224553/dll-missing``."""
    title: str

    @property
    def article(self) -> str:
        """Id of the article."""
        return self.id.split("/", 1)[0]


class Verdict(StrEnum):
    """What was found of a cause (in SARIF's words: fail, review, pass, open, notApplicable)."""

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    RULED_OUT = "ruled-out"
    UNDETERMINED = "undetermined"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A change that holds both sides, so that patch and undo are one datum."""

    key: KeyPath
    name: str
    before: RegistryValue | None
    """None: the value is not there."""
    after: RegistryValue | None
    makes: KeyPath | None = None
    """The outermost of the keys down to ``key`` that are not there before and are after; None: all are."""
    removes: KeyPath | None = None
    """The same of an undo: there before, gone after, with all that is in it."""

    def undo(self) -> ValueChange:
        """The same change read backwards."""
        return ValueChange(self.key, self.name, self.after, self.before, self.removes, self.makes)


@dataclass(frozen=True, slots=True)
class FileRestored:
    """What a step is assumed to achieve: the file is in its place, sound, for the machine's processor."""

    path: str
    """Absolute Windows path, every variable expanded."""
    size: int
    """A plausible one, in bytes."""


@dataclass(frozen=True, slots=True)
class PatchImported:
    """What a step is assumed to achieve: its machine's patch was imported, byte for byte as delivered."""


Assumption = FileRestored | PatchImported | ValueChange
"""What is taken for granted once a step is done, so that a plan can be proved. A change counts by its
``after`` alone: a program such as regsvr32 writes the value whatever was there."""


class Phase(StrEnum):
    """Where a step stands in a plan; the order of the members is the order of work."""

    BACK_UP = "back-up"
    RESTORE_FILE = "restore-file"
    REGISTER = "register"
    PATCH = "patch"
    VERIFY = "verify"
    RESTART = "restart"
    ADMINISTER = "administer"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Deviation:
    """What one may see instead of what one should."""

    seen: str
    action: str
    """What to do then, or what it means."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do."""

    machine: str | None
    """None: on no machine in particular."""
    phase: Phase
    title: str
    command: str | None = None
    """What to type, exactly; several lines are several commands."""
    reason: str | None = None
    expect: str | None = None
    """What one should see."""
    warnings: tuple[str, ...] = ()
    otherwise: tuple[Deviation, ...] = ()
    """What one may see instead."""
    achieves: tuple[Assumption, ...] = ()
    """What the proof takes for granted once the step is done; empty: nothing that the diagnosis asks for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one cause for one machine. There is one for each, whatever the verdict."""

    cause: Cause
    machine: str | None
    """None: the cause concerns the cluster as a whole."""
    verdict: Verdict
    detail: str
    """The sub-case, a fixed word of the contract; ``ok`` where nothing is wrong."""
    explanation: str
    facts: tuple[AnyFact, ...] = ()
    changes: tuple[ValueChange, ...] = ()
    steps: tuple[Step, ...] = ()
    collect: tuple[str, ...] = ()
    """What evidence would decide it, and how to collect it."""
    weighs: bool = True
    """False: that this is UNDETERMINED asks nobody for more evidence (nothing of the kind was reported)."""


# --- stage 5: how it is mended ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Patch:
    """The registry changes for one machine."""

    machine: str
    dialect: Dialect
    changes: tuple[ValueChange, ...]
    warnings: tuple[str, ...] = ()
    undo_dialect: Dialect | None = None
    """Of the undo, where its dialect cannot carry the old bytes; None: the same dialect."""

    def undo(self) -> Patch:
        """The same changes read backwards."""
        return Patch(
            self.machine,
            self.undo_dialect or self.dialect,
            tuple(change.undo() for change in reversed(self.changes)),
            self.warnings,
            self.undo_dialect and self.dialect,
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """What one finding becomes once the whole plan is carried out, as a diagnosis of that state tells."""

    machine: str | None
    finding: str
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class Remedy:
    """Everything that mends what was found."""

    patches: tuple[Patch, ...] = ()
    plan: tuple[Step, ...] = ()
    proof: tuple[Proof, ...] = ()


# --- stage 6: how it is told ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ArticleSummary:
    """An article's findings drawn together."""

    article: Article
    verdict: Verdict
    summary: str
    collect: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Artifact:
    """A piece of evidence in a report."""

    path: str
    format: str
    holds: tuple[str, ...]
    """Key paths, directories listed whole, or the name of a specimen."""
    machine: str
    given_because: str
    """Why it was given to that machine."""
    size: int
    sha256: str
    state: State
    notes: tuple[str, ...]
    containers: tuple[str, ...] = ()
    """Kinds of the archives in which it lies, from the outermost."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that is known at the end: the only argument of an output."""

    case: str
    stated: Stated
    cluster: str | None
    """ClusterName; None: no evidence says."""
    nodes: tuple[str, ...]
    machines: tuple[MachineProfile, ...]
    articles: tuple[ArticleSummary, ...]
    findings: tuple[Finding, ...]
    remedy: Remedy
    artifacts: tuple[Artifact, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One output file."""

    name: str
    content: bytes
    printed: bool = True
    """False: a companion (an undo) that is written to files but never to standard output."""
