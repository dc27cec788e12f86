"""Registry hives (``regf``), told by their first bytes and placed by what their root keys say.

A name proves nothing: CLUSDB, ``NODE1_reg_Cluster.hiv`` and a quorum checkpoint hold the same tree. So a
hive is placed where its root's subkeys can only come from; one that could lie in several places, or in
none that an article asks about, is skipped with what its root looks like.

A hive whose last write did not end is read together with its transaction logs, which lie beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from itertools import islice
from mmap import mmap
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import Companions, EvidenceFormat
from iiscluster_kb.evidence.transaction_log import FORMAT as LOG_FORMAT
from iiscluster_kb.evidence.transaction_log import is_log, log_evidence, log_names
from iiscluster_kb.model import Mount, RegistryEvidence, State
from iiscluster_kb.regf import Hive
from iiscluster_kb.regf.layout import BaseBlock
from iiscluster_kb.regf.logs import LogFate, LogKind, LogOutcome
from iiscluster_kb.registry import HKLM, descend, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from iiscluster_kb.evidence import Companion
    from iiscluster_kb.model import CaseFile, Evidence
    from iiscluster_kb.regf import Key
    from iiscluster_kb.regf.deleted import Deleted
    from iiscluster_kb.regf.layout import Buffer
    from iiscluster_kb.regf.logs import Recovery
    from iiscluster_kb.registry import KeyPath, RegistryKey

__all__ = ["FORMAT", "RecoveredHive"]

_SIGNATURE = b"regf"
_FIRST_BIN = slice(4096, 4104)
_FIRST_BIN_HEAD = b"hbin" + bytes(4)
"""Signature and offset of the first bin (regf specification, "Hive bin")."""

_MOST_NAMES = 5000
"""Root subkeys whose names are looked at; file name extensions come early among them."""
_MOST_SHOWN = 8
_MANY_EXTENSIONS = 20
_SOME_SERVICES = 3
_SOME_CLASSES = 2

_CONTROL_SET = re.compile(r"CONTROLSET\d{3}\Z")
_WINDOWS_NT = r"Microsoft\Windows NT\CurrentVersion"
_SERVICES = (
    "ClusSvc", "ClusDisk", "ClusNet", "IISADMIN", "W3SVC", "MSFTPSVC", "EventLog", "LanmanServer",
    "LanmanWorkstation", "Netlogon", "RpcSs", "Tcpip",
)  # fmt: skip
_OLE_CLASSES = (
    "{00000300-0000-0000-C000-000000000046}",
    "{00000303-0000-0000-C000-000000000046}",
    "{00000320-0000-0000-C000-000000000046}",
    "{00020420-0000-0000-C000-000000000046}",
    "{00020424-0000-0000-C000-000000000046}",
)
"""StdOleLink, file monikers, and the proxies of OLE (PSFactoryBuffer) and of OLE Automation (PSDispatch, PSOAInterface)."""


@dataclass(frozen=True, slots=True)
class RecoveredHive(RegistryEvidence):
    """A hive over which transaction logs were laid, with what a second reader must be given to read the same."""

    content: Buffer = field(default=b"", compare=False, repr=False)
    """The hive with the changes; ``file`` is what was collected."""
    logs: tuple[CaseFile, ...] = ()
    """Those that were laid over it, in that order."""
    logs_are_new: bool = False
    """Whether they are of the kind that Windows writes since 8.1."""


def _recognises(head: bytes) -> bool:
    """A log may give a hive back its base block, so that the first bin is a sign as good."""
    return not is_log(head) if head.startswith(_SIGNATURE) else head[_FIRST_BIN] == _FIRST_BIN_HEAD


def _read(file: CaseFile) -> RegistryEvidence:
    return _read_hive(file, ())[0]


def _read_together(file: CaseFile, companions: tuple[Companion, ...]) -> tuple[Evidence, ...]:
    """The hive and its logs. A clean hive needs none, so that nobody looks into them."""
    logs = tuple(one.file for one in companions if one.is_recognised or one.file.content.size)
    evidence, hive = _read_hive(file, logs)
    if hive.recovery is None:
        recognised = (one.file for one in companions if one.is_recognised)
        return (evidence, *(log_evidence(log, file, None) for log in recognised))
    outcomes = {outcome.name: outcome for outcome in hive.recovery.logs}
    return (evidence, *(log_evidence(log, file, outcomes[log.path]) for log in logs))


def _read_hive(file: CaseFile, logs: tuple[CaseFile, ...]) -> tuple[RegistryEvidence, Hive]:
    content = file.content.map()
    on_disk = file.content.on_disk() if logs and isinstance(content, mmap) else None
    try:
        hive = Hive(content, file.path, logs=_contents(logs), file=on_disk)
    except EvidenceError as error:
        if content[: len(_SIGNATURE)] == _SIGNATURE:
            raise
        detail = (
            f"a hive whose base block is destroyed, and no transaction log gives it back ({error.detail})"
        )
        raise EvidenceError(file.path, detail, offset=0) from error
    root = hive.root
    mount = Mount(_place(hive, root), root)
    evidence = RegistryEvidence(
        file,
        FORMAT.name,
        (mount,),
        State(hive.state),
        _notes(hive),
        written=hive.modified,
        deleted=cache(partial(_deleted, hive)),
    )
    if hive.recovery is None or hive.content is content:
        return evidence, hive
    applied = hive.recovery.applied
    by_path = {log.path: log for log in logs}
    recovered = RecoveredHive(
        evidence.file,
        evidence.format,
        evidence.mounts,
        evidence.state,
        evidence.notes,
        written=evidence.written,
        deleted=evidence.deleted,
        content=hive.content,
        logs=tuple(by_path[log.name] for log in applied),
        logs_are_new=all(log.kind is LogKind.NEW for log in applied),
    )
    return recovered, hive


def _deleted(hive: Hive) -> Deleted:
    from iiscluster_kb.regf.deleted import find_deleted  # noqa: PLC0415 - few cases ask for it

    return find_deleted(hive)


def _contents(logs: Iterable[CaseFile]) -> Iterator[tuple[str, Buffer | str]]:
    for log in logs:
        try:
            yield log.path, log.content.map()
        except EvidenceError as error:
            yield log.path, error.detail
        except OSError as error:
            yield log.path, f"cannot be read: {error.strerror or error}"


FORMAT = EvidenceFormat(
    "registry-hive",
    _recognises,
    _read,
    companions=Companions(LOG_FORMAT.name, log_names, _read_together),
)


# --- where it belongs -------------------------------------------------------------------------------


class _Root:
    """The root key as a probe sees it: what cannot be read is no mark, but is kept as the reason."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self.damage: EvidenceError | None = None

    def count(self, *names: str) -> int:
        """How many of the names are subkeys."""
        return sum(self._chain(name) is not None for name in names)

    def has(self, *names: str) -> bool:
        return all(self._chain(name) is not None for name in names)

    def says(self, path: str, value: str) -> bool:
        """Whether the key below the root holds the value."""
        key = self._chain(path)
        try:
            return key is not None and key.value(value) is not None
        except EvidenceError as error:
            self.damage = self.damage or error
            return False

    def text(self, value: str) -> str | None:
        """The text of one of the root's own values."""
        try:
            found = self._key.value(value)
        except EvidenceError as error:
            self.damage = self.damage or error
            return None
        return None if found is None else found.text()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The first few thousand subkeys, as spelled."""
        return tuple(below.name for below in islice(self._key.subkeys(), _MOST_NAMES))

    def _chain(self, path: str) -> RegistryKey | None:
        names = path.split("\\")
        try:
            chain = descend(self._key, names)
        except EvidenceError as error:
            self.damage = self.damage or error
            return None
        return chain[-1] if len(chain) == len(names) else None


def _is_cluster(root: _Root) -> bool:
    types = min(1, root.count("ResourceTypes", "Resource Types"))
    return types + root.count("Nodes", "Groups", "Resources", "Quorum") >= 2  # noqa: PLR2004 - one may be chance


def _is_system(root: _Root) -> bool:
    return any(_CONTROL_SET.match(fold(name)) for name in root.names)


def _is_software(root: _Root) -> bool:
    """A user's own Software key has Microsoft too, but never says where Windows lies."""
    return root.has("Microsoft") and (root.has("Classes") or root.says(_WINDOWS_NT, "SystemRoot"))


