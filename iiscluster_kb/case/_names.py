"""Case paths from names that nobody vouches for."""

from __future__ import annotations

from pathlib import PurePosixPath

__all__ = ["Names", "printable", "safe_path"]

_LONGEST = 4096
"""Characters of a case path; the longest path that Linux opens (PATH_MAX)."""


def safe_path(name: str) -> str | None:
    r"""Turn a name as a container spells it into a case path.

    Both slashes divide, since archives written on Windows hold either. Empty parts, ``.`` and ``..`` fall
    away, so that nothing leads out of the case; a drive letter stays as a part of its own, for it tells
    where the file lay. What cannot be printed, or was no UTF-8, becomes ``%XX``.

    Returns:
        None where nothing is left of the name, or more than 4,096 characters are.
    """
    if len(name) > _LONGEST:
        return None
    parts = [part for part in name.replace("\\", "/").split("/") if part not in {"", ".", ".."}]
    path = "/".join(map(printable, parts))
    return path if 0 < len(path) <= _LONGEST else None


def printable(name: str) -> str:
    """A name that no container vouches for, as it may stand in a message of one line."""
    return "".join(map(_printable, name))


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    is_raw_byte = "\udc80" <= character <= "\udcff"
    encoded = character.encode("utf-8", "surrogateescape" if is_raw_byte else "surrogatepass")
    return "".join(f"%{byte:02X}" for byte in encoded)


class Names:
    """Hands out each case path once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def claim(self, path: str) -> str:
        """The path itself, or ``name~2.ending`` where it is taken."""
        candidate, number = path, self._last.get(path, 1)
        while candidate in self._taken:
            number += 1
            whole = PurePosixPath(path)
            candidate = str(whole.with_name(f"{whole.stem}~{number}{whole.suffix}"))
        self._last[path] = number
        self._taken.add(candidate)
        return candidate
