"""Gives each file of a case to a machine, and says why."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from iiscluster_kb.cluster._registry import RegistryView
from iiscluster_kb.cluster.machine import CURRENT_CONTROL_SET, Machine
from iiscluster_kb.model import Present, RegistryEvidence
from iiscluster_kb.registry import HKLM, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from iiscluster_kb.model import Evidence

__all__ = ["Assignment", "computer_name", "node_names"]

_COMPUTER_NAME = CURRENT_CONTROL_SET / r"Control\ComputerName\ComputerName"
_NODES = HKLM / r"Cluster\Nodes"
_SEPARATORS = re.compile(r"[_\-. ]")

# Folders that tell what they hold, never whose it is: those of Windows itself and of collectors.
_KINDS_OF_FOLDER = frozenset(
    [
        "CONFIG",
        "SYSTEM32",
        "WINNT",
        "WINDOWS",
        "CLUSTER",
        "MSCS",
        "INETSRV",
        "REPAIR",
        "REGBACK",
        "REGISTRY",
        "HIVES",
        "HIVE",
        "REG",
        "FILES",
        "FILE",
        "LISTINGS",
        "LISTING",
        "DIR",
        "DIRS",
        "DLL",
        "DLLS",
        "SPECIMENS",
        "COLLECTED",
        "EVIDENCE",
        "LOGS",
        "UPLOADS",
        "AUTO",
        "NTFS",
        "C",
        "D",
        "E",
        "Q",
        "C:",
        "D:",
        "C%3A",
        "D%3A",
        "C$",
        "D$",
    ]
)


def computer_name(evidence: Evidence) -> str | None:
    """The ComputerName that a SYSTEM hive or export itself gives, in its current control set."""
    match evidence:
        case RegistryEvidence():
            return Machine("", (evidence,)).text(_COMPUTER_NAME, "ComputerName") or None
        case _:
            return None


def node_names(evidence: Evidence) -> tuple[str, ...]:
    r"""NodeName of each key under ``Cluster\Nodes``, in the hive's order."""
    match evidence:
        case RegistryEvidence():
            view = RegistryView("", (evidence,))
        case _:
            return ()
    names = []
    match view.subkeys(_NODES):
        case Present(value=numbers):
            for number in numbers:
                match view.value(_NODES / number, "NodeName"):
                    case Present(value=value) if text := value.text():
                        names.append(text)
                    case _:
                        pass
        case _:
            pass
    return tuple(names)


class Assignment:
    """Decides for each case path whose file it is.

    In this order: what was stated; the ComputerName inside; a file-name prefix or a folder that one named
    machine has for itself; a folder that bears a known machine's name; else the folder's own name.
    """

    def __init__(
        self,
        case_name: str,
        paths: Iterable[str],
        named: Mapping[str, str],
        known: Iterable[str],
        stated: Mapping[str, tuple[str, ...]],
    ) -> None:
        """Take what is known before any file is given away.

        Args:
            case_name: What a machine is called of which nothing tells a name.
            paths: All case paths of evidence.
            named: Case path to the ComputerName that the file itself gives.
            known: Names of machines known otherwise, such as the cluster's nodes.
            stated: Machine name to patterns of its paths.
        """
        self._case_name = case_name
        self._named = dict(named)
        self._known = {fold(name): name for name in (*known, *stated, *named.values())}
        self._stated = stated
        self._wrapper = _common_folder(paths)

    def machine_of(self, path: str) -> tuple[str, str]:
        """The machine's name, and why."""
        for name, patterns in self._stated.items():
            if any(fnmatchcase(path, pattern) for pattern in patterns):
                return name, "stated by the operator"
        if path in self._named:
            return self._named[path], "the ComputerName it holds"
        return self._by_neighbours(path) or self._by_own_folder(path)

    def _by_neighbours(self, path: str) -> tuple[str, str] | None:
        folder, _, file_name = path.rpartition("/")
        if name := self._starting(file_name):
            return name, "its file name begins with the machine's name"
        if name := self._sharing_prefix(folder, file_name):
            return name, "its file name begins like that of the machine's SYSTEM"
        for level in _upwards(folder):
            sharing = {name for at, name in self._named.items() if _lies_in(at, level)}
            if level == self._wrapper and not self._speaks_for_the_whole_case(folder):
                sharing = set()
            if len(sharing) == 1:
                return sharing.pop(), f"shares the folder {level or '.'} with that machine's SYSTEM"
            if name := self._starting(level.rpartition("/")[2]):
                return name, f"lies in the folder {level}"
            if sharing or level == self._wrapper:
                return None
        return None

    def _by_own_folder(self, path: str) -> tuple[str, str]:
        for level in _upwards(path.rpartition("/")[0]):
            if level == self._wrapper:
                break
            own = level.rpartition("/")[2]
            if not _tells_no_name(own):
                return own, "named after its folder; nothing else tells whose it is"
        return self._case_name, "named after the case; nothing else tells whose it is"

    def _starting(self, name: str) -> str | None:
        folded = fold(name)
        fitting = [
            known
            for known in self._known
            if folded.startswith(known) and not folded[len(known) : len(known) + 1].isalnum()
        ]
        return self._known[max(fitting, key=len)] if fitting else None

    def _sharing_prefix(self, folder: str, file_name: str) -> str | None:
        prefix = _prefix(file_name)
        owners = {
            name
            for at, name in self._named.items()
            if prefix and at.rpartition("/")[0] == folder and _prefix(at.rpartition("/")[2]) == prefix
        }
        return owners.pop() if len(owners) == 1 else None

    def _speaks_for_the_whole_case(self, folder: str) -> bool:
        """Whether a file in ``folder`` may belong to the only named machine of the whole case.

        A folder with a name of its own beside that machine's may well be another machine whose SYSTEM was
        not collected; its files must not answer for the named one.
        """
        below = folder[len(self._wrapper) :].strip("/")
        return not below or all(map(_tells_no_name, below.split("/")))


def _tells_no_name(folder: str) -> bool:
    """Whether a folder's own name says nothing of whose files lie in it: a kind, a date, a number."""
    return fold(folder) in _KINDS_OF_FOLDER or not any(map(str.isalpha, folder))


def _prefix(file_name: str) -> str | None:
    head, *rest = _SEPARATORS.split(file_name, maxsplit=1)
    return fold(head) if rest and head else None


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _lies_in(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _common_folder(paths: Iterable[str]) -> str:
    folders = [path.split("/")[:-1] for path in paths]
    if not folders:
        return ""
    shortest, longest = min(folders), max(folders)
    shared = 0
    while shared < len(shortest) and shared < len(longest) and shortest[shared] == longest[shared]:
        shared += 1
    return "/".join(shortest[:shared])
