"""Readers of hives, each in the way its documentation shows; run by ``_worker.py``.

The module imports nothing but what the reader at hand needs, so that it runs under any interpreter that has the
reader (Debian's hivex belongs to Debian's Python) and a process' memory is the reader's.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

SZ, MULTI = {1, 2, 6}, 7
TEXT, NUMBERS = {*SZ, MULTI}, {4, 5, 11}


class Ours:
    def __init__(self, path: str) -> None:
        from iiscluster_kb.regf import Hive  # noqa: PLC0415 - only this reader's process needs it

        self.hive = Hive.open(path)

    def look_up(self, path: str) -> int:
        key = self.hive.key(path)
        return -1 if key is None else sum(len(value.name) + len(value.data) > 0 for value in key.values())

    def walk(self) -> tuple[int, int]:
        keys = values = 0
        for key in self.hive.walk():
            keys += 1
            _ = key.name
            for value in key.values():
                values += 1
                _ = value.name
                kind = value.type
                if kind in TEXT:
                    value.strings()
                elif kind in NUMBERS:
                    value.integer()
        return keys, values

    def close(self) -> None:
        self.hive.close()


class PythonRegistry:
    def __init__(self, path: str) -> None:
        from Registry import Registry  # noqa: PLC0415 - the same

        self.absent = Registry.RegistryKeyNotFoundException
        self.hive = Registry.Registry(path)

    def look_up(self, path: str) -> int:
        try:
            key = self.hive.open(path)
        except self.absent:
            return -1
        return sum(len(value.name()) + len(value.raw_data()) > 0 for value in key.values())

    def walk(self) -> tuple[int, int]:
        keys = values = 0
        pending = [self.hive.root()]
        while pending:
            key = pending.pop()
            keys += 1
            key.name()
            for value in key.values():
                values += 1
                value.name()
                try:
                    value.value()
                except Exception:  # noqa: BLE001 - it raises half a dozen kinds for types it does not know
                    value.raw_data()
            pending += key.subkeys()
        return keys, values

    def close(self) -> None:
        pass


class Regipy:
    def __init__(self, path: str) -> None:
        from regipy.exceptions import RegistryKeyNotFoundException  # noqa: PLC0415 - the same
        from regipy.registry import RegistryHive  # noqa: PLC0415 - the same

        self.absent = RegistryKeyNotFoundException
        self.hive = RegistryHive(path)

    def look_up(self, path: str) -> int:
        try:
            key = self.hive.get_key("\\" + path)
        except self.absent:
            return -1
        return sum(1 for _ in key.iter_values(as_json=False))

    def walk(self) -> tuple[int, int]:
        keys = values = 0
        pending = [self.hive.root]
        while pending:
            key = pending.pop()
            keys += 1
            values += sum(1 for _ in key.iter_values(as_json=False))
            pending += key.iter_subkeys()
        return keys, values

    def close(self) -> None:
        pass


class RegipyRust(Regipy):
    """The same interface over the crate ``regipy-rs``."""

    def __init__(self, path: str) -> None:
        from regipy.exceptions import RegistryKeyNotFoundException  # noqa: PLC0415 - the same
        from regipy.registry_rs import RegistryHive  # noqa: PLC0415 - the same

        self.absent = RegistryKeyNotFoundException
        self.hive = RegistryHive(path)


class Dissect:
    def __init__(self, path: str) -> None:
        from dissect.regf import RegistryHive, RegistryKeyNotFoundError  # noqa: PLC0415 - the same

        self.absent = RegistryKeyNotFoundError
        self.file = open(path, "rb")  # noqa: PTH123, SIM115 - one import fewer; closed by close()
        self.hive = RegistryHive(self.file)

    def look_up(self, path: str) -> int:
        try:
            key = self.hive.open(path)
        except self.absent:
            return -1
        return sum(len(value.name) + len(value.data) > 0 for value in key.values())

    def walk(self) -> tuple[int, int]:
        keys = values = 0
        pending = [self.hive.root()]
        while pending:
            key = pending.pop()
            keys += 1
            _ = key.name
            for value in key.values():
                values += 1
                _ = value.name
                try:
                    _ = value.value
                except Exception:  # noqa: BLE001 - it raises what decoding raises
                    _ = value.data
            pending += key.subkeys()
        return keys, values

    def close(self) -> None:
        self.file.close()


class Libregf:
    def __init__(self, path: str) -> None:
        self.hive = import_module("pyregf").file()
        self.hive.open(path)

    def look_up(self, path: str) -> int:
        key = self.hive.get_key_by_path("\\" + path)
        if key is None:
            return -1
        return sum(len(value.name or "") + len(value.data or b"") > 0 for value in key.values)

    def walk(self) -> tuple[int, int]:
        keys = values = 0
        pending = [self.hive.get_root_key()]
        while pending:
            key = pending.pop()
            keys += 1
            _ = key.name
            for value in key.values:
                values += 1
                _ = value.name
                self._decode(value)
            pending += key.sub_keys
        return keys, values

    @staticmethod
    def _decode(value: Any) -> None:
        kind = value.type
        try:
            if kind in SZ:
                _ = value.data_as_string
            elif kind == MULTI:
                _ = value.data_as_multi_string
            elif kind in NUMBERS:
                _ = value.data_as_integer
            else:
                _ = value.data
        except OSError:  # ill-formed text or size
            _ = value.data

    def close(self) -> None:
        self.hive.close()


class Impacket:
    """Its ``enumKey`` gives names, so that a walk must look up each path from the root."""

    def __init__(self, path: str) -> None:
        self.hive = import_module("impacket.winregistry").get_registry_parser(path)

    def look_up(self, path: str) -> int:
        key = self.hive.findKey(path)
        if key is None:
            return -1
        names = [name.decode("latin-1") for name in self.hive.enumValues(key)]
        return sum(self.hive.getValue(path, name) is not None for name in names)

    def walk(self) -> tuple[int, int]:
        keys = values = 0
        pending = [""]
        while pending:
            path = pending.pop()
            key = self.hive.findKey(path or "\\")
            keys += 1
            for name in self.hive.enumValues(key):
                values += 1
                self.hive.getValue(path or "\\", name.decode("latin-1"))
            pending += [f"{path}\\{name}" if path else name for name in self.hive.enumKey(key)]
        return keys, values

    def close(self) -> None:
        self.hive.close()


class Hivex:
    def __init__(self, path: str) -> None:
        self.hive = import_module("hivex").Hivex(path)

    def look_up(self, path: str) -> int:
        node = self.hive.root()
        for name in path.split("\\"):
            node = self.hive.node_get_child(node, name)
            if not node:
                return -1
        values = self.hive.node_values(node)
        return sum(
            len(self.hive.value_key(value)) + len(self.hive.value_value(value)[1]) > 0 for value in values
        )

    def walk(self) -> tuple[int, int]:
        hive = self.hive
        keys = values = 0
        pending = [hive.root()]
        while pending:
            node = pending.pop()
            keys += 1
            hive.node_name(node)
            for value in hive.node_values(node):
                values += 1
                hive.value_key(value)
                self._decode(value)
            pending += hive.node_children(node)
        return keys, values

    def _decode(self, value: Any) -> None:
        hive = self.hive
        kind, _ = hive.value_type(value)
        try:
            if kind in SZ:
                hive.value_string(value)
            elif kind == MULTI:
                hive.value_multiple_strings(value)
            elif kind in {4, 5}:
                hive.value_dword(value)
            elif kind == 11:
                hive.value_qword(value)
            else:
                hive.value_value(value)
        except (RuntimeError, ValueError):  # ill-formed text or size
            hive.value_value(value)

    def close(self) -> None:
        pass


def _floor(path: str) -> Any:
    return import_module("benchmarks._floor").Floor(path)


READERS: dict[str, Any] = {
    "iiscluster_kb": Ours,
    "floor (no checks)": _floor,
    "hivex": Hivex,
    "libregf": Libregf,
    "regipy + Rust": RegipyRust,
    "python-registry": PythonRegistry,
    "dissect.regf": Dissect,
    "regipy": Regipy,
    "impacket": Impacket,
}


def run(contender: str, job: str, task: dict[str, Any]) -> Any:
    """Open the hive, look keys up or walk, close it."""
    opened = READERS[contender](task["file"])
    answer = opened.walk() if job == "walk" else [opened.look_up(path) for path in task["paths"]]
    opened.close()
    return answer
