"""Readers of ``.reg`` text and of listings, and what no reader can go below; run by ``_worker.py``."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_DIR_LINE = r"(\d\d/\d\d/\d\d)  (\d\d:\d\d[ap]) +(<DIR>|[\d,]+) +(.+)"
_REG_LINE = r'\[(.+)\]|("(?:[^"\\]|\\.)*"|@)=(.*)'


def _ours_reg(path: str) -> int:
    """Keys and values, decoded, in the order of the text."""
    from iiscluster_kb.registry.reg_text import parse_reg  # noqa: PLC0415 - only this reader's process needs it

    return len(parse_reg(Path(path).read_bytes()).entries)


def _reg_flex(path: str) -> int:
    """A tree of keys; values stay text until they are asked for."""
    from dissect.target.helpers.regutil import RegFlex  # noqa: PLC0415 - the same

    parsed = RegFlex()
    with open(path, encoding="utf-16") as text:  # noqa: PTH123 - what its documentation opens
        parsed.map_definition(text)
    found, pending = 0, [hive.root() for hive in parsed.hives.values()]
    while pending:
        key = pending.pop()
        values = key.values()
        found += 1 + len(values)
        for value in values:
            _ = value.value
        pending += key.subkeys()
    return found


def _config_parser(path: str) -> int:
    """Sections and options of undecoded text; it knows nothing of keys below keys."""
    import configparser  # noqa: PLC0415 - the same

    parsed = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=(";",), strict=False)
    text = Path(path).read_text(encoding="utf-16").partition("\n")[2]
    parsed.read_string(text)
    return sum(1 + len(parsed.options(section)) for section in parsed.sections())


def _hivexregedit(path: str) -> str:
    """Merges the text into an empty hive, which is its way of reading; it takes 8-bit text alone."""
    with tempfile.TemporaryDirectory() as folder:
        hive = Path(folder, "merged")
        hive.write_bytes(Path(path).with_name("empty-hive").read_bytes())
        text = Path(folder, "export.reg")
        text.write_text(Path(path).read_text(encoding="utf-16"), encoding="ascii")
        command = [
            "hivexregedit",
            "--merge",
            "--prefix",
            "HKEY_LOCAL_MACHINE\\SOFTWARE",
            str(hive),
            str(text),
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        except FileNotFoundError:
            raise ImportError(command[0]) from None
    if done.returncode:
        raise ValueError(done.stderr.strip()[:150])
    return "merged"


def _reg_floor(path: str) -> int:
    import re  # noqa: PLC0415 - the same

    line_of = re.compile(_REG_LINE).match
    with open(path, encoding="utf-16") as text:  # noqa: PTH123 - the plainest loop there is
        return sum(line_of(line) is not None for line in text)


def _ours_listing(path: str) -> int:
    """Recognised by content and read, its entries asked for."""
    from iiscluster_kb.case import open_case  # noqa: PLC0415 - the same
    from iiscluster_kb.evidence import identify  # noqa: PLC0415 - the same
    from iiscluster_kb.model import FileEvidence  # noqa: PLC0415 - the same

    with open_case(path) as case:
        (evidence,), _ = identify(case)
        assert isinstance(evidence, FileEvidence)  # noqa: S101 - anything else is no result
        return len(evidence.entries)


def _listing_floor(path: str) -> int:
    import re  # noqa: PLC0415 - the same

    line_of = re.compile(_DIR_LINE).match
    found: dict[str, tuple[str | Any, ...]] = {}
    directory = ""
    with open(path, encoding="cp850") as text:  # noqa: PTH123 - the plainest loop there is
        for line in text:
            if match := line_of(line):
                found[f"{directory}\\{match[4]}".upper()] = match.groups()
            elif line.startswith(" Directory of "):
                directory = line[14:].rstrip()
    return len(found)


def _listing_regex(path: str) -> int:
    import re  # noqa: PLC0415 - the same

    line_of = re.compile(_DIR_LINE).match
    with open(path, encoding="cp850") as text:  # noqa: PTH123 - the plainest loop there is
        return sum(line_of(line) is not None for line in text)


def _count_lines(path: str) -> int:
    return int(
        subprocess.run(["wc", "-l", path], capture_output=True, text=True, check=True).stdout.split()[0]
    )


REG: dict[str, Callable[[str], Any]] = {
    "iiscluster_kb": _ours_reg,
    "dissect.target RegFlex": _reg_flex,
    "configparser": _config_parser,
    "hivexregedit --merge": _hivexregedit,
    "one regular expression a line": _reg_floor,
}
LISTING: dict[str, Callable[[str], Any]] = {
    "iiscluster_kb": _ours_listing,
    "one regular expression a line, into a dictionary": _listing_floor,
    "one regular expression a line": _listing_regex,
    "wc -l": _count_lines,
}


def run(contender: str, job: str, task: dict[str, Any]) -> Any:
    """Read the file; the answer is a count, of what the contender counts."""
    return {"reg": REG, "listing": LISTING}[job][contender](task["file"])
