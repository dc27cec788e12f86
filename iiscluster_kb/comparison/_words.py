"""Words of the outputs for people. Raw text: the caller escapes it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from iiscluster_kb.comparison._nouns import Accord, Extent, Fate, Outcome, Restarted
from iiscluster_kb.model import Present
from iiscluster_kb.registry import RegistryValue
from iiscluster_kb.render._words import VERDICT_WORDS, count_of, describe, fact_words

if TYPE_CHECKING:
    from iiscluster_kb.comparison._nouns import (
        Application,
        Comparison,
        Delivered,
        Fated,
        OtherChange,
        ValueOutcome,
    )
    from iiscluster_kb.model import AnyFact, Finding

__all__ = [
    "ACCORD_WORDS",
    "EXTENT_WORDS",
    "OUTCOME_WORDS",
    "RESTART_WORDS",
    "accord_line",
    "delivered_words",
    "fate_words",
    "file_words",
    "finding_words",
    "headline",
    "held_words",
    "listed",
    "now_words",
    "patch_source",
    "several_hold",
    "sides_line",
    "value_place",
]

_FATE_WORDS = {
    Fate.NEW: "NEW",
    Fate.REMAINING: "REMAINS",
    Fate.NO_LONGER_DECIDABLE: "NO LONGER DECIDABLE",
    Fate.UNDECIDED: "UNDECIDED",
    Fate.DECIDABLE_NOW: "decidable now",
    Fate.CURED: "cured",
    Fate.UNCHANGED: "unchanged",
}
"""Heaviest first. What needs a person's attention is in capitals, so that no colour is needed to see it."""

EXTENT_WORDS = {
    Extent.EXACTLY: "applied exactly as delivered",
    Extent.PARTLY: "applied PARTLY",
    Extent.NOT_AT_ALL: "NOT APPLIED",
    Extent.WITH_OTHER_CHANGES: "OTHER CHANGES beside or instead of what was delivered",
    Extent.UNKNOWN: "cannot be told",
}
OUTCOME_WORDS = {
    Outcome.APPLIED: "as delivered",
    Outcome.NOT_APPLIED: "NOT APPLIED, as before",
    Outcome.OTHER_DATA: "OTHER DATA than delivered",
    Outcome.UNKNOWN: "cannot be told",
}
ACCORD_WORDS = {Accord.AGREE: "alike", Accord.DIFFER: "DIFFERS", Accord.UNKNOWN: "cannot be told"}
RESTART_WORDS = {
    Restarted.YES: "restarted since the first collection",
    Restarted.NO: "NOT restarted since the first collection",
    Restarted.UNKNOWN: "cannot be told",
}

_SHOWN_BYTES = 96
"""One CLSID in a REG_MULTI_SZ takes 80."""


_COME_TO_LIGHT = "COME TO LIGHT"
"""A fault that is decidable now."""


def fate_words(fated: Fated) -> str:
    """What became of one finding."""
    if fated.fate is Fate.DECIDABLE_NOW and fated.is_fault:
        return _COME_TO_LIGHT
    return _FATE_WORDS[fated.fate]


def headline(comparison: Comparison) -> str:
    """The whole comparison in one line."""
    counts = Counter(map(fate_words, listed(comparison)))
    told = ", ".join(f"{number} {words}" for words, number in counts.items())
    match comparison.status:
        case 1:
            return f"Not cured: {told}."
        case 3:
            return f"No fault is left, but not all can be told: {told}."
        case _ if counts[_FATE_WORDS[Fate.CURED]]:
            return f"Everything is cured: {told}."
        case _:
            return f"There was no fault, and there is none{': ' if told else ''}{told}."


def sides_line(comparison: Comparison) -> str:
    """Which two collections, of which cluster."""
    identity = comparison.identity
    cluster = f"cluster {comparison.after.cluster}" if comparison.after.cluster else "one cluster"
    return (
        f"Before: {comparison.before.case}. Now: {comparison.after.case}. "
        f"Both are of {cluster}, told by {identity.basis} ({identity.told})."
    )


def listed(comparison: Comparison) -> list[Fated]:
    """The findings that are told one by one: faults first, then by the weight of their fates."""
    weight = list(_FATE_WORDS)
    told = [fated for fated in comparison.findings if fated.fate is not Fate.UNCHANGED]
    return sorted(told, key=lambda fated: (not fated.is_fault, weight.index(fated.fate)))


def finding_words(finding: Finding | None) -> str:
    """One side's verdict and sub-case: ``CONFIRMED (absent)``."""
    if finding is None:
        return "no finding: nothing of this machine was collected"
    detail = f" ({finding.detail})" if finding.detail else ""
    return f"{VERDICT_WORDS[finding.verdict]}{detail}"


def patch_source(comparison: Comparison) -> str:
    """Which patches were looked for."""
    return "what the first collection calls for" if comparison.kit is None else f"fix kit {comparison.kit}"


def file_words(patch: Application) -> str:
    """What carried the changes."""
    return patch.file or "by hand, no file can carry it"


def value_place(value: Delivered | OtherChange) -> str:
    """Where a value lies."""
    return f"{value.key.short} : {value.name or '(default)'}"


def delivered_words(value: ValueOutcome) -> str:
    """What the patch puts there."""
    put = value.delivered.value
    return "taken away" if put is None else _described(put, with_bytes=_needs_bytes(value))


def now_words(value: ValueOutcome) -> str:
    """What is there now, in place of what the patch puts."""
    return held_words(value.after, with_bytes=_needs_bytes(value))


def _needs_bytes(value: ValueOutcome) -> bool:
    """Only bytes tell how two data differ that may read alike."""
    return value.outcome is Outcome.OTHER_DATA and isinstance(value.after, Present)


def held_words(fact: AnyFact, *, with_bytes: bool = False) -> str:
    """What is there."""
    match fact:
        case Present(value=RegistryValue() as value):
            return _described(value, with_bytes=with_bytes)
        case _:
            return fact_words(fact)


def several_hold(*facts: AnyFact) -> bool:
    """Whether two sides hold something, so that only the bytes tell how they differ."""
    return sum(isinstance(fact, Present) for fact in facts) > 1


def _described(value: RegistryValue, *, with_bytes: bool) -> str:
    if not with_bytes or not value.strings():  # what is no text is described by its bytes already
        return describe(value)
    dots = " ..." if len(value.data) > _SHOWN_BYTES else ""
    return f"{describe(value)} ({value.data[:_SHOWN_BYTES].hex(' ')}{dots})"


def accord_line(comparison: Comparison) -> str:
    """The nodes' agreement in one line."""
    counts = Counter(agreement.accord for agreement in comparison.agreements)
    places = count_of(len(comparison.agreements), "place")
    if not comparison.agreements:
        return "There are no two nodes to compare."
    if counts[Accord.AGREE] == len(comparison.agreements):
        return f"They agree in everything that the findings cite ({places})."
    told = ", ".join(f"{counts[accord]} {words}" for accord, words in ACCORD_WORDS.items() if counts[accord])
    return f"Of what the findings cite ({places}): {told}."
