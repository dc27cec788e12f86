"""Stage 1: where the bytes come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self

if TYPE_CHECKING:
    import mmap
    from collections.abc import Mapping
    from pathlib import Path


__all__ = ["Case", "CaseFile", "Content", "Skipped", "Stated"]


class Content(Protocol):
    """The bytes of one file, wherever they lie. Read-only; may be asked from several threads."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def sha256(self) -> str:
        """Lower-case hex, computed once."""
        ...

    def open(self) -> BinaryIO:
        """A fresh stream from the first byte; the caller closes it."""
        ...

    def map(self) -> bytes | mmap.mmap:
        """The whole content: bytes, or a read-only map of a file of ours. Made once, kept till close."""
        ...

    def on_disk(self) -> Path:
        """A file that holds exactly these bytes, for programs that take only a path. Never write to it."""
        ...

    def close(self) -> None:
        """Release the map and any temporary file."""
        ...


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One file of a case."""

    path: str
    """POSIX, inside the case; below an archive its members follow: ``node1.zip/SYSTEM``."""
    content: Content = field(compare=False, repr=False)
    containers: tuple[str, ...] = ()
    """Kinds of the archives in which it lies, from the outermost: ``("tar", "zip")``."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What no file can tell and the operator stated."""

    symptom: str | None = None
    """``finish-button``: the Dependencies page offers Finish; None: not reported."""
    administered_from: str | None = None
    """Name of the machine on which Cluster Administrator ran."""
    machines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Machine name to glob patterns of case paths that belong to it; wins over every guess."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that became no evidence. Every file ends as evidence or here; none is lost."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that was collected, opened but not yet understood."""

    name: str
    files: Mapping[str, CaseFile]
    """By case path, in sorted order."""
    stated: Stated = field(default_factory=Stated)
    skipped: tuple[Skipped, ...] = ()
    """Members of containers that could not be taken out."""

    def close(self) -> None:
        """Release every map and temporary file."""
        for file in self.files.values():
            file.content.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
