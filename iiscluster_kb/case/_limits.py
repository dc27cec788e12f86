"""How much a case may hold, and what of it is spent."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from iiscluster_kb.errors import CaseError

__all__ = ["Budget", "Limits", "parse_limits"]

_GIB = 1 << 30
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": _GIB, "T": 1 << 40}
_SIZE = re.compile(r"(\d{1,12})(?:\.(\d{1,3}))? ?([KMGT]?)(?:I?B)?", re.ASCII | re.IGNORECASE)
_COUNT = re.compile(r"\d{1,12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one case. What archives declare is held against them before anything is expanded."""

    files: int = 100_000
    """Files and directories, those inside archives included. One more stops the case: ``CaseError``."""
    total: int = 4 * _GIB
    """Bytes that all archives together may expand to. What goes beyond is skipped, the rest is kept."""
    member: int = 2 * _GIB
    """Bytes of one file inside an archive. A larger one is skipped."""
    depth: int = 3
    """Archives inside one another; an archive that is the case itself is the first."""
    in_place: bool = False
    """Whether large files on disk are mapped where they lie, which is faster than to read them and needs no memory.
    Who cuts such a file short meanwhile ends this process (SIGBUS): for processes whose end costs nothing else."""


def parse_limits(max_files: str | None = None, max_size: str | None = None) -> Limits:
    """Read the limits as they are given on a command line.

    Args:
        max_files: How many files: ``250000``. None: as many as without the option.
        max_size: How much archives may expand to, one file or all together: bytes, or with K, M, G or T (of
            1,024), with or without ``B`` or ``iB``: ``8G``, ``1.5 GiB``. None: as much as without the option.

    Raises:
        ValueError: An option says no number above zero; the message names the option.
    """
    limits = Limits()
    if max_files is not None:
        if not _COUNT.fullmatch(max_files) or not int(max_files):
            raise ValueError(f"--max-files {max_files}: wanted a number of files above zero, such as 250000")
        limits = replace(limits, files=int(max_files))
    if max_size is not None:
        size = _size(max_size)
        if size is None:
            raise ValueError(f"--max-size {max_size}: wanted a size above zero, such as 8G, 1.5G or 500M")
        limits = replace(limits, total=size, member=size)
    return limits


def _size(text: str) -> int | None:
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    whole, fraction, unit = match[1], match[2] or "", match[3].upper()
    return int(whole + fraction) * _UNITS[unit] // 10 ** len(fraction) or None


class Budget:
    """What is left of the limits while one case is opened."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._entries = 0
        self._expanded = 0

    @property
    def beyond_total(self) -> str:
        """The reason for what lies beyond the limit of all expanded bytes."""
        return f"over the limit of {_amount(self.limits.total)} expanded (Limits.total, option --max-size)"

    def count(self) -> None:
        """Count one file or directory.

        Raises:
            CaseError: It is one too many.
        """
        self._entries += 1
        if self._entries > self.limits.files:
            raise self.too_many()

    def too_many(self) -> CaseError:
        """The error for a case with too many files."""
        return CaseError(f"over the limit of {self.limits.files:,} files (Limits.files, option --max-files)")

    def spend(self, size: int) -> bool:
        """Set aside room for expanded bytes; False: there is not so much left, and nothing was spent."""
        if self._expanded + size > self.limits.total:
            return False
        self._expanded += size
        return True

    def refusal(self, size: int) -> str | None:
        """Set aside room for a member that declares this size; else say why it is not expanded."""
        if size > self.limits.member:
            limit = _amount(self.limits.member)
            return (
                f"{size:,} bytes: over the limit of {limit} for one file (Limits.member, option --max-size)"
            )
        return None if self.spend(size) else self.beyond_total


def _amount(size: int) -> str:
    for unit, name in ((_GIB, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size:,} bytes"
