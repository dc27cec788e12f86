"""How articles change each other's findings: declared by the article that knows it, applied here.

A wrong first article wastes a case: the fix of one brings the fault of another, and the same symptom has other
causes. Whoever adds an article adds what it does to the others in the same file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from iiscluster_kb.model import FOUND, FileRestored, Phase, Verdict
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from iiscluster_kb.cluster import Cluster, Machine
    from iiscluster_kb.model import Finding, Step

__all__ = ["Relation", "Requires", "Supersedes", "Warns", "puts_back", "relate"]


@dataclass(frozen=True, slots=True)
class Requires:
    """A conclusion by elimination holds only where other causes are ruled out on every machine they are judged on."""

    cause: str
    """Id of the cause that is concluded."""
    detail: str
    """The sub-case that is reached by elimination."""
    ruled_out: tuple[str, ...]
    """Ids of the causes that explain the same symptom."""


@dataclass(frozen=True, slots=True)
class Supersedes:
    """Where a cause is found, its steps take the place of other causes' steps on the same machine."""

    cause: str
    others: tuple[str, ...]
    """Ids of the causes whose steps are dropped."""
    phases: frozenset[Phase]
    """Which of their steps."""


@dataclass(frozen=True, slots=True)
class Warns:
    """Steps that may bring this article's fault get its warning."""

    concerns: Callable[[Step], bool]
    """Whether a step may bring it, by what the step does; such as ``puts_back("iisclex4.dll")``."""
    warning: Callable[[Cluster, Machine, Step], str | None]
    """What to say of such a step on a machine; None: the evidence, or what the step says, rules the danger out."""


Relation = Requires | Supersedes | Warns


def relate(
    cluster: Cluster, findings: Iterable[Finding], relations: Iterable[Relation]
) -> tuple[Finding, ...]:
    """Apply what the articles declare of each other, in an order that lets warnings see the final steps."""
    related = tuple(findings)
    declared = tuple(relations)
    for relation in declared:
        match relation:
            case Requires():
                related = _required(related, relation)
            case Supersedes():
                related = _superseded(related, relation)
            case Warns():
                pass
    warnings = tuple(relation for relation in declared if isinstance(relation, Warns))
    return tuple(_warned(cluster, finding, warnings) for finding in related)


# --- differential diagnosis -------------------------------------------------------------------------


def _required(findings: tuple[Finding, ...], relation: Requires) -> tuple[Finding, ...]:
    rivals = [f for f in findings if f.cause.id in relation.ruled_out]
    return tuple(
        _open(finding, rivals)
        if (finding.cause.id, finding.detail) == (relation.cause, relation.detail)
        else finding
        for finding in findings
    )


def _open(finding: Finding, rivals: Sequence[Finding]) -> Finding:
    """The finding as it stands, or undetermined where a rival explains the symptom or is not ruled out."""
    guilty = [rival for rival in rivals if rival.verdict in FOUND]
    in_doubt = [rival for rival in rivals if rival.verdict is Verdict.UNDETERMINED]
    if not guilty and not in_doubt:
        return replace(finding, facts=(*finding.facts, *(f for rival in rivals for f in rival.facts)))
    first = (guilty or in_doubt)[0]
    place = f" on {first.machine}" if first.machine else ""
    what = (
        f"{first.cause.article} explains the symptom: {first.cause.title}{place}"
        if guilty
        else f"{first.cause.article}, which shows the same symptom, is not ruled out{place}: {first.explanation}"
    )
    return replace(
        finding,
        verdict=Verdict.UNDETERMINED,
        detail="",
        explanation=what if what.endswith(".") else f"{what}.",
        facts=(*finding.facts, *first.facts),
        steps=(),
        collect=() if guilty else tuple(dict.fromkeys(c for rival in in_doubt for c in rival.collect)),
    )


# --- remedies that replace others -------------------------------------------------------------------


def _superseded(findings: tuple[Finding, ...], relation: Supersedes) -> tuple[Finding, ...]:
    """Drop the steps that are replaced; what they would have achieved, the replacing step achieves."""
    related = list(findings)
    for at, leading in enumerate(related):
        if leading.cause.id != relation.cause or leading.verdict not in FOUND:
            continue
        for position, other in enumerate(related):
            if other.cause.id not in relation.others or other.machine != leading.machine:
                continue
            dropped = tuple(step for step in other.steps if step.phase in relation.phases)
            if not dropped:
                continue
            related[position] = replace(
                other,
                steps=tuple(step for step in other.steps if step not in dropped),
                explanation=f"{other.explanation} What mends it here is {leading.cause.article}: "
                f"{leading.cause.title}.",
            )
            leading = related[at] = replace(leading, steps=_taking_over(leading.steps, dropped))  # noqa: PLW2901 - it grows with each that it replaces
    return tuple(related)


def _taking_over(steps: tuple[Step, ...], dropped: Sequence[Step]) -> tuple[Step, ...]:
    achieved = tuple(dict.fromkeys(a for step in dropped for a in step.achieves))
    doers = [step for step in steps if step.machine == dropped[0].machine]
    if not doers:
        return steps
    doer = doers[0]
    both = replace(doer, achieves=tuple(dict.fromkeys((*doer.achieves, *achieved))))
    return tuple(both if step is doer else step for step in steps)


# --- remedies that endanger -------------------------------------------------------------------------


def puts_back(*names: str) -> Callable[[Step], bool]:
    """Whether a step puts back any file of these names, given without directories."""
    wanted = frozenset(map(fold, names))

    def concerns(step: Step) -> bool:
        return step.phase is Phase.RESTORE_FILE and any(
            isinstance(one, FileRestored) and fold(one.path.rpartition("\\")[2]) in wanted
            for one in step.achieves
        )

    return concerns


def _warned(cluster: Cluster, finding: Finding, relations: Sequence[Warns]) -> Finding:
    if not relations or not finding.steps:
        return finding
    return replace(finding, steps=tuple(_with_warnings(cluster, step, relations) for step in finding.steps))


def _with_warnings(cluster: Cluster, step: Step, relations: Sequence[Warns]) -> Step:
    machine = cluster.machine(step.machine) if step.machine else None
    if machine is None:
        return step
    told = [
        warning
        for relation in relations
        if relation.concerns(step) and (warning := relation.warning(cluster, machine, step))
    ]
    return replace(step, warnings=tuple(dict.fromkeys((*step.warnings, *told)))) if told else step
