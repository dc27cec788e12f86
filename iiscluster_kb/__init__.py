"""Diagnoses IIS 4.0 on Windows NT clusters from collected evidence, offline.

from iiscluster_kb import examine, render
report = examine("case.zip")
for document in render(report, "reg"): ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# The folder and its verb share a name. Imported here and now, the verb is what the name means from then on;
# the other public names wait until they are asked for, so that importing the package costs next to nothing.
from iiscluster_kb.render import render

if TYPE_CHECKING:
    from iiscluster_kb.errors import CaseError, EvidenceError, IisClusterError, RemedyError
    from iiscluster_kb.model import Finding, Report, Verdict
    from iiscluster_kb.pipeline import examine

__version__ = "0.1.0"

__all__ = [
    "CaseError",
    "EvidenceError",
    "Finding",
    "IisClusterError",
    "RemedyError",
    "Report",
    "Verdict",
    "__version__",
    "examine",
    "render",
]

_HOMES = {
    "CaseError": "errors",
    "EvidenceError": "errors",
    "Finding": "model",
    "IisClusterError": "errors",
    "RemedyError": "errors",
    "Report": "model",
    "Verdict": "model",
    "examine": "pipeline",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only where a name is asked for

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
