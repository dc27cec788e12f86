"""Errors raised on purpose.

    IisClusterError                    everything raised on purpose
    ├── CaseError                      the case cannot be opened
    ├── EvidenceError(path, detail)    a recognised file is damaged
    └── RemedyError                    the remedy contradicts itself

A class exists only where a caller acts differently. What is expected to go wrong while a case is
read is data (``Skipped``, ``Unknown``), not an exception.
"""

from __future__ import annotations

__all__ = ["CaseError", "EvidenceError", "IisClusterError", "RemedyError"]


class IisClusterError(Exception):
    """Root of every error that this package raises on purpose."""


class CaseError(IisClusterError):
    """The case cannot be opened: nothing there, a damaged archive, over a limit."""


class EvidenceError(IisClusterError):
    """A recognised file is damaged on the way to what was asked for.

    Attributes:
        path: The file, inside the case or on disk, as the reader was told.
        detail: What is wrong and where; always names a key path, an offset or a line.
        offset: Absolute byte offset in the file, where one is known.
    """

    def __init__(self, path: str, detail: str, *, offset: int | None = None) -> None:
        super().__init__(f"{path}: {detail}")
        self.path = path
        self.detail = detail
        self.offset = offset


class RemedyError(IisClusterError):
    """Two findings want different data in one value, or a remedy fails its proof."""
