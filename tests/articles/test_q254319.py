from __future__ import annotations

from fixtures._case import healthy
from fixtures.planted._objects import identity, tree_of
from fixtures.planted.q254319 import generic, installed
from iiscluster_kb.articles import Standing
from iiscluster_kb.articles.q254319 import RULE
from iiscluster_kb.model import Verdict
from tests.support.judged import judged


def test_it_informs() -> None:
    assert RULE.standing is Standing.INFORMING


def test_a_service_that_is_not_told_leaves_it_open() -> None:
    case = healthy()
    generic(case, "x")
    del tree_of(case.nodes[0])["Resources"][identity(1)]["Parameters"]
    assert judged(RULE, case)["index-server-resource"].verdict is Verdict.UNDETERMINED


def test_steps_for_the_node_and_for_the_cluster() -> None:
    case = healthy()
    installed(case)
    found = judged(RULE, case)
    assert [step.machine for finding in found.values() for step in finding.steps] == ["NODE1", None]
