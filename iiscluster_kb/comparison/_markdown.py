"""The comparison as Markdown, to be pasted into a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.comparison import _words as words
from iiscluster_kb.comparison._nouns import Accord
from iiscluster_kb.render._escape import code_span, markdown
from iiscluster_kb.render._words import machine_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.comparison._nouns import Application, Comparison, Fated

__all__ = ["comparison_markdown"]


def comparison_markdown(comparison: Comparison) -> str:
    """The whole comparison; every text of the evidence shows as it is, no more."""
    return "\n".join(_lines(comparison)).rstrip() + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"# Verification of {markdown(comparison.after.cluster or comparison.after.case)}"
    yield ""
    yield f"**{markdown(words.headline(comparison))}**"
    yield ""
    yield markdown(words.sides_line(comparison))
    yield ""
    for note in comparison.notes:
        yield f"> **Note:** {markdown(note)}"
        yield ""
    yield from _findings(comparison)
    yield from _patches(comparison)
    yield from _agreement(comparison)
    yield from _restarts(comparison)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    titles = list(heads)
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --- |' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _findings(comparison: Comparison) -> Iterator[str]:
    yield "## Findings"
    yield ""
    listed = words.listed(comparison)
    if listed:
        yield from _table(("", "finding", "machine", "before", "now"), map(_row, listed))
        for fated in listed:
            yield from _story(fated)
        yield ""
    unchanged = len(comparison.findings) - len(listed)
    yield f"Unchanged: {unchanged}."
    yield ""


def _row(fated: Fated) -> tuple[str, ...]:
    return (
        words.fate_words(fated),
        code_span(fated.shown.cause.id),
        markdown(machine_words(fated.shown.machine)),
        markdown(words.finding_words(fated.before)),
        markdown(words.finding_words(fated.after)),
    )


def _story(fated: Fated) -> Iterator[str]:
    where = markdown(machine_words(fated.shown.machine))
    yield f"- {code_span(fated.shown.cause.id)}, {where}: {markdown(fated.shown.explanation)}"
    yield from (f"  - [ ] Collect {markdown(line)}" for line in fated.shown.collect)


def _patches(comparison: Comparison) -> Iterator[str]:
    yield "## Was the patch applied?"
    yield ""
    yield f"Looked for: {markdown(words.patch_source(comparison))}."
    yield ""
    if not comparison.patches:
        yield "There is no patch to look for."
        yield ""
    for patch in comparison.patches:
        yield from _patch(patch)


def _patch(patch: Application) -> Iterator[str]:
    yield f"### {markdown(patch.machine)}: {words.EXTENT_WORDS[patch.extent]}"
    yield ""
    yield f"Change: {markdown(words.file_words(patch))}."
    yield ""
    rows = [
        (
            code_span(words.value_place(value.delivered)),
            words.OUTCOME_WORDS[value.outcome],
            code_span(words.delivered_words(value)),
            code_span(words.held_words(value.before)),
            code_span(words.now_words(value)),
        )
        for value in patch.values
    ]
    for change in patch.other_changes:
        both = words.several_hold(change.before, change.after)
        rows.append(
            (
                code_span(words.value_place(change)),
                "CHANGED, though not in the patch",
                "",
                code_span(words.held_words(change.before, with_bytes=both)),
                code_span(words.held_words(change.after, with_bytes=both)),
            )
        )
    yield from _table(("value", "", "delivered", "before", "now"), rows)
    for doubt in patch.doubts:
        yield f"> **Note:** {markdown(doubt)}"
        yield ""


def _agreement(comparison: Comparison) -> Iterator[str]:
    yield "## Do the nodes agree now?"
    yield ""
    yield markdown(words.accord_line(comparison))
    yield ""
    for agreement in comparison.agreements:
        if agreement.accord is not Accord.AGREE:
            yield f"- {code_span(agreement.subject)}: {words.ACCORD_WORDS[agreement.accord]}"
            several = words.several_hold(*(fact for _, fact in agreement.facts))
            for machine, fact in agreement.facts:
                yield f"  - {markdown(machine)}: {code_span(words.held_words(fact, with_bytes=several))}"
    yield ""


def _restarts(comparison: Comparison) -> Iterator[str]:
    yield "## Were the nodes restarted?"
    yield ""
    for restart in comparison.restarts:
        yield f"- {markdown(restart.machine)}: {words.RESTART_WORDS[restart.answer]}"
        yield from (f"  - {markdown(clue.text)}" for clue in restart.clues)
    if not comparison.restarts:
        yield "No node is known."
    yield ""
