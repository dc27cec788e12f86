"""File names of patches: every output that names a patch names the same file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iiscluster_kb.model import Patch

__all__ = ["NamedPatch", "name_patches", "safe_file_name"]


_LONGEST_NAME = 64
_RESERVED = re.compile(
    r"(?:CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9])(?:\.|$)", re.IGNORECASE
)
"""Devices of DOS: every directory of every Windows holds them, whatever extension follows."""


@dataclass(frozen=True, slots=True)
class NamedPatch:
    """A patch with the names of its two files."""

    patch: Patch
    file: str
    undo_file: str


def name_patches(patches: Iterable[Patch]) -> tuple[NamedPatch, ...]:
    """Give each patch and its undo a file name; no two are equal, even where case does not count."""
    taken: set[str] = set()
    return tuple(_name(patch, taken) for patch in patches)


def _name(patch: Patch, taken: set[str]) -> NamedPatch:
    stem = safe_file_name(patch.machine)
    bases = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    pairs = ((f"{base}.reg", f"{base}-undo.reg") for base in bases)
    file, undo_file = next(pair for pair in pairs if taken.isdisjoint(map(str.upper, pair)))
    taken.update((file.upper(), undo_file.upper()))
    return NamedPatch(patch, file, undo_file)


def safe_file_name(name: str) -> str:
    """A file name without directories that every file system takes, made from a machine's name.

    Only ASCII letters, digits, dot, hyphen and underscore remain. Different names may become equal.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:_LONGEST_NAME].strip(".").lstrip("-")
    if not plain:
        return "machine"
    return f"_{plain}" if _RESERVED.match(plain) else plain
