"""Articles of other distributions: the example package is installed and asked, broken ones are named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.scenarios import FIXTURES, ROOT

if TYPE_CHECKING:
    from pathlib import Path

CASE = FIXTURES / "scenarios" / "healthy-cluster" / "case"


def run(offered: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": f"{offered}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "iiscluster_kb", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, cwd=offered)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="the example package is built with hatchling")
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target"]
    subprocess.run(
        [*pip, str(target), str(ROOT / "docs" / "example-article")], check=True, capture_output=True
    )
    return target


def test_the_example_is_listed_explained_and_asked(example: Path) -> None:
    assert "cluster-service-start" in run(example, "articles").stdout
    assert "Control Panel, Services" in run(example, "explain", "Cluster-Service-Start").stdout
    asked = run(example, "examine", str(CASE), "--article", "cluster-service-start", "--format", "json")
    findings = json.loads(asked.stdout)["findings"]
    assert asked.returncode == 0
    assert {(f["id"], f["machine"], f["verdict"]) for f in findings} == {
        ("cluster-service-start/not-automatic", node, "ruled-out") for node in ("NODE1", "NODE2")
    }


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import nothing_of_that_name\n", "cannot be loaded"),
        ("RULE = 5\n", "is no Rule"),
        ("", "cannot be loaded"),
    ],
)
def test_a_broken_one_is_named(tmp_path: Path, source: str, words: str) -> None:
    (tmp_path / "broken_article.py").write_text(source)
    folder = tmp_path / "broken_article-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-article\nVersion: 1\n")
    (folder / "entry_points.txt").write_text("[iiscluster_kb.articles]\nbroken = broken_article:RULE\n")
    asked = run(tmp_path, "articles")
    assert asked.returncode == 2
    assert "article broken (broken_article:RULE of broken-article)" in asked.stderr
    assert words in asked.stderr
    assert "Traceback" not in asked.stderr
