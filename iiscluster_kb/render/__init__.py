"""Stage 6 of 6: tells a report. One module is one output; each is a pure function of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.discovery import discover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iiscluster_kb.model import Document, Report

__all__ = ["Renderer", "View", "render", "renderers"]


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
    render: Callable[[Report, View], Iterable[Document]]


def renderers() -> dict[str, Renderer]:
    """Every output of this folder by its name."""
    return {renderer.name: renderer for renderer in discover(__name__, "RENDERER", Renderer)}


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
    known = renderers()
    if output not in known:
        raise ValueError(f"no output {output!r}; there are {', '.join(sorted(known))}")
    return tuple(known[output].render(report, view or View()))