def _is_classes(root: _Root) -> bool:
    """A user's own classes (UsrClass.dat) have Local Settings."""
    if not root.has("CLSID") or root.has("Local Settings"):
        return False
    extensions = sum(name.startswith(".") for name in root.names)
    return root.count("Interface", "TypeLib") > 0 or extensions >= _MANY_EXTENSIONS


def _is_control_set(root: _Root) -> bool:
    return root.has("Control", "Enum", "Services")


def _runs(*programs: str) -> Callable[[_Root], bool]:
    """Whether the root is the key of the service or driver whose program is named so."""

    def fits(root: _Root) -> bool:
        image = root.text("ImagePath")
        return image is not None and fold(image.strip('" ')).rpartition("\\")[2] in programs

    return fits


def _is_clsid(root: _Root) -> bool:
    """Classes of OLE itself (MSDN, "Marshaling"), which a user's own classes do not repeat."""
    return sum(root.has(f"{clsid}\\InprocServer32") for clsid in _OLE_CLASSES) >= _SOME_CLASSES


def _is_services(root: _Root) -> bool:
    return sum(root.says(name, "Start") for name in _SERVICES) >= _SOME_SERVICES


_PLACES: tuple[tuple[Callable[[_Root], bool], KeyPath], ...] = (
    (_is_cluster, HKLM / "Cluster"),
    (_is_system, HKLM / "SYSTEM"),
    (_is_software, HKLM / "SOFTWARE"),
    (_is_classes, HKLM / r"SOFTWARE\Classes"),
    (_is_control_set, HKLM / r"SYSTEM\CurrentControlSet"),
    (_is_services, HKLM / r"SYSTEM\CurrentControlSet\Services"),
    (_is_clsid, HKLM / r"SOFTWARE\Classes\CLSID"),
    (_runs("CLUSPRXY.EXE", "CLUSSVC.EXE"), HKLM / r"SYSTEM\CurrentControlSet\Services\ClusSvc"),
    (_runs("CLUSDISK.SYS"), HKLM / r"SYSTEM\CurrentControlSet\Services\ClusDisk"),
    (_runs("CLUSNET.SYS"), HKLM / r"SYSTEM\CurrentControlSet\Services\ClusNet"),
)


