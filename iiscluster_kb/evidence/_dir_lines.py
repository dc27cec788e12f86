r"""The shapes of the lines that ``dir`` prints, in any language.

No word is known here. What tells the lines apart (layouts: Q137854, Q138548, Q159452 for Windows NT 4.0,
Q275490 for Windows 2000, Q105473, Q134674 and Q164211 for MS-DOS and Windows 9x):

* an entry is a date, a time, a number or something in ``< >``, and a name; in the old layout the name
  comes first, 8 and 3 columns wide, and a long name may follow the time;
* a footer is two numbers, each with words behind it;
* a directory header is words and then an absolute path;
* a volume header ends in a serial number, four and four hexadecimal digits;
* a prompt is an absolute path and ``>``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = [
    "BARE_PATH",
    "ENTRY",
    "FOOTER",
    "HEADER",
    "LINE_LIMIT",
    "NOISE",
    "OLD_ENTRY",
    "SERIAL",
    "SHORT_AND_LONG",
    "SHORT_WIDTH",
    "SPACED_SIZE",
    "TAG_WIDTH",
    "Command",
    "find_entry",
    "has_pattern",
    "parse_prompt",
]

LINE_LIMIT = 1024
"""Characters of a line that is looked at; ``dir`` prints paths of less than 260."""
TAG_WIDTH = 15
"""Columns from ``<`` to the name."""
SHORT_WIDTH = 12
"""Columns of the short name under ``/x``; one space follows."""

# What may repeat in these patterns never overlaps what follows it, or is possessive, or is bounded: each
# takes time linear in the line.
_GAP = "[ \t\xa0\u202f]"
_NUMBER = "[0-9][0-9.,'\u2019\xa0\u202f]*"
_SPACED_NUMBER = "[0-9]+(?:[.,'\u2019\xa0\u202f ][0-9]+)*"
_NAME = r'[^<>:"/\\|?*\x00-\x1f]*'
_DATE = r"(?:[^\W\d_]{1,4}\.?,? {1,2})?[0-9]{1,4}[./-] ?(?:[0-9]{1,2}|[^\W\d_]{3,5}\.?)[./-] ?[0-9]{2,4}\.?"
_CLOCK = (
    rf"(?:[^\W\d_]{{1,4}} )?[0-9]{{1,2}}[:.h][0-9]{{2}}(?:[:.][0-9]{{2}})?(?:{_GAP}?[^\W\d_][^\d<>]{{0,6}}?)?"
)

ENTRY = re.compile(
    rf"[ \t]{{0,4}}({_DATE}){_GAP}++({_CLOCK}){_GAP}++(?:<([^<>]{{1,16}})>|\(?({_NUMBER})\)?)( ++)({_NAME})$"
).match
"""Date, time, word in ``< >``, size, gap, name."""
OLD_ENTRY = re.compile(
    rf'([^\s<>:"/\\|?*][^<>:"/\\|?*]{{7}}) ([^<>:"/\\|?*]{{3}}) ++(?:<([^<>]{{1,16}})>|({_NUMBER})) ++'
    rf"([0-9]{{1,2}}[./-][0-9]{{1,2}}[./-][0-9]{{2,4}}) ++([0-9]{{1,2}}[:.][0-9]{{2}}[ap]?)(?: ({_NAME}))?$"
).match
"""Base name, extension, word in ``< >``, size, date, time, long name."""
FOOTER = re.compile(
    rf"{_GAP}*+({_SPACED_NUMBER}){_GAP}++[^\W\d_][^\d:\\<>|]*(?<={_GAP}){_SPACED_NUMBER}{_GAP}++[^\W\d_][^\d:\\<>|]*$"
).match
"""Two numbers with words behind each; the first number is the count."""
HEADER = re.compile(
    r"[ \t]{0,8}[^\s<>|][^<>|\\]*?[ \t\xa0\u202f]"
    r'((?:[A-Za-z]:\\|\\\\[^<>:"/|\\?*\s]+\\)[^<>:"/|\x00-\x1f]*)$'
).match
"""Words, and the path behind them."""
BARE_PATH = re.compile(r'(?:[A-Za-z]:|\\\\[^<>:"/|\\?*\x00-\x1f]+)\\[^<>:"/|?*\x00-\x1f]+$').match
SERIAL = re.compile(r".*(?<![0-9A-Z-])[0-9A-F]{4}-[0-9A-F]{4}$").match
NOISE = re.compile(r"\s*[0-9][^:]*:[^:]*:\$[A-Z]+$|.*\. \. \.$|\s*\([^()\\]*[A-Za-z]:\\.*\)$").match
r"""Lines between entries that are none: a stream of ``/r``, and what ``/p`` prints at a page's end."""
SHORT_AND_LONG = re.compile(r"[^\s.]{1,6}~[0-9]{1,4}(?:\.\S{1,3})? +\S").match
"""What a column of short names looks like where it is not expected."""
SPACED_SIZE = re.compile(r".*  ([0-9]{1,3}(?: [0-9]{3})*) $").match
_PROMPT = re.compile(r'(?:\([^()]*\) ?)?(?:PS )?([A-Za-z]:\\[^<>|*?"]*)>\s*(.*)$').match
_DIR = re.compile(r'dir(?=[\s/.\\"]|$)(.*)', re.IGNORECASE).match
_REDIRECTION = re.compile(r"[12]?>{1,2}\s*(?:\"[^\"]*\"|\S+)|[|&].*$")
_WORD = re.compile(r'/[^\s/"]+|(?:"[^"]*"|[^\s/"])+')
_LONGEST_PLAIN_TAG = 5


