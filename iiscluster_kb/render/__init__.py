"""Stage 6 of 6: tells a report. One module is one output; each is a pure function of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.discovery import load, names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iiscluster_kb.model import Document, Report

__all__ = ["Renderer", "View", "outputs", "render", "renderers"]


@dataclass(frozen=True, slots=True)
class View:
    """How a person will look at it. Outputs that are files take no notice."""

    width: int = 80
    """Columns."""
    color: bool = False
    """Whether terminal colour sequences are wanted."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """What a module of this folder gives as its ``RENDERER``."""

    name: str
    """That of its module, so that an output is known without importing all of them."""
    render: Callable[[Report, View], Iterable[Document]]


def outputs() -> tuple[str, ...]:
    """Names of the outputs of this folder, in order."""
    return names(__name__)


def renderers() -> dict[str, Renderer]:
    """Every output of this folder by its name."""
    return {name: load(__name__, name, "RENDERER", Renderer) for name in outputs()}


def render(report: Report, output: str, view: View | None = None) -> tuple[Document, ...]:
    """Tell the report in one of the forms.

    Args:
        report: What ``examine`` returned.
        output: ``text``, ``json``, ``plan``, ``reg`` …
        view: Columns and colour for outputs that people read on a terminal.

    Returns:
        The documents; the same report gives the same bytes.

    Raises:
        ValueError: There is no such output; the message lists those that there are.
    """
    if output not in outputs():
        raise ValueError(f"no output {output!r}; there are {', '.join(outputs())}")
    return tuple(load(__name__, output, "RENDERER", Renderer).render(report, view or View()))
