from __future__ import annotations

import errno
import hashlib
import io
import mmap
import os
import threading
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.case import _space
from iiscluster_kb.case._content import DAMAGE, DiskContent, MemberContent, as_evidence
from iiscluster_kb.case._space import Space
from iiscluster_kb.errors import EvidenceError

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20


class Counting(io.BytesIO):
    """A stream that says how much was asked of it."""

    given = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.given += len(data)
        return data


def on_disk(folder: Path, data: bytes, space: Space | None = None, *, is_ours: bool = False) -> DiskContent:
    file = folder / "SYSTEM"
    file.write_bytes(data)
    return DiskContent("NODE1/SYSTEM", file, len(data), space or Space(), is_ours=is_ours)


def member(data: bytes, space: Space | None = None, size: int | None = None) -> MemberContent:
    declared = len(data) if size is None else size
    return MemberContent("a.zip/SYSTEM", declared, lambda: io.BytesIO(data), space or Space())


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, MIB - 1, MIB, MIB + 1, 5 * MIB])
@pytest.mark.parametrize("kind", ["disk", "member"])
def test_every_way_to_the_bytes_gives_the_same(tmp_path: Path, size: int, kind: str) -> None:
    data = (bytes(range(256)) * (size // 256 + 1))[:size]
    content: DiskContent | MemberContent = on_disk(tmp_path, data) if kind == "disk" else member(data)
    with content.open() as stream:
        assert stream.read(8192) == data[:8192]
    assert content.sha256 == hashlib.sha256(data).hexdigest()
    assert bytes(content.map()) == data
    assert content.map() is content.map()
    assert content.on_disk().read_bytes() == data
    assert content.on_disk() == content.on_disk()
    with content.open() as stream:
        assert stream.read() == data
    assert content.sha256 == hashlib.sha256(data).hexdigest()
    assert content.size == size
    content.close()
    content.close()


def test_only_large_files_of_ours_are_mapped(tmp_path: Path) -> None:
    small, large = on_disk(tmp_path, b"x" * 100, is_ours=True), member(b"y" * 5 * MIB)
    assert isinstance(small.map(), bytes)
    assert isinstance(large.map(), mmap.mmap)
    large.close()
    assert isinstance(on_disk(tmp_path, b"z" * 5 * MIB).map(), bytes)


def test_files_are_mapped_in_place_where_that_was_chosen(tmp_path: Path) -> None:
    content = on_disk(tmp_path, b"z" * 5 * MIB, Space(in_place=True))
    assert isinstance(content.map(), mmap.mmap)
    assert content.sha256 == hashlib.sha256(b"z" * 5 * MIB).hexdigest()
    content.close()


def test_a_file_that_is_cut_short_once_it_was_read_stays_as_it_was(tmp_path: Path) -> None:
    data = bytes(range(256)) * 8192
    content = on_disk(tmp_path, data)
    held = content.map()
    os.truncate(tmp_path / "SYSTEM", 10)
    assert held[-1] == 255
    assert content.sha256 == hashlib.sha256(data).hexdigest()


def test_what_memory_has_no_room_for_is_copied_before_it_is_mapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_space, "_READ", 3 * MIB)
    space = Space()
    data = b"ab" * MIB
    first, second = on_disk(tmp_path, data, space), on_disk(tmp_path, data, space)
    assert isinstance(first.map(), bytes)
    copied = second.map()
    os.truncate(tmp_path / "SYSTEM", 10)
    assert isinstance(copied, mmap.mmap)
    assert copied[:] == data
    assert second.sha256 == hashlib.sha256(data).hexdigest()
    copy = second.on_disk()
    assert copy.read_bytes() == data
    second.close()
    assert not copy.exists()
    first.close()
    (tmp_path / "SYSTEM").write_bytes(data)
    assert isinstance(second.map(), bytes)
    second.close()


@pytest.mark.parametrize("short", [True, False])
def test_a_file_that_cannot_be_read_whole_keeps_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short: bool
) -> None:
    monkeypatch.setattr(_space, "_READ", MIB)
    content = on_disk(tmp_path, b"a" * MIB)
    real = io.FileIO.read

    class Failing(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            os.truncate(tmp_path / "SYSTEM", 1000)
            if not short:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real(self, size) or b""

    with monkeypatch.context() as patched:
        patched.setattr(io, "FileIO", Failing)
        with pytest.raises(EvidenceError, match="ends after 1,000 of 1,048,576" if short else "Input/output"):
            content.map()
    (tmp_path / "SYSTEM").write_bytes(b"b" * MIB)
    assert content.map() == b"b" * MIB


def test_a_disk_file_may_be_read_again_after_close(tmp_path: Path) -> None:
    content = on_disk(tmp_path, b"z" * 2 * MIB)
    content.map()
    content.close()
    assert content.map()[:1] == b"z"
    content.close()


def test_a_map_that_is_still_looked_at_outlives_close(tmp_path: Path) -> None:
    content = on_disk(tmp_path, b"z" * 2 * MIB)
    view = memoryview(content.map())
    content.close()
    assert view[5] == ord("z")
    view.release()


def test_a_case_that_holds_many_maps_reads_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_space, "_MAPS", 1)
    space = Space()
    data = b"a" * MIB
    first, second = (on_disk(tmp_path, data, space, is_ours=True) for _ in range(2))
    assert isinstance(first.map(), mmap.mmap)
    assert isinstance(second.map(), bytes)
    first.close()
    third = on_disk(tmp_path, data, space, is_ours=True)
    assert isinstance(third.map(), mmap.mmap)
    third.close()


