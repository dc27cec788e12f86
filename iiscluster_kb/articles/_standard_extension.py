"""Cluadmex.dll, the extension of Cluster Administrator for the standard resource types: how to put it in place.

That ``{4EC90FB0-…}`` is its CLSID is concluded: the Platform SDK prints that CLSID on the resource type Physical
Disk, and Q272350 registers Cluadmex.dll for the standard pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles._server import registration
from iiscluster_kb.cluster import join
from iiscluster_kb.model import Deviation, FileRestored, Phase, Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iiscluster_kb.cluster import Machine
    from iiscluster_kb.model import ValueChange

__all__ = ["CLSID", "DEBUG_DLL", "DLL", "list_step", "register_step", "restore_step"]

CLSID = "{4EC90FB0-D0BB-11CF-B5EF-00A0C90AB505}"
DLL = "Cluadmex.dll"
DEBUG_DLL = "Debugex.dll"
"""A second extension, which is loaded only where somebody registered it (Platform SDK)."""

_SIZES = {
    "cluadmex.dll": {"x86": 135_952, "alpha": 212_000},
    "debugex.dll": {"x86": 57_616},
}
"""Bytes from Service Pack 5 on (Q235373); of Alpha as Q262705 rounds them."""
_SIZE_BEFORE = 131_344
"""Bytes of Cluadmex.dll for x86 as Cluster Server 1.0 came (Q174641)."""
_OTHERWISE = (
    Deviation(
        "The file is in use.",
        "Close Cluster Administrator on this machine; it loads the file.",
    ),
    Deviation(
        "The machine is a workstation with nothing but Cluster Administrator.",
        "Rename its cluster directory and install Cluster Administrator anew, then the service pack (Q174641).",
    ),
)


def restore_step(machine: Machine, name: str) -> Step:
    """Put one of the two extensions in place, from what the machine's service pack brings."""
    directory = machine.expand(machine.cluster_directory)[0]
    path = join(directory, name)
    pack = f"Service Pack {machine.service_pack}" if machine.service_pack else "the installed service pack"
    return Step(
        machine.name,
        Phase.RESTORE_FILE,
        f"Put {name} of {pack} into {directory}",
        reason="Cluster Administrator loads the pages for the standard resource types from it (Q174641). A file "
        "as old as Cluster Server 1.0 belongs only where no service pack after 3 is installed.",
        expect=f'dir "{path}" shows the file, larger than zero bytes.',
        otherwise=_OTHERWISE,
        achieves=_restored(machine, path),
    )


def register_step(machine: Machine) -> Step:
    """Register Cluadmex.dll on a machine that runs Cluster Administrator."""
    directory = machine.expand(machine.cluster_directory)[0]
    path = join(directory, DLL)
    return Step(
        machine.name,
        Phase.REGISTER,
        f"Register {DLL}",
        command=f'cd /d "{directory}"\nregsvr32 {DLL}',
        reason=f"COM finds the extension by its CLSID {CLSID}, on each machine that runs Cluster Administrator "
        "(Platform SDK).",
        expect=f"A message that DllRegisterServer in {DLL} succeeded.",
        otherwise=(
            Deviation(
                "LoadLibrary failed.",
                "The file is not there, is damaged, or is made for another processor: put it in place first.",
            ),
        ),
        achieves=(*_restored(machine, path), *_registered(machine, path)),
    )


def list_step(machine: Machine, changes: Iterable[ValueChange]) -> Step:
    """Have the extension listed on resource types again, the way that the vendor supports."""
    path = join(machine.expand(machine.cluster_directory)[0], DLL)
    return Step(
        machine.name,
        Phase.PATCH,
        f"Register {DLL} with the cluster",
        command=f'regcladm "{path}"',
        reason=f"It lists {CLSID} in AdminExtensions of the standard resource types, through the cluster service, "
        "which carries it to every node (Platform SDK).",
        expect="Regedt32 shows the CLSID in AdminExtensions of each resource type named, beside what was there.",
        otherwise=(
            Deviation(
                "regcladm is not found.",
                "It comes with the Platform SDK. From a Windows 2000 machine, cluster.exe with /regext:cluadmex.dll "
                "does the same (Q272350).",
            ),
        ),
        achieves=tuple(changes),
    )


def _registered(machine: Machine, path: str) -> tuple[ValueChange, ...]:
    return () if machine.expand(path)[1] else (registration(machine, CLSID, path),)


def _restored(machine: Machine, path: str) -> tuple[FileRestored, ...]:
    """The file in its place; nothing where nobody knows which place that is."""
    if machine.expand(path)[1]:
        return ()
    name = path.rpartition("\\")[2].lower()
    sizes = _SIZES.get(name, {})
    size = sizes.get(machine.architecture or "", sizes.get("x86", 1))
    before_any_pack = machine.service_pack is not None and machine.service_pack[:1] < "4"
    if name == DLL.lower() and machine.architecture == "x86" and before_any_pack:
        size = _SIZE_BEFORE
    return (FileRestored(path, size),)
