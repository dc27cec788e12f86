"""The documentation site is built without a warning, and no page of it lags behind the program."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html import unescape
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.support.scenarios import ROOT

if TYPE_CHECKING:
    from pathlib import Path

NEEDED = {"mkdocs": "mkdocs", "material": "mkdocs-material", "mkdocstrings": "mkdocstrings-python"}
MISSING = [name for module, name in NEEDED.items() if find_spec(module) is None]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def text_of(page: Path) -> str:
    return unescape(re.sub(r"<[^>]+>", "", page.read_text("utf-8")))


@pytest.mark.skipif(bool(MISSING), reason=f"the site needs {', '.join(MISSING)} (extra docs)")
class TestSite:
    def test_every_page_is_there(self, site: Path) -> None:
        for page in (ROOT / "docs").rglob("*.md"):
            name = page.relative_to(ROOT / "docs").with_suffix("")
            built = site / ("index.html" if name.name == "index" else f"{name}/index.html")
            assert built.is_file(), name

    def test_the_reference_says_what_the_code_says(self, site: Path) -> None:
        library = text_of(site / "reference" / "library" / "index.html")
        assert "Diagnose a collected case." in library
        assert "administered_from" in library
        hives = text_of(site / "reference" / "regf" / "index.html")
        assert "Every readable key" in hives
        assert "UNDETERMINED" in text_of(site / "reference" / "model" / "index.html")

    def test_every_command_is_in_the_reference(self, site: Path) -> None:
        commands = text_of(site / "reference" / "command-line" / "index.html")
        for command in ("examine", "fix", "verify", "inspect", "collectors", "explain", "articles"):
            assert f"usage: iiscluster-kb {command}" in commands

    def test_a_page_loads_nothing_from_elsewhere(self, site: Path) -> None:
        loading = re.compile(
            r"<(?:script|img|iframe)[^>]*?src=\"https?:|<link[^>]*?stylesheet[^>]*?href=\"https?:"
        )
        for page in site.rglob("*.html"):
            assert not loading.search(page.read_text("utf-8")), page

    def test_nothing_of_the_machine_is_in_it(self, site: Path) -> None:
        for page in site.rglob("*.html"):
            assert str(ROOT) not in page.read_text("utf-8"), page
