"""Builds tiny PE images: the same arguments give the same bytes.

Layouts after the "PE Format" specification of Microsoft; the version resource after VS_VERSIONINFO.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime

MACHINES = {
    "x86": 0x14C,
    "alpha": 0x184,
    "mips": 0x166,
    "ppc": 0x1F0,
    "x64": 0x8664,
    "ia64": 0x200,
    "arm64": 0xAA64,
}
SERVER_EXPORTS = ("DllCanUnloadNow", "DllGetClassObject", "DllRegisterServer", "DllUnregisterServer")
LINKED = datetime(1997, 11, 16, 12, 0, 0, tzinfo=UTC)

FILE_ALIGNMENT = 0x200
SECTION_ALIGNMENT = 0x1000
_WIDE = {"x64", "ia64", "arm64"}
_DLL_FLAGS = 0x210E  # executable image, no line numbers, no local symbols, 32 bit, DLL
_PROGRAM_FLAGS = 0x010F
_RT_VERSION = 16
_US_ENGLISH = 0x409


@dataclass(frozen=True, slots=True)
class _Section:
    name: bytes
    flags: int
    address: int
    body: bytes

    @property
    def raw_size(self) -> int:
        return _round(len(self.body), FILE_ALIGNMENT)


def build_pe(
    *,
    machine: str | int = "x86",
    exports: tuple[str, ...] | None = SERVER_EXPORTS,
    version: str | None = "4.2.622.1",
    timestamp: datetime | None = LINKED,
    name: str = "iisclex4.dll",
    dll: bool = True,
    size: int | None = None,
) -> bytes:
    """Build an image.

    Args:
        machine: A name of ``MACHINES``, or a machine number.
        exports: Names; None: no export directory.
        version: ``a.b.c.d`` of VS_FIXEDFILEINFO; None: no resources.
        timestamp: Link time; None: the field is zero.
        name: What the export directory calls the image.
        dll: False: the flags of a program.
        size: Bytes to fill the file up to with zeros behind the last section; must not be less than it needs.
    """
    wide = machine in _WIDE
    sections = [_Section(b".text", 0x60000020, SECTION_ALIGNMENT, b"\xc3")]
    directories = [(0, 0)] * 16
    if exports is not None:
        address = _next_address(sections)
        body = _export_directory(address, name, exports)
        directories[0] = (address, len(body))
        sections.append(_Section(b".edata", 0x40000040, address, body))
    if version is not None:
        address = _next_address(sections)
        body = _version_resource(address, version)
        directories[2] = (address, len(body))
        sections.append(_Section(b".rsrc", 0x40000040, address, body))
    image = _assemble(machine, sections, directories, timestamp, wide=wide, dll=dll)
    if size is None:
        return image
    if size < len(image):
        raise ValueError(f"the image alone takes {len(image)} bytes")
    return image.ljust(size, b"\0")


def build_ne() -> bytes:
    """Build the head of a 16-bit image."""
    return _dos_header() + b"NE" + bytes(62)


def _assemble(
    machine: str | int,
    sections: list[_Section],
    directories: list[tuple[int, int]],
    timestamp: datetime | None,
    *,
    wide: bool,
    dll: bool,
) -> bytes:
    optional_size = 240 if wide else 224
    headers_size = _round(64 + 4 + 20 + optional_size + 40 * len(sections), FILE_ALIGNMENT)
    seconds = int(timestamp.timestamp()) if timestamp else 0
    head = _dos_header() + struct.pack(
        "<4sHHIIIHH",
        b"PE\0\0",
        MACHINES[machine] if isinstance(machine, str) else machine,
        len(sections),
        seconds,
        0,
        0,
        optional_size,
        _DLL_FLAGS if dll else _PROGRAM_FLAGS,
    )
    head += _optional_header(_next_address(sections), headers_size, directories, wide=wide)
    offset = headers_size
    bodies = b""
    for section in sections:
        head += struct.pack(
            "<8sIIIIIIHHI",
            section.name,
            len(section.body),
            section.address,
            section.raw_size,
            offset,
            0,
            0,
            0,
            0,
            section.flags,
        )
        offset += section.raw_size
        bodies += section.body.ljust(section.raw_size, b"\0")
    return head.ljust(headers_size, b"\0") + bodies


def _dos_header() -> bytes:
    return b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)


def _optional_header(
    image_size: int, headers_size: int, directories: list[tuple[int, int]], *, wide: bool
) -> bytes:
    base = 0x10000000
    word = "Q" if wide else "I"
    code = (0x20B if wide else 0x10B, 6, 0, FILE_ALIGNMENT, 0, 0, 0, SECTION_ALIGNMENT)
    head = struct.pack("<HBBIIIII", *code)
    head += struct.pack("<Q", base) if wide else struct.pack("<II", SECTION_ALIGNMENT, base)
    head += struct.pack(
        "<II6HIIIIHH",
        SECTION_ALIGNMENT,
        FILE_ALIGNMENT,
        4,
        0,
        0,
        0,
        4,
        0,
        0,
        image_size,
        headers_size,
        0,
        2,
        0,
    )
    head += struct.pack(f"<4{word}II", 0x100000, 0x1000, 0x100000, 0x1000, 0, len(directories))
    return head + b"".join(struct.pack("<II", *directory) for directory in directories)


def _export_directory(address: int, name: str, exports: tuple[str, ...]) -> bytes:
    names = sorted(exports, key=lambda export: export.encode("latin-1"))
    count = len(names)
    functions, pointers, ordinals = 40, 40 + 4 * count, 40 + 8 * count
    text_at = ordinals + 2 * count
    text = name.encode("latin-1") + b"\0"
    places = []
    for export in names:
        places.append(address + text_at + len(text))
        text += export.encode("latin-1") + b"\0"
    head = struct.pack(
        "<IIHHIIIIIII",
        0,
        0,
        0,
        0,
        address + text_at,
        1,
        count,
        count,
        address + functions,
        address + pointers,
        address + ordinals,
    )
    return (
        head
        + struct.pack(f"<{count}I", *[SECTION_ALIGNMENT] * count)
        + struct.pack(f"<{count}I", *places)
        + struct.pack(f"<{count}H", *range(count))
        + text
    )


def _version_resource(address: int, version: str) -> bytes:
    """Three directory levels (type, name, language), one data entry, the block itself."""
    levels = b""
    for number, identity in enumerate((_RT_VERSION, 1, _US_ENGLISH)):
        is_last = number == 2
        target = 24 * (number + 1)
        levels += struct.pack("<IIHHHH", 0, 0, 0, 0, 0, 1)
        levels += struct.pack("<II", identity, target if is_last else target | 0x80000000)
    block = _version_block(version)
    data_at = len(levels) + 16
    return levels + struct.pack("<IIII", address + data_at, len(block), 0, 0) + block


def _version_block(version: str) -> bytes:
    parts = [int(part) for part in version.split(".")]
    high, low = parts[0] << 16 | parts[1], parts[2] << 16 | parts[3]
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, high, low, high, low, 0x3F, 0, 0x40004, 2, 0, 0, 0)
    texts = _block("FileVersion", (version + "\0").encode("utf-16-le"), is_text=True)
    table = _block("040904B0", b"", children=texts)
    strings = _block("StringFileInfo", b"", children=table)
    translation = _block("Translation", struct.pack("<HH", _US_ENGLISH, 0x4B0))
    children = _aligned(strings) + _block("VarFileInfo", b"", children=translation)
    return _block("VS_VERSION_INFO", fixed, children=children)


def _block(key: str, value: bytes, *, children: bytes = b"", is_text: bool = False) -> bytes:
    head = _aligned(bytes(6) + (key + "\0").encode("utf-16-le"))
    body = _aligned(head + value) + children if children else head + value
    value_length = len(value) // 2 if is_text else len(value)
    return struct.pack("<HHH", len(body), value_length, int(is_text or not value)) + body[6:]


def _aligned(data: bytes) -> bytes:
    return data.ljust(_round(len(data), 4), b"\0")


def _round(number: int, unit: int) -> int:
    return -(-number // unit) * unit


def _next_address(sections: list[_Section]) -> int:
    last = sections[-1]
    return _round(last.address + max(len(last.body), 1), SECTION_ALIGNMENT)
