from __future__ import annotations

from typing import Any

import pytest

from fixtures._case import healthy
from fixtures.planted._objects import QUORUM_DISK, identity, tree_of
from fixtures.planted.q175664 import depends
from iiscluster_kb.articles.q175664 import RULE
from iiscluster_kb.model import Verdict
from tests.support.judged import only


def test_what_it_depends_on_is_named() -> None:
    case = healthy()
    depends(case)
    tree_of(case.nodes[0])["Resources"][QUORUM_DISK]["Dependencies"] += [identity(404)]
    finding = only(RULE, case)
    assert finding.verdict is Verdict.LIKELY
    assert finding.explanation == (
        f"'Disk Q:', the quorum, depends on 'Web IP'; 'Disk Q:', the quorum, depends on '{identity(404).upper()}'."
    )


@pytest.mark.parametrize("named", [identity(404), "", 7])
def test_a_quorum_that_is_not_told_leaves_it_open(named: Any) -> None:
    case = healthy()
    depends(case)
    tree_of(case.nodes[0])["Quorum"]["Resource"] = named
    assert only(RULE, case).verdict is Verdict.UNDETERMINED


def test_without_any_dependency_nothing_can_be_told() -> None:
    assert only(RULE, healthy()).verdict is Verdict.UNDETERMINED
