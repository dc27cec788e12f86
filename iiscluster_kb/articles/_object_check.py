"""How the checks of a cluster's objects answer, and the finding that each answer becomes.

Every node is judged by its own copy of the cluster database: copies that differ are a finding of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.articles import _collect
from iiscluster_kb.articles._objects import ClusterObjects, read_objects
from iiscluster_kb.model import Finding, Unknown, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iiscluster_kb.articles._objects import Resource
    from iiscluster_kb.cluster import Machine
    from iiscluster_kb.model import AnyFact, Cause, Step

__all__ = ["CITED", "NO_DEPENDENCIES", "Answer", "Found", "Open", "Sound", "by_objects", "cite", "conclude"]

CITED = 10
"""Objects that a finding names one by one."""
NO_DEPENDENCIES = "the cluster hive keeps no dependencies in a form that is known"
"""How Windows NT 4.0 stores them is not documented."""


@dataclass(frozen=True, slots=True)
class Found:
    """The fault is there."""

    detail: str
    faults: tuple[str, ...]
    """Each in words, without a full stop."""
    facts: tuple[AnyFact, ...]
    """Of the first ``CITED`` of them."""
    steps: tuple[Step, ...] = ()
    verdict: Verdict = Verdict.CONFIRMED
    weighs: bool = True


@dataclass(frozen=True, slots=True)
class Sound:
    """The fault is not there."""

    words: str
    """Without a full stop."""
    facts: tuple[AnyFact, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """The evidence does not tell."""

    reason: str
    facts: tuple[AnyFact, ...] = ()
    collect: tuple[str, ...] = ()


Answer = Found | Sound | Open


def by_objects(
    cause: Cause, look: Callable[[Machine, ClusterObjects], Answer]
) -> Callable[[Machine], Finding]:
    """A judge of the cause by the objects of each machine's own cluster hive."""
    return partial(_judge, cause, look)


def _judge(cause: Cause, look: Callable[[Machine, ClusterObjects], Answer], machine: Machine) -> Finding:
    wanted = (_collect.cluster_hive(machine),)
    objects = read_objects(machine)
    if not isinstance(objects, ClusterObjects):
        reason = objects.reason if isinstance(objects, Unknown) else f"{objects.subject} is absent"
        return conclude(cause, machine, Open(reason, (objects,), wanted))
    match look(machine, objects):
        case Sound(facts=facts) if objects.unread:
            return conclude(cause, machine, Open(objects.unread[0], facts, wanted))
        case Open(reason, facts, ()):
            return conclude(cause, machine, Open(reason, facts, wanted))
        case answer:
            return conclude(cause, machine, answer)


def conclude(cause: Cause, machine: Machine, answer: Answer) -> Finding:
    """The finding of an answer about one machine."""
    match answer:
        case Found():
            more = len(answer.faults) - CITED
            listed = "; ".join(answer.faults[:CITED]) + (f"; and {more:,} more" if more > 0 else "")
            return Finding(
                cause,
                machine.name,
                answer.verdict,
                answer.detail,
                f"{listed[:1].upper()}{listed[1:]}.",
                facts=answer.facts,
                steps=answer.steps,
                weighs=answer.weighs,
            )
        case Sound():
            return Finding(cause, machine.name, Verdict.RULED_OUT, "ok", f"{answer.words}.", answer.facts)
        case Open():
            return Finding(
                cause,
                machine.name,
                Verdict.UNDETERMINED,
                "",
                f"{cause.title}, or not: {answer.reason}.",
                facts=answer.facts,
                collect=answer.collect,
            )


def cite(machine: Machine, resources: Iterable[Resource], *names: str) -> tuple[AnyFact, ...]:
    r"""The named values of the first ``CITED`` resources; a name may lead below the key (``Parameters\Name``)."""
    facts: list[AnyFact] = []
    for resource, _ in zip(resources, range(CITED), strict=False):
        for name in names:
            below, _, value = name.rpartition("\\")
            facts.append(machine.value(resource.key / below, value))
    return tuple(facts)
