from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fixtures._case import dig, healthy
from fixtures.planted.q175779 import options
from iiscluster_kb.articles.q175779 import RULE
from tests.articles.test_q224553 import cluster_of

if TYPE_CHECKING:
    from fixtures._case import CollectedCase


def verdicts(case: CollectedCase) -> tuple[str, ...]:
    found = {f.cause.id.partition("/")[2]: f for f in RULE.diagnose(cluster_of(case)) if f.machine == "NODE1"}
    return tuple(str(found[cause].verdict) for cause in ("workstation", "not-enterprise", "service-pack"))


@pytest.mark.parametrize(
    ("kind", "suite", "expected"),
    [
        ("LanmanNT", ["Small Business", "ENTERPRISE"], ("ruled-out", "ruled-out")),
        ("winnt", ["Enterprise"], ("confirmed", "not-applicable")),
        ("ServerNT", ["Small Business"], ("ruled-out", "confirmed")),
        ("ServerNT", [], ("ruled-out", "confirmed")),
        ("", ["Enterprise"], ("undetermined", "undetermined")),
        (7, ["Enterprise"], ("undetermined", "undetermined")),
    ],
)
def test_editions(kind: Any, suite: list[str], expected: tuple[str, ...]) -> None:
    case = healthy()
    options(case).update(ProductType=kind, ProductSuite=suite)
    assert verdicts(case)[:2] == expected


def test_without_product_options_no_suite_is_no_lack() -> None:
    case = healthy()
    options(case).clear()
    assert verdicts(case)[:2] == ("undetermined", "undetermined")


@pytest.mark.parametrize(
    ("pack", "expected"),
    [
        ("Service Pack 3 RC 1.32", "ruled-out"),
        ("Service Pack 1", "confirmed"),
        ("Beta 2", "undetermined"),
        (None, "confirmed"),
    ],
)
def test_service_packs(pack: str | None, expected: str) -> None:
    case = healthy()
    assert case.nodes[0].software is not None
    windows = dig(case.nodes[0].software, r"Microsoft\Windows NT\CurrentVersion")
    if pack is None:
        del windows["CSDVersion"]
    else:
        windows["CSDVersion"] = pack
    assert verdicts(case)[2] == expected


def test_a_thin_hive_has_no_service_pack_to_lack() -> None:
    case = healthy()
    assert case.nodes[0].software is not None
    del case.nodes[0].software["Microsoft"]["Windows NT"]
    assert verdicts(case)[2] == "undetermined"
