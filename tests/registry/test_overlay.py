from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.registry import HKLM, KeyPath, RegistryValue, descend
from iiscluster_kb.registry.overlay import lay_over
from iiscluster_kb.registry.reg_entries import KeyDeletion, KeyEntry, ValueDeletion, ValueEntry
from tests.support.evidence import memory

if TYPE_CHECKING:
    from iiscluster_kb.registry import MemoryKey, RegistryKey
    from iiscluster_kb.registry.reg_entries import Entry

MOUNT = HKLM / "Cluster"


def laid(*entries: Entry) -> RegistryKey:
    tree = {"A": {"v": "old", "w": 1, "Below": {"x": 2}}, "B": {}}
    return lay_over(memory("ROOT", tree), MOUNT, entries)


def value(name: str = "v", data: bytes = b"new") -> RegistryValue:
    return RegistryValue(name, 3, data)


def found(root: RegistryKey, path: str) -> RegistryKey | None:
    names = path.split("\\")
    chain = descend(root, names)
    return chain[-1] if len(chain) == len(names) else None


def test_without_entries_all_is_as_before() -> None:
    root = laid()
    key = found(root, r"a\below")
    assert key is not None
    assert key.value("X") is not None
    assert [below.name for below in root.subkeys()] == ["A", "B"]


def test_a_value_is_replaced_and_the_others_stay() -> None:
    key = found(laid(ValueEntry(MOUNT / "a", value("V"))), "A")
    assert key is not None
    assert key.value("v") == value("V")
    assert sorted(v.name for v in key.values()) == ["V", "w"]
    assert key.modified is not None


def test_a_deleted_value_is_gone_and_may_come_again() -> None:
    key = found(laid(ValueDeletion(MOUNT / "A", "V")), "A")
    assert key is not None
    assert key.value("v") is None
    assert [v.name for v in key.values()] == ["w"]
    again = found(laid(ValueDeletion(MOUNT / "A", "v"), ValueEntry(MOUNT / "A", value())), "A")
    assert again is not None
    assert again.value("v") == value()


def test_missing_keys_are_made() -> None:
    root = laid(ValueEntry(MOUNT / r"N\M", value()), KeyEntry(MOUNT / "K"))
    made = found(root, r"n\m")
    assert made is not None
    assert (made.value("v"), made.modified, made.offset, made.line) == (value(), None, None, None)
    assert list(made.subkeys()) == []
    assert [below.name for below in root.subkeys()] == ["A", "B", "N", "K"]


def test_deleting_a_value_makes_no_key() -> None:
    assert found(laid(ValueDeletion(MOUNT / "N", "v")), "N") is None


def test_a_deleted_key_is_gone_with_all_below() -> None:
    root = laid(KeyDeletion(MOUNT / "A"))
    assert found(root, "A") is None
    assert [below.name for below in root.subkeys()] == ["B"]


def test_a_key_deleted_and_made_again_is_empty() -> None:
    key = found(laid(KeyDeletion(MOUNT / "A"), KeyEntry(MOUNT / "A")), "A")
    assert key is not None
    assert list(key.values()) == []
    assert list(key.subkeys()) == []


def test_what_lies_elsewhere_does_nothing() -> None:
    root = laid(KeyDeletion(HKLM / "SYSTEM"), ValueEntry(HKLM / "SYSTEM", value()))
    assert list(root.values()) == []


NAMES = st.lists(st.sampled_from(["A", "a", "B", "Below"]), max_size=2)


def entries_of(names: list[str], which: int) -> Entry:
    key = KeyPath((*MOUNT.parts, *names))
    match which:
        case 0:
            return KeyEntry(key)
        case 1:
            return ValueEntry(key, value())
        case 2:
            return ValueDeletion(key, "v")
        case _:
            return KeyDeletion(key)


@given(st.lists(st.builds(entries_of, NAMES, st.integers(0, 3)), max_size=8))
def test_an_overlay_equals_an_import(entries: list[Entry]) -> None:
    """Laying over gives what a plain import into a tree gives."""
    plain = memory("ROOT", {"A": {"v": "old", "w": 1, "Below": {"x": 2}}, "B": {}})
    applied = [entry for entry in entries if not (isinstance(entry, KeyDeletion) and entry.key == MOUNT)]
    for entry in applied:
        plain = imported(plain, entry)
    assert shape(
        lay_over(memory("ROOT", {"A": {"v": "old", "w": 1, "Below": {"x": 2}}, "B": {}}), MOUNT, applied)
    ) == shape(plain)


def imported(root: MemoryKey, entry: Entry) -> MemoryKey:
    names = entry.key.below(MOUNT)
    match entry:
        case KeyEntry():
            root.add(names)
        case ValueEntry(value=new):
            root.add(names).put(new)
        case ValueDeletion(name=name):
            chain = [root, *descend(root, names)]
            if len(chain) == len(names) + 1:
                chain[-1]._values.pop(name.upper(), None)  # type: ignore[attr-defined]  # a MemoryKey throughout
        case KeyDeletion():
            chain = [root, *descend(root, names)]
            if len(chain) == len(names) + 1:
                chain[-2]._subkeys.pop(names[-1].upper())  # type: ignore[attr-defined]  # a MemoryKey throughout
    return root


def shape(key: RegistryKey) -> object:
    return (
        {v.name: (v.type, v.data) for v in key.values()},
        {below.name.upper(): shape(below) for below in key.subkeys()},
    )
