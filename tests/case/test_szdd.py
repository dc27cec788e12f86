from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.case import Budget, Limits, Member, open_case
from iiscluster_kb.case import szdd as module
from iiscluster_kb.case._content import DAMAGE
from iiscluster_kb.case.szdd import CONTAINER
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import Skipped
from tests.case.archives import contents, reasons, write_folder, zip_bytes
from tests.support.evidence import case_file
from tests.support.szdd_writer import kwaj_compress, lzss, qbasic_compress, szdd_compress

if TYPE_CHECKING:
    from pathlib import Path

HIVE = b"regf" + bytes(range(256)) * 300 + b"\0" * 5000 + b"hbin" * 700


def only(data: bytes, name: str = "SYSTEM._", limits: Limits | None = None) -> Member | Skipped:
    (found,) = CONTAINER.files(case_file(f"repair/{name}", data), Budget(limits or Limits()))
    return found


def expanded(data: bytes, name: str = "SYSTEM._") -> tuple[str, bytes]:
    member = only(data, name)
    assert isinstance(member, Member)
    stream = member.open()
    pieces = []
    while piece := stream.read(1000):
        assert len(piece) <= 1000
        pieces.append(piece)
    stream.close()
    assert stream.read(1) == b""
    return member.name, b"".join(pieces)[: member.size]


PACKED = {
    "szdd": szdd_compress(HIVE),
    "qbasic": qbasic_compress(HIVE),
    "kwaj stored": kwaj_compress(HIVE, 0),
    "kwaj turned": kwaj_compress(HIVE, 1),
    "kwaj lzss": kwaj_compress(HIVE, 2),
    "kwaj mszip": kwaj_compress(HIVE, 4),
    "kwaj lzss without size": kwaj_compress(HIVE, 2, size=False),
    "kwaj mszip without size": kwaj_compress(HIVE, 4, size=False, extra=b"four"),
    "kwaj stored without size": kwaj_compress(HIVE, 0, size=False),
}


@pytest.mark.parametrize("kind", PACKED)
def test_what_was_packed_comes_back(kind: str) -> None:
    data = PACKED[kind]
    assert CONTAINER.recognises(data[:8192], case_file("x", data).content)
    name, content = expanded(data)
    assert name == "SYSTEM"
    assert content[: len(HIVE)] == HIVE
    member = only(data)
    assert isinstance(member, Member)
    assert member.size >= len(HIVE)
    assert member.is_lasting


@given(st.binary(max_size=400) | st.text("ab \0", max_size=3000).map(str.encode))
def test_any_bytes_come_back(data: bytes) -> None:
    assert expanded(szdd_compress(data))[1] == data
    assert expanded(qbasic_compress(data))[1] == data
    for method in (0, 1, 2, 4):
        assert expanded(kwaj_compress(data, method))[1] == data


def test_the_window_begins_as_blanks() -> None:
    packed = b"SZDD\x88\xf0\x27\x33A\0" + struct.pack("<I", 18) + b"\0" + b"\x00\x0f"
    assert expanded(packed)[1] == b" " * 18


def test_a_match_may_overlap_itself() -> None:
    packed = b"SZDD\x88\xf0\x27\x33A\0" + struct.pack("<I", 19) + b"\x01x" + b"\xf0\xff"
    assert expanded(packed)[1] == b"x" * 19


@pytest.mark.parametrize(
    ("archive", "last", "name"),
    [
        ("SYSTEM._", "\0", "SYSTEM"),
        ("iisclex4.dl_", "l", "iisclex4.dll"),
        ("iisclex4.dl_", "\xe9", "iisclex4.dl"),
        ("whole.dll", "l", "whole.dll"),
        ("_", "l", "_"),
        ("._", "\0", "._"),
    ],
)
def test_the_name_gets_back_what_it_lost(archive: str, last: str, name: str) -> None:
    assert expanded(szdd_compress(b"data", last), archive)[0] == name


@pytest.mark.parametrize(
    ("name", "ending", "full"),
    [
        ("SYSTEM", "", "SYSTEM"),
        ("IISCLEX4", "DLL", "IISCLEX4.DLL"),
        ("NAMEOF89", "DLLX"[:3], "NAMEOF89.DLL"),
        ("", "HIV", ".HIV"),
    ],
)
def test_kwaj_may_hold_the_name(name: str, ending: str, full: str) -> None:
    data = kwaj_compress(b"data", 0, name=name, ending=ending, extra=b"12")
    assert expanded(data, "x._") == (full, b"data")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (szdd_compress(HIVE)[:8] + b"B" + szdd_compress(HIVE)[9:], "a mode of SZDD that is not known"),
        (kwaj_compress(HIVE, 3), "a method of KWAJ that is not supported (3)"),
        (
            b"SZDD\x88\xf0\x27\x33A\0" + struct.pack("<I", 1 << 31) + b"\xff12345678",
            "declares 2,147,483,648 bytes",
        ),
    ],
)
def test_what_cannot_be_expanded_is_skipped_with_a_reason(data: bytes, reason: str) -> None:
    skipped = only(data)
    assert isinstance(skipped, Skipped)
    assert skipped.path == "SYSTEM"
    assert reason in skipped.reason


