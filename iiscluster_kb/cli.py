"""The command line: arguments to a library call, its result to standard output or files, an exit status.

0: nothing found. 1: a cause is confirmed or likely. 2: could not run. 3: nothing found, but the evidence
leaves a cause open. Results go to standard output, everything else to standard error.

Nothing heavy is imported before a command needs it: ``--help`` and ``--version`` answer at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, NoReturn

import iiscluster_kb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iiscluster_kb.case import Limits
    from iiscluster_kb.model import Report
    from iiscluster_kb.remedy import RemedyOptions
    from iiscluster_kb.render import View

__all__ = ["main"]

_PROGRAM = "iiscluster-kb"
_NOTHING_FOUND, _FOUND, _COULD_NOT_RUN, _UNDETERMINED = 0, 1, 2, 3
_INTERRUPTED = 130
"""128 and the number of SIGINT, as shells report it."""
_COLUMNS = 80


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Arguments without the program's name; default: those of the process.

    Returns:
        The exit status.

    Raises:
        SystemExit: ``--help`` and ``--version`` (0), wrong usage (2).
    """
    from iiscluster_kb.errors import IisClusterError

    try:
        options = _parser().parse_args(argv)
        status: int = options.run(options)
    except KeyboardInterrupt:
        _complain("interrupted")
        return _INTERRUPTED
    except MemoryError:
        _complain("out of memory")
        return _COULD_NOT_RUN
    except (IisClusterError, OSError, ValueError) as error:
        _complain(_message(error))
        return _COULD_NOT_RUN
    return status


# --- the commands -----------------------------------------------------------------------------------


def _examine(options: argparse.Namespace) -> int:
    from iiscluster_kb._output import print_documents, write_documents
    from iiscluster_kb.render import render

    if options.schema:
        return _print_schema()
    if not options.cases:
        raise ValueError("examine needs a CASE (see iiscluster-kb examine --help)")
    report = _report(options, options.cases, second_opinion=not options.no_second_opinion)
    documents = render(report, options.format, _view(options, to_file=options.output is not None))
    if not documents:
        _note(options, f"nothing to write: the {options.format} output of this case is empty")
    if options.output is None:
        print_documents(documents)
    else:
        for path in write_documents(documents, options.output, force=options.force):
            _note(options, f"wrote {path}")
    return _status(report)


def _print_schema() -> int:
    from iiscluster_kb._output import print_text
    from iiscluster_kb.render.json import report_schema

    print_text(report_schema().decode("ascii"))
    return _NOTHING_FOUND


def _fix(options: argparse.Namespace) -> int:
    from iiscluster_kb import _kit
    from iiscluster_kb.model import Dialect
    from iiscluster_kb.remedy import RemedyOptions
    from iiscluster_kb.render._words import headline

    target = _kit.check_target(options.output, options.cases, force=options.force)
    before = _kit.fingerprint(options.cases)
    wanted = RemedyOptions(
        dialect=None if options.dialect == "auto" else Dialect(options.dialect),
        nodes=tuple(options.node or ()),
        registers=options.registration_by_registry,
    )
    second = not options.no_second_opinion
    report = _report(options, options.cases, second_opinion=second, remedy_options=wanted)
    documents = _kit.documents_of(report)
    _kit.compare(before, _kit.fingerprint(options.cases))
    _kit.write_kit(documents, target, force=options.force)
    _note(options, headline(report.findings))
    for warning in dict.fromkeys(text for patch in report.remedy.patches for text in patch.warnings):
        _note(options, warning)
    if not report.remedy.patches:
        _note(options, "no patches: nothing was found that a registry value mends")
    _note(options, f"wrote {len(documents)} files to {target}")
    return _status(report)


def _verify(options: argparse.Namespace) -> int:
    from iiscluster_kb.comparison._command import run

    view = _view(options, to_file=options.output is not None)
    return run(options, view, lambda text: _note(options, text))


def _inspect(options: argparse.Namespace) -> int:
    from iiscluster_kb._output import print_text
    from iiscluster_kb.render._inventory import inventory_json, inventory_text

    report = _report(options, options.cases, second_opinion=False)
    if options.format == "json":
        print_text(inventory_json(report).decode("ascii"))
    else:
        print_text(inventory_text(report, _view(options, to_file=False)))
    return _NOTHING_FOUND


