from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures._case import healthy
from iiscluster_kb.articles.extension_audit import RULE
from iiscluster_kb.model import Verdict
from tests.articles.test_q224553 import cluster_of
from tests.support.evidence import hive

if TYPE_CHECKING:
    from iiscluster_kb.model import Evidence, Finding


def malformed(*more: Evidence) -> Finding:
    case = healthy()
    case.nodes[0].cluster = None
    found = RULE.diagnose(cluster_of(case, *more))
    return next(f for f in found if f.machine == "NODE1" and f.cause.id.endswith("malformed-value"))


@pytest.mark.parametrize(
    ("form", "rebuilt", "verdict"),
    [
        ("registry-hive", False, Verdict.RULED_OUT),
        ("reg-export", False, Verdict.RULED_OUT),
        ("reg-query", True, Verdict.UNDETERMINED),
    ],
)
def test_a_printed_text_does_not_show_that_a_list_is_sound(
    form: str, *, rebuilt: bool, verdict: Verdict
) -> None:
    tree = healthy().nodes[0].cluster
    assert tree is not None
    found = malformed(hive("NODE1/cluster", r"HKLM\Cluster", tree, format=form, rebuilt=rebuilt))
    assert found.verdict is verdict
    assert bool(found.collect) is rebuilt


def test_a_printed_text_without_any_list_holds_none_that_is_wrong() -> None:
    found = malformed(hive("NODE1/cluster", r"HKLM\Cluster", {"ClusterName": "C"}, rebuilt=True))
    assert found.verdict is Verdict.RULED_OUT
