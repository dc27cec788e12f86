"""Looks on installation media (a cabinet, a set of them, the folder of a CD) for a file that a plan needs.

Media are opened as a case is, read-only and within limits, and their files are told as evidence is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from iiscluster_kb.case import open_case
from iiscluster_kb.evidence import identify
from iiscluster_kb.model import Specimen
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from iiscluster_kb.case import Limits
    from iiscluster_kb.model import Skipped

__all__ = ["Media", "MediaFile", "find_on_media", "fitting", "read_media", "take_command"]

_ENTRY_POINT = "DllRegisterServer"
"""What regsvr32 calls."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A copy of the file on the media."""

    path: str
    """POSIX, below the media; below an archive its members follow: ``x86/Winnt.SRV/iis4_1.cab/Iisclex4.dll``."""
    archive: str | None
    """The part of the path that is a file of the media itself: ``x86/Winnt.SRV/iis4_1.cab``; None: the copy
    lies there as such."""
    member: str
    """The rest of the path, as the archive spells it: ``Iisclex4.dll``; else the name of the file."""
    size: int
    sha256: str
    version: str | None
    linked: datetime | None
    """Time stamp that the linker left, UTC."""
    architecture: str | None
    """``x86``, ``alpha`` …; None: it is no image."""
    can_register: bool | None
    """Whether it exports ``DllRegisterServer``; None: its exports cannot be read."""
    problem: str | None
    """Why it is of no use; None: nothing is known against it."""


@dataclass(frozen=True, slots=True)
class Media:
    """What a look through the media showed."""

    files: tuple[MediaFile, ...]
    """In order of paths."""
    unread: tuple[Skipped, ...]
    """What could not be looked into. Where there is any, that ``files`` is empty proves no absence."""


def read_media(
    paths: Sequence[str | os.PathLike[str]], dll: str = "iisclex4.dll", limits: Limits | None = None
) -> Media:
    """Find every copy of a file, also packed in cabinets or compressed alone (``iisclex4.dl_``).

    Args:
        paths: A cabinet, the cabinets of a set, or the folder of a CD.
        dll: Name without directories, in any case.
        limits: How much the media may hold; see ``iiscluster_kb.case.Limits``.

    Raises:
        CaseError: Nothing is there or nothing can be read.
    """
    compressed = fold(f"{dll[:-1]}_")  # as COMPRESS.EXE names its output
    roots = _Roots(paths)
    with open_case(*paths, limits=limits) as media:
        wanted = {
            path: file
            for path, file in media.files.items()
            if fold(_name(path)) in {fold(dll), compressed} or fold(_name(_parent(path))) == compressed
        }
        evidence, skipped = identify(replace(media, files=wanted, skipped=()))
        found = [_described(one, roots) for one in evidence if isinstance(one, Specimen)]
        unread = [replace(one, path=roots.full(one.path)) for one in (*skipped, *media.skipped)]
    found.sort(key=lambda file: file.path)
    unread.sort(key=lambda one: one.path)
    return Media(tuple(found), tuple(unread))


def find_on_media(
    paths: Sequence[str | os.PathLike[str]], dll: str = "iisclex4.dll", limits: Limits | None = None
) -> tuple[MediaFile, ...]:
    """The files alone of ``read_media``; see there."""
    return read_media(paths, dll, limits).files


def fitting(files: Iterable[MediaFile], architecture: str) -> MediaFile | None:
    """The copy to take for a processor: sound, able to register, of the highest version; else None.

    Of equals, one that lies as such comes before one that must be unpacked.
    """
    sound = [
        file
        for file in files
        if file.problem is None and file.can_register is not False and file.architecture == architecture
    ]
    return max(sound, key=lambda file: (_numbers(file.version), file.archive is None), default=None)


def take_command(file: MediaFile, drive: str, target: str) -> str | None:
    """The command that takes the copy off the media.

    Args:
        file: As ``find_on_media`` found it.
        drive: Where the media will be: ``D:``.
        target: Directory and name that the file will have there.

    Returns:
        None where no one command does: an archive inside another.
    """
    place = "\\".join([drive, *(file.archive or file.path).split("/")])
    if file.archive is None:
        return f'copy "{place}" "{target}"'
    if "/" in file.member:
        return None
    if file.archive.endswith("_"):
        return f'expand "{place}" "{target}"'
    return f'extract /a "{place}" {file.member} /L "{target.rpartition(chr(92))[0]}"'


class _Roots:
    """What paths inside the opened media are below."""

    def __init__(self, paths: Sequence[str | os.PathLike[str]]) -> None:
        roots = [Path(path).absolute() for path in paths]
        folders = [root if root.is_dir() and len(roots) == 1 else root.parent for root in roots]
        self._folder = Path(os.path.commonpath(folders)) if folders else Path()
        self._prefix = f"{roots[0].name}/" if len(roots) == 1 and not roots[0].is_dir() else ""

    def full(self, path: str) -> str:
        """The path with the name of the only archive before it."""
        return path if path == self._prefix[:-1] else self._prefix + path

    def archive(self, path: str) -> str | None:
        """The part of a full path that is a file; None: it is the whole."""
        parents = [str(parent) for parent in PurePosixPath(path).parents]
        return next((one for one in parents if os.path.isfile(self._folder / one)), None)  # noqa: PTH113 - Path.is_file raises where a name is too long


def _described(specimen: Specimen, roots: _Roots) -> MediaFile:
    path = roots.full(specimen.file.path)
    archive = roots.archive(path)
    exports = specimen.exports
    return MediaFile(
        path=path,
        archive=archive,
        member=_name(path) if archive is None else path[len(archive) + 1 :],
        size=specimen.size,
        sha256=specimen.file.content.sha256,
        version=specimen.version,
        linked=specimen.linked,
        architecture=specimen.architecture,
        can_register=None if exports is None else _ENTRY_POINT in exports,
        problem=specimen.problem,
    )


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _numbers(version: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in (version or "").split(".") if part.isdecimal())
