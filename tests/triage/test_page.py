from __future__ import annotations

import os
import re
import shutil
import subprocess
import zlib
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.triage._store import Store
from tests.triage.test_asking import NASTY, result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHROMIUM = shutil.which("chromium")


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "store"
    with Store(str(path)) as writer:
        writer.begin_run("1.0", "settings", [])
        page = zlib.compress(b"<!DOCTYPE html><title>its own report</title>")
        cases = [result(f"alpha {number}", cluster="WEB") for number in (10, 9)]
        writer.write([*cases, result(NASTY, page=page)], [], {})
    return path


def test_nothing_of_a_case_is_markup(store: Path, tmp_path: Path, triage: Callable[..., int]) -> None:
    assert triage("report", store, "--format=html", "--output", tmp_path / "out.html") == 0
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(page)
    assert reader.tags.count("script") == 1
    assert reader.links == []
    assert "<script>alert(1)</script>\\x1b[31m\\u202e\\x00" in reader.text
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1]
    assert "unsafe" not in policy[1]


def test_each_case_s_report_lies_beside_the_page(
    store: Path, tmp_path: Path, triage: Callable[..., int]
) -> None:
    assert triage("report", store, "--format=html", "--output", f"{tmp_path / 'out'}{os.sep}") == 0
    reader = Reader()
    reader.feed((tmp_path / "out" / "index.html").read_text(encoding="utf-8"))
    (link,) = reader.links
    assert b"its own report" in (tmp_path / "out" / link).read_bytes()


def test_a_damaged_page(tmp_path: Path, triage: Callable[..., int]) -> None:
    with Store(str(tmp_path / "store")) as writer:
        writer.begin_run("1.0", "settings", [])
        writer.write([result("x", page=b"no zlib")], [], {})
    with pytest.raises(ValueError, match="damaged page"):
        triage("report", tmp_path / "store", "--format=html", "--output", f"{tmp_path / 'out'}{os.sep}")


DRIVER = """
<script>
addEventListener("load", () => {
  const table = document.getElementById("cases"), search = document.getElementById("search");
  const names = () => [...table.tBodies[0].rows].filter((row) => !row.hidden).map((row) => row.cells[0].textContent);
  const told = [document.getElementById("shown").textContent];
  search.value = "ALPHA web"; search.dispatchEvent(new Event("input"));
  told.push(names().join("|"));
  table.tHead.rows[0].cells[0].querySelector("button").click();
  told.push(names().join("|"), table.tHead.rows[0].cells[0].getAttribute("aria-sort"));
  document.title = told.join(";");
});
</script>
"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the page in")
def test_the_table_can_be_searched_and_sorted_in_a_browser(
    store: Path, tmp_path: Path, triage: Callable[..., int]
) -> None:
    triage("report", store, "--format=html", "--output", tmp_path / "out.html")
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    # The page lets no foreign script run, so whoever drives it stands without its policy.
    driven = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page).replace(
        "</body>", f"{DRIVER}</body>"
    )
    (tmp_path / "driven.html").write_text(driven, encoding="utf-8")
    assert CHROMIUM is not None
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--dump-dom",
    ]
    shown = subprocess.run(
        [CHROMIUM, *options, (tmp_path / "driven.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert "<title>3 of 3;alpha 10|alpha 9;alpha 9|alpha 10;ascending</title>" in shown
    with_policy = subprocess.run(
        [CHROMIUM, *options, (tmp_path / "out.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert 'role="status">3 of 3</span>' in with_policy
