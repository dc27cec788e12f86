"""The comparison for a person at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.comparison import _words as words
from iiscluster_kb.comparison._nouns import Accord, Extent, Fate, Outcome, Restarted
from iiscluster_kb.render._page import Page
from iiscluster_kb.render._words import count_of, place

if TYPE_CHECKING:
    from iiscluster_kb.comparison._nouns import Application, Comparison, Fated
    from iiscluster_kb.render import View

__all__ = ["comparison_text"]

_FATE_MARKS = {
    Fate.NEW: ("X", "bold red"),
    Fate.REMAINING: ("X", "bold red"),
    Fate.NO_LONGER_DECIDABLE: ("?", "bold cyan"),
    Fate.UNDECIDED: ("?", "bold cyan"),
    Fate.DECIDABLE_NOW: ("+", "green"),
    Fate.CURED: ("+", "green"),
    Fate.UNCHANGED: ("-", "dim"),
}
_EXTENT_MARKS = {
    Extent.EXACTLY: ("+", "green"),
    Extent.PARTLY: ("!", "bold yellow"),
    Extent.NOT_AT_ALL: ("X", "bold red"),
    Extent.WITH_OTHER_CHANGES: ("!", "bold yellow"),
    Extent.UNKNOWN: ("?", "bold cyan"),
}
_RESTART_MARKS = {
    Restarted.YES: ("+", "green"),
    Restarted.NO: ("!", "bold yellow"),
    Restarted.UNKNOWN: ("?", "bold cyan"),
}


def comparison_text(comparison: Comparison, view: View) -> str:
    """The whole comparison, headline first."""
    page = Page(view)
    page.put(words.headline(comparison), style="bold")
    page.put(words.sides_line(comparison))
    for note in comparison.notes:
        page.put(note, lead="Note: ")
    _findings(page, comparison)
    _patches(page, comparison)
    _agreement(page, comparison)
    _restarts(page, comparison)
    return page.text()


def _findings(page: Page, comparison: Comparison) -> None:
    page.head("Findings")
    listed = words.listed(comparison)
    for fated in listed:
        _fated(page, fated)
    unchanged = len(comparison.findings) - len(listed)
    page.put(f"{count_of(unchanged, 'finding')} unchanged.", lead="  - ", style="dim")


def _fated(page: Page, fated: Fated) -> None:
    mark, style = _FATE_MARKS[fated.fate]
    if fated.is_fault:
        mark, style = _FATE_MARKS[Fate.REMAINING]
    shown = fated.shown
    page.put(f"{shown.cause.id} {place(shown)}", lead=f"  {mark} {words.fate_words(fated)}  ", style=style)
    page.put(
        f"{words.finding_words(fated.before)} before, {words.finding_words(fated.after)} now.", lead="      "
    )
    page.put(shown.explanation, lead="      ")
    for line in shown.collect:
        page.put(line, lead="      Collect: ")


def _patches(page: Page, comparison: Comparison) -> None:
    page.head(f"Was the patch applied? ({words.patch_source(comparison)})")
    if not comparison.patches:
        page.put("There is no patch to look for.", lead="  - ", style="dim")
    for patch in comparison.patches:
        mark, style = _EXTENT_MARKS[patch.extent]
        page.put(
            f"{patch.machine}: {words.EXTENT_WORDS[patch.extent]} ({words.file_words(patch)})",
            lead=f"  {mark} ",
            style=style,
        )
        _patch(page, patch)


def _patch(page: Page, patch: Application) -> None:
    for value in patch.values:
        page.put(
            f"{words.value_place(value.delivered)}: {words.OUTCOME_WORDS[value.outcome]}", lead="      - "
        )
        page.put(words.delivered_words(value), lead="        delivered  ")
        page.put(words.held_words(value.before), lead="        before     ")
        if value.outcome is not Outcome.APPLIED:
            page.put(words.now_words(value), lead="        now        ")
    for change in patch.other_changes:
        both = words.several_hold(change.before, change.after)
        page.put(f"{words.value_place(change)}: CHANGED, though not in the patch", lead="      - ")
        page.put(words.held_words(change.before, with_bytes=both), lead="        before     ")
        page.put(words.held_words(change.after, with_bytes=both), lead="        now        ")
    for doubt in patch.doubts:
        page.put(doubt, lead="      Note: ")


def _agreement(page: Page, comparison: Comparison) -> None:
    page.head("Do the nodes agree now?")
    page.put(words.accord_line(comparison), lead="  ")
    for agreement in comparison.agreements:
        if agreement.accord is Accord.AGREE:
            continue
        mark, style = ("X", "bold red") if agreement.accord is Accord.DIFFER else ("?", "bold cyan")
        page.put(
            f"{agreement.subject}: {words.ACCORD_WORDS[agreement.accord]}", lead=f"  {mark} ", style=style
        )
        several = words.several_hold(*(fact for _, fact in agreement.facts))
        for machine, fact in agreement.facts:
            page.put(f"{machine}: {words.held_words(fact, with_bytes=several)}", lead="      ")


def _restarts(page: Page, comparison: Comparison) -> None:
    page.head("Were the nodes restarted?")
    if not comparison.restarts:
        page.put("No node is known.", lead="  - ", style="dim")
    for restart in comparison.restarts:
        mark, style = _RESTART_MARKS[restart.answer]
        page.put(f"{restart.machine}: {words.RESTART_WORDS[restart.answer]}", lead=f"  {mark} ", style=style)
        for clue in restart.clues:
            page.put(clue.text, lead="      - ")
