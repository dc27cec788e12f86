"""A small writer of hives, independent of the reader, so that every form of the format can be made.

It follows the "Windows registry file format specification" (msuhanov/regf), section by section, and
shares nothing with ``iiscluster_kb.regf``. What Windows would not write can be asked for too: lists out
of order, `lh` in an old version, a wrong checksum. ``write_hive`` also says where each record lies, so
that a test can damage exactly one.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict, Unpack

from iiscluster_kb.registry import RegistryValue, ValueType, multi_sz, sz, upcase

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "BINS",
    "HiveImage",
    "HiveOptions",
    "KeySpec",
    "ListKind",
    "build_hive",
    "checksum",
    "name_hash",
    "tree_from_dict",
    "write_hive",
]

BINS = 4096
"""File offset of the hive bins data; offsets inside a hive count from here."""

ListKind: TypeAlias = Literal["li", "lf", "lh", "ri", "ri/li", "ri/lf", "ri/lh"]
Plain: TypeAlias = "str | int | bytes | Sequence[str] | RegistryValue | Mapping[str, Plain]"

_NONE = 0xFFFFFFFF
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_WRITTEN = datetime(1999, 5, 4, 10, 11, 12, tzinfo=UTC)
_PAGE = 4096
_BIN_HEADER = 32
_SEGMENT = 16344
_COMPRESSED_KEY = 0x20
_ROOT_FLAGS = 0x0C  # KEY_HIVE_ENTRY | KEY_NO_DELETE
_KEY = struct.Struct("<2sHQI9I4II2H")
_DESCRIPTOR = bytes.fromhex("0100008000000000000000000000000000000000")  # self-relative, empty


class HiveOptions(TypedDict, total=False):
    """How a hive is written; what is left out is as Windows would write it."""

    minor: int
    """1 to 6, by default 5; 1 writes the cells of Windows NT 3.1."""
    list_kind: ListKind
    """By default li, from 1.3 lf, from 1.5 lh; "ri/lf" puts an `ri` above even one leaf."""
    leaf_size: int
    """Entries that a leaf holds before an `ri` divides the list; by default 507, what fits a page."""
    sort: bool
    """Whether subkeys are sorted as Windows requires (the default) or left as given."""
    utf16_names: bool
    """Whether names that would fit the compressed form are written as UTF-16 all the same."""
    resident: bool
    """Whether data of up to four bytes lies inside the value's cell (the default)."""
    padding: int
    """Bytes of an allocated cell without meaning before the root's cell, which moves the root."""
    sequence_numbers: tuple[int, int]
    """Primary and secondary."""
    wrong_checksum: bool
    """Whether the base block's checksum is spoilt."""
    file_name: str
    """Text in the base block."""
    modified: datetime
    """Time in the base block and the first bin."""


@dataclass(frozen=True, slots=True)
class KeySpec:
    """A key to write, with all that is below it."""

    name: str
    values: Sequence[RegistryValue] = ()
    subkeys: Sequence[KeySpec] = ()
    modified: datetime = _WRITTEN
    class_name: str | None = None
    flags: int = 0
    """Bits added to those that the writer sets itself."""


@dataclass(slots=True)
class HiveImage:
    """A hive and where its records lie: absolute offsets of cells, by path as spelled (root: "")."""

    data: bytearray
    keys: dict[str, int] = field(default_factory=dict)
    lists: dict[str, list[int]] = field(default_factory=dict)
    """The list of subkeys first, then, below an `ri`, its leaves."""
    value_lists: dict[str, int] = field(default_factory=dict)
    values: dict[tuple[str, str], int] = field(default_factory=dict)
    value_data: dict[tuple[str, str], int] = field(default_factory=dict)
    """The cell of data or the `db` record; absent where the data lies inside the value's cell."""

    def put(self, offset: int, form: str, *numbers: int | bytes) -> None:
        """Overwrite with what ``struct.pack`` makes of the numbers."""
        struct.pack_into(form, self.data, offset, *numbers)

    def seal(self) -> bytes:
        """The bytes, with the checksum of the base block made right again."""
        struct.pack_into("<I", self.data, 508, checksum(self.data))
        return bytes(self.data)


