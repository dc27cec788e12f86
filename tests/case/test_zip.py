from __future__ import annotations

import io
import shutil
import stat
import struct
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iiscluster_kb.case import Budget, Limits, open_case
from iiscluster_kb.case.zip import _Source
from iiscluster_kb.errors import CaseError, EvidenceError
from tests.case.archives import contents, reasons, zip_bytes

if TYPE_CHECKING:
    from pathlib import Path

TREE = {"NODE1/SYSTEM": b"regf" + bytes(9000), "NODE1/dir.txt": b"Volume in drive C", "NODE2/empty": b""}


def written(folder: Path, data: bytes, name: str = "case.zip") -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_every_method_gives_the_same_bytes(tmp_path: Path, method: int) -> None:
    with open_case(written(tmp_path, zip_bytes(TREE, method))) as case:
        assert contents(case) == TREE
        assert case.skipped == ()
        assert case.name == "case"


def test_an_archive_is_told_by_content(tmp_path: Path) -> None:
    with open_case(written(tmp_path, zip_bytes(TREE), "notes.txt")) as case:
        assert contents(case) == TREE
    with open_case(written(tmp_path, b"hello", "hello.zip")) as case:
        assert contents(case) == {"hello.zip": b"hello"}


def test_directories_are_no_files(tmp_path: Path) -> None:
    members = {"d/": b"", "e\\": b"", "d/a": b"1"}
    with open_case(written(tmp_path, zip_bytes(members))) as case:
        assert contents(case) == {"d/a": b"1"}
    with pytest.raises(CaseError, match="limit of 2 files"):
        open_case(written(tmp_path, zip_bytes(members)), limits=Limits(files=2))


def test_tricky_names_stay_in_the_case(tmp_path: Path) -> None:
    names = ["../../a", "/b", "C:\\c", "..\\..\\d", "a", "x/../../a", "..", ".", "e/./f", "\x1b[2J"]
    with open_case(written(tmp_path, zip_bytes([(name, name.encode()) for name in names]))) as case:
        assert contents(case) == {
            "a": b"../../a",
            "b": b"/b",
            "C:/c": b"C:\\c",
            "d": b"..\\..\\d",
            "a~2": b"a",
            "x/a": b"x/../../a",
            "e/f": b"e/./f",
            "%1B[2J": b"\x1b[2J",
        }
        assert [skipped.path for skipped in case.skipped] == ["?", "?"]
        assert {skipped.reason for skipped in case.skipped} == {"its name is empty, or too long to be one"}
        assert list(case.files) == sorted(case.files)
    assert list(tmp_path.iterdir()) == [tmp_path / "case.zip"]


def test_duplicates_are_both_kept(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zip_bytes([("SYSTEM", b"one"), ("SYSTEM", b"two"), ("a.dll", b"3"), ("a~2.dll", b"4")])
    with open_case(written(tmp_path, data)) as case:
        assert contents(case) == {"SYSTEM": b"one", "SYSTEM~2": b"two", "a.dll": b"3", "a~2.dll": b"4"}


def patched(data: bytes, offset: int, value: bytes) -> bytes:
    """Change a field of every entry of the central directory (APPNOTE 4.3.12)."""
    out = bytearray(data)
    at = out.find(b"PK\x01\x02")
    while at >= 0:
        out[at + offset : at + offset + len(value)] = value
        at = out.find(b"PK\x01\x02", at + 4)
    return bytes(out)


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [
        (8, b"\x01\x00", "encrypted"),
        (10, b"\x09\x00", "compressed by a method that is not supported (9)"),
        (10, b"\x63\x00", "compressed by a method that is not supported (99)"),
        (38, struct.pack("<I", (stat.S_IFLNK | 0o777) << 16), "a symbolic link"),
        (24, b"\xff\xff\xff\xf0", "over the limit of 2 GiB for one file (Limits.member, option --max-size)"),
        (16, b"\0\0\0\0", "cannot be expanded: Bad CRC-32 for file 'SYSTEM'"),
        (42, b"\xf0\0\0\0", "cannot be "),
    ],
)
def test_a_member_that_cannot_be_taken_is_skipped(
    tmp_path: Path, offset: int, value: bytes, reason: str
) -> None:
    inner = patched(zip_bytes({"SYSTEM": b"regf"}), offset, value)
    with open_case(written(tmp_path, zip_bytes({"n.zip": inner, "good": b"kept"}))) as case:
        assert contents(case) == {"good": b"kept"}
        assert list(reasons(case)) == ["n.zip/SYSTEM"]
        assert reason in reasons(case)["n.zip/SYSTEM"]


def test_a_checksum_that_fails_late_is_an_evidence_error(tmp_path: Path) -> None:
    large = bytes(100_000)
    with open_case(written(tmp_path, patched(zip_bytes({"SYSTEM": large}), 16, b"\0\0\0\0"))) as case:
        content = case.files["SYSTEM"].content
        for ask in (content.map, content.on_disk, lambda: content.sha256):
            with pytest.raises(EvidenceError, match="SYSTEM: cannot be expanded: Bad CRC-32"):
                ask()


@pytest.mark.skipif(shutil.which("zip") is None, reason="Info-ZIP's zip is not installed")
def test_encrypted_members_of_info_zip_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "SYSTEM").write_bytes(b"regf")
    subprocess.run(["zip", "-q", "-P", "secret", "case.zip", "SYSTEM"], cwd=tmp_path, check=True)
    with pytest.raises(CaseError, match=r"^case: SYSTEM: encrypted$"):
        open_case(tmp_path / "case.zip")


