"""A report made by hand, with every verdict, every kind of value and every state of evidence in it."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from iiscluster_kb.model import (
    Absent,
    Answer,
    Article,
    ArticleSummary,
    Artifact,
    CaseFile,
    Cause,
    Dialect,
    FileEntry,
    FileSubject,
    Finding,
    KeySubject,
    MachineProfile,
    Opinion,
    Patch,
    Phase,
    Present,
    Proof,
    Remedy,
    Report,
    Role,
    Skipped,
    Source,
    Specimen,
    State,
    Stated,
    StatedSubject,
    Step,
    Unknown,
    ValueChange,
    ValueSubject,
    Verdict,
)
from iiscluster_kb.registry import KeyPath, MemoryKey, RegistryValue, ValueType, multi_sz, sz

if TYPE_CHECKING:
    from pathlib import Path

CLSID = "{92BF7500-974C-11D0-A5F2-00A0C922E752}"
OTHER_CLSID = "{4EC90FB0-D0BB-11CF-B5EF-00A0C90AB505}"
TYPE_KEY = KeyPath.parse(r"HKLM\Cluster\ResourceTypes\IIS Server Instance")
SERVER_KEY = KeyPath.parse(rf"HKCR\CLSID\{CLSID}\InprocServer32")
INETSRV = r"C:\WINNT\system32\inetsrv"
ARTICLE = Article(
    "Q224553",
    "IIS Server Instance parameters window is missing",
    "https://jeffpar.github.io/kbarchive/kb/224/Q224553/",
)
MISSING_DLL = Cause("Q224553/dll-missing", "Iisclex4.dll is missing or unfit")
UNREGISTERED = Cause("Q224553/clsid-unregistered", "The extension is not registered with COM")
NO_EXTENSION = Cause("Q224553/admin-extensions-missing", "AdminExtensions does not name the extension")
REMOTE = Cause("Q224553/remote-administration", "Cluster Administrator ran on a machine that is no node")
WRITTEN = datetime(1999, 5, 4, 10, 11, 12, 987654, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MemoryContent:
    """Bytes in memory that behave as a file of a case."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def open(self) -> io.BytesIO:
        return io.BytesIO(self.data)

    def map(self) -> bytes:
        return self.data

    def on_disk(self) -> Path:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is held."""


def case_file(path: str) -> CaseFile:
    """A case file whose content is its own path."""
    return CaseFile(path, MemoryContent(path.encode("utf-8", "surrogatepass")))


def finding(
    cause: Cause = NO_EXTENSION,
    machine: str | None = "NODE1",
    verdict: Verdict = Verdict.RULED_OUT,
    **rest: object,
) -> Finding:
    """A finding with little in it."""
    bare = Finding(cause, machine, verdict, "ok", "Nothing is wrong here.")
    return replace(bare, **rest)  # type: ignore[arg-type] # a test names the fields, the dataclass checks them


def infested(noun: Any, text: str) -> Any:
    """The noun with ``text`` at the end of every string in it that evidence or an operator may have written.

    Identifiers of articles and causes, detail words and hashes are ours and stay as they are.
    """
    match noun:
        case Enum() | MemoryContent() | Article() | Cause():
            return noun
        case str():
            return noun + text
        case tuple():
            return tuple(infested(item, text) for item in noun)
        case MemoryKey(name=name):
            return MemoryKey(name + text)
        case _ if is_dataclass(noun) and not isinstance(noun, type):
            kept = {"detail", "sha256", "reader", "finding"}
            changed = {f.name: getattr(noun, f.name) for f in fields(noun) if f.init and f.name not in kept}
            return replace(noun, **{name: infested(value, text) for name, value in changed.items()})
        case _:
            return noun


def empty_report() -> Report:
    """A report of nothing."""
    return Report("empty", Stated(), None, (), (), (), (), Remedy(), (), ())


def full_report() -> Report:
    """Two nodes and an operator's machine; NODE1 lacks the value, NODE2 has damage, the DLL is there."""
    return Report(
        case="webclus.zip",
        stated=Stated(symptom="finish-button", administered_from="ADMINPC"),
        cluster="WEBCLUS",
        nodes=("NODE1", "NODE2"),
        machines=_machines(),
        articles=(
            ArticleSummary(
                ARTICLE,
                Verdict.CONFIRMED,
                "The fault is there: AdminExtensions does not name the extension on NODE1.",
                ("HKLM\\Cluster of NODE2: copy CLUSDB with the Cluster service stopped.",),
            ),
        ),
        findings=_findings(),
        remedy=_remedy(),
        artifacts=_artifacts(),
        skipped=(Skipped("NODE1/readme.txt", "unknown format"), Skipped("NODE2/SOFTWARE", "no hive header")),
    )


def _machines() -> tuple[MachineProfile, ...]:
    return (
        MachineProfile("NODE1", Role.NODE, "4.0", "6a", "x86", r"C:\WINNT", 1),
        MachineProfile("NODE2", Role.NODE, "4.0", "", "x86", r"C:\WINNT", 1),
        MachineProfile("ADMINPC", Role.OPERATOR, None, None, None, None, None),
        MachineProfile("stray", Role.UNKNOWN, None, None, None, None, None),
    )


