"""What holds for all tests: examples that are the same on every run, and coverage that watches no more than it must.

Code runs three times as long while coverage watches it, and most of it is run thousands of times.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

WATCHED = 3
"""How many of a test's cases coverage watches."""

settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.load_profile("same")


@pytest.hookimpl(trylast=True)  # after hypothesis has marked its own
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Leave unwatched what goes the same ways again: a test's further cases, and the many examples of a law.

    What is measured can only fall short of what the tests reach, so the floor is no easier to pass.
    """
    seen: Counter[str] = Counter()
    for item in items:
        test = item.nodeid.partition("[")[0]
        seen[test] += 1
        if seen[test] > WATCHED or item.get_closest_marker("hypothesis"):
            item.add_marker(pytest.mark.no_cover)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Leave the processes that an unwatched test starts unwatched too; this variable makes coverage start in them."""
    with pytest.MonkeyPatch.context() as patch:
        if item.get_closest_marker("no_cover"):
            patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        return (yield)