def test_lies_about_sizes_are_found_out(tmp_path: Path) -> None:
    smaller = patched(zip_bytes({"SYSTEM": b"x" * 400_000}), 24, struct.pack("<I", 200_000))
    larger = patched(zip_bytes({"SYSTEM": b"x" * 400_000}), 24, struct.pack("<I", 500_000))
    with open_case(written(tmp_path, smaller)) as case, pytest.raises(EvidenceError, match="CRC"):
        case.files["SYSTEM"].content.map()
    with open_case(written(tmp_path, larger)) as case, pytest.raises(EvidenceError, match="SYSTEM: "):
        case.files["SYSTEM"].content.map()


def test_a_bomb_loses_itself_and_nothing_else(tmp_path: Path) -> None:
    bomb = zip_bytes({f"{number}": bytes(1 << 20) for number in range(8)})
    data = zip_bytes({"a": b"kept", "bomb.zip": bomb, "z": b"kept too"})
    with open_case(written(tmp_path, data), limits=Limits(total=4 << 20)) as case:
        assert {"a", "z"} < set(case.files)
        assert sum(path.startswith("bomb.zip/") for path in case.files) == 3
        assert set(reasons(case).values()) == {
            "over the limit of 4 MiB expanded (Limits.total, option --max-size)"
        }


def test_overlapping_members_are_bounded_by_what_they_declare(tmp_path: Path) -> None:
    data = zip_bytes({"kernel": bytes(1 << 20)})
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    many = 400
    directory = data[start:end] * many
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, many, many, len(directory), start, 0)
    file = written(tmp_path, data[:start] + directory + tail)
    with open_case(file, limits=Limits(total=10 << 20)) as case:
        assert len(case.files) + len(case.skipped) == many
        assert len(case.files) <= 10


def test_a_directory_of_too_many_entries_is_not_even_read(tmp_path: Path) -> None:
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *[20] * 2, *[0] * 4, *[0] * 3, *[1, 0, 0, 0, 0], 0, 0)
    directory = (entry + b"a") * 30_000
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), 0, 0)
    file = written(tmp_path, zip_bytes({"a": b"x"})[:31] + b"" + directory + tail)
    with pytest.raises(CaseError, match="over the limit of 10 files"):
        open_case(file, limits=Limits(files=10))


def test_archives_are_opened_three_deep(tmp_path: Path) -> None:
    data = b"SYSTEM"
    for _ in range(5):
        data = zip_bytes({"in.zip" if data != b"SYSTEM" else "SYSTEM": data})
    with pytest.raises(
        CaseError, match=r"^case: in.zip/in.zip/in.zip: an archive nested more than 3 deep \(Limits.depth\)$"
    ):
        open_case(written(tmp_path, data))
    with open_case(tmp_path / "case.zip", limits=Limits(depth=5)) as case:
        assert contents(case) == {"in.zip/in.zip/in.zip/in.zip/SYSTEM": b"SYSTEM"}


def test_a_large_nested_archive_is_read_from_a_file(tmp_path: Path) -> None:
    inner = zip_bytes({"SYSTEM": bytes(range(256)) * 8192, "b": b"2"}, zipfile.ZIP_STORED)
    with open_case(written(tmp_path, zip_bytes({"n.zip": inner}, zipfile.ZIP_STORED))) as case:
        assert case.files["n.zip/SYSTEM"].content.size == 1 << 21
        assert bytes(case.files["n.zip/SYSTEM"].content.map()) == bytes(range(256)) * 8192
        assert case.files["n.zip/b"].content.map() == b"2"


def test_an_archive_without_files_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"^case.zip: zip archive without files$"):
        open_case(written(tmp_path, zip_bytes({})))
    with open_case(written(tmp_path, zip_bytes({"n.zip": zip_bytes({}), "a": b"1"}))) as case:
        assert reasons(case) == {"n.zip": "zip archive without files"}


def test_an_archive_cut_anywhere_is_one_clear_error(tmp_path: Path) -> None:
    data = zip_bytes(TREE, zipfile.ZIP_STORED)
    for length in range(4, len(data), 97):
        file = written(tmp_path, data[:length])
        with pytest.raises(CaseError, match=r"^case.zip: damaged zip archive: .*\S$"):
            open_case(file)
        with open_case(written(tmp_path, zip_bytes({"cut.zip": data[:length], "a": b"1"}), "b.zip")) as case:
            assert contents(case) == {"a": b"1"}
            assert list(reasons(case)) == ["cut.zip"]


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6),
    method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]),
)
def test_changed_bytes_raise_nothing_unexpected(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], method: int
) -> None:
    data = bytearray(zip_bytes({"a/SYSTEM": b"regf" * 40, "n.zip": zip_bytes({"b": b"2"}), "C": b""}, method))
    for place, value in changes:
        data[-1 - place % len(data)] = value  # from the end: that is where the directory lies
    file = written(tmp_path_factory.mktemp("zip"), bytes(data))
    try:
        case = open_case(file)
    except CaseError:
        return
    with case:
        for one in case.files.values():
            try:
                assert len(one.content.map()) == one.content.size
            except EvidenceError as error:
                assert error.path == one.path  # noqa: PT017 - either outcome is right, and each is checked


def test_the_source_behaves_as_a_file(tmp_path: Path) -> None:
    with open_case(written(tmp_path, b"0123456789", "digits")) as case:
        source = _Source(case.files["digits"].content, Budget(Limits()))
        assert (source.readable(), source.seekable(), source.tell()) == (True, True, 0)
        assert source.seek(-3, io.SEEK_END) == 7
        assert source.read(2) == b"78"
        assert source.seek(-1, io.SEEK_CUR) == 8
        assert source.read() == b"89"
        assert source.seek(50) == 50
        assert source.read(5) == b""
        with pytest.raises(OSError, match="before the start"):
            source.seek(-1)