def _findings() -> tuple[Finding, ...]:
    clusdb = Source(case_file("NODE1/CLUSDB"), str(TYPE_KEY), 4128, None, WRITTEN)
    software = Source(case_file("NODE1/SOFTWARE"), str(SERVER_KEY), 8192, None, WRITTEN)
    listing = Source(case_file("NODE1/dir.txt"), None, None, 17, datetime(1998, 11, 5, 16, 45))  # noqa: DTZ001 - listings print local time
    dll = rf"{INETSRV}\iisclex4.dll"
    agreed = (Opinion("python-registry", Answer.AGREES), Opinion("regipy", Answer.AGREES))
    server = RegistryValue("", ValueType.REG_SZ, sz(dll))
    return (
        finding(
            MISSING_DLL,
            facts=(
                Present(FileSubject("NODE1", dll), FileEntry(dll, 65664, listing.last_written), listing),
                Present(FileSubject("NODE1", dll), _specimen(dll), Source(case_file("NODE1/iisclex4.dll"))),
            ),
            explanation="Iisclex4.dll is there, 65,664 bytes.",
        ),
        finding(
            UNREGISTERED,
            facts=(Present(ValueSubject("NODE1", SERVER_KEY, ""), server, software, (), agreed),),
        ),
        finding(
            NO_EXTENSION,
            verdict=Verdict.CONFIRMED,
            detail="other-only",
            explanation="AdminExtensions names other extensions, but not that of IIS 4.0.",
            facts=(
                Present(KeySubject("NODE1", TYPE_KEY), MemoryKey("IIS Server Instance"), clusdb),
                Present(
                    ValueSubject("NODE1", TYPE_KEY, "AdminExtensions"),
                    RegistryValue("AdminExtensions", ValueType.REG_MULTI_SZ, multi_sz(OTHER_CLSID)),
                    clusdb,
                    ("The hive has changes that no log gave back.",),
                    (
                        Opinion("python-registry", Answer.AGREES),
                        Opinion(
                            "regipy", Answer.DISAGREES, "lists strings behind the list's end", explained=True
                        ),
                    ),
                ),
            ),
            changes=_changes(),
        ),
        finding(MISSING_DLL, "NODE2", Verdict.LIKELY, detail="empty", explanation="The DLL may be empty."),
        finding(
            UNREGISTERED,
            "NODE2",
            Verdict.NOT_APPLICABLE,
            detail="no-cluster-service",
            explanation="The machine has no Cluster service.",
        ),
        finding(
            NO_EXTENSION,
            "NODE2",
            Verdict.UNDETERMINED,
            detail="unknown",
            explanation="The cluster hive of NODE2 cannot be read.",
            facts=(
                Unknown(
                    ValueSubject("NODE2", TYPE_KEY, "AdminExtensions"), "the key's cell is damaged", clusdb
                ),
                Unknown(KeySubject("NODE2", SERVER_KEY), "nothing that was collected covers it"),
                Absent(KeySubject("NODE2", TYPE_KEY), clusdb, ("A competing copy has it.",), agreed),
            ),
            collect=("HKLM\\Cluster of NODE2: copy CLUSDB with the Cluster service stopped.",),
        ),
        finding(
            REMOTE,
            None,
            Verdict.UNDETERMINED,
            detail="not-reported",
            explanation="The symptom was not reported.",
            facts=(Present(StatedSubject("ADMINPC", "administered from"), "ADMINPC", None),),
            weighs=False,
        ),
    )


def _specimen(dll: str) -> Specimen:
    return Specimen(
        case_file("NODE1/iisclex4.dll"),
        "pe",
        "iisclex4.dll",
        dll,
        65664,
        None,
        "x86",
        frozenset({"DllRegisterServer", "DllUnregisterServer"}),
        "4.2.742.1",
        WRITTEN,
    )


def _changes() -> tuple[ValueChange, ...]:
    before = RegistryValue("AdminExtensions", ValueType.REG_MULTI_SZ, multi_sz(OTHER_CLSID))
    after = RegistryValue("AdminExtensions", ValueType.REG_MULTI_SZ, multi_sz(OTHER_CLSID, CLSID))
    return (ValueChange(TYPE_KEY, "AdminExtensions", before, after),)


def _remedy() -> Remedy:
    absent = ValueChange(TYPE_KEY, "AdminExtensions", None, _changes()[0].after)
    return Remedy(
        patches=(
            Patch("NODE1", Dialect.REGEDIT4, _changes(), ("Import with Regedit.exe, not Regedt32.exe.",)),
            Patch("NODE2", Dialect.VERSION_5, (absent,)),
        ),
        plan=(
            Step(
                "NODE1", Phase.BACK_UP, "Back up the cluster database", "net stop clussvc\ncopy CLUSDB A:\\"
            ),
            Step(
                "NODE1",
                Phase.PATCH,
                "Import the patch",
                "regedit NODE1.reg",
                "The extension is not in the list.",
                "Regedt32 shows both CLSIDs. If not: enter them by hand.",
                ("Edits are not replicated to the other node.",),
            ),
            Step("NODE2", Phase.RESTART, "Restart NODE2"),
            Step(None, Phase.NOTE, "Create the instance on a node"),
        ),
        proof=(Proof("NODE1", NO_EXTENSION.id, Verdict.CONFIRMED, Verdict.RULED_OUT),),
    )


def _artifacts() -> tuple[Artifact, ...]:
    def artifact(path: str, form: str, holds: str, state: State, *notes: str) -> Artifact:
        file = case_file(path)
        machine = path.split("/", 1)[0]
        because = "lies in the folder of the machine"
        return Artifact(
            path, form, (holds,), machine, because, file.content.size, file.content.sha256, state, notes
        )

    return (
        artifact("NODE1/CLUSDB", "registry-hive", r"HKLM\Cluster", State.UNRECOVERED, "Pending changes."),
        artifact("NODE1/SOFTWARE", "registry-hive", r"HKLM\SOFTWARE", State.CLEAN),
        artifact("NODE1/dir.txt", "dir-listing", INETSRV, State.CLEAN),
        artifact("NODE2/CLUSDB", "registry-hive", r"HKLM\Cluster", State.DAMAGED, "Cut off at 8,192 bytes."),
    )
