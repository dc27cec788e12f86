from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb import _kit
from iiscluster_kb._kit import check_target, compare, documents_of, fingerprint, write_kit
from iiscluster_kb.errors import CaseError, RemedyError
from iiscluster_kb.model import Document
from tests.support.reports import empty_report, full_report

if TYPE_CHECKING:
    from collections.abc import Callable

KIT = (Document("a.txt", b"a"), Document("b.txt", b"b"))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def put(target: Path, *, force: bool = False) -> None:
    write_kit(KIT, check_target(str(target), (), force=force), force=force)


# --- what is in it ----------------------------------------------------------------------------------


def test_a_kit_holds_all_that_the_contract_names() -> None:
    assert [document.name for document in documents_of(full_report())] == [
        "NODE1.reg",
        "NODE1-undo.reg",
        "NODE2.reg",
        "NODE2-undo.reg",
        "NODE1-steps.txt",
        "NODE2-steps.txt",
        "plan.md",
        "report.html",
        "report.json",
        "SHA256SUMS",
    ]


def test_where_nothing_is_wrong_there_are_report_and_plan() -> None:
    names = [document.name for document in documents_of(empty_report())]
    assert names == ["plan.md", "report.html", "report.json", "SHA256SUMS"]


def test_the_same_report_gives_the_same_bytes() -> None:
    assert documents_of(full_report()) == documents_of(full_report())


def test_two_files_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        _kit, "render", lambda _report, output: (Document("A" if output == "reg" else "a", b""),)
    )
    with pytest.raises(RemedyError, match="two files of the kit have the same name"):
        documents_of(empty_report())


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum (coreutils) is missing")
def test_sha256sum_accepts_the_sums(tmp_path: Path) -> None:
    write_kit(documents_of(full_report()), tmp_path / "kit", force=False)
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=tmp_path / "kit", check=True, capture_output=True
    )
    assert done.stdout.count(b": OK\n") == 9


# --- where it goes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["kit", "a/b/kit"])
def test_a_kit_is_put_where_nothing_is(tmp_path: Path, place: str) -> None:
    put(tmp_path / place)
    assert contents(tmp_path) == {f"{place}/a.txt": b"a", f"{place}/b.txt": b"b"}


def test_a_kit_is_put_into_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "kit").mkdir()
    put(tmp_path / "kit")
    assert contents(tmp_path) == {"kit/a.txt": b"a", "kit/b.txt": b"b"}


def test_a_folder_with_something_in_it_is_kept(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    with pytest.raises(FileExistsError, match="not empty; --force replaces the whole folder"):
        put(tmp_path)
    assert contents(tmp_path) == {"old": b"old"}


def test_force_replaces_the_whole_folder(tmp_path: Path) -> None:
    (tmp_path / "kit" / "below").mkdir(parents=True)
    (tmp_path / "kit" / "below" / "old").touch()
    put(tmp_path / "kit", force=True)
    assert contents(tmp_path) == {"kit/a.txt": b"a", "kit/b.txt": b"b"}
    assert [path.name for path in tmp_path.iterdir()] == ["kit"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "kit").write_bytes(b"old")
    for force in (False, True):
        with pytest.raises(NotADirectoryError, match="is no folder"):
            put(tmp_path / "kit", force=force)
    assert contents(tmp_path) == {"kit": b"old"}


def test_a_file_on_the_way_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(OSError, match="file"):
        put(tmp_path / "file" / "kit")
    assert contents(tmp_path) == {"file": b"old"}


def test_a_link_to_a_folder_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "old").touch()
    (tmp_path / "kit").symlink_to(tmp_path / "real")
    put(tmp_path / "kit", force=True)
    assert (tmp_path / "kit").is_symlink()
    assert contents(tmp_path / "real") == {"a.txt": b"a", "b.txt": b"b"}


