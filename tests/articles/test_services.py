from __future__ import annotations

from fixtures._case import healthy
from iiscluster_kb.articles._services import find_service, is_disabled
from iiscluster_kb.articles.q223157 import RULE
from iiscluster_kb.cluster import Machine
from iiscluster_kb.model import Absent, Present, Unknown, Verdict
from tests.support.evidence import hive
from tests.support.judged import only, services_of

CASE = healthy()
services_of(CASE.nodes[0])["Odd"] = {"Start": "4"}
NODE = Machine("NODE1", (hive("NODE1/SYSTEM", r"HKLM\SYSTEM", CASE.nodes[0].system or {}),))


def test_a_service_is_there_is_not_or_is_not_known() -> None:
    assert isinstance(find_service(NODE, "clussvc"), Present)
    assert isinstance(find_service(NODE, "WLBS"), Absent)
    assert isinstance(find_service(Machine("NODE1"), "WLBS"), Unknown)


def test_only_what_the_evidence_disables_is_disabled() -> None:
    assert not is_disabled(NODE, "ClusSvc")
    assert not is_disabled(NODE, "Odd")
    assert not is_disabled(Machine("NODE1"), "ClusSvc")


def test_a_service_without_a_start_value_counts_as_installed() -> None:
    case = healthy()
    services_of(case.nodes[0])["wlbs"] = {}
    finding = only(RULE, case)
    assert finding.verdict is Verdict.CONFIRMED
    assert [step.machine for step in finding.steps] == ["NODE1"]
