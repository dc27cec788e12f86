"""The hives that readers are compared on: corpus, fixtures, and every form that the tests' writer knows."""

from __future__ import annotations

import hashlib
import lzma
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from iiscluster_kb.registry import RegistryValue, ValueType, multi_sz, sz  # noqa: E402 - found by the line above
from tests.support.regf_writer import KeySpec, build_hive  # noqa: E402 - the same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.regf_writer import ListKind

__all__ = ["ROOT", "hives"]

CORPUS = ROOT / "../shared/corpus"
_KINDS: tuple[ListKind | None, ...] = (None, "li", "lf", "lh", "ri/li", "ri/lf", "ri/lh")
_SEGMENT = 16344
_FEW = 300
"""Keys in the longest list, which a leaf of 100 entries makes an index root of."""


def hives() -> Iterator[tuple[str, str, bytes]]:
    """Where from, name and bytes of each hive, none twice; logs are left out."""
    seen: set[str] = set()
    for origin, name, data in _all():
        digest = hashlib.sha256(data).hexdigest()
        if digest not in seen:
            seen.add(digest)
            yield origin, name, data


def _all() -> Iterator[tuple[str, str, bytes]]:
    for path in sorted(CORPUS.glob("hives/*.xz")):
        data = lzma.decompress(path.read_bytes())
        if _is_hive(data):
            yield "corpus", path.stem, data
    for path in sorted(CORPUS.glob("reg_exports/*.hiv")):
        yield "corpus", path.name, path.read_bytes()
    for path in sorted((ROOT / "fixtures").rglob("*")):
        if path.is_file() and _is_hive(data := path.read_bytes()):
            yield "fixtures", path.relative_to(ROOT / "fixtures").as_posix(), data
    for name, data in _written():
        yield "written", name, data


def _is_hive(data: bytes) -> bool:
    """A base block of a primary file ("Base block", file type), long enough to hold a bin."""
    return len(data) >= 8192 and data[:4] == b"regf" and struct.unpack_from("<I", data, 28) == (0,)


def _written() -> Iterator[tuple[str, bytes]]:
    tree = _tree()
    for minor in range(1, 7):
        for kind in _KINDS:
            form = "own lists" if kind is None else kind
            yield f"1.{minor}, {form}", build_hive(tree, minor=minor, list_kind=kind, leaf_size=100)
    yield "names in UTF-16", build_hive(tree, utf16_names=True)
    yield "short data in cells", build_hive(tree, resident=False)
    yield "root behind another cell", build_hive(tree, padding=100)
    yield "wrong checksum", build_hive(tree, wrong_checksum=True)
    yield "last write not ended", build_hive(tree, sequence_numbers=(8, 7))
    yield "lists not sorted", build_hive(tree, sort=False)


def _tree() -> KeySpec:
    """Names, types and sizes at which readers have gone wrong."""
    values = [
        RegistryValue("", ValueType.REG_SZ, sz("unnamed")),
        RegistryValue("Caf\u00e9", ValueType.REG_SZ, sz("\u00e9")),
        RegistryValue("\u65e5\u672c", ValueType.REG_MULTI_SZ, multi_sz("a", "b")),
        RegistryValue("unterminated", ValueType.REG_MULTI_SZ, "a\0b".encode("utf-16-le")),
        RegistryValue("number of no size", ValueType.REG_DWORD, b""),
        RegistryValue("eight bytes", ValueType.REG_QWORD, bytes(range(8))),
        RegistryValue("own type", 0x20000001, b"\1\2\3\4\5"),
        *(
            RegistryValue(f"{size} bytes", ValueType.REG_BINARY, bytes(range(1, size + 1)))
            for size in range(6)
        ),
        *(
            RegistryValue(f"{size} in segments", ValueType.REG_BINARY, bytes(n % 251 for n in range(size)))
            for size in (_SEGMENT, _SEGMENT + 1, 2 * _SEGMENT, 3 * _SEGMENT + 500)
        ),
        RegistryValue("long text", ValueType.REG_SZ, sz("x" * 20_000)),
        RegistryValue("long list", ValueType.REG_MULTI_SZ, multi_sz(*("y" * 100 for _ in range(200)))),
    ]
    many = tuple(
        KeySpec(f"{number:04}", (RegistryValue("N", ValueType.REG_DWORD, number.to_bytes(4, "little")),))
        for number in range(_FEW)
    )
    deep = KeySpec("leaf")
    for level in range(40):
        deep = KeySpec(f"level {level}", (), (deep,))
    keys = (
        KeySpec("Values", tuple(values), (), class_name="Class"),
        KeySpec("Many", (), many),
        KeySpec("N\u00e4me", (), (KeySpec("\u6df1\u3044", (values[0],)),)),
        KeySpec("Empty"),
        deep,
    )
    return KeySpec("ROOT", values[:1], keys)
