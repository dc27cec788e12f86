"""What holds for all tests: examples that are the same on every run, and coverage that watches no more than it must.

Code runs three times as long while coverage watches it, and most of it is run thousands of times.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from coverage import Coverage
from hypothesis import is_hypothesis_test, settings

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

CASES = 8
"""How many of a test's cases coverage watches."""
UNWATCHED = pytest.StashKey[bool]()

settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.load_profile("same")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Leave unwatched what goes the same ways again: a test's further cases, and the many examples of a law.

    What is measured can only fall short of what the tests reach, so the floor is no easier to pass.
    """
    seen: Counter[str] = Counter()
    for item in items:
        test = item.nodeid.partition("[")[0]
        seen[test] += 1
        is_law = isinstance(item, pytest.Function) and is_hypothesis_test(item.obj)
        item.stash[UNWATCHED] = is_law or seen[test] > CASES


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Stop coverage for an unwatched test and for the processes that it starts.

    The marker ``no_cover`` of pytest-cov stops one of the two that run in each of pytest-xdist's workers, upon
    which the other goes on.
    """
    if not item.stash[UNWATCHED]:
        return (yield)
    stopped: list[Coverage] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        try:
            while watching := Coverage.current():
                watching.stop()
                stopped.append(watching)
            return (yield)
        finally:
            for one in reversed(stopped):
                one.start()
