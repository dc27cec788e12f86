from __future__ import annotations

from fixtures._case import healthy
from fixtures.planted.q246309 import OTHER, set_packages
from iiscluster_kb.articles.q246309 import RULE
from iiscluster_kb.model import Phase, Verdict
from tests.articles.test_q224553 import cluster_of
from tests.support.evidence import damaged_hive


def test_the_registry_text_is_not_offered() -> None:
    case = healthy()
    set_packages(case.nodes[0], OTHER)
    first, _ = RULE.diagnose(cluster_of(case))
    assert first.verdict is Verdict.CONFIRMED
    assert not first.changes
    assert [(step.phase, step.command, step.achieves) for step in first.steps] == [
        (Phase.ADMINISTER, None, ())
    ]


def test_a_damaged_hive_decides_nothing() -> None:
    case = healthy()
    case.nodes[0].software = None
    first, _ = RULE.diagnose(cluster_of(case, damaged_hive("NODE1/SOFTWARE", r"HKLM\SOFTWARE")))
    assert first.verdict is Verdict.UNDETERMINED
