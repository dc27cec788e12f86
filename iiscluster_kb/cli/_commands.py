"""What each command does with its arguments. Each is called as it is named and returns the exit status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.cli._terminal import fold, is_terminal, note, view

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from iiscluster_kb.case import Limits
    from iiscluster_kb.cli._progress import Watch
    from iiscluster_kb.model import Report
    from iiscluster_kb.remedy import RemedyOptions

__all__ = [
    "articles",
    "collectors",
    "completion",
    "examine",
    "explain",
    "fix",
    "inspect",
    "triage",
    "verify",
]

_NOTHING_FOUND, _FOUND, _UNDETERMINED = 0, 1, 3
_UNFOLDED = 1 << 16
"""Columns of what another program reads."""


def examine(options: argparse.Namespace) -> int:
    """Tell the whole diagnosis."""
    from iiscluster_kb._output import print_documents, write_documents
    from iiscluster_kb.cli._progress import watch
    from iiscluster_kb.render import render

    if options.schema:
        return _print_schema()
    if not options.cases:
        raise ValueError("examine needs a CASE (see iiscluster-kb examine --help)")
    with watch(options) as progress:
        report = _report(options, second_opinion=not options.no_second_opinion, progress=progress)
        documents = render(report, options.format, view(options, to_file=options.output is not None))
    _tell_more(options, report)
    if not documents:
        note(options, f"nothing to write: the {options.format} output of this case is empty")
    if options.output is None:
        print_documents(documents)
    else:
        for path in write_documents(documents, options.output, force=options.force):
            note(options, f"wrote {path}")
    return _status(report)


def _print_schema() -> int:
    from iiscluster_kb._output import print_text
    from iiscluster_kb.render.json import report_schema

    print_text(report_schema().decode("ascii"))
    return _NOTHING_FOUND


def fix(options: argparse.Namespace) -> int:
    """Deliver a fix kit."""
    from iiscluster_kb import _kit
    from iiscluster_kb.cli._progress import watch
    from iiscluster_kb.errors import RemedyError
    from iiscluster_kb.model import Dialect
    from iiscluster_kb.remedy import RemedyOptions
    from iiscluster_kb.render._words import headline

    target = _kit.check_target(options.output, options.cases, force=options.force)
    wanted = RemedyOptions(
        dialect=None if options.dialect == "auto" else Dialect(options.dialect),
        nodes=tuple(options.node or ()),
        registers=options.registration_by_registry,
    )
    second = not options.no_second_opinion
    with watch(options) as progress:
        before = _kit.fingerprint(options.cases)
        report = _report(options, second_opinion=second, remedy_options=wanted, progress=progress)
        if report.remedy.unproved and not report.remedy.patches:
            raise RemedyError(report.remedy.unproved)
        documents = _kit.documents_of(report)
        _kit.compare(before, _kit.fingerprint(options.cases))
    _tell_more(options, report)
    _kit.write_kit(documents, target, force=options.force)
    note(options, headline(report.findings))
    for warning in dict.fromkeys(text for patch in report.remedy.patches for text in patch.warnings):
        note(options, warning)
    if report.remedy.unproved:
        note(options, f"not all that was found is mended: {report.remedy.unproved}")
    if not report.remedy.patches:
        note(options, "no patches: nothing was found that a registry value mends")
    note(options, f"wrote {len(documents)} files to {target}")
    return _status(report)


def verify(options: argparse.Namespace) -> int:
    """Compare two collections of one cluster."""
    from iiscluster_kb.comparison._command import run

    return run(options, view(options, to_file=options.output is not None), _noting(options))


def triage(options: argparse.Namespace) -> int:
    """Examine many cases, or ask about them."""
    from iiscluster_kb.triage._command import run

    return run(options, view(options, to_file=options.output is not None), _noting(options))


def _noting(options: argparse.Namespace) -> Callable[[str], None]:
    return lambda text: note(options, text)


def inspect(options: argparse.Namespace) -> int:
    """Show what a case holds."""
    from iiscluster_kb._output import print_text
    from iiscluster_kb.cli._progress import watch
    from iiscluster_kb.render._inventory import inventory_json, inventory_text

    with watch(options) as progress:
        report = _report(options, second_opinion=False, progress=progress)
    _tell_more(options, report)
    if options.format == "json":
        print_text(inventory_json(report).decode("ascii"))
    else:
        print_text(inventory_text(report, view(options, to_file=False)))
    return _NOTHING_FOUND


def collectors(options: argparse.Namespace) -> int:
    """Write the collection scripts."""
    from iiscluster_kb._output import write_documents
    from iiscluster_kb.collectors import write_collectors

    folder = options.output.rstrip("/\\") + "/"
    for path in write_documents(write_collectors(), folder, force=options.force):
        note(options, f"wrote {path}")
    return _NOTHING_FOUND


def explain(options: argparse.Namespace) -> int:
    """Print the rules of articles in words, in the order in which they were named."""
    from inspect import cleandoc

    from iiscluster_kb._output import print_text
    from iiscluster_kb.articles import choose

    width = _reading_width(options)
    texts = (f"{fold(cleandoc(rule.text), width)}\n{rule.article.url}\n" for rule in choose(options.articles))
    print_text("\n\n".join(texts))
    return _NOTHING_FOUND


def articles(options: argparse.Namespace) -> int:
    """List the articles: those of the Knowledge Base by their numbers, then the others by their names."""
    from iiscluster_kb._output import print_text
    from iiscluster_kb.articles import rules
    from iiscluster_kb.render import View
    from iiscluster_kb.render._escape import printable
    from iiscluster_kb.render._page import Page

    def order(name: str) -> tuple[bool, int, str]:
        number = name[1:] if name[:1] == "Q" else ""
        return (not number.isdecimal(), int(number) if number.isdecimal() else 0, name)

    width = _reading_width(options)
    page_view = View(width, color=view(options, to_file=False).color)
    texts = []
    for rule in sorted(rules(), key=lambda rule: order(rule.article.id)):
        page = Page(page_view)
        page.put(rule.article.title, lead=f"{printable(rule.article.id)}: ", style="bold")
        below = (rule.article.url, *(f"{cause.id}: {cause.title}" for cause in rule.causes))
        # An address stays whole, so that it can be copied: the terminal breaks what it must.
        texts += [page.text(), *(fold(f"    {printable(line)}", width) for line in below)]
    print_text("".join(texts))
    return _NOTHING_FOUND


def _reading_width(options: argparse.Namespace) -> int:
    """People get lines that fit; what another program reads is not folded."""
    return view(options, to_file=False).width if is_terminal("stdout") else _UNFOLDED


def completion(options: argparse.Namespace) -> int:
    """Print a shell's completion script."""
    from iiscluster_kb._output import print_text
    from iiscluster_kb.articles import rules
    from iiscluster_kb.cli._completion import completion_script, vocabulary

    known = vocabulary(options.parser, tuple(rule.article.id for rule in rules()))
    print_text(completion_script(options.shell, known))
    return _NOTHING_FOUND


