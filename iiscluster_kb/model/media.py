"""What the operator has at hand to take files from: an installation CD, its cabinets, a hotfix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from iiscluster_kb.model.cases import Skipped

__all__ = ["Media", "MediaFile"]


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A copy of a file that a plan needs."""

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
    medium: str | None = None
    """Name of the folder that was given; None: files were given, and the path begins at the folder they share."""
    build: str | None = None
    """Which known build it is and by what that shows; None: the table of builds does not have it."""


@dataclass(frozen=True, slots=True)
class Media:
    """What a look through the media showed."""

    files: tuple[MediaFile, ...]
    """In order of paths."""
    unread: tuple[Skipped, ...]
    """What could not be looked into. Where there is any, that ``files`` is empty proves no absence."""
