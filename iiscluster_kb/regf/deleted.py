"""What was deleted: keys and values that still lie in free cells and in what live cells leave unused.

Windows frees the cells of what is deleted and leaves their bytes until they are used again; cells that are
freed side by side become one, so that a record may lie anywhere in a free cell (specification, "Cell").
Whatever is found is information, never the state of the registry: it may be an earlier form of something
that lives, and a cell that was used again may stand for what it never was.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.regf.cell_map import CellMap
from iiscluster_kb.regf.layout import BINS, FILETIME, MAX_DEPTH, NONE, BaseBlock, moment
from iiscluster_kb.regf.owners import Link, owners_of
from iiscluster_kb.regf.remnants import Remnants

if TYPE_CHECKING:
    from datetime import datetime

    from iiscluster_kb.regf.reader import Hive

__all__ = ["Deleted", "DeletedKey", "DeletedValue", "Link", "Owner", "find_deleted"]


@dataclass(frozen=True, slots=True)
class DeletedKey:
    """A key that lies where nothing lives."""

    name: str
    offset: int
    """Absolute byte offset of its cell."""
    modified: datetime | None
    """Last-written time, aware, UTC."""
    parent: int | None
    """Absolute offset of the cell of the key above, which may have been used again since."""
    path: str | None
    """From the root, as ``Key.path``; None where the keys above it are not all to be found."""
    intact: bool
    """Whether nothing shows that it was written over."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The key that a deleted value belonged to."""

    offset: int
    """Absolute byte offset of its cell."""
    path: str | None
    modified: datetime | None
    link: Link
    """By what it is known."""


@dataclass(frozen=True, slots=True)
class DeletedValue:
    """A value that lies where nothing lives."""

    name: str
    type: int
    data: bytes
    """As far as it lies free and side by side: all of it where ``intact``."""
    offset: int
    """Absolute byte offset of its cell."""
    owner: Owner | None
    """None: nothing tells."""
    intact: bool
    """Whether nothing shows that the record or its data was written over."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """All that was found in a hive, in order of offsets."""

    keys: tuple[DeletedKey, ...] = ()
    values: tuple[DeletedValue, ...] = ()
    truncated: bool = False
    """Whether a limit ended the search, so that there may be more."""


def find_deleted(hive: Hive) -> Deleted:
    """Search the whole hive, in time and memory proportionate to its size.

    Nothing that the live tree reaches is among what is found. Of a hive whose tree reaches more than its
    file can hold, nothing is told: what lives in it cannot be told apart.
    """
    cell_map = CellMap(hive.content, hive.name, BaseBlock.read(hive.content, hive.name))
    if not cell_map.complete:
        return Deleted(truncated=True)
    return _Search(cell_map).deleted()


class _Search:
    """What was found, put together."""

    def __init__(self, cell_map: CellMap) -> None:
        self._map = cell_map
        self._found = Remnants(cell_map)
        self._truncated = self._found.truncated
        self._paths: dict[int, str | None] = {cell_map.root: ""} if cell_map.root in cell_map.keys else {}
        # What is put together must not outgrow the file, however often its parts are named.
        self._room_for_paths = self._room_for_data = len(cell_map.buffer)

    def deleted(self) -> Deleted:
        keys = tuple(
            DeletedKey(
                found.name,
                found.at,
                moment(found.node[FILETIME]),
                None if found.parent == NONE else BINS + found.parent,
                self._path(found.at - BINS),
                found.intact,
            )
            for found in self._found.keys.values()
        )
        values = self._values()
        return Deleted(keys, values, self._truncated)

    def _values(self) -> tuple[DeletedValue, ...]:
        found = self._found
        owners = owners_of(self._map, found)
        claims = Counter(value.stored for value in found.values.values() if value.size > 0)
        values = []
        for at, value in found.values.items():
            if value.size > self._room_for_data:
                self._truncated, data, sound = True, b"", False
            else:
                data, sound = found.data(value)
                self._room_for_data -= len(data)
            alone = value.size <= 0 or claims[value.stored] == 1
            owner = self._owner(*owners[at]) if at in owners else None
            values.append(
                DeletedValue(value.name, value.type, data, at, owner, value.intact and sound and alone)
            )
        return tuple(values)

    def _owner(self, cell: int, link: Link) -> Owner:
        deleted = self._found.keys.get(BINS + cell)
        node = deleted.node if deleted else self._map.node(cell)[1]
        return Owner(BINS + cell, self._path(cell), moment(node[FILETIME]), link)

    def _path(self, cell: int) -> str | None:
        """From the root, by what each key on the way says of its parent."""
        way: list[tuple[int, str]] = []
        met: set[int] = set()
        path: str | None = None
        while len(way) < MAX_DEPTH:
            if cell in self._paths:
                path = self._paths[cell]
                break
            found = self._name_and_parent(cell)
            if found is None or cell in met:
                break
            way.append((cell, found[0]))
            met.add(cell)
            cell = found[1]
        for below, name in reversed(way):
            if path is not None:
                path = f"{path}\\{name}" if path else name
                self._room_for_paths -= len(path)
                if self._room_for_paths < 0:
                    self._truncated, path = True, None
            self._paths[below] = path
        return path

    def _name_and_parent(self, cell: int) -> tuple[str, int] | None:
        deleted = self._found.keys.get(BINS + cell)
        if deleted is not None:
            return deleted.name, deleted.parent
        if cell not in self._map.keys:
            return None
        return self._map.node(cell)[0], self._map.parent(cell)
