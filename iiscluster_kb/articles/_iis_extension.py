"""Iisclex4.dll, the IIS 4.0 extension of Cluster Administrator: judged as a file, and how to put it in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.articles import _collect
from iiscluster_kb.cluster import join
from iiscluster_kb.model import (
    Absent,
    FileSubject,
    Phase,
    Present,
    Source,
    StatedSubject,
    Step,
    Unknown,
    Verdict,
)
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from iiscluster_kb.cluster import Machine
    from iiscluster_kb.model import AnyFact, FileEntry, Specimen

__all__ = [
    "CLSID",
    "DIRECTORY",
    "DLL",
    "RESOURCE_TYPE",
    "DllState",
    "examine_dll",
    "register_steps",
    "restore_steps",
]

CLSID = "{92BF7500-974C-11D0-A5F2-00A0C922E752}"
"""Of the extension (Q224553, step 7)."""
DLL = "iisclex4.dll"
DIRECTORY = r"%SystemRoot%\system32\inetsrv"
"""Where set-up puts it on a node (Q224553, step 2)."""
RESOURCE_TYPE = "IIS Server Instance"

_ENTRY_POINT = "DllRegisterServer"
_MEDIA_FOLDERS = {"x86": "x86", "alpha": "Alpha"}
"""Below ``\\Ntoptpak\\En`` on the Option Pack CD (Q224553, Q230309)."""


@dataclass(frozen=True, slots=True)
class DllState:
    """What the evidence says of the DLL on a node."""

    verdict: Verdict
    detail: str
    explanation: str
    facts: tuple[AnyFact, ...]
    collect: tuple[str, ...] = ()


def examine_dll(machine: Machine) -> DllState:
    """Judge the DLL by the listing and, where the file itself was collected, by its content."""
    path = machine.expand(join(DIRECTORY, DLL))[0]
    fact = machine.file(path)
    if isinstance(fact, Unknown):
        explanation = f"Whether {path} is there is not known: {fact.reason}."
        return DllState(Verdict.UNDETERMINED, "", explanation, (fact,))
    if isinstance(fact, Absent):
        return _missing(machine, path, fact)
    entry = fact.value
    if entry.is_directory:
        return DllState(Verdict.CONFIRMED, "not-pe", f"{path} is a directory.", (fact,))
    if entry.size == 0:
        return DllState(Verdict.CONFIRMED, "empty", f"{path} is there with zero bytes.", (fact,))
    specimen = _specimen(machine, path, entry)
    if specimen is None:
        size = "" if entry.size is None else f" with {entry.size:,} bytes"
        return DllState(
            Verdict.RULED_OUT,
            "ok",
            f"{path} is there{size}; the file itself was not collected, so what is in it was not looked at.",
            (fact,),
        )
    collected = Present(FileSubject(machine.name, path), specimen, Source(specimen.file))
    return _judge_content(machine, specimen, (fact, collected))


def _missing(machine: Machine, path: str, fact: Absent) -> DllState:
    strays = [
        Present(FileSubject(machine.name, entry.path), entry, Source(listing.file, line=entry.line))
        for listing in machine.files.listings
        for entry in listing.entries.values()
        if fold(entry.path).endswith(f"\\{fold(DLL)}") and not entry.is_directory
    ]
    if strays:
        found = ", ".join(str(stray.subject) for stray in strays[:4])
        return DllState(
            Verdict.CONFIRMED,
            "elsewhere",
            f"{path} is not there, though a file of that name lies at {found}.",
            (fact, *strays[:4]),
        )
    return DllState(Verdict.CONFIRMED, "absent", f"{path} is not there.", (fact,))


def _specimen(machine: Machine, path: str, listed: FileEntry) -> Specimen | None:
    """The collected file: from that very path, else of that name and the size that the listing shows."""
    exact = machine.files.specimens_at(path)
    if exact:
        return exact[0]
    alike = [s for s in machine.files.specimens_named(DLL) if listed.size in {None, s.size}]
    return alike[0] if alike else None


def _judge_content(machine: Machine, specimen: Specimen, facts: tuple[AnyFact, ...]) -> DllState:
    origin = specimen.file.path
    if specimen.problem is not None:
        detail = "empty" if specimen.size == 0 else "not-pe"
        return DllState(Verdict.CONFIRMED, detail, f"{origin} is unusable: {specimen.problem}.", facts)
    wanted = machine.architecture
    if wanted is None:
        processor = Unknown(
            StatedSubject(machine.name, f"processor of {machine.name}"), "PROCESSOR_ARCHITECTURE is not known"
        )
        return DllState(
            Verdict.UNDETERMINED,
            "",
            f"{origin} is made for {specimen.architecture}; the node's processor is not known.",
            (*facts, processor),
            (_collect.system(machine.name),),
        )
    if specimen.architecture != wanted:
        return DllState(
            Verdict.CONFIRMED,
            "wrong-machine",
            f"{origin} is made for {specimen.architecture}, the node is {wanted}.",
            facts,
        )
    if specimen.exports is None:
        return DllState(
            Verdict.UNDETERMINED,
            "",
            f"The exports of {origin} cannot be read.",
            facts,
            (_collect.file_itself(machine.name, specimen.windows_path or specimen.name),),
        )
    if _ENTRY_POINT not in specimen.exports:
        return DllState(Verdict.CONFIRMED, "no-exports", f"{origin} does not export {_ENTRY_POINT}.", facts)
    version = f", version {specimen.version}" if specimen.version else ""
    return DllState(
        Verdict.RULED_OUT,
        "ok",
        f"{origin} is a {specimen.architecture} DLL that can register{version}.",
        facts,
    )


def restore_steps(machine: Machine) -> tuple[Step, ...]:
    """Step 2 of the article: take the file from the Option Pack CD, for the node's own processor."""
    directory = machine.expand(DIRECTORY)[0]
    folder = _MEDIA_FOLDERS.get(machine.architecture or "", "<processor>")
    media = rf"D:\Ntoptpak\En\{folder}\Winnt.SRV"
    return (
        Step(
            machine.name,
            Phase.RESTORE_FILE,
            f"Put {DLL} into {directory}",
            command=rf'extract /a {media}\iis4_1.cab {DLL} /L "{directory}"',
            reason=f"Cluster Administrator loads the page for the parameters from {DLL} (Q224553, step 2).",
            expect=(
                f'dir "{join(directory, DLL)}" shows the file, larger than zero bytes. D: stands for the Option '
                "Pack CD and En for its language. The article calls the cabinet iis4_1.cab, other articles "
                "(Q244220, Q199117, Q226512) call it Iis4_01.cab: take the one that is there. Windows NT 4.0 "
                "itself has no extract.exe; any program that opens cabinets serves."
            ),
            warnings=_warnings_of_old_files(machine),
        ),
    )


