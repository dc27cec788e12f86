"""The bytes of one file: on disk, or inside an archive and expanded when first needed.

This is the one door at which what the system and the archive modules raise becomes ``EvidenceError``.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import lzma
import mmap
import os
import stat
import struct
import threading
import zipfile
import zlib
from abc import ABC, abstractmethod
from typing import IO, TYPE_CHECKING, BinaryIO, Protocol

from iiscluster_kb.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from iiscluster_kb.case._space import Space

__all__ = ["DAMAGE", "DiskContent", "MemberContent", "as_evidence"]

DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,  # zipfile: a password is wanted; its child NotImplementedError: an unknown method
    ValueError,  # zipfile: a name that is no UTF-8, a place before the start of the file
    OverflowError,
    IndexError,
    struct.error,
    MemoryError,  # lzma: a dictionary larger than the memory there is
)
"""What zipfile, gzip, bz2, lzma and zlib raise on damaged or hostile archives, OSError apart."""

_CHUNK = 1 << 16
"""Bytes asked of a stream at once: some decompressors make all that comes of what they are given."""
_HASHED_AT_ONCE = 1 << 18
_SMALLEST_MAP = 1 << 20
"""Bytes from which a file of ours is mapped; smaller ones are read, since a map costs pages and a descriptor."""
_LARGEST_IN_MEMORY = 4 << 20
"""Bytes up to which a member is expanded in memory."""
_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)  # the case was searched for links; one put there since is not followed
    | getattr(os, "O_NONBLOCK", 0)  # nor does a pipe put there since stop us
)


class Readable(Protocol):
    """What a member's stream must offer."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...

    def close(self) -> None:
        """Release it."""
        ...


@contextlib.contextmanager
def as_evidence(path: str) -> Iterator[None]:
    """Turn every error that reading a damaged file may raise into ``EvidenceError``."""
    try:
        yield
    except OSError as error:
        raise EvidenceError(path, f"cannot be read: {error.strerror or error}") from error
    except DAMAGE as error:
        raise EvidenceError(path, f"cannot be expanded: {str(error) or type(error).__name__}") from error


class _Stream(io.RawIOBase):
    """Hands out exactly as many bytes as the file has; fewer are an error, further ones are left."""

    def __init__(self, path: str, inner: Readable, size: int) -> None:
        super().__init__()
        self._path = path
        self._inner = inner
        self._size = size
        self._done = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # typeshed has Buffer, of 3.12
        wanted = min(len(buffer), _CHUNK, self._size - self._done)
        if wanted == 0:
            return 0
        with as_evidence(self._path):
            data = self._inner.read(wanted)
        if not data:
            raise _cut_off(self._path, self._done, self._size)
        buffer[: len(data)] = data
        self._done += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
        super().close()


def _cut_off(path: str, done: int, size: int) -> EvidenceError:
    return EvidenceError(path, f"ends after {done:,} of {size:,} bytes", offset=done)


class _Hashed(ABC):
    """What both kinds of content share: a hash made once, in chunks, without the map."""

    __slots__ = ("_hash", "_hash_lock")

    def __init__(self) -> None:
        self._hash: str | None = None
        self._hash_lock = threading.Lock()

    @abstractmethod
    def open(self) -> BinaryIO:
        """A fresh stream from the first byte."""

    @property
    def sha256(self) -> str:
        """Lower-case hex."""
        with self._hash_lock:
            if self._hash is None:
                self._hash = self._hashed()
            return self._hash

    def _hashed(self) -> str:
        digest = hashlib.sha256()
        with self.open() as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
        return digest.hexdigest()


