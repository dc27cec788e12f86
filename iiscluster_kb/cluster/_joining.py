"""One file as several listings and the collected file itself show it, told together.

A ``dir`` shows size and date, ``sigcheck`` the version, the file itself its processor. The first that shows the file
answers; what it does not tell is taken from the next that does not contradict it. What contradicts it shows another
state of the file, so nothing is taken from there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from iiscluster_kb.model import older, version_of
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from iiscluster_kb.model import FileEntry, Present

__all__ = ["joined_files"]

_FIELDS = {
    "size": "size",
    "modified": "date",
    "version": "version",
    "architecture": "processor",
    "linked": "link time",
}
"""What is joined, and what it is called."""
_A_DAY = timedelta(days=1)
"""By so much the dates of one file differ between listings of different time zones."""


def joined_files(facts: Sequence[Present[FileEntry]]) -> Present[FileEntry]:
    """The first of the facts, which are all about one file, with what the others add or contradict."""
    first, *others = facts
    entry, notes = first.value, list(first.notes)
    for fact in others:
        path = fact.source.path if fact.source else "the operator"
        if differences := tuple(_differences(entry, fact.value)):
            notes.append(f"{path} shows otherwise: {', '.join(differences)}")
        elif gaps := dict(_gaps(entry, fact.value)):
            entry = replace(entry, **gaps)
            notes.append(f"{_listed([_FIELDS[name] for name in gaps])} as {path} tells")
    return replace(first, value=entry, notes=tuple(notes))


def _gaps(entry: FileEntry, other: FileEntry) -> Iterator[tuple[str, Any]]:
    if entry.is_directory:  # whose date changes with what is in it
        return
    for name in _FIELDS:
        if getattr(entry, name) is None and (told := getattr(other, name)) is not None:
            yield name, told


def _differences(entry: FileEntry, other: FileEntry) -> Iterator[str]:
    if entry.is_directory != other.is_directory:
        yield "a directory" if other.is_directory else "a file"
    if entry.is_directory or other.is_directory:
        return
    if None not in {entry.size, other.size} and entry.size != other.size:
        yield f"{other.size:,} bytes"
    if _apart(entry.modified, other.modified):
        yield f"dated {other.modified:%Y-%m-%d}"
    if entry.version and other.version and not _same_version(entry.version, other.version):
        yield f"version {other.version}"
    if None not in {entry.architecture, other.architecture} and entry.architecture != other.architecture:
        yield f"made for {other.architecture}"
    if entry.linked and other.linked and entry.linked != other.linked:
        yield f"linked {other.linked:%Y-%m-%d}"


def _apart(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and abs(one.date() - other.date()) > _A_DAY


def _same_version(one: str, other: str) -> bool:
    mine, theirs = version_of(one), version_of(other)
    if mine is None or theirs is None:
        return fold(one.strip()) == fold(other.strip())
    return not older(mine, theirs) and not older(theirs, mine)


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
