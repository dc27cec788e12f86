"""Tar archives, plain or packed with gzip, bzip2, xz or zstd, read once from front to end.

The headers are parsed here and not by tarfile, which reads an extended header of any size into memory
and calls itself once for each one in a row: a small archive takes it past every limit of memory or depth.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from iiscluster_kb.case import Container, Member
from iiscluster_kb.case._content import DAMAGE
from iiscluster_kb.case._names import printable
from iiscluster_kb.case._tar_header import BLOCK, Header, TarHeaderError, parse_header, parse_pax, text
from iiscluster_kb.case._zstd import MAGIC as ZSTD
from iiscluster_kb.case._zstd import MISSING as ZSTD_MISSING
from iiscluster_kb.case._zstd import zstd_opener
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from iiscluster_kb.case import Budget
    from iiscluster_kb.case._content import Readable
    from iiscluster_kb.model import CaseFile, Content

__all__ = ["CONTAINER"]

_GZIP = b"\x1f\x8b"
_BZIP2 = b"BZh"
_XZ = b"\xfd7zXZ\0"
_PACKED = (_GZIP, _BZIP2, _XZ, ZSTD)
_LONGEST_EXTENSION = 1 << 20
"""Bytes of an extended header; the longest real ones hold a path or two and some times."""
_LONGEST_SIZE = 19
"""Digits of a size; 2 ** 64 has one more."""
_CHUNK = 1 << 16

_REGULAR = (b"0", b"\0", b"7")  # 7: contiguous, to be treated as regular (POSIX)
_DIRECTORIES = (b"5", b"D")  # D: with the names in it as data (GNU)
_WITHOUT_DATA = (b"1", b"2", b"3", b"4", b"5", b"6")
_NOT_TAKEN = {
    b"1": "a hard link to {}",
    b"2": "a symbolic link to {}",
    b"3": "a device",
    b"4": "a device",
    b"6": "a named pipe",
    b"M": "a part of a file that begins in another volume",
    b"S": "a sparse file, which is not supported",
}
_T = TypeVar("_T")
_SILENT = (b"g", b"V")
"""Defaults for all members, of which none matters here; the label of a volume."""


def _recognises(head: bytes, content: Content) -> bool:
    if not head.startswith(_PACKED):
        return _is_header(head[:BLOCK])
    with contextlib.suppress(EvidenceError, OSError, *DAMAGE), content.open() as packed:
        stream = _unpacked(packed, head)
        return stream is None or _is_header(_filled(stream))
    return False


def _filled(stream: Readable) -> bytes:
    """The first block; a stream may give less at once."""
    block = b""
    while len(block) < BLOCK and (more := stream.read(BLOCK - len(block))):
        block += more
    return block


def _is_header(block: bytes) -> bool:
    with contextlib.suppress(TarHeaderError):
        return parse_header(block) is not None
    return False


def _unpacked(packed: BinaryIO, head: bytes) -> Readable | None:
    """What gives the bytes of the archive; None: nothing that is installed does."""
    if head.startswith(_GZIP):
        return gzip.GzipFile(fileobj=packed)
    if head.startswith(_BZIP2):
        return bz2.BZ2File(packed)
    if head.startswith(_XZ):
        return lzma.LZMAFile(packed)
    if head.startswith(ZSTD):
        opener = zstd_opener()
        return opener(packed) if opener else None
    return packed


def _files(archive: CaseFile, budget: Budget) -> Iterator[Member | Skipped]:
    with archive.content.open() as packed:
        head = packed.read(len(_XZ))
    with archive.content.open() as packed:
        stream = _unpacked(packed, head)
        if stream is None:
            yield Skipped("", ZSTD_MISSING)
            return
        blocks = _Blocks(archive.path, stream, budget)
        extension: dict[str, str] = {}
        while header := blocks.header():
            if header.kind in {b"x", b"X"}:
                extension.update(blocks.extension(header, parse_pax))
            elif header.kind == b"L":
                extension["path"] = blocks.extension(header, text)
            elif header.kind == b"K":
                extension["linkpath"] = blocks.extension(header, text)
            else:
                yield from _member(blocks, _extended(header, extension, blocks), extension, budget)
                extension = {}
        blocks.finish()


def _extended(header: Header, extension: dict[str, str], blocks: _Blocks) -> Header:
    size, told = header.size, extension.get("size")
    if told is not None:
        if not (told.isascii() and told.isdigit() and len(told) <= _LONGEST_SIZE):
            raise blocks.damage("the size in an extended header is no number")
        size = int(told)
    name = extension.get("GNU.sparse.name", extension.get("path", header.name))
    link = extension.get("linkpath", header.link)
    return Header(name, size, header.kind, link, header.is_extended)


def _member(
    blocks: _Blocks, header: Header, extension: dict[str, str], budget: Budget
) -> Iterator[Member | Skipped]:
    end = blocks.position + (0 if header.kind in _WITHOUT_DATA else header.padded_size)
    is_sparse = header.kind == b"S" or any(key.startswith("GNU.sparse") for key in extension)
    is_old_directory = header.kind == b"\0" and header.name.endswith("/")  # before ustar had a flag for it
    if header.kind in _DIRECTORIES or header.kind in _SILENT or is_old_directory:
        budget.count()
    elif is_sparse:
        end += blocks.sparse_map() if header.kind == b"S" and header.is_extended else 0
        yield Skipped(header.name, _NOT_TAKEN[b"S"])
    elif header.kind in _REGULAR:
        yield Member(header.name, header.size, partial(_Data, blocks, header.size), is_lasting=False)
    else:
        reason = _NOT_TAKEN.get(header.kind, "a member of a kind that is not known")
        yield Skipped(header.name, reason.format(printable(header.link)))
    blocks.pass_to(end)


class _Blocks:
    """The archive, unpacked, from the place that was reached."""

    def __init__(self, path: str, stream: Readable, budget: Budget) -> None:
        self._path = path
        self._stream = stream
        self._budget = budget
        self.position = 0

    def read(self, size: int) -> bytes:
        """Exactly so many bytes, or fewer at the end."""
        data = b""
        while len(data) < size and (more := self._stream.read(size - len(data))):
            data += more
            self.position += len(more)
        return data

    def header(self) -> Header | None:
        """The next header; None at the mark of the end."""
        block = self.read(BLOCK)
        if not block:
            raise self.damage("ends without the mark of its end: it may have been cut off")
        if len(block) < BLOCK:
            raise self.damage("cut off inside a header")
        try:
            return parse_header(block)
        except TarHeaderError as error:
            raise self.damage(str(error), before=BLOCK) from error

    def extension(self, header: Header, parse: Callable[[bytes], _T]) -> _T:
        """The content of a header that speaks of the next member."""
        self._budget.count()
        if header.size > _LONGEST_EXTENSION or not self._budget.spend(header.size):
            raise self.damage(f"an extended header of {header.size:,} bytes")
        data = self.read(header.padded_size)
        if len(data) < header.padded_size:
            raise self.damage("cut off inside an extended header")
        try:
            return parse(data[: header.size])
        except TarHeaderError as error:
            raise self.damage(str(error), before=len(data)) from error

    def sparse_map(self) -> int:
        """Read the further blocks of a sparse map and say how long they were together."""
        start = self.position
        more = True
        while more:
            self._budget.count()
            block = self.read(BLOCK)
            more = len(block) == BLOCK and bool(block[504])  # GNU tar manual: struct sparse_header
        return self.position - start

    def pass_to(self, end: int) -> None:
        """Leave what is unread of a member; unpacking it costs as if it were kept."""
        while self.position < end:
            wanted = min(end - self.position, _CHUNK)
            is_padding = wanted < BLOCK
            if not is_padding and not self._budget.spend(wanted):
                raise self.damage(f"{self._budget.beyond_total}: the rest of the archive was not read")
            if len(self.read(wanted)) < wanted:
                raise self.damage("cut off: what came behind is lost")

    def finish(self) -> None:
        """Read on behind the mark of the end, for there the packings keep the checksum of the whole."""
        while more := len(self.read(_CHUNK)):
            if not self._budget.spend(more):
                raise self.damage(f"{self._budget.beyond_total}: its checksum was not verified")

    def damage(self, detail: str, *, before: int = 0) -> EvidenceError:
        """The error for the place that was reached, or so many bytes before it."""
        place = self.position - before
        return EvidenceError(self._path, f"{detail} (at byte {place:,})", offset=place)


class _Data:
    """The data of the member that was reached."""

    def __init__(self, blocks: _Blocks, size: int) -> None:
        self._blocks = blocks
        self._left = size

    def read(self, size: int, /) -> bytes:
        data = self._blocks.read(min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        """Nothing is held."""


CONTAINER = Container("tar", _recognises, _files)
