"""Every hostile text, in every place where evidence brings text in, opened in a browser once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.render import render
from tests.injection.catalogue import CATALOGUE
from tests.injection.reports import documents, harmless_report

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Watched

pytestmark = pytest.mark.xdist_group("browser")

INVENTORY = """() => {
    const all = [...document.querySelectorAll("*")];
    return {
        title: document.title,
        tags: [...new Set(all.map(one => one.localName))].sort(),
        handlers: all.flatMap(one => one.getAttributeNames().filter(name => name.startsWith("on"))),
        addresses: [...new Set(all.flatMap(one => ["href", "src", "action"].map(name => one.getAttribute(name)))
            .filter(one => one !== null && !one.startsWith("#")))],
        comments: document.createNodeIterator(document, NodeFilter.SHOW_COMMENT).nextNode() !== null,
        text: document.body.textContent,
    };
}"""
"""What the page consists of, as the browser understood it."""


HTML = next(one for one in CATALOGUE if one.name == "html")


def test_no_text_of_evidence_becomes_a_part_of_the_page(watched: Watched, tmp_path: Path) -> None:
    (harmless,) = render(harmless_report(), "html")
    found = {}
    for name, page in {
        "all": documents("html")["report.html"],
        "html": documents("html", HTML)["report.html"],
        "harmless": harmless.content,
    }.items():
        path = tmp_path / f"{name}.html"
        path.write_bytes(page)
        found[name] = watched.open(path).evaluate(INVENTORY)
        watched.assert_quiet(path)
    plain = found.pop("harmless")
    for hostile in found.values():
        assert hostile["handlers"] == []
        assert set(hostile["tags"]) <= set(plain["tags"])
        assert hostile["title"].startswith("WEBCLUS")
        foreign = set(hostile["addresses"]) - set(plain["addresses"])
        assert all(
            one.startswith("data:application/octet-stream;base64,") for one in foreign
        )  # its own patches
        assert not hostile["comments"]
    assert all(text in found["html"]["text"] for text in HTML.texts)
