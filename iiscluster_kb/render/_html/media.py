"""What is on the media that the operator has at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.render._words import count_of, moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.model import MediaFile, Report, Skipped

__all__ = ["AtHand", "Copy", "show_media"]

_MOST_FILES = 200


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a file that a plan needs."""

    path: str
    told: str
    build: str
    problem: str
    """Why it is of no use; empty: nothing is known against it."""
    sha256: str


@dataclass(frozen=True, slots=True)
class AtHand:
    """Everything on the media."""

    copies: tuple[Copy, ...]
    unread: tuple[Skipped, ...]
    more: int
    """How many files are not shown."""


def show_media(report: Report) -> AtHand | None:
    """Tell of each copy; None: no media were given."""
    media = report.media
    if media is None:
        return None
    return AtHand(
        copies=tuple(
            Copy(file.path, ", ".join(_told(file)), file.build or "", file.problem or "", file.sha256)
            for file in media.files[:_MOST_FILES]
        ),
        unread=media.unread[:_MOST_FILES],
        more=max(0, len(media.files) - _MOST_FILES) + max(0, len(media.unread) - _MOST_FILES),
    )


def _told(file: MediaFile) -> Iterator[str]:
    if file.medium is not None:
        yield f"in {file.medium}"
    if file.architecture is not None:
        yield f"for {file.architecture}"
    yield count_of(file.size, "byte")
    if file.version is not None:
        yield f"version {file.version}"
    if file.linked is not None:
        yield f"built {moment(file.linked)}"
    if file.can_register is False:
        yield "cannot register"
