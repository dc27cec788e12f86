"""axe-core, as it comes bundled in a package: nothing is fetched."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

_RUN = """async ([context, options]) => {
  const told = await axe.run(context || document, {resultTypes: ["violations"], ...options});
  return told.violations.map((one) => [one.id, one.nodes.map((node) => node.target.join(" ")).slice(0, 5)]);
}"""
_COLOURS = ["color-contrast", "link-in-text-block"]
_ALL_ELSE = {"rules": {rule: {"enabled": False} for rule in _COLOURS}}
_UNFOLD = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
_MARK = """(judged) => {
  const known = new Set(judged);
  const places = new Map();
  const place = (one) => {
    if (!places.has(one)) {
      const above = one.parentElement ? place(one.parentElement) : "";
      places.set(one, `${above}>${one.tagName}.${one.getAttribute("class") || ""}`);
    }
    return places.get(one);
  };
  const fresh = [];
  for (const one of document.body.querySelectorAll("*")) {
    if (known.has(place(one))) continue;
    known.add(place(one));
    fresh.push(place(one));
    // Only what holds text of its own: axe judges a marked element with all that is in it.
    const spoken = [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (spoken) one.setAttribute("data-judge", "");
  }
  return fresh;
}"""


_BROKEN = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const ids = all("[id]").map((one) => one.id);
  const named = [
    ...all("a[href^='#'], use").map((one) => one.getAttribute("href").slice(1)),
    ...all("[aria-labelledby]").map((one) => one.getAttribute("aria-labelledby")),
    ...all("label[for]").map((one) => one.htmlFor),
  ];
  const levels = all("h1, h2, h3, h4").map((one) => Number(one.tagName[1]));
  return [
    ...ids.filter((id, at) => ids.indexOf(id) !== at),
    ...named.filter((id) => !ids.includes(id)),
    ...levels.filter((level, at) => at && level > levels[at - 1] + 1),
  ];
}"""
"""What depends on the page as a whole and not on one place: ids, what names them, the order of headings."""


@dataclass
class Axe:
    """Judges pages. Nearly all rules follow from elements, classes and what they lie in: a place is judged once."""

    source: str
    judged: list[str] = field(default_factory=list)

    def assert_accessible(self, page: Page) -> None:
        """No rule of axe-core is violated with everything unfolded, in the light and in the dark."""
        assert page.evaluate(_BROKEN) == []
        fresh = page.evaluate(_MARK, self.judged)
        if not fresh:
            return
        page.evaluate(_UNFOLD)
        page.evaluate(self.source)
        page.emulate_media(color_scheme="light")
        assert page.evaluate(_RUN, [None, _ALL_ELSE]) == []
        if page.locator("[data-judge]").count():
            self._assert_legible(page)
        self.judged += fresh

    def _assert_legible(self, page: Page) -> None:
        options = {"runOnly": {"type": "rule", "values": _COLOURS}}
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(_RUN, ["[data-judge]", options]) == [], scheme


def bundled_axe() -> Axe:
    """The judge; skips the test where the package is not there."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe-playwright-python is not installed")
    return Axe(Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8"))
