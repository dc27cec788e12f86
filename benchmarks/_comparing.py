"""Two readers' walks through one hive, compared: every difference, one by one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from _adapters import ENDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["Difference", "Dump", "compare", "read_dump"]


@dataclass(slots=True)
class DumpedKey:
    """A key as a reader dumped it, with the keys below it."""

    path: tuple[str, ...]
    time: int | None
    """Microseconds since 1601."""
    values: list[list[Any]]
    """Name, type, form of the data (``raw``: in hex), data and, from our reader, the cell's offset."""
    raised: list[list[str]]
    """What the reader was asked, exception and message."""
    subkeys: list[DumpedKey] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.path[-1]

    def size(self) -> int:
        """How many keys it is with all below."""
        pending, size = [self], 0
        while pending:
            key = pending.pop()
            size += 1
            pending += key.subkeys
        return size


@dataclass(slots=True)
class Dump:
    """What one reader made of one hive."""

    root: DumpedKey | None
    error: list[str] | None = None
    """Exception and message with which the hive was refused, or how the process ended."""
    told: list[list[Any]] = field(default_factory=list)
    """Our reader's own account of damage: offset, path, reason."""
    keys: int = 0
    values: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two readers do not tell alike.

    ``what``: ``refused``, ``key missing``, ``key extra``, ``key name``, ``time``, ``value missing``, ``value extra``,
    ``value name``, ``type`` or ``data``; missing and extra are said of the peer. ``size`` is how many keys it
    concerns where a whole subtree is missing or extra.
    """

    peer: str
    what: str
    path: tuple[str, ...]
    ours: Any = None
    theirs: Any = None
    raised: tuple[tuple[str, str, str], ...] = ()
    """What the peer raised at the key, or at the key above a missing one."""
    offset: int | None = None
    """Of the value's cell, by our reader."""
    size: int = 1

    def __str__(self) -> str:
        place = "\\".join(self.path)
        raised = f"; raised: {self.raised[0]}" if self.raised else ""
        return f"{self.peer}: {self.what} at {place!r}: {self.ours!r:.100} / {self.theirs!r:.100}{raised}"


def read_dump(lines: Iterable[bytes | str]) -> Dump:
    """A tree from what ``_walks.py dump`` printed: keys in depth-first order, then an account of the whole."""
    dump = Dump(None)
    above: list[DumpedKey] = []
    for line in lines:
        row = json.loads(line)
        if isinstance(row, dict):
            dump.error = row.get("error")
            dump.told = row.get("told", [])
            continue
        path, time, values, raised = row
        key = DumpedKey(tuple(path), time, values, raised)
        dump.keys += 1
        dump.values += len(values)
        del above[len(path) - 1 :]
        if above:
            above[-1].subkeys.append(key)
        else:
            dump.root = key
        above.append(key)
    return dump


def compare(peer: str, ours: Dump, theirs: Dump) -> Iterator[Difference]:
    """Every difference; a subtree that one of the two lacks is one, with its size."""
    if ours.root is None or theirs.root is None:
        if (ours.root is None) != (theirs.root is None):
            yield Difference(peer, "refused", (), ours.error, theirs.error)
        return
    pairs = [(ours.root, theirs.root)]
    if ours.root.name != theirs.root.name:
        yield Difference(peer, "key name", ours.root.path, ours.root.name, theirs.root.name)
    while pairs:
        our, their = pairs.pop()
        raised = tuple((what, kind, text) for what, kind, text in their.raised)
        if our.time != their.time:
            yield Difference(peer, "time", our.path, our.time, their.time, raised)
        yield from _compare_values(peer, our, their, raised)
        for first, second in _paired(our.subkeys, their.subkeys):
            if first is not None and second is not None:
                if first.name != second.name:
                    yield Difference(peer, "key name", first.path, first.name, second.name, raised)
                pairs.append((first, second))
            else:
                yield _alone(peer, first, second, raised)


def _alone(
    peer: str, ours: DumpedKey | None, theirs: DumpedKey | None, raised: tuple[tuple[str, str, str], ...]
) -> Difference:
    """A key that one of the two has, with all below it."""
    if ours is not None:
        return Difference(peer, "key missing", ours.path, ours.name, None, raised, None, ours.size())
    if theirs is None:
        raise ValueError("one of the two has the key")
    return Difference(peer, "key extra", theirs.path, None, theirs.name, raised, None, theirs.size())


def _compare_values(
    peer: str, our: DumpedKey, their: DumpedKey, raised: tuple[tuple[str, str, str], ...]
) -> Iterator[Difference]:
    path = our.path
    for first, second in _paired_values(our.values, their.values):
        if second is None and first is not None:
            yield Difference(peer, "value missing", path, first[:4], None, raised, first[4])
        elif first is None and second is not None:
            yield Difference(peer, "value extra", path, None, second, raised)
        elif first is not None and second is not None:
            *_, offset = first
            if first[0] != second[0]:
                yield Difference(peer, "value name", path, first[0], second[0], raised, offset)
            if first[1] != second[1]:
                yield Difference(peer, "type", path, first[:4], second, raised, offset)
            if not says_the_same(bytes.fromhex(first[3]), second[2], second[3]):
                yield Difference(peer, "data", path, first[:4], second, raised, offset)


def says_the_same(data: bytes, form: str, theirs: Any) -> bool:
    """Whether a peer's reading is one of the raw data: equal bytes, or what the bytes decode to."""
    read = _READINGS.get(form)
    return read is not None and bool(read(data) == theirs)


def _text(data: bytes) -> str | None:
    """None: an odd number of bytes is no text."""
    return None if len(data) % 2 else data.decode("utf-16-le", "surrogatepass")


_READINGS: dict[str, Callable[[bytes], Any]] = {
    "raw": bytes.hex,
    "long": lambda data: [len(data), data[:ENDS].hex(), data[-ENDS:].hex()],
    "text": lambda data: None if (text := _text(data)) is None else text.rstrip("\0"),
    "strings": lambda data: None if (text := _text(data)) is None else [*filter(None, text.split("\0"))],
    "number": lambda data: int.from_bytes(data, "little") if len(data) in {4, 8} else None,
    "time": lambda data: int.from_bytes(data, "little") // 10 if len(data) == 8 else None,
}


def _paired(
    ours: Sequence[DumpedKey], theirs: Sequence[DumpedKey]
) -> Iterator[tuple[DumpedKey | None, DumpedKey | None]]:
    for one, two in _matched([key.name for key in ours], [key.name for key in theirs]):
        yield (None if one is None else ours[one]), (None if two is None else theirs[two])


def _paired_values(
    ours: list[list[Any]], theirs: list[list[Any]]
) -> Iterator[tuple[list[Any] | None, list[Any] | None]]:
    for one, two in _matched([row[0] for row in ours], [row[0] for row in theirs]):
        yield (None if one is None else ours[one]), (None if two is None else theirs[two])


def _matched(ours: list[str], theirs: list[str]) -> Iterator[tuple[int | None, int | None]]:
    """Positions that belong together: equal names, and others where as many stand between equal ones."""
    if len(ours) == len(theirs):
        yield from ((number, number) for number in range(len(ours)))
        return
    for _, one, one_end, two, two_end in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        common = min(one_end - one, two_end - two) if one_end - one == two_end - two else 0
        yield from ((one + number, two + number) for number in range(common))
        yield from ((number, None) for number in range(one + common, one_end))
        yield from ((None, number) for number in range(two + common, two_end))
