r"""The cluster service does not start with Windows (cluster-service-start).

Symptom:
    After a restart a node does not join the cluster until somebody starts the
    cluster service.

Causes told apart:
    not-automatic
        Start of HKLM\SYSTEM\CurrentControlSet\Services\ClusSvc is not 2.

What is read:
    SYSTEM (services) of each node.

What it cannot tell:
    Whether somebody set it so on purpose, as set-up of the Option Pack asks.

Remedy:
    Control Panel, Services, Cluster Server, Startup: Automatic.

References:
    Q217147 and Q243195 name the usual start types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import Rule
from iiscluster_kb.articles._judging import on_each_machine
from iiscluster_kb.articles._preconditions import is_node
from iiscluster_kb.cluster import CURRENT_CONTROL_SET
from iiscluster_kb.model import Article, Cause, Finding, Phase, Present, Step, Unknown, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.cluster import Cluster, Machine

ARTICLE = Article(
    "cluster-service-start",
    "The Cluster Service Does Not Start with Windows",
    "https://jeffpar.github.io/kbarchive/kb/217/Q217147/",
)
NOT_AUTOMATIC = Cause("cluster-service-start/not-automatic", "ClusSvc does not start automatically")

_AUTOMATIC = 2


def diagnose(cluster: Cluster) -> Iterator[Finding]:
    """One finding for each node."""
    return on_each_machine(cluster, {NOT_AUTOMATIC: _start}, is_node)


def _start(machine: Machine) -> Finding:
    fact = machine.value(CURRENT_CONTROL_SET / r"Services\ClusSvc", "Start")
    match fact:
        case Present(value=value) if value.integer() == _AUTOMATIC:
            verdict, detail, told = Verdict.RULED_OUT, "ok", "ClusSvc starts automatically."
        case Present(value=value):
            verdict, detail, told = (
                Verdict.CONFIRMED,
                "other-start",
                f"Start of ClusSvc is {value.integer()}.",
            )
        case Unknown(reason=reason):
            verdict, detail, told = Verdict.UNDETERMINED, "", f"Start of ClusSvc is not known: {reason}."
        case _:
            verdict, detail, told = Verdict.CONFIRMED, "no-start", "ClusSvc has no Start value."
    step = Step(
        machine.name,
        Phase.VERIFY,
        "Set the cluster service to start automatically",
        command="Control Panel, Services, Cluster Server, Startup: Automatic",
    )
    steps = (step,) if verdict is Verdict.CONFIRMED else ()
    return Finding(NOT_AUTOMATIC, machine.name, verdict, detail, told, (fact,), steps=steps)


RULE = Rule(ARTICLE, (NOT_AUTOMATIC,), diagnose, __doc__ or "")
