"""What the shells are told, so that they complete this program's words. Read off the parser, so it is always whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.cli._terminal import PROGRAM

if TYPE_CHECKING:
    import argparse

    from iiscluster_kb.cli._parser import Parser

__all__ = ["ANYTHING", "FILES", "FOLDERS", "Command", "Expected", "Option", "completion_script", "vocabulary"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What may stand in a place."""

    what: str
    """As the help calls it: ``FILE``, ``ID``."""
    words: tuple[str, ...] = ()
    """The only ones, where there are any."""
    paths: bool = False
    """Whether a path may stand there."""
    only_folders: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """An option, by all its names."""

    names: tuple[str, ...]
    about: str
    value: Expected | None
    """None: a switch."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command; the one without a name is the program itself."""

    name: str
    about: str
    options: tuple[Option, ...]
    operand: Expected | None
    """What every further argument is; None where it takes none."""

    @property
    def is_program(self) -> bool:
        """Whether it is no command, but what stands before one."""
        return not self.name


FILES = frozenset({"AFTER", "BEFORE", "CASE", "FILE", "PATH", "ROOT"})
"""Names in the help of what may be any path."""
FOLDERS = frozenset({"DIR"})
ANYTHING = frozenset({"MACHINE", "N", "NAME", "SECONDS", "SIZE", "URL"})
"""Names of what only the user knows."""
_ARTICLES = frozenset({"ARTICLE", "ID"})


def vocabulary(parser: Parser, articles: tuple[str, ...]) -> tuple[Command, ...]:
    """Every command with what it takes, the program itself first.

    Args:
        parser: That of the whole command line.
        articles: Ids of all articles.
    """
    every = (("", parser), *parser.commands.items())
    return tuple(_command(name, one, articles) for name, one in every)


def _command(name: str, parser: Parser, articles: tuple[str, ...]) -> Command:
    def expected(action: argparse.Action) -> Expected:
        what = str(action.metavar or action.dest.upper())
        words = tuple(map(str, action.choices or ())) or (articles if what in _ARTICLES else ())
        return Expected(what, words, what in FILES | FOLDERS, what in FOLDERS)

    options = tuple(
        Option(
            tuple(action.option_strings),
            _sentence(parser, action),
            None if action.nargs == 0 else expected(action),
        )
        for action in parser.declared
        if action.option_strings
    )
    operands = [expected(action) for action in parser.declared if not action.option_strings]
    if parser.commands:
        operands = [Expected("COMMAND", tuple(parser.commands))]
    about = (parser.description or "").rstrip(".")
    return Command(name, about, options, operands[0] if operands else None)


def _sentence(parser: Parser, action: argparse.Action) -> str:
    """The help of an argument on one line, its placeholders filled as argparse fills them."""
    choices = ", ".join(map(str, action.choices or ()))
    return (action.help or "") % {**vars(action), "prog": parser.prog, "choices": choices}


def completion_script(shell: str, known: tuple[Command, ...]) -> str:
    """The script for ``bash``, ``fish``, ``powershell`` or ``zsh``."""
    from iiscluster_kb.cli import _shells

    match shell:
        case "bash":
            return _shells.bash(PROGRAM, known)
        case "fish":
            return _shells.fish(PROGRAM, known)
        case "powershell":
            return _shells.powershell(PROGRAM, known)
        case _:
            return _shells.zsh(PROGRAM, known)