def build_hive(tree: KeySpec, **options: Unpack[HiveOptions]) -> bytes:
    """The bytes of a hive that holds ``tree``; the same arguments give the same bytes."""
    return bytes(_Writer(_Form(**options)).write(tree).data)


def write_hive(tree: KeySpec, **options: Unpack[HiveOptions]) -> HiveImage:
    """The same hive as ``build_hive`` gives, with the places of its records."""
    writer = _Writer(_Form(**options))
    writer.locate = True
    return writer.write(tree)


def tree_from_dict(name: str, content: Mapping[str, Plain]) -> KeySpec:
    """A tree from nested mappings.

    A mapping is a subkey; text is REG_SZ, a number REG_DWORD, bytes REG_BINARY, a sequence of texts
    REG_MULTI_SZ; a ``RegistryValue`` stands as it is, under its own name. "" names the unnamed value.
    """
    values: list[RegistryValue] = []
    subkeys: list[KeySpec] = []
    for label, item in content.items():
        match item:
            case Mapping():
                subkeys.append(tree_from_dict(label, item))
            case RegistryValue():
                values.append(item)
            case str():
                values.append(RegistryValue(label, ValueType.REG_SZ, sz(item)))
            case int():
                values.append(RegistryValue(label, ValueType.REG_DWORD, item.to_bytes(4, "little")))
            case bytes():
                values.append(RegistryValue(label, ValueType.REG_BINARY, item))
            case _:
                values.append(RegistryValue(label, ValueType.REG_MULTI_SZ, multi_sz(*item)))
    return KeySpec(name, tuple(values), tuple(subkeys))


def checksum(data: bytes | bytearray) -> int:
    """XOR-32 of the base block's first 508 bytes (specification, "Base block", note 2)."""
    total = 0
    for number in struct.unpack_from("<127I", data):
        total ^= number
    return {0: 1, _NONE: _NONE - 1}.get(total, total)


def name_hash(name: str) -> int:
    """The hash of an `lh` entry (specification, "Hash leaf", note)."""
    units = upcase(name).encode("utf-16-le", "surrogatepass")
    total = 0
    for unit in struct.unpack(f"<{len(units) // 2}H", units):
        total = (total * 37 + unit) & 0xFFFFFFFF
    return total


@dataclass(frozen=True, slots=True)
class _Form:
    minor: int = 5
    list_kind: ListKind | None = None
    leaf_size: int = 507
    sort: bool = True
    utf16_names: bool = False
    resident: bool = True
    padding: int = 0
    sequence_numbers: tuple[int, int] = (7, 7)
    wrong_checksum: bool = False
    file_name: str = ""
    modified: datetime = _WRITTEN

    @property
    def leaf_kind(self) -> str:
        if self.list_kind in {None, "ri"}:
            return "li" if self.minor < 3 else "lf" if self.minor < 5 else "lh"
        return str(self.list_kind)[-2:]

    @property
    def always_root(self) -> bool:
        return self.list_kind is not None and self.list_kind.startswith("ri")

    def encode_name(self, name: str) -> tuple[bytes, bool]:
        if self.minor > 1 and not self.utf16_names and (name.isascii() or max(name) < "\u0100"):
            return name.encode("latin-1"), True
        return name.encode("utf-16-le", "surrogatepass"), False

    def in_order(self, subkeys: Sequence[KeySpec]) -> list[KeySpec]:
        return sorted(subkeys, key=lambda spec: _units(spec.name)) if self.sort else list(subkeys)


def _units(name: str) -> bytes:
    """The name as Windows compares it, in a form whose bytes sort as its UTF-16 units do."""
    return upcase(name).encode("utf-16-be", "surrogatepass")


