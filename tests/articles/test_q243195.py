from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures._case import healthy, raw
from fixtures.planted._objects import DISK, QUORUM_DISK, add_resource, identity, tree_of
from fixtures.planted.q243195 import OTHER, QUORUM, WEB, known
from iiscluster_kb.articles.q243195 import RULE
from iiscluster_kb.model import Present, Verdict
from iiscluster_kb.registry import ValueType
from tests.support.judged import only, services_of

if TYPE_CHECKING:
    from fixtures._case import CollectedCase


def prepared(*signatures: int) -> CollectedCase:
    case = healthy()
    known(case, *signatures)
    return case


@pytest.mark.parametrize("stored", ["5F0A1C22", "0x5f0a1c22", " 5f0a1c22 "])
def test_a_signature_written_as_text(stored: str) -> None:
    case = prepared(QUORUM, WEB)
    tree_of(case.nodes[0])["Resources"][DISK]["Parameters"]["Signature"] = stored
    assert only(RULE, case).verdict is Verdict.RULED_OUT


@pytest.mark.parametrize("stored", ["disk", "", "-1", "123456789", raw(ValueType.REG_BINARY, b"abc"), None])
def test_a_signature_that_is_none_leaves_it_open(stored: Any) -> None:
    case = prepared(QUORUM, OTHER)
    parameters = tree_of(case.nodes[0])["Resources"][DISK]["Parameters"]
    if stored is None:
        del parameters["Signature"]
    else:
        parameters["Signature"] = stored
    assert only(RULE, case).verdict is Verdict.UNDETERMINED


def test_an_entry_that_is_no_signature_leaves_it_open() -> None:
    case = prepared(QUORUM, WEB)
    services_of(case.nodes[0])["ClusDisk"]["Parameters"]["Signatures"]["What"] = {}
    finding = only(RULE, case)
    assert finding.verdict is Verdict.UNDETERMINED
    assert "no signature" in finding.explanation


def test_a_driver_without_the_key_leaves_it_open() -> None:
    case = prepared(QUORUM, WEB)
    del services_of(case.nodes[0])["ClusDisk"]["Parameters"]
    assert only(RULE, case).verdict is Verdict.UNDETERMINED


def test_a_hive_without_disks_leaves_it_open() -> None:
    case = prepared(QUORUM, WEB)
    for key in (QUORUM_DISK, DISK):
        del tree_of(case.nodes[0])["Resources"][key]
    assert only(RULE, case).verdict is Verdict.UNDETERMINED


def test_many_entries_do_not_crowd_out_the_resources() -> None:
    case = prepared(QUORUM, *range(1000))
    finding = only(RULE, case)
    assert (finding.verdict, finding.detail) == (Verdict.CONFIRMED, "replaced")
    assert "'Disk W:' expects the signature 5F0A1C22" in finding.explanation
    assert "and 990 more, of which no resource is left" in finding.explanation


def test_ten_thousand_disks() -> None:
    case = prepared(QUORUM, WEB)
    node = case.nodes[0]
    tree_of(node)["Resources"] |= {
        identity(n): {"Name": f"d{n}", "Type": "Physical Disk", "Parameters": {"Signature": n}}
        for n in range(10_000)
    }
    add_resource(node, None, identity(99_999), "last", "Physical Disk", Parameters={"Signature": 7})
    finding = only(RULE, case)
    assert (finding.verdict, finding.detail) == (Verdict.LIKELY, "unknown-to-driver")
    assert len(finding.facts) == 11


@given(st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9), min_size=1))
def test_the_two_sets_decide(expected: set[int], there: set[int]) -> None:
    case = prepared(QUORUM, *there)
    resources = tree_of(case.nodes[0])["Resources"]
    del resources[DISK]
    for number in expected:
        add_resource(
            case.nodes[0], None, identity(number), "d", "Physical Disk", Parameters={"Signature": number}
        )
    details = {(0, 0): "ok", (1, 0): "unknown-to-driver", (0, 1): "left-over", (1, 1): "replaced"}
    assert only(RULE, case).detail == details[bool(expected - there), bool(there - expected)]


def test_nothing_is_patched() -> None:
    finding = only(RULE, prepared(QUORUM, OTHER, *range(100)))
    assert str(finding.facts[0].subject).endswith(r"ClusDisk\Parameters\Signatures")
    assert isinstance(finding.facts[0], Present)
    assert finding.facts[0].value == "Signatures"
    assert finding.changes == ()
    assert {step.command for step in finding.steps} == {None}
