from __future__ import annotations

from fixtures._case import healthy
from fixtures.planted._objects import (
    CLUSTER_GROUP,
    SITE,
    WEB_GROUP,
    add_resource,
    identity,
    tree_of,
    web_groups,
)
from iiscluster_kb.articles.orphaned_resources import RULE
from iiscluster_kb.model import Verdict
from tests.support.evidence import damaged_hive
from tests.support.judged import judged


def test_a_bare_key_in_no_group_shows_nothing() -> None:
    case = healthy()
    tree_of(case.nodes[0])["Resources"][identity(9)] = {}
    assert judged(RULE, case)["in-no-group"].verdict is Verdict.RULED_OUT


def test_an_empty_group_beside_a_full_one_lists_nothing_that_is_missing() -> None:
    case = healthy()
    tree_of(case.nodes[0])["Groups"][identity(5)] = {"Name": "Empty"}
    assert {f.verdict for f in judged(RULE, case).values()} == {Verdict.RULED_OUT}


def test_a_hive_without_resources_proves_no_member_missing() -> None:
    case = healthy()
    tree_of(case.nodes[0])["Resources"] = {}
    assert judged(RULE, case)["member-missing"].verdict is Verdict.UNDETERMINED


def test_damage_is_never_a_missing_member() -> None:
    case = healthy()
    case.nodes[0].cluster = None
    found = judged(RULE, case, damaged_hive("NODE1/CLUSDB", r"HKLM\Cluster"))
    assert {f.verdict for f in found.values()} == {Verdict.UNDETERMINED}


def test_the_same_group_is_cited_once() -> None:
    case = healthy()
    tree = web_groups(case)[0]
    tree["Groups"][WEB_GROUP]["Contains"] += [identity(n) for n in range(10_000)]
    finding = judged(RULE, case)["member-missing"]
    assert len(finding.facts) == 1
    assert "and 9,990 more" in finding.explanation
    assert f"the group 'Web Group' lists {identity(1)}, which is not there" in finding.explanation


def test_ten_thousand_in_no_group() -> None:
    case = healthy()
    for number in range(10_000):
        add_resource(case.nodes[0], None, identity(number), f"r{number}", "File Share")
    finding = judged(RULE, case)["in-no-group"]
    assert len(finding.facts) == 10
    assert "no group lists 'r0'" in finding.explanation.replace("No", "no")


def test_windows_2008_is_judged_too() -> None:
    case = healthy()
    del web_groups(case)[0]["Resources"][SITE]
    assert case.nodes[0].software is not None
    case.nodes[0].software["Microsoft"]["Windows NT"]["CurrentVersion"]["CurrentVersion"] = "6.1"
    assert judged(RULE, case)["member-missing"].verdict is Verdict.CONFIRMED
    assert tree_of(case.nodes[0])["Groups"][CLUSTER_GROUP]
