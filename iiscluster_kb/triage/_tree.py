"""A place where cases lie, as the work list sees it: a folder on this machine, or anything fsspec knows."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from iiscluster_kb.evidence import HEAD_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

__all__ = ["Entry", "Kind", "LocalTree", "Tree"]


class Kind(Enum):
    """What an entry is."""

    FOLDER = "folder"
    FILE = "file"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a folder."""

    name: str
    path: str
    kind: Kind


class Tree(Protocol):
    """What the work list asks for."""

    def kind(self, path: str) -> Kind | None:
        """What is there; a link counts as what it leads to. None: nothing."""
        ...

    def entries(self, path: str) -> list[Entry]:
        """What is in a folder, by name. Raises ``OSError``."""
        ...

    def head(self, path: str) -> bytes:
        """The first ``HEAD_SIZE`` bytes of a file. Raises ``OSError``."""
        ...

    def fetched(self, path: str) -> AbstractContextManager[Path]:
        """The file on this machine while the context lasts. Raises ``OSError``."""
        ...


class LocalTree:
    """Folders of this machine."""

    def kind(self, path: str) -> Kind | None:
        """See ``Tree``."""
        place = Path(path)
        if place.is_dir():
            return Kind.FOLDER
        if place.is_file():
            return Kind.FILE
        return Kind.OTHER if place.exists() else None

    def entries(self, path: str) -> list[Entry]:
        """See ``Tree``."""
        with os.scandir(path) as listing:
            return sorted(
                (Entry(one.name, one.path, _kind(one)) for one in listing), key=lambda entry: entry.name
            )

    def head(self, path: str) -> bytes:
        """See ``Tree``."""
        with Path(path).open("rb") as stream:
            return stream.read(HEAD_SIZE)

    @contextmanager
    def fetched(self, path: str) -> Iterator[Path]:
        """See ``Tree``."""
        yield Path(path)


def _kind(entry: os.DirEntry[str]) -> Kind:
    try:
        return _told_kind(entry)
    except (
        OSError
    ):  # where directories tell no kinds the disk is asked; one that fails is no reason to lose the others
        return Kind.FOLDER  # whose own listing then tells


def _told_kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_symlink():
        return Kind.LINK
    if entry.is_dir(follow_symlinks=False):
        return Kind.FOLDER
    return Kind.FILE if entry.is_file(follow_symlinks=False) else Kind.OTHER
