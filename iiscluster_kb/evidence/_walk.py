r"""Which directories a recursive listing of bare paths shows whole, told from the order of its lines.

``dir /s /b`` and ``Get-ChildItem -Recurse`` print no footer, but they print what is in a directory in one
block before they enter any directory below it. So a block is whole as soon as a line of another directory
follows it, and the last block of a text never is: nothing tells that it was not cut off there.

Not covered, because the text might be the output of a command that leaves something out:

* all of it, where a directory has two blocks: then another program ordered the lines;
* all of it, where one character, the dot aside, is in every name: a pattern such as ``*.dll`` or ``iis*``
  has at least one letter, and every match holds it. Patterns match long and short names alike, so a name
  that has no such letter disproves the pattern only where no short name has it either; a listing that
  shows thousands of names disproves it all the same;
* all of it, where most directories that have a block are not themselves listed (``/a-d``, ``-File``). A few
  may be missing: ``dir /s`` enters hidden directories without listing them;
* all of it, where less than half of what is listed without a block has an extension (``/ad``);
* a directory that is not listed itself, but for the one where the walk began, and that one only where it
  lists a directory that has a block.

A text whose beginning was cut off exactly between two lines is not noticed: the directory in which it then
begins would look whole.
"""

from __future__ import annotations

__all__ = ["Walk"]

_LONGEST_EXTENSION = 4


class Walk:
    """The lines of one recursive listing, in their order."""

    def __init__(self, root: str, *, vouched: bool = False) -> None:
        """Begin at ``root``, folded. ``vouched``: the command is known and leaves nothing out."""
        self._root = root
        self._vouched = vouched
        self._below = root.rstrip("\\") + "\\"
        self._blocks: dict[str, None] = {}
        self._current: str | None = None
        self._listed: set[str] = set()
        self._common: set[str] | None = None
        self._in_order = True

    def reaches(self, directory: str) -> bool:
        """Whether a folded directory is where the walk began or lies below."""
        return directory == self._root or directory.startswith(self._below)

    def enter(self, directory: str) -> None:
        """The lines that follow are in this folded directory."""
        if directory in self._blocks:
            self._in_order = False
        self._blocks[directory] = None
        self._current = directory

    def add(self, path: str) -> None:
        """A folded path of the current directory."""
        self._listed.add(path)
        if self._common is None:
            self._common = _letters(path)
        elif self._common:
            self._common &= _letters(path)

    def covered(self, *, ended: bool) -> tuple[frozenset[str], str | None]:
        """The directories listed whole, and why there are none.

        Args:
            ended: Whether something shows that the walk came to its end, such as a prompt.
        """
        if reason := self._objection():
            return frozenset(), reason
        whole = set(self._blocks)
        if not ended and self._current is not None:
            whole.discard(self._current)
        descended = any(directory in self._listed for directory in self._blocks)
        return frozenset(
            directory
            for directory in whole
            if directory in self._listed or (directory == self._root and (self._vouched or descended))
        ), None

    @property
    def blocks(self) -> frozenset[str]:
        """Folded paths of every directory that has lines."""
        return frozenset(self._blocks)

    def _objection(self) -> str | None:
        if not self._in_order:
            return "the lines are not in the order in which a directory walk prints them"
        if self._vouched:
            return None
        if self._common:
            return "every name shares a letter, as under a pattern"
        inner = [directory for directory in self._blocks if directory != self._root]
        if 2 * sum(directory not in self._listed for directory in inner) > len(inner):
            return "directories are not listed themselves"
        leaves = self._listed.difference(self._blocks)
        if 2 * sum(map(_has_extension, leaves)) < len(leaves):
            return "hardly any file is listed, as under /ad"
        return None


def _letters(path: str) -> set[str]:
    return set(path[path.rfind("\\") + 1 :]) - {"."}


def _has_extension(path: str) -> bool:
    extension = path[path.rfind(".") + 1 :]
    return 0 < len(extension) <= _LONGEST_EXTENSION and "\\" not in extension and extension != path
