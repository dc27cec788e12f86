"""The door to zstd: Python's own from 3.14 on, else the package zstandard."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from iiscluster_kb.case._content import Readable

__all__ = ["MAGIC", "MISSING", "zstd_opener"]

MAGIC = b"\x28\xb5\x2f\xfd"
"""RFC 8878, section 3.1.1."""
MISSING = (
    "packed with zstd, which this Python cannot expand: pip install 'iiscluster-kb[zstd]' (Python 3.14 and "
    "later need nothing), or unpack it first with zstd -d"
)
"""Why nothing can be expanded where there is no ``zstd_opener``."""
_WINDOW_LOG = 27
"""Of the largest window, which lies in memory: 128 MiB, as the zstd program itself allows unasked."""


def zstd_opener() -> Callable[[BinaryIO], Readable] | None:
    """What expands a stream of zstd frames; None: there is nothing that does.

    What it opens raises ``ValueError`` on damage.
    """
    try:
        module = importlib.import_module("compression.zstd")
    except ImportError:
        try:
            module = importlib.import_module("zstandard")
        except ImportError:
            return None
        return lambda packed: _Converted(
            module.ZstdDecompressor(max_window_size=1 << _WINDOW_LOG).stream_reader(
                packed, read_across_frames=True, closefd=False
            ),
            module.ZstdError,
        )
    options = {module.DecompressionParameter.window_log_max: _WINDOW_LOG}
    return lambda packed: _Converted(module.ZstdFile(packed, options=options), module.ZstdError)


class _Converted:
    """A decompressor whose own error is a ``ValueError``."""

    def __init__(self, inner: Readable, error: type[Exception]) -> None:
        self._inner = inner
        self._error = error
        self.close = inner.close

    def read(self, size: int, /) -> bytes:
        try:
            return self._inner.read(size)
        except self._error as error:
            raise ValueError(f"zstd: {error}") from error
