from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fixtures._case import expand_sz, healthy
from fixtures.planted.q216237 import set_log
from iiscluster_kb.articles.q216237 import RULE
from iiscluster_kb.model import Verdict
from tests.articles.test_q224553 import cluster_of

if TYPE_CHECKING:
    from fixtures._case import CollectedCase
    from iiscluster_kb.model import Finding


def judge(case: CollectedCase) -> dict[str, Finding]:
    findings = RULE.diagnose(cluster_of(case))
    return {f.cause.id.partition("/")[2]: f for f in findings if f.machine == "NODE1"}


def verdicts(item: Any, **more: Any) -> tuple[str, ...]:
    case = healthy()
    set_log(case, item, **more)
    found = judge(case)
    return tuple(str(found[cause].verdict) for cause in ("no-directory", "no-file-name", "not-local"))


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("cluster.log", ("ruled-out", "ruled-out", "ruled-out")),
        ("", ("ruled-out", "ruled-out", "ruled-out")),
        (expand_sz(r"%windir%\Cluster\cluster.log"), ("ruled-out", "ruled-out", "ruled-out")),
        (r"%windir%\Cluster\cluster.log", ("undetermined", "undetermined", "ruled-out")),
        (expand_sz(r"%logs%\cluster.log"), ("undetermined", "undetermined", "undetermined")),
        (r"E:\logs\cluster.log", ("undetermined", "undetermined", "ruled-out")),
        (r"C:\WINNT\Cluster\CLUSDB\cluster.log", ("confirmed", "undetermined", "ruled-out")),
        (r"\\?\C:\WINNT\Cluster\cluster.log", ("undetermined", "undetermined", "ruled-out")),
        (7, ("undetermined", "undetermined", "undetermined")),
    ],
)
def test_where_the_log_may_lie(item: Any, expected: tuple[str, ...]) -> None:
    assert verdicts(item) == expected


@pytest.mark.parametrize(
    ("pack", "verdict"),
    [("Service Pack 4 RC 1.2", "confirmed"), ("Service Pack 6", "ruled-out"), ("beta", "undetermined")],
)
def test_the_service_pack_decides_of_a_missing_directory(pack: str, verdict: str) -> None:
    assert verdicts(r"C:\WINNT\logs\c.log", service_pack=pack)[0] == verdict


@pytest.mark.parametrize(
    ("item", "written"),
    [
        (r"C:\WINNT\Cluster\ ".strip(), r"C:\WINNT\Cluster\cluster.log"),
        (expand_sz(r"%SystemRoot%\Cluster"), r"%SystemRoot%\Cluster\cluster.log"),
    ],
)
def test_the_patch_keeps_the_type_and_what_the_type_can_hold(item: Any, written: str) -> None:
    case = healthy()
    set_log(case, item)
    (change,) = judge(case)["no-file-name"].changes
    assert change.before is not None
    assert change.after is not None
    assert (change.after.type, change.after.text()) == (change.before.type, written)


def test_no_patch_where_the_recommended_place_is_a_directory_itself() -> None:
    case = healthy()
    set_log(case, r"\\SERVER\log")
    files = case.nodes[0].files
    assert files is not None
    files["WINNT"]["Cluster"]["cluster.log"] = {"x": 1}
    found = judge(case)["not-local"]
    assert (found.verdict, found.changes) == (Verdict.CONFIRMED, ())
    assert "Set ClusterLog" in found.steps[0].title


def test_no_patch_of_a_plain_string_where_the_windows_directory_is_not_known() -> None:
    case = healthy()
    set_log(case, r"\\SERVER\log")
    case.nodes[0].software = None
    assert judge(case)["not-local"].changes == ()


def test_windows_2000_is_judged_for_the_place_alone() -> None:
    case = healthy()
    set_log(case, r"\\SERVER\log")
    assert case.nodes[0].software is not None
    case.nodes[0].software["Microsoft"]["Windows NT"]["CurrentVersion"]["CurrentVersion"] = "5.0"
    assert {name: f.verdict for name, f in judge(case).items()} == {
        "no-directory": Verdict.NOT_APPLICABLE,
        "no-file-name": Verdict.NOT_APPLICABLE,
        "not-local": Verdict.CONFIRMED,
    }


def test_without_an_environment_nothing_is_known() -> None:
    case = healthy()
    assert case.nodes[0].system is not None
    del case.nodes[0].system["ControlSet001"]["Control"]["Session Manager"]
    assert {f.verdict for f in judge(case).values()} == {Verdict.UNDETERMINED}
