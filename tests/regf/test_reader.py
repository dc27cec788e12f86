from __future__ import annotations

import mmap
import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf import Hive
from iiscluster_kb.registry import RegistryValue, ValueType, multi_sz, sz, upcase
from tests.support.regf_writer import KeySpec, build_hive, tree_from_dict, write_hive

if TYPE_CHECKING:
    from pathlib import Path

    from iiscluster_kb.regf import Key
    from iiscluster_kb.registry import RegistryKey
    from tests.support.regf_writer import ListKind

KINDS: tuple[ListKind, ...] = ("li", "lf", "lh", "ri", "ri/li", "ri/lf", "ri/lh")
TREE = tree_from_dict(
    "ROOT",
    {
        "": "default",
        "Select": {"Current": 1, "Padded": b""},
        "ResourceTypes": {
            "IIS Server Instance": {"AdminExtensions": ["{92BF7500-974C-11D0-A5F2-00A0C922E752}"]}
        },
        "Größe": {"Ключ": {"значение": "x", "naïve": b"123"}},
    },
)

_characters = st.characters(exclude_characters="\\", exclude_categories=["Cs"])
_names = st.text(_characters, min_size=1, max_size=20)
_data = st.one_of(st.binary(max_size=40), st.sampled_from([16344, 16345, 40000]).map(bytes))
_values = st.builds(RegistryValue, st.text(_characters, max_size=20), st.integers(0, 0xFFFFFFFF), _data)
_moments = st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


def _unique(things: list[KeySpec] | list[RegistryValue]) -> tuple[object, ...]:
    return tuple({upcase(thing.name): thing for thing in things}.values())


def _key(children: st.SearchStrategy[KeySpec] | None) -> st.SearchStrategy[KeySpec]:
    return st.builds(
        KeySpec,
        name=_names,
        values=st.lists(_values, max_size=4).map(_unique),
        subkeys=st.lists(children, max_size=6).map(_unique) if children is not None else st.just(()),
        modified=_moments,
        class_name=st.none() | _names,
    )


def _check(key: Key, spec: KeySpec, path: str) -> None:
    assert key.name == spec.name
    assert key.path == path
    assert key.modified == spec.modified
    assert key.class_name == spec.class_name
    assert key.line is None
    assert list(key.values()) == list(spec.values)
    for value in spec.values:
        assert key.value(upcase(value.name)) == value
    below = {subkey.name: subkey for subkey in key.subkeys()}
    assert key.subkey_count == len(below)
    assert set(below) == {subkey.name for subkey in spec.subkeys}
    for subkey in spec.subkeys:
        found = key.subkey(subkey.name)
        assert found is not None
        assert found.offset == below[subkey.name].offset
        _check(found, subkey, f"{path}\\{subkey.name}" if path else subkey.name)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    tree=_key(_key(_key(None))),
    minor=st.integers(1, 6),
    kind=st.sampled_from(KINDS),
    leaf_size=st.integers(1, 5),
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    padding=st.sampled_from([0, 40, 5000]),
)
def test_what_was_written_is_read(
    tree: KeySpec, minor: int, kind: ListKind, leaf_size: int, *, flags: tuple[bool, bool, bool], padding: int
) -> None:
    sort, utf16_names, resident = flags
    data = build_hive(
        tree,
        minor=minor,
        list_kind=kind,
        leaf_size=leaf_size,
        sort=sort,
        utf16_names=utf16_names,
        resident=resident,
        padding=padding,
    )
    hive = Hive(data, "hive")
    assert hive.version == (1, minor)
    _check(hive.root, tree, "")
    assert hive.key("nothing\\of\\the\\kind that is longer than any name") is None
    assert hive.root.value("nothing of the kind that is longer than any name") is None
    assert len(list(hive.walk())) == _count(tree)
    assert not hive.damage
    assert hive.state == "clean"


