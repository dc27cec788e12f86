from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures._case import STANDARD, dig, healthy, software_hive, system_hive, workstation
from iiscluster_kb.articles.q174641 import RULE, STANDARD_TYPES
from iiscluster_kb.model import FileRestored, ValueChange, Verdict
from tests.articles.test_q224553 import cluster_of
from tests.support.evidence import specimen

if TYPE_CHECKING:
    from fixtures._case import CollectedCase, Node, Tree
    from iiscluster_kb.model import Evidence, Finding


def judge(case: CollectedCase, *more: Evidence) -> dict[tuple[str, str | None], Finding]:
    findings = RULE.diagnose(cluster_of(case, *more))
    return {(finding.cause.id.partition("/")[2], finding.machine): finding for finding in findings}


def directory(node: Node) -> Tree:
    assert node.files is not None
    return dig(node.files, r"WINNT\Cluster")


def said(finding: Finding) -> tuple[Verdict, str]:
    return finding.verdict, finding.detail


def test_a_healthy_cluster_has_everything_ruled_out() -> None:
    assert {said(finding) for finding in judge(healthy()).values()} == {(Verdict.RULED_OUT, "ok")}


def test_a_file_that_is_registered_elsewhere_is_not_missed() -> None:
    case = healthy()
    node = case.nodes[0]
    del directory(node)["CLUADMEX.DLL"]
    assert node.files is not None
    dig(node.files, r"WINNT\system32")["cluadmex.dll"] = 135952
    node.classes[STANDARD]["InprocServer32"][""] = r"C:\WINNT\system32\cluadmex.dll"
    finding = judge(case)["dll-missing", "NODE1"]
    assert said(finding) == (Verdict.RULED_OUT, "ok")
    assert "registered to" in finding.explanation


def test_a_directory_without_anything_of_the_cluster_is_no_absence() -> None:
    case = healthy()
    directory(case.nodes[0]).clear()
    assert said(judge(case)["dll-missing", "NODE1"]) == (Verdict.UNDETERMINED, "")


@pytest.mark.parametrize(("name", "item"), [("CLUADMEX.DLL", {}), ("Debugex.dll", 0), ("Debugex.dll", {})])
def test_what_is_there_and_no_library(name: str, item: object) -> None:
    case = healthy()
    directory(case.nodes[0])[name] = item
    finding = judge(case)["dll-missing", "NODE1"]
    assert finding.verdict is Verdict.CONFIRMED
    assert name.lower() in finding.steps[0].title.lower()


def test_the_collected_file_shows_that_it_is_none() -> None:
    piece = specimen(
        "NODE1/c/cluadmex.dll", windows_path=r"C:\WINNT\Cluster\CLUADMEX.DLL", problem="no PE image: text"
    )
    assert said(judge(healthy(), piece)["dll-missing", "NODE1"]) == (Verdict.CONFIRMED, "not-pe")


@pytest.mark.parametrize(
    ("pack", "name", "size", "expected"),
    [
        ("Service Pack 3", "CLUADMEX.DLL", 131344, (Verdict.RULED_OUT, "ok")),
        ("Service Pack 3", "CLUADMEX.DLL", 135952, (Verdict.RULED_OUT, "ok")),
        ("Service Pack 3", "CLUADMEX.DLL", 1, (Verdict.LIKELY, "odd-size")),
        ("Service Pack 4", "CLUADMEX.DLL", 131344, (Verdict.RULED_OUT, "ok")),
        ("Service Pack 4", "CLUADMEX.DLL", 1, (Verdict.RULED_OUT, "ok")),
        ("Service Pack 5", "CLUADMEX.DLL", 131344, (Verdict.LIKELY, "outdated")),
        ("Service Pack 5", "Debugex.dll", 57616, (Verdict.RULED_OUT, "ok")),
        ("Service Pack 5", "Debugex.dll", 57617, (Verdict.LIKELY, "odd-size")),
        ("Service Pack 6", "Debugex.dll", 57617, (Verdict.RULED_OUT, "ok")),
        ("something else", "CLUADMEX.DLL", 131344, (Verdict.UNDETERMINED, "")),
    ],
)
def test_sizes_are_held_against_what_is_published(
    pack: str, name: str, size: int, expected: tuple[Verdict, str]
) -> None:
    case = healthy()
    node = case.nodes[0]
    node.software = software_hive(service_pack=pack)
    directory(node)[name] = size
    assert said(judge(case)["dll-outdated", "NODE1"]) == expected


