from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iiscluster_kb.case import Limits, open_case
from iiscluster_kb.errors import CaseError, EvidenceError
from tests.case.archives import contents, reasons, tar_bytes
from tests.case.test_tar_header import record, summed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TREE = {
    "NODE1/SYSTEM": b"regf" + bytes(range(256)) * 80,
    "NODE1/" + "long" * 60 + ".txt": b"Volume in drive C",
    "NODE2/caf\u00e9": b"x" * 512,
    "NODE2/empty": b"",
}


def written(folder: Path, data: bytes, name: str = "case.tar") -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_every_form_and_packing_gives_the_same_bytes(tmp_path: Path, form: int, mode: str) -> None:
    with open_case(written(tmp_path, tar_bytes(TREE, mode, form), "case.tar.gz")) as case:
        assert contents(case) == TREE
        assert case.skipped == ()
        assert case.name == "case"


def test_ustar_prefixes_are_joined(tmp_path: Path) -> None:
    tree = {"a" * 90 + "/" + "b" * 90: b"1"}
    with open_case(written(tmp_path, tar_bytes(tree, form=tarfile.USTAR_FORMAT))) as case:
        assert contents(case) == tree


@pytest.mark.skipif(shutil.which("tar") is None, reason="no tar on this system")
@pytest.mark.parametrize("form", ["gnu", "oldgnu", "pax", "posix", "ustar", "v7"])
def test_what_another_tar_writes_is_read(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "in" / "NODE1"
    folder.mkdir(parents=True)
    (folder / "SYSTEM").write_bytes(b"regf" * 5000)
    (folder / ("n" * 80)).write_bytes(b"2")
    (folder / "link").symlink_to("SYSTEM")
    (folder / "twin").hardlink_to(folder / "SYSTEM")
    command = ["tar", f"--format={form}", "-cf", "case.tar", "-C", "in", "NODE1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"this tar does not write {form}")
    with open_case(tmp_path / "case.tar") as case:
        assert sorted(map(len, contents(case).values())) == [1, 20_000]
        assert len(case.skipped) == 2
        assert reasons(case)["NODE1/link"] == "a symbolic link to SYSTEM"


def with_members(*infos: tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for info in infos:
            archive.addfile(info, io.BytesIO(bytes(info.size)))
    return out.getvalue()


def info(name: str, kind: bytes, link: str = "", size: int = 0) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size = kind, link, size
    return made


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_links_and_devices_are_skipped_each_with_its_reason(tmp_path: Path, form: int) -> None:
    data = with_members(
        info("d", tarfile.DIRTYPE),
        info("old/", tarfile.AREGTYPE),
        info("s", tarfile.SYMTYPE, "../../etc/passwd"),
        info("h", tarfile.LNKTYPE, "long" * 60),
        info("c", tarfile.CHRTYPE),
        info("b", tarfile.BLKTYPE),
        info("p", tarfile.FIFOTYPE),
        info("label", b"V"),
        info("part", b"M", size=600),
        info("what", b"Q", size=600),
        info("contiguous", tarfile.CONTTYPE, size=3),
        info("../../..", tarfile.REGTYPE),
        form=form,
    )
    with open_case(written(tmp_path, data)) as case:
        assert contents(case) == {"contiguous": bytes(3)}
        assert reasons(case) == {
            "s": "a symbolic link to ../../etc/passwd",
            "h": "a hard link to " + "long" * 60,
            "c": "a device",
            "b": "a device",
            "p": "a named pipe",
            "part": "a part of a file that begins in another volume",
            "what": "a member of a kind that is not known",
            "?": "its name is empty, or too long to be one",
        }


def test_the_target_of_a_link_is_told_in_one_line(tmp_path: Path) -> None:
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "a\n\x1b[2J"
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo("note"))
    with open_case(written(tmp_path, made.getvalue())) as case:
        assert reasons(case) == {"link": "a symbolic link to a%0A%1B[2J"}


@pytest.mark.skipif(shutil.which("tar") is None, reason="no tar on this system")
@pytest.mark.parametrize("form", ["gnu", "pax"])
def test_sparse_files_are_skipped_and_what_follows_is_found(tmp_path: Path, form: str) -> None:
    with (tmp_path / "holes").open("wb") as sparse:
        for number in range(40):
            sparse.seek(number << 20)
            sparse.write(b"x" * 4096)
    (tmp_path / "next").write_bytes(b"found")
    command = ["tar", f"--format={form}", "-S", "-cf", "case.tar", "holes", "next"]
    if subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode:
        pytest.skip("this tar writes no sparse files")
    with open_case(tmp_path / "case.tar") as case:
        assert contents(case)["next"] == b"found"
        assert case.skipped == () or reasons(case) == {"holes": "a sparse file, which is not supported"}


def test_an_extended_header_overrides_size_and_name(tmp_path: Path) -> None:
    pax = record("path", "NODE1/SYSTEM") + record("size", "3")
    head = tarfile.TarInfo("x")
    head.type, head.size = tarfile.XHDTYPE, len(pax)
    body = tarfile.TarInfo("wrong")
    end = bytes(1024)
    data = head.tobuf() + pax.ljust(512, b"\0") + body.tobuf() + b"abc".ljust(512, b"\0") + end
    with open_case(written(tmp_path, data)) as case:
        assert contents(case) == {"NODE1/SYSTEM": b"abc"}


def extended(kind: bytes, data: bytes, declared: int | None = None) -> bytes:
    head = tarfile.TarInfo("x")
    head.type, head.size = kind, len(data) if declared is None else declared
    return head.tobuf(tarfile.GNU_FORMAT) + data.ljust(-(-len(data) // 512) * 512, b"\0")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (extended(b"x", b"", 2 << 20), "an extended header of 2,097,152 bytes (at byte 1,536)"),
        (extended(b"L", b"", 600), "cut off inside an extended header (at byte 1,536)"),
        (extended(b"x", b"nonsense"), "a record of an extended header has no length (at byte 1,536)"),
        (
            extended(b"x", record("size", "-5")) + tarfile.TarInfo("y").tobuf(),
            "the size in an extended header is no number (at byte 2,560)",
        ),
        (b"nonsense" * 64, "no tar header: its checksum does not match (at byte 1,024)"),
        (b"", "ends without the mark of its end: it may have been cut off (at byte 1,024)"),
        (b"\0" * 100, "cut off inside a header (at byte 1,124)"),
    ],
)
def test_what_was_read_before_the_damage_is_kept(tmp_path: Path, data: bytes, reason: str) -> None:
    good = tar_bytes({"SYSTEM": b"regf"})[:1024]
    with open_case(written(tmp_path, good + data)) as case:
        assert contents(case) == {"SYSTEM": b"regf"}
        assert reasons(case) == {"case.tar": f"damaged tar archive: {reason}"}


def test_a_row_of_extended_headers_is_counted(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="over the limit of 1,000 files"):
        open_case(written(tmp_path, gzip.compress(extended(b"L", b"name") * 2000)), limits=Limits(files=1000))


def test_a_sparse_map_without_end_is_bounded(tmp_path: Path) -> None:
    head = bytearray(info("holes", b"S").tobuf(tarfile.GNU_FORMAT))
    head[482] = 1
    data = summed(bytes(head)) + b"\1" * 512 * 3000
    with pytest.raises(CaseError, match="over the limit of 1,000 files"):
        open_case(written(tmp_path, data), limits=Limits(files=1000))
    with open_case(written(tmp_path, tar_bytes({"a": b"1"})[:1024] + summed(bytes(head)))) as case:
        assert set(reasons(case)) == {"holes", "case.tar"}


def test_a_bomb_stops_at_the_limit_that_the_message_names(tmp_path: Path) -> None:
    data = tar_bytes({"a": b"kept", "bomb": bytes(8 << 20), "z": b"behind"}, "w:xz")
    with open_case(written(tmp_path, data), limits=Limits(member=1 << 20, total=4 << 20)) as case:
        assert contents(case) == {"a": b"kept"}
        assert reasons(case)["bomb"].startswith("8,388,608 bytes: over the limit of 1 MiB for one file")
        assert "over the limit of 4 MiB expanded" in reasons(case)["case.tar"]
        assert "the rest of the archive was not read" in reasons(case)["case.tar"]
    with open_case(tmp_path / "case.tar", limits=Limits(member=1 << 20)) as case:
        assert contents(case) == {"a": b"kept", "z": b"behind"}


def test_a_size_beyond_all_reason_is_skipped(tmp_path: Path) -> None:
    block = bytearray(info("huge", b"0").tobuf(tarfile.GNU_FORMAT))
    block[124:136] = b"\x80" + b"\xff" * 11
    with open_case(
        written(tmp_path, tar_bytes({"a": b"1"})[:1024] + summed(bytes(block)) + bytes(2048))
    ) as case:
        assert contents(case) == {"a": b"1"}
        assert set(reasons(case)) == {"huge", "case.tar"}


def test_a_tar_cut_anywhere_keeps_what_lies_before(tmp_path: Path) -> None:
    data = tar_bytes(TREE)
    kept = []
    for length in range(600, len(data), 97):
        try:
            case = open_case(written(tmp_path, data[:length]))
        except CaseError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either outcome is right, and each is checked
            continue
        with case:
            found = contents(case)
            assert found.items() <= TREE.items()
            assert found == TREE or case.skipped
            kept.append(len(found))
    assert kept == sorted(kept)
    assert kept[-1] == len(TREE)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_tar_cut_anywhere_gives_a_case_or_one_error(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    data = pack(tar_bytes(TREE | {"noise": hashlib.shake_256(b"noise").digest(9000)}))
    outcomes = set()
    for length in range(0, len(data), 97):
        try:
            case = open_case(written(tmp_path, data[:length]))
        except CaseError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either outcome is right, and each is checked
            outcomes.add("error")
            continue
        with case:
            assert case.skipped or list(case.files) == ["case.tar"]
            outcomes.add("case")
    assert "case" in outcomes


def test_a_packed_file_that_is_no_tar_is_a_file(tmp_path: Path) -> None:
    for name, data in {
        "a.gz": gzip.compress(b"x" * 9000),
        "b.xz": b"\xfd7zXZ\0junk",
        "c.bz2": b"BZhjunk",
    }.items():
        with open_case(written(tmp_path, data, name)) as case:
            assert contents(case) == {name: data}


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 255)), min_size=1, max_size=6),
    mode=st.sampled_from(["w", "w", "w:gz", "w:bz2", "w:xz"]),
)
def test_changed_bytes_raise_nothing_unexpected(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], mode: str
) -> None:
    data = bytearray(
        tar_bytes({"a/SYSTEM": b"regf" * 40, "l" * 200: b"x", "n.tar": tar_bytes({"b": b"2"})}, mode)
    )
    for place, value in changes:
        data[place % len(data)] = value
    try:
        case = open_case(written(tmp_path_factory.mktemp("tar"), bytes(data)))
    except CaseError:
        return
    with case:
        for one in case.files.values():
            try:
                assert len(one.content.map()) == one.content.size
            except EvidenceError as error:
                assert error.path == one.path  # noqa: PT017 - either outcome is right, and each is checked