class _Bins:
    """The hive bins data, grown cell by cell."""

    def __init__(self, form: _Form) -> None:
        self.data = bytearray()
        self.prefix, self._alignment = (8, 16) if form.minor == 1 else (4, 8)
        self._used = self._bin = 0
        self._last = _NONE

    def add(self, content: bytes) -> int:
        size = -(-(self.prefix + len(content)) // self._alignment) * self._alignment
        if self._used + size > len(self.data):
            self.close()
            self._open(size)
        cell = self._used
        self._head(cell, -size)
        start = cell + self.prefix
        self.data[start : start + len(content)] = content
        self._used = cell + size
        return cell

    def put(self, cell: int, position: int, number: int) -> None:
        struct.pack_into("<I", self.data, cell + self.prefix + position, number)

    def close(self) -> None:
        if self._used < len(self.data):
            self._head(self._used, len(self.data) - self._used)
            self._used = len(self.data)

    def _open(self, size: int) -> None:
        length = -(-(_BIN_HEADER + size) // _PAGE) * _PAGE
        self._bin = len(self.data)
        self._last = _NONE
        self.data += struct.pack("<4sII", b"hbin", self._bin, length).ljust(length, b"\0")
        self._used = self._bin + _BIN_HEADER

    def _head(self, cell: int, size: int) -> None:
        struct.pack_into("<i", self.data, cell, size)
        if self.prefix == 8:
            struct.pack_into("<I", self.data, cell + 4, self._last)
            self._last = cell - self._bin


@dataclass(slots=True)
class _OpenKey:
    """A key that is written and whose subkeys are being written."""

    path: str
    cell: int
    remaining: list[KeySpec]
    entries: list[tuple[str, int]] = field(default_factory=list)


class _Writer:
    """Writes depth first, each list after the keys in it, as a hive that grew in use would lie."""

    def __init__(self, form: _Form) -> None:
        self.form = form
        self.locate = False
        self._bins = _Bins(form)
        self._image = HiveImage(bytearray())
        self._security = _NONE

    def write(self, tree: KeySpec) -> HiveImage:
        if self.form.padding:
            self._bins.add(b"\xaa" * self.form.padding)
        stack = [self._add_key(tree, "", _NONE)]
        root = stack[0].cell
        while stack:
            key = stack[-1]
            if key.remaining:
                spec = key.remaining.pop()
                path = f"{key.path}\\{spec.name}" if len(stack) > 1 else spec.name
                below = self._add_key(spec, path, key.cell)
                key.entries.append((spec.name, below.cell))
                stack.append(below)
            else:
                self._add_lists(stack.pop())
        self._bins.close()
        return self._finish(root)

    def _finish(self, root: int) -> HiveImage:
        form, image, bins = self.form, self._image, self._bins.data
        written = _filetime(form.modified)
        struct.pack_into("<Q", bins, 20, written)
        base = bytearray(_PAGE)
        struct.pack_into("<4sIIQ", base, 0, b"regf", *form.sequence_numbers, written)
        struct.pack_into("<7I", base, 20, 1, form.minor, 0, 1, root, len(bins), 1)
        base[48:112] = form.file_name.encode("utf-16-le")[-64:].ljust(64, b"\0")
        image.data = base + bins
        image.seal()
        if form.wrong_checksum:
            image.data[508] ^= 0xFF
        return image

    def _add_key(self, spec: KeySpec, path: str, parent: int) -> _OpenKey:
        name, compressed = self.form.encode_name(spec.name)
        flags = spec.flags | (_COMPRESSED_KEY if compressed else 0) | (_ROOT_FLAGS if parent == _NONE else 0)
        class_name = (spec.class_name or "").encode("utf-16-le")
        cell = self._bins.add(
            _KEY.pack(
                *(b"nk", flags, _filetime(spec.modified), 0),
                *(parent, len(spec.subkeys), 0, _NONE, _NONE, len(spec.values), _NONE, self._security, _NONE),
                max((2 * len(below.name) for below in spec.subkeys), default=0),
                max((2 * len(below.class_name or "") for below in spec.subkeys), default=0),
                max((2 * len(value.name) for value in spec.values), default=0),
                max((len(value.data) for value in spec.values), default=0),
                *(0, len(name), len(class_name)),
            )
            + name
        )
        if parent == _NONE:
            self._add_security(cell)
        if class_name:
            self._bins.put(cell, 48, self._bins.add(class_name))
        if self.locate:
            self._image.keys[path] = BINS + cell
        self._add_values(spec, cell, path)
        return _OpenKey(path, cell, self.form.in_order(spec.subkeys)[::-1])

    def _add_security(self, root: int) -> None:
        record = struct.pack("<2sHIIII", b"sk", 0, 0, 0, 1, len(_DESCRIPTOR)) + _DESCRIPTOR
        self._security = self._bins.add(record)
        for position in (4, 8):  # alone in its list, it points to itself
            self._bins.put(self._security, position, self._security)
        self._bins.put(root, 44, self._security)

    def _add_values(self, spec: KeySpec, key: int, path: str) -> None:
        if not spec.values:
            return
        cells = [self._add_value(value, path) for value in spec.values]
        listed = self._bins.add(struct.pack(f"<{len(cells)}I", *cells))
        self._bins.put(key, 40, listed)
        if self.locate:
            self._image.value_lists[path] = BINS + listed

    def _add_value(self, value: RegistryValue, path: str) -> int:
        name, compressed = self.form.encode_name(value.name)
        flags = int(compressed and bool(name))
        if len(value.data) <= 4 and (self.form.resident or not value.data):
            head = struct.pack(
                "<2sHI4sI", b"vk", len(name), len(value.data) | 0x80000000, value.data, value.type
            )
        else:
            data = self._add_data(value.data)
            head = struct.pack("<2sHIII", b"vk", len(name), len(value.data), data, value.type)
            if self.locate:
                self._image.value_data[path, value.name] = BINS + data
        cell = self._bins.add(head + struct.pack("<HH", flags, 0) + name)
        if self.locate:
            self._image.values[path, value.name] = BINS + cell
        return cell

    def _add_data(self, data: bytes) -> int:
        if self.form.minor <= 3 or len(data) <= _SEGMENT:
            return self._bins.add(data)
        segments = [self._bins.add(data[at : at + _SEGMENT]) for at in range(0, len(data), _SEGMENT)]
        listed = self._bins.add(struct.pack(f"<{len(segments)}I", *segments))
        return self._bins.add(struct.pack("<2sHI4x", b"db", len(segments), listed))

    def _add_lists(self, key: _OpenKey) -> None:
        if not key.entries:
            return
        kind, size = self.form.leaf_kind, self.form.leaf_size
        lists = [
            self._bins.add(_leaf(kind, key.entries[at : at + size]))
            for at in range(0, len(key.entries), size)
        ]
        if len(lists) > 1 or self.form.always_root:
            lists.insert(0, self._bins.add(struct.pack(f"<2sH{len(lists)}I", b"ri", len(lists), *lists)))
        self._bins.put(key.cell, 28, lists[0])
        if self.locate:
            self._image.lists[key.path] = [BINS + offset for offset in lists]


def _filetime(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 10


def _leaf(kind: str, entries: Sequence[tuple[str, int]]) -> bytes:
    body = bytearray(struct.pack("<2sH", kind.encode(), len(entries)))
    for name, cell in entries:
        body += struct.pack("<I", cell)
        if kind == "lf":
            body += _hint(name)
        elif kind == "lh":
            body += struct.pack("<I", name_hash(name))
    return bytes(body)


def _hint(name: str) -> bytes:
    """The start of the name, or zeros where it does not fit one byte a character ("Fast leaf")."""
    return name[:4].encode("latin-1").ljust(4, b"\0") if max(name[:4], default="") < "\u0100" else bytes(4)
