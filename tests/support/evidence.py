"""Evidence made by hand: registries and listings in memory, for tests of what asks them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import (
    CaseFile,
    FileEntry,
    FileEvidence,
    Mount,
    RegistryEvidence,
    Specimen,
    State,
)
from iiscluster_kb.registry import (
    KeyPath,
    MemoryKey,
    RegistryValue,
    ValueType,
    fold,
    multi_sz,
    sz,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from iiscluster_kb.registry import (
        RegistryKey,
    )

WRITTEN = datetime(1999, 5, 4, 10, 11, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Bytes:
    """Content in memory."""

    data: bytes = b""

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)

    def map(self) -> bytes:
        return self.data

    def on_disk(self) -> Path:
        raise NotImplementedError

    def close(self) -> None:
        pass


def case_file(path: str, data: bytes = b"") -> CaseFile:
    return CaseFile(path, Bytes(data))


def value(name: str, item: Any) -> RegistryValue:
    match item:
        case RegistryValue():
            return RegistryValue(name, item.type, item.data)
        case str():
            return RegistryValue(name, ValueType.REG_SZ, sz(item))
        case int():
            return RegistryValue(name, ValueType.REG_DWORD, item.to_bytes(4, "little"))
        case bytes():
            return RegistryValue(name, ValueType.REG_BINARY, item)
        case _:
            return RegistryValue(name, ValueType.REG_MULTI_SZ, multi_sz(*item))


def memory(name: str, tree: Mapping[str, Any]) -> MemoryKey:
    """A key from nested mappings, as the fixtures write them."""
    key = MemoryKey(name, modified=WRITTEN, offset=4128)
    grow(key, tree)
    return key


def grow(key: MemoryKey, tree: Mapping[str, Any]) -> None:
    for name, item in tree.items():
        if isinstance(item, Mapping):
            below = key.add([name])
            below.modified = WRITTEN
            grow(below, item)
        else:
            key.put(value(name, item))


def hive(path: str, mount: str, tree: Mapping[str, Any], **more: Any) -> RegistryEvidence:
    root = memory("ROOT", tree)
    whole = more.pop("whole", True)
    return RegistryEvidence(
        case_file(path),
        more.pop("format", "registry-hive"),
        (Mount(KeyPath.parse(mount), root, whole=whole),),
        **more,
    )


@dataclass
class DamagedKey:
    """A key below which nothing can be read."""

    name: str = "ROOT"
    modified: datetime | None = None
    offset: int | None = 64
    line: int | None = None

    def subkey(self, name: str) -> RegistryKey | None:
        raise EvidenceError(
            "SOFTWARE", f"list of subkeys at offset 0x40 is damaged, on the way to {name}", offset=64
        )

    def subkeys(self) -> Iterator[RegistryKey]:
        raise EvidenceError("SOFTWARE", "list of subkeys at offset 0x40 is damaged", offset=64)

    def value(self, name: str) -> RegistryValue | None:
        raise EvidenceError("SOFTWARE", f"value {name} at offset 0x40 is damaged", offset=64)

    def values(self) -> Iterator[RegistryValue]:
        raise EvidenceError("SOFTWARE", "list of values at offset 0x40 is damaged", offset=64)


def damaged_hive(path: str, mount: str) -> RegistryEvidence:
    return RegistryEvidence(
        case_file(path),
        "registry-hive",
        (Mount(KeyPath.parse(mount), DamagedKey()),),
        State.DAMAGED,
        ("cut",),
    )


def listing(
    path: str,
    tree: Mapping[str, Any],
    *,
    root: str = "C:",
    short: Mapping[str, str] | None = None,
    cut: Iterable[str] = (),
) -> FileEvidence:
    """A listing of the tree, each directory listed whole but for those in ``cut``."""
    entries: dict[str, FileEntry] = {}
    directories: set[str] = set()

    def add(directory: str, content: Mapping[str, Any]) -> None:
        directories.add(fold(directory + "\\" if directory.endswith(":") else directory))
        for name, item in content.items():
            full = f"{directory}\\{name}"
            is_directory = isinstance(item, Mapping)
            entries[fold(full)] = FileEntry(
                full,
                None if is_directory else item,
                datetime(1999, 4, 29, 12, 0),  # noqa: DTZ001 - listings print local time
                is_directory=is_directory,
                short_name=(short or {}).get(name),
                line=len(entries) + 1,
            )
            if is_directory:
                add(full, item)

    add(root, tree)
    return FileEvidence(
        case_file(path), "dir-listing", frozenset(directories - {fold(d) for d in cut}), entries
    )


def specimen(path: str, **more: Any) -> Specimen:
    fields: dict[str, Any] = {
        "format": "pe",
        "name": path.rpartition("/")[2],
        "windows_path": None,
        "size": 100,
        "architecture": "x86",
        "exports": frozenset({"DllRegisterServer"}),
    }
    return Specimen(case_file(path), **fields | more)
