from __future__ import annotations

from fixtures._case import CLSID, healthy
from fixtures.planted.q223259 import ftp_alone
from iiscluster_kb.articles import diagnose
from iiscluster_kb.articles.q223259 import RULE
from iiscluster_kb.articles.q224553 import RULE as Q224553
from iiscluster_kb.model import FileRestored, Phase, ValueChange, Verdict
from tests.articles.test_q224553 import cluster_of


def test_neither_service_is_another_matter() -> None:
    case = healthy()
    assert case.nodes[0].system is not None
    del case.nodes[0].system["ControlSet001"]["Services"]["W3SVC"]
    first, _ = RULE.diagnose(cluster_of(case))
    assert (first.verdict, first.detail) == (Verdict.RULED_OUT, "ok")


def test_set_up_takes_over_what_single_steps_would_achieve() -> None:
    case = healthy()
    ftp_alone(case.nodes[0])
    del case.nodes[0].classes[CLSID]
    findings = diagnose(cluster_of(case), (Q224553,))
    set_up = next(f for f in findings if f.cause.article == "Q223259")
    assert [step.phase for step in set_up.steps] == [Phase.RESTORE_FILE]
    assert {type(one) for one in set_up.steps[0].achieves} == {FileRestored, ValueChange}
    assert any("Q218922" in warning for warning in set_up.steps[0].warnings)
    replaced = [f for f in findings if f.machine == "NODE1" and f.detail == "absent"]
    assert [f.steps for f in replaced] == [(), ()]
    assert all("Q223259" in f.explanation for f in replaced)
