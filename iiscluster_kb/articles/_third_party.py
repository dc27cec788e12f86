"""Articles of other distributions, found through the entry point group ``iiscluster_kb.articles``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GROUP", "third_party"]

GROUP = "iiscluster_kb.articles"

_T = TypeVar("_T")


def third_party(kind: type[_T]) -> tuple[_T, ...]:
    """Load what other distributions offer, in order of its names.

    Raises:
        ValueError: It cannot be loaded or is no rule; the message names the entry point and its distribution.
    """
    if not _is_offered():
        return ()
    from importlib.metadata import entry_points  # noqa: PLC0415 - its import costs more than most diagnoses

    found: list[_T] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        whose = f"article {point.name} ({point.value}"
        whose += f" of {point.dist.name})" if point.dist else ")"
        try:
            rule = point.load()
        except (ImportError, AttributeError, SyntaxError) as error:
            raise ValueError(f"{whose} cannot be loaded: {error}") from error
        if not isinstance(rule, kind):
            raise ValueError(f"{whose} is no {kind.__name__}")  # noqa: TRY004 - a mistake of an installation, told like any other
        found.append(rule)
    return tuple(found)


def _is_offered() -> bool:
    """Whether any distribution on the path mentions the group; far cheaper than asking ``importlib.metadata``."""
    return any(GROUP.encode() in text for text in _declarations())


def _declarations() -> Iterator[bytes]:
    for folder in dict.fromkeys(sys.path):
        place = Path(folder or ".")
        for pattern in ("*.dist-info/entry_points.txt", "*.egg-info/entry_points.txt"):
            for path in place.glob(pattern):
                try:
                    yield path.read_bytes()
                except OSError:
                    continue
