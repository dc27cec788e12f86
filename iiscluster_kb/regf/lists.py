"""Lists of subkeys: going through them and finding a name in them.

A list is a leaf (li, lf, lh) or an index root (ri) that divides a long list over leaves. Windows keeps
the names sorted over the whole list, in the order of its own upper-casing. Hives exist whose lists are
not sorted: a name that the binary search misses is looked for everywhere before it counts as absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from iiscluster_kb.regf.damage import BrokenCell
from iiscluster_kb.regf.layout import ENTRY_SIZES, FAST_LEAF, HASH_LEAF, INDEX_ROOT, OFFSET_SIZE, SMALLEST_KEY
from iiscluster_kb.registry import upcase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from iiscluster_kb.regf.cells import Cells, KeyNode, ListHead

__all__ = ["FoundKey", "find_subkey", "subkey_cells"]

FoundKey: TypeAlias = "tuple[int, str, KeyNode]"
"""Cell, name and record."""

_HINT_SIZE = 4
_NO_HINT = bytes(_HINT_SIZE)


def subkey_cells(
    cells: Cells, cell: int, count: int, report: Callable[[BrokenCell], None]
) -> tuple[int, ...]:
    """Cells of the keys in a list, in its order; a part that cannot be read is left out.

    Args:
        cells: The hive.
        cell: The list.
        count: How many subkeys the key says that it has.
        report: Takes what is left out, and the difference if the list holds more or fewer.
    """
    try:
        found = cells.leaf(cell)
    except BrokenCell as fault:
        report(fault)
        found = ()
    if found is None:
        found = tuple(key for leaf in _leaves(cells, cell, report) for key in cells.list_entries(leaf))
    if len(found) != count:
        report(_miscounted(cell, len(found), count))
    return found


def find_subkey(cells: Cells, cell: int, count: int, folded: str) -> FoundKey | None:
    """The key of that name in a list, or None where it is certainly in no entry.

    Args:
        cells: The hive.
        cell: The list.
        count: How many subkeys the key says that it has.
        folded: The name, upper-cased.

    Raises:
        BrokenCell: The name is in no entry that can be read, and not every entry can.
    """
    # A name in ASCII has one hash only; beyond that Windows' upper-casing may differ from ours.
    trust_hashes = folded.isascii()
    try:
        head = cells.list_head(cell)
        found = _search(cells, head, folded)
    except BrokenCell:
        # A binary search always looks at the entry where the name belongs: it may be the broken one, and
        # then its hash is no better than its offset.
        found, head, trust_hashes = None, None, False
    if found is not None:
        return found
    if head and head[0] == HASH_LEAF and head[1] >= count and trust_hashes:
        return None  # the search has looked at every hash
    return _scan(cells, cell, count, folded, trust_hashes=trust_hashes)


def _search(cells: Cells, head: ListHead, folded: str) -> FoundKey | None:
    """Binary search, in a hash leaf after a look at the hashes; None: the name is not where it belongs."""
    leaf = _search_root(cells, head, folded) if head[0] == INDEX_ROOT else head
    if leaf is None:
        return None
    if leaf[0] == HASH_LEAF and folded.isascii() and (hit := _by_hash(cells, leaf, folded)) is not None:
        return hit
    low, high = 0, leaf[1]
    while low < high:
        middle = (low + high) // 2
        key = cells.list_entry(leaf, middle)
        name, node = cells.key(key)
        met = upcase(name)
        if met == folded:
            return key, name, node
        if met < folded:
            low = middle + 1
        else:
            high = middle
    return None


def _by_hash(cells: Cells, leaf: ListHead, folded: str) -> FoundKey | None:
    """The entry with the name's hash and name: it touches the list and one key, where a search touches many."""
    for key in _hashed(cells, leaf, folded):
        name, node = cells.key(key)
        if len(name) == len(folded) and upcase(name) == folded:
            return key, name, node
    return None