def _warnings_of_old_files(machine: Machine) -> tuple[str, ...]:
    warnings = []
    if machine.architecture not in _MEDIA_FOLDERS:
        warnings.append(
            "The node's processor is not known. A DLL for x86 does not run on Alpha nor the other way round: "
            "choose the folder x86 or Alpha on the CD accordingly."
        )
    if machine.service_pack is None or machine.service_pack[:1] >= "4":
        warnings.append(
            "The file on the CD is older than the service pack on the node: apply the service pack again "
            "after taking it (Q218922, Q194507), or take the later builds of Q263216 and Q247763."
        )
    warnings.append(
        "With Mfc42u.dll 6.00 in system32, an Iisclex4.dll older than 4.2.742.1 crashes Cluster Administrator "
        "on the very page that is restored here: look at the version of Mfc42u.dll first (Q263216)."
    )
    return tuple(warnings)


def register_steps(machine: Machine) -> tuple[Step, ...]:
    """Step 3 of the article: register the DLL where it lies."""
    directory = machine.expand(DIRECTORY)[0]
    return (
        Step(
            machine.name,
            Phase.REGISTER,
            f"Register {DLL}",
            command=f'cd /d "{directory}"\nregsvr32 {DLL}',
            reason=f"COM finds the extension by its CLSID {CLSID} (Q224553, step 3).",
            expect=(
                f'A message that DllRegisterServer in {DLL} succeeded. "LoadLibrary failed" with 0x00000485: a '
                "DLL that it needs is missing (Q160018); with 0x000000b6: an MFC or ATL of another version "
                '(Q192535). "DllRegisterServer entry point was not found": this is another file. The program is '
                "called regsvr32, not regsrv32."
            ),
        ),
    )