def test_links_in_a_circle_are_one_error(tmp_path: Path) -> None:
    (tmp_path / "kit").symlink_to(tmp_path / "kit")
    with pytest.raises(OSError, match="kit"):
        put(tmp_path / "kit")


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("output", "why"), [("case", "lies in"), ("case/kit", "lies in"), (".", "holds the case")]
)
def test_a_case_is_never_written_to_nor_replaced(
    tmp_path: Path, output: str, why: str, *, force: bool
) -> None:
    (tmp_path / "case").mkdir()
    with pytest.raises(PermissionError, match=why):
        check_target(str(tmp_path / output), [str(tmp_path / "case")], force=force)


@pytest.mark.parametrize("where", [".", ".."])
def test_where_one_stands_is_not_replaced(
    tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "x").touch()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(PermissionError, match="not replaced, even by --force"):
        put(Path(where), force=True)


def test_a_home_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    with pytest.raises(PermissionError, match="not replaced"):
        put(tmp_path, force=True)


# --- nothing half-written ---------------------------------------------------------------------------


def failing(number: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "somewhere inside")

    return fail


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("owner", "name", "number"),
    [(os, "fsync", errno.ENOSPC), (Path, "mkdir", errno.EROFS), (Path, "replace", errno.EACCES)],
)
def test_a_failure_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, owner: object, name: str, number: int, monkeypatch: pytest.MonkeyPatch, *, force: bool
) -> None:
    if force:
        (tmp_path / "kit").mkdir()
        (tmp_path / "kit" / "old").write_bytes(b"old")
    before = contents(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, failing(number))
        with pytest.raises(OSError, match=os.strerror(number)) as caught:
            put(tmp_path / "kit", force=force)
    assert caught.value.filename == str(tmp_path / "kit")
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == (["kit"] if force else [])


def test_folders_made_on_the_way_go_with_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(OSError, match="No space left"):
        put(tmp_path / "a" / "b" / "kit")
    assert list(tmp_path.iterdir()) == []


def test_the_old_kit_comes_back_where_the_new_one_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "old").write_bytes(b"old")
    sound = Path.replace

    def second_fails(self: Path, target: Path) -> Path:
        if self.suffix == ".tmp":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return sound(self, target)

    monkeypatch.setattr(Path, "replace", second_fails)
    with pytest.raises(OSError, match="Input/output error"):
        put(tmp_path / "kit", force=True)
    assert contents(tmp_path) == {"kit/old": b"old"}


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        put(tmp_path / "kit")
    assert list(tmp_path.iterdir()) == []


def test_what_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    target = check_target(str(tmp_path / "kit"), (), force=False)
    target.mkdir()
    (target / "new").write_bytes(b"new")
    with pytest.raises(OSError, match="kit"):
        write_kit(KIT, target, force=False)
    assert contents(tmp_path) == {"kit/new": b"new"}


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(small)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(OSError, match="No space left"):
            write_kit((*KIT, Document("large", bytes(1 << 20))), small / "kit", force=False)
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


# --- the case, before and after ---------------------------------------------------------------------


def test_every_file_of_a_case_is_hashed(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "a").write_bytes(b"a")
    (tmp_path / "b.zip").write_bytes(b"b")
    sums = fingerprint([str(tmp_path / "case"), str(tmp_path / "b.zip"), str(tmp_path / "missing")])
    assert sums == {
        str(tmp_path / "case" / "a"): hashlib.sha256(b"a").hexdigest(),
        str(tmp_path / "b.zip"): hashlib.sha256(b"b").hexdigest(),
    }


def test_what_cannot_be_read_is_compared_by_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").touch()
    monkeypatch.setattr(Path, "open", failing(errno.EIO))
    assert fingerprint([str(tmp_path)]) == {str(tmp_path / "a"): "Input/output error"}


@pytest.mark.parametrize(
    ("after", "how"),
    [
        ({"a": "1", "b": "x"}, "b: changed"),
        ({"a": "1"}, "b: went"),
        ({"a": "1", "b": "2", "c": "3"}, "c: appeared"),
    ],
)
def test_a_case_that_changed_is_named(after: dict[str, str], how: str) -> None:
    before = {"a": "1", "b": "2"}
    compare(before, dict(before))
    with pytest.raises(CaseError, match=f"{how} while the case was read"):
        compare(before, after)
