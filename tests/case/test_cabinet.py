from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iiscluster_kb.case import Budget, Limits, cabinet, containers, open_case
from iiscluster_kb.case._content import DiskContent
from iiscluster_kb.case._lzx import has_lzx
from iiscluster_kb.case._space import Space
from iiscluster_kb.errors import CaseError, EvidenceError
from iiscluster_kb.model import CaseFile, Skipped
from tests.case.archives import contents, reasons, write_folder
from tests.case.cab_writer import (
    LZX,
    MSZIP,
    QUANTUM,
    STORED,
    UTF8,
    File,
    assemble,
    cab_bytes,
    deflated,
    files_of,
    pack,
    set_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = ["Disk1.cab", "disk2.CAB", "disk3.cab", "disk4.cab"]
CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"
NOISE = hashlib.shake_256(b"noise").digest(90_000)
TREE = {
    "NODE1/SYSTEM": b"regf" + bytes(range(256)) * 500,
    "NODE1/dir.txt": b"Volume in drive C",
    "NODE2/empty": b"",
    "NODE2/noise": NOISE,
}


def written(folder: Path, data: bytes, name: str = "case.cab") -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


@pytest.mark.parametrize("method", [STORED, MSZIP])
def test_every_method_gives_the_same_bytes(tmp_path: Path, method: int) -> None:
    with open_case(written(tmp_path, cab_bytes(TREE, method))) as case:
        assert contents(case) == TREE
        assert case.skipped == ()
        assert case.name == "case"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the project")
@pytest.mark.parametrize("name", ["iis4_1_mszip.cab", "iis4_1_stored.cab", "iis4_1_wine_mszip.cab"])
def test_cabinets_of_other_writers_are_read(name: str) -> None:
    with open_case(CORPUS / "cabinets" / name) as case:
        found = contents(case)
        assert {path: len(data) for path, data in found.items()} == {
            "Iisclex4.dll": 11264,
            "clusiis4.dll": 200_000,
            "iis.inf": 108_894,
            "readme.txt": 8,
        }
        assert found["Iisclex4.dll"].startswith(b"MZ")
        assert case.skipped == ()


@pytest.mark.parametrize("reserve", [None, (3, 0, 0), (0, 5, 0), (0, 0, 7), (6144, 1, 2)])
@pytest.mark.parametrize("counts", [True, False])
def test_room_that_writers_reserve_is_passed_over(
    tmp_path: Path, reserve: tuple[int, int, int] | None, counts: bool
) -> None:
    data = assemble(
        [(STORED, pack(b"12345678", STORED, 5)), (MSZIP, [(deflated(b"abc"), 3)])],
        [File(b"one", 5), File(b"two", 3, 5), File(b"three", 3, 0, 1)],
        reserve=reserve,
        counts_reserve=counts,
    )
    with open_case(written(tmp_path, data)) as case:
        assert contents(case) == {"one": b"12345", "two": b"678", "three": b"abc"}


def test_names_are_utf_8_where_they_say_so_and_stay_in_the_case(tmp_path: Path) -> None:
    names: Sequence[tuple[bytes, int]] = [
        ("caf\u00e9".encode(), UTF8),
        ("caf\u00e9".encode("cp437"), 0),
        (b"\xff", UTF8),
        (b"..\\..\\up", 0),
        (b"C:\\WINNT\\a", 0),
        (b"/b", 0),
        (b"b", 0),
        (b"", 0),
        (b"n" * 256, 0),
    ]
    files = [File(name, 1, place, 0, flag) for place, (name, flag) in enumerate(names)]
    with open_case(written(tmp_path, assemble([(STORED, [(b"012345678", 9)])], files))) as case:
        assert contents(case) == {
            "caf\u00e9": b"0",
            "caf\u00e9~2": b"1",
            "%FF": b"2",
            "up": b"3",
            "C:/WINNT/a": b"4",
            "b": b"5",
            "b~2": b"6",
            "n" * 256: b"8",
        }
        assert reasons(case) == {"?": "its name is empty, or too long to be one"}
    assert list(tmp_path.iterdir()) == [tmp_path / "case.cab"]


def test_files_that_share_their_data_are_read_in_any_order(tmp_path: Path) -> None:
    files = [File(b"late", 3, 7), File(b"all", 10), File(b"again", 10), File(b"middle", 2, 4)]
    for method in (STORED, MSZIP):
        data = assemble([(method, pack(b"0123456789", method, 3))], files)
        with open_case(written(tmp_path, data)) as case:
            assert contents(case) == {
                "late": b"789",
                "all": b"0123456789",
                "again": b"0123456789",
                "middle": b"45",
            }


def test_a_method_that_nobody_expands_loses_its_own_folder_alone(tmp_path: Path) -> None:
    folders: list[tuple[int, list[tuple[bytes, int]]]] = [
        (QUANTUM, [(b"qqq", 3)]),
        (STORED, [(b"abc", 3)]),
        (15, [(b"???", 3)]),
    ]
    files = [File(b"q", 3), File(b"good", 3, 0, 1), File(b"odd", 3, 0, 2)]
    with open_case(written(tmp_path, assemble(folders, files))) as case:
        assert contents(case) == {"good": b"abc"}
        assert reasons(case) == {
            "q": "compressed by a method that is not supported (Quantum)",
            "odd": "compressed by a method that is not supported (15)",
        }


def test_without_libarchive_lzx_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cabinet, "has_lzx", lambda: False)
    with pytest.raises(CaseError, match=r"^case: a: compressed with LZX.*pip install 'iiscluster-kb\[lzx\]'"):
        open_case(written(tmp_path, cab_bytes({"a": b"1"}, LZX)))