def test_what_is_put_back_has_the_size_of_its_service_pack() -> None:
    sizes = set()
    for architecture, pack in (("x86", "Service Pack 3"), ("x86", "Service Pack 6"), ("alpha", "")):
        case = healthy()
        node = case.nodes[0]
        node.system = system_hive("NODE1", architecture=architecture)
        node.software = software_hive(service_pack=pack)
        directory(node)["CLUADMEX.DLL"] = 0
        (restored,) = judge(case)["dll-missing", "NODE1"].steps[0].achieves
        assert isinstance(restored, FileRestored)
        sizes.add(restored.size)
    assert sizes == {131344, 135952, 212000}


def test_a_remnant_of_software_proves_no_absence() -> None:
    case = healthy()
    assert case.nodes[0].software is not None
    del case.nodes[0].software["Classes"]
    assert said(judge(case)["clsid-unregistered", "NODE1"]) == (Verdict.UNDETERMINED, "")


def test_a_workstation_is_asked_for_file_and_registration_alone() -> None:
    case = healthy()
    case.machines["ADMINPC"] = pc = workstation()
    del pc.classes[STANDARD]
    findings = judge(case)
    assert said(findings["clsid-unregistered", "ADMINPC"]) == (Verdict.CONFIRMED, "absent")
    assert findings["admin-extensions-missing", "ADMINPC"].verdict is Verdict.NOT_APPLICABLE
    del directory(pc)["Cluadmin.exe"]
    assert judge(case)["clsid-unregistered", "ADMINPC"].verdict is Verdict.NOT_APPLICABLE
    pc.files = None
    assert judge(case)["clsid-unregistered", "ADMINPC"].verdict is Verdict.UNDETERMINED


def test_types_of_other_libraries_and_without_a_page_are_not_asked() -> None:
    case = healthy()
    node = case.nodes[0]
    assert node.cluster is not None
    types = node.cluster["ResourceTypes"]
    types["Time Service"] = {"DllName": "clusres.dll"}
    types["Generic Service"] = {"DllName": r"C:\vendor\own.dll"}
    types["File Share"] = {}
    assert said(judge(case)["admin-extensions-missing", "NODE1"]) == (Verdict.RULED_OUT, "ok")
    for name in STANDARD_TYPES:
        types.pop(name, None)
    assert said(judge(case)["admin-extensions-missing", "NODE1"]) == (Verdict.UNDETERMINED, "")


def test_the_lists_are_mended_beside_what_they_hold() -> None:
    case = healthy()
    node = case.nodes[0]
    assert node.cluster is not None
    other = "{5D7D6BA0-0000-4000-8000-00C04FD00001}"
    dig(node.cluster, r"ResourceTypes\Physical Disk")["AdminExtensions"] = [other]
    finding = judge(case)["admin-extensions-missing", "NODE1"]
    assert said(finding) == (Verdict.CONFIRMED, "some-types")
    (change,) = finding.steps[0].achieves
    assert isinstance(change, ValueChange)
    assert change.after is not None
    assert change.after.strings() == (other, STANDARD)


def test_both_files_are_put_back_where_both_are_unusable() -> None:
    case = healthy()
    node = case.nodes[0]
    node.software = software_hive(service_pack="Service Pack 3")
    directory(node).update({"CLUADMEX.DLL": 0, "Debugex.dll": 0})
    titles = [step.title.split()[1] for step in judge(case)["dll-missing", "NODE1"].steps]
    assert titles == ["Cluadmex.dll", "Debugex.dll"]
    directory(node).update({"CLUADMEX.DLL": 1, "Debugex.dll": 2})
    titles = [step.title.split()[1] for step in judge(case)["dll-outdated", "NODE1"].steps]
    assert titles == ["Cluadmex.dll", "Debugex.dll"]


def test_where_the_place_is_not_known_nothing_is_promised() -> None:
    case = healthy()
    node = case.nodes[0]
    assert node.software is not None
    del node.classes[STANDARD]
    del dig(node.software, r"Microsoft\Windows NT\CurrentVersion")["SystemRoot"]
    finding = judge(case)["clsid-unregistered", "NODE1"]
    assert finding.verdict is Verdict.CONFIRMED
    assert finding.steps[0].achieves == ()
