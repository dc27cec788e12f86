"""Stage 2: what the bytes are."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from iiscluster_kb.model.cases import CaseFile
    from iiscluster_kb.regf.deleted import Deleted
    from iiscluster_kb.registry import KeyPath, RegistryKey

__all__ = [
    "Evidence",
    "FileEntry",
    "FileEvidence",
    "Mount",
    "RegistryEvidence",
    "Sign",
    "Specimen",
    "State",
]


class State(StrEnum):
    """How sound a piece of evidence is as a whole."""

    CLEAN = "clean"
    RECOVERED = "recovered"
    """Pending changes of its transaction logs were laid over it."""
    UNRECOVERED = "unrecovered"
    """A hive with pending changes that no log gave back."""
    DAMAGED = "damaged"


class Sign(StrEnum):
    """By what a file was recognised."""

    CONTENT = "content"
    """Its bytes, as nearly every file."""
    NAME = "name"
    """Its name, as its bytes tell nothing: a file that is called like a DLL and is none, a destroyed log."""


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
    deleted: Callable[[], Deleted] | None = field(default=None, compare=False, repr=False)
    """Of a hive: searches it for what was deleted, once; information, never what the registry holds."""
    part_of: str | None = None
    """Case path of the file that it belongs to and whose machine it shares, as a log belongs to a hive."""
    recognised_by: Sign = Sign.CONTENT


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
    architecture: str | None = None
    """``x86``, ``alpha`` …: the processor that it is made for."""
    linked: datetime | None = None
    """Time stamp that the linker left, UTC; of an image that was collected itself."""


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
    replaces: bool = False
    """Whether it shows a later state than all other evidence, which then tells nothing more of its files."""
    recognised_by: Sign = Sign.CONTENT


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
    recognised_by: Sign = Sign.CONTENT


Evidence = RegistryEvidence | FileEvidence | Specimen
