from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures._case import dig, healthy, software_hive
from iiscluster_kb.articles.q218922 import RULE
from iiscluster_kb.model import Phase, Verdict
from tests.articles.test_q224553 import cluster_of
from tests.support.evidence import specimen

if TYPE_CHECKING:
    from iiscluster_kb.model import Finding


def one(version: str | None = None, pack: str = "Service Pack 4") -> Finding:
    case = healthy()
    case.nodes[0].software = software_hive(service_pack=pack)
    path = r"C:\WINNT\system32\inetsrv\iislog.dll"
    piece = specimen("NODE1/iislog.dll", windows_path=path, version=version)
    return next(iter(RULE.diagnose(cluster_of(case, piece))))


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ("4.02.0622", Verdict.LIKELY),
        ("4.2.667.4", Verdict.LIKELY),
        ("4.02.0667.05", Verdict.RULED_OUT),
        ("4.2.780.1", Verdict.RULED_OUT),
        ("Service Pack 4 RC 1.2", Verdict.UNDETERMINED),
        (None, Verdict.UNDETERMINED),
    ],
)
def test_of_service_pack_4_one_version_is_known(version: str | None, verdict: Verdict) -> None:
    finding = one(version)
    assert finding.verdict is verdict
    assert bool(finding.collect) == (verdict is Verdict.UNDETERMINED)
    assert [step.phase for step in finding.steps] == [Phase.RESTART] * (verdict is Verdict.LIKELY)


@pytest.mark.parametrize(
    ("pack", "verdict"),
    [("Service Pack 3", Verdict.NOT_APPLICABLE), ("Service Pack 6", Verdict.RULED_OUT)],
)
def test_before_service_pack_4_nothing_is_older(pack: str, verdict: Verdict) -> None:
    assert one(pack=pack).verdict is verdict


def test_without_iis_nothing_was_overwritten() -> None:
    case = healthy()
    assert case.nodes[0].software is not None
    del dig(case.nodes[0].software, "Microsoft")["InetStp"]
    finding = next(iter(RULE.diagnose(cluster_of(case))))
    assert finding.verdict is Verdict.NOT_APPLICABLE


def test_cluster_files_in_system32_count_too() -> None:
    case = healthy()
    node = case.nodes[0]
    assert node.files is not None
    dig(node.files, r"WINNT\system32")["clusapi.dll"] = 46352
    finding = next(iter(RULE.diagnose(cluster_of(case))))
    assert any("system32\\Clusapi.dll" in str(fact.subject) for fact in finding.facts)
