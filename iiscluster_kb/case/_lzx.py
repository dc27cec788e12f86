"""The door to libarchive, which alone of the well-kept libraries that Python has expands LZX.

Only a cabinet made here reaches it: one folder, one file, blocks that were checked before. libarchive
refuses every cabinet of a set, and a whole cabinet for one Quantum folder.
"""

from __future__ import annotations

import importlib
import struct
from typing import TYPE_CHECKING, Protocol

from iiscluster_kb.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MISSING", "expand_lzx", "has_lzx"]

MISSING = (
    "compressed with LZX, for which libarchive is needed: pip install 'iiscluster-kb[lzx]' and the library "
    "itself (Debian: libarchive13); or unpack the cabinet first, with cabextract or Windows' expand.exe"
)
"""Why nothing can be expanded where ``has_lzx`` is False."""
_BINDING = "libarchive"
"""An optional extra without types, and a shared library to load."""
_HEADER = struct.Struct("<4s5I2B5H")
_FOLDER = struct.Struct("<IHH")
_ENTRY = struct.Struct("<IIHHHH")
_BLOCK = struct.Struct("<IHH")
_NAME = b"x\0"
_CHUNK = 32768
"""Bytes asked for at once: those of a block, so that an error takes no sound bytes with it."""
_MOST_BLOCKS = 0xFFFF


class _Block(Protocol):
    """A block, joined and checked."""

    @property
    def data(self) -> bytes:
        """As it lies in the cabinet."""
        ...

    @property
    def size(self) -> int:
        """Expanded."""
        ...


def has_lzx() -> bool:
    """Whether libarchive and its binding can be loaded."""
    try:
        importlib.import_module(_BINDING)
    except (ImportError, OSError, AttributeError, TypeError):  # no binding; no library, or an old one
        return False
    return True


def expand_lzx(blocks: Iterator[_Block], compression: int, count: int, size: int) -> Iterator[bytes]:
    """Expand a folder, if ``has_lzx``.

    Args:
        blocks: In order; each is asked for when it is needed, and what that raises is raised again.
        compression: The folder's field, which holds the size of the window.
        count: How many blocks there are.
        size: Expanded bytes that are wanted.

    Raises:
        ValueError: The data is damaged.
    """
    libarchive = importlib.import_module(_BINDING)
    if count > _MOST_BLOCKS:
        raise ValueError(f"{count:,} blocks in one folder")
    source = _Source(blocks, compression, count, size)
    try:
        with libarchive.stream_reader(source, format_name="cab") as archive:
            for entry in archive:
                yield from entry.get_blocks(_CHUNK)
    except libarchive.ArchiveError as error:
        if source.error is not None:
            raise source.error from error
        raise ValueError(str(error.msg)) from error


class _Source:
    """The cabinet made for libarchive, as a stream. It raises nothing: ctypes would swallow it."""

    def __init__(self, blocks: Iterator[_Block], compression: int, count: int, size: int) -> None:
        self._blocks = blocks
        self.error: EvidenceError | None = None
        entries = _HEADER.size + _FOLDER.size
        data = entries + _ENTRY.size + len(_NAME)
        self._waiting = (
            _HEADER.pack(b"MSCF", 0, 0x7FFFFFFF, 0, entries, 0, 3, 1, 1, 1, 0, 0, 0)
            + _FOLDER.pack(data, count, compression)
            + _ENTRY.pack(size, 0, 0, 0x2821, 0, 0)  # 1 January 2000
            + _NAME
        )

    def seekable(self) -> bool:
        return False

    def readinto(self, buffer: memoryview) -> int:
        if not self._waiting:
            self._waiting = self._next()
        size = min(len(buffer), len(self._waiting))
        buffer[:size] = self._waiting[:size]
        self._waiting = self._waiting[size:]
        return size

    def _next(self) -> bytes:
        try:
            block = next(self._blocks, None)
        except EvidenceError as error:
            self.error = error
            return b""
        if block is None:
            return b""
        return _BLOCK.pack(0, len(block.data), block.size) + block.data
