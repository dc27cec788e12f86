"""One reader measured in a process of its own: ``_readers.py READER JOB HIVE RUNS < paths``, answers in JSON.

It imports nothing but what the reader needs, so that it runs under any interpreter that has the reader
(Debian's hivex belongs to Debian's Python) and a process' memory is the reader's.
"""

from __future__ import annotations

import json
import statistics
import sys
from time import perf_counter
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


class Hivex:
    def __init__(self, path: str) -> None:
        import hivex  # noqa: PLC0415 - the same

        self.hive = hivex.Hivex(path)

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


READERS: dict[str, Any] = {
    "iiscluster_kb": Ours,
    "hivex (C)": Hivex,
    "python-registry": PythonRegistry,
    "regipy": Regipy,
}


def _peak() -> int:
    """Most memory held so far in MB; VmHWM, since the ru_maxrss of a process includes its parent's."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - one import fewer
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024


def _run(reader: Any, job: str, hive: str, paths: list[str]) -> Any:
    opened = reader(hive)
    answer = opened.walk() if job == "walk" else [opened.look_up(path) for path in paths]
    opened.close()
    return answer


def main() -> None:
    """Measure what the arguments say; a reader that is not installed answers null."""
    name, job, hive, runs = sys.argv[1:]
    paths = json.load(sys.stdin)
    try:
        answer = _run(READERS[name], job, hive, paths)
    except ImportError:
        json.dump(None, sys.stdout)
        return
    times = []
    for _ in range(int(runs)):
        started = perf_counter()
        _run(READERS[name], job, hive, paths)
        times.append(perf_counter() - started)
    json.dump({"answer": answer, "seconds": statistics.median(times), "peak": _peak()}, sys.stdout)


if __name__ == "__main__":
    main()
