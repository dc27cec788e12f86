"""What was deleted, in hives from which something is deleted as Windows does."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf import Hive, remnants
from iiscluster_kb.regf.deleted import Deleted, Link, find_deleted
from tests.support.regf_attacks import attacks
from tests.support.regf_deleting import (
    LIST,
    delete_value,
    deleted,
    free,
    free_key,
    image,
    lay,
    live_offsets,
    number,
    offsets_in,
    small_value,
    without_subkeys,
)
from tests.support.regf_writer import BINS, tree_from_dict, write_hive

if TYPE_CHECKING:
    from iiscluster_kb.regf.deleted import DeletedValue
    from tests.support.regf_attacks import Attack
    from tests.support.regf_writer import HiveImage


def only_value(found: Deleted) -> DeletedValue:
    assert not found.keys
    (value,) = found.values
    return value


def by_name(found: Deleted) -> dict[str, DeletedValue]:
    return {value.name: value for value in found.values}


# --- what is found ----------------------------------------------------------------------------------


@pytest.mark.parametrize("minor", range(1, 7))
def test_where_nothing_was_deleted_nothing_is_found(minor: int) -> None:
    assert deleted(image(minor)) == Deleted()


@pytest.mark.parametrize("minor", [1, 3, 5])
def test_the_last_value_of_a_list_is_known_by_what_follows_the_list(minor: int) -> None:
    hive = image(minor)
    offset = delete_value(hive, r"Types\IIS", "AdminExtensions")
    value = only_value(deleted(hive))
    assert (value.name, value.type, value.offset, value.intact) == ("AdminExtensions", 7, offset, True)
    assert value.data.decode("utf-16-le") == f"{LIST}\0\0"
    assert value.owner is not None
    assert (value.owner.path, value.owner.link) == (r"Types\IIS", Link.LIST_SLACK)
    assert value.owner.offset == hive.keys[r"Types\IIS"]
    assert value.owner.modified is not None


def test_a_value_from_the_middle_of_a_list_has_no_owner_that_can_be_told() -> None:
    hive = image()
    delete_value(hive, r"Types\IIS", "Name")
    value = only_value(deleted(hive))
    assert (value.name, value.owner, value.intact) == ("Name", None, True)


def test_a_freed_list_beside_live_values_tells_the_owner() -> None:
    hive = image()
    names = ("DllName", "Name", "AdminExtensions")
    cells = [hive.values[r"Types\IIS", name] - BINS for name in names]
    data = hive.value_data["Other", "Data"]
    delete_value(hive, "Other", "Data")
    hive.put(data + 4, "<3I", *cells)  # where a list was that moved when it grew
    delete_value(hive, r"Types\IIS", "Name")
    value = by_name(deleted(hive))["Name"]
    assert value.owner is not None
    assert (value.owner.path, value.owner.link) == (r"Types\IIS", Link.FREED_LIST)


def test_the_only_value_of_a_key_leaves_a_freed_list() -> None:
    hive = write_hive(tree_from_dict("ROOT", {"Key": {"Only": "text"}}))
    delete_value(hive, "Key", "Only")
    value = only_value(deleted(hive))
    assert (value.name, value.owner, value.intact) == ("Only", None, True)


@pytest.mark.parametrize("minor", [1, 3, 5])
def test_deleted_keys_have_their_path_and_their_values(minor: int) -> None:
    hive = image(minor)
    paths = [r"Types\Disk\Deep\Below", r"Types\Disk\Deep"]
    offsets = [free_key(hive, path) for path in paths]
    without_subkeys(hive, r"Types\Disk")
    found = deleted(hive)
    assert {key.path: key.offset for key in found.keys} == dict(zip(paths, offsets, strict=True))
    assert all(key.intact and key.modified for key in found.keys)
    below = next(key for key in found.keys if key.name == "Below")
    assert below.parent == hive.keys[r"Types\Disk\Deep"]
    assert {value.name: value.data for value in found.values} == {
        "Value": b"x" * 40,
        "Number": (7).to_bytes(4, "little"),
    }
    for value in found.values:
        assert value.owner is not None
        assert (value.owner.path, value.owner.link) == (paths[0], Link.DELETED_KEY)


def test_records_lie_anywhere_in_a_free_cell() -> None:
    hive = image()
    first = free_key(hive, r"Types\Disk\Deep\Below")
    free_key(hive, r"Types\Disk\Deep")
    without_subkeys(hive, r"Types\Disk")
    apart = deleted(hive)
    begin = hive.keys[r"Types\Disk\Deep"]  # written before what is below it, side by side
    end = hive.lists[r"Types\Disk\Deep"][0]
    hive.put(begin, "<i", end + number(hive, end) - begin)
    assert begin < first < end
    assert deleted(hive) == apart


def test_data_that_was_allocated_again_is_not_given() -> None:
    hive = image()
    delete_value(hive, "Other", "Data")
    data = hive.value_data["Other", "Data"]
    hive.put(data, "<i", -number(hive, data))
    value = only_value(deleted(hive))
    assert (value.data, value.intact) == (b"", False)


def test_data_is_given_as_far_as_it_lies_free() -> None:
    hive = image()
    delete_value(hive, "Other", "Data")
    data = hive.value_data["Other", "Data"]
    whole = number(hive, data)
    hive.put(data, "<i", 104)
    hive.put(data + 104, "<i", 104 - whole)
    value = only_value(deleted(hive))
    assert (value.data, value.intact) == (bytes(range(100)), False)


def test_data_with_a_record_in_it_is_not_intact() -> None:
    hive = image()
    delete_value(hive, "Other", "Data")
    data = hive.value_data["Other", "Data"]
    lay(hive, data + 16, small_value(b"Later"))
    found = deleted(hive)
    assert {value.name: value.intact for value in found.values} == {"Data": False, "Later": True}


def test_data_that_two_values_claim_is_not_intact() -> None:
    hive = image()
    delete_value(hive, "Other", "Data")
    delete_value(hive, "Other", "Text")
    hive.put(hive.values["Other", "Text"] + 12, "<I", hive.value_data["Other", "Data"] - BINS)
    assert [value.intact for value in deleted(hive).values] == [False, False]


def test_a_value_that_was_written_over_gives_way_to_what_lies_there_now() -> None:
    hive = image()
    delete_value(hive, "Other", "Data")
    data = hive.value_data["Other", "Data"]
    lay(hive, data, struct.pack("<i2sHIIIHH", 208, b"vk", 100, 0x80000004, 7, 4, 1, 0))
    lay(hive, data + 40, small_value(b"Later"))
    assert sorted(value.name for value in deleted(hive).values) == ["Data", "Later"]


def big(size: int) -> HiveImage:
    return write_hive(tree_from_dict("ROOT", {"Key": {"Big": bytes(range(250)) * (size // 250)}}), minor=5)


def test_big_data_is_put_together() -> None:
    hive = big(40_000)
    record = hive.value_data["Key", "Big"]
    listed = BINS + number(hive, record + 8, "<I")
    segments = [BINS + cell for cell in struct.unpack_from("<3I", hive.data, listed + 4)]
    delete_value(hive, "Key", "Big")
    for offset in (listed, *segments):
        free(hive, offset)
    value = only_value(deleted(hive))
    assert (value.data, value.intact) == (bytes(range(250)) * 160, True)
    hive.put(segments[1], "<i", -number(hive, segments[1]))
    value = only_value(deleted(hive))
    assert (value.data, value.intact) == ((bytes(range(250)) * 160)[:16344], False)


def test_long_data_in_one_cell_is_read_as_before_windows_xp() -> None:
    hive = write_hive(tree_from_dict("ROOT", {"Key": {"Big": b"y" * 20_000}}), minor=3)
    hive.data[24] = 5
    assert deleted(hive) == Deleted()
    delete_value(hive, "Key", "Big")
    assert only_value(deleted(hive)).data == b"y" * 20_000


def test_what_live_data_leaves_of_its_cell_is_searched_and_what_it_holds_is_not() -> None:
    hive = image()
    data = hive.value_data["Other", "Data"]
    lay(hive, data + 16, small_value(b"Inside"))
    lay(hive, data + 80, small_value(b"Slack"))
    assert deleted(hive) == Deleted()
    hive.put(hive.values["Other", "Data"] + 8, "<I", 60)
    assert only_value(deleted(hive)).name == "Slack"


def test_what_follows_the_last_bin_is_left_of_a_longer_hive() -> None:
    hive = image()
    hive.data += small_value(b"Beyond").ljust(64, b"\0")
    assert only_value(deleted(hive)).name == "Beyond"


# --- what lives -------------------------------------------------------------------------------------


def test_what_a_list_leads_to_is_not_deleted_though_its_cell_is_marked_free() -> None:
    hive = image()
    free(hive, hive.keys["Other"])
    free(hive, hive.values[r"Types\IIS", "Name"])
    found = deleted(hive)
    assert not found.keys
    assert {value.name for value in found.values} <= {"Data", "Text"}  # of the key that cannot be read
    assert "Name" not in by_name(found)


def test_the_search_is_no_reading_of_the_hive() -> None:
    hive = image()
    free(hive, hive.keys["Other"])
    opened = Hive(hive.seal(), "CLUSDB")
    find_deleted(opened)
    assert (opened.damage, opened.state) == ((), "clean")


def test_a_root_that_cannot_be_read_leaves_paths_open() -> None:
    hive = image()
    free(hive, hive.keys[""])
    free_key(hive, r"Types\Disk\Deep\Below")
    found = deleted(hive)
    assert [(key.name, key.path) for key in found.keys] == [("Below", None)]


# --- bounds -----------------------------------------------------------------------------------------


def test_parents_in_a_circle_have_no_path() -> None:
    hive = image()
    for path in (r"Types\Disk\Deep\Below", r"Types\Disk\Deep"):
        free_key(hive, path)
    without_subkeys(hive, r"Types\Disk")
    hive.put(hive.keys[r"Types\Disk\Deep"] + 4 + 16, "<I", hive.keys[r"Types\Disk\Deep\Below"] - BINS)
    assert [key.path for key in deleted(hive).keys] == [None, None]


@pytest.mark.parametrize("limit", ["_MOST_FOUND", "_MOST_TRIED"])
def test_a_limit_ends_the_search_and_is_told(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remnants, limit, 2)
    hive = image()
    for name in ("Data", "Text"):
        delete_value(hive, "Other", name)
    delete_value(hive, r"Types\IIS", "Name")
    found = deleted(hive)
    assert (len(found.values), found.truncated) == (2, True)


def test_paths_do_not_outgrow_the_file() -> None:
    spec = tree_from_dict("k" * 200, {})
    for _ in range(200):
        spec = type(spec)("k" * 200, (), (spec,))
    hive = write_hive(type(spec)("ROOT", (), (spec,)))
    for path in sorted(hive.keys, reverse=True):
        if path:
            free_key(hive, path)
    without_subkeys(hive, "")
    found = deleted(hive)
    assert len(found.keys) == 201
    assert found.truncated
    assert sum(len(key.path or "") for key in found.keys) <= len(hive.data)


def test_data_does_not_outgrow_the_file() -> None:
    tree = {"Key": {"Big": b"z" * 16_000, **{f"v{n}": b"12345" for n in range(5)}}}
    hive = write_hive(tree_from_dict("ROOT", tree))
    for name in tree["Key"]:
        delete_value(hive, "Key", name)
        hive.put(hive.values["Key", name] + 8, "<I", 16_000)
        hive.put(hive.values["Key", name] + 12, "<I", hive.value_data["Key", "Big"] - BINS)
    found = deleted(hive)
    assert found.truncated
    assert sum(len(value.data) for value in found.values) <= len(hive.data)


def test_of_a_tree_that_reaches_more_than_its_file_holds_nothing_is_told() -> None:
    tree = {"Key": {"Big": b"z" * 16_000, **{f"v{n}": b"12345" for n in range(50)}}}
    hive = write_hive(tree_from_dict("ROOT", tree))
    for name in tree["Key"]:
        hive.put(hive.values["Key", name] + 8, "<I", 16_000)
        hive.put(hive.values["Key", name] + 12, "<I", hive.value_data["Key", "Big"] - BINS)
    assert deleted(hive) == Deleted(truncated=True)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 0xFFFFFFFF), st.integers(0, 255)), max_size=40), st.booleans())
def test_no_bytes_raise_and_nothing_live_is_found(changes: list[tuple[int, int]], cut: bool) -> None:
    hive = image()
    delete_value(hive, "Other", "Data")
    free_key(hive, r"Types\Disk\Deep\Below")
    for where, byte in changes:
        hive.data[BINS + 4 + where % (len(hive.data) - BINS - 4)] = byte
    data = hive.seal()[: 4096 + 1801 if cut else None]
    found = find_deleted(Hive(data, "x"))
    offsets = offsets_in(found)
    assert len(offsets) == len(set(offsets))
    assert not live_offsets(data) & set(offsets)


@pytest.mark.parametrize("attack", list(attacks()), ids=lambda attack: attack.name)
def test_hostile_hives_raise_nothing_else(attack: Attack) -> None:
    try:
        hive = Hive(attack.data, "x")
    except EvidenceError:
        return
    found = offsets_in(find_deleted(hive))
    assert not live_offsets(attack.data) & set(found)
