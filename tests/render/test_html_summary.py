"""The top of the page, as data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.model import (
    Cause,
    Proof,
    Remedy,
    Verdict,
)
from iiscluster_kb.render import _words
from iiscluster_kb.render._html.summary import summarise_page
from tests.support.reports import (
    MISSING_DLL,
    NO_EXTENSION,
    REMOTE,
    finding,
    full_report,
)

if TYPE_CHECKING:
    from iiscluster_kb.model import Finding

from tests.render.html_reports import (
    CONFIRMED,
    ELSEWHERE,
    KNOWN,
    LIKELY,
    OPEN,
    OTHERS,
    UNASKED,
    everything_report,
    report_of,
)

PLAN = full_report().remedy.plan


@pytest.mark.parametrize(
    ("findings", "remedy", "sentence"),
    [
        ((), Remedy(), "Nothing could be examined, so nothing can be said."),
        ((finding(), UNASKED), Remedy(), "No known fault was found."),
        ((ELSEWHERE, UNASKED), Remedy(), "None of the known faults applies here."),
        ((UNASKED,), Remedy(), "No known fault was found, and nothing was reported that asks for more."),
        (
            (OPEN,),
            Remedy(),
            "Nothing can be said yet. One question stays open until more evidence is collected.",
        ),
        (
            (OPEN, replace(OPEN, machine="NODE2"), finding(MISSING_DLL)),
            Remedy(),
            "No known fault was found so far. Two questions stay open until more evidence is collected.",
        ),
        ((LIKELY,), Remedy(), "A known fault is likely on NODE2."),
        (
            (LIKELY, replace(LIKELY, cause=REMOTE, machine=None)),
            Remedy(),
            "Two known faults are likely on NODE2 and the cluster.",
        ),
        (
            (CONFIRMED, LIKELY),
            Remedy(plan=PLAN),
            "A known fault was found on NODE1; the plan below, of 4 steps, mends part of it.",
        ),
        (
            (replace(CONFIRMED, steps=PLAN), replace(LIKELY, changes=full_report().findings[2].changes)),
            Remedy(plan=PLAN),
            "A known fault was found on NODE1, and the plan below, of 4 steps, tells how to mend it.",
        ),
        (
            (CONFIRMED,),
            Remedy((), PLAN, (Proof("NODE1", NO_EXTENSION.id, Verdict.CONFIRMED, Verdict.RULED_OUT),)),
            "A known fault was found on NODE1, and the 4 steps of the plan below mend it.",
        ),
        (
            (CONFIRMED, replace(CONFIRMED, cause=MISSING_DLL, machine="N" * 50)),
            Remedy(),
            "Two known faults were found on 2 machines.",
        ),
        ((replace(CONFIRMED, machine=None),), Remedy(), "A known fault was found in the cluster."),
        (
            (CONFIRMED, replace(CONFIRMED, cause=MISSING_DLL)),
            Remedy(plan=PLAN),
            "Two known faults were found on NODE1; the plan below, of 4 steps, mends part of them.",
        ),
        ((finding(), KNOWN), Remedy(), "No known fault was found."),
        ((KNOWN,), Remedy(), "No known fault was found, and nothing was reported that asks for more."),
        (
            (CONFIRMED, KNOWN),
            Remedy((), PLAN, (Proof("NODE1", NO_EXTENSION.id, Verdict.CONFIRMED, Verdict.RULED_OUT),)),
            "A known fault was found on NODE1, and the 4 steps of the plan below mend it.",
        ),
    ],
)
def test_the_sentence(findings: tuple[Finding, ...], remedy: Remedy, sentence: str) -> None:
    assert summarise_page(report_of(*findings, remedy=remedy)).sentence == sentence


def test_the_top_names_what_was_found_and_where_to_go() -> None:
    summary = summarise_page(full_report())
    assert summary.verdict is Verdict.CONFIRMED
    assert [(point.verdict.value, point.cause, point.places) for point in summary.points] == [
        ("confirmed", NO_EXTENSION.id, ("NODE1",)),
        ("likely", MISSING_DLL.id, ("NODE2",)),
    ]
    assert summary.ways_on == (
        ("plan", "What to do: 4 steps"),
        ("collect", "What to collect: 1 piece of evidence"),
    )
    assert ("Symptom stated", "finish-button") in summary.circumstances


def test_what_is_worth_knowing_is_no_point_and_is_led_to() -> None:
    summary = summarise_page(everything_report())
    assert [point.cause for point in summary.points] == [NO_EXTENSION.id, MISSING_DLL.id]
    assert summary.ways_on[-1] == ("known", "Worth knowing: 1 note")


def test_articles_that_nobody_asked_for_do_not_decide_the_sentence() -> None:
    other = finding(Cause("Q272350/x", "X"))
    summary = summarise_page(report_of(ELSEWHERE, other, articles=OTHERS))
    assert summary.sentence == "None of the known faults applies here."
    assert summary.reasons == ("There is no cluster service.",)


def test_why_nothing_applies_is_said_once() -> None:
    summary = summarise_page(report_of(ELSEWHERE, replace(ELSEWHERE, machine="NODE2")))
    assert summary.reasons == ("There is no cluster service.",)


def test_nodes_without_evidence_are_named() -> None:
    told = summarise_page(report_of(nodes=("NODE1", "NODE3"))).circumstances
    assert ("Nodes without evidence", "NODE3") in told


def test_words_of_numbers_and_lists() -> None:
    assert [_words.number_words(number) for number in (0, 1, 12, 1_300)] == ["no", "one", "twelve", "1,300"]
    assert _words.number_words(1, one="a") == "a"
    assert [_words.listed("ABC"[:number]) for number in range(4)] == ["", "A", "A and B", "A, B and C"]
