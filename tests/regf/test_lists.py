from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf import Hive
from tests.support.regf_writer import BINS, KeySpec, name_hash, write_hive

if TYPE_CHECKING:
    from tests.support.regf_writer import HiveImage

COUNT, ENTRIES = 6, 8  # positions in the cell of a list
NAMES = [f"K{number:03}" for number in range(100)]
NOWHERE = 0x7FFFFFF8


def _image(kind: str, *, leaf_size: int = 507, sort: bool = True) -> HiveImage:
    tree = KeySpec("R", (), tuple(KeySpec(name) for name in NAMES))
    match kind:
        case "li" | "lf" | "lh":
            return write_hive(tree, list_kind=kind, leaf_size=leaf_size, sort=sort)
        case _:
            raise AssertionError(kind)


def _found(image: HiveImage, name: str) -> str | None:
    key = Hive(image.seal(), "hive").root.subkey(name)
    return key.name if key else None


def _entry(image: HiveImage, kind: str, position: int) -> int:
    return image.lists[""][0] + ENTRIES + position * (4 if kind == "li" else 8)


@pytest.mark.parametrize("kind", ["li", "lf", "lh"])
@pytest.mark.parametrize("position", [0, 1, 49, 50, 99])
def test_a_broken_entry_never_makes_its_key_absent(kind: str, position: int) -> None:
    image = _image(kind)
    image.put(_entry(image, kind, position), "<I", NOWHERE)
    for name in NAMES:
        if name == NAMES[position]:
            with pytest.raises(EvidenceError, match="key outside the file") as caught:
                _found(image, name)
            assert caught.value.offset == BINS + NOWHERE
            assert caught.value.path == "hive"
        else:
            assert _found(image, name) == name


@pytest.mark.parametrize("kind", ["li", "lf", "lh"])
def test_an_overwritten_page_of_a_list_never_makes_keys_absent(kind: str) -> None:
    image = _image(kind)
    start, end = _entry(image, kind, 30), _entry(image, kind, 70)
    image.data[start:end] = bytes(end - start)
    for position, name in enumerate(NAMES):
        if 30 <= position < 70:
            with pytest.raises(EvidenceError):
                _found(image, name)
        else:
            assert _found(image, name) == name


def test_a_broken_entry_leaves_every_absence_open_where_there_are_no_hashes() -> None:
    image = _image("li")
    image.put(_entry(image, "li", 10), "<I", NOWHERE)
    with pytest.raises(EvidenceError):
        _found(image, "K1000")


def test_hints_tell_absence_past_an_entry_broken_elsewhere() -> None:
    image = _image("lf")
    image.put(_entry(image, "lf", 10), "<I", NOWHERE)
    assert _found(image, "zzzz is not there") is None


@pytest.mark.parametrize("hint", [b"ZZZ\0", b"zzz\0", bytes(4)])
def test_a_key_with_the_wanted_hint_or_none_that_cannot_be_read_leaves_it_open(hint: bytes) -> None:
    image = _image("lf", sort=False)
    image.put(_entry(image, "lf", 10) + 4, "<4s", hint)
    image.put(_entry(image, "lf", 10), "<I", NOWHERE)
    with pytest.raises(EvidenceError):
        _found(image, "zzz")


def test_a_key_out_of_order_is_found_by_its_hint() -> None:
    image = _image("lf", sort=False)
    assert [_found(image, name) for name in NAMES] == list(NAMES)


def test_hashes_tell_absence_past_an_entry_broken_elsewhere() -> None:
    image = _image("lh")
    image.put(_entry(image, "lh", 10), "<I", NOWHERE)
    assert _found(image, "K0985") is None


def test_a_key_with_the_wanted_hash_that_cannot_be_read_leaves_it_open() -> None:
    image = _image("lh", sort=False)
    image.put(_entry(image, "lh", 10) + 4, "<I", name_hash("ZZZ"))
    image.put(_entry(image, "lh", 10), "<I", NOWHERE)
    with pytest.raises(EvidenceError):
        _found(image, "zzz")


