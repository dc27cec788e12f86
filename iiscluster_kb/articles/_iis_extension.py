"""Iisclex4.dll, the IIS 4.0 extension of Cluster Administrator: judged as a file, and how to put it in place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from iiscluster_kb.articles import _collect, _media
from iiscluster_kb.articles._server import registration
from iiscluster_kb.cluster import join
from iiscluster_kb.model import (
    Absent,
    Deviation,
    FileRestored,
    FileSubject,
    Phase,
    Present,
    Source,
    StatedSubject,
    Step,
    Unknown,
    Verdict,
)

if TYPE_CHECKING:
    from iiscluster_kb.cluster import Machine
    from iiscluster_kb.model import AnyFact, FileEntry, MediaFile, Specimen

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
_SIZES = {"x86": 65_664, "alpha": 114_960}
"""Bytes of the documented builds (Q224293, Q235373, Q263216)."""

_RESTORE = "Put {dll} into {directory}"
_RESTORE_REASON = "Cluster Administrator loads the page for the parameters from {dll} (Q224553, step 2)."
_RESTORE_EXPECT = 'dir "{path}" shows the file, larger than zero bytes.'
_RESTORE_MEDIA = (
    "D: stands for the Option Pack CD and En for its language. The article calls the cabinet iis4_1.cab, other "
    "articles (Q244220, Q199117, Q226512) call it Iis4_01.cab: take the one that is there."
)
_DRIVE = "D:"
_FROM_MEDIA = "The media holds it as {path}: {described}. {whereabouts}."
_FROM_MEDIA_EXPECT = 'dir "{path}" shows the file with {size:,} bytes.'
_UNPACK_BY_HAND = (
    "No one command takes it out, so unpack it by hand: it is an archive inside another, or its name has signs that "
    "mean more on a command line."
)
_RESTORE_OTHERWISE = (
    Deviation(
        "extract is not found.",
        "Windows NT 4.0 itself has no extract.exe; any program that opens cabinets serves.",
    ),
    Deviation(
        "The file has zero bytes or is not in the cabinet.",
        "Look into the other cabinets of the folder; copy the file from the healthy node if its processor is the same.",
    ),
)
_WHICH_PROCESSOR = (
    "The node's processor is not known. A DLL for x86 does not run on Alpha nor the other way round: choose the "
    "folder x86 or Alpha on the CD accordingly."
)
_REGISTER = "Register {dll}"
_REGISTER_REASON = "COM finds the extension by its CLSID {clsid} (Q224553, step 3)."
_REGISTER_EXPECT = "A message that DllRegisterServer in {dll} succeeded."
_REGISTER_OTHERWISE = (
    Deviation(
        "LoadLibrary failed, 0x00000485.",
        "A DLL that it needs is missing (Q160018): compare system32 and inetsrv with the other node.",
    ),
    Deviation("LoadLibrary failed, 0x000000b6.", "An MFC or ATL of another version is there (Q192535)."),
    Deviation(
        "LoadLibrary failed, any other number.",
        "The file is not where the command looks, is damaged, or is made for another processor.",
    ),
    Deviation(
        "The DllRegisterServer entry point was not found.",
        "This is another file of that name: restore it first.",
    ),
    Deviation(
        "DllRegisterServer failed.", "Log on as an administrator; the number that is shown tells the reason."
    ),
    Deviation("The command is not found.", "It is called regsvr32, not regsrv32, and lies in system32."),
)


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
        for listing, entry in machine.files.files_named(DLL)
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
            (_collect.system(machine),),
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
            (_collect.file_itself(machine, specimen.windows_path or specimen.name),),
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
    """Step 2 of the article: put the file in place, for the node's own processor.

    From the media that is at hand, where a copy on it fits; else from where the article knows it on the Option
    Pack CD.
    """
    copy = _copy(machine)
    if copy is not None:
        return (_from_media(machine, copy),)
    step = _from_option_pack(machine)
    if machine.media is None:
        return (step,)
    refusals = _media.refusals(machine.media, DLL, machine.architecture)
    return (replace(step, warnings=(*step.warnings, *refusals)),)


def _copy(machine: Machine) -> MediaFile | None:
    return None if machine.media is None else _media.fitting(machine.media.files, machine.architecture)


def _from_media(machine: Machine, copy: MediaFile) -> Step:
    directory = machine.expand(DIRECTORY)[0]
    path = join(directory, DLL)
    command = _media.take_command(copy, _DRIVE, path)
    told = _FROM_MEDIA.format(
        path=copy.path, described=_media.described(copy), whereabouts=_media.whereabouts(copy, _DRIVE)
    )
    return Step(
        machine.name,
        Phase.RESTORE_FILE,
        _RESTORE.format(dll=DLL, directory=directory),
        command=command,
        reason=f"{_RESTORE_REASON.format(dll=DLL)} {told}{'' if command else f' {_UNPACK_BY_HAND}'}",
        expect=_FROM_MEDIA_EXPECT.format(path=path, size=copy.size),
        otherwise=_RESTORE_OTHERWISE[:1] if command and command.startswith("extract ") else (),
        achieves=(_restored(machine),),
    )


def _from_option_pack(machine: Machine) -> Step:
    directory = machine.expand(DIRECTORY)[0]
    folder = _MEDIA_FOLDERS.get(machine.architecture or "")
    command = rf'extract /a D:\Ntoptpak\En\{folder}\Winnt.SRV\iis4_1.cab {DLL} /L "{directory}"'
    return Step(
        machine.name,
        Phase.RESTORE_FILE,
        _RESTORE.format(dll=DLL, directory=directory),
        command=command if folder else None,
        reason=f"{_RESTORE_REASON.format(dll=DLL)} {_RESTORE_MEDIA}",
        expect=_RESTORE_EXPECT.format(path=join(directory, DLL)),
        warnings=() if folder else (_WHICH_PROCESSOR,),
        otherwise=_RESTORE_OTHERWISE,
        achieves=(_restored(machine),),
    )


def register_steps(machine: Machine) -> tuple[Step, ...]:
    """Step 3 of the article: register the DLL where it lies; what it achieves is not told where nobody knows where."""
    directory, unknown = machine.expand(DIRECTORY)
    return (
        Step(
            machine.name,
            Phase.REGISTER,
            _REGISTER.format(dll=DLL),
            command=f'cd /d "{directory}"\nregsvr32 {DLL}',
            reason=_REGISTER_REASON.format(clsid=CLSID),
            expect=_REGISTER_EXPECT.format(dll=DLL),
            otherwise=_REGISTER_OTHERWISE,
            # It succeeds only if the file is there, loads and can register.
            achieves=()
            if unknown
            else (_restored(machine), registration(machine, CLSID, join(directory, DLL))),
        ),
    )


def _restored(machine: Machine) -> FileRestored:
    path = machine.expand(join(DIRECTORY, DLL))[0]
    copy = _copy(machine)
    return FileRestored(path, copy.size if copy else _SIZES.get(machine.architecture or "", _SIZES["x86"]))
