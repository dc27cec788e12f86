"""The sections of the page, as data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.model import (
    Absent,
    Article,
    ArticleSummary,
    Artifact,
    Cause,
    FileEntry,
    FileSubject,
    KeySubject,
    Present,
    Source,
    Specimen,
    State,
    StatedSubject,
    Unknown,
    ValueSubject,
    Verdict,
)
from iiscluster_kb.registry import RegistryValue, ValueType, multi_sz
from iiscluster_kb.render._html._bytes import Allowance, side
from iiscluster_kb.render._html.findings import tell_findings
from iiscluster_kb.render._html.inventory import take_inventory
from iiscluster_kb.render._html.matrix import draw_matrix
from iiscluster_kb.render._html.page import view_of
from iiscluster_kb.render._html.plan import prepare_work
from iiscluster_kb.render._html.timeline import draw_timeline
from tests.support.reports import (
    MISSING_DLL,
    NO_EXTENSION,
    TYPE_KEY,
    WRITTEN,
    case_file,
    empty_report,
    finding,
    full_report,
)

if TYPE_CHECKING:
    from iiscluster_kb.model import AnyFact, Finding, Report

from tests.render.html_reports import (
    CLUSDB,
    CONFIRMED,
    DLL,
    ELSEWHERE,
    KNOWN,
    OLD_DLL,
    OTHERS,
    UNASKED,
    everything_report,
    report_of,
)

# --- the matrix -------------------------------------------------------------------------------------


def family(found: int) -> Report:
    """So many articles, of which one has something found."""
    causes = [Cause(f"Q{1000 + number}/cause", f"Cause {number}") for number in range(26)]
    findings = [
        finding(cause, verdict=Verdict.LIKELY if number == found else Verdict.RULED_OUT)
        for number, cause in enumerate(causes)
    ]
    summaries = tuple(
        ArticleSummary(
            Article(f"Q{1000 + number}", f"Title {number}", "https://example.org/"),
            one.verdict,
            "Told.",
            (),
            asked=False,
        )
        for number, one in enumerate(findings)
    )
    return report_of(*findings, articles=summaries)


def test_articles_with_nothing_found_are_drawn_together() -> None:
    matrix = draw_matrix(family(7))
    assert [article.article for article in matrix.articles] == ["Q1007"]
    assert matrix.folded == 25
    assert [(other.verdict, len(other.articles)) for other in matrix.others] == [(Verdict.RULED_OUT, 25)]


def test_what_was_asked_for_is_shown_though_nothing_was_found() -> None:
    report = family(99)
    asked = replace(report.articles[3], asked=True)
    matrix = draw_matrix(replace(report, articles=(*report.articles[:3], asked, *report.articles[4:])))
    assert [article.article for article in matrix.articles] == ["Q1003"]


def test_columns_are_machines_and_the_cluster_comes_last() -> None:
    matrix = draw_matrix(report_of(finding(), UNASKED))
    assert matrix.machines == ("NODE1", "the cluster")
    ((row, remote),) = (article.rows for article in matrix.articles)
    assert [cell and cell.number for cell in row.cells] == [0, None]
    assert [cell and cell.number for cell in remote.cells] == [None, 1]


def test_what_is_worth_knowing_is_no_fault_in_the_matrix() -> None:
    matrix = draw_matrix(report_of(finding(), KNOWN, articles=OTHERS))
    assert [article.article for article in matrix.articles] == ["Q224553"]
    assert [(other.verdict, other.informs) for other in matrix.others] == [
        (Verdict.LIKELY, True),
        (Verdict.UNDETERMINED, False),
        (Verdict.RULED_OUT, False),
        (Verdict.NOT_APPLICABLE, False),
    ]
    asked = draw_matrix(report_of(KNOWN))
    assert [cell and cell.informs for cell in asked.articles[0].rows[0].cells] == [True]


def test_a_large_healthy_report_has_no_rows() -> None:
    matrix = draw_matrix(family(99))
    assert matrix.articles == ()
    assert matrix.folded == 26


# --- findings and bytes -----------------------------------------------------------------------------


def test_values_are_bounded_one_by_one_and_all_together() -> None:
    allowance = Allowance()
    long_value = RegistryValue("v", ValueType.REG_BINARY, bytes(64 * 1024))
    shown = [side(long_value, allowance).dump for _ in range(20)]
    assert shown[0] is not None
    assert shown[0].title == "Show the first 16,384 of 65,536 bytes"
    assert shown[0].long
    assert shown[-1] is not None
    assert shown[-1].title == "Show the first 64 of 65,536 bytes"
    assert side(RegistryValue("v", ValueType.REG_SZ, b""), allowance).dump is None


def test_a_dump_shows_offset_bytes_and_text() -> None:
    dump = Allowance().dump(b"ABC\x00\xff123456789")
    assert dump is not None
    assert dump.rows == ("0000  41 42 43 00 ff 31 32 33  ABC..123", "0008  34 35 36 37 38 39        456789")


def test_strings_of_a_value_are_told_one_by_one() -> None:
    told = side(
        RegistryValue("v", ValueType.REG_MULTI_SZ, multi_sz("a" * 300, *"bcdefghijklmnopqrstu")), None
    )
    assert told.strings[0] == f"{'a' * 240} ..."
    assert (len(told.strings), told.more, told.dump) == (16, 5, None)
    assert side(None, None).words == "absent"


def test_facts_of_every_kind_are_told() -> None:
    facts: tuple[AnyFact, ...] = (
        Present(StatedSubject("NODE1", "said"), None, None),
        Present(StatedSubject("NODE1", "said at length"), "z" * 20_000, None),
        Present(KeySubject("NODE1", TYPE_KEY), "x", CLUSDB),
        Absent(ValueSubject("NODE1", TYPE_KEY, "x"), Source(case_file("n"), "no key at all", 5, 6)),
        Unknown(FileSubject("NODE1", DLL), "no listing"),
    )
    (told,) = tell_findings(report_of(replace(CONFIRMED, facts=facts)), Allowance()).in_full
    assert [(fact.kind, fact.state, fact.told.words[:10]) for fact in told.facts] == [
        ("statement", "present", "there"),
        ("statement", "present", "z" * 10),
        ("key", "present", ""),
        ("value", "absent", ""),
        ("file", "unknown", "no listing"),
    ]
    assert len(told.facts[1].whole) == 16 * 1024
    assert told.facts[3].source is not None
    assert told.facts[3].source.places == (("key", "no key at all"), ("offset", "5 (0x5)"), ("line", "6"))


def test_too_many_findings_are_folded() -> None:
    many = tuple(replace(CONFIRMED, machine=f"N{number}") for number in range(100))
    told = tell_findings(report_of(*many), Allowance())
    assert (len(told.in_full), len(told.more)) == (60, 40)


def test_what_was_not_judged_for_one_reason_is_told_once() -> None:
    told = tell_findings(report_of(ELSEWHERE, replace(ELSEWHERE, machine="NODE2"), UNASKED), Allowance())
    assert [len(reason.concerned) for reason in told.not_judged] == [2, 1]


def test_what_is_worth_knowing_is_told_apart() -> None:
    told = tell_findings(report_of(KNOWN, CONFIRMED), Allowance())
    assert [(one.cause, one.look) for one in told.in_full] == [(NO_EXTENSION.id, "confirmed")]
    assert [(one.cause, one.look) for one in told.known] == [(OLD_DLL.id, "informing")]
    assert told.not_judged == ()
    many = tell_findings(report_of(*[KNOWN] * 20), Allowance())
    assert (len(many.known), len(many.more_known)) == (12, 8)


def test_what_other_articles_ruled_out_is_not_told_cause_by_cause() -> None:
    elsewhere = finding(Cause("Q272350/x", "X"))
    told = tell_findings(report_of(finding(), elsewhere, articles=OTHERS), Allowance())
    assert [one.cause for one in told.ruled_out] == [NO_EXTENSION.id]


# --- timeline ---------------------------------------------------------------------------------------


def dated(number: int, verdict: Verdict = Verdict.RULED_OUT, time: datetime | None = None) -> Finding:
    key = TYPE_KEY / f"k{number}"
    written = time or WRITTEN + timedelta(days=number)
    source = Source(case_file("NODE1/CLUSDB"), str(key), None, None, written)
    return finding(verdict=verdict, facts=(Absent(ValueSubject("NODE1", key, "v"), source),))


def test_the_timeline_stays_around_what_is_broken() -> None:
    findings = [dated(n, Verdict.CONFIRMED if n == 50 else Verdict.RULED_OUT) for n in range(100)]
    timeline = draw_timeline(report_of(*findings))
    assert timeline is not None
    assert (len(timeline.earlier), len(timeline.around), len(timeline.later)) == (38, 24, 38)
    (broken,) = (one for one in timeline.around if one.broken)
    assert broken.events[0].causes == (NO_EXTENSION.id,)
    assert broken.gap == "1 day"


def test_what_is_worth_knowing_breaks_nothing() -> None:
    timeline = draw_timeline(report_of(replace(dated(0, Verdict.LIKELY), weighs=False)))
    assert timeline is not None
    assert not any(one.broken for one in timeline.around)


def test_what_other_articles_cite_is_in_no_timeline() -> None:
    elsewhere = replace(dated(0), cause=Cause("Q272350/x", "X"))
    assert draw_timeline(report_of(elsewhere, articles=OTHERS)) is None


def test_times_of_listings_are_local_and_near_enough() -> None:
    local = datetime(1999, 5, 5, 10, 0)  # noqa: DTZ001 - listings print local time
    listed = Present(FileSubject("NODE1", DLL), FileEntry(DLL, 1, local), Source(case_file("d")))
    late = replace(listed, value=FileEntry(DLL, 1, local + timedelta(days=9)))
    timeline = draw_timeline(report_of(dated(0), finding(MISSING_DLL, facts=(listed, late))))
    assert timeline is not None
    assert [(one.when, one.local, one.gap) for one in timeline.around] == [
        ("1999-05-04 10:11:12Z", False, ""),
        ("1999-05-05 10:00:00", True, "about the same time"),
        ("1999-05-14 10:00:00", True, "about 9 days"),
    ]


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=1), "1 second"),
        (timedelta(minutes=12), "12 minutes"),
        (timedelta(hours=3), "3 hours"),
        (timedelta(days=4000), "4,000 days"),
    ],
)
def test_gaps_in_words(span: timedelta, words: str) -> None:
    timeline = draw_timeline(report_of(dated(0, time=WRITTEN), dated(1, time=WRITTEN + span)))
    assert timeline is not None
    assert timeline.around[1].gap == words


def test_odd_sources_have_their_place_or_none_in_the_timeline() -> None:
    linked = datetime(1998, 1, 1, tzinfo=UTC)
    specimen = Specimen(case_file("x"), "pe", "x.dll", None, 1, linked=linked)
    facts: tuple[AnyFact, ...] = (
        Present(FileSubject("NODE1", DLL), specimen, Source(case_file("x"))),
        Present(StatedSubject("NODE1", "said"), "x", None),
        Unknown(KeySubject("NODE1", TYPE_KEY), "not there"),
        Absent(KeySubject("NODE1", TYPE_KEY), Source(case_file("a"), None, None, None, WRITTEN)),
        Absent(KeySubject("NODE1", TYPE_KEY), Source(case_file("b"), "odd", None, None, WRITTEN)),
    )
    timeline = draw_timeline(report_of(finding(facts=facts)))
    assert timeline is not None
    assert [event.what for one in timeline.around for event in one.events] == ["x.dll", TYPE_KEY.short, "odd"]
    assert draw_timeline(report_of(finding())) is None


def test_many_events_of_one_moment_are_counted() -> None:
    timeline = draw_timeline(report_of(*(dated(number, time=WRITTEN) for number in range(50))))
    assert timeline is not None
    assert [(len(one.events), one.more) for one in timeline.around] == [(40, 10)]


# --- inventory, plan --------------------------------------------------------------------------------


def test_the_inventory_is_bounded() -> None:
    artifact = Artifact("p", "dir-listing", tuple("abcdefghij"), "NODE1", "so", 1, "0" * 64, State.CLEAN, ())
    inventory = take_inventory(report_of(artifacts=(artifact,) * 1_200))
    (owner,) = inventory.owners
    assert (len(owner.artifacts), inventory.more) == (1_000, 200)
    assert (len(owner.artifacts[0].holds), owner.artifacts[0].more) == (6, 4)


def test_steps_are_grouped_by_machine() -> None:
    work = prepare_work(full_report().remedy)
    assert [(group.heading, [number for number, _ in group.steps]) for group in work.groups] == [
        ("NODE1", [1, 2]),
        ("NODE2", [3]),
        ("The cluster", [4]),
    ]
    assert [(patch.patch.name, patch.undo.name) for patch in work.patches] == [
        ("NODE1.reg", "NODE1-undo.reg"),
        ("NODE2.reg", "NODE2-undo.reg"),
    ]


def test_sections_are_there_where_they_have_something_to_say() -> None:
    assert [name for name, _ in view_of(empty_report()).sections] == ["causes", "plan", "evidence"]
    assert [name for name, _ in view_of(full_report()).sections] == [
        "picture",
        "causes",
        "found",
        "collect",
        "plan",
        "patches",
        "proof",
        "timeline",
        "settled",
        "evidence",
    ]
    beside = [name for name, _ in view_of(everything_report()).sections][6:]
    assert beside == [
        "proof",
        "known",
        "timeline",
        "extensions",
        "comparison",
        "media",
        "settled",
        "evidence",
    ]
    assert view_of(full_report()).sections[0] == ("picture", "Where it breaks")
    assert view_of(report_of(finding())).sections[0] == ("picture", "The chain")