def _count(spec: KeySpec) -> int:
    return 1 + sum(map(_count, spec.subkeys))


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_any_buffer_is_read(wrap: type[bytes | bytearray | memoryview]) -> None:
    with Hive(wrap(build_hive(TREE)), "hive") as hive:
        key = hive.key(r"größe\КЛЮЧ")
        assert key is not None
        assert [value.name for value in key.values()] == ["значение", "naïve"]
        assert key.value("NAÏVE") == RegistryValue("naïve", 3, b"123")
        value = key.value("naïve")
        assert value is not None
        assert type(value.data) is bytes


def test_a_map_of_the_caller_stays_open() -> None:
    data = build_hive(TREE)
    with mmap.mmap(-1, len(data)) as mapped:
        mapped[:] = data
        with Hive(mapped, "hive") as hive:
            assert hive.key("select") is not None
        assert mapped[:4] == b"regf"


def test_a_file_is_mapped_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "SYSTEM"
    path.write_bytes(build_hive(TREE, file_name="SYSTEM", sequence_numbers=(3, 3)))
    with Hive.open(path) as hive:
        assert hive.name == str(path)
        assert repr(hive) == f"Hive({str(path)!r})"
        assert hive.file_name == "SYSTEM"
        assert hive.sequence_numbers == (3, 3)
        assert hive.modified == datetime(1999, 5, 4, 10, 11, 12, tzinfo=UTC)
        key = hive.key("\\Select\\")
        assert key is not None
        assert repr(key) == f"Key('Select', offset={key.offset:#x})"
        value = key.value("CURRENT")
    assert value is not None
    assert value.integer() == 1
    with pytest.raises(ValueError, match="closed"):
        key.value("CURRENT")


def test_offsets_are_those_of_the_cells_in_the_file() -> None:
    image = write_hive(TREE, padding=200)
    hive = Hive(image.seal(), "hive")
    for key in hive.walk():
        assert key.offset == image.keys[key.path]
        assert hive.root.offset == image.keys[""] == struct.unpack_from("<I", image.data, 36)[0] + 4096
        for value in key.values():
            assert value.offset == image.values[key.path, value.name]


def test_a_key_of_a_hive_is_a_registry_key() -> None:
    key: RegistryKey = Hive(build_hive(TREE), "hive").root
    assert key.subkey("SELECT") is not None


