"""Whole processes, their start included; run by ``_worker.py``."""

from __future__ import annotations

import subprocess
from typing import Any


def run(contender: str, job: str, task: dict[str, Any]) -> int:
    """Run the command that the task names for the contender; the answer is its exit status."""
    del job
    command, given = task["commands"][contender]
    try:
        return subprocess.run(command, input=given, text=True, capture_output=True, check=False).returncode
    except FileNotFoundError:
        raise ImportError(command[0]) from None