def test_bytes_behind_the_end_are_read_within_the_limit_only(tmp_path: Path) -> None:
    data = gzip.compress(tar_bytes({"a": b"1"}) + bytes(4 << 20))
    with open_case(written(tmp_path, data), limits=Limits(total=1 << 20)) as case:
        assert contents(case) == {"a": b"1"}
        assert "its checksum was not verified" in reasons(case)["case.tar"]


def test_a_checksum_that_fails_at_the_end_is_said(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(tar_bytes({"a": b"1"})))
    data[-5] ^= 1
    with open_case(written(tmp_path, bytes(data))) as case:
        assert contents(case) == {"a": b"1"}
        assert "CRC check failed" in reasons(case)["case.tar"]


def test_the_label_of_all_members_is_no_member(tmp_path: Path) -> None:
    data = extended(b"g", record("comment", "x")) + tar_bytes({"a": b"1"})
    with open_case(written(tmp_path, data)) as case:
        assert contents(case) == {"a": b"1"}
        assert case.skipped == ()


def test_a_member_cut_short_is_skipped_itself(tmp_path: Path) -> None:
    data = tar_bytes({"a": b"1", "n.zip": b"x" * 3000})[:2600]
    with open_case(written(tmp_path, data)) as case:
        assert contents(case) == {"a": b"1"}
        assert reasons(case) == {
            "n.zip": "ends after 1,064 of 3,000 bytes",
            "case.tar": "damaged tar archive: cut off: what came behind is lost (at byte 2,600)",
        }
