"""The program on terminals of every kind, narrow, old, deaf or gone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from iiscluster_kb import cli
from iiscluster_kb.cli._terminal import complain, fold, is_terminal
from iiscluster_kb.render import renderers
from tests.cli.terminals import FAULTY, PROGRAM, on_terminal, piped, plain, surroundings

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals and no such devices")
NAMES = (
    "кластер",
    "集群節點",
    "Ελληνικά",
    "עברית",
    "العربية",
    "हिन्दी",
    "ไทย",
    "한국어",
    "🖧",
    "e\u0301\u202eexe",
)

MANY = """
import sys
from dataclasses import replace
from types import ModuleType
from tests.support.reports import finding, full_report
from iiscluster_kb.model import Verdict
report = full_report()
names = sys.argv.pop(1).split(",")
findings = tuple(
    replace(finding(verdict=Verdict.CONFIRMED), machine=names[number % len(names)] + str(number))
    for number in range(500)
)
pipeline = ModuleType("iiscluster_kb.pipeline")
pipeline.examine = lambda *_, **__: replace(report, findings=findings)
sys.modules["iiscluster_kb.pipeline"] = pipeline
from iiscluster_kb.cli import main
raise SystemExit(main())
"""
"""The program on a report of 500 findings on machines with the names that the first argument gives."""


@posix
@pytest.mark.parametrize("columns", [40, 80, 132])
def test_the_report_fits_the_terminal(columns: int) -> None:
    status, sent = on_terminal([*PROGRAM, "--quiet", "examine", str(FAULTY), "--no-second-opinion"], columns)
    lines = plain(sent).splitlines()
    assert status == 1
    assert lines[0].startswith("Fault found")
    assert max(map(cell_len, lines)) <= columns
    assert "\x1b[" in sent


@posix
@pytest.mark.parametrize("columns", [40, 80])
def test_500_findings_with_names_in_every_script_fit_the_terminal(columns: int) -> None:
    command = [sys.executable, "-c", MANY, ",".join(NAMES), "examine", "case"]
    status, sent = on_terminal(command, columns, surroundings(PYTHONPATH="."))
    shown = plain(sent)
    assert status == 1
    assert max(map(cell_len, shown.splitlines())) <= columns
    assert "\u202e" not in shown
    assert all(name in shown.replace("\n", "") for name in NAMES[:9])


@posix
@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("command", ["inspect", "articles", "explain"])
def test_lists_and_rules_fit_the_terminal_but_for_addresses(command: str, columns: int) -> None:
    what = {"inspect": [str(FAULTY)], "articles": [], "explain": ["Q252641", "Q224553"]}[command]
    status, sent = on_terminal([*PROGRAM, command, *what], columns)
    assert status == 0
    wide = [line for line in plain(sent).splitlines() if cell_len(line) > columns]
    assert all(line.split()[-1].startswith("https://") or len(line.split()) == 1 for line in wide)


@posix
def test_a_terminal_gets_no_colour_against_its_wish() -> None:
    arguments = [*PROGRAM, "examine", str(FAULTY), "--no-second-opinion"]
    for changes in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b[3" not in on_terminal(arguments, env=surroundings(**changes))[1]
    assert "\x1b[3" not in on_terminal([*arguments, "--color", "never", "--quiet"])[1]
    assert (
        "\x1b[" in piped("examine", str(FAULTY), "--no-second-opinion", "--color", "always").stdout.decode()
    )


@pytest.mark.parametrize(
    ("changes", "encoding"),
    [
        ({"PYTHONIOENCODING": "ascii"}, "ascii"),
        ({"PYTHONIOENCODING": "latin-1"}, "latin-1"),
        ({"PYTHONIOENCODING": "cp437:strict"}, "cp437"),
        ({"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "ascii"),
    ],
)
def test_what_the_encoding_lacks_is_escaped(changes: dict[str, str], encoding: str, tmp_path: Path) -> None:
    case = tmp_path / "case"
    for number, name in enumerate(NAMES[:9]):
        (case / name).mkdir(parents=True)
        (case / name / f"{number}.bin").write_bytes(b"nothing that is known")
    alone = ["examine", "--no-second-opinion"]
    for arguments in (alone, ["inspect"], [*alone, "--format", "json"]):
        done = piped(arguments[0], str(case), "--verbose", *arguments[1:], **changes)
        assert done.returncode == (0 if arguments == ["inspect"] else 3)
        assert b"Traceback" not in done.stderr
        done.stdout.decode(encoding if "json" not in arguments else "utf-8")
        done.stderr.decode(encoding)
    target = tmp_path / NAMES[0]
    done = piped(*alone, str(case), "--output", str(target), **changes)
    assert (done.returncode, target.is_file()) == (3, True)
    assert done.stderr.decode(encoding).startswith("iiscluster-kb: wrote ")


def test_a_case_with_nothing_readable_is_told(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "a.bin").write_bytes(b"\xff\xfe\xfd" * 100)
    (tmp_path / "b").touch()
    done = piped("examine", str(tmp_path))
    assert (done.returncode, b"Traceback" in done.stderr) == (3, False)
    for form in sorted(renderers()):
        assert cli.main(["examine", str(tmp_path), "--format", form]) == 3
        assert b"Traceback" not in capfdbinary.readouterr().err


@pytest.mark.parametrize("form", sorted(renderers()))
def test_every_output_goes_to_a_file_as_to_standard_output(
    form: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    arguments = ["examine", str(FAULTY), "--no-second-opinion", "--article", "Q224553", "--format", form]
    assert cli.main(arguments) == 1
    shown = capfdbinary.readouterr().out
    assert shown
    assert cli.main([*arguments, "--output", f"{tmp_path}/kit/"]) == 1
    capfdbinary.readouterr()
    written = [path.read_bytes() for path in sorted((tmp_path / "kit").iterdir())]
    assert any(content and content in shown for content in written)


@posix
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize("arguments", ["--help", "articles", "examine {case} --no-second-opinion", "many"])
def test_a_reader_that_has_seen_enough_is_no_error(arguments: str) -> None:
    # More than a pipe holds, so that the program meets the closed pipe while it writes.
    program = [sys.executable, "-c", MANY, "NODE", "examine", "case", "--format", "html"]
    command = program if arguments == "many" else [*PROGRAM, *arguments.format(case=FAULTY).split()]
    script = '"$@" | head -c 10 >/dev/null; exit "${PIPESTATUS[0]}"'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *command],
        stderr=subprocess.PIPE,
        check=False,
        env=surroundings(PYTHONPATH=os.getcwd()),  # noqa: PTH109 - as text
    )
    assert done.stderr == b""
    assert done.returncode == (1 if arguments.startswith(("examine", "many")) else 0)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the platform has no device that is always full")  # noqa: PTH110 - asked while tests are collected, nothing to gain from Path
@pytest.mark.parametrize("arguments", ["--help", "--version", "examine --help", "articles", "completion zsh"])
def test_a_full_disk_is_one_line_and_status_2(arguments: str) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [*PROGRAM, *arguments.split()], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (2, b"iiscluster-kb: standard output: No space left on device\n")


@posix
@pytest.mark.parametrize(
    ("closed", "status", "out", "err"),
    [
        (">&-", 2, b"", b"iiscluster-kb: standard output: is closed\n"),
        ("2>&-", 0, b"iiscluster-kb ", b""),
        (">&- 2>&-", 2, b"", b""),
    ],
)
def test_streams_may_be_closed_from_the_start(closed: str, status: int, out: bytes, err: bytes) -> None:
    script = f'"$@" --version {closed}'
    done = subprocess.run(["sh", "-c", script, "sh", *PROGRAM], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (status, err)
    assert done.stdout.startswith(out)


@posix
@pytest.mark.parametrize("where", ["2>/dev/full", "2>&-"])
def test_an_error_that_nobody_hears_still_has_its_status(where: str) -> None:
    script = f'"$@" explain Q1 {where}'
    done = subprocess.run(["sh", "-c", script, "sh", *PROGRAM], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"")


def test_a_stream_that_is_none_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert not is_terminal("stderr")
    complain("nobody hears it")
    assert capsys.readouterr().out == ""


def test_only_paragraphs_that_are_too_wide_are_filled_anew() -> None:
    text = "Title\n\nWhat:\n    one two three four\n    five\n      six\n\n    a b\n    c\n"
    assert fold(text, 80) == text
    assert fold(text, 16) == (
        "Title\n\nWhat:\n    one two\n    three four\n    five\n      six\n\n    a b\n    c\n"
    )
    assert fold("https://example.org/a-long-one", 10) == "https://example.org/a-long-one\n"
