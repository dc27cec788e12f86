"""What is fuzzed: a function of bytes, where its search begins, and what one input may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """What a module of ``targets`` gives as its ``TARGET``."""

    name: str
    run: Callable[[bytes], None]
    """Takes any bytes. It lets pass what the library documents that it raises, and nothing else; the laws that
    every input keeps are asserted."""
    seeds: Callable[[], Iterable[bytes]]
    """Inputs that lead deep, made by the project's own writers."""
    longest: int
    """Bytes of an input."""
    words: tuple[bytes, ...] = ()
    """What the format is made of and chance would not find."""
    seconds: float = 1.0
    """CPU time of one input, above which it is kept as a finding."""
