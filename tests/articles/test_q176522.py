from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures._case import dig, healthy
from iiscluster_kb.articles.q176522 import RULE
from iiscluster_kb.model import Verdict
from tests.articles.test_q224553 import cluster_of

if TYPE_CHECKING:
    from fixtures._case import CollectedCase
    from iiscluster_kb.model import Finding


def judge(case: CollectedCase) -> dict[str, Finding]:
    return {f.cause.id.partition("/")[2]: f for f in RULE.diagnose(cluster_of(case))}


def set_root(case: CollectedCase, root: str) -> None:
    assert case.nodes[1].software is not None
    dig(case.nodes[1].software, r"Microsoft\Windows NT\CurrentVersion")["SystemRoot"] = root


def set_dll(case: CollectedCase, path: str) -> None:
    for node in case.nodes:
        node.type_key["DllName"] = path


@pytest.mark.parametrize(
    ("root", "verdict"),
    [
        ("D:\\WINNT", Verdict.CONFIRMED),
        ("c:\\Winnt\\", Verdict.RULED_OUT),
        ("C:\\WINDOW~1", Verdict.UNDETERMINED),
        ("", Verdict.UNDETERMINED),
    ],
)
def test_directories_are_compared_as_windows_does(root: str, verdict: Verdict) -> None:
    case = healthy()
    set_root(case, root)
    assert judge(case)["windows-directories-differ"].verdict is verdict


def test_a_variable_in_the_install_path_is_replaced() -> None:
    case = healthy()
    assert case.nodes[1].software is not None
    dig(case.nodes[1].software, r"Microsoft\InetStp")["InstallPath"] = r"%windir%\system32\INETSRV"
    assert judge(case)["install-paths-differ"].verdict is Verdict.RULED_OUT


def test_a_cluster_of_one_node_has_nothing_to_compare() -> None:
    case = healthy()
    del case.machines["NODE2"]
    assert case.machines["NODE1"].cluster is not None
    del case.machines["NODE1"].cluster["Nodes"]["2"]
    set_dll_alone = judge(case)
    assert set_dll_alone["windows-directories-differ"].verdict is Verdict.NOT_APPLICABLE
    assert set_dll_alone["type-dll-path"].verdict is Verdict.RULED_OUT


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        (r"%SystemRoot%\system32\inetsrv\clusiis4.dll", Verdict.RULED_OUT),
        (r"C:\WINNT\gone\clusiis4.dll", Verdict.RULED_OUT),
        (r"E:\clusiis4.dll", Verdict.UNDETERMINED),
        ("", Verdict.UNDETERMINED),
    ],
)
def test_where_the_dll_of_the_type_is_named(path: str, verdict: Verdict) -> None:
    case = healthy()
    set_dll(case, path)
    found = judge(case)["type-dll-path"]
    assert found.verdict is verdict
    assert bool(found.collect) is (verdict is Verdict.UNDETERMINED)


def test_the_misspelt_key_is_read_where_it_is_the_only_one() -> None:
    case = healthy()
    for node in case.nodes:
        assert node.cluster is not None
        node.cluster["Resource Types"] = node.cluster.pop("ResourceTypes")
    assert judge(case)["type-dll-path"].verdict is Verdict.RULED_OUT


def test_no_hive_no_name() -> None:
    case = healthy()
    case.nodes[0].cluster = None
    case.nodes[1].type_key["DllName"] = 7
    assert judge(case)["type-dll-path"].verdict is Verdict.UNDETERMINED
