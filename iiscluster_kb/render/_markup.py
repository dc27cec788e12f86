"""HTML put together from elements. Text is escaped by being text: only what an element made is taken as it is."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from iiscluster_kb.render._escape import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Markup", "element", "many"]

_VOID = frozenset({"input", "meta"})


class Markup(str):
    """Finished HTML."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str) -> Markup:
    """An element with its children.

    Args:
        tag: Its name.
        children: ``Markup`` goes in as it is, any other text escaped, with invisible characters made visible.
        attributes: By name; an underscore at the end of a name is left out, others become hyphens.
    """
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_text(value)}"' for name, value in attributes.items()
    )
    if tag in _VOID:
        return Markup(f"<{tag}{named}>")
    return Markup(f"<{tag}{named}>{many(children)}</{tag}>")


def many(children: Iterable[str]) -> Markup:
    """Several children, one after another."""
    return Markup("".join(child if isinstance(child, Markup) else _text(child) for child in children))


def _text(text: str) -> str:
    return escape(printable(text))