def _collectors(options: argparse.Namespace) -> int:
    from iiscluster_kb._output import write_documents
    from iiscluster_kb.collectors import write_collectors

    folder = options.output.rstrip("/\\") + "/"
    for path in write_documents(write_collectors(), folder, force=options.force):
        _note(options, f"wrote {path}")
    return _NOTHING_FOUND


def _explain(options: argparse.Namespace) -> int:
    from inspect import cleandoc

    from iiscluster_kb._output import print_text
    from iiscluster_kb.articles import choose

    texts = (f"{cleandoc(rule.text)}\n\n{rule.article.url}\n" for rule in choose(options.articles))
    print_text("\n\n".join(texts))
    return _NOTHING_FOUND


def _articles(_options: argparse.Namespace) -> int:
    from iiscluster_kb._output import print_text
    from iiscluster_kb.articles import rules

    for rule in rules():
        causes = "".join(f"    {cause.id}: {cause.title}\n" for cause in rule.causes)
        print_text(f"{rule.article.id}: {rule.article.title}\n    {rule.article.url}\n{causes}")
    return _NOTHING_FOUND


def _limits(options: argparse.Namespace) -> Limits | None:
    if options.max_files is None and options.max_size is None:
        return None
    from iiscluster_kb.case import parse_limits

    return parse_limits(options.max_files, options.max_size)


def _report(
    options: argparse.Namespace,
    cases: list[str],
    *,
    second_opinion: bool,
    remedy_options: RemedyOptions | None = None,
) -> Report:
    from contextlib import nullcontext

    from iiscluster_kb.evidence._panel import Panel

    # The other readers import their own libraries while this process imports the stages.
    with Panel() if second_opinion else nullcontext() as panel:
        if panel is not None:
            panel.start()
        from iiscluster_kb.pipeline import examine

        report = examine(
            *cases,
            symptom=options.symptom,
            administered_from=options.administered_from,
            articles=options.article,
            second_opinion=panel or False,
            limits=_limits(options),
            remedy_options=remedy_options,
        )
    if options.verbose:
        used, skipped = len(report.artifacts), len(report.skipped)
        _note(options, f"{used} files of use on {len(report.machines)} machines, {skipped} files not used")
    return report


def _status(report: Report) -> int:
    from iiscluster_kb.model import Verdict

    if any(finding.verdict in (Verdict.CONFIRMED, Verdict.LIKELY) for finding in report.findings):
        return _FOUND
    if any(finding.verdict is Verdict.UNDETERMINED and finding.weighs for finding in report.findings):
        return _UNDETERMINED
    return _NOTHING_FOUND


# --- the terminal -----------------------------------------------------------------------------------


def _view(options: argparse.Namespace, *, to_file: bool) -> View:
    import shutil

    from iiscluster_kb.render import View

    columns = _COLUMNS if to_file else shutil.get_terminal_size((_COLUMNS, 24)).columns
    match options.color:
        case "always":
            return View(columns, color=True)
        case "never":
            return View(columns)
        case _:
            return View(columns, color=not to_file and _terminal_has_color())


def _terminal_has_color() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty():
        return False
    # An old Windows console prints the sequences; those that obey them say who they are.
    return os.name != "nt" or bool({"WT_SESSION", "ANSICON", "TERM"} & os.environ.keys())


def _note(options: argparse.Namespace, text: str) -> None:
    if not options.quiet:
        _complain(text)


def _complain(text: str) -> None:
    from iiscluster_kb.render._escape import printable

    print(f"{_PROGRAM}: {printable(text)}", file=sys.stderr)  # noqa: T201 - the one place that speaks there


def _message(error: Exception) -> str:
    match error:
        case OSError(filename=str() | bytes() as path, strerror=str() as reason):
            return f"{os.fsdecode(path)}: {reason}"
        case _:
            return str(error) or type(error).__name__


# --- the arguments ----------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, as every error does, and exit with 2."""
        _complain(f"{message} (see {self.prog} --help)")
        raise SystemExit(_COULD_NOT_RUN)


class _Outputs:
    """The names of the outputs; the folder is looked through only when somebody asks."""

    def __iter__(self) -> Iterator[str]:
        from iiscluster_kb.render import renderers

        return iter(sorted(renderers()))