def test_lzx_is_expanded_where_libarchive_is_there(tmp_path: Path) -> None:
    if not has_lzx():
        pytest.skip("libarchive or its binding is not installed")
    with open_case(written(tmp_path, cab_bytes(TREE, LZX))) as case:
        assert contents(case) == TREE
    whole = {"first.txt": b"first", "big.dll": NOISE, "last.txt": b"last"}
    cabinets = set_bytes(b"big.dll", NOISE, ["a.cab", "b.cab", "c.cab"], LZX)
    with open_case(write_folder(tmp_path / "set", cabinets)) as case:
        assert {path.split("/")[1]: data for path, data in contents(case).items()} == whole


# --- damage and attacks -----------------------------------------------------------------------------


def test_an_empty_file_is_no_empty_archive(tmp_path: Path) -> None:
    with open_case(written(tmp_path, b"")) as case:
        assert contents(case) == {"case.cab": b""}
    with pytest.raises(CaseError, match=r"^case.cab: cabinet archive without files$"):
        open_case(written(tmp_path, assemble([], [])))


def test_a_damaged_block_of_stored_data_loses_the_files_in_it_alone(tmp_path: Path) -> None:
    for method, lost in ((STORED, {"two"}), (MSZIP, {"two", "three"})):
        members = {"one": NOISE[:32768], "two": NOISE[32768:65536], "three": NOISE[65536:]}
        data = bytearray(cab_bytes(members, method))
        data[len(data) * 55 // 100] ^= 1
        with open_case(written(tmp_path, bytes(data))) as case:
            assert set(reasons(case)) == lost
            assert all(
                "a block whose checksum does not match (at byte " in one for one in reasons(case).values()
            )
            assert contents(case) == {name: part for name, part in members.items() if name not in lost}


@pytest.mark.parametrize(
    ("blocks", "method", "reason"),
    [
        ([(b"XXabc", 3)], MSZIP, "an MSZIP block without its signature (at byte 62 of case.cab)"),
        ([(b"CK\xff\xff", 3)], MSZIP, "an MSZIP block that cannot be expanded: Error -3"),
        ([(deflated(b"ab"), 3)], MSZIP, "an MSZIP block that declares 3 bytes and gives 2 (at byte 62"),
        ([(deflated(bytes(1 << 20)), 3)], MSZIP, "an MSZIP block that declares 3 bytes and gives more"),
        ([(b"ab", 3)], STORED, "a stored block of 2 bytes that declares 3 (at byte 62 of case.cab)"),
        ([(b"ab", 0)], STORED, "a block of 2 bytes that declares 0 (at byte 62 of case.cab)"),
        ([(b"", 40_000)], MSZIP, "a block of 0 bytes that declares 40,000 (at byte 62 of case.cab)"),
        ([(b"ab", 2)], STORED, "ends after 2 of 3 bytes"),
        ([], STORED, "ends after 0 of 3 bytes"),
        (
            [(b"a" * 40_000, 0)] * 2,
            STORED,
            "a block of 40,000 bytes that declares 0 (at byte 62 of case.cab)",
        ),
    ],
)
def test_a_damaged_block_is_one_clear_reason(
    tmp_path: Path, blocks: list[tuple[bytes, int]], method: int, reason: str
) -> None:
    with pytest.raises(CaseError) as caught:
        open_case(written(tmp_path, assemble([(method, blocks)], [File(b"a", 3)])))
    assert str(caught.value).startswith(f"case: a: {reason}")


def test_a_file_behind_the_end_of_its_folder_is_said_to_be_cut(tmp_path: Path) -> None:
    files = [File(b"a", 2), File(b"b", 5, 1000), File(b"none", 0, 1 << 31)]
    with open_case(written(tmp_path, assemble([(STORED, [(b"ab", 2)])], files))) as case:
        assert contents(case) == {"a": b"ab", "none": b""}
        assert reasons(case) == {"b": "ends after 0 of 5 bytes"}


def test_a_cabinet_cut_anywhere_keeps_what_lies_before(tmp_path: Path) -> None:
    data = cab_bytes(TREE)
    kept = []
    for length in range(8, len(data), 1009):
        with open_case(write_folder(tmp_path, {"cut.cab": data[:length], "a": b"1"})) as case:
            found = {path[8:]: one for path, one in contents(case).items() if path != "a"}
            assert found.items() <= TREE.items()
            assert reasons(case)["cut.cab"].startswith("damaged cabinet archive: cut off")
            kept.append(len(found))
    assert kept == sorted(kept)
    assert kept[-1] == len(TREE) - 1


def test_hostile_counts_stop_at_the_limit_of_files(tmp_path: Path) -> None:
    many = assemble([(STORED, [(b"a", 1)])], [File(b"n%d" % number, 1) for number in range(500)])
    with pytest.raises(CaseError, match=r"over the limit of 100 files \(Limits.files, option --max-files\)"):
        open_case(written(tmp_path, many), limits=Limits(files=100))
    folders: list[tuple[int, list[tuple[bytes, int]]]] = [(STORED, [])] * 500
    with pytest.raises(CaseError, match="over the limit of 100 files"):
        open_case(written(tmp_path, assemble(folders, [])), limits=Limits(files=100))


def test_a_bomb_stops_at_the_limit_that_the_message_names(tmp_path: Path) -> None:
    zeros = deflated(bytes(32768))
    data = assemble(
        [(STORED, [(b"a", 1)]), (MSZIP, [(zeros, 32768)] * 300)],
        [File(b"a", 1), File(b"bomb", 300 * 32768, 0, 1), File(b"behind", 1, 250 * 32768, 1)],
    )
    with open_case(written(tmp_path, data), limits=Limits(member=1 << 20, total=4 << 20)) as case:
        assert contents(case) == {"a": b"a"}
        assert reasons(case) == {
            "bomb": "9,830,400 bytes: over the limit of 1 MiB for one file (Limits.member, option --max-size)",
            "behind": "over the limit of 4 MiB expanded (Limits.total, option --max-size): the rest was not read",
        }
    with open_case(tmp_path / "case.cab", limits=Limits(member=1 << 20)) as case:
        assert contents(case) == {"a": b"a", "behind": b"\0"}


def test_tiny_blocks_count_for_more_than_they_hold(tmp_path: Path) -> None:
    data = assemble([(STORED, [(b"x", 1)] * 4000)], [File(b"a", 4000)])
    with pytest.raises(CaseError, match=r"over the limit of 1 MiB expanded .*: the rest was not read"):
        open_case(written(tmp_path, data), limits=Limits(total=1 << 20))
    with open_case(tmp_path / "case.cab") as case:
        assert contents(case) == {"a": b"x" * 4000}


def test_asked_without_its_neighbours_a_cabinet_stands_alone(tmp_path: Path) -> None:
    file = written(tmp_path, set_bytes(b"big.dll", NOISE * 2, NAMES[:2])[NAMES[0]])
    archive = CaseFile("a.cab", DiskContent("a.cab", file, file.stat().st_size, Space()))
    found = [
        one.path if isinstance(one, Skipped) else one.name
        for one in cabinet.CONTAINER.files(archive, Budget(Limits()))
    ]
    assert found == ["first.txt", "big.dll"]


def test_exactly_one_container_recognises_a_cabinet(tmp_path: Path) -> None:
    data = cab_bytes({"a": b"1"})
    written(tmp_path, data)
    content = DiskContent("x", tmp_path / "case.cab", len(data), Space())
    assert [one.name for one in containers() if one.recognises(data[:8192], content)] == ["cabinet"]


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 255)), min_size=1, max_size=6),
    method=st.sampled_from([STORED, MSZIP, LZX]),
    tables=st.booleans(),
)
def test_changed_bytes_raise_nothing_unexpected(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], method: int, tables: bool
) -> None:
    inner = cab_bytes({"b": b"2" * 300})
    cabinets = set_bytes(b"big.dll", NOISE[:40_000], NAMES[:2], method)
    cabinets["n.cab"] = cab_bytes({"a/SYSTEM": b"regf" * 40, "n.cab": inner, "C": b""}, method)
    folder = write_folder(tmp_path_factory.mktemp("cab"), {"note": b"so that there is always one file"})
    for name, sound in cabinets.items():
        data = bytearray(sound)
        for place, value in changes:
            data[place % (min(200, len(data)) if tables else len(data))] = value
        (folder / name).write_bytes(bytes(data))
    with open_case(folder) as case:
        for one in case.files.values():
            try:
                assert len(one.content.map()) == one.content.size
            except EvidenceError as error:
                assert error.path == one.path  # noqa: PT017 - either outcome is right, and each is checked


@settings(max_examples=40, deadline=None)
@given(
    tree=st.dictionaries(
        st.from_regex(r"[a-z]{1,6}", fullmatch=True), st.binary(max_size=200).map(b"=".__add__), min_size=1
    ),
    method=st.sampled_from([STORED, MSZIP]),
    block=st.integers(1, 300),
)
def test_whatever_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, bytes], method: int, block: int
) -> None:
    data = assemble([(method, pack(b"".join(tree.values()), method, block))], files_of(tree))
    with open_case(written(tmp_path_factory.mktemp("law"), data)) as case:
        assert contents(case) == tree
