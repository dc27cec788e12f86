"""Hives from which something is deleted as Windows does: cells are freed, lists closed up, bytes stay."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from iiscluster_kb.regf import Hive
from iiscluster_kb.regf.deleted import find_deleted
from tests.support.regf_writer import BINS, tree_from_dict, write_hive

if TYPE_CHECKING:
    from iiscluster_kb.regf.deleted import Deleted
    from tests.support.regf_writer import HiveImage

LIST = "{92BF7500-974C-11D0-A5F2-00A0C922E752}"
TREE = tree_from_dict(
    "ROOT",
    {
        "Types": {
            "IIS": {"DllName": "clusiis4.dll", "Name": "IIS Server Instance", "AdminExtensions": [LIST]},
            "Disk": {"DllName": "clusres.dll", "Deep": {"Below": {"Value": b"x" * 40, "Number": 7}}},
        },
        "Other": {"Data": bytes(range(200)), "Text": "words"},
    },
)


def image(minor: int = 5) -> HiveImage:
    return write_hive(TREE, minor=minor)


def number(hive: HiveImage, offset: int, form: str = "<i") -> int:
    (found,) = struct.unpack_from(form, hive.data, offset)
    return int(found)


def prefix(hive: HiveImage) -> int:
    return 8 if hive.data[24] == 1 else 4


def free(hive: HiveImage, offset: int) -> None:
    hive.put(offset, "<i", abs(number(hive, offset)))


def free_value(hive: HiveImage, path: str, name: str) -> int:
    if (path, name) in hive.value_data:
        free(hive, hive.value_data[path, name])
    free(hive, hive.values[path, name])
    return hive.values[path, name]


def delete_value(hive: HiveImage, path: str, name: str) -> int:
    """Free the value and its data, and close the gap in the list; an empty list is freed."""
    key, listed = hive.keys[path] + prefix(hive), hive.value_lists[path] + prefix(hive)
    count = number(hive, key + 36)
    cells = list(struct.unpack_from(f"<{count}I", hive.data, listed))
    cells.remove(hive.values[path, name] - BINS)
    hive.put(listed, f"<{count - 1}I", *cells)
    hive.put(key + 36, "<I", count - 1)
    if count == 1:
        hive.put(key + 40, "<I", 0xFFFFFFFF)
        free(hive, hive.value_lists[path])
    return free_value(hive, path, name)


def free_key(hive: HiveImage, path: str) -> int:
    """Free a key with its lists and values; what names it is left as it is."""
    for owner, name in list(hive.values):
        if owner == path:
            free_value(hive, path, name)
    for offset in (
        *hive.lists.get(path, ()),
        *([hive.value_lists[path]] if path in hive.value_lists else ()),
    ):
        free(hive, offset)
    free(hive, hive.keys[path])
    return hive.keys[path]


def without_subkeys(hive: HiveImage, path: str) -> None:
    hive.put(hive.keys[path] + prefix(hive) + 20, "<I", 0)


def deleted(hive: HiveImage) -> Deleted:
    return find_deleted(Hive(hive.seal(), "CLUSDB"))


def offsets_in(found: Deleted) -> list[int]:
    return [key.offset for key in found.keys] + [value.offset for value in found.values]


def lay(hive: HiveImage, offset: int, content: bytes) -> None:
    hive.data[offset : offset + len(content)] = content


def small_value(name: bytes) -> bytes:
    """A freed cell with a value whose data lies inside it."""
    return struct.pack("<i2sHIIIHH", 32, b"vk", len(name), 0x80000004, 7, 4, 1, 0) + name


def live_offsets(data: bytes) -> set[int]:
    hive = Hive(data, "x")
    found = set()
    for key in hive.walk():
        found.add(key.offset)
        found |= {value.offset for value in key.values() if value.offset}
    return found
