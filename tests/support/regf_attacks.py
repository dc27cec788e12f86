"""Hives made to hang, exhaust or mislead a reader, each with what is to be said of it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.registry import RegistryValue, ValueType, sz
from tests.support.regf_writer import BINS, KeySpec, tree_from_dict, write_hive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.regf_writer import HiveImage

__all__ = ["Attack", "attacks"]

BIG = RegistryValue("Big", ValueType.REG_BINARY, bytes(range(256)) * 200)
LONG = RegistryValue("Long", ValueType.REG_SZ, sz("longer than four bytes"))
TREE = KeySpec(
    "ROOT",
    (LONG,),
    (
        tree_from_dict("Alpha", {"One": {"Deep": {}}, "Two": {}}),
        KeySpec(
            "Beta", (LONG, BIG, RegistryValue("Small", ValueType.REG_DWORD, b"\1\0\0\0")), (), class_name="C"
        ),
        tree_from_dict("Gamma", {"Number": 1}),
    ),
)
SUBKEY_COUNT, SUBKEY_LIST, VALUE_COUNT, VALUE_LIST, CLASS_NAME = 24, 32, 40, 44, 52  # in a cell with a key
KEY_FLAGS, KEY_NAME_LENGTH, CLASS_LENGTH = 6, 76, 78
VALUE_NAME_LENGTH, DATA_SIZE, DATA_OFFSET, VALUE_FLAGS = 6, 8, 12, 20  # in a cell with a value
LIST_COUNT, LIST_ENTRIES = 6, 8  # in a cell with a list


@dataclass(frozen=True, slots=True)
class Attack:
    """A hive and the damage that a walk through its keys and values must report, None for none."""

    name: str
    data: bytes
    reason: str | None

    def __str__(self) -> str:
        return self.name


def attacks() -> Iterator[Attack]:
    """All of them; the same each time."""
    yield from _cycles()
    yield from _numbers()
    yield from _outside()
    yield from _names()
    yield from _data()
    yield from _crowds()


def _image(**options: int) -> HiveImage:
    return write_hive(TREE, minor=options.get("minor", 5), leaf_size=options.get("leaf_size", 507))


def _stored(offset: int) -> int:
    return offset - BINS


def _cycles() -> Iterator[Attack]:
    image = _image()
    image.put(image.lists["Alpha"][0] + LIST_ENTRIES, "<I", _stored(image.keys[""]))
    yield Attack("a key below itself", image.seal(), "met twice")

    image = _image()
    image.put(image.keys["Alpha\\One"] + SUBKEY_LIST, "<I", _stored(image.lists[""][0]))
    yield Attack("a key with the list of the root", image.seal(), "met twice")

    image = _image(leaf_size=1)
    root = image.lists[""][0]
    image.put(root + LIST_ENTRIES, "<I", _stored(root))
    yield Attack("an index root that lists itself", image.seal(), "index root inside")

    image = _image(leaf_size=1)
    root, leaf, *_ = image.lists[""]
    image.put(root + LIST_ENTRIES, "<3I", _stored(leaf), _stored(leaf), _stored(leaf))
    yield Attack("an index root with one leaf thrice", image.seal(), "with 1 entries")

    tree = KeySpec("40")
    for level in reversed(range(40)):
        tree = KeySpec(str(level), (), (tree, KeySpec("~")))
    image = write_hive(tree)
    for entries in image.lists.values():
        at = entries[0] + LIST_ENTRIES
        image.data[at + 8 : at + 16] = image.data[at : at + 8]
    yield Attack("40 levels of two equal children", image.seal(), "met twice")

    tree = KeySpec("leaf")
    for level in range(5000):
        tree = KeySpec(f"{level}", (), (tree,))
    yield Attack("5,000 levels", write_hive(tree).seal(), "below level 512")


def _numbers() -> Iterator[Attack]:
    for number in (16_000_000, 0x7FFFFFFF, 0xFFFFFFFE):
        image = _image()
        image.put(image.keys["Alpha"] + SUBKEY_COUNT, "<I", number)
        yield Attack(f"{number} subkeys", image.seal(), f"for a key that has {number}")

        image = _image()
        image.put(image.keys["Beta"] + VALUE_COUNT, "<I", number)
        yield Attack(f"{number} values", image.seal(), "list of values outside the file")

        image = _image()
        image.put(image.values["Beta", "Long"] + DATA_SIZE, "<I", number)
        yield Attack(f"{number} bytes of data", image.seal(), "")

    image = _image()
    image.put(image.keys["Beta"] + VALUE_COUNT, "<I", 40)
    yield Attack("more values than their list", image.seal(), "longer than its cell")

    image = _image()
    image.put(image.lists[""][0] + LIST_COUNT, "<H", 0xFFFF)
    yield Attack("65,535 entries in a list of three", image.seal(), "list of subkeys longer than its cell")

    image = _image()
    image.put(image.lists[""][0] + LIST_COUNT, "<H", 2)
    yield Attack("a list that lost an entry", image.seal(), "with 2 entries for a key that has 3")

    image = _image()
    image.put(image.keys[""] + SUBKEY_COUNT, "<I", 2)
    yield Attack("a list with an entry too many", image.seal(), "with 3 entries for a key that has 2")

    image = _image()
    image.put(image.values["Beta", "Small"] + DATA_SIZE, "<I", 0x80000005)
    yield Attack("five bytes inside a value", image.seal(), "5 bytes of data inside a value")


def _outside() -> Iterator[Attack]:
    for offset in (0x7FFFFFF8, 0xFFFFFFF8):
        for what, key, position in (
            ("list of subkeys", "Alpha", SUBKEY_LIST),
            ("list of values", "Beta", VALUE_LIST),
            ("class name", "Beta", CLASS_NAME),
        ):
            image = _image()
            image.put(image.keys[key] + position, "<I", offset)
            yield Attack(f"{what} at {offset:#x}", image.seal(), None if what == "class name" else "outside")
        for what, place in (("key", "lists"), ("value", "value_lists"), ("data", "values")):
            image = _image()
            at = {
                "lists": image.lists["Alpha"][0] + LIST_ENTRIES,
                "value_lists": image.value_lists["Beta"] + 4,
                "values": image.values["Beta", "Long"] + DATA_OFFSET,
            }[place]
            image.put(at, "<I", offset)
            yield Attack(f"{what} at {offset:#x}", image.seal(), "outside the file")
    image = _image()
    image.put(36, "<I", 0xFFFFFFFF)
    yield Attack("a root that is nowhere", image.seal(), "outside the file")
    for what in ("keys", "values", "value_lists", "value_data", "lists"):
        image = _image()
        at = {
            "keys": image.keys["Alpha"],
            "values": image.values["Beta", "Long"],
            "value_lists": image.value_lists["Beta"],
            "value_data": image.value_data["Beta", "Long"],
            "lists": image.lists["Alpha"][0],
        }[what]
        size = struct.unpack_from("<i", image.data, at)[0]
        image.put(at, "<i", -size)
        yield Attack(f"unallocated {what}", image.seal(), "unallocated")
        image = _image()
        image.put(at, "<24x")
        yield Attack(f"zeroed {what}", image.seal(), "")


def _names() -> Iterator[Attack]:
    image = _image()
    image.put(image.keys["Gamma"] + KEY_NAME_LENGTH, "<H", 0xFFFF)
    yield Attack("a key's name of 65,535 bytes", image.seal(), "key longer than")

    image = _image()
    image.put(image.values["Beta", "Long"] + VALUE_NAME_LENGTH, "<H", 0xFFFF)
    yield Attack("a value's name of 65,535 bytes", image.seal(), "value longer than")

    image = write_hive(KeySpec("R", (), (KeySpec("n" * 513), KeySpec("m" * 512))))
    yield Attack("a name longer than Windows allows", image.seal(), "key longer than")

    image = _image()
    image.put(image.keys["Gamma"] + KEY_FLAGS, "<H", 0)
    yield Attack("a key's name of five bytes in UTF-16", image.seal(), "odd number of bytes")

    image = _image()
    image.put(image.values["Beta", "Small"] + VALUE_FLAGS, "<H", 0)
    yield Attack("a value's name of five bytes in UTF-16", image.seal(), "odd number of bytes")

    image = write_hive(KeySpec("R", (RegistryValue("\udc00\ud800", 1, b""),), (KeySpec("\ud800x"),)))
    yield Attack("unpaired surrogates", image.seal(), None)

    image = _image()
    image.put(image.keys["Beta"] + CLASS_LENGTH, "<H", 0xFFFF)
    yield Attack("a class name of 65,535 bytes", image.seal(), None)


def _data() -> Iterator[Attack]:
    image = _image()
    record = image.value_data["Beta", "Big"]
    image.put(record + 6, "<H", 65535)
    image.put(image.values["Beta", "Big"] + DATA_SIZE, "<I", 65535 * 16344)
    yield Attack("big data of 65,535 segments in a list of four", image.seal(), "list of segments outside")

    listed = BINS + struct.unpack_from("<I", image.data, record + 8)[0]
    segment = struct.unpack_from("<I", image.data, listed + 4)[0]
    image = _image()
    grown = len(image.data)
    image.data += struct.pack("<i", -4 * 65536) + struct.pack("<I", segment) * 65535
    image.put(record + 6, "<HI", 65535, grown - BINS)
    image.put(image.values["Beta", "Big"] + DATA_SIZE, "<I", 65535 * 16344)
    yield Attack("big data of 65,535 times one segment", image.seal(), "one segment twice")

    image = _image()
    image.put(record + 6, "<H", 1)
    yield Attack("big data with too few segments", image.seal(), "big data of 1 segments")

    image = _image()
    image.put(BINS + segment, "<i", 16348)
    yield Attack("big data with an unallocated segment", image.seal(), "segment of data in an unallocated")

    image = _image(minor=3)
    image.put(image.value_data["Beta", "Big"] + 4, "<2s", b"db")
    yield Attack("big data where the version has none", image.seal(), None)


def _crowds() -> Iterator[Attack]:
    """Lists and data that many share: each read is small, all of them together are not."""
    image = write_hive(KeySpec("R", (), tuple(KeySpec(f"{n:04}") for n in range(2000))), leaf_size=2000)
    for path in image.keys:
        image.put(image.keys[path] + SUBKEY_COUNT, "<I", 2000)
        image.put(image.keys[path] + SUBKEY_LIST, "<I", _stored(image.lists[""][0]))
    yield Attack("2,000 keys with one list of 2,000", image.seal(), "more subkeys than the file has room for")

    big = RegistryValue("0", ValueType.REG_BINARY, bytes(16000))
    few = tuple(RegistryValue(f"{n}", ValueType.REG_BINARY, bytes(8)) for n in range(1, 2000))
    image = write_hive(KeySpec("R", (big, *few)))
    for value in few:
        at = image.values["", value.name]
        image.put(at + DATA_SIZE, "<II", 16000, _stored(image.value_data["", "0"]))
    yield Attack("2,000 values with one data", image.seal(), "more data than the file has room for")

    image = write_hive(KeySpec("R", (), tuple(KeySpec(f"{n:04}") for n in range(1000))), leaf_size=1)
    end = len(image.data)
    leaves = 4000
    for _ in range(leaves):
        image.data += struct.pack("<i2sH", -4 * 1024, b"li", 300)
    image.data += bytes(4 * 300)
    places = range(end - BINS, end - BINS + 8 * leaves, 8)
    image.data += struct.pack(f"<i2sH{leaves}I", -(8 + 4 * leaves), b"ri", leaves, *places)
    image.put(image.keys[""] + SUBKEY_LIST, "<I", end + 8 * leaves + 1200 - BINS)
    yield Attack("4,000 lists that overlap", image.seal(), "lists of more subkeys than the file has room for")

    image = write_hive(KeySpec("R", (), tuple(KeySpec(f"{n:05}") for n in range(3000))), list_kind="li")
    for leaf in image.lists[""][1:]:
        count = struct.unpack_from("<H", image.data, leaf + LIST_COUNT)[0]
        image.put(leaf + LIST_ENTRIES, f"<{count}I", *range(0x7F000000, 0x7F000000 + 8 * count, 8))
    yield Attack("3,000 keys that are nowhere", image.seal(), "key outside the file")
