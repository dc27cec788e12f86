"""Taking evidence away flips no verdict: what was found or ruled out stays so, or becomes a matter of doubt."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

from fixtures.planted import PLANTED
from iiscluster_kb.articles import choose
from iiscluster_kb.model import FOUND, Verdict
from tests.articles.test_q224553 import cluster_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures._case import CollectedCase
    from fixtures.planted import Planted

MODULES = (
    "orphaned_resources",
    "q170771",
    "q174331",
    "q175664",
    "q185212",
    "q191138",
    "q217057",
    "q223157",
    "q230287",
    "q243195",
    "q245626",
    "q252641",
    "q254319",
    "q254825",
)
for module in MODULES:
    importlib.import_module(f"fixtures.planted.{module}")
CHOSEN = tuple(p for p in PLANTED if p.articles[0].lower().replace("-", "_") in MODULES)
PIECES = ("system", "software", "cluster", "files")
DOUBT = {Verdict.UNDETERMINED, Verdict.NOT_APPLICABLE}


def verdicts(planted: Planted, case: CollectedCase) -> dict[tuple[str, str | None], Verdict]:
    cluster = cluster_of(case)
    findings = (f for rule in choose(planted.articles) for f in rule.diagnose(cluster))
    return {(finding.cause.id, finding.machine): finding.verdict for finding in findings}


def with_less(planted: Planted) -> Iterator[CollectedCase]:
    """The case without one piece of one node, then without the node."""
    for name in ("NODE1", "NODE2"):
        for piece in PIECES:
            case = planted.build()
            setattr(case.machines[name], piece, None)
            yield case
        case = planted.build()
        del case.machines[name]
        yield case


@pytest.mark.parametrize("planted", CHOSEN, ids=lambda planted: planted.name)
def test_no_verdict_flips(planted: Planted) -> None:
    whole = verdicts(planted, planted.build())
    for case in with_less(planted):
        for place, verdict in verdicts(planted, case).items():
            before = whole.get(place, verdict)
            assert verdict in DOUBT or before not in DOUBT or verdict is before, place
            assert verdict in DOUBT or (verdict in FOUND) == (before in FOUND), place


def test_all_scenarios_are_seen() -> None:
    assert {p.articles[0].lower().replace("-", "_") for p in CHOSEN} == set(MODULES)