@pytest.mark.parametrize("kind", PACKED)
def test_a_cut_file_is_skipped_and_the_rest_of_the_case_stays(kind: str, tmp_path: Path) -> None:
    data = PACKED[kind]
    for size in (8, 9, 13, 15, 20, len(data) // 2, len(data) - 1):
        folder = write_folder(tmp_path / f"{kind}-{size}", {"SYSTEM._": data[:size], "note.txt": b"x"})
        with open_case(folder) as case:
            assert case.files["note.txt"].content.size == 1
            rest = {path: file for path, file in case.files.items() if path != "note.txt"}
            for file in rest.values():
                try:
                    found = bytes(file.content.map())
                except EvidenceError:
                    continue
                assert found == HIVE[: len(found)]


def test_in_a_case_it_is_a_folder_with_one_file(tmp_path: Path) -> None:
    packed = {"repair/SYSTEM._": szdd_compress(HIVE), "repair/SOFTWARE._": kwaj_compress(HIVE, 4)}
    folder = write_folder(tmp_path / "NODE1", packed)
    with open_case(folder) as case:
        assert contents(case) == {"repair/SYSTEM._/SYSTEM": HIVE, "repair/SOFTWARE._/SOFTWARE": HIVE}


def test_alone_it_is_the_case(tmp_path: Path) -> None:
    write_folder(tmp_path, {"SYSTEM._": szdd_compress(HIVE)})
    with open_case(tmp_path / "SYSTEM._") as case:
        assert contents(case) == {"SYSTEM": HIVE}


def test_what_is_inside_is_opened_too(tmp_path: Path) -> None:
    inner = zip_bytes({"NODE1/SYSTEM": HIVE})
    write_folder(tmp_path / "case", {"all.zi_": szdd_compress(inner, "p")})
    with open_case(tmp_path / "case") as case:
        assert contents(case) == {"all.zi_/all.zip/NODE1/SYSTEM": HIVE}


def test_limits_hold(tmp_path: Path) -> None:
    folder = write_folder(
        tmp_path / "case", {"a._": szdd_compress(HIVE), "b._": kwaj_compress(HIVE, 2, size=False)}
    )
    with open_case(write_folder(tmp_path / "more", {"x": b"x"}), folder, limits=Limits(member=1000)) as case:
        assert {
            path: "over the limit of 1,000 bytes" in reason for path, reason in reasons(case).items()
        } == {
            "case/a._/a": True,
            "case/b._/b": True,
        }


def test_without_a_declared_size_counting_stops_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHUNK", 64)
    member = only(kwaj_compress(HIVE, 0, size=False), limits=Limits(member=1000))
    assert isinstance(member, Member)
    assert 1000 < member.size < 2000


def test_long_runs_are_handed_out_piece_by_piece() -> None:
    data = b"\0" * 400_000
    pieces = list(module._lzss(lzss(data), place=0, start=4080))
    assert len(pieces) > 3
    assert b"".join(pieces) == data


@pytest.mark.parametrize(
    "data",
    [
        b"SZDD\x88\xf0\x27\x33",
        b"SZ \x88\xf0\x27\x33\xd1\0",
        b"KWAJ\x88\xf0\x27\xd1",
        b"KWAJ\x88\xf0\x27\xd1" + struct.pack("<HHH", 0, 14, 0x3F),
        b"KWAJ\x88\xf0\x27\xd1" + struct.pack("<HHH", 0, 14, 0x08) + b"SYS",
        b"KWAJ\x88\xf0\x27\xd1" + struct.pack("<HHH", 4, 14, 0) + b"\x08\0XK123456",
        b"KWAJ\x88\xf0\x27\xd1" + struct.pack("<HHH", 4, 14, 0) + b"\x08\0CK123456",
        kwaj_compress(HIVE, 4, size=False)[:400],
    ],
)
def test_damage_is_of_a_kind_that_is_converted(data: bytes) -> None:
    with pytest.raises(DAMAGE):
        list(CONTAINER.files(case_file("SYSTEM._", data), Budget(Limits())))


def test_an_empty_block_ends_mszip() -> None:
    assert expanded(kwaj_compress(b"data", 4, size=False) + b"\0\0rest")[1] == b"data"


@given(
    st.sampled_from(sorted(PACKED)),
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=9),
)
def test_any_mutation_is_members_or_damage(kind: str, changes: list[tuple[int, int]]) -> None:
    data = bytearray(PACKED[kind])
    for place, byte in changes:
        data[place % len(data)] = byte
    if not CONTAINER.recognises(bytes(data), case_file("x").content):
        return
    try:
        found = list(CONTAINER.files(case_file("SYSTEM._", bytes(data)), Budget(Limits(member=1 << 20))))
        for member in found:
            if isinstance(member, Member) and member.size < 1 << 20:
                stream = member.open()
                while stream.read(1 << 16):
                    pass
    except DAMAGE:
        return
    assert len(found) == 1
