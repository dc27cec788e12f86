"""What all articles about files of the Option Pack ask: how old is the CD against what the machine runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iiscluster_kb.articles import _collect, _media
from iiscluster_kb.articles._iis_extension import DLL
from iiscluster_kb.articles._preconditions import Hindrance
from iiscluster_kb.model import Verdict, version_of
from iiscluster_kb.registry import HKLM

if TYPE_CHECKING:
    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Step

__all__ = [
    "FIRST_GOOD",
    "FIRST_NEWER_PACK",
    "ORIGINAL_SIZE",
    "RESOURCE_DLL",
    "SET_UP",
    "TAKEN_FROM_THE_CD",
    "asks_for_a_later_build",
    "has_service_pack_4",
    "runs_set_up",
    "service_pack_number",
    "takes_a_later_build",
]

RESOURCE_DLL = "Clusiis4.dll"
"""Of the resource type IIS Server Instance; lies where Iisclex4.dll does."""
TAKEN_FROM_THE_CD = (DLL, RESOURCE_DLL)
"""What plans take from the Option Pack's CD."""
SET_UP = "Set-up of the Windows NT Option Pack"
"""What the title of each step calls it that runs it."""
ORIGINAL_SIZE = {DLL: 65_664, RESOURCE_DLL: 31 * 1024}
"""Plausible bytes of the Option Pack's own files: of the first no article tells, the other has "31 KB" (Q244220)."""
FIRST_NEWER_PACK = 4
"""The first service pack that is newer than the Option Pack (Q218922)."""
FIRST_GOOD = "4.2.742.1"
"""Version of Iisclex4.dll that does not crash beside Mfc42u.dll 6.00 (Q263216)."""
_LATER = re.compile(r"(?:\d+\.){3}\d+ or later")
_WINDOWS_NT = HKLM / r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"


def service_pack_number(machine: Machine) -> int | None:
    """5 for ``5``, 6 for ``6a``, 0 where none is installed; None: no evidence tells."""
    pack = machine.service_pack
    if pack is None:
        return None
    return int(pack.rstrip("a")) if pack else 0


def takes_a_later_build(machine: Machine) -> bool:
    """Whether the copy of Iisclex4.dll at hand for the machine is of the build of Q263216 or later."""
    copy = None if machine.media is None else _media.fitting(machine.media.files, machine.architecture)
    version = version_of(copy.version) if copy else None
    return version is not None and version >= (version_of(FIRST_GOOD) or ())


def asks_for_a_later_build(step: Step) -> bool:
    """Whether the step is about a build after the CD's, and says which: ``Clusiis4.dll 4.2.734.1 or later``."""
    return _LATER.search(step.title) is not None


def runs_set_up(step: Step) -> bool:
    """Whether the step runs set-up of the Option Pack."""
    return SET_UP in step.title


def has_service_pack_4(_cluster: Cluster, machine: Machine) -> Hindrance | None:
    """The machine has Service Pack 4 or later, from which on the Option Pack's files are the older ones."""
    level = machine.value(_WINDOWS_NT, "CSDVersion")
    pack = service_pack_number(machine)
    if pack is None:
        reason = f"which service pack {machine.name} has is not known"
        return Hindrance(Verdict.UNDETERMINED, reason, (level,), (_collect.software(machine),))
    if pack < FIRST_NEWER_PACK:
        reason = f"{machine.name} has no service pack as new as {FIRST_NEWER_PACK}"
        return Hindrance(Verdict.NOT_APPLICABLE, reason, (level,))
    return None
