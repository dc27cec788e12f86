"""Readers of hives behind one interface, each imported only where it is asked for.

A reader has ``root`` and tells a key's name, last-written time (microseconds since 1601), subkeys and values; a value is
its name, type, the form of its data, and the data. ``documented`` names the exceptions that a caller is told of.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["READERS", "Ours"]

LONGEST, ENDS = 1 << 20, 4096
"""Bytes of data that is given whole, and those at each end by which longer data is told."""
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _microseconds(moment: datetime | None) -> int | None:
    return None if moment is None else (moment.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def _raw(data: bytes) -> list[Any]:
    if len(data) > LONGEST:
        return ["long", [len(data), data[:ENDS].hex(), data[-ENDS:].hex()]]
    return ["raw", data.hex()]


class Ours:
    """The reader under test; what it left out it says in ``Hive.damage``."""

    documented: ClassVar[tuple[str, ...]] = ("EvidenceError",)

    def __init__(self, path: str) -> None:
        from iiscluster_kb.regf import Hive  # noqa: PLC0415 - only this reader's process needs it

        self.hive = Hive.open(path)

    def walk(self) -> Iterator[tuple[Any, list[str]]]:
        names: list[str] = []
        for key in self.hive.walk():
            names = names or [key.name]  # the root's
            path = key.path
            yield key, [*names, *(path.split("\\") if path else ())]

    def time(self, key: Any) -> int | None:
        return _microseconds(key.modified)

    def values(self, key: Any) -> Iterator[list[Any]]:
        for value in key.values():
            yield [value.name, value.type, "raw", value.data.hex(), value.offset]

    def told(self) -> list[Any]:
        return [[damage.offset, damage.path, damage.reason] for damage in self.hive.damage]


class PythonRegistry:
    """What ``Registry.Registry`` gives; raw data from ``raw_data``, "(default)" where a value has no name."""

    documented = (
        "RegistryException",
        "ParseException",
        "RegistryStructureDoesNotExist",
        "UnknownTypeException",
        "NotSupportedException",
        "RegistryKeyNotFoundException",
        "RegistryValueNotFoundException",
        "RegistryKeyHasNoParentException",
    )

    def __init__(self, path: str) -> None:
        from Registry import Registry  # noqa: PLC0415 - the same

        self.root = Registry.Registry(path).root()

    def name(self, key: Any) -> str:
        return str(key.name())

    def time(self, key: Any) -> int | None:
        return _microseconds(key.timestamp())

    def subkeys(self, key: Any) -> Iterator[Any]:
        yield from key.subkeys()

    def values(self, key: Any) -> Iterator[list[Any]]:
        for value in key.values():
            name = value.name() if value._vkrecord.has_name() else ""  # noqa: SLF001 - nothing public tells
            yield [name, value.value_type(), *_raw(value.raw_data())]


class Regipy:
    """What regipy gives: decoded values only, as Python objects, untrimmed."""

    documented = (
        "RegipyException",
        "RegipyGeneralException",
        "RegistryParsingException",
        "NoRegistrySubkeysException",
        "NoRegistryValuesException",
        "UnidentifiedHiveException",
        "RegistryKeyNotFoundException",
    )
    types: ClassVar[dict[str, int]] = {
        "REG_NONE": 0,
        "REG_SZ": 1,
        "REG_EXPAND_SZ": 2,
        "REG_BINARY": 3,
        "REG_DWORD": 4,
        "REG_DWORD_BIG_ENDIAN": 5,
        "REG_LINK": 6,
        "REG_MULTI_SZ": 7,
        "REG_RESOURCE_LIST": 8,
        "REG_FULL_RESOURCE_DESCRIPTOR": 9,
        "REG_RESOURCE_REQUIREMENTS_LIST": 10,
        "REG_QWORD": 11,
        "REG_FILETIME": 16,
    }

    def __init__(self, path: str) -> None:
        from regipy.registry import RegistryHive  # noqa: PLC0415 - the same

        self.root = RegistryHive(path).root

    def name(self, key: Any) -> str:
        return str(key.name)

    def time(self, key: Any) -> int | None:
        return int(key.header.last_modified) // 10

    def subkeys(self, key: Any) -> Iterator[Any]:
        yield from key.iter_subkeys()

    def values(self, key: Any) -> Iterator[list[Any]]:
        for value in key.iter_values(as_json=False, trim_values=False):
            name = "" if value.name == "(default)" else value.name
            kind = str(value.value_type)
            yield [name, self.types[kind] if kind in self.types else int(kind), *_read(value.value)]


def _read(value: Any) -> list[Any]:
    match value:
        case bytes() | bytearray():
            return _raw(bytes(value))
        case str():
            return ["text", value]
        case list():
            return ["strings", [str(text) for text in value]]
        case int():
            return ["number", int(value)]
        case datetime():
            return ["time", _microseconds(value)]
        case _:
            return ["other", repr(value)]


class RegipyRust(Regipy):
    """The same through regipy's own backend in Rust."""

    def __init__(self, path: str) -> None:
        from regipy.registry_rs import RegistryHive  # noqa: PLC0415 - the same

        self.root = RegistryHive(path).root


