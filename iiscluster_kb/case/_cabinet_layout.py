"""The tables at the head of a cabinet: what folders and files it says it holds.

Layout: [MS-CAB], sections 2.1 (CFHEADER), 2.2 (CFFOLDER) and 2.3 (CFFILE). A folder is there a stretch of
compressed data, not a directory.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.case._names import printable
from iiscluster_kb.errors import EvidenceError

if TYPE_CHECKING:
    import mmap

__all__ = ["Cabinet", "Entry", "Folder", "parse_cabinet"]

_HEADER = struct.Struct("<4s5I2B5H")
_RESERVE = struct.Struct("<HBB")
_FOLDER = struct.Struct("<IHH")
_ENTRY = struct.Struct("<IIHHHH")
_VERSION = 1
"""Major; Microsoft's and every other writer says 1.3."""
_HAS_PREVIOUS, _HAS_NEXT, _HAS_RESERVE = 1, 2, 4
_FROM_PREVIOUS, _TO_NEXT, _FROM_PREVIOUS_TO_NEXT = 0xFFFD, 0xFFFE, 0xFFFF
"""What stands for the folder of a file that other cabinets of the set hold parts of."""
_NAME_IS_UTF8 = 0x80
_KIND = 0x000F
_LONGEST_NAME = 257
"""Bytes with the final NUL: the specification allows 255 before it, and real writers go one further."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A stretch of data, or the part of one that this cabinet holds."""

    offset: int
    blocks: int
    compression: int
    """The field as it stands: the method in the lowest four bits, for LZX the window's size above."""

    @property
    def method(self) -> int:
        """0: stored, 1: MSZIP, 2: Quantum, 3: LZX."""
        return self.compression & _KIND


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the table."""

    name: str
    size: int
    start: int
    """Where it begins in the expanded folder."""
    folder: int
    from_previous: bool
    to_next: bool


@dataclass(frozen=True, slots=True)
class Cabinet:
    """What the tables say. Nothing of it was compared with the data."""

    path: str
    data: bytes | mmap.mmap
    set_id: int
    index: int
    """Place in its set, counted from 0."""
    previous: str | None
    """The cabinet in which the file begins that goes on in this one; it need not be the one before."""
    following: str | None
    folders: tuple[Folder, ...]
    entries: tuple[Entry, ...]
    block_reserve: int
    """Bytes that some writer keeps for itself in the header of each block."""
    begins_elsewhere: bool
    """Whether the first folder is the rest of another cabinet's last."""
    goes_on: bool
    """Whether the last folder goes on in the next cabinet."""
    damage: EvidenceError | None
    """Why the tables, or the cabinet, go no further than this."""


def parse_cabinet(path: str, data: bytes | mmap.mmap) -> Cabinet:
    """Parse the tables, as many entries as can be read.

    Raises:
        EvidenceError: The header or the folders cannot be read.
    """
    cursor = _Cursor(path, data)
    header = cursor.take(_HEADER, "header")
    _, _, size, _, entries_at, _, _, major, folder_count, entry_count, flags, set_id, index = header
    if major != _VERSION:
        raise cursor.error(f"a cabinet of version {major}, which is not known")
    reserves = cursor.take(_RESERVE, "header") if flags & _HAS_RESERVE else (0, 0, 0)
    cursor.position += reserves[0]
    previous = cursor.names("cabinet before") if flags & _HAS_PREVIOUS else None
    following = cursor.names("next cabinet") if flags & _HAS_NEXT else None
    folders = []
    for _ in range(folder_count):
        folders.append(Folder(*cursor.take(_FOLDER, "table of folders")))
        cursor.position += reserves[1]
    cursor.position = entries_at
    entries: list[Entry] = []
    damage = None
    try:
        while len(entries) < entry_count:
            entries.append(_entry(cursor, folder_count))
        if len(data) < size:
            damage = cursor.error(f"cut off: it has {len(data):,} bytes of {size:,}")
    except EvidenceError as error:
        damage = error
    return Cabinet(
        path=path,
        data=data,
        set_id=set_id,
        index=index,
        previous=previous,
        following=following,
        folders=tuple(folders),
        entries=tuple(entries),
        block_reserve=reserves[2],
        begins_elsewhere=any(entry.from_previous for entry in entries),
        goes_on=any(entry.to_next for entry in entries),
        damage=damage,
    )


def _entry(cursor: _Cursor, folder_count: int) -> Entry:
    size, start, place, _, _, attributes = cursor.take(_ENTRY, "table of files")
    raw = cursor.text("table of files")
    from_previous = place in {_FROM_PREVIOUS, _FROM_PREVIOUS_TO_NEXT}
    to_next = place in {_TO_NEXT, _FROM_PREVIOUS_TO_NEXT}
    folder = 0 if from_previous else folder_count - 1 if to_next else place
    if not 0 <= folder < folder_count:
        raise cursor.error(f"a file in folder {place} of {folder_count}")
    name = raw.decode("utf-8", "surrogateescape") if attributes & _NAME_IS_UTF8 else raw.decode("cp437")
    return Entry(name, size, start, folder, from_previous, to_next)


class _Cursor:
    """The place that was reached."""

    def __init__(self, path: str, data: bytes | mmap.mmap) -> None:
        self._path = path
        self._data = data
        self.position = 0

    def take(self, layout: struct.Struct, what: str) -> tuple[int, ...]:
        end = self.position + layout.size
        if end > len(self._data):
            raise self.error(f"cut off inside the {what}")
        fields = layout.unpack_from(self._data, self.position)
        self.position = end
        return fields

    def text(self, what: str) -> bytes:
        raw = self._data[self.position : self.position + _LONGEST_NAME]
        text, end, _ = raw.partition(b"\0")
        if not end:
            raise self.error(f"a name without an end in the {what}")
        self.position += len(text) + 1
        return text

    def names(self, what: str) -> str:
        """The name of another cabinet; that of its disk is passed over."""
        name = printable(self.text(f"name of the {what}").decode("cp437"))
        self.text(f"disk of the {what}")
        return name

    def error(self, detail: str) -> EvidenceError:
        place = self.position
        return EvidenceError(self._path, f"{detail} (at byte {place:,})", offset=place)
