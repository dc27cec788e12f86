"""Two digests of a case: a cheap one of names, sizes and times, and one of every byte."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from iiscluster_kb.case import Budget
from iiscluster_kb.case._folder import Found as FoundFile
from iiscluster_kb.case._folder import walk
from iiscluster_kb.case._names import safe_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iiscluster_kb.case import Limits
    from iiscluster_kb.model import Report

__all__ = ["Stamp", "content_of", "hashes_of", "stamp_of"]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the file system alone tells of a case."""

    digest: str
    files: tuple[tuple[str, Path], ...]
    """Name below the case, and where the bytes lie."""
    size: int
    newest: float | None
    """Time of the newest file, in seconds since 1970."""


def stamp_of(path: str, limits: Limits) -> Stamp:
    """Look at every file of a case without opening one.

    Raises:
        CaseError: There are too many files.
        OSError: The case itself cannot be looked at.
    """
    root = Path(path)
    told = hashlib.sha256()
    files: list[tuple[str, Path]] = []
    size, newest = 0, None
    if root.is_file():
        listed: list[object] = [FoundFile(root.name, root, 0)]
    else:
        root.stat()
        listed = list(walk(root.resolve(), "", Budget(limits)))
    for found in listed:
        if not isinstance(found, FoundFile):
            _put(told, repr(found))
            continue
        status = found.file.stat()
        _put(told, found.name, str(status.st_size), str(status.st_mtime_ns))
        files.append((found.name, found.file))
        size += status.st_size
        newest = status.st_mtime if newest is None else max(newest, status.st_mtime)
    return Stamp(told.hexdigest(), tuple(files), size, newest)


def hashes_of(report: Report) -> dict[str, str]:
    """The digests that an examination has made already, by name below the case."""
    return {artifact.path: artifact.sha256 for artifact in report.artifacts if not artifact.containers}


def content_of(stamp: Stamp, known: Mapping[str, str] | None = None) -> str:
    """The digest of every name and every byte of a case, archives as they lie on the disk.

    Args:
        stamp: What was looked at.
        known: Digests that need not be made again.

    Raises:
        OSError: A file cannot be read.
    """
    at_hand = known or {}
    plain = [name for name, _ in stamp.files if safe_path(name) == name]
    told = hashlib.sha256()
    for name, file in sorted(stamp.files):
        # A name that the case had to change may be another file's in the report.
        digest = at_hand.get(name) if len(plain) == len(stamp.files) else None
        _put(told, name, digest or _digest(file))
    return told.hexdigest()


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _put(told: hashlib._Hash, *texts: str) -> None:
    for text in texts:
        encoded = os.fsencode(text)
        told.update(len(encoded).to_bytes(8, "big") + encoded)
