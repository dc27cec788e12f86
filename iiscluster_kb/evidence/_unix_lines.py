r"""The shapes of the lines that ``ls -l`` and ``find -ls`` print, and where their paths lie on Windows.

Formats: GNU coreutils manual, "What information is listed" and "Formatting file timestamps"; GNU findutils
manual, "Print File Information" (``-ls`` escapes blanks, backslashes and bytes beyond ASCII).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = [
    "LINE_LIMIT",
    "Line",
    "is_total",
    "leaves_out",
    "parse_command",
    "parse_entry",
    "parse_header",
    "quoted_path",
    "unescape",
    "windows_path",
]

LINE_LIMIT = 2048
"""Characters of a line that is looked at."""

_MODE = r"[-dlbcps?][-rwxsStTlL?]{9}[.+@]?"
_COUNTS = r"[ \t]{0,12}+(?:[0-9]{1,20}+ {1,12}+)?(?:[0-9]{1,15}+(?:[.,][0-9])?[KMGTP]? {1,12}+)?"
"""Inode and blocks, where ``-i``, ``-s`` or ``find`` prints them."""
_ISO = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} (?:[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,12})?)?(?: [+-][0-9]{4})?)?"
)
_SHORT_ISO = "[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}"
_MONTH = r"[^\W\d_]{3,5}\.?"
_YEAR_OR_CLOCK = "(?:[0-9]{4}|[0-9]{1,2}:[0-9]{2})"
_WHEN = (
    f"(?:{_ISO}|{_SHORT_ISO}|{_MONTH} {{1,2}}[0-9]{{1,2}} {{1,3}}{_YEAR_OR_CLOCK}"
    rf"|[0-9]{{1,2}}\.? {{1,2}}{_MONTH} {{1,3}}{_YEAR_OR_CLOCK})"
)
_ENTRY = re.compile(
    rf"{_COUNTS}({_MODE}) {{1,12}}+[0-9?]{{1,10}} .{{0,80}}? {{0,20}}+(?<= )"
    rf"([0-9]{{1,20}}(?:[.,][0-9])?[KMGTP]?) {{1,4}}+({_WHEN}) (.+)$"
).match
"""Mode, size, time and name; links, owner and group stand between mode and size."""
_UNREADABLE = re.compile(
    r"[ \t?]{0,12}([-dl?])\?{9} {1,12}\? {1,12}\? {1,12}\? {1,12}\? {1,12}\? (.+)$"
).match
"""What ``ls`` prints of a name whose file it could not look at."""
_HEADER = re.compile(r"(['\"]?)((?:/|\.(?=[/:'\"])|[A-Za-z]:[/\\]).*)\1:$").match
_TOTAL = re.compile(r"[^\W\d_]{3,12} [0-9]{1,15}(?:[.,][0-9]{1,3})*[KMGTP]?$").match
_COMMAND = re.compile(r"[^\n]{0,200}?[$#%>] ?(?:\S{0,40}/)?(ls|find)( .*)?$").match
_REDIRECTION = re.compile(r"[0-9&]?>{1,2} ?&?[^\s|]+|\| ?tee [^|]*$")
_ESCAPE = re.compile(r"\\([0-7]{3}|.)")
_QUOTED = re.compile("[\u2018'`\"«]((?:/|\\.|[A-Za-z]:)[^\u2018\u2019'`\"«»]*)[\u2019'\"»]").search
_DRIVES = (
    re.compile(r"/(?:(?:mnt|cygdrive|media|Volumes)/)?([A-Za-z])(?=/|$)").match,
    re.compile(r"([A-Za-z]):(?=[/\\]|$)").match,
    re.compile(r".*?/([A-Za-z])[:$](?=/|$)").match,
)
_OCTAL_DIGITS = 3
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "b": "\b"}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_HARMLESS_TESTS = frozenset({"-ls", "-xdev", "-mount", "-depth", "-noleaf", "-H", "-L", "-P", "-print"})


@dataclass(frozen=True, slots=True)
class Line:
    """A line about one file."""

    kind: str
    """``-``, ``d``, ``l`` …; ``?`` where it could not be looked at."""
    name: str
    """Or the path, where the command was given one."""
    size: str | None
    date: str
    clock: str


def parse_entry(line: str) -> Line | None:
    """Read a line about a file; None: it is none."""
    if match := _ENTRY(line):
        mode, size, when, name = match.groups()
        date, clock = _moment(when)
        kind = mode[0]
        if kind == "l":
            name = name.partition(" -> ")[0]
        return Line(kind, name, size if kind == "-" and size.isdecimal() else None, date, clock)
    if match := _UNREADABLE(line):
        return Line(match[1], match[2], None, "", "")
    return None


def _moment(when: str) -> tuple[str, str]:
    """Date as year, month and day, and clock; empty where year or month is not told."""
    words = when.replace(".", " ").split() if when[4:5] != "-" else when.split()
    if when[4:5] == "-":
        return words[0], words[1][:8] if len(words) > 1 else "00:00"
    if len(words) != 3 or ":" in words[2]:  # noqa: PLR2004 - month, day, year
        return "", ""
    day, name = (words[0], words[1]) if words[0].isdecimal() else (words[1], words[0])
    month = name[:3].upper()
    if month not in _MONTHS:
        return "", ""
    return f"{words[2]}-{_MONTHS.index(month) + 1:02}-{int(day):02}", "00:00"


def parse_header(line: str) -> tuple[str, bool] | None:
    """The directory that a line names whose files follow, and whether it stood in quotes; None: it is none."""
    match = _HEADER(line)
    return (match[2], bool(match[1])) if match else None


def is_total(line: str) -> bool:
    """Whether a line is the count of blocks that ``ls`` prints above a directory's files, in any language."""
    return _TOTAL(line) is not None


