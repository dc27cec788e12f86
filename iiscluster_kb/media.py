"""Looks on installation media (a cabinet, a set of them, the folder of a CD) for a file that a plan needs.

Media are opened as a case is, read-only and within limits, and their files are told as evidence is.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from iiscluster_kb.articles._builds import identify as identify_build
from iiscluster_kb.case import open_case
from iiscluster_kb.evidence import identify
from iiscluster_kb.model import Media, MediaFile, Skipped, Specimen
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iiscluster_kb.case import Limits

__all__ = ["find_on_media", "read_media"]

_ENTRY_POINT = "DllRegisterServer"
"""What regsvr32 calls."""
_CLOSED = "neither the file itself nor an archive of a kind that is known"
"""Of a file that was given by name, such as the image of a CD."""


def read_media(
    paths: Sequence[str | os.PathLike[str]], dll: str = "iisclex4.dll", limits: Limits | None = None
) -> Media:
    """Find every copy of a file, also packed in cabinets or compressed alone (``iisclex4.dl_``).

    Args:
        paths: Cabinets, those of a set together, or other files; folders, such as a CD, each for itself.
        dll: Name without directories, in any case.
        limits: How much the media may hold; see ``iiscluster_kb.case.Limits``.

    Raises:
        CaseError: Nothing is there or nothing can be read.
    """
    looked = [_look(group, dll, limits) for group in _groups(paths)]
    found = sorted(
        (file for one in looked for file in one.files), key=lambda file: (file.path, file.medium or "")
    )
    unread = sorted((each for one in looked for each in one.unread), key=lambda each: each.path)
    return Media(tuple(found), tuple(unread))


def _groups(paths: Sequence[str | os.PathLike[str]]) -> Iterator[Sequence[str | os.PathLike[str]]]:
    folders = [path for path in paths if os.path.isdir(path)]  # noqa: PTH112 - Path.is_dir raises on odd names
    files = [path for path in paths if path not in folders]
    yield from ([folder] for folder in folders)
    if files or not folders:
        yield files


def _look(paths: Sequence[str | os.PathLike[str]], dll: str, limits: Limits | None) -> Media:
    compressed = fold(f"{dll[:-1]}_")  # as COMPRESS.EXE names its output
    roots = _Roots(paths)
    with open_case(*paths, limits=limits) as media:
        wanted = {
            path: file
            for path, file in media.files.items()
            if fold(_name(path)) in {fold(dll), compressed} or fold(_name(_parent(path))) == compressed
        }
        evidence, skipped = identify(replace(media, files=wanted, skipped=()))
        found = tuple(_described(one, dll, roots) for one in evidence if isinstance(one, Specimen))
        unread = tuple(replace(one, path=roots.full(one.path)) for one in (*skipped, *media.skipped))
        strange = (roots.full(path) for path in media.files.keys() - wanted.keys() if roots.medium is None)
        closed = (Skipped(path, _CLOSED) for path in strange if roots.archive(path) is None)
        return Media(found, (*unread, *closed))


def find_on_media(
    paths: Sequence[str | os.PathLike[str]], dll: str = "iisclex4.dll", limits: Limits | None = None
) -> tuple[MediaFile, ...]:
    """The files alone of ``read_media``; see there."""
    return read_media(paths, dll, limits).files


class _Roots:
    """What paths inside the opened media are below."""

    def __init__(self, paths: Sequence[str | os.PathLike[str]]) -> None:
        roots = [Path(path).absolute() for path in paths]
        folders = [root if root.is_dir() and len(roots) == 1 else root.parent for root in roots]
        self._folder = Path(os.path.commonpath(folders)) if folders else Path()
        is_folder = len(roots) == 1 and roots[0].is_dir()
        self._prefix = f"{roots[0].name}/" if len(roots) == 1 and not is_folder else ""
        self.medium = (roots[0].name or str(roots[0])) if is_folder else None
        """Name of the folder that was given, if it is one."""

    def full(self, path: str) -> str:
        """The path with the name of the only archive before it."""
        return path if path == self._prefix[:-1] else self._prefix + path

    def archive(self, path: str) -> str | None:
        """The part of a full path that is a file; None: it is the whole."""
        parents = [str(parent) for parent in PurePosixPath(path).parents]
        return next((one for one in parents if os.path.isfile(self._folder / one)), None)  # noqa: PTH113 - Path.is_file raises where a name is too long


def _described(specimen: Specimen, dll: str, roots: _Roots) -> MediaFile:
    path = roots.full(specimen.file.path)
    archive = roots.archive(path)
    exports = specimen.exports
    build = identify_build(
        dll, version=specimen.version, size=specimen.size, architecture=specimen.architecture
    )
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
        medium=roots.medium,
        build=str(build) if build.builds else None,
    )


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _parent(path: str) -> str:
    return path.rpartition("/")[0]
