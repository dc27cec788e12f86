"""Chooses a copy of a file on installation media, and says how it is taken from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.model import version_of
from iiscluster_kb.remedy.commands import is_plain_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.model import Media, MediaFile

__all__ = ["described", "fitting", "refusals", "take_command", "whereabouts"]

_TOLD = 4
"""Copies of no use that are told one by one."""


def fitting(files: Iterable[MediaFile], architecture: str | None) -> MediaFile | None:
    """The copy to take for a processor: sound, able to register, of the highest version; else None.

    Of equals, one that lies as such comes before one that must be unpacked.
    """
    sound = [
        file
        for file in files
        if file.problem is None and file.can_register is not False and file.architecture == architecture
        if architecture is not None
    ]
    return max(sound, key=lambda file: (version_of(file.version) or (), file.archive is None), default=None)


def take_command(file: MediaFile, drive: str, target: str) -> str | None:
    """The command that takes the copy off the media.

    Args:
        file: As it was found on the media.
        drive: Where the media will be: ``D:``.
        target: Directory and name that the file will have there.

    Returns:
        None where no one command does: an archive inside another, or a name that means more on a command line.
    """
    place = "\\".join([drive, *(file.archive or file.path).split("/")])
    if not is_plain_path(place):
        return None
    if file.archive is None:
        return f'copy "{place}" "{target}"'
    if "/" in file.member:
        return None
    if file.archive.endswith("_"):
        return f'expand "{place}" "{target}"'
    return f'extract /a "{place}" {file.member} /L "{target.rpartition(chr(92))[0]}"'


def described(file: MediaFile) -> str:
    """What the copy is: processor, size, version, which known build that is, and the hash to know it by."""
    version = f"version {file.version}" if file.version else "without a version"
    build = f"known as {file.build}" if file.build else "none of the known builds"
    return f"for {file.architecture}, {file.size:,} bytes, {version}; {build}; SHA-256 {file.sha256}"


def whereabouts(file: MediaFile, drive: str) -> str:
    """What the drive's letter in a command stands for."""
    if file.medium is not None:
        return f"{drive} stands for the folder or disc that was given as media, {file.medium}"
    return f"{drive} stands for where {file.path.partition('/')[0]} is at hand"


def refusals(media: Media, name: str, architecture: str | None) -> Iterator[str]:
    """Why nothing on the media can be taken for a processor; its copies one by one."""
    if architecture is None and any(fitting(media.files, file.architecture) for file in media.files):
        kinds = sorted({file.architecture for file in media.files if file.architecture})
        yield f"The media holds {name} for {' and '.join(kinds)}, and which of them fits is not known."
        return
    for file in media.files[:_TOLD]:
        yield f"{file.path} on the media is not taken: {_fault(file, architecture)}."
    if len(media.files) > _TOLD:
        yield f"{len(media.files) - _TOLD:,} more copies on the media are not taken either."
    for unread in media.unread[:_TOLD]:
        yield f"{unread.path} on the media cannot be looked into: {unread.reason}."
    if not media.files:
        but = " as far as it can be read" if media.unread else ""
        yield f"The media does not hold {name}{but}."


def _fault(file: MediaFile, architecture: str | None) -> str:
    if file.problem is not None:
        return file.problem
    if file.can_register is False:
        return "it does not export DllRegisterServer"
    return f"it is made for {file.architecture}, the node is {architecture}"
