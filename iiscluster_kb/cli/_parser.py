"""The arguments of every command, its help and its examples."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn

import iiscluster_kb
from iiscluster_kb.cli import _commands
from iiscluster_kb.cli._terminal import PROGRAM, complain

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SHELLS", "Parser", "command_line"]

SHELLS = ("bash", "fish", "powershell", "zsh")
_COULD_NOT_RUN = 2


class Parser(argparse.ArgumentParser):
    """Complains in one line, writes as every result is written, and knows what it was given.

    Attributes:
        declared: The arguments in their order.
        commands: The parsers of the commands by their names.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.declared: list[argparse.Action] = []
        self.commands: dict[str, Parser] = {}
        super().__init__(*arguments, **options)

    def add_argument(self, *arguments: Any, **options: Any) -> argparse.Action:
        """Declare an argument, as the class above does."""
        action = super().add_argument(*arguments, **options)
        self.declared.append(action)
        return action

    def print_help(self, file: Any = None) -> None:
        """Put the help where results go."""
        from iiscluster_kb._output import print_text

        del file
        print_text(self.format_help())

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, as every error does, and exit with 2."""
        complain(f"{message}{self._meant(message)} (see {self.prog} --help)")
        raise SystemExit(_COULD_NOT_RUN)

    def _meant(self, message: str) -> str:
        """What is most like a word that is not known; the words for it are argparse's and differ by version."""
        import re

        from iiscluster_kb.cli._advice import nearest

        known = {name for parser in (self, *self.commands.values()) for name in parser.words()}
        wrong = re.search(r"invalid choice: '(?P<choice>[^']+)'|: (?P<option>--?[\w-]+)", message)
        if wrong is None or wrong[0].strip(": ") in known:
            return ""
        close = nearest(wrong["choice"] or wrong["option"], known)
        return "" if close is None else f"; did you mean {close}?"

    def words(self) -> Iterator[str]:
        """Every word of its own that may stand in a command line."""
        yield from self.commands
        for action in self.declared:
            yield from action.option_strings
            yield from map(str, action.choices or ())


class _Outputs:
    """The names of the outputs; the folder is looked through only when somebody asks."""

    def __iter__(self) -> Iterator[str]:
        from iiscluster_kb.render import outputs

        return iter(outputs())


class _Version(argparse.Action):
    """Puts the version where results go."""

    def __call__(self, *_: object) -> NoReturn:
        from iiscluster_kb._output import print_text

        print_text(f"{PROGRAM} {iiscluster_kb.__version__}\n")
        raise SystemExit(0)


def command_line() -> Parser:
    """Everything that the program understands. What is parsed has ``run``, a function of it."""
    parser = Parser(
        prog=PROGRAM,
        description="Diagnoses IIS 4.0 on Windows NT clusters from collected evidence, offline.",
        epilog=_examples("examine case.zip", "fix case.zip --output kit", "COMMAND --help"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_global(parser, default_color="auto", default_flag=False)
    parser.set_defaults(symptom=None, administered_from=None, article=None, media=None)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, title="commands")

    def command(name: str, about: str, *examples: str) -> Parser:
        added = commands.add_parser(
            name,
            help=about,
            description=f"{about[0].upper()}{about[1:]}.",
            epilog=_examples(*(f"{name} {example}".rstrip() for example in examples)),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        # Accepted after the command too; where it is not given there, what stands before holds.
        _add_global(added, default_color=argparse.SUPPRESS, default_flag=argparse.SUPPRESS)
        added.set_defaults(run=getattr(_commands, name))
        parser.commands[name] = added
        return added

    _add_examine(
        command(
            "examine",
            "diagnose a collected case",
            "case.zip",
            "case.zip --format html --output report.html",
            "NODE1/ NODE2/ --article Q224553 --symptom finish-button",
            "case.zip --format json | jq '.articles[] | {id, verdict}'",
        )
    )
    _add_fix(
        command(
            "fix",
            "write the fix kit of a case",
            "case.zip --output kit",
            "case.zip --output kit --node NODE1 --media option-pack-cd",
        )
    )
    verify = command(
        "verify",
        "tell whether a repair worked",
        "before.zip after.zip",
        "before.zip after.zip --kit kit --format markdown --output ticket.md",
    )
    from iiscluster_kb.comparison._command import add_arguments as add_verify

    add_verify(verify)
    _add_inspect(
        command("inspect", "show what a case holds and what is missing", "case.zip", "case.zip --format json")
    )
    triage = command(
        "triage",
        "examine many cases into one store, and ask it",
        "archive/ --store cases.duckdb",
        "'\\\\server\\cases\\*.zip' --store cases.duckdb --fix-into kits",
        "report cases.duckdb --format html --output triage.html",
        "query cases.duckdb 'SELECT name, verdict FROM cases'",
    )
    from iiscluster_kb.triage._command import add_arguments as add_triage

    add_triage(triage)
    collectors = command("collectors", "write scripts that collect what a case needs", "scripts")
    collectors.add_argument(
        "output", metavar="DIR", help="the folder to write into; made where it is missing"
    )
    _add_force(collectors, "replace files that are there already")
    explain = command("explain", "print the rule of an article in words", "Q224553", "Q224553 Q174641")
    explain.add_argument("articles", metavar="ARTICLE", nargs="+", help="such as Q224553")
    command("articles", "list the articles and the causes they name", "")
    completion = command(
        "completion",
        "print what makes a shell complete this program's words",
        "bash >> ~/.bashrc",
        "zsh > ~/.zfunc/_iiscluster-kb",
        "fish > ~/.config/fish/completions/iiscluster-kb.fish",
        "powershell >> $PROFILE",
    )
    completion.add_argument("shell", metavar="SHELL", choices=SHELLS, help="one of %(choices)s")
    completion.set_defaults(parser=parser)
    return parser


def _examples(*examples: str) -> str:
    return "\n  ".join(("Example:", *(f"{PROGRAM} {example}" for example in examples)))


def _add_global(parser: Parser, *, default_color: str, default_flag: bool | str) -> None:
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
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


def _add_cases(parser: Parser, number: str) -> None:
    parser.add_argument(
        "cases", metavar="CASE", nargs=number, help="a folder, an archive, or single files of one case"
    )
    parser.add_argument("--max-files", metavar="N", help="how many files a case may hold")
    parser.add_argument("--max-size", metavar="SIZE", help="how much archives may expand to, such as 8G")


def _add_force(parser: Parser, about: str) -> None:
    parser.add_argument("--force", action="store_true", help=about)


def _add_examine(parser: Parser) -> None:
    _add_cases(parser, "*")
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        choices=_Outputs(),
        default="text",
        help="one of %(choices)s; default: %(default)s",
    )
    parser.add_argument("--output", metavar="FILE", help="write to FILE, or each document into FOLDER/")
    _add_force(parser, "replace files that are there already")
    _add_diagnosis(parser)
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of --format json")


def _add_inspect(parser: Parser) -> None:
    _add_cases(parser, "+")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    _add_media(parser)


def _add_fix(parser: Parser) -> None:
    _add_cases(parser, "+")
    parser.add_argument(
        "--output", metavar="DIR", required=True, help="the folder to make; it appears whole or not at all"
    )
    _add_force(parser, "replace the whole folder if it is not empty")
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


def _add_media(parser: Parser) -> None:
    parser.add_argument(
        "--media",
        metavar="PATH",
        action="append",
        help="an installation CD's folder, a cabinet or a hotfix to take files from; may be repeated",
    )


def _add_diagnosis(parser: Parser) -> None:
    _add_media(parser)
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
