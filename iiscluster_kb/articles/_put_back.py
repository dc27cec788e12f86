"""Whether a file is there because a step of the plan put it there: so the proof of a plan asks of what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from iiscluster_kb.cluster import Machine

__all__ = ["is_put_back"]


def is_put_back(machine: Machine, path: str) -> bool:
    """Whether a step is supposed to have put the file at ``path``: then it is of the build that the step wants.

    No evidence tells so of a case itself: there the answer is always no.
    """
    place = fold(machine.expand(path)[0])
    return any(listing.replaces and place in listing.entries for listing in machine.files.listings)
