"""One machine: answers questions with facts, resolving names as Windows on that machine would."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from iiscluster_kb.cluster._files import FileView
from iiscluster_kb.cluster._quorum import is_quorum_copy
from iiscluster_kb.cluster._registry import RegistryView, rank
from iiscluster_kb.cluster._removed import removed_values
from iiscluster_kb.model import (
    Absent,
    FileEvidence,
    FileSubject,
    KeySubject,
    MachineProfile,
    Present,
    RegistryEvidence,
    Role,
    Specimen,
    Unknown,
    ValueSubject,
)
from iiscluster_kb.registry import HKLM, KeyPath, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from iiscluster_kb.cluster._removed import RemovedValue
    from iiscluster_kb.model import Evidence, Fact, FileEntry, Media
    from iiscluster_kb.registry import RegistryKey, RegistryValue

__all__ = ["CLUSTER", "CURRENT_CONTROL_SET", "Machine"]

_T = TypeVar("_T")

CLUSTER = HKLM / "Cluster"
CURRENT_CONTROL_SET = HKLM / r"SYSTEM\CurrentControlSet"
_SELECT = HKLM / r"SYSTEM\Select"
_WINDOWS_NT = HKLM / r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_ENVIRONMENT = CURRENT_CONTROL_SET / r"Control\Session Manager\Environment"

_VARIABLE = re.compile(r"%([^%\\]+)%")
_SERVICE_PACK = re.compile(r"Service Pack (\d+)", re.IGNORECASE)
_ARCHITECTURES = {
    "X86": "x86",
    "ALPHA": "alpha",
    "AMD64": "x64",
    "IA64": "ia64",
    "MIPS": "mips",
    "PPC": "ppc",
}


@dataclass(frozen=True)
class Machine:
    """A machine of the case.

    Facts are asked for, not collected: each answer carries the evidence it was read from. Two files that
    claim the same place are ranked (sounder first, then hive before export, a copy from the quorum disk after
    all others); the first answers, and a differing answer of the other is noted in the fact.
    """

    name: str
    evidence: tuple[Evidence, ...] = ()
    """In order of case paths."""
    given_because: Mapping[str, str] = field(default_factory=dict)
    """Case path to the reason why the file was given to this machine."""
    role: Role = Role.UNKNOWN
    role_reason: str = "no evidence tells"
    media: Media | None = None
    """What is at hand to take files from, on this machine as on any; None: the operator named none."""

    @cached_property
    def registry(self) -> RegistryView:
        """The registry as all evidence of this machine shows it, control sets unresolved."""
        hives = [e for e in self.evidence if isinstance(e, RegistryEvidence)]
        return RegistryView(self.name, tuple(sorted(hives, key=lambda e: (is_quorum_copy(e), *rank(e)))))

    @cached_property
    def files(self) -> FileView:
        """The files as all evidence of this machine shows them, variables unresolved."""
        return FileView(
            self.name,
            tuple(e for e in self.evidence if isinstance(e, FileEvidence)),
            tuple(e for e in self.evidence if isinstance(e, Specimen)),
        )

    @cached_property
    def _keys(self) -> dict[KeyPath, Fact[str]]:
        """Answers given so far: articles ask the same things, again after each step of a plan."""
        return {}

    @cached_property
    def _values(self) -> dict[tuple[KeyPath, str], Fact[RegistryValue]]:
        return {}

    @cached_property
    def _files(self) -> dict[str, Fact[FileEntry]]:
        return {}

    @cached_property
    def _drawn(self) -> dict[object, Any]:
        return {}

    def once(self, read: Callable[[Machine], _T], *of: str) -> _T:
        """What ``read`` draws from this machine's evidence; it is called once for each ``of``."""
        place = (read.__module__, read.__qualname__, *of)
        if place not in self._drawn:
            self._drawn[place] = read(self)
        known: _T = self._drawn[place]
        return known

    # --- registry -----------------------------------------------------------------------------------

    def key(self, path: KeyPath) -> Fact[str]:
        """Whether a key is there. The subject of the answer names the resolved control set."""
        known = self._keys.get(path)
        if known is None:
            resolved = self._resolved(path)
            if isinstance(resolved, str):
                known = Unknown(KeySubject(self.name, path), resolved)
            else:
                known = self.registry.key(resolved)
            self._keys[path] = known
        return known

    def value(self, path: KeyPath, name: str) -> Fact[RegistryValue]:
        """Whether a value is there; the empty name asks for the unnamed one."""
        place = (path, fold(name))
        known = self._values.get(place)
        if known is None:
            resolved = self._resolved(path)
            if isinstance(resolved, str):
                known = Unknown(ValueSubject(self.name, path, name), resolved)
            else:
                known = self.registry.value(resolved, name)
            self._values[place] = known
        return known

    def subkeys(self, path: KeyPath) -> Fact[tuple[str, ...]]:
        """Names of the direct subkeys."""
        resolved = self._resolved(path)
        if isinstance(resolved, str):
            return Unknown(KeySubject(self.name, path), resolved)
        return self.registry.subkeys(resolved)

    def tree(self, path: KeyPath) -> Fact[RegistryKey]:
        """The key itself, for what must be read whole, such as all resources of a cluster."""
        resolved = self._resolved(path)
        if isinstance(resolved, str):
            return Unknown(KeySubject(self.name, path), resolved)
        return self.registry.tree(resolved)

    def removed_values(self, path: KeyPath, name: str) -> tuple[RemovedValue, ...]:
        """What hives still hold of a value that was removed, as ``_removed.removed_values``; no facts."""
        resolved = self._resolved(path)
        return () if isinstance(resolved, str) else removed_values(self.registry, resolved, name)

    def text(self, path: KeyPath, name: str) -> str | None:
        """A value's text where it is present and is text; for descriptions, never for verdicts."""
        return _text_of(self.value(path, name))

    @cached_property
    def current_control_set(self) -> Fact[RegistryValue]:
        r"""``HKLM\SYSTEM\Select : Current`` (Q102984)."""
        return self.registry.value(_SELECT, "Current")

    def _resolved(self, path: KeyPath) -> KeyPath | str:
        """The path with the control set's own name, or why that is not known."""
        if not path.is_within(CURRENT_CONTROL_SET):
            return path
        if self._names_current_control_set:
            return path
        numbered: KeyPath | str
        match self.current_control_set:
            case Present(value=value) if number := value.integer():
                numbered = KeyPath(
                    (*_SELECT.parts[:2], f"ControlSet{number:03}", *path.below(CURRENT_CONTROL_SET))
                )
                if self.registry.covers(numbered):
                    return numbered
            case Present():
                numbered = "Select : Current names no control set"
            case Absent():
                numbered = "which control set is current is not told: Select : Current is absent"
            case Unknown(reason=reason):
                numbered = f"which control set is current is not known: {reason}"
        return path if self._lies_by_that_name(path) else numbered

    @cached_property
    def _names_current_control_set(self) -> bool:
        """Whether the evidence lists it by that name, as an export of the live registry does."""
        return isinstance(self.registry.key(CURRENT_CONTROL_SET), Present)

    def _lies_by_that_name(self, path: KeyPath) -> bool:
        """Whether a piece of the current control set itself, such as a saved Services key, holds the place."""
        return any(
            path.is_within(mount.path) and mount.path.is_within(CURRENT_CONTROL_SET)
            for evidence in self.registry.evidence
            for mount in evidence.mounts
        )

    # --- files --------------------------------------------------------------------------------------

    def file(self, path: str) -> Fact[FileEntry]:
        """Whether a file or directory is there; ``path`` may hold ``%SystemRoot%`` and its kin."""
        known = self._files.get(path)
        if known is None:
            expanded, missing = self.expand(path)
            if missing:
                known = Unknown(FileSubject(self.name, path), f"what %{missing}% stands for is not known")
            else:
                known = self.files.file(expanded)
            self._files[path] = known
        return known

    @cached_property
    def system_root(self) -> Fact[RegistryValue]:
        """The Windows directory, as SOFTWARE names it."""
        return self.registry.value(_WINDOWS_NT, "SystemRoot")

    def expand(self, path: str) -> tuple[str, str | None]:
        r"""Put the variables' values in; device prefixes (``\??\``, ``\SystemRoot\``) are resolved too.

        Returns:
            The path and None, or the path as far as it got and the first variable that nobody knows.
        """
        path = path.strip().removeprefix("\\??\\")
        if fold(path).startswith("\\SYSTEMROOT\\"):
            path = "%SystemRoot%" + path[len("\\SystemRoot") :]
        elif fold(path).startswith(
            "SYSTEM32\\"
        ):  # ImagePath of a service may be relative to the Windows directory
            path = "%SystemRoot%\\" + path
        missing: list[str] = []

        def put(match: re.Match[str]) -> str:
            value = self._variable(match[1])
            if value is None:
                missing.append(match[1])
                return match[0]
            return value

        expanded = _VARIABLE.sub(put, path)
        return expanded, missing[0] if missing else None

    def _variable(self, name: str) -> str | None:
        match fold(name), self.system_root:
            case ("SYSTEMROOT" | "WINDIR", Present(value=value)):
                return value.text()
            case ("SYSTEMDRIVE", Present(value=value)) if text := value.text():
                return text[:2]
            case ("SYSTEMROOT" | "WINDIR" | "SYSTEMDRIVE", _):
                return None
            case _:
                text = self.text(_ENVIRONMENT, name)
                return None if text is None or "%" in text else text

    @cached_property
    def cluster_directory(self) -> str:
        """Where Cluster Server is installed: the folder of ClusSvc's ImagePath, by default below Windows."""
        image = self.text(CURRENT_CONTROL_SET / r"Services\ClusSvc", "ImagePath")
        if image:
            program = image.strip().strip('"')
            directory = program.rpartition("\\")[0]
            if directory:
                return directory
        return r"%SystemRoot%\Cluster"

    # --- description --------------------------------------------------------------------------------

    @cached_property
    def windows_version(self) -> Fact[RegistryValue]:
        """``CurrentVersion`` of SOFTWARE."""
        return self.registry.value(_WINDOWS_NT, "CurrentVersion")

    @property
    def windows(self) -> str | None:
        """``4.0`` for Windows NT 4.0; None where no evidence tells."""
        return _text_of(self.windows_version)

    @cached_property
    def service_pack(self) -> str | None:
        """``6a``; the empty string where none is installed. From the first number in CSDVersion (Q222507)."""
        match self.registry.value(_WINDOWS_NT, "CSDVersion"):
            case Absent():
                return ""
            case Present(value=value) if found := _SERVICE_PACK.search(value.text() or ""):
                number = found[1]
            case _:
                return None
        if number == "6":  # 6a says 6 and leaves a hotfix key (Q246009)
            match self.registry.value(_WINDOWS_NT / r"Hotfix\Q246009", "Installed"):
                case Present(value=value) if value.integer() == 1:
                    return "6a"
                case _:
                    pass
        return number

    @cached_property
    def architecture(self) -> str | None:
        """``x86``, ``alpha`` … from the system environment."""
        text = self.text(_ENVIRONMENT, "PROCESSOR_ARCHITECTURE")
        return None if text is None else _ARCHITECTURES.get(fold(text), text.lower())

    @cached_property
    def profile(self) -> MachineProfile:
        """The machine as a report shows it."""
        match self.current_control_set:
            case Present(value=value):
                control_set = value.integer()
            case _:
                control_set = None
        return MachineProfile(
            self.name,
            self.role,
            self.windows,
            self.service_pack,
            self.architecture,
            _text_of(self.system_root),
            control_set,
        )


def _text_of(fact: Fact[RegistryValue]) -> str | None:
    match fact:
        case Present(value=value):
            return value.text()
        case _:
            return None
