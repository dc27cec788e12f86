r"""Which directories a list of paths shows whole that a depth-first walk printed, whatever came first in it.

``attrib /s /d`` and ``find`` go down into a directory and come back; what lies in it may be printed before
it, after it or in between, but all of it stands together. So a directory is whole as soon as a line outside
of it follows; the place where the walk began never is.

Nothing is covered where the text might be the output of a command that leaves something out: where a
directory is left and entered again or a path is listed twice (a second walk follows one that was interrupted), where more than the one in which it began are not listed themselves
(``attrib`` without ``/d``, ``find -type f``, any pattern), or where all names share a letter. An empty
directory counts for nothing: one that could not be entered looks the same.
"""

from __future__ import annotations

__all__ = ["Descent"]


class Descent:
    """The paths of one walk, in their order."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._left: set[str] = set()
        self._filled: set[str] = set()
        self._listed: set[str] = set()
        self._common: set[str] | None = None
        self._again = False

    def add(self, directory: str, path: str) -> None:
        """A folded path, and the folded directory that it lies in."""
        if directory not in self._filled or directory != self._open[-1]:
            self._go(directory)
        self._again = self._again or path in self._listed
        self._listed.add(path)
        name = set(path[path.rfind("\\") + 1 :]) - {"."}
        self._common = name if self._common is None else self._common & name

    def _go(self, directory: str) -> None:
        while self._open and not _within(directory, self._open[-1]):
            self._left.add(self._open.pop())
        above = self._open[-1] if self._open else ""
        for place in _between(above, directory):
            self._again = self._again or place in self._left
            self._open.append(place)
        self._filled.add(directory)

    def covered(self) -> tuple[frozenset[str], str | None]:
        """The directories listed whole, and why there are none."""
        if self._again:
            return frozenset(), "the lines are not in the order of a walk"
        if self._common:
            return frozenset(), "every name shares a letter, as under a pattern"
        if len(self._filled - self._listed) > 1:
            return frozenset(), "directories are not listed themselves"
        return frozenset(self._filled & self._left & self._listed), None

    @property
    def filled(self) -> frozenset[str]:
        """Folded paths of every directory that has lines."""
        return frozenset(self._filled)


def _within(directory: str, above: str) -> bool:
    return directory == above or directory.startswith(above.rstrip("\\") + "\\")


def _between(above: str, directory: str) -> list[str]:
    """``directory`` and those that it lies in, below ``above``, the outermost first."""
    places = []
    while directory and directory != above:
        places.append(directory)
        higher = directory.rpartition("\\")[0]
        if higher.endswith(":"):
            higher = "" if directory.endswith("\\") else higher + "\\"
        directory = higher
    return places[::-1]
