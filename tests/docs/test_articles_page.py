"""The page of articles is what the rules say, and the rules say all that it needs."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.articles import Confidence, rules
from iiscluster_kb.model import Verdict
from tests.support.scenarios import RELATED, ROOT, SCENARIOS

if TYPE_CHECKING:
    from iiscluster_kb.articles import Rule

SECTIONS = (
    "Symptom",
    "Causes told apart",
    "What is read",
    "What it cannot tell",
    "Remedy",
    "References",
)
OWN = [rule for rule in rules() if rule.diagnose.__module__.startswith("iiscluster_kb.")]
each = pytest.mark.parametrize("rule", OWN, ids=lambda rule: rule.article.id)


def sections(rule: Rule) -> dict[str, str]:
    parts = re.split(r"^([A-Z][A-Za-z ]+):$", rule.text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_page_is_as_written() -> None:
    written = subprocess.run([sys.executable, "docs/_articles.py"], cwd=ROOT, capture_output=True, check=True)
    page = (ROOT / "docs" / "articles.md").read_bytes()
    assert page == written.stdout, "python docs/_articles.py > docs/articles.md"
    assert all(f"| [{rule.article.id}](" in page.decode() for rule in OWN)


@each
def test_the_docstring_has_every_section(rule: Rule) -> None:
    assert tuple(sections(rule)) == SECTIONS
    assert all(text.strip() for text in sections(rule).values())
    title = rule.text.partition("\n")[0]
    assert title.endswith("."), title


@each
def test_causes_are_told_apart_under_their_own_names(rule: Rule) -> None:
    told = re.findall(r"^ {4}([a-z0-9-]+)$", sections(rule)["Causes told apart"], re.MULTILINE)
    assert told == [cause.id.partition("/")[2] for cause in rule.causes]
    assert {cause.article for cause in rule.causes} == {rule.article.id}


@each
def test_ids_and_references_are_well_formed(rule: Rule) -> None:
    number = rule.article.id
    if re.fullmatch(r"Q[0-9]{6}", number):
        assert rule.article.url == f"https://jeffpar.github.io/kbarchive/kb/{number[1:4]}/{number}/"
        assert f"({number}" in rule.text.partition("\n")[0]
        assert number in sections(rule)["References"]
    for reference in re.findall(r"\bQ[0-9]+\b", rule.text):
        assert re.fullmatch(r"Q[0-9]{6}", reference), reference


@each
def test_confidence_is_told_of_each_cause_and_kept(rule: Rule) -> None:
    assert set(rule.confidence) == set(rule.causes)
    confirmed = {
        verdict["cause"]
        for scenario in (*RELATED, *SCENARIOS)
        for verdict in scenario.verdicts
        if verdict["verdict"] == Verdict.CONFIRMED
    }
    for cause, confidence in rule.confidence.items():
        assert (cause.id in confirmed) == (confidence is Confidence.HIGH), cause.id
