"""Stage 4 of 6: what is wrong. One module is one Knowledge Base article."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.discovery import discover
from iiscluster_kb.model import ArticleSummary, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iiscluster_kb.cluster import Cluster
    from iiscluster_kb.model import Article, Cause, Finding

__all__ = ["Rule", "choose", "diagnose", "rules", "summarise"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a module of this folder gives as its ``RULE``."""

    article: Article
    causes: tuple[Cause, ...]
    diagnose: Callable[[Cluster], Iterable[Finding]]
    """Yields one finding for each cause and machine, whatever the verdict."""
    text: str
    """The module's docstring: symptom, causes, what is read, remedy, references."""


def rules() -> tuple[Rule, ...]:
    """Every article of this folder, in order of module names."""
    return discover(__name__, "RULE", Rule)


def choose(ids: Iterable[str] | None) -> tuple[Rule, ...]:
    """The rules of the articles named (``Q224553``, any case); all of them for None.

    Raises:
        ValueError: There is no rule for an id; the message lists those that there are.
    """
    known = {rule.article.id: rule for rule in rules()}
    if ids is None:
        return tuple(known.values())
    wanted = dict.fromkeys(name.upper() for name in ids)
    if unknown := [name for name in wanted if name not in known]:
        raise ValueError(f"no article {', '.join(unknown)}; there are {', '.join(known)}")
    return tuple(known[name] for name in wanted)


def diagnose(cluster: Cluster, chosen: Iterable[Rule]) -> tuple[Finding, ...]:
    """Ask every chosen article about the cluster."""
    return tuple(finding for rule in chosen for finding in rule.diagnose(cluster))


_WEIGHT = (
    Verdict.CONFIRMED,
    Verdict.LIKELY,
    Verdict.UNDETERMINED,
    Verdict.RULED_OUT,
    Verdict.NOT_APPLICABLE,
)


def summarise(rule: Rule, findings: Iterable[Finding]) -> ArticleSummary:
    """Draw an article's findings together: the heaviest verdict speaks for all."""
    own = [finding for finding in findings if finding.cause.article == rule.article.id]
    heard = [finding for finding in own if finding.weighs] or own
    verdict = min((finding.verdict for finding in heard), key=_WEIGHT.index, default=Verdict.UNDETERMINED)
    leading = [finding for finding in heard if finding.verdict is verdict]
    collect = tuple(dict.fromkeys(line for finding in heard for line in finding.collect))
    return ArticleSummary(rule.article, verdict, _sentence(verdict, leading), collect)


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
