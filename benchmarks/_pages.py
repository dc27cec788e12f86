"""What the programs that compare write: Markdown, with the date, the machine and the versions it was made with."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["DEBIAN", "distribution", "heading", "program_version", "table"]

DEBIAN = "/usr/bin/python3"
"""The interpreter that has Debian's python3-hivex."""


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Iterable[int] = ()) -> str:
    """A table; columns in ``numbers`` are set to the right."""
    right = set(numbers)
    rule = "|".join("--:" if column in right else "---" for column in range(len(head)))
    lines = [f"| {' | '.join(head)} |", f"|{rule}|"]
    lines += [f"| {' | '.join(_cell(item) for item in row)} |" for row in rows]
    return "\n".join(lines)


def _cell(item: object) -> str:
    text = f"{item:,}" if isinstance(item, int) else str(item)
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def heading(title: str, command: str, versions: dict[str, str]) -> str:
    """Title, and how, when and on what the page was made."""
    peers = "; ".join(f"{name} {number}" for name, number in versions.items())
    made = f"Made by `{command}` on {datetime.now(UTC):%Y-%m-%d}, on {_machine()}, Python {platform.python_version()}."
    return f"# {title}\n\n{made}\n\nBeside: {peers}."


def _machine() -> str:
    model = "an unknown processor"
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        found = re.search(r"^model name\s*: (.+)$", cpus.read_text(encoding="utf-8"), re.MULTILINE)
        model = found[1].strip() if found else model
    return f"{os.cpu_count()} cores ({model}), {platform.system()} {platform.machine()}"


def distribution(name: str) -> str | None:
    """Version of an installed distribution; None: it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def program_version(name: str, *arguments: str) -> str | None:
    """The first number with a dot that a program prints of itself; None: there is no such program."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if path is None:
        return None
    done = subprocess.run(
        [path, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60
    )
    found = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
    return found[0] if found else "of unknown version"


def debian_version(package: str) -> str | None:
    """Version of an installed Debian package; None: it is not installed, or this is no Debian."""
    if shutil.which("dpkg-query") is None:
        return None
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None


def interpreter(reader: str) -> str:
    """The Python that has a reader of hives."""
    return DEBIAN if reader == "hivex" else sys.executable
