from __future__ import annotations

from fixtures._case import healthy
from fixtures.planted._objects import identity, tree_of
from iiscluster_kb.articles.q174331 import RULE
from iiscluster_kb.model import Verdict
from tests.support.judged import only


def test_types_are_compared_as_windows_does_and_ten_are_named() -> None:
    case = healthy()
    tree_of(case.nodes[0])["Resources"] |= {
        identity(n): {"Name": f"t{n}", "Type": "TIME service"} for n in range(10_000)
    }
    finding = only(RULE, case)
    assert finding.verdict is Verdict.CONFIRMED
    assert "and 9,990 more" in finding.explanation
    assert len(finding.facts) == 10


def test_without_any_the_hive_is_cited() -> None:
    assert [str(fact.subject) for fact in only(RULE, healthy()).facts] == [r"HKLM\Cluster"]
