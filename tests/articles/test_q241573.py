from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from fixtures._case import DLL_SIZE, dig, healthy
from fixtures.planted.q241573 import take_iis_off
from iiscluster_kb.articles import q241573
from iiscluster_kb.articles.q241573 import RULE
from iiscluster_kb.cluster import Machine, group_machines
from iiscluster_kb.model import FileEntry, FileEvidence, Stated, Verdict
from iiscluster_kb.registry import fold
from tests.articles.test_q224553 import cluster_of, evidence
from tests.support.evidence import case_file

if TYPE_CHECKING:
    from fixtures._case import CollectedCase
    from iiscluster_kb.cluster import Cluster
    from iiscluster_kb.model import Finding

PATH = r"C:\WINNT\system32\inetsrv\iisclex4.dll"


def judge(cluster: Cluster) -> dict[tuple[str, str | None], Finding]:
    return {(f.cause.id.partition("/")[2], f.machine): f for f in RULE.diagnose(cluster)}


def verdict(case: CollectedCase, cause: str, machine: str = "NODE1") -> Verdict:
    return judge(cluster_of(case))[cause, machine].verdict


def test_where_no_node_has_iis_nothing_is_one_sided() -> None:
    case = healthy()
    for node in case.nodes:
        take_iis_off(node)
    assert verdict(case, "iis-on-one-node") is Verdict.RULED_OUT


def test_where_the_other_node_is_unknown_the_lack_is_left_open() -> None:
    case = healthy()
    take_iis_off(case.nodes[0])
    case.nodes[1].system = case.nodes[1].software = None
    found = judge(cluster_of(case))["iis-on-one-node", "NODE1"]
    assert found.verdict is Verdict.UNDETERMINED
    assert all("NODE2" in line for line in found.collect)


def test_a_thin_hive_shows_no_lack() -> None:
    case = healthy()
    take_iis_off(case.nodes[0])
    assert case.nodes[0].software is not None
    del case.nodes[0].software["Microsoft"]["Windows NT"]
    assert verdict(case, "iis-on-one-node") is Verdict.UNDETERMINED


def test_a_node_that_lacks_iis_is_told_once() -> None:
    case = healthy()
    take_iis_off(case.nodes[1])
    assert verdict(case, "components-differ") is Verdict.RULED_OUT
    assert verdict(case, "components-differ", "NODE2") is Verdict.NOT_APPLICABLE


def test_what_the_other_node_runs_may_be_unknown() -> None:
    case = healthy()
    case.nodes[1].system = None
    assert verdict(case, "components-differ") is Verdict.UNDETERMINED


def test_the_plan_ends_on_the_good_node() -> None:
    case = healthy()
    take_iis_off(case.nodes[1])
    *_, last = judge(cluster_of(case))["iis-on-one-node", "NODE2"].steps
    assert last.machine == "NODE1"
    assert last.command is not None
    assert last.command.endswith("\niissync NODE2")


def shown(node: str, **entry: Any) -> FileEvidence:
    """A better listing of one file."""
    one = replace(FileEntry(PATH, DLL_SIZE), **entry)
    return FileEvidence(case_file(f"{node}/a.csv"), "file-table", frozenset(), {fold(PATH): one})


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ({"version": "4.2.742.1"}, {"version": "4.02.0742.1"}, Verdict.RULED_OUT),
        ({"version": "4.2.742.1"}, {"version": "4.2.622.1"}, Verdict.LIKELY),
        ({"version": "4.2.742.1"}, {"version": "none"}, Verdict.RULED_OUT),
        ({"modified": datetime(1998, 11, 5)}, {"modified": datetime(2000, 4, 7)}, Verdict.LIKELY),  # noqa: DTZ001 - as listings have them
        ({"modified": datetime(1998, 11, 5)}, {"modified": datetime(2001, 4, 7)}, Verdict.UNDETERMINED),  # noqa: DTZ001 - as listings have them
    ],
)
def test_builds_are_told_by_versions_else_by_size_and_date(
    mine: dict[str, Any], theirs: dict[str, object], expected: Verdict
) -> None:
    case = healthy()
    more = [shown("NODE1", **mine), shown("NODE2", **theirs)]
    pieces = [piece for node in case.machines.values() for piece in evidence(node)]
    if "version" not in mine:
        for node in case.nodes:
            del node.inetsrv["iisclex4.dll"]
        pieces = [piece for node in case.machines.values() for piece in evidence(node)]
    found = judge(group_machines([*pieces, *more], Stated(), "case"))
    assert found["builds-differ", "NODE1"].verdict is expected


def test_dlls_for_different_processors_are_not_compared() -> None:
    case = healthy()
    assert case.nodes[1].system is not None
    environment = dig(case.nodes[1].system, r"ControlSet001\Control\Session Manager\Environment")
    environment["PROCESSOR_ARCHITECTURE"] = "ALPHA"
    case.nodes[1].inetsrv["iisclex4.dll"] = 114960
    assert verdict(case, "builds-differ") is Verdict.RULED_OUT


def test_what_a_step_put_in_place_is_not_compared() -> None:
    case = healthy()
    entry = {fold(PATH): FileEntry(PATH, DLL_SIZE)}
    put = FileEvidence(case_file("NODE1/x"), "supposition", frozenset(), entry, replaces=True)
    del case.nodes[0].inetsrv["iisclex4.dll"]
    found = judge(cluster_of(case, put))
    assert found["builds-differ", "NODE1"].verdict is Verdict.RULED_OUT


@pytest.mark.parametrize(("name", "typed"), [("NODE2", True), ("NODE2 & format", False), ("-x", False)])
def test_a_name_that_is_more_than_a_name_is_not_typed(name: str, *, typed: bool) -> None:
    steps = q241573._install(Machine(name), Machine("NODE1"))
    assert bool(steps[-1].command) is typed


def test_without_the_processor_no_build_is_compared() -> None:
    case = healthy()
    assert case.nodes[1].system is not None
    environment = dig(case.nodes[1].system, r"ControlSet001\Control\Session Manager\Environment")
    del environment["PROCESSOR_ARCHITECTURE"]
    assert verdict(case, "builds-differ") is Verdict.UNDETERMINED