def test_a_map_that_fails_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_space, "_MAPS", 1)
    content = on_disk(tmp_path, b"a" * MIB, is_ours=True)
    (tmp_path / "SYSTEM").unlink()
    with pytest.raises(EvidenceError, match="No such file"):
        content.map()
    (tmp_path / "SYSTEM").write_bytes(b"b" * MIB)
    assert isinstance(content.map(), mmap.mmap)
    content.close()


@pytest.mark.parametrize("size", [100, 2 * MIB])
def test_a_file_that_shrinks_or_goes_is_damage(tmp_path: Path, size: int) -> None:
    content = on_disk(tmp_path, b"x" * size)
    os.truncate(tmp_path / "SYSTEM", size - 1)
    for ask in (content.open, content.map, lambda: content.sha256):
        with pytest.raises(EvidenceError, match=f"SYSTEM: shrank from {size:,} to {size - 1:,} bytes"):
            ask()
    (tmp_path / "SYSTEM").unlink()
    with pytest.raises(EvidenceError, match="cannot be read: No such file"):
        content.open()


def test_a_file_that_shrinks_while_it_is_read_is_damage(tmp_path: Path) -> None:
    content = on_disk(tmp_path, b"x" * 300_000)
    with content.open() as stream:
        stream.read(10)
        os.truncate(tmp_path / "SYSTEM", 100_000)
        with pytest.raises(EvidenceError, match="ends after 100,000 of 300,000 bytes") as raised:
            stream.read()
    assert raised.value.offset == 100_000


def test_a_log_that_grows_keeps_the_size_it_had(tmp_path: Path) -> None:
    content = on_disk(tmp_path, b"x" * 100)
    with (tmp_path / "SYSTEM").open("ab") as log:
        log.write(b"more")
    assert content.map() == b"x" * 100
    assert content.sha256 == hashlib.sha256(b"x" * 100).hexdigest()


def test_the_hash_is_of_what_was_read_whatever_became_of_the_file(tmp_path: Path) -> None:
    content = on_disk(tmp_path, b"x" * 100)
    content.map()
    (tmp_path / "SYSTEM").write_bytes(b"y" * 100)
    assert content.sha256 == hashlib.sha256(b"x" * 100).hexdigest()


