from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fixtures._case import cluster_hive, dig, healthy, raw, software_hive
from iiscluster_kb.articles import _database
from iiscluster_kb.articles._database import compare
from iiscluster_kb.articles.q217157 import RULE
from iiscluster_kb.evidence._registry_text import TextKey
from iiscluster_kb.model import Phase, State, Verdict
from tests.articles.test_q224553 import cluster_of
from tests.support.evidence import DamagedKey, damaged_hive, hive, memory

if TYPE_CHECKING:
    from fixtures._case import CollectedCase
    from iiscluster_kb.model import Evidence, Finding

CHECKPOINT = "quorum/MSCS/chk1A.tmp"


def judge(case: CollectedCase, *more: Evidence) -> dict[tuple[str, str | None], Finding]:
    return {(f.cause.id.partition("/")[2], f.machine): f for f in RULE.diagnose(cluster_of(case, *more))}


def checkpoint(path: str = CHECKPOINT, **more: Any) -> Evidence:
    return hive(path, r"HKLM\Cluster", cluster_hive(), **more)


# --- one node's database ----------------------------------------------------------------------------


def test_a_listing_without_the_service_shows_no_lack() -> None:
    case = healthy()
    assert case.nodes[0].files is not None
    case.nodes[0].files["WINNT"]["Cluster"] = {"CLUADMEX.DLL": 1}
    assert judge(case)["database-empty", "NODE1"].verdict is Verdict.UNDETERMINED


def test_a_directory_of_that_name_has_no_size() -> None:
    case = healthy()
    assert case.nodes[0].files is not None
    dig(case.nodes[0].files, r"WINNT\Cluster")["CLUSDB"] = {}
    assert judge(case)["database-empty", "NODE1"].verdict is Verdict.UNDETERMINED


def test_the_step_names_the_checkpoint_and_is_proved_for_an_empty_file_alone() -> None:
    case = healthy()
    assert case.nodes[0].files is not None
    dig(case.nodes[0].files, r"WINNT\Cluster")["CLUSDB"] = 0
    with_one = judge(case, checkpoint())["database-empty", "NODE1"].steps[0]
    without = judge(case)["database-empty", "NODE1"].steps[0]
    assert CHECKPOINT in (with_one.reason or "")
    assert CHECKPOINT not in (without.reason or "")
    assert with_one.phase is Phase.RESTORE_FILE
    assert with_one.achieves
    case.nodes[0].cluster = None
    damaged = judge(case, damaged_hive("NODE1/CLUSDB", r"HKLM\Cluster"))["database-damaged", "NODE1"]
    assert (damaged.verdict, damaged.steps[0].achieves) == (Verdict.LIKELY, ())


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (State.CLEAN, Verdict.RULED_OUT),
        (State.RECOVERED, Verdict.RULED_OUT),
        (State.UNRECOVERED, Verdict.UNDETERMINED),
        (State.DAMAGED, Verdict.LIKELY),
    ],
)
def test_the_state_of_the_hive_decides(state: State, verdict: Verdict) -> None:
    case = healthy()
    tree, case.nodes[0].cluster = case.nodes[0].cluster, None
    assert tree is not None
    found = judge(case, hive("NODE1/CLUSDB", r"HKLM\Cluster", tree, state=state, notes=("why",)))
    assert found["database-damaged", "NODE1"].verdict is verdict


# --- checkpoints ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "verdict", "detail"),
    [
        (State.DAMAGED, Verdict.CONFIRMED, "damaged"),
        (State.UNRECOVERED, Verdict.LIKELY, "unrecovered"),
        (State.CLEAN, Verdict.RULED_OUT, "ok"),
    ],
)
def test_the_newest_checkpoint_is_judged(state: State, verdict: Verdict, detail: str) -> None:
    found = judge(healthy(), checkpoint("q/MSCS/chk2.tmp", state=state), checkpoint("q/MSCS/chk1.tmp"))
    one = found["checkpoint-damaged", None]
    assert (one.verdict, one.detail) == (verdict, detail)
    assert ("tests its checksum" in one.explanation) is (verdict is not Verdict.RULED_OUT)


