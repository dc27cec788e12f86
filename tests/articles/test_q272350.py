from __future__ import annotations

from fixtures._case import healthy, software_hive, workstation
from iiscluster_kb.articles.q272350 import RULE
from iiscluster_kb.model import Verdict
from iiscluster_kb.remedy.commands import is_plain_command
from tests.articles.test_q224553 import cluster_of


def test_the_command_holds_nothing_of_the_evidence() -> None:
    case = healthy()
    case.machines["ADMINPC"] = pc = workstation()
    pc.software = software_hive(version="5.0", service_pack="")
    for node in case.nodes:
        assert node.cluster is not None
        node.cluster["ClusterName"] = "X & format C:"
    (finding,) = RULE.diagnose(cluster_of(case))
    assert finding.verdict is Verdict.LIKELY
    (step,) = finding.steps
    assert step.machine == "ADMINPC"
    assert step.command is not None
    assert is_plain_command(step.command)


def test_without_an_operator_the_state_is_not_judged() -> None:
    (finding,) = RULE.diagnose(cluster_of(healthy()))
    assert finding.verdict is Verdict.NOT_APPLICABLE
