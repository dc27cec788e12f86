r"""Makes text of the evidence safe to show. Evidence is hostile: it may try to drive a terminal or a reader.

What is made visible is written as ``\x1b``, ``\u202e`` or ``\U000e0041``. This is for eyes; the JSON
output keeps the exact text.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["cell", "code_span", "fenced", "markdown", "printable", "prose", "visible"]

_UNSHOWABLE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: terminals obey them (U+009B begins a sequence as ESC [ does)
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers, Arabic mark
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero widths, separators, bidirectional controls
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"  # fillers, variation selectors, BOM
    "\ud800-\udfff"  # surrogates without a partner: no encoding can write them
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # invisible musical controls, tags
    "]"
)
"""Controls, plus Unicode's Default_Ignorable_Code_Point, spelled out so that no Python version differs."""


def visible(character: str) -> str:
    r"""The escape that stands for one character: ``\x1b``, ``\u202e``, ``\U000e0041``."""
    number = ord(character)
    if number <= 0xFF:  # noqa: PLR2004 - the last number that two hex digits write
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004 - likewise four


def printable(text: str) -> str:
    """The text with every control, invisible and bidirectional character made visible; always one line."""
    return _UNSHOWABLE.sub(lambda match: visible(match[0]), text)


_FORMULA = re.compile(r"(?:^|(?<=[;,]))(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a formula would begin: at the start of a cell, or of what becomes one where the list separator is another.
The full-width signs count in some languages of Excel (OWASP, CSV Injection)."""


def cell(text: str) -> str:
    """The text as a cell of a table that no spreadsheet calculates: an apostrophe stands before a formula."""
    return _FORMULA.sub("'", printable(text))


_MARKDOWN = re.compile(
    r"""[`*_\[\]<>|~$&]      # emphasis, code, links, HTML, tables, entities, formulas
    | \\(?=[!-/:-@\[-`{-~]|$)  # a backslash that would escape its neighbour; C:\WINNT stays as it is
    | :(?=//) | (?<=[wW]{3})\. | @  # what some readers make links of unasked
    | ^(?:[-+=#]|\d+(?=[.)]))""",  # a list, a heading, an underline
    re.VERBOSE,
)


def markdown(text: str) -> str:
    """The text as one line of Markdown that shows exactly it: no link, no HTML, no heading, no code."""
    return _MARKDOWN.sub(_escaped, printable(text.strip()))


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    # Digits cannot be escaped; a list number is disarmed by an entity in the place of its first digit.
    return f"&#{ord(found[0])};{found[1:]}" if found[0].isdecimal() else f"\\{found}"


_LINKED = re.compile(
    r"""@ | \#\d | GH-\d | ://              # who is called, tickets, addresses
      | [wW]{3}\. | :(?!\d\d:)[\w+-]+:      # addresses without a scheme, emoji; 10:11:12 holds none
      | (?<![0-9A-Za-z])[0-9a-f]{7,64}(?![0-9A-Za-z])  # commits
    """,
    re.VERBOSE,
)
_WORD_OR_BLANK = re.compile(r"\S+|\s+")


def prose(text: str) -> str:
    """The text as one line of Markdown that shows exactly it, and of which no reader makes a link.

    What readers make links of unasked (mentions, numbers of tickets, hashes of commits, addresses, emoji) is made of
    the text that shows, where a backslash has long fallen away. A code span alone keeps them from it, so a word that
    holds such a thing becomes one.
    """
    parts = groupby(_WORD_OR_BLANK.findall(printable(text).strip()), key=_is_linked)
    return "".join(code_span("".join(part)) if linked else _plain("".join(part)) for linked, part in parts)


def _is_linked(word: str) -> bool:
    return _LINKED.search(word) is not None


def _plain(text: str) -> str:
    """Between two code spans, where the blanks at the ends count."""
    inner = text.strip()
    if not inner:
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}{markdown(inner)}{after}"


def code_span(text: str) -> str:
    """Markdown's inline code that shows the text and stays in one table cell: a bar becomes its escape."""
    shown = printable(text).replace("|", visible("|"))  # tables split at a bar even inside code
    fence = "`" * (_longest_run(shown) + 1)
    pad = " " if not shown or {shown[0], shown[-1]} & {"`", " "} else ""  # readers take one pair away
    return f"{fence}{pad}{shown}{pad}{fence}"


def fenced(lines: Iterable[str], indent: str = "") -> list[str]:
    """Markdown's code block with these lines, each made printable."""
    shown = [printable(line) for line in lines]
    fence = "`" * max(3, max(map(_longest_run, shown), default=0) + 1)
    return [f"{indent}{line}".rstrip() for line in (f"{fence}text", *shown, fence)]


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
