from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from iiscluster_kb.cluster import Cluster, group_machines
from iiscluster_kb.model import Article, Cause, Stated, Unknown, ValueSubject, Verdict
from iiscluster_kb.model._notebook import html_table
from tests.support.reports import TYPE_KEY, empty_report, finding, full_report, infested


class Reader(HTMLParser):
    """Reads strictly: every element is closed in its order, and none has an attribute that acts."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert {name for name, _ in attrs} <= {"scope"}
        self.tags.append(tag)
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_report_shows_its_verdicts_by_cause_and_machine() -> None:
    read = Reader(full_report()._repr_html_())
    assert read.texts[:7] == [
        "Q224553",
        " The fault is there: AdminExtensions does not name the extension on NODE1.",
        "WEBCLUS: verdicts",
        "Cause",
        "NODE1",
        "NODE2",
        "the cluster",
    ]
    at = read.texts.index("Q224553/admin-extensions-missing")
    assert read.texts[at + 1 : at + 3] == ["CONFIRMED", "UNDETERMINED"]
    assert "not applicable" in read.texts
    assert "undetermined, for information" in read.texts


def test_articles_that_nobody_asked_for_are_drawn_together() -> None:
    report = full_report()
    verdicts = (Verdict.LIKELY, Verdict.RULED_OUT, Verdict.UNDETERMINED)
    others = tuple(
        replace(
            report.articles[0],
            article=Article(f"Q{number}", "Title", "https://example.org/"),
            verdict=verdict,
            summary="Not told.",
            asked=False,
        )
        for number, verdict in enumerate(verdicts)
    )
    found = finding(Cause("Q0/x", "X"), None, Verdict.LIKELY, weighs=False, explanation="It is old.")
    settled = finding(Cause("Q1/x", "X"))
    told = replace(report, articles=(*report.articles, *others), findings=(*report.findings, found, settled))
    read = Reader(told._repr_html_())
    assert read.texts[-6:] == [
        "Q0/x in the cluster, worth knowing:",
        " It is old.",
        "Other articles, ruled out:",
        " Q1",
        "Other articles, undetermined:",
        " Q2",
    ]
    assert "Q1/x" not in read.texts
    assert " Not told." not in read.texts


def test_an_article_that_found_a_fault_is_told_though_nobody_asked() -> None:
    report = full_report()
    unasked = replace(report, articles=tuple(replace(one, asked=False) for one in report.articles))
    assert unasked._repr_html_() == report._repr_html_()


def test_a_report_of_nothing_is_an_empty_table() -> None:
    assert Reader(empty_report()._repr_html_()).texts == ["empty: verdicts", "Cause"]


def test_a_finding_shows_what_it_rests_on() -> None:
    read = Reader(full_report().findings[0]._repr_html_())
    assert read.texts[0] == "Q224553/dll-missing on NODE1: ruled out (ok)"
    assert "NODE1/dir.txt, line 17" in read.texts
    assert "present" in read.texts
    unknown = Reader(full_report().findings[5]._repr_html_())
    assert "not known: the key's cell is damaged" in unknown.texts
    assert "NODE1/CLUSDB, offset 4128" in unknown.texts
    assert "absent" in unknown.texts


def test_a_finding_without_facts_has_no_table() -> None:
    read = Reader(finding(machine=None, verdict=Verdict.LIKELY, weighs=False)._repr_html_())
    assert read.tags == ["p", "strong"]
    assert "in the cluster: likely, for information" in read.texts[0]


def test_a_source_without_place_is_a_file_alone() -> None:
    assert "NODE1/iisclex4.dll" in Reader(full_report().findings[0]._repr_html_()).texts


def test_a_fact_without_source_has_no_place() -> None:
    fact = Unknown(ValueSubject("NODE1", TYPE_KEY, ""), "nothing covers it")
    assert finding(facts=(fact,))._repr_html_().endswith("<td></td></tr></tbody></table>")


def test_a_cluster_shows_its_machines() -> None:
    read = Reader(group_machines((), Stated(), "case")._repr_html_())
    assert read.texts == ["Cluster", "Machine", "Role", "Because", "Evidence"]
    named = Cluster((), ("NODE1",))
    assert named._repr_html_() == group_machines((), Stated(), "case")._repr_html_()


@pytest.mark.parametrize(
    "text", ["<script>", "</table>", '"', "'", "&lt;", "\x1b[31m", "\u202e", "\ud800", "\x00", "\n"]
)
def test_hostile_text_is_text(text: str) -> None:
    plain, attacked = full_report(), infested(full_report(), text)
    read = Reader(attacked._repr_html_())
    assert read.tags == Reader(plain._repr_html_()).tags
    assert attacked._repr_html_().isprintable()
    for before, after in zip(plain.findings, attacked.findings, strict=True):
        assert Reader(after._repr_html_()).tags == Reader(before._repr_html_()).tags
        assert after._repr_html_().isprintable()


def test_a_long_text_is_clipped() -> None:
    assert len(html_table("x" * 1_000_000, (), ())) < 1000
    many = replace(full_report(), cluster="y" * 1_000_000)
    assert len(many._repr_html_()) < 10_000
