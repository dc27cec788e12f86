"""Bars of ratios and lines of growth, as SVG: text and shapes alone, light or dark as the page is.

Both scales are logarithmic, since peers lie orders of magnitude apart.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from benchmarks._chapters import figure
from benchmarks._race import OURS, Result, Slower

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks._chapters import Growth, Table

_WIDTH = 760
_ROW = 26
_LEFT, _RIGHT, _TOP = 260, 90, 48
_PLOT = 220
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2937 }
.title { font-weight: 600; font-size: 15px }
.faint { fill: #6b7280; font-size: 12px }
.grid { stroke: #d1d5db; stroke-width: 1 }
.peer { fill: #9ca3af } .ours { fill: #2563eb } .open { fill: #d1d5db }
.line { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e5e7eb } .faint { fill: #9ca3af } .grid { stroke: #4b5563 }
  .peer { fill: #6b7280 } .ours { fill: #60a5fa } .open { fill: #4b5563 }
}
"""
_COLOURS = ("#2563eb", "#d97706", "#059669", "#db2777", "#7c3aed")
"""The first is ours."""


def draw_bars(table: Table) -> str:
    """Time of each contender as a multiple of the reference's, with who was stopped drawn open."""
    reference = table.outcomes[table.reference]
    if not isinstance(reference, Result):
        raise TypeError(f"{table.title}: nothing to compare with")
    ratios = {
        name: (outcome.seconds / reference.seconds, isinstance(outcome, Slower))
        for name, outcome in table.outcomes.items()
        if isinstance(outcome, Result | Slower)
    }
    least, most = _decades([ratio for ratio, _ in ratios.values()])
    scale = (_WIDTH - _LEFT - _RIGHT) / (most - least)
    height = _TOP + _ROW * len(ratios) + 30
    parts = [_text(12, 24, f"{table.title}: time, {table.reference} = 1", "title")]
    for decade in range(least, most + 1):
        x = _LEFT + (decade - least) * scale
        parts.append(_line(x, _TOP - 8, x, height - 26))
        parts.append(_text(x, height - 10, figure(10.0**decade), "faint", "middle"))
    for row, (name, (ratio, stopped)) in enumerate(ratios.items()):
        y = _TOP + row * _ROW
        length = max((math.log10(ratio) - least) * scale, 1)
        kind = "open" if stopped else "ours" if name.startswith((OURS, "examine")) else "peer"
        parts.append(_text(_LEFT - 8, y + 14, name, "", "end"))
        parts.append(
            f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{length:.1f}" height="{_ROW - 8}" rx="2"/>'
        )
        parts.append(_text(_LEFT + length + 6, y + 14, f"{'> ' if stopped else ''}{figure(ratio)}", "faint"))
    return _picture(height, table.title, parts)


def draw_growth(growth: Growth) -> str:
    """Seconds over size, a line a contender."""
    points = [(size, result.seconds) for line in growth.lines.values() for size, result in line]
    left, right = _decades([size for size, _ in points])
    bottom, top = _decades([seconds for _, seconds in points])
    height = _TOP + _PLOT + 44

    def place(size: float, seconds: float) -> tuple[float, float]:
        return (
            70 + (math.log10(size) - left) / (right - left) * (_WIDTH - 70 - 220),
            _TOP + _PLOT - (math.log10(seconds) - bottom) / (top - bottom) * _PLOT,
        )

    parts = [_text(12, 24, f"{growth.title}: seconds by number of {growth.unit}", "title")]
    for decade in range(left, right + 1):
        x, _ = place(10.0**decade, 10.0**bottom)
        parts.append(_line(x, _TOP, x, _TOP + _PLOT))
        parts.append(_text(x, _TOP + _PLOT + 18, f"{10**decade:,}", "faint", "middle"))
    for decade in range(bottom, top + 1):
        x, y = place(10.0**left, 10.0**decade)
        parts.append(_line(x, y, _WIDTH - 220, y))
        parts.append(_text(x - 8, y + 4, figure(10.0**decade), "faint", "end"))
    for colour, line in zip(_COLOURS, growth.lines.values(), strict=False):
        where = [place(size, result.seconds) for size, result in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in where)
        parts.append(f'<polyline class="line" stroke="{colour}" points="{path}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in where]
    for row, (colour, name) in enumerate(zip(_COLOURS, growth.lines, strict=False)):
        y = _TOP + 10 + row * 22
        parts.append(f'<rect x="{_WIDTH - 205}" y="{y - 9}" width="12" height="12" rx="2" fill="{colour}"/>')
        parts.append(_text(_WIDTH - 188, y + 2, name if len(name) < 27 else f"{name[:25]}…", ""))
    return _picture(height, growth.title, parts)


def _decades(numbers: Iterable[float]) -> tuple[int, int]:
    """The powers of ten around the numbers, at least one apart."""
    powers = [math.log10(number) for number in numbers]
    least = math.floor(min(powers))
    return least, max(math.ceil(max(powers)), least + 1)


def _line(x: float, y: float, to_x: float, to_y: float) -> str:
    return f'<line class="grid" x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"/>'


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _picture(height: int, title: str, parts: Sequence[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" role="img">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n{body}\n</svg>\n"
    )