def find_entry(line: str) -> re.Match[str] | None:
    r"""Match an entry; of a link, the target that stands behind the name in ``[ ]`` is left out.

    Links are told by the length of the word in ``< >``: DIR, REP and KAT are short, JUNCTION, SYMLINK and
    their translations long. A name may hold brackets as well, so the last pair that encloses no other is
    the target, else all from the first on.
    """
    match = ENTRY(line)
    if not line.endswith("]") or (match and not _is_link(match[3])):
        return match
    place = line.rfind(" [")
    if "[" in line[place + 2 :]:
        place = line.find(" [")
    without = ENTRY(line[: max(place, 0)].rstrip(" "))
    return without if without and _is_link(without[3]) else match


def _is_link(tag: str | None) -> bool:
    return tag is not None and len(tag) > _LONGEST_PLAIN_TAG


@dataclass(frozen=True, slots=True)
class Command:
    """A prompt, and the ``dir`` typed behind it."""

    directory: str
    """Where it was typed."""
    is_dir: bool = False
    target: str | None = None
    """The directory, file or pattern that it names; None: it names none, or several."""
    several: bool = False
    bare: bool = False
    recurse: bool = False
    all_files: bool = False
    """``/a``: hidden and system files are listed too."""
    leaves_out: bool = False
    """A pattern or an attribute leaves out more than hidden and system files."""


def parse_prompt(line: str) -> Command | None:
    """Read a prompt; None: the line is none."""
    match = _PROMPT(line)
    if not match:
        return None
    typed = _DIR(match[2].strip())
    if not typed:
        return Command(match[1])
    words = _WORD.findall(_REDIRECTION.sub("", typed[1]))
    switches = [word[1:].lower() for word in words if word.startswith("/")]
    operands = [word.replace('"', "") for word in words if not word.startswith("/")]
    attributes = [switch[1:].lstrip(":") for switch in switches if switch.startswith("a")]
    return Command(
        match[1],
        is_dir=True,
        target=operands[0] if len(operands) == 1 else None,
        several=len(operands) > 1,
        bare="b" in switches,
        recurse="s" in switches,
        all_files="" in attributes,
        leaves_out=any(map(has_pattern, operands))
        or any(attribute.replace("-h", "").replace("-s", "") for attribute in attributes),
    )


def has_pattern(path: str) -> bool:
    """Whether a path ends in a pattern that does not match every name."""
    return ("*" in path or "?" in path) and path.rpartition("\\")[2] not in {"*", "*.*"}
