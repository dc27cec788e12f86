"""Two builds give equal bytes, and the wheel alone, with nothing but what it requires, does the main job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from iiscluster_kb import __version__
from iiscluster_kb.render.json import report_schema
from tests.supply.dependencies import closure, core
from tests.support.scenarios import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

CASE = ROOT / "fixtures" / "scenarios" / "value-absent-on-one-node" / "case"
PACKAGE = ROOT / "iiscluster_kb"

pytestmark = pytest.mark.xdist_group("distributions")


class Built(NamedTuple):
    sdist: Path
    wheel: Path


def run(command: Sequence[str | Path], folder: Path, *, umask: int = -1) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    return subprocess.run(
        command, cwd=folder, env=outside, umask=umask, capture_output=True, encoding="utf-8", check=False
    )


def build(source: Path, target: Path, *, umask: int) -> Built:
    done = run([sys.executable, "-m", "hatchling", "build", "-d", target], source, umask=umask)
    assert done.returncode == 0, done.stderr
    return Built(*target.glob("*.tar.gz"), *target.glob("*.whl"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(ROOT, tmp_path_factory.mktemp("first"), umask=0o022)


@pytest.fixture(scope="module")
def program(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script in an environment that holds the wheel and what it requires without extras."""
    if find_spec("pip") is None:
        pytest.skip("pip is not installed here")
    bare = tmp_path_factory.mktemp("bare")
    venv.create(bare, symlinks=os.name != "nt")
    scripts = bare / ("Scripts" if os.name == "nt" else "bin")
    python = next(scripts.glob("python*"))
    pip = (sys.executable, "-m", "pip", "--python", str(python), "install")
    done = run([*pip, "--quiet", "--no-index", "--no-deps", "--no-compile", str(built.wheel)], bare)
    assert done.returncode == 0, done.stderr
    (site,) = bare.rglob("site-packages")
    for package in closure(core()).values():
        for file in package.files or ():
            if ".." not in file.parts and file.suffix != ".pyc":
                place = site / file
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(Path(str(file.locate())).read_bytes())
    return next(scripts.glob("iiscluster-kb*"))


def test_another_folder_mask_and_hour_give_equal_bytes(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    for path in source.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    again = build(source, tmp_path / "second", umask=0o077)
    assert again.wheel.read_bytes() == built.wheel.read_bytes()
    assert again.sdist.read_bytes() == built.sdist.read_bytes()


def test_the_wheel_holds_the_package_and_nothing_else(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        held = {
            name
            for name in wheel.namelist()
            if not name.startswith(f"iiscluster_kb-{__version__}.dist-info/")
        }
        assert b"License-File: LICENSE" in wheel.read(f"iiscluster_kb-{__version__}.dist-info/METADATA")
    there = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == there
    assert "iiscluster_kb/py.typed" in held


def test_the_sdist_holds_what_its_tests_need(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.split("/")[1] for name in archive.getnames()}
    assert {"tests", "fixtures", "benchmarks", "docs", "mkdocs.yml", ".ci", "README.md", "LICENSE"} <= names


def test_the_wheel_alone_examines_a_case(program: Path, tmp_path: Path) -> None:
    done = run([program, "examine", CASE, "--format", "json"], tmp_path)
    ours = run([sys.executable, "-m", "iiscluster_kb", "examine", CASE, "--format", "json"], ROOT)
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout) == json.loads(ours.stdout)


def test_the_wheel_alone_brings_its_templates_and_schemas(program: Path, tmp_path: Path) -> None:
    assert run([program, "--version"], tmp_path).stdout.split()[-1] == __version__
    assert run([program, "examine", "--schema"], tmp_path).stdout.encode() == report_schema()
    page = run([program, "examine", CASE, "--format", "html"], tmp_path)
    assert page.stdout.lower().startswith("<!doctype html>"), page.stderr
    scripts = run([program, "collectors", "scripts"], tmp_path)
    assert scripts.returncode == 0, scripts.stderr
    assert len(list((tmp_path / "scripts").iterdir())) == 4


def test_the_wheel_alone_says_which_extra_it_lacks(program: Path, tmp_path: Path) -> None:
    done = run([program, "triage", CASE, "--store", "cases.duckdb"], tmp_path)
    assert done.returncode == 2
    assert "iiscluster-kb[triage]" in done.stderr
