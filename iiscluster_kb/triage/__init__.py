"""Many cases: a work list, workers that survive them, one store of answers.

It stands above the pipeline and the kits: every case is examined as ``examine`` does it, in a process of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iiscluster_kb.triage._nouns import Found, LeftOut, Outcome, Result, Settings
    from iiscluster_kb.triage._run import Counts, triage
    from iiscluster_kb.triage._store import Store
    from iiscluster_kb.triage._worklist import find_cases

__all__ = ["Counts", "Found", "LeftOut", "Outcome", "Result", "Settings", "Store", "find_cases", "triage"]

_HOMES = {"Counts": "_run", "Store": "_store", "find_cases": "_worklist", "triage": "_run"}
"""Where a name lives that is not one of the nouns."""


def __getattr__(name: str) -> Any:
    # The command line reads this command's arguments from this folder: it must cost nothing.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only where a name is asked for

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, '_nouns')}"), name)
