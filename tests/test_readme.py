"""What the README shows is what happens."""

from __future__ import annotations

import re
import shlex

import pytest

from iiscluster_kb.cli import main
from tests.support.scenarios import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return [text for named, text in fenced if named == language]


def test_the_checks_are_run_by_the_same_command_everywhere() -> None:
    _, checks = blocks("sh")
    assert checks in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_example_prints_what_is_shown(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    (shown,) = [block for block in blocks("") if block.startswith("$ ")]
    command, _, output = shown.partition("\n")
    assert main([*shlex.split(command.removeprefix("$ iiscluster-kb")), "--article", "Q224553"]) == 1
    printed = capfd.readouterr().out
    assert [line.rstrip() for line in printed.splitlines()] == output.splitlines()


@pytest.mark.parametrize("code", blocks("python"), ids=["library", "hive"])
def test_the_code_runs(
    code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102 - the README's own code
    assert capsys.readouterr().out