class Dissect:
    """What dissect.regf gives."""

    documented: ClassVar[tuple[str, ...]] = (
        "Error",
        "RegistryKeyNotFoundError",
        "RegistryValueNotFoundError",
    )

    def __init__(self, path: str) -> None:
        from dissect.regf import RegistryHive  # noqa: PLC0415 - the same

        self.file = open(path, "rb")  # noqa: PTH123, SIM115 - the reader reads from it as long as it lives
        self.root = RegistryHive(self.file).root()

    def name(self, key: Any) -> str:
        return str(key.name)

    def time(self, key: Any) -> int | None:
        return _microseconds(key.timestamp)

    def subkeys(self, key: Any) -> Iterator[Any]:
        yield from key.subkeys()

    def values(self, key: Any) -> Iterator[list[Any]]:
        for value in key.values():
            name = value.name if value.cell.NameLength else ""
            yield [name, int(value.type), *_raw(value.data)]


class Libregf:
    """What libregf-python gives; every exception of a library in C comes as OSError."""

    documented: ClassVar[tuple[str, ...]] = ("OSError",)

    def __init__(self, path: str) -> None:
        import pyregf  # noqa: PLC0415 - the same

        self.file = pyregf.file()
        self.file.open(path)
        self.root = self.file.get_root_key()

    def name(self, key: Any) -> str:
        return key.name or ""

    def time(self, key: Any) -> int | None:
        return int(key.get_last_written_time_as_integer()) // 10

    def subkeys(self, key: Any) -> Iterator[Any]:
        for number in range(key.number_of_sub_keys):
            yield key.get_sub_key(number)

    def values(self, key: Any) -> Iterator[list[Any]]:
        for number in range(key.number_of_values):
            value = key.get_value(number)
            yield [value.name or "", value.type, *_raw(value.data or b"")]


class Hivex:
    """What hivex gives; its errors come as RuntimeError."""

    documented: ClassVar[tuple[str, ...]] = ("RuntimeError",)

    def __init__(self, path: str) -> None:
        import hivex  # noqa: PLC0415 - the same

        self.hive = hivex.Hivex(path)
        self.root = self.hive.root()

    def name(self, key: Any) -> str:
        return str(self.hive.node_name(key))

    def time(self, key: Any) -> int | None:
        return int(self.hive.node_timestamp(key)) // 10

    def subkeys(self, key: Any) -> Iterator[Any]:
        yield from self.hive.node_children(key)

    def values(self, key: Any) -> Iterator[list[Any]]:
        for value in self.hive.node_values(key):
            kind, data = self.hive.value_value(value)
            yield [self.hive.value_key(value), kind & 0xFFFFFFFF, *_raw(data)]


class Impacket:
    """What impacket's registry parser gives: names to be looked up by path; it documents no exception."""

    documented: ClassVar[tuple[str, ...]] = ()

    def __init__(self, path: str) -> None:
        from impacket.winregistry import saveRegistryParser  # noqa: PLC0415 - the same

        self.hive = saveRegistryParser(path)
        self.root: tuple[str, Any] = ("\\", self.hive.rootKey)
        self.hive.rootKey["KeyName"]

    def name(self, key: Any) -> str:
        return str(key[1]["KeyName"].decode("latin-1"))

    def time(self, key: Any) -> int | None:
        return int(key[1]["lastChange"]) // 10

    def subkeys(self, key: Any) -> Iterator[Any]:
        for name in self.hive.enumKey(key[1]):
            path = f"{key[0].rstrip(chr(92))}\\{name}"
            found = self.hive.findKey(path)
            if found is not None:
                yield path, found

    def values(self, key: Any) -> Iterator[list[Any]]:
        for name in self.hive.enumValues(key[1]):
            kind, data = self.hive.getValue(key[0], name.decode("latin-1"))
            yield [name.decode("latin-1"), kind, *_read(data)]


READERS: dict[str, Any] = {
    "iiscluster_kb": Ours,
    "python-registry": PythonRegistry,
    "regipy": Regipy,
    "regipy + regipy-rs": RegipyRust,
    "dissect.regf": Dissect,
    "libregf-python": Libregf,
    "hivex": Hivex,
    "impacket": Impacket,
}
