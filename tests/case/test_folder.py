from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.case import Budget, Limits
from iiscluster_kb.case._folder import Found, walk
from iiscluster_kb.errors import CaseError
from iiscluster_kb.model import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

needs_links = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="links and pipes as on POSIX systems")


def walked(root: Path, limits: Limits | None = None) -> dict[str, str]:
    """What each name was found to be: the place of its bytes, or the reason."""
    found = {}
    for one in walk(root, "", Budget(limits or Limits())):
        match one:
            case Found(name=name, file=file):
                found[name] = file.relative_to(root).as_posix()
            case Skipped(path=name, reason=reason):
                found[name] = reason
    return found


def test_files_are_found_at_any_depth(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 200)
    deep.mkdir(parents=True)
    (deep / "SYSTEM").write_bytes(b"regf")
    (tmp_path / "b").write_bytes(b"")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    assert set(walked(tmp_path)) == {"d/" * 200 + "SYSTEM", "b", ".DS_Store"}
    assert [one.size for one in walk(deep, "", Budget(Limits())) if isinstance(one, Found)] == [4]


@needs_links
def test_links_are_followed_to_files_of_the_case_only(tmp_path: Path) -> None:
    case = tmp_path / "case"
    (case / "d").mkdir(parents=True)
    (case / "d" / "SYSTEM").write_bytes(b"regf")
    (tmp_path / "secret").write_bytes(b"x")
    (case / "inside").symlink_to("d/SYSTEM")
    (case / "outside").symlink_to("../secret")
    (case / "absolute").symlink_to("/etc/passwd")
    (case / "nowhere").symlink_to("missing")
    (case / "directory").symlink_to("d")
    (case / "d" / "up").symlink_to("..")
    (case / "circle").symlink_to("circle")
    found = walked(case)
    assert found.pop("circle").startswith("cannot be read: ")
    assert found == {
        "d/SYSTEM": "d/SYSTEM",
        "inside": "d/SYSTEM",
        "outside": "a symbolic link that leads out of the case",
        "absolute": "a symbolic link that leads out of the case",
        "nowhere": "cannot be read: No such file or directory",
        "directory": "a symbolic link to a directory, whose files are read where they lie",
        "d/up": "a symbolic link to a directory, whose files are read where they lie",
    }


@needs_links
def test_pipes_and_sockets_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        assert set(walked(tmp_path).values()) == {"a device, pipe or socket, not a file"}


def test_a_directory_that_cannot_be_read_loses_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "open").write_bytes(b"")
    scandir = os.scandir

    def refusing(path: Path) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert walked(tmp_path) == {
        "closed/": "directory cannot be read: Permission denied",
        "open": "open",
    }


@needs_links
def test_names_of_any_bytes_are_found(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")).write_bytes(b"1")
    assert list(walked(tmp_path)) == ["caf\udce9"]


def test_the_limit_counts_directories_too(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"")
    assert list(walked(tmp_path, Limits(files=3))) == ["a/b/c"]
    with pytest.raises(CaseError, match="limit of 2 files"):
        walked(tmp_path, Limits(files=2))
