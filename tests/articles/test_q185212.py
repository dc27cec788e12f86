from __future__ import annotations

import pytest

from fixtures._case import healthy
from fixtures.planted._objects import identity, tree_of
from iiscluster_kb.articles.q185212 import RULE
from iiscluster_kb.model import Verdict
from tests.support.judged import only


@pytest.mark.parametrize(
    ("count", "pack", "verdict"),
    [
        (900, "Service Pack 3", Verdict.RULED_OUT),
        (901, "Service Pack 3", Verdict.CONFIRMED),
        (901, "Service Pack 4 RC 1.2", Verdict.RULED_OUT),
        (901, "?", Verdict.UNDETERMINED),
        (900, "?", Verdict.RULED_OUT),
        (1600, "Service Pack 6", Verdict.RULED_OUT),
        (1601, "Service Pack 6", Verdict.CONFIRMED),
        (1601, "?", Verdict.CONFIRMED),
        (30_000, "Service Pack 6", Verdict.CONFIRMED),
        (0, "Service Pack 6", Verdict.UNDETERMINED),
    ],
)
def test_limits(count: int, pack: str, verdict: Verdict) -> None:
    case = healthy()
    node = case.nodes[0]
    tree_of(node)["Resources"] = {identity(n): {} for n in range(count)}
    assert node.software is not None
    node.software["Microsoft"]["Windows NT"]["CurrentVersion"]["CSDVersion"] = pack
    assert only(RULE, case).verdict is verdict
