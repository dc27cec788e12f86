r"""What the articles need of a machine, and which evidence of a case meets each need.

Q224553 asks SYSTEM (name, services, processor), SOFTWARE (registration, Windows), the cluster hive (resource
type), listings of inetsrv, system32 and the cluster directory, and is surest with Iisclex4.dll itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from iiscluster_kb.collectors.commands import (
    Era,
    copy_file,
    copy_logs,
    list_directory,
    save_cluster_hive,
    save_hive,
)
from iiscluster_kb.model import Role, State
from iiscluster_kb.registry import KeyPath, fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iiscluster_kb.collectors.commands import Way
    from iiscluster_kb.model import Artifact, MachineProfile

__all__ = ["Met", "Need", "Standing", "needs_of"]

_ROOT = "%SystemRoot%"
_CONFIG = rf"{_ROOT}\system32\config"
_INETSRV = rf"{_ROOT}\system32\inetsrv"
_CLUSTER = rf"{_ROOT}\Cluster"
_DLL = "iisclex4.dll"
_BEST_FIRST = (State.CLEAN, State.RECOVERED, State.UNRECOVERED, State.DAMAGED)


class Standing(StrEnum):
    """How far a need is met."""

    THERE = "there"
    IN_PART = "in part"
    """Only a subtree of the hive."""
    UNSOUND = "unsound"
    """Damaged, or without its pending changes."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to collect of a machine."""

    title: str
    ways: tuple[Way, ...]
    key: KeyPath | None = None
    """The hive's place."""
    directory: str | None = None
    """The directory to be listed whole, with ``%SystemRoot%``."""
    file: str | None = None
    """The file to be taken itself, with ``%SystemRoot%``."""
    logs: Way | None = None
    """Of a hive: how its transaction logs are taken."""


@dataclass(frozen=True, slots=True)
class Met:
    """A need, and what the case holds of it."""

    need: Need
    standing: Standing
    artifacts: tuple[Artifact, ...] = ()
    """The sounder first."""

    @property
    def ways(self) -> tuple[Way, ...]:
        """How to collect it; nothing where it is there. A hive without its pending changes may lack only its logs."""
        if self.standing is Standing.THERE:
            return ()
        lacks_logs = bool(self.artifacts) and self.artifacts[0].state is State.UNRECOVERED
        logs = (self.need.logs,) if lacks_logs and self.need.logs is not None else ()
        return *logs, *self.need.ways


def needs_of(profile: MachineProfile, artifacts: Iterable[Artifact]) -> tuple[Met, ...]:
    """What is needed of a machine, in order of weight, each with what the case holds of it.

    Args:
        profile: The machine; its role says what is needed, its Windows how it is collected.
        artifacts: Those of this machine.
    """
    own = tuple(artifacts)
    return tuple(_met(need, profile.system_root, own) for need in _needs(profile))


def _needs(profile: MachineProfile) -> tuple[Need, ...]:
    era = Era.of(profile.windows)
    system, software = (
        Need(
            f"the {name} hive",
            save_hive(name, era),
            key=KeyPath.parse(rf"HKLM\{name}"),
            logs=copy_logs(rf"{_CONFIG}\{name}"),
        )
        for name in ("SYSTEM", "SOFTWARE")
    )
    cluster = Need(
        "the cluster hive",
        save_cluster_hive(era),
        key=KeyPath.parse(r"HKLM\Cluster"),
        logs=copy_logs(rf"{_CLUSTER}\CLUSDB"),
    )
    listings = (_listing("system32", rf"{_ROOT}\system32"), _listing("Cluster", _CLUSTER))
    if profile.role is Role.OPERATOR:
        return system, software, *listings, _itself(rf"{_CLUSTER}\{_DLL}")
    return system, software, cluster, _listing("inetsrv", _INETSRV), *listings, _itself(rf"{_INETSRV}\{_DLL}")


def _listing(name: str, directory: str) -> Need:
    return Need(f"a listing of {name}", list_directory(directory), directory=directory)


def _itself(path: str) -> Need:
    return Need("Iisclex4.dll itself", copy_file(path), file=path)


def _met(need: Need, system_root: str | None, artifacts: tuple[Artifact, ...]) -> Met:
    whole = [artifact for artifact in artifacts if _holds(need, system_root, artifact)]
    if whole:
        whole.sort(key=lambda artifact: _BEST_FIRST.index(artifact.state))
        sound = whole[0].state in {State.CLEAN, State.RECOVERED}
        return Met(need, Standing.THERE if sound else Standing.UNSOUND, tuple(whole))
    parts = tuple(artifact for artifact in artifacts if _holds_a_part(need, artifact))
    return Met(need, Standing.IN_PART if parts else Standing.MISSING, parts)


def _holds(need: Need, system_root: str | None, artifact: Artifact) -> bool:
    if need.key is not None:
        return need.key.short in artifact.holds
    if need.directory is not None:
        return any(_is_at(place, need.directory, system_root) for place in artifact.holds)
    path = need.file or ""
    name = path.rpartition("\\")[2]
    return any(fold(place) == fold(name) or _is_at(place, path, system_root) for place in artifact.holds)


def _holds_a_part(need: Need, artifact: Artifact) -> bool:
    if need.key is None:
        return False
    return any(fold(place).startswith(f"{fold(need.key.short)}\\") for place in artifact.holds)


def _is_at(place: str, path: str, system_root: str | None) -> bool:
    """Whether it is that path; where nobody knows the Windows directory, one that ends alike."""
    below = path.removeprefix(_ROOT)
    if system_root is None:
        return fold(place).endswith(fold(below))
    return fold(place) == fold(system_root.rstrip("\\") + below)
