"""The plan as a sheet for each machine, to be printed or read on the machine's own console.

Windows NT 4.0 shows such a text with ``type`` and Notepad as it stands: ASCII, CRLF, no line of 80 columns, at
which a console would break it once more. Steps bear the numbers of the whole plan, and a sheet says where work on
another machine comes between.
"""

from __future__ import annotations

import textwrap
from itertools import groupby
from typing import TYPE_CHECKING

from iiscluster_kb.model import Document
from iiscluster_kb.remedy import texts
from iiscluster_kb.remedy.naming import name_sheets
from iiscluster_kb.render import Renderer
from iiscluster_kb.render._escape import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iiscluster_kb.model import Report, Step
    from iiscluster_kb.render import View

__all__ = ["RENDERER"]

_COLUMNS = 79
_IN_STEP = "    "
_IN_COMMAND = "        "


def _render(report: Report, _view: View) -> Iterator[Document]:
    for machine, name in name_sheets(report.remedy).items():
        lines = _sheet(report, machine)
        yield Document(name, "".join(f"{line}\r\n" for line in lines).encode("ascii"))


def _sheet(report: Report, machine: str) -> Iterator[str]:
    title = texts.STEPS_FOR.format(machine=machine)
    yield from _folded(title)
    yield "=" * min(len(_plain(title)), _COLUMNS)
    yield ""
    yield from _folded(texts.PLAN_FOR.format(name=report.cluster or report.case))
    yield ""
    if report.remedy.patches:
        yield from _folded(f"{texts.WARNING} {texts.REGISTRY_WARNING}")
        yield ""
    numbered = list(enumerate(report.remedy.plan, 1))
    for owner, steps in groupby(numbered, key=lambda item: item[1].machine):
        if owner is None or owner == machine:
            for number, step in steps:
                yield from _step(number, len(numbered), step)
        else:
            yield from _elsewhere(owner, [number for number, _ in steps])


def _elsewhere(machine: str, numbers: Sequence[int]) -> Iterator[str]:
    steps = f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]} - {numbers[-1]}"
    yield from _folded(texts.ON_OTHER_MACHINES.format(steps=f"({steps})", machine=machine), "--- ")
    yield ""


def _step(number: int, total: int, step: Step) -> Iterator[str]:
    where = f" ({texts.ANYWHERE})" if step.machine is None and step.command else ""
    yield from _folded(f"{texts.STEP_OF.format(number=number, total=total)}{where}: {step.title}", "[ ] ")
    if step.reason:
        yield from _folded(step.reason, _IN_STEP)
    for warning in step.warnings:
        yield from _folded(f"{texts.WARNING} {warning}", _IN_STEP)
    yield from _commands((step.command or "").splitlines())
    if step.expect:
        yield from _folded(f"{texts.EXPECT} {step.expect}", _IN_STEP)
    if step.otherwise:
        yield from _folded(texts.OTHERWISE, _IN_STEP)
        for deviation in step.otherwise:
            yield from _folded(f"{deviation.seen} {deviation.action}", f"{_IN_STEP}- ")
    yield ""


def _commands(commands: Sequence[str]) -> Iterator[str]:
    label = None
    for command in commands:
        fits = len(_IN_COMMAND) + len(_plain(command)) <= _COLUMNS
        # What is broken must not be typed as two lines, so it is said each time; what fits is said once.
        if not fits or label != texts.COMMAND:
            label = texts.COMMAND if fits else texts.COMMAND_IN_ONE_LINE
            yield f"{_IN_STEP}{label}"
        yield from _folded(command, _IN_COMMAND)


def _folded(text: str, lead: str = "") -> list[str]:
    """The text in lines that fit, the first after ``lead``, the others below its end."""
    return textwrap.wrap(
        _plain(text),
        _COLUMNS,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_on_hyphens=False,
    ) or [lead.rstrip()]


def _plain(text: str) -> str:
    return printable(text).encode("ascii", "backslashreplace").decode("ascii")


RENDERER = Renderer("steps", _render)
