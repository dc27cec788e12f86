"""Laws of every storage of keys, and what hives keep besides."""

from __future__ import annotations

import contextlib
from itertools import islice
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError, RemedyError
from iiscluster_kb.regf.deleted import find_deleted
from iiscluster_kb.registry.reg_text import format_reg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.regf import Hive
    from iiscluster_kb.registry import KeyPath, RegistryKey, RegistryValue
    from iiscluster_kb.registry.reg_text import Dialect, Entry

__all__ = ["assert_answers_agree", "assert_is_told_in_a_line", "has_a_form", "look_through", "walk"]

_ASKED = 40
"""Values and subkeys of one key that are looked up."""
_KEYS, _VALUES = 2000, 20_000
"""Of one storage: a small file may list the same thousand values under each of a hundred keys."""


def assert_is_told_in_a_line(error: Exception) -> None:
    """An error names what is wrong, in one line."""
    assert str(error).strip()
    assert "\n" not in str(error)


def has_a_form(entry: Entry, dialect: Dialect) -> bool:
    """Whether an entry can be written in a dialect of ``.reg`` text; if not, the error says why."""
    try:
        format_reg([entry], dialect)
    except RemedyError as error:
        assert_is_told_in_a_line(error)
        return False
    return True


def walk(path: KeyPath, root: RegistryKey) -> Iterator[tuple[KeyPath, RegistryKey]]:
    """A key and all below it, each before its subkeys, with where they are."""
    pending = [(path, root)]
    while pending:
        path, key = pending.pop()
        yield path, key
        pending += [(path / below.name, below) for below in key.subkeys()]


def assert_answers_agree(key: RegistryKey, room: int, *, finds_subkeys: bool = True) -> int:
    """What a key lists it also finds, or says why it cannot tell; returns how many values were listed."""
    values = list(islice(key.values(), room))
    for value in values:
        _assert_is_readable(value)
    for value in values[:_ASKED]:
        with contextlib.suppress(EvidenceError):
            assert key.value(value.name) is not None
    for below in islice(key.subkeys(), _ASKED):
        with contextlib.suppress(EvidenceError):
            assert not finds_subkeys or key.subkey(below.name) is not None
    return len(values)


def _assert_is_readable(value: RegistryValue) -> None:
    assert value.type_name
    assert all("\0" not in text for text in value.strings())
    text, number = value.text(), value.integer()
    assert text is None or number is None


def look_through(hive: Hive) -> None:
    """Everything that a hive can be asked: it ends, and no two answers contradict each other."""
    # Where a leaf has hints, a wrong one hides its key from a look-up, as from Windows.
    finds = b"lf" not in hive.content[:] and b"lh" not in hive.content[:]
    room = _VALUES
    for key in islice(hive.walk(), _KEYS):
        assert key.path.count("\\") < 512
        _ = key.modified
        with contextlib.suppress(EvidenceError):
            _ = key.class_name
        room -= assert_answers_agree(key, room, finds_subkeys=finds)
    assert len(hive.damage) <= 1000
    assert hive.state in {"clean", "recovered", "unrecovered", "damaged"}
    assert hive.state == "damaged" or not hive.damage
    with contextlib.suppress(EvidenceError):
        hive.key("ResourceTypes\\IIS Server Instance")
    _assert_is_within(hive)


def _assert_is_within(hive: Hive) -> None:
    """What was deleted lies in the file, and is no more than the file is long."""
    found = find_deleted(hive)
    size = len(hive.content)
    places = [key.offset for key in found.keys] + [value.offset for value in found.values]
    assert all(0 <= place < size for place in places)
    assert sum(len(value.data) for value in found.values) <= size
    live = {key.offset for key in islice(hive.walk(), _KEYS)}
    assert not live.intersection(places)