@pytest.mark.parametrize(
    ("pack", "weighs"), [("Service Pack 4", True), ("Service Pack 5", False), ("?", False)]
)
def test_an_outdated_checkpoint_weighs_where_none_is_taken_in_time(pack: str, *, weighs: bool) -> None:
    case = healthy()
    for node in case.nodes:
        node.software = software_hive(service_pack=pack)
        assert node.cluster is not None
        node.cluster["ClusterName"] = "NEWNAME"
        node.cluster["Networks"] = {"1": {}}
    found = judge(case, checkpoint())["checkpoint-differs", None]
    assert (found.verdict, found.weighs, bool(found.steps)) == (Verdict.LIKELY, weighs, weighs)
    assert r"HKLM\Cluster : ClusterName, HKLM\Cluster\Networks" in found.explanation


def test_one_node_is_compared_with_none() -> None:
    case = healthy()
    del case.machines["NODE2"]
    assert judge(case)["copies-differ", None].verdict is Verdict.UNDETERMINED


# --- the comparison ---------------------------------------------------------------------------------


def test_names_count_alike_in_either_case_and_order_does_not_count() -> None:
    one = memory("a", {"Key": {"x": 1, "y": "2"}, "Other": {}})
    other = memory("b", {"OTHER": {}, "KEY": {"Y": "2", "X": 1}})
    assert compare(one, other).places == ()


def test_many_differences_are_cut_off() -> None:
    one = memory("a", {f"v{number}": number for number in range(300)})
    outcome = compare(one, memory("b", {}))
    assert len(outcome.places) == 100
    assert str(outcome).endswith("and at least 95 more places")
    assert str(compare(memory("a", {f"v{n}": n for n in range(7)}), memory("b", {}))).endswith(
        "and 2 more places"
    )
    assert str(compare(memory("a", {"": "x"}), memory("b", {}))) == r"HKLM\Cluster : (default)"


def test_damage_is_told() -> None:
    assert compare(memory("a", {}), DamagedKey()).unread


@pytest.mark.parametrize("limit", ["_MOST_KEYS", "_MOST_BELOW", "_DEEPEST"])
def test_limits_are_told(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_database, limit, 1)
    tree: dict[str, Any] = {"a": {"b": {"c": {}}}, "d": {}}
    outcome = compare(memory("x", tree), memory("y", tree))
    assert outcome.places == ()
    assert outcome.unread


# --- copies that were printed -----------------------------------------------------------------------


def printed(tree: dict[str, Any], **more: Any) -> Evidence:
    return hive("NODE1/clusdb.txt", r"HKLM\Cluster", tree, **{"format": "reg-query", "rebuilt": True} | more)


@pytest.mark.parametrize(
    ("shown", "verdict"), [("odd", Verdict.RULED_OUT), ("other", Verdict.LIKELY)], ids=["alike", "different"]
)
def test_a_printed_copy_is_compared_as_it_reads(shown: str, verdict: Verdict) -> None:
    case = healthy()
    tree, case.nodes[0].cluster = case.nodes[0].cluster, None
    assert tree is not None
    assert case.nodes[1].cluster is not None
    tree["Text"], case.nodes[1].cluster["Text"] = shown, raw(1, "odd".encode("utf-16-le") + b"\1")
    found = judge(case, printed(tree))["copies-differ", None]
    assert found.verdict is verdict
    assert ("as far as" in found.explanation) is (verdict is Verdict.RULED_OUT)
    as_hive = judge(case, hive("NODE1/CLUSDB", r"HKLM\Cluster", tree))
    assert as_hive["copies-differ", None].verdict is Verdict.LIKELY


def test_what_a_copy_does_not_tell_is_no_difference() -> None:
    text = TextKey("clusdb.txt", "Cluster", 1)
    text.obscure("Data", 4, "not understood")
    text.leave_open(None, "line 9: the text ends here")
    outcome = compare(memory("a", {"Data": 1, "Key": {}}), text)
    assert outcome.places == ()
    assert "line 4: not understood" in outcome.unread
    outcome = compare(text, memory("a", {"Key": {}, "Name": "x"}))
    assert [str(place) for place in outcome.places] == [r"HKLM\Cluster : Name"]
    assert "line 9" in outcome.unread


def test_a_text_that_is_not_understood_is_no_damaged_database() -> None:
    case = healthy()
    tree, case.nodes[0].cluster = case.nodes[0].cluster, None
    assert tree is not None
    found = judge(case, printed(tree, state=State.DAMAGED, notes=("line 7",)))["database-damaged", "NODE1"]
    assert found.verdict is Verdict.UNDETERMINED
