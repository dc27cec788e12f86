"""A reader without any check: what pure Python can reach, not what a sound reader costs.

It believes every number of the hive, knows versions 1.3 and later, compressed names, and data in one cell; a cycle
hangs it and a wrong offset ends it. Look-ups go by hash where the list has hashes, else by halving.
"""

from __future__ import annotations

import os
from codecs import utf_16_le_decode
from mmap import ACCESS_READ, mmap
from struct import Struct

SZ, MULTI, NUMBERS = {1, 2, 6}, 7, {4: 4, 5: 4, 11: 8}
_KEY = Struct(
    "<16xI4xI4xII28xH2x"
).unpack_from  # from the signature on: subkeys, list, values, list, name length
_VALUE = Struct("<2xHIIIH2x").unpack_from
_LIST = Struct("<2sH").unpack_from
_NUMBER = Struct("<I").unpack_from
_FIRST = 4096 + 4


class Floor:
    def __init__(self, path: str) -> None:
        descriptor = os.open(path, os.O_RDONLY)
        self.data = mmap(descriptor, 0, access=ACCESS_READ)
        os.close(descriptor)
        self.root = _FIRST + _NUMBER(self.data, 36)[0]

    def look_up(self, path: str) -> int:
        key = self.root
        for name in path.upper().split("\\"):
            below = self._subkey(key, name)
            if below is None:
                return -1
            key = below
        return sum(len(name) + len(data) > 0 for name, _, data in self._values(key))

    def walk(self) -> tuple[int, int]:
        keys = values = 0
        pending = [self.root]
        while pending:
            key = pending.pop()
            keys += 1
            self._name(key)
            for _, kind, data in self._values(key):
                values += 1
                if kind in SZ:
                    utf_16_le_decode(data, "replace")[0].partition("\0")
                elif kind == MULTI:
                    utf_16_le_decode(data, "replace")[0].split("\0")
                elif NUMBERS.get(kind) == len(data):
                    int.from_bytes(data, "little")
            count, listed, *_ = _KEY(self.data, key + 4)
            if count:
                pending += self._subkeys(_FIRST + listed)
        return keys, values

    def close(self) -> None:
        self.data.close()

    def _name(self, key: int) -> str:
        return str(self.data[key + 76 : key + 76 + _KEY(self.data, key + 4)[4]], "latin-1")

    def _subkeys(self, at: int) -> list[int]:
        kind, count = _LIST(self.data, at)
        if kind == b"ri":
            leaves = Struct(f"<{count}I").unpack_from(self.data, at + 4)
            return [key for leaf in leaves for key in self._subkeys(_FIRST + leaf)]
        if kind == b"li":
            return [_FIRST + cell for cell in Struct(f"<{count}I").unpack_from(self.data, at + 4)]
        return [_FIRST + cell for cell in Struct(f"<{2 * count}I").unpack_from(self.data, at + 4)[::2]]

    def _subkey(self, key: int, name: str) -> int | None:
        count, listed, *_ = _KEY(self.data, key + 4)
        if not count:
            return None
        at = _FIRST + listed
        kind, entries = _LIST(self.data, at)
        if kind == b"ri":
            at, kind, entries = self._leaf(at, entries, name)
        width = 4 if kind == b"li" else 8
        if kind == b"lh":
            number = 0
            for unit in name.encode("ascii"):
                number = number * 37 + unit
            wanted = (number & 0xFFFFFFFF).to_bytes(4, "little")
            return self._by_hash(self.data[at + 4 : at + 4 + 8 * entries], wanted, name)
        low, high = 0, entries
        while low < high:
            middle = (low + high) // 2
            cell: int = _FIRST + _NUMBER(self.data, at + 4 + width * middle)[0]
            met = self._name(cell).upper()
            if met == name:
                return cell
            if met < name:
                low = middle + 1
            else:
                high = middle
        return None

    def _by_hash(self, entries: bytes, wanted: bytes, name: str) -> int | None:
        found = entries.find(wanted)
        while found >= 0:
            if found % 8 == 4:
                cell = _FIRST + int.from_bytes(entries[found - 4 : found], "little")
                if self._name(cell).upper() == name:
                    return cell
            found = entries.find(wanted, found + 1)
        return None

    def _leaf(self, root: int, count: int, name: str) -> tuple[int, bytes, int]:
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            leaf = _FIRST + _NUMBER(self.data, root + 4 + 4 * middle)[0]
            if self._name(_FIRST + _NUMBER(self.data, leaf + 4)[0]).upper() <= name:
                low = middle + 1
            else:
                high = middle
        leaf = _FIRST + _NUMBER(self.data, root + 4 + 4 * max(low - 1, 0))[0]
        return leaf, *_LIST(self.data, leaf)

    def _values(self, key: int) -> list[tuple[str, int, bytes]]:
        _, _, count, listed, _ = _KEY(self.data, key + 4)
        found = []
        data = self.data
        for cell in Struct(f"<{count}I").unpack_from(data, _FIRST + listed) if count else ():
            at = _FIRST + cell
            length, size, stored, kind, _ = _VALUE(data, at)
            name = str(data[at + 20 : at + 20 + length], "latin-1")
            if size & 0x80000000:
                found.append((name, kind, data[at + 8 : at + 8 + (size & 0x7FFFFFFF)]))
            else:
                found.append((name, kind, data[_FIRST + stored : _FIRST + stored + size]))
        return found