def parse_command(line: str) -> tuple[str, str] | None:
    """``ls`` or ``find`` behind a prompt, and what was typed after it; None: the line is none."""
    match = _COMMAND(line)
    return (match[1], match[2] or "") if match else None


def leaves_out(program: str, arguments: str) -> bool:
    """Whether a command leaves out files that are there, names beginning with a dot aside."""
    words = _REDIRECTION.sub("", arguments).split()
    if "|" in arguments.replace("| tee", "").replace("|tee", ""):
        return True
    options = [word for word in words if word.startswith("-")]
    if program == "find":
        return not _HARMLESS_TESTS.issuperset(options) or any(set(word) & set("*?[!(") for word in words)
    return any(
        option.startswith(("--ignore", "--hide", "--dired"))
        if option.startswith("--")
        else not {"I", "B", "d"}.isdisjoint(option)
        for option in options
    )


def quoted_path(line: str) -> str | None:
    """The path that an error message names in quotes."""
    match = _QUOTED(line)
    return match[1] if match else None


def unescape(path: str) -> str:
    r"""A path as ``find -ls`` prints it: ``\ `` is a blank, ``\303\274`` is ü."""
    if "\\" not in path:
        return path
    raw = bytearray()
    place = 0
    for match in _ESCAPE.finditer(path):
        raw += path[place : match.start()].encode("utf-8", "replace")
        escape = match[1]
        if len(escape) == _OCTAL_DIGITS:
            raw.append(int(escape, 8) & 0xFF)
        else:
            raw += _LETTERS.get(escape, escape).encode("utf-8", "replace")
        place = match.end()
    raw += path[place:].encode("utf-8", "replace")
    return raw.decode("utf-8", "replace")


def windows_path(path: str, drive: str | None) -> str | None:
    r"""``/mnt/c/WINNT`` is ``C:\WINNT``; None: nothing tells the drive.

    Args:
        path: With slashes; a drive's letter stands alone below ``/``, ``/mnt``, ``/cygdrive``, ``/media`` or
            ``/Volumes``, or anywhere with a colon or a dollar sign behind it.
        drive: The drive in whose root a path begins with a dot.
    """
    path = path.replace("\\", "/") if path[1:2] == ":" else path
    rest = letter = None
    for tells in _DRIVES:
        if match := tells(path):
            letter, rest = match[1], path[match.end() :]
            break
    else:
        if drive is not None and (path == "." or path.startswith("./")):
            letter, rest = drive, path[1:]
    if letter is None or rest is None:
        return None
    parts = [part for part in rest.split("/") if part not in {"", "."}]
    return "\\".join([f"{letter.upper()}:", *parts]) + ("" if parts else "\\")