def test_two_names_with_one_hash_are_told_apart() -> None:
    assert name_hash("AA") == name_hash("B\x1c")
    image = write_hive(KeySpec("R", (), (KeySpec("AA"), KeySpec("B\x1c"))), sort=False)
    assert [_found(image, "aa"), _found(image, "b\x1c")] == ["AA", "B\x1c"]
    assert _found(write_hive(KeySpec("R", (), (KeySpec("AA"),))), "b\x1c") is None


def test_bytes_that_look_like_the_hash_across_two_fields_are_no_hit() -> None:
    name = next(f"X{n}" for n in range(1_000_000) if not name_hash(f"X{n}") & 0xFFFF)
    image = _image("lh")
    image.put(_entry(image, "lh", 0) + 4, "<H", name_hash(name) >> 16)
    packed = name_hash(name).to_bytes(4, "little")
    assert image.data.index(packed, image.lists[""][0]) == _entry(image, "lh", 0) + 2
    assert _found(image, name) is None


def test_a_wrong_hash_hides_nothing_that_is_in_its_place() -> None:
    image = _image("lh")
    image.put(_entry(image, "lh", 7) + 4, "<I", 0)
    assert _found(image, "k007") == "K007"


def test_a_name_beyond_ascii_is_looked_for_by_name_not_by_hash() -> None:
    tree = KeySpec("R", (), (KeySpec("zz"), KeySpec("żółw")))
    image = write_hive(tree, sort=False)
    image.put(image.lists[""][0] + ENTRIES + 12, "<I", 0)
    assert _found(image, "ŻÓŁW") == "żółw"
    assert _found(image, "ŻÓŁT") is None


@pytest.mark.parametrize("kind", ["li", "lf", "lh"])
def test_a_list_that_lost_entries_leaves_absence_open(kind: str) -> None:
    image = _image(kind)
    image.put(image.lists[""][0] + COUNT, "<H", 60)
    assert _found(image, "K010") == "K010"
    with pytest.raises(EvidenceError, match="list of subkeys with 60 entries for a key that has 100"):
        _found(image, "K080")


def test_a_list_that_is_nowhere_leaves_everything_open() -> None:
    image = _image("lh")
    image.put(image.keys[""] + 32, "<I", 0xFFFFFFFF)
    with pytest.raises(EvidenceError, match="list of subkeys outside the file"):
        _found(image, "K010")


@pytest.mark.parametrize("kind", ["li", "lf", "lh"])
@pytest.mark.parametrize("leaf", [1, 5, 10])
def test_a_broken_leaf_leaves_open_only_what_may_be_in_it(kind: str, leaf: int) -> None:
    image = _image(kind, leaf_size=10)
    at = image.lists[""][leaf]
    image.data[at + 4 : at + 6] = b"xx"
    hive = Hive(image.seal(), "hive")
    for position, name in enumerate(NAMES):
        if position // 10 == leaf - 1:
            with pytest.raises(EvidenceError, match="no list of subkeys where one should be"):
                hive.root.subkey(name)
        else:
            found = hive.root.subkey(name)
            assert found is not None
            assert found.name == name
    assert len(list(hive.root.subkeys())) == 90
    assert hive.damage[0].offset == at


def test_an_empty_leaf_hides_nothing() -> None:
    image = _image("lh", leaf_size=10)
    image.put(image.lists[""][5] + COUNT, "<H", 0)
    image.put(image.keys[""] + 24, "<I", 90)
    for position, name in enumerate(NAMES):
        assert _found(image, name) == (None if 40 <= position < 50 else name)


def test_an_index_root_below_an_index_root_leaves_absence_open() -> None:
    image = _image("lh", leaf_size=10)
    root = image.lists[""][0]
    image.put(root + ENTRIES + 4 * 9, "<I", root - BINS)
    assert _found(image, "K010") == "K010"
    with pytest.raises(EvidenceError, match="index root inside an index root"):
        _found(image, "K095")


def test_leaves_out_of_order_hide_nothing() -> None:
    image = _image("lf", leaf_size=10)
    root = image.lists[""][0] + ENTRIES
    entries = image.data[root : root + 40]
    image.data[root : root + 40] = b"".join(entries[at : at + 4] for at in range(36, -4, -4))
    assert [_found(image, name) for name in NAMES] == NAMES
    assert _found(image, "A") is None
