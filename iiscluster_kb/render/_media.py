"""What is on the media that the operator has at hand, for the outputs that a person reads at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.render._words import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.model import Media, MediaFile
    from iiscluster_kb.render._page import Page

__all__ = ["put_media"]


def put_media(page: Page, media: Media | None) -> None:
    """Add each copy on the media and what of it cannot be read; nothing where no media was given."""
    if media is None:
        return
    page.head("On the media")
    for file in media.files:
        page.put(file.path, lead="  - ")
        page.put(", ".join(_told(file)), lead="      ")
        if file.build is not None:
            page.put(file.build, lead="      Build: ")
        if file.problem is not None:
            page.put(file.problem, lead="      Of no use: ")
        page.put(file.sha256, lead="      SHA-256 ")
    if not media.files:
        page.put("no copy of the file", lead="  ")
    for unread in media.unread:
        page.put(f"{unread.path} cannot be looked into: {unread.reason}", lead="  - ")


def _told(file: MediaFile) -> Iterator[str]:
    if file.medium is not None:
        yield f"in {file.medium}"
    if file.architecture is not None:
        yield f"for {file.architecture}"
    yield count_of(file.size, "byte")
    if file.version is not None:
        yield f"version {file.version}"
    if file.can_register is False:
        yield "cannot register"
