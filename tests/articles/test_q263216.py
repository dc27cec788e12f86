from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fixtures._case import dig, healthy, workstation
from iiscluster_kb.articles import diagnose
from iiscluster_kb.articles.q224553 import RULE as Q224553
from iiscluster_kb.articles.q263216 import RULE
from iiscluster_kb.model import Verdict
from tests.articles.test_q224553 import cluster_of
from tests.support.evidence import specimen

if TYPE_CHECKING:
    from iiscluster_kb.model import Evidence, Finding

MFC = r"C:\WINNT\system32\mfc42u.dll"
DLL = r"C:\WINNT\system32\inetsrv\iisclex4.dll"


def library(version: str | None, machine: str = "NODE1") -> Evidence:
    return specimen(f"{machine}/mfc42u.dll", windows_path=MFC, version=version, size=995384)


def extension(version: str | None, **more: Any) -> Evidence:
    return specimen("NODE1/iisclex4.dll", windows_path=DLL, version=version, size=65664, **more)


def one(*more: Evidence, machine: str = "NODE1") -> Finding:
    return next(f for f in RULE.diagnose(cluster_of(healthy(), *more)) if f.machine == machine)


@pytest.mark.parametrize(
    ("mfc", "dll", "verdict", "detail"),
    [
        ("6.00.8447.0", "4.2.680.1", Verdict.LIKELY, "by-version"),
        ("6, 0, 8447, 0", "4.2.741.9", Verdict.LIKELY, "by-version"),
        ("6.00.8447.0", "4.2.742.1", Verdict.RULED_OUT, "ok"),
        ("6.00.8447.0", None, Verdict.LIKELY, "by-date"),
        ("4.21.7022", "4.2.680.1", Verdict.RULED_OUT, "ok"),
        ("nonsense", "4.2.680.1", Verdict.UNDETERMINED, ""),
        (None, "4.2.742.1", Verdict.RULED_OUT, "ok"),
    ],
)
def test_both_builds_must_meet(mfc: str | None, dll: str | None, verdict: Verdict, detail: str) -> None:
    finding = one(library(mfc), extension(dll))
    assert (finding.verdict, finding.detail) == (verdict, detail)
    assert bool(finding.collect) == (verdict is Verdict.UNDETERMINED)


def test_a_file_that_has_to_be_replaced_tells_nothing() -> None:
    finding = one(library("6.00.8447.0"), extension("4.2.742.1", architecture="alpha"))
    assert finding.verdict is Verdict.UNDETERMINED


def test_no_library_no_crash() -> None:
    case = healthy()
    node = case.nodes[0]
    assert node.files is not None
    del dig(node.files, r"WINNT\system32")["mfc42u.dll"]
    case.nodes[1].files = None
    first, second = RULE.diagnose(cluster_of(case))
    assert (first.verdict, second.verdict) == (Verdict.RULED_OUT, Verdict.UNDETERMINED)
    assert "is not there" in first.explanation


def test_on_a_workstation_the_extension_lies_beside_the_program() -> None:
    case = healthy()
    case.machines["ADMINPC"] = pc = workstation()
    assert pc.files is not None
    dig(pc.files, r"WINNT\Cluster")["iisclex4.dll"] = 65664
    dig(pc.files, r"WINNT\system32")["mfc42u.dll"] = 995384
    findings = RULE.diagnose(cluster_of(case, library("6.00.8447.0", "ADMINPC")))
    finding = next(f for f in findings if f.machine == "ADMINPC")
    assert (finding.verdict, finding.detail) == (Verdict.LIKELY, "by-date")
    assert r"C:\WINNT\Cluster" in finding.steps[0].title


@pytest.mark.parametrize(
    ("mfc", "words"), [("6.00.8447.0", "is of version 6.00"), (None, "look at the version"), ("4.2.1", "")]
)
def test_restoring_an_old_file_is_warned_of(mfc: str | None, words: str) -> None:
    case = healthy()
    del case.nodes[0].inetsrv["iisclex4.dll"]
    missing, *_ = diagnose(cluster_of(case, library(mfc)), (Q224553,))
    found = [warning for warning in missing.steps[0].warnings if "Mfc42u.dll" in warning]
    assert len(found) == bool(words)
    assert all(words in warning for warning in found)


def test_a_step_that_brings_a_later_build_is_not_warned() -> None:
    case = healthy()
    cluster = cluster_of(case, library("6.00.8447.0"), extension("4.2.680.1"))
    finding = next(f for f in diagnose(cluster, (RULE,)) if f.machine == "NODE1")
    assert any(step.achieves for step in finding.steps)
    assert not any(step.warnings for step in finding.steps)
