from __future__ import annotations

from fixtures._case import healthy
from fixtures.planted._objects import CLUSTER_GROUP, QUORUM_DISK, add_resource, identity, tree_of
from fixtures.planted.q245626 import local_quorum
from iiscluster_kb.articles.q245626 import RULE
from iiscluster_kb.model import Verdict
from tests.support.judged import only


def test_the_value_may_name_the_local_quorum_itself() -> None:
    case = healthy()
    local_quorum(case)
    tree_of(case.nodes[0])["Quorum"]["Resource"] = identity(1).upper()
    assert only(RULE, case).verdict is Verdict.LIKELY


def test_a_value_that_names_nothing_that_is_there() -> None:
    case = healthy()
    local_quorum(case)
    tree_of(case.nodes[0])["Quorum"]["Resource"] = identity(404)
    assert only(RULE, case).verdict is Verdict.LIKELY


def test_another_quorum_capable_resource() -> None:
    case = healthy()
    tree = tree_of(case.nodes[0])
    del tree["Resources"][QUORUM_DISK]
    add_resource(case.nodes[0], CLUSTER_GROUP, identity(1), "Local", "LOCAL QUORUM")
    add_resource(case.nodes[0], CLUSTER_GROUP, identity(2), "Vendor's disk", "Vendor Disk")
    tree["Quorum"]["Resource"] = identity(2)
    finding = only(RULE, case)
    assert finding.verdict is Verdict.RULED_OUT
    assert finding.explanation == "The quorum is 'Vendor's disk', no Local Quorum."


def test_windows_2000_has_it_too() -> None:
    case = healthy()
    local_quorum(case)
    assert case.nodes[0].software is not None
    case.nodes[0].software["Microsoft"]["Windows NT"]["CurrentVersion"]["CurrentVersion"] = "5.0"
    assert only(RULE, case).verdict is Verdict.LIKELY
