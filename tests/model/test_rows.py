from __future__ import annotations

from dataclasses import replace

from iiscluster_kb.model import Answer as Reply
from iiscluster_kb.model import Opinion, Present, Source, StatedSubject, Unknown
from tests.support.reports import case_file, empty_report, finding, full_report, infested


def test_a_row_counts_its_facts_by_their_answer() -> None:
    undecided = list(full_report().rows())[5]
    assert (undecided.facts_present, undecided.facts_absent, undecided.facts_unknown) == (0, 1, 2)
    assert undecided.opinions_agree == 2


def test_a_disagreement_that_is_explained_is_none() -> None:
    opinions = (
        Opinion("python-registry", Reply.DISAGREES),
        Opinion("regipy", Reply.DISAGREES, "a known defect", explained=True),
    )
    fact = Present(StatedSubject("NODE1", "it"), "so", None, opinions=opinions)
    (row,) = replace(empty_report(), findings=(finding(facts=(fact,)),)).rows()
    assert (row.opinions_agree, row.opinions_disagree) == (0, 1)


def test_a_file_that_is_cited_twice_is_named_once() -> None:
    fact = Unknown(StatedSubject("NODE1", "it"), "damaged", Source(case_file("a")))
    (row,) = replace(empty_report(), findings=(finding(facts=(fact, fact)),)).rows()
    assert row.evidence == ("a",)
    assert row.sha256 == (case_file("a").content.sha256,)


def test_what_the_proof_says_is_in_the_row_of_its_finding_alone() -> None:
    after = [row.verdict_after for row in full_report().rows()]
    assert after == [None, None, "ruled-out", None, None, None, None]


def test_a_finding_for_the_cluster_has_no_machine() -> None:
    last = list(full_report().rows())[-1]
    assert (last.machine, last.role, last.windows) == (None, None, None)


def test_every_text_can_be_written_as_utf_8() -> None:
    for row in infested(full_report(), "\ud800é").rows():
        assert repr(row).encode("utf-8")
        assert row.case == "webclus.zip\\ud800é"
