r"""The whole diagnosis of cases whose hives are sound and say odd things.

An input is what was stated (1 byte), the output (1 byte), the scenario (2 bytes) and changes of 6 bytes each: the
hive, what is done, the key and the value (2 bytes), what is put there (2 bytes).
"""

from __future__ import annotations

import struct
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from iiscluster_kb.case import open_case
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf import Hive
from iiscluster_kb.registry import RegistryValue, multi_sz, sz
from tests.fuzz.guided.diagnosing import bits, diagnose
from tests.fuzz.guided.target import Target
from tests.support.regf_writer import KeySpec, build_hive
from tests.support.registry_text import spec_of
from tests.support.scenarios import RELATED, SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_HEAD, _CHANGE = struct.Struct("<BBH"), struct.Struct("<BBHH")
_MOST_CHANGES = 8
_EVERY = 5
"""Of the scenarios every fifth is a seed: each costs a whole diagnosis."""
_ALL = (*SCENARIOS, *RELATED)
_ODD = (
    b"", b"\0", b"\0\0", b"x", bytes(3), b"\xff" * 4, bytes(4), b"\1\0\0\0", b"\xff\xff\xff\x7f", bytes(8), b"\x80" * 300,
    sz(""), sz(" "), sz("\\"), sz("..\\..\\x"), sz("C:"), sz("C:\\"), sz('"C:\\a b\\x.dll" /s'), sz("%SystemRoot%"),
    sz("%a%%b%\\%"), sz("\\\\server\\share\\x"), sz("a\nb\r\nc"), sz("\u202e\u2066"), sz("\ud800"), sz("\ue000\uffff"),
    sz("<script>&\"'"), sz("| `a` | **b** |"), sz("x" * 3000), sz("{}"), sz("{92bf7500-974c-11d0-a5f2-00a0c922e752}"),
    sz("NODE1"), sz("NODE2"), sz("0"), sz("-1"), sz("4.0"), sz("5.0"), sz("6.0"), sz("Service Pack 6"), sz("1e999"),
    sz("١٢٣"), sz("ß"), sz("İ"), sz("a\0b"), "odd".encode("utf-16-be"),
    multi_sz(), multi_sz("a"), multi_sz("", "a"), multi_sz("a", "", "b"), multi_sz("{92BF7500-974C-11D0-A5F2-00A0C922E752}"),
    multi_sz(*(f"{{{number:08X}-0000-0000-0000-000000000000}}" for number in range(40))), sz("a")[:-1],
)  # fmt: skip
"""What values are given, and, as text, keys and values are called."""
_DEEDS = (
    "take a key",
    "call",
    "add a key",
    "add a value",
    "take a value",
    "give data",
    "give data",
    "give a type",
    "call a value",
)
_TYPES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 0x12, 0xFFFFFFFF)


@cache
def _case(number: int) -> Mapping[str, bytes]:
    with open_case(_ALL[number].case) as case:
        return {path: bytes(file.content.map()) for path, file in case.files.items()}


@cache
def _tree(data: bytes) -> KeySpec | None:
    """What a hive holds; None where it is none, or not sound."""
    try:
        hive = Hive(data, "hive")
        spec = spec_of(hive.root)
    except EvidenceError:
        return None
    return None if hive.damage or hive.state != "clean" else spec


def _run(data: bytes) -> None:
    if len(data) < _HEAD.size:
        return
    stated, output, number = _HEAD.unpack_from(data)
    files = dict(_case(number % len(_ALL)))
    trees = {path: tree for path, content in files.items() if (tree := _tree(content)) is not None}
    hives = sorted(trees)
    end = min(len(data), _HEAD.size + _MOST_CHANGES * _CHANGE.size)
    for at in range(_HEAD.size, end - _CHANGE.size + 1, _CHANGE.size) if hives else ():
        hive, deed, place, thing = _CHANGE.unpack_from(data, at)
        path = hives[hive % len(hives)]
        trees[path] = _changed(trees[path], place % _count(trees[path]), deed, thing)
        files[path] = build_hive(trees[path], minor=3, list_kind="lf")
    diagnose(files, stated=stated, output=output)


def _count(key: KeySpec) -> int:
    return 1 + sum(map(_count, key.subkeys))


def _changed(key: KeySpec, place: int, deed: int, thing: int) -> KeySpec:
    """The tree with a change to its key of that number, each counted before those below it."""
    if place == 0:
        return _with_change(key, deed, thing)
    subkeys, place = [], place - 1
    for below in key.subkeys:
        count = _count(below)
        if not 0 <= place < count:
            subkeys.append(below)
        elif place or _DEEDS[deed % len(_DEEDS)] != "take a key":
            subkeys.append(_changed(below, place, deed, thing))
        place -= count
    return replace(key, subkeys=subkeys)


def _with_change(key: KeySpec, deed: int, thing: int) -> KeySpec:
    number, odd = divmod(thing, len(_ODD))
    data = _ODD[odd]
    name = data[: len(data) & ~1].decode("utf-16-le", "surrogatepass")[:200]
    values = list(key.values)
    at = number % max(len(values), 1)
    match _DEEDS[deed % len(_DEEDS)]:
        case "call":
            return replace(key, name=name)
        case "add a key":
            return replace(key, subkeys=(*key.subkeys, KeySpec(name, key.values)))
        case "add a value":
            values.append(RegistryValue(name, _TYPES[number % len(_TYPES)], data))
        case "take a value" if values:
            del values[at]
        case "give data" if values:
            values[at] = replace(values[at], data=data)
        case "give a type" if values:
            values[at] = replace(values[at], type=_TYPES[thing % len(_TYPES)])
        case "call a value" if values:
            values[at] = replace(values[at], name=name)
        case _:
            return replace(key, values=())
    return replace(key, values=values)


def _seeds() -> Iterator[bytes]:
    for number, scenario in list(enumerate(_ALL))[::_EVERY]:
        change = _CHANGE.pack(number, number, 3 * number, 7 * number)
        yield _HEAD.pack(bits(scenario.stated), number, number) + change


TARGET = Target("registries", _run, _seeds, _HEAD.size + _MOST_CHANGES * _CHANGE.size, seconds=4.0)
