from __future__ import annotations

import pytest

from iiscluster_kb.case import Budget, Limits
from iiscluster_kb.errors import CaseError


def test_files_are_counted_up_to_the_limit() -> None:
    budget = Budget(Limits(files=2))
    budget.count()
    budget.count()
    with pytest.raises(CaseError, match=r"limit of 2 files \(Limits.files, option --max-files\)"):
        budget.count()


def test_a_member_is_refused_alone_and_the_rest_goes_on() -> None:
    budget = Budget(Limits(total=100, member=60))
    assert budget.refusal(60) is None
    assert budget.refusal(61) == (
        "61 bytes: over the limit of 60 bytes for one file (Limits.member, option --max-size)"
    )
    assert budget.refusal(50) == "over the limit of 100 bytes expanded (Limits.total, option --max-size)"
    assert budget.refusal(40) is None
    assert not budget.spend(1)
    assert budget.spend(0)


@pytest.mark.parametrize(
    ("total", "shown"), [(4 << 30, "4 GiB"), (3 << 20, "3 MiB"), (2048, "2 KiB"), (1500, "1,500 bytes")]
)
def test_a_limit_is_named_in_its_unit(total: int, shown: str) -> None:
    assert f"limit of {shown} expanded" in Budget(Limits(total=total)).beyond_total
