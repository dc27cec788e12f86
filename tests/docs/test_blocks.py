"""What the README and the documentation show at a prompt or as a program is what happens."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING

import pytest

from tests.docs._blocks import Command, Program, is_shown, pages, runnable
from tests.support.scenarios import FIXTURES, ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGES = [page for page in pages() if runnable(page)]
BASH = shutil.which("bash")


@pytest.fixture(scope="module")
def fixtures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, so that no page can change what other tests read."""
    copy = tmp_path_factory.mktemp("copied") / "fixtures"
    shutil.copytree(FIXTURES, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__", "expected"))
    return copy


def run(arguments: list[str], folder: Path) -> tuple[int, str]:
    """Exit status and all that is printed, errors included, as a terminal of 80 columns would show it."""
    scripts = sysconfig.get_path("scripts")
    settings = {"COLUMNS": "80", "NO_COLOR": "1", "PATH": os.pathsep.join((scripts, os.environ["PATH"]))}
    result = subprocess.run(
        arguments,
        cwd=folder,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        check=False,
    )
    return result.returncode, result.stdout


@pytest.mark.skipif(BASH is None, reason="the consoles are bash")
@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_what_a_page_shows_is_what_happens(page: Path, fixtures: Path, tmp_path: Path) -> None:
    (tmp_path / "fixtures").symlink_to(fixtures)
    status = 0
    for block in runnable(page):
        if isinstance(block, Command):
            # $? is that of the command before, though each runs in a shell of its own.
            status, printed = run([str(BASH), "-c", f"(exit {status})\n{block.typed}"], tmp_path)
            fits = is_shown(printed, block.shown)
        else:
            done, printed = run([sys.executable, "-W", "error", "-c", block.code], tmp_path)
            fits = done == 0 and (block.shown is None or is_shown(printed, block.shown))
        if not fits:
            pytest.fail(f"{page.name}, line {block.line}, printed:\n{printed}", pytrace=False)


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ("a\nb\n", "a\nb", True),
        ("a  \nb", "a\nb  ", True),
        ("a\nb\n", "a", False),
        ("", "", True),
        ("a\n", "", False),
        ("a\nb\nc\nd\n", "a\n...\nd", True),
        ("a\nd\n", "a\n...\nd", True),
        ("a\nb\n", "...", True),
        ("hash 26d1eb\n", "hash 26d...", True),
        ("hash 26d1eb\n", "hash 27d...", False),
        ("a.b\n", "a+b", False),
    ],
)
def test_three_dots_stand_for_anything(printed: str, shown: str, *, same: bool) -> None:
    assert is_shown(printed, shown) is same


def test_a_console_is_taken_apart(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "text\n\n```console\n$ one\n  out\n$ two \\\n  more\n```\n\n```python\nprint(1)\n```\n\n```text\n1\n```\n"
        "```sh\nnot run\n```\n```python\npass\n```\n",
        encoding="utf-8",
    )
    assert runnable(page) == (
        Command(4, "one", "  out"),
        Command(6, "two \\\n  more", ""),
        Program(11, "print(1)\n", "1\n"),
        Program(21, "pass\n", None),
    )
