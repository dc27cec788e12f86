"""Microsoft cabinets, alone or in sets: stored and MSZIP folders, LZX where libarchive is there.

The tables and blocks are read here, and zlib expands MSZIP, because neither library does what a case needs:
cabarchive 0.2.5 expands the whole cabinet into memory before a name or a size is known, and a block to
whatever it makes of itself; it takes every cabinet of a set for LZX or refuses it, loses names of 255 bytes,
and calls an empty file an empty archive. libarchive 3.6 refuses every cabinet of a set and blocks that are
not of 32 KB. Both give up the whole cabinet for one folder that they cannot read.

A folder is one stream, compressed as a whole: its files are expanded in the order in which they lie there,
one after another, as those of a tar archive, and not when they are asked for.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.case import Container, Member
from iiscluster_kb.case._cabinet_data import METHODS, FolderStream, Part
from iiscluster_kb.case._cabinet_layout import parse_cabinet
from iiscluster_kb.case._lzx import MISSING, has_lzx
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iiscluster_kb.case import Budget
    from iiscluster_kb.case._cabinet_layout import Cabinet, Entry
    from iiscluster_kb.case._content import Readable
    from iiscluster_kb.model import CaseFile, Content

__all__ = ["CONTAINER"]

_SIGNATURE = b"MSCF\0\0\0\0"
"""Signature and the first reserved field ([MS-CAB] 2.1)."""


def _recognises(head: bytes, _content: Content) -> bool:
    return head.startswith(_SIGNATURE)


def _files(archive: CaseFile, budget: Budget) -> Iterator[Member | Skipped]:
    return _files_of_set(archive, {}, budget)


def _files_of_set(
    archive: CaseFile, beside: Mapping[str, CaseFile], budget: Budget
) -> Iterator[Member | Skipped]:
    cabinet = parse_cabinet(archive.path, archive.content.map())
    for _ in cabinet.folders:
        budget.count()
    last = len(cabinet.folders) - 1
    by_folder: dict[int, list[Entry]] = {}
    for entry in cabinet.entries:
        if entry.from_previous:
            yield Skipped(entry.name, _begins(cabinet, beside))
        else:
            by_folder.setdefault(entry.folder, []).append(entry)
    for number, entries in sorted(by_folder.items()):
        if number == 0 and cabinet.begins_elsewhere:
            reason = "lies behind a file that begins in another cabinet, and cannot be expanded without it"
            yield from (Skipped(entry.name, reason) for entry in entries)
            continue
        parts, missing = [Part(cabinet, cabinet.folders[number])], None
        if number == last and cabinet.goes_on:
            missing = _add_parts(parts, beside)
        yield from _members(parts, missing, entries, budget)
    if cabinet.damage is not None:
        raise cabinet.damage


def _begins(cabinet: Cabinet, beside: Mapping[str, CaseFile]) -> str:
    if cabinet.previous is None:
        return "begins in another cabinet, which is not named"
    if _bare(cabinet.previous) in beside:
        return f"the rest of a file that begins in {cabinet.previous}; it is told of there"
    return f"begins in {cabinet.previous}, which is not beside this cabinet"


def _members(
    parts: list[Part], missing: str | None, entries: list[Entry], budget: Budget
) -> Iterator[Member | Skipped]:
    entries.sort(key=lambda entry: entry.start)
    reader = _Reader(parts, max(entry.start + entry.size for entry in entries), budget)
    refusal = _refusal(parts[0])
    for entry in entries:
        reason = refusal or (missing if entry.to_next else None)
        if reason is None:
            yield Member(entry.name, entry.size, partial(reader.at, entry.start), is_lasting=False)
        else:
            yield Skipped(entry.name, reason)


def _refusal(part: Part) -> str | None:
    method = METHODS.get(part.folder.method)
    if method == "LZX":
        return None if has_lzx() else MISSING
    if method in {"stored", "MSZIP"}:
        return None
    return f"compressed by a method that is not supported ({method or part.folder.method})"


def _add_parts(parts: list[Part], beside: Mapping[str, CaseFile]) -> str | None:
    """Add what the further cabinets of the set hold of the folder; return why that is not all of it."""
    first = here = parts[0].cabinet
    while here.goes_on and (here is first or len(here.folders) == 1):
        following = _following(here, first, beside)
        if isinstance(following, str):
            return following
        here = following
        parts.append(Part(here, here.folders[0]))
    return None


def _following(here: Cabinet, first: Cabinet, beside: Mapping[str, CaseFile]) -> Cabinet | str:
    """The next cabinet of the set, or why there is none.

    A cabinet names as its previous one either the one before or the one in which the file begins ([MS-CAB]
    2.1, szCabinetPrev; Wine does the latter), so that each belongs to one such row and no row has an end.
    """
    if here.following is None:
        return "goes on in another cabinet, which is not named"
    file = beside.get(_bare(here.following))
    if file is None:
        return f"goes on in {here.following}, which is not beside this cabinet"
    try:
        found = parse_cabinet(file.path, file.content.map())
    except EvidenceError as error:
        return f"goes on in {here.following}, which cannot be read: {error.detail}"
    is_next = found.set_id == first.set_id and found.index == here.index + 1 and found.begins_elsewhere
    names = {_bare(one.path) for one in (here, first)}
    if not is_next or _bare(found.previous or "") not in names:
        return f"goes on in {here.following}, but the file of that name is another set's"
    return found


def _bare(name: str) -> str:
    """The name alone, as Windows compares."""
    return name.replace("\\", "/").rpartition("/")[2].lower()


class _Reader:
    """The folder that is being read, begun anew for a file that lies over one read before."""

    def __init__(self, parts: list[Part], end: int, budget: Budget) -> None:
        self._parts = parts
        self._end = end
        self._budget = budget
        self._stream: FolderStream | None = None

    def at(self, start: int) -> Readable:
        if self._stream is None or self._stream.position > start:
            self._stream = FolderStream(self._parts, self._end, self._budget)
        return _Data(self._stream, start)


class _Data:
    """The data from a place on; how much of it is a file's the asker knows."""

    def __init__(self, stream: FolderStream, start: int) -> None:
        self._stream = stream
        self._start = start

    def read(self, size: int, /) -> bytes:
        if self._stream.position < self._start:
            self._stream.pass_to(self._start)
        return self._stream.read(size)

    def close(self) -> None:
        """Nothing is held."""


CONTAINER = Container("cabinet", _recognises, _files, _files_of_set)
