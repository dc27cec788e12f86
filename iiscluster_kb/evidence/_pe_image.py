"""What lies below the headers of a PE image: bytes by address, exported names, the file version.

Structures: Microsoft's "PE Format" specification; VS_VERSIONINFO and VS_FIXEDFILEINFO of the Windows SDK.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError

if TYPE_CHECKING:
    import mmap
    from collections.abc import Sequence

__all__ = ["Image", "Section", "exports", "file_version"]

_EXPORTS, _RESOURCES = 0, 2
"""Indices in the data directories."""
_MOST_EXPORTS = 65_536
"""Ordinals have 16 bits."""
_LONGEST_NAME = 512
"""Bytes of an exported name; decorated C++ names reach some hundred."""
_MOST_ENTRIES = 4096
"""Entries of one resource directory; a real one has tens."""
_RT_VERSION = 16
_IS_DIRECTORY = 0x80000000
_FIXED_AT = 40
"""Three words, VS_VERSION_INFO in UTF-16 with its terminator, aligned to four bytes."""
_FIXED_SIGNATURE = 0xFEEF04BD


@dataclass(frozen=True, slots=True)
class Section:
    """Where bytes of the file come to lie in memory."""

    address: int
    """Relative to the image's base, as all addresses here."""
    offset: int
    size: int
    """Bytes in the file."""


class Image:
    """Bytes by address. Whatever does not lie in the file raises ``EvidenceError``."""

    def __init__(
        self,
        path: str,
        data: bytes | mmap.mmap,
        headers: int,
        sections: Sequence[Section],
        directories: Sequence[tuple[int, int]],
    ) -> None:
        self._path = path
        self._data = data
        whole = [Section(0, 0, headers), *sections]
        self._sections = sorted(whole, key=lambda section: section.address)
        self._addresses = [section.address for section in self._sections]
        self._directories = directories
        self.end = max((one.offset + one.size for one in whole if one.size), default=0)
        """Offset behind the last byte that headers and sections claim of the file."""

    def directory(self, index: int) -> int | None:
        """Address of a data directory; None: the image has none."""
        address = self._directories[index][0] if index < len(self._directories) else 0
        return address or None

    def read(self, address: int, size: int, what: str) -> bytes:
        """Exactly so many bytes."""
        offset, left = self._place(address, what)
        if size > left:
            raise self.damage(f"{what} reaches beyond its section", offset)
        data = self._data[offset : offset + size]
        if len(data) < size:
            raise self.damage(f"{what} lies outside the file", offset)
        return data

    def name(self, address: int) -> str:
        """A string that ends with NUL."""
        offset, left = self._place(address, "an exported name")
        end = self._data.find(b"\0", offset, offset + min(left, _LONGEST_NAME))
        if end < 0:
            raise self.damage("an exported name does not end", offset)
        return self._data[offset:end].decode("latin-1")

    def damage(self, detail: str, offset: int | None = None) -> EvidenceError:
        """The error for this file."""
        place = "" if offset is None else f" (offset {offset:,})"
        return EvidenceError(self._path, detail + place, offset=offset)

    def _place(self, address: int, what: str) -> tuple[int, int]:
        """Offset of an address, and how many bytes its section has from there."""
        section = self._sections[max(bisect_right(self._addresses, address) - 1, 0)]
        distance = address - section.address
        if distance >= section.size:
            raise self.damage(f"{what} lies in no section (address {address:#x})")
        return section.offset + distance, section.size - distance


def exports(image: Image) -> frozenset[str]:
    """Names in the export directory; none where there is no directory.

    Raises:
        EvidenceError: They cannot be read whole.
    """
    address = image.directory(_EXPORTS)
    if address is None:
        return frozenset()
    table = image.read(address, 40, "the export directory")
    count, names = struct.unpack_from("<I4xI", table, 24)
    if count > _MOST_EXPORTS:
        raise image.damage(f"{count:,} exported names")
    pointers = image.read(names, 4 * count, "the list of exported names") if count else b""
    return frozenset(image.name(pointer) for (pointer,) in struct.iter_unpack("<I", pointers))


def file_version(image: Image) -> str | None:
    """``a.b.c.d`` of VS_FIXEDFILEINFO; None where there is no version resource.

    Raises:
        EvidenceError: It cannot be read.
    """
    root = image.directory(_RESOURCES)
    if root is None:
        return None
    place = next((target for identity, target in _entries(image, root, 0) if identity == _RT_VERSION), None)
    if place is None:
        return None
    for _level in ("name", "language"):
        if not place & _IS_DIRECTORY:
            raise image.damage("the version resource is not where it should be")
        found = _entries(image, root, place & ~_IS_DIRECTORY)
        if not found:
            raise image.damage("the version resource has no entry")
        place = found[0][1]
    address, size = struct.unpack("<II", image.read(root + place, 8, "the version resource"))
    block = image.read(address, min(size, _FIXED_AT + 16), "the version resource")
    if len(block) < _FIXED_AT + 16:
        raise image.damage("the version resource is too short")
    signature, _, high, low = struct.unpack_from("<IIII", block, _FIXED_AT)
    if signature != _FIXED_SIGNATURE:
        raise image.damage("the version resource has no fixed part")
    return f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"


def _entries(image: Image, root: int, offset: int) -> list[tuple[int, int]]:
    """Identity and target of each entry of a resource directory; offsets count from the root."""
    head = image.read(root + offset, 16, "a resource directory")
    count = sum(struct.unpack_from("<HH", head, 12))
    if count > _MOST_ENTRIES:
        raise image.damage(f"a resource directory of {count:,} entries")
    entries = image.read(root + offset + 16, 8 * count, "a resource directory") if count else b""
    return list(struct.iter_unpack("<II", entries))
