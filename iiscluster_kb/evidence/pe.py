"""DLLs and programs: processor, exported names, version, link time.

pefile reads the headers. Exports and the version resource are read here, below them: pefile copies what
they claim to hold once for each entry, so that a small file can keep it busy for hours.
Structures: Microsoft's "PE Format" specification, sections "Export Directory Table" and "The .rsrc Section".
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import EvidenceFormat
from iiscluster_kb.evidence._mirror import windows_path
from iiscluster_kb.evidence._pe_image import Image, Section, exports, file_version
from iiscluster_kb.model import Specimen, State

if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable

    from iiscluster_kb.model import CaseFile

__all__ = ["FORMAT"]

_LARGEST = 64 << 20
"""Bytes; the libraries and programs that articles ask for have some hundred thousand."""
_ENDINGS = {".dll", ".ocx", ".exe", ".sys", ".cpl", ".drv"}
_DOS_HEADER = 64
_PE_HEADER = 24
"""Bytes of the signature and the COFF header."""
_LOW_ALIGNMENT = 0x1000
"""Below a page of section alignment the loader maps the file as it is."""
_MACHINES = {
    0x14C: "x86",
    0x166: "mips",
    0x184: "alpha",
    0x1F0: "ppc",
    0x200: "ia64",
    0x8664: "x64",
    0xAA64: "arm64",
}
_OTHER_IMAGES = {b"NE": "a 16-bit NE image", b"LE": "an LE image (VxD)", b"LX": "an LX image (OS/2)"}
_COMPRESSED = {b"SZDD\x88\xf0\x27\x33": "SZDD", b"KWAJ\x88\xf0\x27\xd1": "KWAJ"}
"""Signatures of Microsoft's COMPRESS.EXE, with which files lie on installation CDs."""
_TEXT = frozenset(range(0x20, 0x7F)) | frozenset(b"\t\r\n\f")
_T = TypeVar("_T")
_SAMPLE = 512
"""Bytes by which text and zeros are told."""


def _recognises(head: bytes) -> bool:
    return head.startswith(b"MZ")


def _adopts(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in _ENDINGS


def _read(file: CaseFile) -> Specimen:
    size = file.content.size
    if size > _LARGEST:
        raise EvidenceError(file.path, f"an image of {size:,} bytes; more than {_LARGEST:,} are not read")
    data = file.content.map()
    where = windows_path(file.path)
    name = PurePosixPath(file.path).name
    problem = _problem(data)
    parsed = _headers(data, file.path) if problem is None else problem
    if isinstance(parsed, str):
        return Specimen(file, FORMAT.name, name, where, size, problem=parsed)
    image = _image(parsed, data, file.path)
    notes: list[str] = []
    names = _told(exports, image, "exports", notes)
    version = _told(file_version, image, "version", notes)
    if image.end > size:
        notes.append(f"cut off: its sections reach to byte {image.end:,}, the file has {size:,}")
    seconds, machine = parsed.FILE_HEADER.TimeDateStamp, parsed.FILE_HEADER.Machine
    return Specimen(
        file,
        FORMAT.name,
        name,
        where,
        size,
        architecture=_MACHINES.get(machine, f"0x{machine:04x}"),
        exports=names,
        version=version,
        linked=datetime.fromtimestamp(seconds, UTC) if seconds else None,
        state=State.DAMAGED if notes else State.CLEAN,
        notes=tuple(notes),
    )


def _told(ask: Callable[[Image], _T], image: Image, what: str, notes: list[str]) -> _T | None:
    try:
        return ask(image)
    except EvidenceError as error:
        notes.append(f"{what} cannot be read: {error.detail}")
        return None


def _problem(data: bytes | mmap.mmap) -> str | None:
    """Why the bytes are no PE image, as far as that shows before the headers; None: they may be one."""
    if not data:
        return "empty"
    head = data[:_SAMPLE]
    reason = _reason(data) if _recognises(head) else _taken_for(head)
    return reason and f"not a PE image: {reason}"


def _reason(data: bytes | mmap.mmap) -> str | None:
    size = len(data)
    if size < _DOS_HEADER:
        return f"truncated in the header, at byte {size}"
    (offset,) = struct.unpack_from("<I", data, 60)
    signature = data[offset : offset + 4]
    if signature[:2] in _OTHER_IMAGES:
        return _OTHER_IMAGES[signature[:2]]
    if offset + _PE_HEADER > size:
        return f"truncated in the header, at byte {size:,}, or an MS-DOS program"
    if signature != b"PE\0\0":
        return "an MS-DOS program"
    (optional_size,) = struct.unpack_from("<H", data, offset + 20)
    return (
        None if offset + _PE_HEADER + optional_size <= size else f"truncated in the header, at byte {size:,}"
    )


def _taken_for(head: bytes) -> str:
    for signature, name in _COMPRESSED.items():
        if head.startswith(signature):
            return f"compressed ({name}), as on an installation CD; expand.exe unpacks it"
    if not any(head):
        return "zeros"
    if _TEXT.issuperset(head):
        return "text"
    return f"begins with {head[:4].hex(' ')}"


def _headers(data: bytes | mmap.mmap, path: str) -> Any | str:
    """What pefile makes of the headers, or why there are none."""
    import pefile  # noqa: PLC0415 - some 50 ms to import, and most cases hold no image

    try:
        return pefile.PE(data=data, fast_load=True)
    except pefile.PEFormatError as error:
        return f"not a PE image: {error.value}"
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        MemoryError,
        RecursionError,
        TypeError,
        ValueError,
        struct.error,
    ) as error:
        # pefile has one exception of its own, and lets these through on hostile headers.
        raise EvidenceError(path, f"headers that pefile cannot read: {type(error).__name__}") from error


def _image(parsed: Any, data: bytes | mmap.mmap, path: str) -> Image:
    header = parsed.OPTIONAL_HEADER
    is_low = header.SectionAlignment < _LOW_ALIGNMENT
    sections = [
        Section(
            one.VirtualAddress,
            one.PointerToRawData if is_low else one.PointerToRawData & ~0x1FF,  # the loader rounds so
            one.SizeOfRawData,
        )
        for one in parsed.sections
    ]
    directories = tuple((one.VirtualAddress, one.Size) for one in header.DATA_DIRECTORY)
    return Image(path, data, header.SizeOfHeaders, sections, directories)


FORMAT = EvidenceFormat("pe", _recognises, _read, _adopts)
