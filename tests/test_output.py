from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb._output import print_documents, print_text, write_documents
from iiscluster_kb.model import Document

if TYPE_CHECKING:
    from pathlib import Path

ONE = (Document("report.json", b"{}\n"),)
TWO = (Document("NODE1.reg", b"\xff\xfea\0"), Document("NODE1-undo.reg", b"\xff\xfeb\0", printed=False))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_one_document_becomes_the_file(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    assert write_documents(ONE, str(target), force=False) == (target,)
    assert contents(tmp_path) == {"out.json": b"{}\n"}


def test_into_a_folder_every_document_goes(tmp_path: Path) -> None:
    write_documents(TWO, f"{tmp_path}/a/b/", force=False)
    assert contents(tmp_path / "a" / "b") == {"NODE1.reg": b"\xff\xfea\0", "NODE1-undo.reg": b"\xff\xfeb\0"}
    write_documents(ONE, str(tmp_path / "a"), force=False)
    assert (tmp_path / "a" / "report.json").read_bytes() == b"{}\n"


def test_several_documents_need_a_folder(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"several files to write \(NODE1.reg, NODE1-undo.reg\); name a folder"
    ):
        write_documents(TWO, str(tmp_path / "out.reg"), force=False)
    assert contents(tmp_path) == {}


def test_without_documents_nothing_is_made(tmp_path: Path) -> None:
    assert write_documents((), f"{tmp_path}/new/", force=False) == ()
    assert write_documents((), str(tmp_path / "new.reg"), force=False) == ()
    assert contents(tmp_path) == {}


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "NODE1-undo.reg").write_bytes(b"old")
    with pytest.raises(FileExistsError, match="is there already"):
        write_documents(TWO, str(tmp_path), force=False)
    assert contents(tmp_path) == {"NODE1-undo.reg": b"old"}


def test_what_is_there_is_replaced_by_force(tmp_path: Path) -> None:
    (tmp_path / "NODE1-undo.reg").write_bytes(b"old")
    write_documents(TWO, str(tmp_path), force=True)
    assert contents(tmp_path)["NODE1-undo.reg"] == b"\xff\xfeb\0"


def test_a_dangling_link_counts_as_there(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        write_documents(ONE, str(tmp_path / "out"), force=False)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the platform has no named pipes")
def test_a_pipe_is_not_replaced_even_by_force(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileExistsError, match="no regular file"):
        write_documents(ONE, str(tmp_path / "pipe"), force=True)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out.json").write_bytes(b"old")

    def full_disk(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left") as caught:
        write_documents(ONE, str(tmp_path / "out.json"), force=True)
    assert caught.value.filename == str(tmp_path / "out.json")
    assert contents(tmp_path) == {"out.json": b"old"}


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_documents(ONE, str(tmp_path / "out.json"), force=False)
    assert contents(tmp_path) == {}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        write_documents(ONE, str(tmp_path / "no" / "out.json"), force=False)
    assert caught.value.filename == str(tmp_path / "no" / "out.json")


def test_a_folder_cannot_stand_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        write_documents(ONE, f"{tmp_path}/file/", force=False)


def test_printed_documents_go_out_to_the_byte(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    print_documents((*TWO, *ONE))
    assert capsysbinary.readouterr().out == b"\xff\xfea\0{}\n"


def test_text_that_the_encoding_lacks_becomes_escapes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    with path.open("w", encoding="ascii") as stream, monkeypatch.context() as patch:
        patch.setattr("sys.stdout", stream)
        print_documents((Document("report.txt", "Ä 集\n".encode()),))
        print_text("ö\n")
    assert path.read_bytes() == b"\\xc4 \\u96c6\n\\xf6\n"
