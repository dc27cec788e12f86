"""Registry hives (``regf``), told by their first bytes and placed by what their root keys say.

A name proves nothing: CLUSDB, ``NODE1_reg_Cluster.hiv`` and a quorum checkpoint hold the same tree. So a
hive is placed where its root's subkeys can only come from; one that could lie in several places, or in
none that an article asks about, is skipped with what its root looks like.
"""

from __future__ import annotations

import re
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import EvidenceFormat
from iiscluster_kb.model import Mount, RegistryEvidence, State
from iiscluster_kb.regf import Hive
from iiscluster_kb.regf.layout import BaseBlock
from iiscluster_kb.registry import HKLM, descend, fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from iiscluster_kb.model import CaseFile
    from iiscluster_kb.regf import Key
    from iiscluster_kb.regf.layout import Buffer
    from iiscluster_kb.registry import KeyPath, RegistryKey

__all__ = ["FORMAT"]

_FILE_TYPE = slice(28, 32)
_LOG_TYPES = frozenset({1, 2, 6})
"""File types of transaction logs (regf specification, "Base block" and "Format of transaction log files")."""
_LOG_SIGNATURES = {b"DIRT": "old kind, DIRT", b"HvLE": "new kind, HvLE"}
_LOG_SIGNATURE = slice(512, 516)

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


def _recognises(head: bytes) -> bool:
    return head.startswith(b"regf")


def _read(file: CaseFile) -> RegistryEvidence:
    content = file.content.map()
    if int.from_bytes(content[_FILE_TYPE], "little") in _LOG_TYPES:
        kind = _LOG_SIGNATURES.get(bytes(content[_LOG_SIGNATURE]), "of an unknown kind")
        raise EvidenceError(file.path, f"a transaction log; it changes a hive and is none ({kind})")
    hive = Hive(content, file.path)
    root = hive.root
    mount = Mount(_place(hive, root), root)
    notes = _notes(hive, content)
    return RegistryEvidence(file, FORMAT.name, (mount,), State(hive.state), notes, written=hive.modified)


FORMAT = EvidenceFormat("registry-hive", _recognises, _read)


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


def _notes(hive: Hive, content: Buffer) -> tuple[str, ...]:
    notes = []
    stated = BaseBlock.read(content, hive.name).end
    if len(content) < stated:
        notes.append(f"the file is shorter than its header says ({len(content)} of {stated} bytes)")
    if not hive.checksum_matches:
        notes.append("the checksum of the base block does not match")
    if not hive.sequences_match:
        first, second = hive.sequence_numbers
        notes.append(
            f"sequence numbers {first} and {second} differ: "
            "changes are pending in transaction logs that were not laid over it"
        )
    notes += [f"offset {fault.offset:#x}: {fault.reason}" for fault in hive.damage[:_MOST_SHOWN]]
    return tuple(notes)
