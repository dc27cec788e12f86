from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures._case import healthy, raw
from fixtures.planted.q279158 import NAME, resource
from iiscluster_kb.articles import q279158
from iiscluster_kb.articles.q279158 import RULE, lacks_end, lacks_nul
from iiscluster_kb.cluster import group_machines
from iiscluster_kb.model import Stated, Verdict
from iiscluster_kb.registry import ValueType, multi_sz, sz
from tests.articles.test_q224553 import cluster_of
from tests.support.evidence import damaged_hive, hive

if TYPE_CHECKING:
    from fixtures._case import CollectedCase
    from iiscluster_kb.cluster import Cluster
    from iiscluster_kb.model import Finding

TEXT = st.text(st.characters(min_codepoint=1, codec="utf-8"), min_size=1, max_size=9)


def judge(cluster: Cluster) -> dict[tuple[str, str | None], Finding]:
    return {(f.cause.id.partition("/")[2], f.machine): f for f in RULE.diagnose(cluster)}


def string(case: CollectedCase) -> Finding:
    return judge(cluster_of(case))["unterminated-string", "NODE1"]


@given(TEXT, st.binary(max_size=3))
def test_a_string_has_its_nul_wherever_it_stands(text: str, rest: bytes) -> None:
    assert not lacks_nul(sz(text) + rest)
    assert lacks_nul(sz(text)[:-2])


@given(
    st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1), min_size=1),
    st.binary(max_size=3),
)
def test_a_list_ends_with_an_empty_string(texts: list[str], rest: bytes) -> None:
    assert not lacks_end(multi_sz(*texts) + rest)
    assert lacks_end(multi_sz(*texts)[:-2])
    assert lacks_end(multi_sz(*texts)[:-4])


@pytest.mark.parametrize("data", [b"", b"\0", b"A", b"\0\0"])
def test_no_data_is_no_fault(data: bytes) -> None:
    assert not lacks_nul(data)
    assert not lacks_end(data)


def test_nul_bytes_of_two_characters_are_no_nul() -> None:
    assert lacks_nul(b"\x41\x00\x00\x41")
    assert not lacks_end(b"{92BF7500}\0\0")


def test_of_many_ten_are_cited_and_all_are_mended() -> None:
    case = healthy()
    resource(case)["Parameters"] = {f"v{number}": raw(ValueType.REG_SZ, NAME + b"x") for number in range(30)}
    found = string(case)
    assert len(found.facts) == 10
    assert found.explanation.endswith("; and 20 more.")
    (step,) = found.steps
    assert len(step.achieves) == 30


def test_too_many_are_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(q279158, "_MOST_MENDED", 1)
    case = healthy()
    resource(case)["Parameters"] = {name: raw(ValueType.REG_SZ, NAME) for name in "ab"}
    assert string(case).steps[0].achieves == ()


@pytest.mark.parametrize("limit", ["_MOST_KEYS", "_MOST_VALUES", "_DEEPEST"])
def test_what_was_not_read_is_not_cleared(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(q279158, limit, 1)
    found = string(healthy())
    assert found.verdict is Verdict.UNDETERMINED
    assert "not read whole" in found.explanation


def test_what_was_found_before_the_limit_counts_but_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    case = healthy()
    assert case.nodes[0].cluster is not None
    case.nodes[0].cluster["ClusterName"] = raw(ValueType.REG_SZ, NAME)
    monkeypatch.setattr(q279158, "_DEEPEST", 1)
    found = string(case)
    assert (found.verdict, found.steps[0].achieves) == (Verdict.CONFIRMED, ())


@pytest.mark.parametrize("more", [{}, {"format": "reg-export"}])
def test_damage_and_a_missing_hive_leave_it_open(more: dict[str, Any]) -> None:
    case = healthy()
    tree, case.nodes[0].cluster = case.nodes[0].cluster, None
    assert tree is not None
    pieces = [hive("NODE1/c.reg", r"HKLM\Cluster", tree, **more)] if more else []
    assert judge(cluster_of(case, *pieces))["unterminated-string", "NODE1"].verdict is Verdict.UNDETERMINED


def test_a_damaged_hive_is_not_cleared() -> None:
    pieces = [damaged_hive("NODE1/CLUSDB", r"HKLM\Cluster")]
    found = judge(group_machines(pieces, Stated(), "case"))
    assert {finding.verdict for finding in found.values()} == {Verdict.UNDETERMINED}
