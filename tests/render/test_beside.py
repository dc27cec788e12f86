from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from iiscluster_kb.render import View, render
from iiscluster_kb.render._beside import listed_on, worth_knowing
from tests.render.html_reports import COMPARISON, CONFIRMED, EXTENSIONS, KNOWN, UNASKED, everything_report
from tests.support.reports import OTHER_CLSID, empty_report

if TYPE_CHECKING:
    from iiscluster_kb.model import Report


def told(report: Report) -> str:
    (document,) = render(report, "text", View(width=160))
    return document.content.decode("utf-8")


def test_what_was_found_and_does_not_weigh_is_worth_knowing() -> None:
    assert [worth_knowing(one) for one in (KNOWN, CONFIRMED, UNASKED)] == [True, False, False]


def test_other_articles_are_drawn_together() -> None:
    page = told(everything_report())
    assert "Other articles\n  i worth knowing: Q247763/old-resource-dll on NODE1: It is older than" in page
    assert "+ ruled out: extension-audit\n" in page
    assert "what to collect is told where one is named with --article: Q170771\n" in page
    assert "- not applicable: Q272350\n" in page
    assert "Folded." not in page
    assert "Other articles" not in told(empty_report())


def test_chains_that_are_not_whole_are_told() -> None:
    page = told(replace(empty_report(), extensions=EXTENSIONS))
    assert "1 of 3 chains from object to file are whole." in page
    assert f"- NODE1: {OTHER_CLSID}, listed on the cluster: no hive tells (UNDETERMINED)" in page
    assert f"- NODE2: {OTHER_CLSID} (Vendor), listed on Groups\\0, Groups\\1, Groups\\2, Groups\\3" in page
    assert listed_on(EXTENSIONS[2]).endswith("Groups\\3 and 2 more")
    assert listed_on(EXTENSIONS[0]) == "ResourceTypes\\X"


def test_where_the_nodes_differ_is_told() -> None:
    page = told(replace(empty_report(), comparison=COMPARISON))
    assert "Where the nodes differ (1 thing alike)\n  - files: Clusiis4.dll\n      NODE1: 5 bytes\n" in page
    assert "      NODE3: not known\n" in page
    assert "Mfc42u" not in page
    assert "differ" not in told(replace(empty_report(), comparison=COMPARISON[:1]))
    many = told(replace(empty_report(), comparison=COMPARISON[1:2] * 20))
    assert "and 8 more (--format json has all)" in many
