"""A real browser, started once: Debian's chromium, driven without a window. Nothing is fetched."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.browser.accessibility import bundled_axe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.browser.accessibility import Axe

SWITCHES = (
    "--no-sandbox",  # checks often run as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 400, "height": 800}


@dataclass
class Watched:
    """A page, and what it did that a report must never do."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: Path) -> Page:
        self.complaints.clear()
        self.requests.clear()
        self.page.goto(path.as_uri())
        return self.page

    def assert_quiet(self, path: Path) -> None:
        assert self.complaints == []
        assert [url for url in self.requests if url.partition("#")[0] != path.as_uri()] == []

    def assert_narrow_enough(self) -> None:
        self.page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # a TypedDict, told as a plain one
        assert self.page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        self.page.set_viewport_size(WIDE)  # type: ignore[arg-type]  # the same


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=[*SWITCHES])
        yield started
        started.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport=WIDE, accept_downloads=True)  # type: ignore[arg-type]  # the same
    made.grant_permissions(["clipboard-read", "clipboard-write"])
    yield made
    made.close()


@pytest.fixture(scope="module")
def watched(context: BrowserContext) -> Watched:
    page = context.new_page()
    one = Watched(page)
    page.on("console", lambda message: one.complaints.append(message.text))
    page.on("pageerror", lambda error: one.complaints.append(str(error)))
    page.on("dialog", lambda dialog: one.complaints.append(dialog.message))
    page.on("request", lambda request: one.requests.append(request.url))
    return one


@pytest.fixture(scope="session")
def axe() -> Axe:
    return bundled_axe()
