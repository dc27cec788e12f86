"""The page on security is what the catalogues say, and every test that it names is there."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.injection.catalogue import CATALOGUE
from tests.injection.consumers import CONSUMERS
from tests.support.scenarios import ROOT


def test_the_page_is_as_written() -> None:
    written = subprocess.run([sys.executable, "docs/_security.py"], cwd=ROOT, capture_output=True, check=True)
    page = (ROOT / "docs" / "security.md").read_bytes()
    assert page == written.stdout, "python docs/_security.py > docs/security.md"
    assert all(f"| {threat.name} |" in page.decode() for threat in CATALOGUE)


@pytest.mark.parametrize("test", [one.test for one in CONSUMERS])
def test_every_test_that_it_names_is_there(test: str) -> None:
    file, _, function = test.partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
