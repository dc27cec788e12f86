from __future__ import annotations

import pytest

from fixtures._case import TYPE, healthy
from fixtures.planted._objects import CLUSTER_GROUP, add_resource, identity, tree_of
from fixtures.planted.q230287 import OLD, register, resource_left
from iiscluster_kb.articles.q230287 import RULE
from iiscluster_kb.model import Verdict
from tests.support.evidence import damaged_hive
from tests.support.judged import judged


@pytest.mark.parametrize(
    ("version", "verdict"),
    [(4, Verdict.LIKELY), (5, Verdict.LIKELY), (3, Verdict.RULED_OUT), ("4", Verdict.UNDETERMINED)],
)
def test_without_the_newer_type_the_version_tells(version: object, verdict: Verdict) -> None:
    case = healthy()
    register(case)
    node = case.nodes[0]
    del tree_of(node)["ResourceTypes"][TYPE]
    assert node.software is not None
    node.software["Microsoft"]["InetStp"]["MajorVersion"] = version
    assert judged(RULE, case)["virtual-root-type"].verdict is verdict
    add_resource(node, CLUSTER_GROUP, identity(1), "root", OLD.upper())
    assert judged(RULE, case)["virtual-root-resource"].verdict is verdict


def test_a_type_alone_is_no_fault() -> None:
    case = healthy()
    register(case)
    finding = judged(RULE, case)["virtual-root-type"]
    assert (finding.verdict, finding.weighs, finding.steps) == (Verdict.LIKELY, False, ())


def test_of_many_resources_ten_are_named() -> None:
    case = healthy()
    resource_left(case)
    tree_of(case.nodes[0])["Resources"] |= {
        identity(n): {"Name": f"r{n}", "Type": OLD} for n in range(2, 10_000)
    }
    finding = judged(RULE, case)["virtual-root-resource"]
    assert "and 9,989 more" in finding.explanation
    assert len(finding.facts) == 11


def test_a_damaged_hive_leaves_both_open() -> None:
    case = healthy()
    case.nodes[0].cluster = None
    findings = judged(RULE, case, damaged_hive("NODE1/CLUSDB", r"HKLM\Cluster"))
    assert {finding.verdict for finding in findings.values()} == {Verdict.UNDETERMINED}
