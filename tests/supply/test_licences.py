"""What an installation brings is under licences that were looked at, and the page names each dependency as it is."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.utils import canonicalize_name

from tests.supply.dependencies import EXTRAS, closure, core, direct, licence_of, named_by
from tests.support.scenarios import ROOT

PAGE = (ROOT / "docs" / "supply-chain.md").read_text("utf-8")
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
PERMISSIVE = {"Apache", "BSD", "CC0", "ISC", "MIT", "PSF", "Zlib"}
RUN_TIME = [extra for extra in EXTRAS if extra not in {"docs", "all", "dev"}]


def kinds(licence: str) -> set[str]:
    """The family of each licence in an expression, a classifier or free text."""
    spellings = {
        "0BSD": "BSD",
        "Apache Software License": "Apache",
        "GNU Lesser General Public License v3": "LGPL",
        "Python Software Foundation License": "PSF",
    }
    named = re.split(r" (?:AND|OR) |[()]", re.sub(r" \(LGPLv3\)$", "", licence))
    return {
        spellings.get(name, re.split(r"[- ](?=v?\d|License|or|Clause)", name)[0]) for name in named if name
    }


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", {"BSD", "MIT", "Zlib", "CC0"}),
        ("Apache Software License", {"Apache"}),
        ("(MIT OR Apache-2.0)", {"MIT", "Apache"}),
        ("AGPL-3.0-or-later", {"AGPL"}),
        ("unknown", {"unknown"}),
    ],
)
def test_spellings_of_a_licence_are_one_family(licence: str, expected: set[str]) -> None:
    assert kinds(licence) == expected


@pytest.mark.parametrize("extra", ["core", *RUN_TIME])
def test_what_an_installation_brings_is_under_a_licence_that_is_allowed(extra: str) -> None:
    allowed = PERMISSIVE | ({"AGPL"} if extra == "dissect" else set())
    brought = closure(core() if extra == "core" else named_by(extra))
    if not brought:
        pytest.skip(f"nothing of the extra {extra} is installed here")
    assert {
        name: said for name, package in brought.items() if not kinds(said := licence_of(package)) <= allowed
    } == {}


def test_each_dependency_is_on_the_page_and_nothing_else() -> None:
    rows = [name for name, *_ in ROW.findall(PAGE)]
    assert len(rows) == len(set(rows))
    assert set(rows) == {canonicalize_name(requirement.name) for requirement in direct()}


@pytest.mark.parametrize(("name", "stated"), [(name, licence) for name, _, licence, _ in ROW.findall(PAGE)])
def test_the_page_states_the_licence_that_the_distribution_states(name: str, stated: str) -> None:
    try:
        said = licence_of(distribution(name))
    except PackageNotFoundError:
        pytest.skip(f"{name} is not installed here")
    if said == "unknown":
        assert stated.endswith("(file)"), f"{name} states none in its metadata"
    else:
        assert kinds(stated) == kinds(said)


def test_the_core_is_as_light_as_the_page_says() -> None:
    brought = re.search(r"^The core brings (.+?)\.$", PAGE, re.MULTILINE | re.DOTALL)
    assert brought
    assert set(re.findall(r"`([^`]+)`", brought[1])) >= set(closure(core()))
