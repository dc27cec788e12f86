"""Hives that nobody here wrote, read as an independent reader reads them."""

from __future__ import annotations

import io
import lzma
from datetime import timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from Registry import Registry

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf import Hive
from iiscluster_kb.registry import ValueType, upcase
from tests.support.regf_writer import checksum

if TYPE_CHECKING:
    from iiscluster_kb.registry import RegistryValue

HIVES = Path(__file__).resolve().parents[2] / "../shared/corpus/hives"
LOGS = {".log", ".log1", ".log2"}
FILES = sorted(path for path in HIVES.glob("*.xz") if Path(path.stem).suffix.lower() not in LOGS)
DAMAGED = {"plaso-corrupt_sub_key_list.hiv", "regipy-corrupted_system_hive"}
COUNTS = {
    "plaso-100_sub_keys.hiv": (101, 100),
    "plaso-corrupt_sub_key_list.hiv": (100, 99),
    "regipy-SYSTEM": (30_756, 73_456),
    "regipy-SYSTEM_WIN_10_1709": (43_211, 90_307),
}
UNRECOVERED = {
    "regipy-SYSTEM_B": (1622, 1621),
    "regipy-SYSTEM_WIN_10_1709": (4317, 4316),
    "regipy-UsrClass.dat": (256, 255),
    "regipy-transactions_NTUSER.DAT": (567, 566),
}

pytestmark = pytest.mark.skipif(not FILES, reason="no corpus beside the project")


@cache
def _unpacked(path: Path) -> bytes:
    return lzma.decompress(path.read_bytes())


def _whole(paths: list[Path]) -> list[Path]:
    return [path for path in paths if path.stem not in DAMAGED]


@pytest.mark.parametrize("path", _whole(FILES), ids=lambda path: path.stem)
def test_all_is_read_as_python_registry_reads_it(path: Path) -> None:
    data = _unpacked(path)
    hive = Hive(data, path.stem)
    theirs = {_path(key): key for key in _their_keys(data)}
    keys = values = 0
    for key in hive.walk():
        keys += 1
        their_key = theirs.pop(key.path)
        if key.modified:  # theirs goes through a float, which is two microseconds coarse
            assert abs(their_key.timestamp() - key.modified.replace(tzinfo=None)) < timedelta(microseconds=3)
        their_values = their_key.values()
        ours = list(key.values())
        values += len(ours)
        assert len(ours) == len(their_values)
        for our_value, their_value in zip(ours, their_values, strict=True):
            _agree(our_value, their_value, data)
    assert not theirs
    assert not hive.damage
    assert (keys, values) == COUNTS.get(path.stem, (keys, values))


def _their_keys(data: bytes) -> list[Any]:
    keys = [Registry.Registry(io.BytesIO(data)).root()]
    for key in keys:
        keys += key.subkeys()
    return keys


def _path(key: Any) -> str:
    _, _, path = key.path().partition("\\")
    return str(path)


def _agree(ours: RegistryValue, theirs: Any, hive: bytes) -> None:
    """Name, type and raw data are the same, but for known defects of python-registry 1.3.1."""
    record = theirs._vkrecord
    assert ours.name == (record.name() if record.has_name() else "")
    at = record.absolute_offset(0) - 4
    assert ours.offset == at
    kind = record.data_type()
    assert (
        kind == ours.type & 0xFFF
    )  # it cuts the type to 12 bits; driver databases of Windows 10 use the others
    data = theirs.raw_data()
    if data == ours.data:
        return
    field = hive[at + 12 : at + 16]  # of the data's offset, or the data
    inside = hive[at + 11] & 0x80
    match kind:
        case ValueType.REG_MULTI_SZ:
            assert inside  # it takes the data for empty
            assert data == b""
        case ValueType.REG_DWORD:
            assert len(ours.data) != 4  # it gives the field whatever the size and wherever the data
            assert data == field
        case ValueType.REG_DWORD_BIG_ENDIAN | ValueType.REG_QWORD:
            assert inside  # it takes the field for an offset, or the record for a cell
        case _:
            assert inside  # it gives the whole field whatever the size
            assert data == field


@pytest.mark.parametrize("path", _whole(FILES), ids=lambda path: path.stem)
def test_every_key_is_found_by_its_name(path: Path) -> None:
    for key in Hive(_unpacked(path), path.stem).walk():
        seen = set()
        for subkey in key.subkeys():
            found = key.subkey(upcase(subkey.name))
            assert found is not None
            assert found.offset == subkey.offset or upcase(subkey.name) in seen
            seen.add(upcase(subkey.name))
        assert key.subkey("no key of this name") is None


@pytest.mark.parametrize("path", _whole(FILES), ids=lambda path: path.stem)
def test_keys_are_found_by_their_paths_and_values_by_their_names(path: Path) -> None:
    hive = Hive(_unpacked(path), path.stem)
    for key in islice(hive.walk(), 0, None, 23):
        found = hive.key(upcase(key.path))
        assert found is not None
        assert upcase(found.path) == upcase(key.path)
        for value in key.values():
            named = found.value(upcase(value.name))
            assert named is not None
            assert upcase(named.name) == upcase(value.name)
        assert key.value("no value of this name") is None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_base_block_is_told_as_it_is(path: Path) -> None:
    data = _unpacked(path)
    hive = Hive(data, path.stem)
    assert hive.checksum_matches == (checksum(data) == int.from_bytes(data[508:512], "little"))
    primary, secondary = UNRECOVERED.get(path.stem, (0, 0))
    assert hive.sequences_match == (primary == secondary)
    if primary:
        assert hive.sequence_numbers == (primary, secondary)
        assert hive.state == "unrecovered"


def test_logs_are_told_from_hives() -> None:
    logs = [path for path in HIVES.glob("*.xz") if path not in FILES]
    assert len(logs) == 6
    for path in logs:
        with pytest.raises(EvidenceError, match="transaction log"):
            Hive(_unpacked(path), path.stem)


def _is_left_open(hive: Hive, name: str) -> bool:
    try:
        return hive.key(name) is not None
    except EvidenceError:
        return True


def test_one_bad_reference_costs_one_key() -> None:
    name = "plaso-corrupt_sub_key_list.hiv"
    hive = Hive(_unpacked(HIVES / f"{name}.xz"), name)
    names = {key.name for key in hive.walk()}
    assert (len(names), sum(len(list(key.values())) for key in hive.root.subkeys())) == COUNTS[name]
    assert len(hive.damage) == 1
    lost = ({str(number) for number in range(1, 101)} | {f"{number:03}" for number in range(100)}) - names
    assert lost
    for name in names - {hive.root.name}:
        assert hive.key(name) is not None
    assert hive.key("a name that is not there") is None  # no entry of the list bears its first letters
    left_open = {name for name in lost if _is_left_open(hive, name)}
    assert left_open


def test_more_of_a_heavily_damaged_hive_is_read_than_by_python_registry() -> None:
    name = "regipy-corrupted_system_hive"
    data = _unpacked(HIVES / f"{name}.xz")
    hive = Hive(data, name)
    ours = {key.path for key in hive.walk()}
    assert len(ours) == 1687
    assert len(hive.damage) > 100
    assert hive.state == "damaged"
    root = Registry.Registry(io.BytesIO(data)).root()
    pending, theirs = [root], set()
    while pending:
        key = pending.pop()
        theirs.add(_path(key))
        try:
            pending += key.subkeys()
        except Registry.RegistryParse.ParseException:
            continue
    assert theirs <= ours
    for path in theirs:
        found = hive.key(path)
        assert found is not None
        assert upcase(found.path) == upcase(path)
