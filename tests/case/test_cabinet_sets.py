"""Files that lie in several cabinets."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.case import open_case
from tests.case.archives import contents, reasons, tar_bytes, write_folder, zip_bytes
from tests.case.cab_writer import MSZIP, STORED, File, assemble, set_bytes

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["Disk1.cab", "disk2.CAB", "disk3.cab", "disk4.cab"]
NOISE = hashlib.shake_256(b"noise").digest(90_000)


@pytest.mark.parametrize("method", [STORED, MSZIP])
@pytest.mark.parametrize("count", [2, 3, 4])
def test_a_file_cut_over_a_set_is_joined(tmp_path: Path, method: int, count: int) -> None:
    cabinets = set_bytes(b"big.dll", NOISE, NAMES[:count], method)
    write_folder(tmp_path / "set", cabinets)
    (tmp_path / "set.zip").write_bytes(zip_bytes(cabinets))
    (tmp_path / "set.tar").write_bytes(tar_bytes(cabinets))
    for name in ("set", "set.zip", "set.tar"):
        with open_case(tmp_path / name) as case:
            assert contents(case) == {
                "Disk1.cab/first.txt": b"first",
                "Disk1.cab/big.dll": NOISE,
                f"{NAMES[count - 1]}/last.txt": b"last",
            }
            assert reasons(case) == {
                f"{NAMES[number]}/big.dll": f"the rest of a file that begins in {NAMES[number - 1]}; it is told of there"
                for number in range(1, count)
            }


def test_one_block_cut_into_many_parts_is_joined(tmp_path: Path) -> None:
    cabinets = set_bytes(b"big.dll", b"tiny data", NAMES, MSZIP)
    with open_case(write_folder(tmp_path, cabinets)) as case:
        assert contents(case)["Disk1.cab/big.dll"] == b"tiny data"


def test_a_cabinet_may_name_as_previous_the_one_where_the_file_begins(tmp_path: Path) -> None:
    cabinets = set_bytes(b"big.dll", NOISE, NAMES[:3])
    third = cabinets[NAMES[2]]
    cabinets[NAMES[2]] = third.replace(b"disk2.CAB\0", b"disk1.cab\0")  # as Wine and the specification do
    with open_case(write_folder(tmp_path, cabinets)) as case:
        assert contents(case)["Disk1.cab/big.dll"] == NOISE


def test_a_part_that_is_missing_is_named_and_the_rest_kept(tmp_path: Path) -> None:
    cabinets = set_bytes(b"big.dll", NOISE * 2, NAMES[:3])
    expected = {
        0: ("disk2.CAB/big.dll", "begins in Disk1.cab, which is not beside this cabinet"),
        1: ("Disk1.cab/big.dll", "goes on in disk2.CAB, which is not beside this cabinet"),
        2: ("Disk1.cab/big.dll", "goes on in disk3.cab, which is not beside this cabinet"),
    }
    for missing, (path, reason) in expected.items():
        there = {name: data for name, data in cabinets.items() if name != NAMES[missing]}
        with open_case(write_folder(tmp_path / f"{missing}", there)) as case:
            assert reasons(case)[path] == reason
            kept = {"Disk1.cab/first.txt": b"first", "disk3.cab/last.txt": b"last"}
            assert (
                contents(case).items()
                == {path: data for path, data in kept.items() if path.split("/")[0] in there}.items()
            )


def test_a_cabinet_of_another_set_is_not_taken(tmp_path: Path) -> None:
    ours = set_bytes(b"big.dll", NOISE, NAMES[:2])
    changed = {
        "set": struct.pack("<H", 8) + struct.pack("<H", 1),
        "order": struct.pack("<H", 7) + struct.pack("<H", 2),
    }
    for name, fields in changed.items():
        second = ours[NAMES[1]][:32] + fields + ours[NAMES[1]][36:]
        with open_case(write_folder(tmp_path / name, ours | {NAMES[1]: second})) as case:
            assert reasons(case)["Disk1.cab/big.dll"] == (
                "goes on in disk2.CAB, but the file of that name is another set's"
            )
    with open_case(write_folder(tmp_path / "cut", ours | {NAMES[1]: ours[NAMES[1]][:40]})) as case:
        assert reasons(case)["Disk1.cab/big.dll"].startswith(
            "goes on in disk2.CAB, which cannot be read: a name "
        )
    stranger = ours[NAMES[1]].replace(b"Disk1.cab\0", b"Other.cab\0")
    with open_case(write_folder(tmp_path / "stranger", ours | {NAMES[1]: stranger})) as case:
        assert "is another set's" in reasons(case)["Disk1.cab/big.dll"]


def test_ends_that_are_not_named_are_said(tmp_path: Path) -> None:
    first = assemble([(STORED, [(b"ab", 0)])], [File(b"x", 4, 0, 0xFFFE)])
    second = assemble([(STORED, [(b"cd", 4)])], [File(b"y", 4, 0, 0xFFFD), File(b"z", 1, 4, 0)])
    with open_case(write_folder(tmp_path, {"a.cab": first, "b.cab": second, "note": b"1"})) as case:
        assert reasons(case) == {
            "a.cab/x": "goes on in another cabinet, which is not named",
            "b.cab/y": "begins in another cabinet, which is not named",
            "b.cab/z": "lies behind a file that begins in another cabinet, and cannot be expanded without it",
        }


def test_names_of_other_cabinets_are_told_in_one_line(tmp_path: Path) -> None:
    first = assemble([(STORED, [(b"ab", 0)])], [File(b"x", 4, 0, 0xFFFE)], following="n\x1b[2J\next.cab")
    second = assemble([(STORED, [(b"cd", 4)])], [File(b"y", 4, 0, 0xFFFD)], previous="p\nrevious.cab")
    with open_case(write_folder(tmp_path, {"a.cab": first, "b.cab": second, "note": b"1"})) as case:
        assert reasons(case) == {
            "a.cab/x": "goes on in n%1B[2J%0Aext.cab, which is not beside this cabinet",
            "b.cab/y": "begins in p%0Arevious.cab, which is not beside this cabinet",
        }


def test_a_small_file_in_a_block_that_is_cut_needs_the_next_cabinet_too(tmp_path: Path) -> None:
    cabinets = set_bytes(b"big.dll", NOISE, NAMES[:3])
    with open_case(write_folder(tmp_path, {"Disk1.cab": cabinets["Disk1.cab"], "note": b""})) as case:
        assert reasons(case)["Disk1.cab/first.txt"].startswith(
            "a block that goes on in the next cabinet (at byte "
        )
