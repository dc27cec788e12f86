"""Whose a deleted value was, as far as lists of values still tell."""

from __future__ import annotations

import re
import sys
from array import array
from enum import StrEnum
from struct import Struct
from typing import TYPE_CHECKING

from iiscluster_kb.regf.layout import BINS, VALUE_COUNT, VALUE_LIST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.regf.cell_map import CellMap
    from iiscluster_kb.regf.remnants import Remnants

__all__ = ["Link", "owners_of"]

_FREE_RUN = re.compile(rb"[\x02\x03]+")
_CHUNK = 1 << 18  # bytes of a free run that are looked at together
_NEIGHBOURS = 16
"""Entries of a freed list that are looked at on either side of one."""
_NUMBER = Struct("<I")


class Link(StrEnum):
    """By what the key of a deleted value is known, the surest first."""

    DELETED_KEY = "the list of values of a deleted key"
    LIST_SLACK = "what follows the key's list of values in its cell"
    FREED_LIST = "a freed list that names values of the key beside it"


def owners_of(cell_map: CellMap, found: Remnants) -> dict[int, tuple[int, Link]]:
    """The keys of deleted values that can be told.

    Returns:
        By absolute offset of the value's cell: the key's cell as the hive stores it, and by what it is known.
    """
    known = _by_deleted_keys(found, room=len(cell_map.buffer) // 4)
    wanted = {at - BINS for at in found.values if at not in known}
    if wanted:
        beside = _beside_live_values(cell_map, found, wanted)
        for cell, owner in _by_live_keys(cell_map, wanted, beside):
            known.setdefault(BINS + cell, owner)
    return known


def _by_deleted_keys(found: Remnants, room: int) -> dict[int, tuple[int, Link]]:
    known: dict[int, tuple[int, Link]] = {}
    for at, key in found.keys.items():
        count = min(key.node[VALUE_COUNT], room)
        if not count:
            continue
        room -= count
        entries = found.content(key.node[VALUE_LIST], 4 * count)[0]
        for (cell,) in _NUMBER.iter_unpack(entries[: len(entries) & ~3]):
            if BINS + cell in found.values:
                known.setdefault(BINS + cell, (at - BINS, Link.DELETED_KEY))
    return known


def _beside_live_values(cell_map: CellMap, found: Remnants, wanted: set[int]) -> dict[int, set[int]]:
    """Live cells that stand beside wanted values in freed memory as entries of a list stand side by side.

    A list that grows is moved, and what is freed names the same values in the same order.

    Returns:
        By the live cell: the wanted ones that it stands beside.
    """
    beside: dict[int, set[int]] = {}
    room = len(cell_map.buffer) // 4
    for run in _FREE_RUN.finditer(cell_map.units):
        begin, end = run.start() * 8, min(run.end() * 8, len(cell_map.buffer))
        for at, cell in _mentions(cell_map, begin, end, wanted):
            for step in (-4, 4):
                for place in range(at + step, at + step * (_NEIGHBOURS + 1), step):
                    room -= 1
                    if not begin <= place <= end - 4 or room < 0:
                        break
                    (entry,) = _NUMBER.unpack_from(cell_map.buffer, place)
                    if BINS + entry in found.values:
                        continue
                    if entry % 8 or not cell_map.is_live(entry):
                        break
                    beside.setdefault(entry, set()).add(cell)
    return beside


def _mentions(cell_map: CellMap, begin: int, end: int, wanted: set[int]) -> Iterator[tuple[int, int]]:
    """Places in a free run that hold the offset of a wanted cell."""
    for start in range(begin, end, _CHUNK):
        chunk = bytes(cell_map.buffer[start : min(start + _CHUNK, end)])
        words = array("I", chunk[: len(chunk) & ~3])
        if sys.byteorder == "big":
            words.byteswap()
        if not wanted.isdisjoint(words):
            yield from ((start + 4 * n, word) for n, word in enumerate(words) if word in wanted)


def _by_live_keys(
    cell_map: CellMap, wanted: set[int], beside: dict[int, set[int]]
) -> Iterator[tuple[int, tuple[int, Link]]]:
    """By the slack of live keys' lists, and after those by the lists that name a value of theirs."""
    later: list[tuple[int, tuple[int, Link]]] = []
    room = len(cell_map.buffer) // 4
    for key in sorted(cell_map.keys):
        node = cell_map.node(key)[1]
        listed = cell_map.values_of(node)
        slack = cell_map.slack_of_list(node) if listed else ()
        room -= len(listed) + len(slack)
        if room < 0:
            break
        if not wanted.isdisjoint(slack):
            yield from ((cell, (key, Link.LIST_SLACK)) for cell in slack if cell in wanted)
        if beside and not beside.keys().isdisjoint(listed):
            named = (cell for entry in listed for cell in sorted(beside.get(entry, ())))
            later += ((cell, (key, Link.FREED_LIST)) for cell in named)
    yield from later
