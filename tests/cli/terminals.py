"""Runs the real program where people and shells run it: on a terminal of some width, or on pipes."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
FAULTY = ROOT / "fixtures" / "scenarios" / "value-absent" / "case"
PROGRAM = (sys.executable, "-m", "iiscluster_kb")
_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_LONGEST = 120.0


def surroundings(**changes: str | None) -> dict[str, str]:
    """The environment without what would decide about colour, width or encoding, and with the changes."""
    unwanted = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTHONIOENCODING", "LC_ALL", "PYTHONUTF8"}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    kept |= {"TERM": "xterm", "LANG": "C.UTF-8"}
    return {name: value for name, value in (kept | changes).items() if value is not None}


def piped(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env=surroundings(**changes),
        timeout=_LONGEST,
    )


def on_terminal(
    command: Sequence[str], columns: int = 80, env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run a command with all its streams on a terminal; its status and all that the terminal was sent."""
    import fcntl  # noqa: PLC0415 - not on Windows, where nobody calls this
    import pty  # noqa: PLC0415 - the same
    import struct  # noqa: PLC0415 - the same
    import termios  # noqa: PLC0415 - the same

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=env or surroundings()
    )
    os.close(theirs)
    try:
        sent = received(ours)
    finally:
        os.close(ours)
    return process.wait(_LONGEST), sent


def received(ours: int) -> str:
    """Everything until the other side is closed."""
    chunks = []
    until = time.monotonic() + _LONGEST
    while time.monotonic() < until:
        if not select.select([ours], [], [], 1.0)[0]:
            continue
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # Linux tells the end of a terminal so
            break
        if not chunk:
            break
        chunks.append(chunk)
    return b"".join(chunks).decode("utf-8", "replace")


def plain(sent: str) -> str:
    """What a terminal was sent, without its sequences."""
    return _SEQUENCE.sub("", sent).replace("\r\n", "\n")
