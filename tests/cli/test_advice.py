"""Errors say what to do next: on a line of its own to people, on the same line to logs."""

from __future__ import annotations

import errno
import os
import sys
import zipfile
from argparse import Namespace
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb import cli
from iiscluster_kb.cli._advice import advice, nearest
from iiscluster_kb.errors import CaseError, RemedyError
from tests.cli.terminals import PROGRAM, on_terminal, plain

if TYPE_CHECKING:
    from pathlib import Path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(arguments) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    return err.removesuffix("\n")


def test_a_path_that_is_misspelt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "webclus.zip").touch()
    monkeypatch.chdir(tmp_path)
    for command in (["examine"], ["inspect"], ["fix", "--output", "kit"]):
        error = told(capsys, *command, "webclsu.zip")
        assert error == "iiscluster-kb: webclsu.zip: No such file or directory. Try: webclus.zip"
    assert told(capsys, "verify", "webclus.zap", "x").endswith("Try: webclus.zip")
    assert told(capsys, "examine", "other").endswith(
        f"Try: a path that is there; it was looked for in {tmp_path}"
    )
    assert told(capsys, "examine", "no/other").endswith(
        f"Try: a path that is there; {tmp_path}/no is no folder"
    )


def test_a_folder_that_holds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = told(capsys, "examine", str(tmp_path))
    assert "holds no files. Try: iiscluster-kb collectors FOLDER, which writes scripts" in error


def test_an_archive_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "case.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"x" * 1000)
    path.write_bytes(path.read_bytes()[:-30])
    error = told(capsys, "examine", str(path))
    assert error.endswith("Try: unpack it with its own tool, then name the folder")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("224553", "Q224553"), ("kb224553", "Q224553"), ("q22455", "Q224553"), ("Q174614", "Q174641")],
)
def test_an_article_that_is_misspelt(typed: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "explain", "Q224293", typed).endswith(f". Try: {meant}")
    assert told(capsys, "examine", "x", "--article", typed).endswith(f". Try: {meant}")


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["exmaine", "case"], "did you mean examine? (see iiscluster-kb --help)"),
        (["examine", "--format", "makdown"], "did you mean markdown? (see iiscluster-kb examine --help)"),
        (["examine", "case", "--fromat", "json"], "did you mean --format? (see iiscluster-kb --help)"),
        (
            ["fix", "x", "--output", "y", "--dialect", "regedit4"],
            "did you mean REGEDIT4? (see iiscluster-kb fix",
        ),
        (["--verbos", "articles"], "did you mean --verbose? (see iiscluster-kb --help)"),
    ],
)
def test_a_word_that_is_misspelt(
    arguments: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(arguments)
    assert f"; {meant}" in capsys.readouterr().err


def test_what_is_like_nothing_gets_no_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["zzz"], ["examine", "--zzz"], ["fix", "case"], ["examine", "case", "--format"]):
        with pytest.raises(SystemExit):
            cli.main(arguments)
        assert "did you mean" not in capsys.readouterr().err
    assert nearest("Q1", ["Q224553"]) is None


@pytest.mark.parametrize(
    ("error", "options", "next_thing"),
    [
        (PermissionError(errno.EACCES, "denied", "/root/out.json"), {}, "a place that this account may write to"),
        (OSError(errno.ENOSPC, "full", f"out{os.sep}x.json"), {}, "a place on another disk"),
        (OSError(errno.ENOSPC, "full", "standard output"), {}, None),
        (OSError(errno.EIO, "gone", "x"), {}, None),
        (OSError("?"), {}, None),
        (FileNotFoundError(errno.ENOENT, "none", "no/such/x"), {}, "make the folder no/such first"),
        (FileNotFoundError(errno.ENOENT, "none", "x"), {}, None),
        (RemedyError("two"), {"output": "kit"}, "iiscluster-kb examine with the same case; it shows the findings without a kit"),
        (RemedyError("two"), {}, None),
        (CaseError("elsewhere: no"), {"cases": ["case"], "media": None}, None),
        (ValueError("--max-size 1X: wanted a size"), {"article": None}, None),
        (ValueError("query: wanted"), {"article": ["Q224553"]}, None),
    ],
)  # fmt: skip
def test_what_comes_next(error: Exception, options: dict[str, object], next_thing: str | None) -> None:
    assert advice(error, Namespace(**options)) == next_thing
    assert advice(KeyError(), None) is None


def test_a_path_that_must_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "case").touch()
    error = CaseError(f"{tmp_path}/case: Permission denied")
    error.__cause__ = PermissionError(errno.EACCES, "Permission denied")
    text = advice(error, Namespace(cases=[f"{tmp_path}/case"]))
    assert text == "a copy that this account may read, or an account that may read it"


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    text = advice(CaseError(f"{tmp_path}/x: gone"), Namespace(cases=[f"{tmp_path}/x"]))
    assert text == f"a path that is there; it was looked for in {tmp_path}"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")
def test_people_get_the_advice_on_a_line_of_its_own() -> None:
    status, sent = on_terminal([*PROGRAM, "explain", "224553"])
    assert status == 2
    assert plain(sent).splitlines()[-1] == "Try: Q224553"


def test_a_hostile_name_drives_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows has no such file names")
    (tmp_path / "case\x1b[31m.zip").touch()
    error = told(capsys, "examine", f"{tmp_path}/case.zip")
    assert error.endswith(r"Try: " + f"{tmp_path}/case" + r"\x1b[31m.zip")
