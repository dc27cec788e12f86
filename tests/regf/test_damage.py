from __future__ import annotations

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf import Damage, Hive
from iiscluster_kb.registry import RegistryValue
from tests.support.regf_writer import KeySpec, write_hive

TREE = KeySpec(
    "R",
    (),
    (
        KeySpec("A", (RegistryValue("One", 3, b"1" * 9), RegistryValue("Two", 3, b"2" * 9))),
        KeySpec("B", (RegistryValue("Three", 3, b"3" * 9),)),
    ),
)


def test_a_broken_value_raises_where_asked_and_is_noted_where_passed() -> None:
    image = write_hive(TREE)
    at = image.value_data["A", "One"]
    image.put(at, "<i", 16)
    hive = Hive(image.seal(), "NODE1/CLUSDB")
    before = hive.state
    key = hive.key("a")
    assert key is not None
    with pytest.raises(EvidenceError) as caught:
        key.value("one")
    reason = "data in an unallocated cell or longer than its cell"
    assert str(caught.value) == f"NODE1/CLUSDB: {reason}, at offset {at:#x}, in key 'A'"
    assert (caught.value.path, caught.value.offset) == ("NODE1/CLUSDB", at)
    assert not hive.damage
    assert [value.name for value in key.values()] == ["Two"]
    assert hive.damage == (Damage(at, "A", reason),)
    assert (before, hive.state) == ("clean", "damaged")
    two = key.value("TWO")
    assert two is not None
    assert two.data == b"2" * 9


def test_a_value_without_a_readable_name_leaves_absence_open() -> None:
    image = write_hive(TREE)
    at = image.values["A", "Two"]
    image.put(at + 4, "<2s", b"vv")
    key = Hive(image.seal(), "hive").key("a")
    assert key is not None
    assert key.value("One") is not None
    with pytest.raises(EvidenceError, match="no value where one should be") as caught:
        key.value("Three")
    assert caught.value.offset == at


def test_a_list_of_values_that_is_cut_leaves_absence_open() -> None:
    image = write_hive(TREE)
    image.put(image.value_lists["A"], "<i", 16)
    key = Hive(image.seal(), "hive").key("a")
    assert key is not None
    with pytest.raises(EvidenceError, match="list of values in an unallocated cell"):
        key.value("Three")


def test_damage_below_one_key_does_not_stop_the_others() -> None:
    image = write_hive(TREE)
    image.put(image.keys["A"], "<i", 96)
    hive = Hive(image.seal(), "hive")
    assert [key.path for key in hive.walk()] == ["", "B"]
    assert hive.damage == (Damage(image.keys["A"], "", "key in an unallocated cell"),)
    with pytest.raises(EvidenceError, match="in the root key"):
        hive.key("A\\B")


def test_the_other_subkeys_of_a_key_are_read() -> None:
    image = write_hive(TREE)
    image.put(image.keys["A"], "<i", 96)
    hive = Hive(image.seal(), "hive")
    assert [key.name for key in hive.root.subkeys()] == ["B"]
    assert hive.damage == (Damage(image.keys["A"], "", "key in an unallocated cell"),)


def test_a_root_that_cannot_be_read_is_noted_by_the_walk_and_raised_elsewhere() -> None:
    image = write_hive(TREE)
    image.put(36, "<I", 0x1000)
    hive = Hive(image.seal(), "hive")
    assert list(hive.walk()) == []
    assert [damage.path for damage in hive.damage] == [""]
    with pytest.raises(EvidenceError, match="at offset 0x2000, in the root key"):
        _ = hive.root
    with pytest.raises(EvidenceError, match="at offset 0x2000, in the root key"):
        hive.key("A")


def test_the_same_damage_is_listed_once_and_no_more_than_a_thousand() -> None:
    tree = KeySpec("R", tuple(RegistryValue(f"{number}", 3, b"123456789") for number in range(1100)))
    image = write_hive(tree)
    for at in image.value_data.values():
        image.put(at, "<i", 16)
    hive = Hive(image.seal(), "hive")
    assert list(hive.root.values()) == []
    first = hive.damage
    assert len(first) == 1001
    assert first[-1].reason == "more than 1000 places; the rest is not listed"
    assert list(hive.root.values()) == []
    assert hive.damage == first