def test_the_empty_path_is_the_root() -> None:
    hive = Hive(build_hive(TREE), "hive")
    root = hive.key("")
    assert root is not None
    assert (root.name, root.path) == ("ROOT", "")
    assert root.value("") == RegistryValue("", ValueType.REG_SZ, sz("default"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sort", [True, False])
def test_every_key_of_a_long_list_is_found_and_no_other(kind: ListKind, *, sort: bool) -> None:
    names = [f"{{{number * 7919 % 1000:08X}-974C}}" for number in range(1000)]
    names += ["a", "Z", "_", "ÿ", "µ", "\u0131", "ǆ"]
    tree = KeySpec("R", (), tuple(KeySpec(name) for name in names))
    root = Hive(build_hive(tree, list_kind=kind, leaf_size=90, sort=sort), "hive").root
    for name in names:
        found = root.subkey(name.lower() if name.isascii() else name)
        assert found is not None
        assert found.name == name
    for name in ("{00000000-974D}", "A0", "", "zz", "é", "{00000000-974C} "):
        assert root.subkey(name) is None


def test_big_data_is_read_only_where_the_version_has_it() -> None:
    data = b"db" + bytes(range(256)) * 100
    tree = KeySpec("R", (RegistryValue("Big", 3, data),))
    for minor in range(1, 7):
        assert [value.data for value in Hive(build_hive(tree, minor=minor), "hive").root.values()] == [data]


def test_one_cell_of_more_than_a_segment_is_read_in_a_newer_version() -> None:
    data = bytes(range(256)) * 100
    image = write_hive(KeySpec("R", (RegistryValue("Big", 3, data),)), minor=3)
    image.put(24, "<I", 5)
    value = Hive(image.seal(), "hive").root.value("big")
    assert value is not None
    assert value.data == data


def test_no_data_is_no_data_wherever_it_is_said_to_lie() -> None:
    image = write_hive(KeySpec("R", (RegistryValue("Empty", 3, b"12345"),)))
    image.put(image.values["", "Empty"] + 8, "<II", 0, 0xFFFFFFFF)
    value = Hive(image.seal(), "hive").root.value("empty")
    assert value is not None
    assert value.data == b""


def test_times_that_are_none() -> None:
    image = write_hive(TREE)
    image.put(image.keys[""] + 8, "<Q", 0)
    image.put(image.keys["Select"] + 8, "<Q", 0xFFFFFFFFFFFFFFFF)
    hive = Hive(image.seal(), "hive")
    assert hive.root.modified is None
    select = hive.key("Select")
    assert select is not None
    assert select.modified is None
    tick = write_hive(KeySpec("R", modified=datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=1)))
    assert Hive(tick.seal(), "hive").root.modified == datetime(1601, 1, 1, 0, 0, 0, 1, tzinfo=UTC)


def test_a_class_of_no_length_is_none() -> None:
    image = write_hive(KeySpec("R", class_name="Shell"))
    assert Hive(image.seal(), "hive").root.class_name == "Shell"
    image.put(image.keys[""] + 78, "<H", 0)
    assert Hive(image.seal(), "hive").root.class_name is None


def test_a_class_that_cannot_be_read_is_an_error() -> None:
    image = write_hive(KeySpec("R", class_name="Shell"))
    image.put(image.keys[""] + 52, "<I", 0x00FFFFF8)
    hive = Hive(image.seal(), "hive")
    with pytest.raises(
        EvidenceError, match=r"hive: class name outside the file, at offset 0x1000ff8, in the root key"
    ):
        _ = hive.root.class_name


def test_a_predefined_handle_has_no_values() -> None:
    image = write_hive(KeySpec("R", (), (KeySpec("009", (), (), flags=0x40),)))
    image.put(image.keys["009"] + 40, "<I", 0x80000060)
    hive = Hive(image.seal(), "hive")
    key = hive.key("009")
    assert key is not None
    assert list(key.values()) == []
    assert key.value("Counter") is None
    assert not hive.damage


def test_unpaired_surrogates_read_as_replacements() -> None:
    tree = KeySpec("R", (RegistryValue("\udc00v", 1, b""),), (KeySpec("\ud800x"),))
    root = Hive(build_hive(tree), "hive").root
    assert [key.name for key in root.subkeys()] == ["\ufffdx"]
    assert [value.name for value in root.values()] == ["\ufffdv"]


def test_states() -> None:
    assert Hive(build_hive(TREE), "hive").state == "clean"
    pending = Hive(build_hive(TREE, sequence_numbers=(8, 7)), "hive")
    assert (pending.state, pending.sequences_match, pending.checksum_matches) == ("unrecovered", False, True)
    spoilt = Hive(build_hive(TREE, wrong_checksum=True), "hive")
    assert (spoilt.state, spoilt.sequences_match, spoilt.checksum_matches) == ("unrecovered", True, False)
    assert Hive(build_hive(TREE) + bytes(512), "hive").state == "clean"
    data = build_hive(tree_from_dict("R", {"Big": bytes(9000)}))
    assert Hive(data[:-4096], "hive").state == "damaged"


def test_the_strings_of_a_list_are_those_of_the_hive() -> None:
    key = Hive(build_hive(TREE, minor=3), "hive").key(r"resourcetypes\iis server instance")
    assert key is not None
    value = key.value("adminextensions")
    assert value is not None
    assert value.data == multi_sz("{92BF7500-974C-11D0-A5F2-00A0C922E752}")


def test_reading_imports_nothing_heavy() -> None:
    script = (
        "import sys; import iiscluster_kb.errors, iiscluster_kb.registry; before = set(sys.modules);"
        "import iiscluster_kb.regf; print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    foreign = {name for name in done.stdout.split() if not name.startswith("iiscluster_kb.")}
    assert foreign <= {"_datetime", "_struct", "datetime", "math", "mmap", "struct"}
