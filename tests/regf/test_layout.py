from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf import Hive
from tests.support.regf_writer import KeySpec, build_hive, write_hive

if TYPE_CHECKING:
    from pathlib import Path

HIVE = build_hive(KeySpec("ROOT"), file_name=r"emRoot\System32\Config\SOFTWARE")


def _fault(data: bytes) -> EvidenceError:
    with pytest.raises(EvidenceError) as caught:
        Hive(data, "NODE1/SYSTEM")
    assert caught.value.path == "NODE1/SYSTEM"
    return caught.value


def test_the_facts_of_the_base_block() -> None:
    hive = Hive(HIVE, "hive")
    assert hive.version == (1, 5)
    assert hive.file_name == r"emRoot\System32\Config\SOFTWARE"
    assert hive.checksum_matches


@pytest.mark.parametrize("data", [b"", b"reg", b"REGEDIT4\r\n", b"MZ" + HIVE[2:]])
def test_what_is_no_hive_says_so(data: bytes) -> None:
    assert "does not begin with 'regf'" in _fault(data).detail


@pytest.mark.parametrize("length", [4, 511, 512, 4095])
def test_a_cut_base_block_says_where(length: int) -> None:
    assert _fault(HIVE[:length]).detail == f"cut off at offset {length:#x}, inside the base block"


@pytest.mark.parametrize("signature", [b"DIRT", b"HvLE"])
def test_a_transaction_log_is_no_hive(signature: bytes) -> None:
    fault = _fault(HIVE[:512] + signature + HIVE[516:])
    assert "transaction log" in fault.detail
    assert fault.offset == 512


@pytest.mark.parametrize(("major", "minor"), [(0, 3), (2, 5), (1, 0), (1, 7), (0xFFFFFFFF, 0xFFFFFFFF)])
def test_a_version_that_nobody_knows_is_named(major: int, minor: int) -> None:
    image = write_hive(KeySpec("ROOT"))
    image.put(20, "<II", major, minor)
    assert f"version {major}.{minor} (offset 0x14)" in _fault(image.seal()).detail


@pytest.mark.parametrize("number", [0, 0xFFFFFFFF])
def test_a_checksum_is_never_nothing_nor_all_ones(number: int) -> None:
    image = write_hive(KeySpec("ROOT"))
    total = int.from_bytes(image.data[508:512], "little")
    rest = int.from_bytes(image.data[504:508], "little")
    image.put(504, "<I", rest ^ total ^ number)
    hive = Hive(image.seal(), "hive")
    assert hive.checksum_matches
    assert int.from_bytes(image.data[508:512], "little") == (1 if number == 0 else 0xFFFFFFFE)


def test_an_empty_file_is_an_error_and_a_missing_one_the_systems(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    with pytest.raises(EvidenceError, match="the file is empty"):
        Hive.open(empty)
    with pytest.raises(FileNotFoundError):
        Hive.open(tmp_path / "missing")


def test_a_file_that_is_no_hive_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"Windows Registry Editor Version 5.00")
    with pytest.raises(EvidenceError, match="does not begin with 'regf'"):
        Hive.open(str(path))
    path.unlink()
