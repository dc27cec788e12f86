"""The targets, one a module."""

from __future__ import annotations

from functools import cache

from iiscluster_kb.discovery import discover
from tests.fuzz.guided.target import Target

__all__ = ["targets"]


@cache
def targets() -> dict[str, Target]:
    """By name, in order."""
    return {target.name: target for target in discover(__name__, "TARGET", Target)}