def test_a_file_that_cannot_be_asked_for_its_size_is_closed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = on_disk(tmp_path, b"x")
    asked = []

    def failing(descriptor: int) -> os.stat_result:
        asked.append(descriptor)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fstat", failing)
    with pytest.raises(EvidenceError, match="cannot be read: Input/output error"):
        content.open()
    monkeypatch.undo()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(asked[0])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_or_link_put_there_meanwhile_is_not_read(tmp_path: Path) -> None:
    content = on_disk(tmp_path, b"")
    (tmp_path / "SYSTEM").unlink()
    os.mkfifo(tmp_path / "SYSTEM")
    with pytest.raises(EvidenceError, match="no longer a regular file"):
        content.open()
    (tmp_path / "SYSTEM").unlink()
    (tmp_path / "SYSTEM").symlink_to(__file__)
    with pytest.raises(EvidenceError, match="cannot be read"):
        content.open()


def test_a_member_is_expanded_no_further_than_it_is_read() -> None:
    inner = Counting(b"x" * 10 * MIB)
    content = MemberContent("SYSTEM", 10 * MIB, lambda: inner, Space())
    with content.open() as stream:
        assert len(stream.read(8192)) == 8192
    assert inner.given <= 65_536


def test_a_member_is_expanded_once() -> None:
    opened = []

    def open_member() -> io.BytesIO:
        opened.append(1)
        return io.BytesIO(b"abc")

    content = MemberContent("SYSTEM", 3, open_member, Space())
    assert [content.map(), content.open().read(), content.map()] == [b"abc"] * 3
    assert content.on_disk().read_bytes() == b"abc"
    assert len(opened) == 1
    content.close()


def test_a_member_longer_than_it_declares_is_cut_and_a_shorter_one_is_damage() -> None:
    assert member(b"x" * 10, size=4).map() == b"xxxx"
    for ask in ("map", "on_disk"):
        with pytest.raises(EvidenceError, match=r"a.zip/SYSTEM: ends after 10 of 11 bytes"):
            getattr(member(b"x" * 10, size=11), ask)()


def test_members_beyond_the_memory_go_to_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_space, "_MEMORY", 10)
    space = Space()
    first, second = member(b"x" * 8, space), member(b"y" * 8, space)
    assert [first.expand(), second.map()] == [b"x" * 8, b"y" * 8]
    assert isinstance(second.expand(), DiskContent)
    space.close()


def test_after_close_a_member_is_gone_and_so_is_its_file() -> None:
    space = Space()
    small, large = member(b"x", space), member(b"y" * 5 * MIB, space)
    files = [small.on_disk(), large.on_disk()]
    folder = files[0].parent
    assert folder == files[1].parent
    space.admit(small)
    space.admit(large)
    small.close()
    assert [file.exists() for file in files] == [False, True]
    with pytest.raises(EvidenceError, match="the case is closed"):
        small.map()
    large.close()
    assert not folder.exists()
    with pytest.raises(EvidenceError, match="the case is closed"):
        member(b"z", space).on_disk()


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: Space, _path: str) -> Path:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Space, "new_file", full)
    for content in (member(b"x"), member(b"x" * 5 * MIB)):
        with pytest.raises(EvidenceError, match="cannot be read: No space left on device"):
            content.on_disk()


@pytest.mark.parametrize("kind", DAMAGE)
def test_every_foreign_error_becomes_evidence_error(kind: type[Exception]) -> None:
    with (
        pytest.raises(EvidenceError, match=f"SYSTEM: cannot be expanded: {kind.__name__}"),
        as_evidence("SYSTEM"),
    ):
        raise kind
    with pytest.raises(EvidenceError, match="SYSTEM: cannot be expanded: why"), as_evidence("SYSTEM"):
        raise kind("why")


def test_several_threads_get_one_map_and_one_hash() -> None:
    content = member(b"x" * 5 * MIB)
    maps: list[object] = []
    hashes: list[str] = []

    def ask() -> None:
        hashes.append(content.sha256)
        maps.append(content.map())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in maps}) == 1
    assert set(hashes) == {hashlib.sha256(b"x" * 5 * MIB).hexdigest()}
    content.close()
