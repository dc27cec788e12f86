"""Fills in what the site tells of the command line, so that no page can lag behind it."""  # noqa: INP001 - no package

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

_PLACE = "<!-- every command -->"
_COMMAND = re.compile(r"^ {4}([a-z]+)(?: {2,}|$)", re.MULTILINE)
"""A line of the list of commands, in the help of the program."""


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the help of every command in its place (called by MkDocs for each page)."""
    return markdown.replace(_PLACE, _commands()) if _PLACE in markdown else markdown


def _commands() -> str:
    whole = _help()
    names = _COMMAND.findall(whole.partition("\ncommands:\n")[2])
    helps = {"": whole, **{f" {name}": _help(name) for name in names}}
    return "\n".join(f"## iiscluster-kb{name}\n\n```text\n{text}```\n" for name, text in helps.items())


def _help(*command: str) -> str:
    return subprocess.run(  # noqa: S603 - our own program, and names that it told
        [sys.executable, "-m", "iiscluster_kb", *command, "--help"],
        env=os.environ | {"COLUMNS": "100", "NO_COLOR": "1"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
