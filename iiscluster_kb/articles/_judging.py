"""Asks each cause of an article about each machine, once nothing stands in the way of judging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.articles import _collect
from iiscluster_kb.cluster import Machine
from iiscluster_kb.model import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from iiscluster_kb.articles._preconditions import Condition, Hindrance
    from iiscluster_kb.cluster import Cluster
    from iiscluster_kb.model import Cause

__all__ = ["for_the_cluster", "hindered", "nothing_collected", "on_each_machine"]


def on_each_machine(
    cluster: Cluster,
    judges: Mapping[Cause, Callable[[Machine], Finding]],
    *conditions: Condition,
    directories: tuple[str, ...] = (),
) -> Iterator[Finding]:
    """One finding a cause and machine.

    Args:
        cluster: Whose machines are judged.
        judges: What judges each cause on a machine that meets every condition.
        conditions: Asked in this order; the first that is not met says why nothing is judged there.
        directories: Whose listings to ask for where the case holds no evidence at all.
    """
    for machine in cluster.machines:
        why = first_hindrance(cluster, machine, conditions)
        for cause, judge in judges.items():
            yield judge(machine) if why is None else hindered(cause, machine.name, why)
    if not cluster.machines:
        yield from (nothing_collected(cause, *directories) for cause in judges)


def for_the_cluster(
    cluster: Cluster,
    judges: Mapping[Cause, Callable[[tuple[Machine, ...]], Finding]],
    *conditions: Condition,
) -> Iterator[Finding]:
    """One finding a cause for the cluster as a whole, from all machines that meet every condition.

    Where none does, the reason of the first that might under more evidence, else of the first of all.
    """
    reasons = [first_hindrance(cluster, machine, conditions) for machine in cluster.machines]
    able = tuple(m for m, why in zip(cluster.machines, reasons, strict=True) if why is None)
    if able:
        yield from (judge(able) for judge in judges.values())
        return
    if not cluster.machines:
        yield from map(nothing_collected, judges)
        return
    stood = [why for why in reasons if why is not None]
    leading = min(stood, key=lambda why: why.verdict is not Verdict.UNDETERMINED)
    yield from (hindered(cause, None, leading) for cause in judges)


def first_hindrance(cluster: Cluster, machine: Machine, conditions: Iterable[Condition]) -> Hindrance | None:
    """Why the machine cannot be judged, or None where every condition is met."""
    return next((why for condition in conditions if (why := condition(cluster, machine))), None)


def hindered(cause: Cause, machine: str | None, why: Hindrance) -> Finding:
    """The finding of a cause that cannot be judged."""
    return Finding(
        cause,
        machine,
        why.verdict,
        "",
        f"{why.reason[:1].upper()}{why.reason[1:]}.",
        facts=why.facts,
        collect=why.collect,
        weighs=why.weighs,
    )


def nothing_collected(cause: Cause, *directories: str) -> Finding:
    """A case without evidence is neither healthy nor ill."""
    node = Machine("each node")
    return Finding(
        cause,
        None,
        Verdict.UNDETERMINED,
        "",
        "The case holds no evidence of any machine.",
        collect=(
            _collect.system(node),
            _collect.software(node),
            _collect.cluster_hive(node),
            *(_collect.listing(node, directory) for directory in directories),
        ),
    )
