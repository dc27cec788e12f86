r"""Follows a CLSID to its in-process server: registration, path, file.

Cluster Administrator loads an extension as a COM in-process server: CLSID key, InprocServer32, its unnamed
value, the file (Platform SDK, "Registering an extension"). On Windows NT 4.0 HKEY_CLASSES_ROOT is
``HKLM\SOFTWARE\\Classes``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.cluster import CURRENT_CONTROL_SET, join
from iiscluster_kb.model import Absent, FileSubject, Present, Unknown, ValueChange
from iiscluster_kb.registry import KeyPath, RegistryValue, ValueType, fold, sz

if TYPE_CHECKING:
    from iiscluster_kb.cluster import Machine
    from iiscluster_kb.model import AnyFact, Fact, FileEntry

__all__ = ["Server", "clsid_key", "follow", "registration"]

_ENVIRONMENT = CURRENT_CONTROL_SET / r"Control\Session Manager\Environment"


def clsid_key(clsid: str) -> KeyPath:
    """The key of a class in HKEY_CLASSES_ROOT."""
    return KeyPath.parse("HKCR") / "CLSID" / clsid


@dataclass(frozen=True, slots=True)
class Server:
    """How far the way from a CLSID to its file leads on one machine."""

    registration: Fact[str]
    """The CLSID's own key."""
    path: Fact[RegistryValue] | None
    """The unnamed value of InprocServer32; None: there is no registration to ask."""
    file: Fact[FileEntry] | None
    """The file that the path leads to; None: there is no path."""
    bare: bool = False
    """Whether the path is a file name alone, which the loader searches for along a path of directories."""

    @property
    def facts(self) -> tuple[AnyFact, ...]:
        """Everything that was asked on the way."""
        return tuple(fact for fact in (self.registration, self.path, self.file) if fact is not None)


def follow(machine: Machine, clsid: str) -> Server:
    """Follow ``clsid`` (with braces) on ``machine`` as far as the evidence leads."""
    key = clsid_key(clsid)
    registration = machine.key(key)
    if not isinstance(registration, Present):
        return Server(registration, None, None)
    path = machine.value(key / "InprocServer32", "")
    match path:
        case Present(value=value) if text := _program(value.text()):
            if "\\" in text:
                return Server(registration, path, machine.file(text))
            return Server(registration, path, _search(machine, text), bare=True)
        case _:
            return Server(registration, path, None)


def _program(text: str | None) -> str:
    return (text or "").strip().strip('"').strip()


def _search(machine: Machine, name: str) -> Fact[FileEntry]:
    """Look for a bare name where the loader would: Cluster Administrator's folder, Windows, PATH."""
    directories = [
        machine.cluster_directory,
        r"%SystemRoot%\system32",
        r"%SystemRoot%\system",
        "%SystemRoot%",
    ]
    search_path = machine.value(_ENVIRONMENT, "Path")
    unknown: Unknown | None = None
    match search_path:
        case Present(value=value):
            directories += [part.strip() for part in (value.text() or "").split(";") if part.strip()]
        case Unknown():
            unknown = Unknown(FileSubject(machine.name, name), f"the PATH is not known: {search_path.reason}")
        case Absent():
            pass
    answer: Fact[FileEntry] | None = None
    for directory in dict.fromkeys(directories):
        answer = machine.file(join(directory, name))
        match answer:
            case Present():
                return answer
            case Unknown():
                unknown = unknown or answer
            case Absent():
                pass
    return unknown or answer or Unknown(FileSubject(machine.name, name), "nowhere to look")


def registration(machine: Machine, clsid: str, path: str) -> ValueChange:
    """What registering a server leaves: InprocServer32 of the CLSID, its unnamed value the full path (MSDN98).

    Args:
        machine: Where the server is registered.
        clsid: With braces.
        path: Of the file, every variable expanded.
    """
    outer = clsid_key(clsid)
    server = outer / "InprocServer32"
    found = machine.value(server, "")
    before = found.value if isinstance(found, Present) else None
    after = RegistryValue("", ValueType.REG_SZ, sz(path))
    if before is not None and fold(machine.expand(_program(before.text()))[0]) == fold(path):
        after = before
    absent = (key for key in (outer, server) if isinstance(machine.key(key), Absent))
    return ValueChange(server, "", before, after, makes=next(absent, None))