class DiskContent(_Hashed):
    """A regular file on disk: one of the case, or a temporary one of ours.

    The size is that at the time of opening the case: a file that grows since (a log) keeps it, one that
    shrinks or goes is an ``EvidenceError``.

    A file of the case is read into memory, or copied where there is no room, and only a file of ours is mapped: from
    a map of a file that somebody cuts short, or of a disk that fails, the system answers a read with a signal that
    ends the process (mmap(2), SIGBUS). ``Limits.in_place`` chooses otherwise.
    """

    __slots__ = ("_copy", "_file", "_is_ours", "_lock", "_map", "_path", "_space", "size")

    def __init__(self, path: str, file: Path, size: int, space: Space, *, is_ours: bool = False) -> None:
        super().__init__()
        self.size = size
        self._path = path
        self._file = file
        self._space = space
        self._is_ours = is_ours
        self._lock = threading.Lock()
        self._map: bytes | mmap.mmap | None = None
        self._copy: DiskContent | None = None

    def open(self) -> BinaryIO:
        """A fresh stream, forward only."""
        raw = self._descriptor()
        return io.BufferedReader(_Stream(self._path, raw, self.size), _CHUNK)

    def map(self) -> bytes | mmap.mmap:
        """Bytes, or a map where they lie in a file of ours that is not small, or may be mapped in place."""
        with self._lock:
            if self._map is None:
                may_map = (self._is_ours or self._space.in_place) and self.size >= _SMALLEST_MAP
                if may_map and self._space.claim_map():
                    self._map = self._mapped()
                elif self._is_ours or self._space.claim_reading(self.size):
                    self._map = self._read()
                else:
                    self._copy = self._copied()
                    self._map = self._copy.map()
            return self._map

    def on_disk(self) -> Path:
        """The file itself, or the copy that was made of it."""
        with self._lock:
            return self._file if self._copy is None else self._copy.on_disk()

    def close(self) -> None:
        """Release the map; remove the file if it is a temporary one."""
        with self._lock:
            if self._copy is not None:
                self._copy.close()
            elif isinstance(self._map, mmap.mmap):
                with contextlib.suppress(BufferError):  # somebody still looks at it: it goes when they do
                    self._map.close()
                self._space.return_map()
            elif self._map is not None and not self._is_ours:
                self._space.return_reading(self.size)
            self._map = self._copy = None
        if self._is_ours:
            self._file.unlink(missing_ok=True)
        self._space.retire(self)

    def _hashed(self) -> str:
        with self._lock:
            held = self._map
        if held is not None:  # what was judged is what the hash is of, whatever became of the file
            return hashlib.sha256(held).hexdigest()
        # Straight from the file: a tenth of the time goes into the copies that a stream makes.
        digest, buffer, done = hashlib.sha256(), memoryview(bytearray(_HASHED_AT_ONCE)), 0
        with self._descriptor() as raw, as_evidence(self._path):
            while done < self.size and (got := raw.readinto(buffer[: self.size - done])):
                digest.update(buffer[:got])
                done += got
        if done < self.size:
            raise _cut_off(self._path, done, self.size)
        return digest.hexdigest()

    def _read(self) -> bytes:
        try:
            with self._descriptor() as raw, as_evidence(self._path):
                parts: list[bytes] = []
                done = 0
                while done < self.size and (part := raw.read(self.size - done)):
                    parts.append(part)
                    done += len(part)
            if done < self.size:
                raise _cut_off(self._path, done, self.size)
        except EvidenceError:
            if not self._is_ours:
                self._space.return_reading(self.size)
            raise
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _copied(self) -> DiskContent:
        with self.open() as stream:
            return _spooled(stream, self._path, self.size, self._space)

    def _mapped(self) -> mmap.mmap:
        try:
            with self._descriptor() as raw, as_evidence(self._path):
                return mmap.mmap(raw.fileno(), self.size, access=mmap.ACCESS_READ)
        except EvidenceError:
            self._space.return_map()
            raise

    def _descriptor(self) -> io.FileIO:
        with as_evidence(self._path):
            raw = io.FileIO(os.open(self._file, _OPEN_FLAGS), "rb")
            try:
                status = os.fstat(raw.fileno())
            except OSError:
                raw.close()
                raise
        if stat.S_ISREG(status.st_mode) and status.st_size >= self.size:
            return raw
        raw.close()
        if not stat.S_ISREG(status.st_mode):
            raise EvidenceError(self._path, "no longer a regular file")
        raise EvidenceError(self._path, f"shrank from {self.size:,} to {status.st_size:,} bytes")


class MemberContent(_Hashed):
    """A file inside an archive, expanded when its bytes are needed as a whole."""

    __slots__ = ("_file", "_lock", "_open", "_path", "_space", "_whole", "size")

    def __init__(self, path: str, size: int, opened: Callable[[], Readable], space: Space) -> None:
        super().__init__()
        self.size = size
        self._path = path
        self._open: Callable[[], Readable] | None = opened
        self._space = space
        self._lock = threading.Lock()
        self._whole: bytes | DiskContent | None = None
        self._file: Path | None = None

    def open(self) -> BinaryIO:
        """A fresh stream, forward only; it expands no more than is read."""
        with self._lock:
            whole, opened = self._whole, self._open
        match whole:
            case bytes():
                return io.BytesIO(whole)
            case DiskContent():
                return whole.open()
            case None:
                return self._expanding(opened)

    def map(self) -> bytes | mmap.mmap:
        """The whole content, expanded."""
        whole = self.expand()
        return whole if isinstance(whole, bytes) else whole.map()

    def on_disk(self) -> Path:
        """A temporary file."""
        whole = self.expand()
        if isinstance(whole, DiskContent):
            return whole.on_disk()
        with self._lock, as_evidence(self._path):
            if self._file is None:
                self._file = self._space.new_file(self._path)
                self._file.write_bytes(whole)
            return self._file

    def expand(self) -> bytes | DiskContent:
        """Expand the member now: into memory where it is small and there is room, else into a file."""
        with self._lock:
            if self._whole is None:
                with self._expanding(self._open) as stream:
                    self._whole = self._kept(stream)
                self._open = None
            return self._whole

    def close(self) -> None:
        """Remove the temporary file."""
        with self._lock:
            whole, self._whole, self._open = self._whole, None, None
            file, self._file = self._file, None
        if isinstance(whole, DiskContent):
            whole.close()
        if file is not None:
            file.unlink(missing_ok=True)
        self._space.retire(self)

    def _expanding(self, opened: Callable[[], Readable] | None) -> BinaryIO:
        if opened is None:
            raise EvidenceError(self._path, "the case is closed")
        with as_evidence(self._path):
            inner = opened()
        return io.BufferedReader(_Stream(self._path, inner, self.size), _CHUNK)

    def _kept(self, stream: IO[bytes]) -> bytes | DiskContent:
        if self.size <= _LARGEST_IN_MEMORY and self._space.claim_memory(self.size):
            return stream.read()
        return _spooled(stream, self._path, self.size, self._space)


def _spooled(stream: IO[bytes], path: str, size: int, space: Space) -> DiskContent:
    """A file of ours with what the stream gives."""
    with as_evidence(path):
        file = space.new_file(path)
        with file.open("xb") as spool:
            while chunk := stream.read(_CHUNK):
                spool.write(chunk)
    return DiskContent(path, file, size, space, is_ours=True)
