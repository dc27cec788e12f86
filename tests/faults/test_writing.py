"""Every call that writes a result fails in turn; at the target is what was there before, or all of the new."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb._kit import check_target, write_kit
from iiscluster_kb._output import write_documents
from iiscluster_kb.cli import main
from iiscluster_kb.model import Document
from tests.faults.cases import FOLDER
from tests.faults.disk import Disk, Ending

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NEW = {f"{name}.reg": name.encode() * 3000 for name in ("NODE1", "NODE1-undo", "NODE2", "NODE2-undo")}
DOCUMENTS = tuple(Document(name, content) for name, content in NEW.items())
OLD = {"NODE1.reg": b"old"}
TELLING = (Ending.FULL, Ending.EIO, Ending.INTERRUPTED)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        one.relative_to(folder).as_posix(): one.read_bytes() for one in folder.rglob("*") if one.is_file()
    }


def is_ours_and_unfinished(path: str) -> bool:
    """Whether nobody takes the file for a result: it is hidden, and named as unfinished."""
    head = path.partition("/")[0]
    return head.startswith(".iiscluster-kb-") and head.endswith((".tmp", ".old"))


def put_files(target: Path, *, force: bool) -> None:
    write_documents(DOCUMENTS, f"{target}{os.sep}", force=force)


def put_kit(target: Path, *, force: bool) -> None:
    write_kit(DOCUMENTS, check_target(str(target), (), force=force), force=force)


def prepared(root: Path, old: dict[str, bytes]) -> Path:
    shutil.rmtree(root, ignore_errors=True)
    target = root / "out"
    target.mkdir(parents=True)
    for name, content in old.items():
        (target / name).write_bytes(content)
    return target


def points(put: Callable[..., None], root: Path, old: dict[str, bytes]) -> int:
    """How many calls a whole run makes."""
    target = prepared(root, old)
    with Disk(root) as disk:
        put(target, force=bool(old))
    assert contents(target) == NEW
    assert {"open", "write", "fsync", "replace"} <= set(disk.calls)
    return len(disk.calls)


@pytest.mark.parametrize("old", [{}, OLD], ids=["nothing there", "something replaced"])
@pytest.mark.parametrize("ending", TELLING)
@pytest.mark.parametrize("put", [put_files, put_kit])
def test_every_write_fails_in_turn(
    put: Callable[..., None], ending: Ending, old: dict[str, bytes], tmp_path: Path
) -> None:
    root = tmp_path.resolve() / "disk"
    for at in range(points(put, root, old)):
        target = prepared(root, old)
        with Disk(root, ending, at) as disk:
            try:
                put(target, force=bool(old))
            except KeyboardInterrupt:
                assert ending is Ending.INTERRUPTED
            except OSError as error:
                assert str(error.filename).startswith(str(target)), disk.calls  # noqa: PT017 - which file it names
        found = contents(root)
        there = {path.removeprefix("out/"): data for path, data in found.items() if path.startswith("out/")}
        left = [path for path in found if not path.startswith("out/")]
        is_set = put is put_kit or not old  # files that replace others do so one by one
        assert there in (old, NEW) or not is_set, (at, disk.calls)
        assert all(there[name] in (NEW[name], old.get(name)) for name in there)
        assert all(map(is_ours_and_unfinished, left))
        assert not left or disk.calls[at] in {"replace", "rmdir", "fsync"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform does not fork")
@pytest.mark.skipif(sys.platform == "darwin", reason="a fork of a process with frameworks is not safe there")
@pytest.mark.parametrize("old", [{}, OLD], ids=["nothing there", "something replaced"])
@pytest.mark.parametrize("put", [put_files, put_kit])
def test_killed_at_every_write_and_run_again(
    put: Callable[..., None], old: dict[str, bytes], tmp_path: Path
) -> None:
    root = tmp_path.resolve() / "disk"
    for at in range(points(put, root, old)):
        target = prepared(root, old)
        child = os.fork()
        if child == 0:
            with Disk(root, Ending.KILLED, at):
                put(target, force=bool(old))
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        found = contents(root)
        there = {path.removeprefix("out/"): data for path, data in found.items() if path.startswith("out/")}
        left = [path for path in found if not path.startswith("out/")]
        inside = [name for name in there if is_ours_and_unfinished(name)]
        whole = {name: data for name, data in there.items() if name not in inside}
        assert all(map(is_ours_and_unfinished, left))
        assert all(data in (NEW[name], old.get(name)) for name, data in whole.items())
        if put is put_kit:
            assert whole in (old, NEW, {})
            # Between two renames neither is at the target; then both lie beside it, whole.
            assert whole or not old or set(OLD.values()) <= {found[path] for path in left}
        else:
            assert all(
                f"{name[:-4]}-undo.reg" in whole for name in set(whole) - set(old) if "undo" not in name
            )
        put(target, force=True)
        assert {name: data for name, data in contents(target).items() if name not in inside} == NEW


# --- as the command line tells it ---------------------------------------------------------------------


ASKED = ("--article", "Q224553", "--no-second-opinion")


@pytest.mark.parametrize(
    "command",
    [
        ("examine", *ASKED, str(FOLDER), "--output"),
        ("examine", *ASKED, "--format", "reg", str(FOLDER), "--output"),
        ("verify", *ASKED, str(FOLDER), str(FOLDER), "--output"),
        ("collectors",),
        ("fix", *ASKED, str(FOLDER), "--output"),
    ],
    ids=["report", "patches", "comparison", "scripts", "kit"],
)
@pytest.mark.parametrize("ending", [Ending.FULL, Ending.EIO])
def test_a_write_that_fails_is_one_line_and_status_2(
    command: tuple[str, ...], ending: Ending, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path.resolve()
    target = f"{root}/out" if "--format" not in command else f"{root}/out/"
    for at in (1, 2):
        with Disk(root, ending, at):
            assert main([*command, target]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith(f"iiscluster-kb: {root}/out")
        reason = os.strerror(errno.ENOSPC if ending is Ending.FULL else errno.EIO)
        assert reason in told.err
        assert told.err.count("\n") == 1
        assert contents(root) == {}
