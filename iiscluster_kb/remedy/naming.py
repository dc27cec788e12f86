"""File names of patches and step sheets: every output that names a file names the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.model import Patch, Remedy

__all__ = ["NamedPatch", "name_patches", "name_sheets", "safe_file_name"]


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
    listed = tuple(patches)
    stems = _stems(patch.machine for patch in listed)
    return tuple(
        NamedPatch(patch, f"{stem}.reg", f"{stem}-undo.reg")
        for patch, stem in zip(listed, stems, strict=True)
    )


def name_sheets(remedy: Remedy) -> dict[str, str]:
    """The file name of the step sheet of each machine on which there is something to do, in order of the plan.

    A sheet bears its machine's name as the machine's patch does.
    """
    patched = [patch.machine for patch in remedy.patches]
    worked = dict.fromkeys(step.machine for step in remedy.plan if step.machine is not None)
    machines = (*patched, *(machine for machine in worked if machine not in patched))
    stems = dict(zip(machines, _stems(machines), strict=True))
    return {machine: f"{stems[machine]}-steps.txt" for machine in worked}


def _stems(machines: Iterable[str]) -> Iterator[str]:
    """A stem for each, so that all files made of all stems have different names."""
    taken: set[str] = set()
    for machine in machines:
        plain = safe_file_name(machine)
        for number in count(1):
            stem = plain if number == 1 else f"{plain}-{number}"
            files = {f"{stem}{ending}".upper() for ending in (".reg", "-undo.reg", "-steps.txt")}
            if taken.isdisjoint(files):
                taken |= files
                yield stem
                break


def safe_file_name(name: str) -> str:
    """A file name without directories that every file system takes, made from a machine's name.

    Only ASCII letters, digits, dot, hyphen and underscore remain. Different names may become equal.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:_LONGEST_NAME].strip(".").lstrip("-")
    if not plain:
        return "machine"
    return f"_{plain}" if _RESERVED.match(plain) else plain
