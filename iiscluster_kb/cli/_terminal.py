"""What the command line knows of the terminal: its width, its colour, and how to speak on standard error."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from iiscluster_kb.render import View

__all__ = ["PROGRAM", "complain", "fold", "has_color", "is_terminal", "message", "note", "view"]

PROGRAM = "iiscluster-kb"
_COLUMNS = 80


def view(options: argparse.Namespace, *, to_file: bool) -> View:
    """How the text of a result is looked at."""
    import shutil

    from iiscluster_kb.render import View

    columns = _COLUMNS if to_file else shutil.get_terminal_size((_COLUMNS, 24)).columns
    match options.color:
        case "always":
            return View(columns, color=True)
        case "never":
            return View(columns)
        case _:
            return View(columns, color=not to_file and has_color("stdout"))


def has_color(stream: str) -> bool:
    """Whether that stream (``stdout`` or ``stderr``) is a terminal on which colour is wanted."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not is_terminal(stream):
        return False
    # An old Windows console prints the sequences; those that obey them say who they are.
    return os.name != "nt" or bool({"WT_SESSION", "ANSICON", "TERM"} & os.environ.keys())


def is_terminal(stream: str) -> bool:
    """Whether that stream (``stdout`` or ``stderr``) is a terminal; one that was closed is none."""
    try:
        return bool(getattr(sys, stream).isatty())
    except (AttributeError, ValueError):  # a stream that was closed before the start is None
        return False


def fold(text: str, width: int) -> str:
    """Fill anew each paragraph of the text that has a line wider than ``width``; indentation tells paragraphs apart."""
    import textwrap
    from itertools import groupby

    def indent(line: str) -> str:
        return line[: len(line) - len(line.lstrip())] if line.strip() else "\n"

    folded: list[str] = []
    for margin, lines in groupby(text.splitlines(), key=indent):
        paragraph = list(lines)
        if max(map(len, paragraph)) > width:
            wrapped = textwrap.fill(
                " ".join(line.strip() for line in paragraph),
                width,
                initial_indent=margin,
                subsequent_indent=margin,
                break_on_hyphens=False,
                break_long_words=False,
            )
            paragraph = wrapped.splitlines()
        folded += paragraph
    return "\n".join(folded) + "\n"


def note(options: argparse.Namespace, text: str) -> None:
    """Say something on standard error, unless ``--quiet``."""
    if not options.quiet:
        complain(text)


def complain(text: str, advice: str | None = None) -> None:
    """Say on standard error what is wrong, and what to do about it.

    Args:
        text: Becomes printable, so it is one line whatever it holds.
        advice: Has a line of its own on a terminal; else it ends the one line, so that a log has a line for each.
    """
    from iiscluster_kb._output import say
    from iiscluster_kb.render._escape import printable

    line = f"{PROGRAM}: {printable(text)}"
    if advice is not None:
        end = "\n" if is_terminal("stderr") else " " if line.endswith((".", "?", "!")) else ". "
        line = f"{line}{end}Try: {printable(advice)}"
    say(f"{line}\n")


def message(error: Exception) -> str:
    """An error in one sentence, with the file that it speaks of."""
    match error:
        case OSError(filename=str() | bytes() as path, strerror=str() as reason):
            return f"{os.fsdecode(path)}: {reason}"
        case _:
            return str(error) or type(error).__name__
