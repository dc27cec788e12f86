"""Stage 1 of 6: says where the bytes come from.

A case is a folder, an archive, or single files. One module is one kind of archive, told by content, never
by name; archives inside the case are opened too, and their members' paths go on below the archive's.
Nothing is ever written into a case, and nothing that a case holds chooses where anything is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from iiscluster_kb.case._limits import Budget, Limits, parse_limits
from iiscluster_kb.discovery import discover

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping

    from iiscluster_kb.case._content import Readable
    from iiscluster_kb.model import Case, CaseFile, Content, Skipped

__all__ = ["HEAD_SIZE", "Budget", "Container", "Limits", "Member", "containers", "open_case", "parse_limits"]

HEAD_SIZE = 8192
"""How many bytes of a file a container is shown first."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a container, or one that a caller of ``open_case`` has in memory or in a disk image.

    Its name may lie, its size may lie: both are checked by who takes it.
    """

    name: str
    """As the container spells it; of a caller's file, its path inside the case, with slashes."""
    size: int
    """Bytes, as the container declares."""
    open: Callable[[], Readable]
    """A fresh stream of its bytes."""
    is_lasting: bool = True
    """Whether ``open`` works at any time; else only until the next member is asked for."""


@dataclass(frozen=True, slots=True)
class Container:
    """What a module of this folder gives as its ``CONTAINER``."""

    name: str
    recognises: Callable[[bytes, Content], bool]
    """Whether the file that begins with these bytes (at most ``HEAD_SIZE``) is of this kind. The content is
    for those of which the beginning alone does not tell. Never raises."""
    files: Callable[[CaseFile, Budget], Iterator[Member | Skipped]]
    """The members, each directory counted; a ``Skipped`` of the empty path speaks of the archive itself.
    Raises ``EvidenceError``, or what ``_content.DAMAGE`` lists, at the place behind which nothing more can be
    told."""
    files_of_set: Callable[[CaseFile, Mapping[str, CaseFile], Budget], Iterator[Member | Skipped]] | None = (
        None
    )
    """Asked instead of ``files`` where an archive may go on in another beside it: by their names in lower
    case, all files of this kind in the same directory. Those are known only when all else has been opened;
    the members must not be lasting, for all of these files are closed then."""


@cache
def containers() -> tuple[Container, ...]:
    """Every kind of this folder, in order of module names."""
    return discover(__name__, "CONTAINER", Container)


def open_case(
    *paths: str | os.PathLike[str] | Member,
    symptom: str | None = None,
    administered_from: str | None = None,
    limits: Limits | None = None,
) -> Case:
    """Open a collected case, read-only.

    Args:
        paths: A folder, an archive or a file; or several of them, which are then named below the directory
            that they share. A ``Member`` is a file that lies on no disk of this machine: the limits hold for
            it as for a member of an archive, and what its stream raises makes it unreadable, not the case.
        symptom: Overrides ``case.toml``.
        administered_from: Overrides ``case.toml``.
        limits: How much the case may hold.

    Returns:
        The case, to be closed. It is named after the folder, after the archive without its endings, after
        the file without its ending, or, of several paths, after the directory that they share; where only
        members are given, after their outermost directory if that is one for all, else ``case``.

    Raises:
        CaseError: Nothing is there, nothing can be read, an archive that is the case itself is damaged
            from the start, there are too many files, or ``case.toml`` says what is not known.
    """
    from iiscluster_kb.case._opening import open_paths  # noqa: PLC0415 - it needs the contract above

    return open_paths(paths, symptom, administered_from, limits or Limits())
