from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fixtures._case import healthy
from fixtures.planted._objects import ADDRESS, NAME, WEB_GROUP, add_resource, identity, tree_of
from fixtures.planted.q217057 import off_for_one_of_two, switch_off
from iiscluster_kb.articles.q217057 import RULE
from iiscluster_kb.model import Verdict
from tests.support.judged import only

if TYPE_CHECKING:
    from fixtures._case import CollectedCase


def prepared() -> CollectedCase:
    case = healthy()
    switch_off(case)
    return case


def parameters(case: CollectedCase) -> Any:
    return tree_of(case.nodes[0])["Resources"][ADDRESS]["Parameters"]


def test_without_network_names_nothing_is_wrong() -> None:
    assert only(RULE, healthy()).verdict is Verdict.RULED_OUT


@pytest.mark.parametrize("stored", [None, "0"])
def test_a_value_that_is_absent_or_no_number_is_in_doubt(stored: Any) -> None:
    case = prepared()
    if stored is None:
        del parameters(case)["EnableNetBIOS"]
    else:
        parameters(case)["EnableNetBIOS"] = stored
    assert only(RULE, case).verdict is Verdict.UNDETERMINED


def test_a_name_that_depends_on_another_address_is_sound() -> None:
    case = healthy()
    off_for_one_of_two(case)
    tree_of(case.nodes[0])["Resources"][NAME]["Dependencies"] = [identity(9)]
    finding = only(RULE, case)
    assert finding.verdict is Verdict.RULED_OUT
    assert len(finding.facts) == 2


def test_a_group_without_an_address_is_in_doubt() -> None:
    case = prepared()
    tree_of(case.nodes[0])["Groups"][WEB_GROUP]["Contains"] = [NAME]
    tree_of(case.nodes[0])["Resources"][NAME]["Dependencies"] = []
    assert only(RULE, case).verdict is Verdict.UNDETERMINED


def test_a_name_in_no_group_is_judged_by_its_dependencies() -> None:
    case = prepared()
    tree_of(case.nodes[0])["Groups"][WEB_GROUP]["Contains"] = []
    finding = only(RULE, case)
    assert (finding.verdict, finding.detail) == (Verdict.LIKELY, "dependency")
    assert [str(fact.subject).rpartition(" : ")[2] for fact in finding.facts] == [
        "EnableNetBIOS",
        "Dependencies",
    ]


def test_what_is_certain_is_named_first() -> None:
    case = prepared()
    node = case.nodes[0]
    add_resource(node, None, identity(8), "Loose", "Network Name", Dependencies=[ADDRESS])
    finding = only(RULE, case)
    assert (finding.verdict, finding.detail) == (Verdict.CONFIRMED, "whole-group")
    assert finding.explanation == (
        "NetBIOS is off for every IP Address of the group of 'Web Name'; "
        "'Loose' depends on an IP Address for which NetBIOS is off."
    )


def test_ten_thousand_names_and_addresses_in_one_group() -> None:
    case = prepared()
    tree = tree_of(case.nodes[0])
    for number in range(10_000):
        key = identity(number)
        kind = "IP Address" if number % 2 else "Network Name"
        tree["Resources"][key] = {"Name": key, "Type": kind, "Parameters": {"EnableNetBIOS": 0}}
        tree["Groups"][WEB_GROUP]["Contains"].append(key)
    finding = only(RULE, case)
    assert finding.verdict is Verdict.CONFIRMED
    assert len(finding.facts) == 11
