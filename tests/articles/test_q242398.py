from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fixtures._case import TYPE, dig, healthy, raw
from fixtures.planted.q242398 import INSTANCE, cluster_of
from iiscluster_kb.articles.q242398 import RULE
from iiscluster_kb.model import FOUND, Verdict
from iiscluster_kb.registry import ValueType
from tests.articles.test_q224553 import cluster_of as grouped

if TYPE_CHECKING:
    from fixtures._case import CollectedCase
    from iiscluster_kb.model import Finding


def judge(case: CollectedCase) -> dict[str, Finding]:
    findings = RULE.diagnose(grouped(case))
    return {f.cause.id.partition("/")[2]: f for f in findings if f.machine == "NODE1"}


def prepared(**resource: Any) -> CollectedCase:
    case = healthy()
    for node in case.nodes:
        cluster_of(node)["Resources"][INSTANCE] |= resource
    return case


@pytest.mark.parametrize("spelled", [TYPE.upper(), "physical disk"])
def test_types_are_compared_as_windows_does(spelled: str) -> None:
    assert judge(prepared(Type=spelled))["type-missing"].verdict is Verdict.RULED_OUT


def test_a_type_of_another_kind_than_text_is_none() -> None:
    assert judge(prepared(Type=7))["type-missing"].detail == "no-type"


def test_a_bare_resource_key_shows_nothing() -> None:
    case = healthy()
    cluster_of(case.nodes[0])["Resources"][INSTANCE] = {}
    assert judge(case)["type-missing"].verdict is Verdict.RULED_OUT


def test_types_under_the_misspelt_key_are_not_registered() -> None:
    case = prepared()
    tree = case.nodes[0].cluster
    assert tree is not None
    tree["Resource Types"] = {TYPE: tree["ResourceTypes"].pop(TYPE)}
    found = judge(case)
    assert found["type-missing"].verdict is Verdict.CONFIRMED
    assert "Option Pack" in (found["type-missing"].steps[0].reason or "")
    assert found["no-dll-name"].verdict is Verdict.RULED_OUT


def test_a_hive_that_knows_no_other_spelling_is_read_by_it() -> None:
    case = prepared()
    tree = case.nodes[0].cluster
    assert tree is not None
    tree["Resource Types"] = tree.pop("ResourceTypes")
    assert not FOUND & {finding.verdict for finding in judge(case).values()}


@pytest.mark.parametrize("types", [{}, {TYPE: {}}])
def test_a_hive_without_types_or_without_any_dll_shows_nothing(types: dict[str, Any]) -> None:
    case = prepared()
    assert case.nodes[0].cluster is not None
    case.nodes[0].cluster["ResourceTypes"] = types
    found = judge(case)
    assert found["no-dll-name"].verdict is Verdict.UNDETERMINED
    assert found["dll-not-found"].verdict is Verdict.UNDETERMINED


@pytest.mark.parametrize("data", ["", "  ", raw(ValueType.REG_BINARY, b"ab")])
def test_a_dll_name_that_names_nothing(data: Any) -> None:
    case = prepared()
    case.nodes[0].type_key["DllName"] = data
    found = judge(case)["no-dll-name"]
    assert (found.verdict, found.detail) == (Verdict.CONFIRMED, "no-name")


def test_a_listing_without_the_standard_dll_decides_nothing_of_bare_names() -> None:
    case = prepared()
    assert case.nodes[0].files is not None
    del dig(case.nodes[0].files, r"WINNT\Cluster")["Clusres.dll"]
    case.nodes[0].type_key["DllName"] = "gone.dll"
    assert judge(case)["dll-not-found"].verdict is Verdict.UNDETERMINED


def test_a_dll_that_lies_elsewhere_is_in_doubt() -> None:
    case = prepared()
    assert case.nodes[0].files is not None
    case.nodes[0].files["WINNT"]["vendor"] = {"agentres.dll": 5}
    case.nodes[0].type_key["DllName"] = "agentres.dll"
    assert judge(case)["dll-not-found"].verdict is Verdict.UNDETERMINED


def test_of_ten_thousand_resources_ten_are_named() -> None:
    case = prepared()
    assert case.nodes[0].cluster is not None
    resources = case.nodes[0].cluster["Resources"]
    resources |= {
        f"{{{number:08X}-3C0E-11D3-9F8A-00A0C9A1B2C3}}": {"Name": "x", "Type": "Lost"}
        for number in range(10_000)
    }
    found = judge(case)["type-missing"]
    assert len(found.facts) == 10
    assert "and 9990 more" in found.explanation


@pytest.mark.parametrize(("pack", "told"), [("Service Pack 5", True), ("Service Pack 6", False), ("?", True)])
def test_what_loses_registrations_is_told_where_it_is_not_mended(pack: str, *, told: bool) -> None:
    case = prepared(Type="Lost")
    assert case.nodes[0].software is not None
    case.nodes[0].software["Microsoft"]["Windows NT"]["CurrentVersion"]["CSDVersion"] = pack
    assert ("Service Pack 6 first mended" in judge(case)["type-missing"].explanation) is told
