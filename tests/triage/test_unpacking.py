from __future__ import annotations

import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import CaseError
from iiscluster_kb.triage._nouns import Found, LeftOut, Outcome, Result, Settings, Task
from iiscluster_kb.triage._run import Spool
from iiscluster_kb.triage._unpacking import unpack
from iiscluster_kb.triage._worker_main import _answer

if TYPE_CHECKING:
    from pathlib import Path


def unpacked(archive: Path, into: Path, **limits: int) -> Result:
    into.mkdir()
    task = Task(Found(str(archive), str(archive), archive.name), Settings(**limits), into=str(into))  # type: ignore[arg-type]  # by name
    return unpack(task, str(into))


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_no_member_leads_out_of_the_folder(tmp_path: Path) -> None:
    files = {"../../evil": b"1", "/etc/evil": b"2", "a/SYSTEM": b"3", "C:\\b\\..\\x": b"4", "\x1b[31m": b"5"}
    told = unpacked(zipped(tmp_path / "a.zip", files), tmp_path / "into")
    assert told.outcome is Outcome.DONE
    assert told.rows["errors"] == ()
    assert tree(tmp_path / "into") == {
        "evil": b"1",
        "etc/evil": b"2",
        "a/SYSTEM": b"3",
        "C:/b/x": b"4",
        "%1B[31m": b"5",
    }
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip", "into"}


def test_what_cannot_be_taken_is_told(tmp_path: Path) -> None:
    files = {"a": b"1", "a/b": b"2", "big": bytes(2000), "x" * 300: b"3", "last": b"4"}
    told = unpacked(zipped(tmp_path / "a.zip", files), tmp_path / "into", size=1000)
    assert tree(tmp_path / "into") == {"a": b"1", "last": b"4"}
    assert [(row[1], str(row[2])[:19]) for row in told.rows["errors"]] == [
        ("a/b", "cannot be unpacked:"),
        ("big", "2,000 bytes: over t"),
        ("x" * 300, "cannot be unpacked:"),
    ]


def test_links_of_an_archive_are_not_made(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(link)
    told = unpacked(tmp_path / "a.tar", tmp_path / "into")
    assert list((tmp_path / "into").iterdir()) == []
    assert [row[1] for row in told.rows["errors"]] == ["link"]


def test_cut_archives(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "a.zip", {"a": bytes(range(256)) * 9}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:100])
    assert [row[1] for row in unpacked(tmp_path / "cut.zip", tmp_path / "one").rows["errors"]] == [""]
    (tmp_path / "text.zip").write_bytes(b"text")
    assert unpacked(tmp_path / "text.zip", tmp_path / "two").outcome is Outcome.FAILED
    with tarfile.open(tmp_path / "c.tar", "w") as archive:
        archive.add(tmp_path / "a.zip", "a.zip")
    (tmp_path / "c.tar").write_bytes((tmp_path / "c.tar").read_bytes()[:700])
    lost = unpacked(tmp_path / "c.tar", tmp_path / "three").rows["errors"]
    assert len(lost) >= 1
    with pytest.raises(CaseError, match="over the limit of 1 files"):
        unpacked(zipped(tmp_path / "d.zip", {"a": b"", "b": b""}), tmp_path / "four", files=1)


def test_what_was_lost_of_an_archive_of_cases_is_in_the_list(tmp_path: Path) -> None:
    hive = b"regf" + bytes(100)
    zipped(tmp_path / "a.zip", {"one/SYSTEM": hive, "two/SYSTEM": hive, "one": b"x"})
    with Spool(Settings(), 1 << 20, str(tmp_path)) as spool:
        items = list(spool.cases(str(tmp_path / "a.zip")))
    assert [item.source for item in items] == [f"{tmp_path}/a.zip!/{name}" for name in ("one", "one", "two")]
    assert isinstance(items[0], LeftOut)
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip"}


def test_an_answer_that_is_too_large_for_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iiscluster_kb.triage._worker_main.LARGEST", 1000)
    task = Task(Found("/x", "/x", "x"), Settings())
    long = Result(task.found, Outcome.DONE, rows={"errors": (("file", "x" * 1000, "y"),)})
    assert b"its result is larger" in _answer(task, lambda _task: long)
    assert b'"done"' in _answer(task, lambda task: Result(task.found, Outcome.DONE))
