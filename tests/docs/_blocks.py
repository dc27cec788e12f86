"""The blocks of a page that can be run: consoles, and programs in Python."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.scenarios import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Command", "Program", "is_shown", "pages", "runnable"]

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PROMPT = "$ "


@dataclass(frozen=True, slots=True)
class Command:
    """What is typed at a prompt, and what is shown below it."""

    line: int
    typed: str
    shown: str


@dataclass(frozen=True, slots=True)
class Program:
    """A block of Python; ``shown`` is the block of text right behind it, None where there is none."""

    line: int
    code: str
    shown: str | None


def pages() -> tuple[Path, ...]:
    """The README and every page of the site."""
    return (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))


def runnable(page: Path) -> tuple[Command | Program, ...]:
    """Every command and program of a page, in order."""
    return tuple(_runnable(page.read_text("utf-8")))


def is_shown(printed: str, shown: str) -> bool:
    """Whether this is what the page shows; ``...`` stands for anything, on a line of its own for any lines."""
    pattern = "".join(
        "(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()).replace(r"\.\.\.", ".*") + "\n"
        for line in shown.splitlines()
    )
    plain = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
    return re.fullmatch(pattern, plain) is not None


def _runnable(text: str) -> Iterator[Command | Program]:
    fences = list(_FENCE.finditer(text))
    for place, fence in enumerate(fences):
        line = text.count("\n", 0, fence.start()) + 2
        if fence[2].startswith(_PROMPT):
            yield from _commands(fence[2], line)
        elif fence[1] == "python":
            after = fences[place + 1] if place + 1 < len(fences) else None
            follows = (
                after is not None and after[1] == "text" and not text[fence.end() : after.start()].strip()
            )
            yield Program(line, fence[2], after[2] if after is not None and follows else None)


def _commands(block: str, first: int) -> Iterator[Command]:
    lines = block.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith(_PROMPT)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        below = start + 1
        while lines[below - 1].endswith("\\"):
            below += 1
        typed = "\n".join([lines[start].removeprefix(_PROMPT), *lines[start + 1 : below]])
        yield Command(first + start, typed, "\n".join(lines[below:end]))
