from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import iiscluster_kb.comparison
from fixtures._case import healthy
from iiscluster_kb.comparison._command import add_arguments, run
from iiscluster_kb.errors import CaseError
from iiscluster_kb.render import View
from tests.comparison.collecting import write

if TYPE_CHECKING:
    from pathlib import Path


def told(*arguments: str, notes: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args(arguments), View(), ([] if notes is None else notes).append)


@pytest.fixture
def cases(tmp_path: Path) -> tuple[str, str]:
    broken = healthy()
    del broken.nodes[0].type_key["AdminExtensions"]
    return str(write(broken, tmp_path / "before")), str(write(healthy(), tmp_path / "after"))


def test_to_standard_output(cases: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    assert told(*cases, "--no-second-opinion", "--article", "Q224553") == 0
    assert capfd.readouterr().out.startswith("Everything is cured: 1 cured.")
    assert told(*reversed(cases), "--no-second-opinion", "--format", "json", "--article", "Q224553") == 1
    assert json.loads(capfd.readouterr().out)["counts"]["new"] == 1


def test_to_a_file(cases: tuple[str, str], tmp_path: Path) -> None:
    notes: list[str] = []
    target = f"{tmp_path}/out/"
    assert told(*cases, "--no-second-opinion", "--format", "markdown", "--output", target, notes=notes) == 0
    assert (tmp_path / "out" / "verification.md").read_text().startswith("# Verification of WEBCLUS")
    assert notes == [f"wrote {tmp_path}/out/verification.md"]


def test_the_schema(capfd: pytest.CaptureFixture[str]) -> None:
    assert told("--schema") == 0
    assert json.loads(capfd.readouterr().out)["$id"] == "urn:iiscluster-kb:verification:1"


def test_usage(cases: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="needs BEFORE and AFTER"):
        told(cases[0])
    with pytest.raises(CaseError, match="nowhere"):
        told(cases[0], "nowhere", "--no-second-opinion")


def test_declaring_the_arguments_costs_no_import() -> None:
    heavy = {"rich", "iiscluster_kb.model", "iiscluster_kb.pipeline"}
    code = f"import sys, iiscluster_kb.comparison._command; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_public_names() -> None:
    for name in iiscluster_kb.comparison.__all__:
        assert getattr(iiscluster_kb.comparison, name).__name__ == name
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        iiscluster_kb.comparison.nothing_of_the_kind  # noqa: B018 - the look-up is what is tested
