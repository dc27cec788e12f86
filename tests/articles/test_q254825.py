from __future__ import annotations

from fixtures._case import healthy
from fixtures.planted._objects import WEB_GROUP, add_resource, identity, tree_of
from fixtures.planted.q254825 import second_name
from iiscluster_kb.articles.q254825 import RULE
from iiscluster_kb.model import Verdict
from tests.support.judged import only


def test_one_name_cannot_be_there_twice() -> None:
    assert only(RULE, healthy()).explanation == "The cluster hive holds fewer than two Network Names."


def test_a_duplicate_is_found_beside_a_name_that_is_not_told() -> None:
    case = healthy()
    second_name(case, " WebSrv ")
    add_resource(case.nodes[0], WEB_GROUP, identity(8), "Nameless", "Network Name")
    finding = only(RULE, case)
    assert finding.verdict is Verdict.CONFIRMED
    assert finding.explanation == "2 Network Names register WEBSRV: 'Web Name' and 'Second Name'."
    assert len(finding.facts) == 2


def test_a_name_of_no_text_is_not_told() -> None:
    case = healthy()
    second_name(case, "")
    assert only(RULE, case).verdict is Verdict.UNDETERMINED


def test_ten_thousand_of_one_name() -> None:
    case = healthy()
    tree_of(case.nodes[0])["Resources"] |= {
        identity(n): {"Name": f"n{n}", "Type": "Network Name", "Parameters": {"Name": "SAME"}}
        for n in range(10_000)
    }
    assert only(RULE, case).explanation == "10,000 Network Names register SAME: 'n0' and 'n1'."
