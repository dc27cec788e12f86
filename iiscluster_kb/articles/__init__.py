"""Stage 4 of 6: what is wrong. One module is one Knowledge Base article."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from iiscluster_kb.articles._relations import Requires, Supersedes, relate
from iiscluster_kb.articles._third_party import third_party
from iiscluster_kb.discovery import discover
from iiscluster_kb.model import FOUND, ArticleSummary, Verdict
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from iiscluster_kb.articles._relations import Relation
    from iiscluster_kb.cluster import Cluster
    from iiscluster_kb.model import Article, Cause, Finding

__all__ = ["Confidence", "Rule", "Standing", "choose", "diagnose", "rules", "summarise"]


class Standing(StrEnum):
    """How much an article counts where nobody named it."""

    LEADING = "leading"
    """As if it was named: that it cannot be decided is an answer too."""
    SECONDARY = "secondary"
    """What it finds counts; that evidence for it is missing does not."""
    INFORMING = "informing"
    """Nothing of it counts: it shows a state that is worth knowing."""


class Confidence(StrEnum):
    """How far collected evidence alone decides a cause."""

    HIGH = "high"
    """It does: what is found is confirmed."""
    MEDIUM = "medium"
    """With an assumption, of dates, builds or of a form that is not documented: what is found is likely at most."""
    LOW = "low"
    """It gives a hint."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a module of this folder gives as its ``RULE``."""

    article: Article
    causes: tuple[Cause, ...]
    diagnose: Callable[[Cluster], Iterable[Finding]]
    """Yields one finding for each cause and machine, whatever the verdict."""
    text: str
    """The module's docstring: symptom, causes, what is read, remedy, references."""
    standing: Standing = Standing.SECONDARY
    relations: tuple[Relation, ...] = ()
    """What this article does to the findings of others."""
    confidence: Mapping[Cause, Confidence] = field(default_factory=dict, hash=False)
    """Of each cause."""


@cache
def rules() -> tuple[Rule, ...]:
    """Every article of this folder, in order of module names, then those of other distributions."""
    return (*discover(__name__, "RULE", Rule), *third_party(Rule))


def choose(ids: Iterable[str] | None) -> tuple[Rule, ...]:
    """The rules of the articles named (``Q224553``, any case); all of them for None. What is named leads.

    Raises:
        ValueError: There is no rule for an id; the message lists those that there are.
    """
    known = {fold(rule.article.id): rule for rule in rules()}
    if ids is None:
        return tuple(known.values())
    wanted = dict.fromkeys(ids)
    if unknown := [name for name in wanted if fold(name) not in known]:
        there = ", ".join(rule.article.id for rule in known.values())
        raise ValueError(f"no article {', '.join(unknown)}; there are {there}")
    return tuple(replace(known[name], standing=Standing.LEADING) for name in dict.fromkeys(map(fold, wanted)))


def diagnose(cluster: Cluster, chosen: Sequence[Rule]) -> tuple[Finding, ...]:
    """Ask every chosen article about the cluster, and those that have a say in what these find.

    Returns:
        The findings of the chosen articles, and of each other one whose remedy takes the place of theirs.
    """
    asked = (*chosen, *_with_a_say(chosen))
    relations = tuple(relation for rule in _either(asked, rules()) for relation in rule.relations)
    found = tuple(_weighed(rule, finding) for rule in asked for finding in rule.diagnose(cluster))
    names = {rule.article.id for rule in chosen}
    related = relate(cluster, found, relations)
    replacing = {
        relation.cause
        for relation in relations
        if isinstance(relation, Supersedes)
        for finding in related
        if finding.verdict in FOUND and finding.cause.id in relation.others
    }
    return tuple(
        finding
        for finding in related
        if finding.cause.article in names or (finding.cause.id in replacing and finding.verdict in FOUND)
    )


def _either(first: Iterable[Rule], second: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules of both, each article once."""
    return tuple({rule.article.id: rule for rule in (*second, *first)}.values())


def _with_a_say(chosen: Iterable[Rule]) -> Iterator[Rule]:
    """The articles that were not chosen and whose findings decide what becomes of the chosen ones'."""
    names = {rule.article.id for rule in chosen}
    causes = {cause.id for rule in chosen for cause in rule.causes}
    needed = {
        other.partition("/")[0]
        for rule in chosen
        for relation in rule.relations
        if isinstance(relation, Requires)
        for other in relation.ruled_out
    }
    for rule in rules():
        replaces = any(
            isinstance(relation, Supersedes) and causes & set(relation.others) for relation in rule.relations
        )
        if rule.article.id not in names and (replaces or rule.article.id in needed):
            yield rule


def _weighed(rule: Rule, finding: Finding) -> Finding:
    match rule.standing:
        case Standing.LEADING:
            return finding
        case Standing.SECONDARY if finding.verdict is not Verdict.UNDETERMINED:
            return finding
        case _:
            return replace(finding, weighs=False)


_WEIGHT = (
    Verdict.CONFIRMED,
    Verdict.LIKELY,
    Verdict.UNDETERMINED,
    Verdict.RULED_OUT,
    Verdict.NOT_APPLICABLE,
)


def summarise(findings: Sequence[Finding], chosen: Iterable[Rule]) -> tuple[ArticleSummary, ...]:
    """Draw the findings of each article together, in the order in which the articles first occur."""
    known = {rule.article.id: rule for rule in _either(chosen, rules())}
    own: dict[str, list[Finding]] = {}
    for finding in findings:
        own.setdefault(finding.cause.article, []).append(finding)
    return tuple(_summary(known[name], found) for name, found in own.items())


def _summary(rule: Rule, own: Sequence[Finding]) -> ArticleSummary:
    """The heaviest verdict speaks for all; of a leading article, what does not weigh is not heard."""
    leads = rule.standing is Standing.LEADING
    heard = [finding for finding in own if finding.weighs or not leads] or own
    verdict = min((finding.verdict for finding in heard), key=_WEIGHT.index, default=Verdict.UNDETERMINED)
    leading = [finding for finding in heard if finding.verdict is verdict]
    collect = tuple(dict.fromkeys(line for finding in heard for line in finding.collect))
    return ArticleSummary(rule.article, verdict, _sentence(verdict, leading), collect, rule.text, leads)


def _sentence(verdict: Verdict, leading: list[Finding]) -> str:
    named = "; ".join(dict.fromkeys(_where(finding) for finding in leading))
    match verdict:
        case Verdict.CONFIRMED:
            return f"The fault is there: {named}."
        case Verdict.LIKELY:
            return f"The fault is likely there: {named}."
        case Verdict.UNDETERMINED:
            return f"The evidence does not decide: {named}." if named else "There is no evidence to judge by."
        case Verdict.RULED_OUT:
            return "Every cause that the article names is ruled out."
        case Verdict.NOT_APPLICABLE:
            return "The article does not apply to any machine of this case."


def _where(finding: Finding) -> str:
    place = f" on {finding.machine}" if finding.machine else ""
    return f"{finding.cause.title}{place}"
