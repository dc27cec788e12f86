"""ZIP archives, read with the standard library; members are expanded one at a time, when asked for.

Layout: PKWARE's APPNOTE.TXT, sections 4.3 (order of records) and 4.4 (fields).
"""

from __future__ import annotations

import errno
import io
import stat
import warnings
import zipfile
from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.case import Container, Member
from iiscluster_kb.model import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from iiscluster_kb.case import Budget
    from iiscluster_kb.case._content import Readable
    from iiscluster_kb.model import CaseFile, Content

__all__ = ["CONTAINER"]

_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
"""Local file header; end of central directory, with which an archive without files begins."""
_BOUNDED_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""Methods of which zipfile expands no more than it is asked for."""
_METHODS = {*_BOUNDED_METHODS, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_ENCRYPTED = 0x1
_SIP = 4096
"""Compressed bytes that zipfile hands at once to the other methods; bzip2 makes at most 90 MB of them."""
_SMALL = 1 << 20
"""Bytes of an archive up to which it is kept in memory while its members are read."""
_ENTRY = 160
"""Bytes of a directory entry, name and extra fields included, that the limit of files allows on average."""


def _recognises(head: bytes, _content: Content) -> bool:
    return head.startswith(_SIGNATURES)


def _files(archive: CaseFile, budget: Budget) -> Iterator[Member | Skipped]:
    opened = zipfile.ZipFile(_Source(archive.content, budget))
    for info in opened.infolist():
        if info.filename.endswith(("/", "\\")):
            budget.count()
            continue
        reason = _refusal(info)
        if reason is None:
            yield Member(info.filename, info.file_size, partial(_open, opened, info))
        else:
            yield Skipped(info.filename, reason)


def _refusal(info: zipfile.ZipInfo) -> str | None:
    if info.flag_bits & _ENCRYPTED:
        return "encrypted"
    if stat.S_ISLNK(info.external_attr >> 16):  # APPNOTE 4.4.15: the upper half is the host system's
        return "a symbolic link"
    if info.compress_type not in _METHODS:
        return f"compressed by a method that is not supported ({info.compress_type})"
    return None


def _open(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> Readable:
    with warnings.catch_warnings():
        # Newer releases of zipfile warn of entries that share a member; what they expand to is bounded as any other.
        warnings.simplefilter("ignore", UserWarning)
        stream = opened.open(info)
    return stream if info.compress_type in _BOUNDED_METHODS else _Sipped(stream)


class _Sipped:
    """Reads little at once, so that little is expanded at once."""

    def __init__(self, inner: Readable) -> None:
        self._inner = inner
        self.close = inner.close

    def read(self, size: int, /) -> bytes:
        return self._inner.read(min(size, _SIP))


class _Source(io.RawIOBase):
    """The archive as zipfile wants it, without holding a descriptor.

    zipfile reads the whole central directory at once, of whatever size the archive claims, and makes an
    object of some hundred bytes of each entry: the limit of files is enforced on that one read.
    """

    def __init__(self, content: Content, budget: Budget) -> None:
        super().__init__()
        self._size = content.size
        self._position = 0
        self._budget = budget
        self._largest = max(_SMALL, budget.limits.files * _ENTRY)
        self._place: bytes | Path = bytes(content.map()) if content.size < _SMALL else content.on_disk()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, "a place before the start of the archive")  # zipfile expects it
        self._position = start + offset
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        left = max(self._size - self._position, 0)
        wanted = left if size < 0 else min(size, left)
        if wanted > self._largest:
            raise self._budget.too_many()
        data = self._slice(wanted)
        self._position += len(data)
        return data

    def _slice(self, size: int) -> bytes:
        if isinstance(self._place, bytes):
            return self._place[self._position : self._position + size]
        with self._place.open("rb") as file:  # buffered: one that is not may give less than is there
            file.seek(self._position)
            return file.read(size)


CONTAINER = Container("zip", _recognises, _files)
