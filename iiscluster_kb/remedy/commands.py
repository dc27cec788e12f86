r"""Commands that a person types on a node: none that the evidence could have written.

A Windows directory named ``C:\WINNT & format D:`` is evidence like any other. What it would become part of is not
given as a command at all.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from iiscluster_kb.remedy import texts

if TYPE_CHECKING:
    from iiscluster_kb.model import MachineProfile, Step

__all__ = ["is_plain_command", "is_plain_path", "without_hostile_command"]

_PLAIN_PATH = re.compile(r"[A-Za-z]:\\(?:[A-Za-z0-9._$~()+,@#\\-]| (?=[^ \\]))*")
# Of variables only those that every Windows sets itself; of the interpreter's own characters none but quotes.
_PLAIN_LINE = re.compile(
    r"(?:[A-Za-z0-9 ._$~()+,@#\\/:{}*?\"=-]|%(?:SystemRoot|windir|SystemDrive)%)+", re.IGNORECASE
)


def is_plain_path(path: str) -> bool:
    """Whether an absolute Windows path means itself between quotes on any command line, printed or typed."""
    return _PLAIN_PATH.fullmatch(path) is not None


def is_plain_command(command: str) -> bool:
    """Whether each line is one command, without redirection, pipes, foreign variables or open quotes."""
    return all(_PLAIN_LINE.fullmatch(line) and line.count('"') % 2 == 0 for line in command.split("\n"))


def without_hostile_command(step: Step, machine: MachineProfile | None) -> Step:
    """The step as it is, or without its command and with the reason why."""
    if step.command is None:
        return step
    root = machine.system_root if machine else None
    # A newline in the directory's name would make plain lines of it, so the name is looked at as a whole.
    odd = root is not None and not is_plain_path(root) and root in step.command
    if is_plain_command(step.command) and not odd:
        return step
    return replace(step, command=None, warnings=(*step.warnings, texts.WITHHELD))
