from __future__ import annotations

from fixtures._case import TYPE, healthy
from fixtures.planted._objects import (
    ADDRESS,
    CLUSTER_GROUP,
    SITE,
    WEB_GROUP,
    add_resource,
    identity,
    tree_of,
    web_group,
    web_groups,
)
from iiscluster_kb.articles.q191138 import RULE
from iiscluster_kb.model import Verdict
from tests.support.evidence import damaged_hive
from tests.support.judged import judged


def test_without_any_instance_nothing_of_iis_is_wrong() -> None:
    found = judged(RULE, healthy())
    assert {found[name].verdict for name in ("default-group", "no-ip-address", "no-disk")} == {
        Verdict.RULED_OUT
    }
    assert found["crosses-groups"].verdict is Verdict.UNDETERMINED


def test_which_group_is_the_default_one_is_told_by_its_name() -> None:
    case = healthy()
    tree = web_groups(case)[0]
    tree["Groups"][CLUSTER_GROUP]["Name"] = "Clustergruppe"
    assert judged(RULE, case)["default-group"].verdict is Verdict.UNDETERMINED
    tree["Groups"][WEB_GROUP]["Name"] = "CLUSTER GROUP"
    finding = judged(RULE, case)["default-group"]
    assert (finding.verdict, finding.explanation) == (
        Verdict.CONFIRMED,
        "'Web site' is in the group 'CLUSTER GROUP'.",
    )


def test_an_instance_in_no_group_is_in_doubt() -> None:
    case = healthy()
    web_groups(case)[0]["Groups"][WEB_GROUP]["Contains"] = []
    assert judged(RULE, case)["default-group"].verdict is Verdict.UNDETERMINED


def test_a_dependency_on_what_is_not_there_crosses_nothing() -> None:
    case = healthy()
    web_groups(case)[0]["Resources"][SITE]["Dependencies"] = [identity(404), ADDRESS]
    found = judged(RULE, case)
    assert found["crosses-groups"].verdict is Verdict.RULED_OUT
    assert found["no-disk"].verdict is Verdict.LIKELY
    assert not found["no-disk"].weighs


def test_dependencies_in_a_circle_end() -> None:
    case = healthy()
    tree = web_groups(case)[0]
    for key in list(tree["Resources"]):
        tree["Resources"][key]["Dependencies"] = [SITE]
    assert judged(RULE, case)["no-ip-address"].verdict is Verdict.LIKELY


def test_what_could_not_be_read_proves_no_dependency_absent() -> None:
    case = healthy()
    web_groups(case)
    case.nodes[0].cluster = None
    found = judged(RULE, case, damaged_hive("NODE1/CLUSDB", r"HKLM\Cluster"))
    assert {finding.verdict for finding in found.values()} == {Verdict.UNDETERMINED}


def test_a_list_of_types_that_is_too_long_leaves_dependencies_open() -> None:
    case = healthy()
    tree = web_group(case.nodes[0])
    tree["Resources"][SITE]["Dependencies"] = [identity(404)]
    tree["ResourceTypes"] |= {f"t{n}": {} for n in range(20_001)}
    assert judged(RULE, case)["no-ip-address"].verdict is Verdict.UNDETERMINED


def test_ten_thousand_instances() -> None:
    case = healthy()
    tree = web_group(case.nodes[0])
    keys = [identity(number) for number in range(10_000)]
    for key, before in zip(keys, [ADDRESS, *keys], strict=False):
        tree["Resources"][key] = {"Name": key, "Type": TYPE, "Dependencies": [before]}
    tree["Groups"][CLUSTER_GROUP]["Contains"] += keys
    found = judged(RULE, case)
    assert found["no-ip-address"].verdict is Verdict.RULED_OUT
    assert "and 9,990 more" in found["default-group"].explanation
    assert found["crosses-groups"].explanation.count("depends on") == 1


def test_another_version_of_windows_is_none_of_this() -> None:
    case = healthy()
    add_resource(case.nodes[0], CLUSTER_GROUP, identity(1), "Site", TYPE)
    assert tree_of(case.nodes[0])
    assert case.nodes[0].software is not None
    case.nodes[0].software["Microsoft"]["Windows NT"]["CurrentVersion"]["CurrentVersion"] = "5.0"
    assert {f.verdict for f in judged(RULE, case).values()} == {Verdict.NOT_APPLICABLE}
