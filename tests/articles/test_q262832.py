from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures._case import healthy
from fixtures.planted.q262832 import give_winsock
from iiscluster_kb.articles.q262832 import RULE, read_list, with_string
from iiscluster_kb.model import Verdict
from iiscluster_kb.registry import RegistryValue, ValueType, fold, multi_sz, sz
from tests.articles.test_q224553 import cluster_of

if TYPE_CHECKING:
    from iiscluster_kb.model import Finding

NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8)


def listed(data: bytes, kind: int = ValueType.REG_MULTI_SZ) -> RegistryValue:
    return RegistryValue("Transports", kind, data)


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        (listed(multi_sz("Tcpip", "CLUSNET")), "ok"),
        (listed(multi_sz("Tcpip", "Clusnet") + b"A"), "ok"),
        (listed(multi_sz("Tcpip")), "not-listed"),
        (listed(multi_sz(*"abcdefghij")), "not-listed"),
        (listed(multi_sz()), "not-listed"),
        (listed(b""), "not-listed"),
        (listed(multi_sz("Clusnet2")), "not-listed"),
        (listed(multi_sz("Tcpip", "Clusnet")[:-2]), "unterminated"),
        (listed(multi_sz("Tcpip") + sz("Clusnet") + b"\0\0"), "hidden"),
        (listed(b"Tcpip\0Clusnet\0\0"), "wrong-type"),
        (listed(sz("Clusnet"), ValueType.REG_SZ), "wrong-type"),
    ],
)
def test_how_a_list_is_read(value: RegistryValue, detail: str) -> None:
    assert read_list(value, "Clusnet")[0] == detail


@pytest.mark.parametrize(
    "value",
    [
        listed(b""),
        listed(multi_sz()),
        listed(b"Tcpip\0Clusnet\0\0"),
        listed(sz("Tcpip"), ValueType.REG_SZ),
        listed(multi_sz("Tcpip", "line\nbreak")),
    ],
)
def test_what_cannot_be_told_is_not_written_anew(value: RegistryValue) -> None:
    assert with_string(value, "Clusnet") is None


@given(st.lists(NAMES, min_size=1), st.booleans())
def test_what_was_listed_stays_in_order_and_the_wanted_string_is_there_once(
    names: list[str],
    cut: bool,
) -> None:
    before = listed(multi_sz(*names)[: -2 if cut else None])
    after = with_string(before, "Clusnet")
    assert after is not None
    assert read_list(after, "Clusnet")[0] == "ok"
    assert after.strings()[: len(names)] == tuple(names)
    assert len(after.strings()) - len(names) == (fold("Clusnet") not in map(fold, names))
    assert with_string(after, "Clusnet") == after


def judged(*, winsock: bool = True, emptied: bool = False) -> dict[tuple[str, str | None], Finding]:
    case = healthy()
    for node in case.nodes:
        if winsock:
            tree = give_winsock(node)
            if emptied:
                tree["Setup Migration"]["Providers"] = {}
    return {(f.cause.id.partition("/")[2], f.machine): f for f in RULE.diagnose(cluster_of(case))}


def test_a_hive_without_winsock_shows_nothing() -> None:
    findings = judged(winsock=False).values()
    assert {finding.verdict for finding in findings} == {Verdict.UNDETERMINED}
    assert all(finding.collect and finding.facts for finding in findings)


def test_no_provider_at_all_is_no_missing_one() -> None:
    assert judged(emptied=True)["provider-key-missing", "NODE1"].verdict is Verdict.UNDETERMINED


def test_without_a_node_that_has_the_key_the_step_names_none() -> None:
    case = healthy()
    for node in case.nodes:
        del give_winsock(node)["Setup Migration"]["Providers"]["Clusnet"]
    found = next(iter(RULE.diagnose(cluster_of(case))))
    assert found.verdict is Verdict.CONFIRMED
    assert "a node on which the cluster service starts" in found.steps[0].title


def test_the_patch_hits_the_current_control_set_by_its_own_name() -> None:
    case = healthy()
    give_winsock(case.nodes[0])["Parameters"]["Transports"] = ["Tcpip"]
    found = next(f for f in RULE.diagnose(cluster_of(case)) if f.changes)
    assert found.changes[0].key.short == r"HKLM\SYSTEM\ControlSet001\Services\Winsock\Parameters"
    assert found.changes[0].name == "Transports"