def _search_root(cells: Cells, root: ListHead, folded: str) -> ListHead | None:
    """The last leaf whose first name does not come after the wanted one."""
    low, high, found = 0, root[1], None
    while low < high:
        middle = (low + high) // 2
        leaf = cells.list_head(cells.list_entry(root, middle))
        kind, count, _ = leaf
        if kind == INDEX_ROOT or not count:
            return None
        if upcase(cells.key(cells.list_entry(leaf, 0))[0]) <= folded:
            low, found = middle + 1, leaf
        else:
            high = middle
    return found


def _scan(cells: Cells, cell: int, count: int, folded: str, *, trust_hashes: bool) -> FoundKey | None:
    """Look at every entry, or in a hash leaf only at those whose hash is that of the name."""
    broken: list[BrokenCell] = []  # the first is enough, and there may be millions
    met = 0
    for leaf in _leaves(cells, cell, broken.append):
        kind, entries, _ = leaf
        met += entries
        keys: Iterable[int]
        if trust_hashes and kind == HASH_LEAF:
            keys = _hashed(cells, leaf, folded)
        elif trust_hashes and kind == FAST_LEAF:
            keys = _hinted(cells, leaf, folded)
        else:
            keys = cells.list_entries(leaf)
        for key in keys:
            try:
                name, node = cells.key(key)
            except BrokenCell as fault:
                broken = broken or [fault]
            else:
                if len(name) == len(folded) and upcase(name) == folded:
                    return key, name, node
    if broken:
        raise broken[0]
    if met < count:
        raise _miscounted(cell, met, count)
    return None


def _hashed(cells: Cells, leaf: ListHead, folded: str) -> Iterator[int]:
    """The entries whose hash is that of the name ("Hash leaf", note)."""
    number = 0
    for unit in folded.encode("ascii"):
        number = number * 37 + unit
    entries = cells.list_bytes(leaf)
    return _marked(entries, entries, (number & 0xFFFFFFFF).to_bytes(4, "little"))


def _hinted(cells: Cells, leaf: ListHead, folded: str) -> Iterator[int]:
    """The entries whose hint, the first four characters, is that of the name or is left out ("Fast leaf").

    Windows reads no other key of such a list either.
    """
    entries = cells.list_bytes(leaf)
    hint = folded[:_HINT_SIZE].encode("ascii").ljust(_HINT_SIZE, b"\0")
    yield from _marked(entries, entries.upper(), hint)
    if hint != _NO_HINT:
        yield from _marked(entries, entries, _NO_HINT)


def _marked(entries: bytes, marks: bytes, wanted: bytes) -> Iterator[int]:
    """The offsets of the entries that bear the mark, which stands behind the offset."""
    at = marks.find(wanted)
    while at >= 0:
        if at % ENTRY_SIZES[HASH_LEAF] == OFFSET_SIZE:  # otherwise it straddles two fields
            yield int.from_bytes(entries[at - OFFSET_SIZE : at], "little")
        at = marks.find(wanted, at + 1)


def _leaves(cells: Cells, cell: int, report: Callable[[BrokenCell], None]) -> list[ListHead]:
    """The leaf that a list is, or those of an index root, each once and none that is a root again."""
    try:
        head = cells.list_head(cell)
    except BrokenCell as fault:
        report(fault)
        return []
    if head[0] != INDEX_ROOT:
        return [head]
    leaves: list[ListHead] = []
    room = cells.end // SMALLEST_KEY
    for offset in dict.fromkeys(cells.list_entries(head)):
        try:
            leaf = cells.list_head(offset)
        except BrokenCell as fault:
            report(fault)
            continue
        kind, entries, _ = leaf
        if kind == INDEX_ROOT:
            report(BrokenCell(offset, "index root inside an index root"))
            continue
        room -= entries
        if room < 0:
            report(BrokenCell(cell, "lists of more subkeys than the file has room for"))
            break
        leaves.append(leaf)
    return leaves


def _miscounted(cell: int, met: int, count: int) -> BrokenCell:
    return BrokenCell(cell, f"list of subkeys with {met} entries for a key that has {count}")
