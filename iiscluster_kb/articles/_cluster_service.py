"""What the articles about a cluster service that does not start have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.model import Deviation, Phase, Step

if TYPE_CHECKING:
    from iiscluster_kb.cluster import Machine

__all__ = ["see_it_start"]

_EXPECT = "It is started, or was already; the system log shows no new event of ClusSvc, and no 7000 or 7023."
_OTHERWISE = (
    Deviation(
        "It stops again.",
        "Read the events of ClusSvc and of Service Control Manager that come with it, and examine the node again: "
        "causes of this symptom hide each other.",
    ),
)


def see_it_start(machine: Machine, reason: str) -> Step:
    """The last step of each: the service starts and stays."""
    return Step(
        machine.name,
        Phase.ADMINISTER,
        f"See that the cluster service of {machine.name} starts",
        command="net start clussvc",
        reason=reason,
        expect=_EXPECT,
        otherwise=_OTHERWISE,
    )
