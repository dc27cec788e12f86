from __future__ import annotations

import pytest

from iiscluster_kb.case import Budget, Limits, parse_limits
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


def test_options_become_limits() -> None:
    assert parse_limits() == parse_limits(None, None) == Limits()
    assert parse_limits("250000") == Limits(files=250_000)
    assert parse_limits(max_size="8G") == Limits(total=8 << 30, member=8 << 30)
    assert parse_limits("5", "100") == Limits(files=5, total=100, member=100)


@pytest.mark.parametrize(
    ("text", "size"),
    [("8g", 8 << 30), ("1.5 GiB", 3 << 29), ("500MB", 500 << 20), ("1T", 1 << 40), ("2k", 2048), ("10B", 10)],
)
def test_sizes_are_read_with_any_usual_unit(text: str, size: int) -> None:
    assert parse_limits(max_size=text).total == size


@pytest.mark.parametrize("text", ["", "0", "-1", "0.5", "8X", "1e9", "8 G G", "1.2345G", "\u0663", "9" * 40])
def test_what_is_no_size_names_the_option(text: str) -> None:
    with pytest.raises(ValueError, match=r"^--max-size .*wanted a size above zero, such as 8G"):
        parse_limits(max_size=text)


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "8G", "9" * 40])
def test_what_is_no_count_names_the_option(text: str) -> None:
    with pytest.raises(ValueError, match=r"^--max-files .*wanted a number of files above zero"):
        parse_limits(text)