def _place(hive: Hive, key: Key) -> KeyPath:
    root = _Root(key)
    for fits, place in _PLACES:
        if fits(root):
            return place
    if root.damage is not None:
        raise root.damage
    if hive.damage:
        fault = hive.damage[0]
        raise EvidenceError(hive.name, f"offset {fault.offset:#x}: {fault.reason}", offset=fault.offset)
    shown = ", ".join(root.names[:_MOST_SHOWN]) or "no subkeys"
    more = ", …" if len(root.names) > _MOST_SHOWN else ""
    raise EvidenceError(hive.name, f"a hive of no use here: its root holds {shown}{more}")


# --- what shape it is in ----------------------------------------------------------------------------


def _notes(hive: Hive) -> tuple[str, ...]:
    notes = []
    size, stated = len(hive.content), BaseBlock.read(hive.content, hive.name).end
    if size < stated:
        notes.append(f"the file is shorter than its header says ({size} of {stated} bytes)")
    if not hive.checksum_matches:
        notes.append("the checksum of the base block does not match")
    if not hive.sequences_match:
        first, second = hive.sequence_numbers
        notes.append(
            f"sequence numbers {first} and {second} differ: "
            "changes are pending in transaction logs that were not laid over it"
        )
    if hive.recovery is not None:
        notes += _notes_on_logs(hive.recovery, hive.sequence_numbers[0])
    notes += [f"offset {fault.offset:#x}: {fault.reason}" for fault in hive.damage[:_MOST_SHOWN]]
    return tuple(notes)


def _notes_on_logs(recovery: Recovery, reached: int) -> Iterator[str]:
    if recovery.applied:
        names = " and ".join(_file_name(log) for log in recovery.applied)
        yield f"recovered from {names}, up to sequence number {reached}"
    for log in recovery.logs:
        if log.gave_base_block:
            yield f"its base block was damaged and taken from {_file_name(log)}"
        match log:
            case LogOutcome(fate=LogFate.APPLIED, reason=str(reason)):
                yield f"{_file_name(log)}: {reason}"
            case LogOutcome(fate=LogFate.REFUSED, reason=reason):
                yield f"{_file_name(log)} was refused: {reason}"
            case _:
                pass


def _file_name(log: LogOutcome) -> str:
    return log.name.rpartition("/")[2]