def _parser() -> _Parser:
    parser = _Parser(
        prog=_PROGRAM,
        description="Diagnoses IIS 4.0 on Windows NT clusters from collected evidence, offline.",
        epilog="Example:\n  iiscluster-kb examine case.zip",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_global(parser, default_color="auto", default_flag=False)
    parser.set_defaults(symptom=None, administered_from=None, article=None)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, title="commands")

    def command(name: str, about: str, example: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(
            name,
            help=about,
            description=f"{about[0].upper()}{about[1:]}.",
            epilog=f"Example:\n  iiscluster-kb {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        # Accepted after the command too; where it is not given there, what stands before holds.
        _add_global(added, default_color=argparse.SUPPRESS, default_flag=argparse.SUPPRESS)
        return added

    _add_examine(command("examine", "diagnose a collected case", "examine case.zip --format json"))
    _add_fix(command("fix", "write the fix kit of a case", "fix case.zip --output kit"))
    _add_verify(command("verify", "tell whether a repair worked", "verify before.zip after.zip --kit kit"))
    inspect = command("inspect", "show what a case holds and what is missing", "inspect case.zip")
    _add_cases(inspect, "+")
    inspect.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    inspect.set_defaults(run=_inspect)
    collectors = command("collectors", "write scripts that collect what a case needs", "collectors scripts")
    collectors.add_argument(
        "output", metavar="DIR", help="the folder to write into; made where it is missing"
    )
    collectors.add_argument("--force", action="store_true", help="replace files that are there already")
    collectors.set_defaults(run=_collectors)
    explain = command("explain", "print the rule of an article in words", "explain Q224553")
    explain.add_argument("articles", metavar="ARTICLE", nargs="+", help="such as Q224553")
    explain.set_defaults(run=_explain)
    articles = command("articles", "list the articles and the causes they name", "articles")
    articles.set_defaults(run=_articles)
    return parser


def _add_global(parser: argparse.ArgumentParser, *, default_color: str, default_flag: bool | str) -> None:
    version = f"{_PROGRAM} {iiscluster_kb.__version__}"
    parser.add_argument("--version", action="version", version=version)
    for flag, about in (
        ("--verbose", "say more on standard error"),
        ("--quiet", "say nothing but errors there"),
    ):
        parser.add_argument(flag, action="store_true", default=default_flag, help=about)
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default=default_color,
        help="auto (the default): on a terminal, unless NO_COLOR is set",
    )


def _add_cases(parser: argparse.ArgumentParser, number: str) -> None:
    parser.add_argument(
        "cases", metavar="CASE", nargs=number, help="a folder, an archive, or single files of one case"
    )
    parser.add_argument("--max-files", metavar="N", help="how many files a case may hold")
    parser.add_argument("--max-size", metavar="SIZE", help="how much archives may expand to, such as 8G")


def _add_examine(parser: argparse.ArgumentParser) -> None:
    _add_cases(parser, "*")
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        choices=_Outputs(),
        default="text",
        help="one of %(choices)s; default: %(default)s",
    )
    parser.add_argument("--output", metavar="FILE", help="write to FILE, or each document into FOLDER/")
    parser.add_argument("--force", action="store_true", help="replace files that are there already")
    _add_diagnosis(parser)
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of --format json")
    parser.set_defaults(run=_examine)


def _add_verify(parser: argparse.ArgumentParser) -> None:
    from iiscluster_kb.comparison._command import add_arguments

    add_arguments(parser)
    parser.set_defaults(run=_verify)


def _add_fix(parser: argparse.ArgumentParser) -> None:
    _add_cases(parser, "+")
    parser.add_argument(
        "--output", metavar="DIR", required=True, help="the folder to make; it appears whole or not at all"
    )
    parser.add_argument("--force", action="store_true", help="replace the whole folder if it is not empty")
    parser.add_argument(
        "--dialect",
        choices=("auto", "REGEDIT4", "5.00"),
        default="auto",
        help="form of the patches; auto (the default): by each machine's Windows",
    )
    parser.add_argument(
        "--node",
        metavar="NAME",
        action="append",
        help="work on this node alone; may be repeated; default: all",
    )
    parser.add_argument(
        "--registration-by-registry",
        action="store_true",
        help="let the patches register COM servers too, where no regsvr32 can be run; not verified",
    )
    _add_diagnosis(parser)
    parser.set_defaults(run=_fix)


def _add_diagnosis(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--article",
        metavar="ID",
        action="append",
        help="ask this article alone; may be repeated; default: all",
    )
    parser.add_argument(
        "--no-second-opinion", action="store_true", help="do not let other readers check what a finding cites"
    )
    parser.add_argument(
        "--symptom", choices=("finish-button",), help="finish-button: the Dependencies page offers Finish"
    )
    parser.add_argument(
        "--administered-from", metavar="MACHINE", help="the machine on which Cluster Administrator ran"
    )
