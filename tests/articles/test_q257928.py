from __future__ import annotations

from fixtures._case import dig, healthy, workstation
from iiscluster_kb.articles.q257928 import RULE
from iiscluster_kb.model import Unknown, Verdict
from tests.articles.test_q224553 import cluster_of


def test_without_enum_an_operators_machine_is_likely_one() -> None:
    case = healthy()
    case.machines["ADMINPC"] = workstation()
    found = [f for f in RULE.diagnose(cluster_of(case)) if f.machine == "ADMINPC"]
    assert [f.verdict for f in found] == [Verdict.UNDETERMINED, Verdict.LIKELY]


def test_where_the_program_is_not_there_the_service_does_not_matter() -> None:
    case = healthy()
    node = case.nodes[0]
    node.system = None
    assert node.files is not None
    del dig(node.files, r"WINNT\Cluster")["Cluadmin.exe"]
    _, found = (f for f in RULE.diagnose(cluster_of(case)) if f.machine == "NODE1")
    assert found.verdict is Verdict.RULED_OUT


def test_a_service_that_is_not_known_leaves_both_open() -> None:
    case = healthy()
    case.nodes[0].system = None
    found = [f for f in RULE.diagnose(cluster_of(case)) if f.machine == "NODE1"]
    assert [f.verdict for f in found] == [Verdict.UNDETERMINED] * 2
    assert all(isinstance(f.facts[0], Unknown) and f.collect for f in found)
