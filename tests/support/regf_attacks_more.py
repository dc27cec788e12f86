"""More hives made to hang, exhaust or mislead a reader: cells, bins, times and what refers to itself."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from iiscluster_kb.registry import RegistryValue, ValueType, sz
from tests.support.regf_attacks import (
    CLASS_NAME,
    DATA_OFFSET,
    DATA_SIZE,
    LIST_ENTRIES,
    SUBKEY_COUNT,
    SUBKEY_LIST,
    TREE,
    VALUE_COUNT,
    VALUE_LIST,
    Attack,
)
from tests.support.regf_writer import BINS, KeySpec, write_hive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.regf_writer import HiveImage

__all__ = ["more_attacks", "refused"]

_BASE_ROOT, _BASE_SIZE = 36, 40
_BIN_SIZE = BINS + 8
_KEY_TIME, _KEY_SECURITY, _KEY_NAME = 8, 48, 80  # in a cell with a key


def more_attacks() -> Iterator[Attack]:
    """Those of which something can be read, or that can be opened at least; the same each time."""
    yield from _rings()
    yield from _itself()
    yield from _cells()
    yield from _bins()
    yield from _times()
    yield from _names()


def refused() -> Iterator[Attack]:
    """Those that cannot be opened; the reason is what is said then."""
    yield Attack("an empty file", b"", "no registry hive")
    yield Attack("a signature alone", b"regf", "inside the base block")
    image = _image()
    yield Attack("a base block cut off", bytes(image.data[:4000]), "inside the base block")
    for major, minor in ((1, 0), (1, 7), (2, 3), (0xFFFFFFFF, 0xFFFFFFFF)):
        image = _image()
        image.put(20, "<II", major, minor)
        yield Attack(f"version {major}.{minor}", image.seal(), "is not 1.1 to 1.6")


def _image(minor: int = 5, leaf_size: int = 507) -> HiveImage:
    return write_hive(TREE, minor=minor, leaf_size=leaf_size)


def _rings() -> Iterator[Attack]:
    image = _image(leaf_size=1)
    root = image.lists[""][0]
    end = len(image.data)
    image.data += struct.pack("<i2sHI4x", -16, b"ri", 1, root - BINS)
    image.put(root + LIST_ENTRIES, "<I", end - BINS)
    yield Attack("two index roots that list each other", image.seal(), "index root inside")

    image = _image()
    image.put(image.keys["Alpha\\One\\Deep"] + SUBKEY_COUNT, "<I", 1)
    end = len(image.data)
    image.data += struct.pack("<i2sHII", -16, b"lh", 1, image.keys["Alpha"] - BINS, 0)
    image.put(image.keys["Alpha\\One\\Deep"] + SUBKEY_LIST, "<I", end - BINS)
    yield Attack("a ring of three keys", image.seal(), "met twice")

    image = _image()
    parent = image.keys["Alpha"]
    image.put(parent + 20, "<I", image.keys["Alpha\\One"] - BINS)  # the parent of Alpha; One's is Alpha
    yield Attack("two keys that are each other's parent", image.seal(), None)

    image = _image()
    security = struct.unpack_from("<I", image.data, image.keys[""] + _KEY_SECURITY)[0] + BINS
    image.put(security + 8, "<II", security - BINS + 16, 0xFFFFFFF8)
    yield Attack("security descriptors linked to nowhere", image.seal(), None)


def _itself() -> Iterator[Attack]:
    image = _image()
    image.put(image.keys["Beta"] + VALUE_LIST, "<I", image.keys["Beta"] - BINS)
    yield Attack("a key that is its own list of values", image.seal(), "")

    image = _image()
    image.put(image.keys["Beta"] + SUBKEY_COUNT, "<II", 1, 0)
    image.put(image.keys["Beta"] + SUBKEY_LIST, "<I", image.keys["Beta"] - BINS)
    yield Attack("a key that is its own list of subkeys", image.seal(), "no list of subkeys where")

    image = _image()
    listed = image.value_lists["Beta"]
    image.put(listed + 4, "<3I", listed - BINS, listed - BINS, listed - BINS)
    yield Attack("a list of values that lists itself", image.seal(), "no value where one should be")

    image = _image()
    one = struct.unpack_from("<I", image.data, listed + 4)[0]
    image.put(listed + 4, "<3I", one, one, one)
    yield Attack("one value thrice", image.seal(), None)

    image = _image()
    value = image.values["Beta", "Long"]
    image.put(value + DATA_SIZE, "<II", 20, value - BINS)
    yield Attack("a value that is its own data", image.seal(), None)

    image = _image()
    image.put(image.keys["Beta"] + CLASS_NAME, "<I", image.keys["Beta"] - BINS)
    yield Attack("a key that is its own class name", image.seal(), None)

    image = _image()
    record = image.value_data["Beta", "Big"]
    image.put(record + 8, "<I", record - BINS)
    yield Attack("big data that is its own list of segments", image.seal(), "list of segments")

    image = _image()
    listed = struct.unpack_from("<I", image.data, record + 8)[0] + BINS
    image.put(listed + 4, "<4I", *[record - BINS] * 4)
    yield Attack("big data that is each of its segments", image.seal(), "one segment twice")

    image = _image()
    image.put(_BASE_ROOT, "<I", image.values["Beta", "Long"] - BINS)
    yield Attack("a value for a root", image.seal(), "no key where one should be")


def _cells() -> Iterator[Attack]:
    for size in (-0x80000000, -8, -1, 0, 1, 0x7FFFFFFF):
        for what in ("key", "list of subkeys", "list of values", "value", "data"):
            image = _image()
            place = {
                "key": image.keys["Alpha"],
                "list of subkeys": image.lists["Alpha"][0],
                "list of values": image.value_lists["Beta"],
                "value": image.values["Beta", "Long"],
                "data": image.value_data["Beta", "Long"],
            }[what]
            image.put(place, "<i", size)
            # A cell said to be huge still holds its record, which is read as far as the file goes.
            yield Attack(
                f"a {what} in a cell of {size} bytes", image.seal(), None if size == -0x80000000 else ""
            )

    image = _image()
    image.put(image.keys["Beta"] + VALUE_COUNT, "<II", 1 << 16, image.keys["Beta"] - BINS)
    yield Attack("65,536 values in a cell of a key", image.seal(), "list of values")


def _bins() -> Iterator[Attack]:
    for size in (0, 1, 0x7FFFF000, 0xFFFFFFFF):
        image = _image()
        image.put(_BIN_SIZE, "<I", size)
        yield Attack(f"a first bin of {size} bytes", image.seal(), None)
    image = _image()
    image.put(BINS, "<4s", b"HBIN")
    yield Attack("a first bin without its signature", image.seal(), None)
    for size in (0, 0x7FFFF000, 0xFFFFFFFF):
        image = _image()
        image.put(_BASE_SIZE, "<I", size)
        yield Attack(f"bins of {size} bytes in the base block", image.seal(), None)
    image = _image()
    image.data[BINS:] = b"\xff" * (len(image.data) - BINS)
    yield Attack("all bits set behind the base block", image.seal(), "")
    image = _image()
    image.data[BINS:] = bytes(len(image.data) - BINS)
    yield Attack("zeros behind the base block", image.seal(), "")
    image = _image()
    yield Attack("a base block alone", image.seal()[:BINS], "outside the file")


def _times() -> Iterator[Attack]:
    for moment in (0, 1, 1 << 62, (1 << 63) - 1, (1 << 64) - 1):
        image = _image()
        image.put(image.keys["Alpha"] + _KEY_TIME, "<Q", moment)
        image.put(12, "<Q", moment)
        yield Attack(f"last written at {moment:#x}", image.seal(), None)


def _names() -> Iterator[Attack]:
    text = (RegistryValue("T", ValueType.REG_SZ, sz("x")),)
    for what, name in (
        ("a backslash", "Gam\\a"),
        ("a NUL", "Ga\0ma"),
        ("all letters above ASCII", "".join(map(chr, range(0x80, 0x100)))),
        ("a line end", "Gam\na"),
    ):
        yield Attack(f"a name with {what}", write_hive(KeySpec("R", (), (KeySpec(name, text),))).seal(), None)
    image = _image()
    image.put(image.keys["Gamma"] + _KEY_NAME, "<5s", b"\xff\xfe\x00\xd8\xc3")
    yield Attack("a compressed name that is no text", image.seal(), None)
    image = write_hive(
        KeySpec("R", (), (KeySpec("same", text), KeySpec("same", text), KeySpec("SAME", text)))
    )
    yield Attack("three subkeys of one name", image.seal(), None)
    image = _image()
    image.put(image.values["Beta", "Long"] + DATA_OFFSET, "<II", 0xFFFFFFFF, 0xFFFFFFFF)
    yield Attack("a value of type 0xffffffff with data nowhere", image.seal(), "outside the file")
