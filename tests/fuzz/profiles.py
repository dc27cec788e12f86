"""How many inputs are tried: a few, the same each time; or many new ones where the long profile is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["LONG", "fuzzed"]

LONG = "long"
_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)


def fuzzed(examples: int) -> Callable[[Any], Any]:
    """Settings for a test that tries so many inputs in a short run."""
    if settings.get_current_profile_name() == LONG:
        return settings(suppress_health_check=_SLOW)
    return settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=_SLOW
    )
