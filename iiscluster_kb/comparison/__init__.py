"""Two collections of one cluster: what was cured between them, and whether the patch was applied.

It stands above the pipeline: both cases are examined as any case is, then the machines of both are asked for
the values that the patch names, for what the findings cite, and for what a start of Windows leaves behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iiscluster_kb.comparison._collection import Collection, open_collection
    from iiscluster_kb.comparison._json import verification_schema
    from iiscluster_kb.comparison._kit import Kit, read_kit
    from iiscluster_kb.comparison._nouns import (
        Accord,
        Agreement,
        Application,
        Basis,
        Clue,
        Comparison,
        Extent,
        Fate,
        Fated,
        Identity,
        OtherChange,
        Outcome,
        Restart,
        Restarted,
        ValueOutcome,
    )
    from iiscluster_kb.comparison._render import render_comparison
    from iiscluster_kb.comparison._verify import compare, verify

__all__ = [
    "Accord",
    "Agreement",
    "Application",
    "Basis",
    "Clue",
    "Collection",
    "Comparison",
    "Extent",
    "Fate",
    "Fated",
    "Identity",
    "Kit",
    "OtherChange",
    "Outcome",
    "Restart",
    "Restarted",
    "ValueOutcome",
    "compare",
    "open_collection",
    "read_kit",
    "render_comparison",
    "verification_schema",
    "verify",
]

_HOMES = {
    "Collection": "_collection",
    "Kit": "_kit",
    "compare": "_verify",
    "open_collection": "_collection",
    "read_kit": "_kit",
    "render_comparison": "_render",
    "verification_schema": "_json",
    "verify": "_verify",
}
"""Where a name lives that is not one of the nouns."""


def __getattr__(name: str) -> Any:
    # The command line reads the arguments of every command from modules of this folder: it must cost nothing.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only where a name is asked for

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, '_nouns')}"), name)
