from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures._case import TYPE, healthy, software_hive
from fixtures.planted._objects import CLUSTER_GROUP, WEB_GROUP, tree_of, web_groups
from fixtures.planted.q223259 import ftp_alone
from fixtures.planted.q252641 import resource, service
from iiscluster_kb.articles import diagnose
from iiscluster_kb.articles.q223259 import RULE as Q223259
from iiscluster_kb.articles.q252641 import RULE
from iiscluster_kb.model import FOUND, Verdict
from tests.articles.test_q224553 import cluster_of
from tests.support.evidence import damaged_hive, specimen
from tests.support.judged import judged, services_of

if TYPE_CHECKING:
    from fixtures._case import CollectedCase
    from iiscluster_kb.model import Specimen


def without_iis(pack: str | None = None) -> CollectedCase:
    case = healthy()
    software = case.nodes[0].software
    assert software is not None
    del software["Microsoft"]["InetStp"]
    if pack is not None:
        software["Microsoft"]["Windows NT"]["CurrentVersion"]["CSDVersion"] = pack
    return case


def files(program: str | None, library: str | None) -> list[Specimen]:
    return [
        specimen(f"NODE1/WINNT/system32/{name}", windows_path=rf"C:\WINNT\system32\{name}", version=version)
        for name, version in (("msdtc.exe", program), ("msdtc.dll", library))
    ]


OLD, NEW = "1997.11.532.0", "1998.11.26.1"


@pytest.mark.parametrize(
    ("program", "library", "pack", "answer"),
    [
        (OLD, OLD, None, (Verdict.RULED_OUT, "ok")),
        (OLD, NEW, "Service Pack 3", (Verdict.LIKELY, "newer")),
        (NEW, None, "Service Pack 3", (Verdict.LIKELY, "newer")),
        ("1997.11.532", OLD, None, (Verdict.UNDETERMINED, "")),
        (OLD, "beta", None, (Verdict.UNDETERMINED, "")),
        (None, None, "Service Pack 4", (Verdict.LIKELY, "service-pack")),
        (None, None, "Service Pack 3", (Verdict.UNDETERMINED, "")),
        (None, None, "?", (Verdict.UNDETERMINED, "")),
    ],
)
def test_what_tells_that_msdtc_is_newer(
    program: str | None, library: str | None, pack: str | None, answer: tuple[Verdict, str]
) -> None:
    finding = judged(RULE, without_iis(pack), *files(program, library))["newer-msdtc"]
    assert (finding.verdict, finding.detail) == answer


def test_an_earlier_iis_is_not_the_option_pack() -> None:
    case = healthy()
    assert case.nodes[0].software is not None
    case.nodes[0].software["Microsoft"]["InetStp"]["MajorVersion"] = 3
    assert judged(RULE, case)["newer-msdtc"].detail == "service-pack"


def test_without_the_resource_type_nothing_is_judged() -> None:
    case = without_iis()
    for node in case.nodes:
        del tree_of(node)["ResourceTypes"][TYPE]
    assert {f.verdict for f in RULE.diagnose(cluster_of(case))} == {Verdict.NOT_APPLICABLE}


def test_a_cluster_of_one_node_has_nothing_to_compare() -> None:
    case = healthy()
    service(case, 0)
    del case.machines["NODE2"]
    del tree_of(case.machines["NODE1"])["Nodes"]["2"]
    assert judged(RULE, case, machine=None)["service-on-one-node"].verdict is Verdict.NOT_APPLICABLE


def test_a_node_of_which_nothing_was_collected_leaves_it_open() -> None:
    case = healthy()
    service(case, 0, 1)
    del case.machines["NODE2"]
    finding = judged(RULE, case, machine=None)["service-on-one-node"]
    assert finding.verdict is Verdict.UNDETERMINED
    assert finding.collect


def test_no_node_with_the_service_is_alike() -> None:
    finding = judged(RULE, healthy(), machine=None)["service-on-one-node"]
    assert (finding.verdict, finding.explanation) == (Verdict.RULED_OUT, "No node has the service MSDTC.")


def test_a_resource_in_the_default_group() -> None:
    case = healthy()
    service(case, 0, 1)
    resource(case, CLUSTER_GROUP)
    finding = judged(RULE, case)["resource"]
    assert (finding.verdict, finding.detail) == (Verdict.LIKELY, "default-group")
    tree_of(case.nodes[0])["Groups"][CLUSTER_GROUP]["Name"] = "Other"
    assert judged(RULE, case)["resource"].verdict is Verdict.RULED_OUT


def test_a_hive_without_resources_and_a_damaged_one_show_no_lack() -> None:
    case = healthy()
    service(case, 0, 1)
    tree_of(case.nodes[0])["Resources"] = {}
    assert judged(RULE, case)["resource"].verdict is Verdict.UNDETERMINED
    case.nodes[0].cluster = None
    damaged = damaged_hive("NODE1/CLUSDB", r"HKLM\Cluster")
    assert judged(RULE, case, damaged)["resource"].verdict is Verdict.UNDETERMINED


def test_it_is_never_more_than_likely_and_changes_nothing() -> None:
    case = without_iis()
    web_groups(case)
    service(case, 0)
    resource(case, WEB_GROUP)
    services_of(case.nodes[1])
    findings = list(RULE.diagnose(cluster_of(case)))
    assert Verdict.CONFIRMED not in {finding.verdict for finding in findings}
    assert any(finding.verdict in FOUND for finding in findings)
    assert not any(finding.changes or step.command for finding in findings for step in finding.steps)


@pytest.mark.parametrize(
    ("pack", "version", "words"),
    [
        ("Service Pack 3", "1998.11.26.1", "is of version 1998.11.26.1"),
        ("Service Pack 3", "1997.11.532.0", None),
        ("Service Pack 3", None, None),
        ("Service Pack 6", None, "Service Pack 6a brought a newer MSDTC"),
    ],
)
def test_who_runs_set_up_is_told_of_a_newer_msdtc(pack: str, version: str | None, words: str | None) -> None:
    case = healthy()
    node = case.nodes[0]
    ftp_alone(node)
    node.software = software_hive(service_pack=pack)
    cluster = cluster_of(case, *(files(version, version) if version else ()))
    found = (finding for finding in diagnose(cluster, (Q223259,)) if finding.machine == "NODE1")
    told = [
        text for finding in found for step in finding.steps for text in step.warnings if "Q252641" in text
    ]
    assert len(told) == (words is not None)
    assert all((words or "") in text for text in told)
