"""The command line as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from iiscluster_kb.render.json import report_schema


def run(*arguments: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "iiscluster_kb", *arguments]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, check=False)


def test_the_module_runs_as_a_program() -> None:
    done = run("examine", "--schema")
    assert (done.returncode, done.stdout, done.stderr) == (0, report_schema(), b"")
    assert run("examine").returncode == 2


def test_a_reader_that_goes_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run("examine", "--schema", stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the platform has no device that is always full")  # noqa: PTH110 - asked while tests are collected, nothing to gain from Path
def test_a_full_disk_behind_standard_output_is_an_error() -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        done = run("examine", "--schema", stdout=full.fileno())
    assert (done.returncode, done.stderr) == (2, b"iiscluster-kb: standard output: No space left on device\n")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["fix", "--help"], ["triage", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import contextlib, io, sys; from iiscluster_kb import cli\n"
        "with contextlib.suppress(SystemExit): cli.main()\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, check=True, text=True
    )
    assert done.stdout
    heavy = {"rich", "pefile", "Registry", "regipy", "duckdb", "jinja2"} | {
        f"iiscluster_kb.{name}" for name in ("model", "pipeline", "articles", "evidence", "render.json")
    }
    assert heavy.isdisjoint(done.stderr.split())