def _limits(options: argparse.Namespace) -> Limits | None:
    if options.max_files is None and options.max_size is None:
        return None
    from iiscluster_kb.case import parse_limits

    return parse_limits(options.max_files, options.max_size)


def _report(
    options: argparse.Namespace,
    *,
    second_opinion: bool,
    progress: Watch | None,
    remedy_options: RemedyOptions | None = None,
) -> Report:
    from contextlib import nullcontext

    from iiscluster_kb.evidence._panel import Panel

    # The other readers import their own libraries while this process imports the stages.
    with Panel() if second_opinion else nullcontext() as panel:
        if panel is not None:
            panel.start()
        from iiscluster_kb.pipeline import examine as examine_case

        return examine_case(
            *options.cases,
            symptom=options.symptom,
            administered_from=options.administered_from,
            articles=options.article,
            second_opinion=panel or False,
            limits=_limits(options),
            remedy_options=remedy_options,
            media=options.media or (),
            progress=progress,
        )


def _tell_more(options: argparse.Namespace, report: Report) -> None:
    if options.verbose:
        used, skipped = len(report.artifacts), len(report.skipped)
        note(options, f"{used} files of use on {len(report.machines)} machines, {skipped} files not used")


def _status(report: Report) -> int:
    from iiscluster_kb.model import FOUND, Verdict

    verdicts = {finding.verdict for finding in report.findings if finding.weighs}
    if verdicts & FOUND:
        return _FOUND
    if Verdict.UNDETERMINED in verdicts:
        return _UNDETERMINED
    return _NOTHING_FOUND
