"""The files of the case: what each was taken for, whose it is and why, and which could not be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.render._words import count_of

if TYPE_CHECKING:
    from iiscluster_kb.model import Artifact, Report, Skipped, State

__all__ = ["ArtifactView", "Inventory", "Owner", "take_inventory"]

_MOST_FILES = 1_000
_MOST_PLACES = 6
"""A listing of a whole disk holds thousands of directories; the JSON has them all."""


@dataclass(frozen=True, slots=True)
class ArtifactView:
    """One file of use."""

    number: int
    """Among the report's artifacts."""
    path: str
    format: str
    state: State
    size: str
    sha256: str
    holds: tuple[str, ...]
    more: int
    """How many places of ``holds`` are not shown."""
    containers: tuple[str, ...]
    notes: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class Owner:
    """A machine and its files."""

    machine: str
    artifacts: tuple[ArtifactView, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """All files of the case."""

    owners: tuple[Owner, ...]
    skipped: tuple[Skipped, ...]
    used: int
    unused: int
    more: int
    """How many files of either kind are not shown."""


def take_inventory(report: Report) -> Inventory:
    """Sort the files by machine."""
    shown = report.artifacts[:_MOST_FILES]
    owners: dict[str, list[ArtifactView]] = {}
    for number, artifact in enumerate(shown):
        owners.setdefault(artifact.machine, []).append(_artifact(number, artifact))
    skipped = report.skipped[:_MOST_FILES]
    return Inventory(
        owners=tuple(Owner(machine, tuple(artifacts)) for machine, artifacts in owners.items()),
        skipped=skipped,
        used=len(report.artifacts),
        unused=len(report.skipped),
        more=len(report.artifacts) - len(shown) + len(report.skipped) - len(skipped),
    )


def _artifact(number: int, artifact: Artifact) -> ArtifactView:
    return ArtifactView(
        number=number,
        path=artifact.path,
        format=artifact.format,
        state=artifact.state,
        size=count_of(artifact.size, "byte"),
        sha256=artifact.sha256,
        holds=artifact.holds[:_MOST_PLACES],
        more=max(0, len(artifact.holds) - _MOST_PLACES),
        containers=artifact.containers,
        notes=artifact.notes,
        because=artifact.given_because,
    )
