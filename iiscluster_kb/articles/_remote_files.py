"""The files of Q224293, with which Cluster Administrator on a machine that is no node can administer IIS.

Clusiis4.dll on the nodes; Admwprox.dll in System32, Coadmin.dll and Iisclex4.dll in the cluster directory of the
operator's machine, the last two registered there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from iiscluster_kb.articles._builds import identify_file, older_than
from iiscluster_kb.articles._iis_extension import CLSID, DIRECTORY, DLL
from iiscluster_kb.articles._option_pack import RESOURCE_DLL
from iiscluster_kb.articles._put_back import is_put_back
from iiscluster_kb.articles._server import follow
from iiscluster_kb.cluster import join
from iiscluster_kb.model import Absent, Present, Unknown

if TYPE_CHECKING:
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import AnyFact, Fact, FileEntry

__all__ = ["PROXY", "WRAPPER", "Needed", "State", "fixed_on_both_sides", "of_a_node", "of_the_workstation"]

PROXY, WRAPPER = "Admwprox.dll", "Coadmin.dll"

_RELEASED = date(1998, 11, 5)
"""Of the files of Q224293."""


class State(StrEnum):
    """How a file stands to what Q224293 wants."""

    FIXED = "fixed"
    OLD = "old"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Needed:
    """A file that must be there, and be of the build of Q224293 or later."""

    name: str
    directory: str
    """Every variable expanded."""
    fact: Fact[FileEntry]
    put_back: bool
    """Whether a step of the plan under proof put it there."""

    @property
    def path(self) -> str:
        """Where it must lie."""
        return join(self.directory, self.name)

    @property
    def state(self) -> State:
        """By version or date; an empty file is as good as none."""
        match self.fact:
            case _ if self.put_back:
                return State.FIXED
            case Absent():
                return State.MISSING
            case Unknown():
                return State.UNKNOWN
            case Present(value=entry) if entry.size == 0 or entry.is_directory:
                return State.MISSING
            case Present(value=entry):
                return _state(entry)


def _state(entry: FileEntry) -> State:
    older, _ = older_than(entry, None, _RELEASED)
    if older is None and entry.modified is not None:  # within a day of it, by which time zones differ
        older = False
    if older is None:
        days = [build.latest for build in identify_file(entry).builds]
        known = [day for day in days if day is not None]
        if not known or len(known) < len(days) or min(known) < _RELEASED <= max(known):
            return State.UNKNOWN
        older = max(known) < _RELEASED
    return State.OLD if older else State.FIXED


def of_the_workstation(machine: Machine) -> tuple[Needed, ...]:
    """What an operator's machine needs."""
    return (
        _needed(machine, PROXY, r"%SystemRoot%\system32"),
        _needed(machine, WRAPPER, machine.cluster_directory),
        _needed(machine, DLL, machine.cluster_directory),
    )


def of_a_node(machine: Machine) -> Needed:
    """What a node needs."""
    return _needed(machine, RESOURCE_DLL, DIRECTORY)


def _needed(machine: Machine, name: str, directory: str) -> Needed:
    path = join(directory, name)
    return Needed(name, machine.expand(directory)[0], machine.file(path), is_put_back(machine, path))


def fixed_on_both_sides(cluster: Cluster, operator: Machine) -> tuple[AnyFact, ...] | None:
    """The facts that show the files on the operator's machine and on every node; None: not shown."""
    files = (*of_the_workstation(operator), *map(of_a_node, cluster.nodes))
    registered = follow(operator, CLSID)
    if not cluster.nodes or not isinstance(registered.file, Present):
        return None
    if any(file.state is not State.FIXED for file in files):
        return None
    return (*(file.fact for file in files), *registered.facts)
