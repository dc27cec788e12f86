"""What to do about an error: read off what was asked for and what lies there, not off the error's words."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from iiscluster_kb.errors import CaseError, RemedyError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

__all__ = ["advice", "nearest"]

_MOST_NEIGHBOURS = 2000
"""Names of a folder that are looked at for one that may have been meant."""
_NO_ACCESS = (errno.EACCES, errno.EPERM)


def nearest(word: str, known: Iterable[str], likeness: float = 0.75) -> str | None:
    """The known word that is most like the given one, where any is; case does not count."""
    from difflib import get_close_matches

    spelled = {name.casefold(): name for name in known}
    found = get_close_matches(word.casefold(), spelled, 1, likeness)
    return spelled[found[0]] if found else None


def advice(error: Exception, options: argparse.Namespace | None) -> str | None:
    """The next thing to do about an error; None where its message says it all.

    Args:
        error: What ended the command.
        options: What was asked for, as far as it was understood.
    """
    given = {} if options is None else vars(options)
    match error:
        case CaseError():
            return _of_case(error, list(_paths(given)))
        case RemedyError() if given.get("output") is not None:
            return "iiscluster-kb examine with the same case; it shows the findings without a kit"
        case OSError():
            return _of_file(error)
        case ValueError():
            return _of_article(given.get("articles") or given.get("article") or ())
        case _:
            return None


def _paths(given: dict[str, object]) -> Iterator[str]:
    """Everything that was named as evidence."""
    for name in ("cases", "media", "before", "after", "kit"):
        match given.get(name):
            case str() as path:
                yield path
            case list() | tuple() as several:
                yield from several


def _of_case(error: CaseError, paths: list[str]) -> str | None:
    text = str(error)
    for path in paths:
        place = Path(path)
        if not text.startswith((f"{path}: ", f"{place}: ", f"{place.name}: ")):
            continue
        if isinstance(error.__cause__, OSError) and error.__cause__.errno in _NO_ACCESS:
            return _NOT_READABLE
        if not os.path.lexists(path):
            return _of_missing(place)
        if place.is_dir() and not any(place.iterdir()):
            return "iiscluster-kb collectors FOLDER, which writes scripts that collect a case"
        if place.is_file():
            return "unpack it with its own tool, then name the folder"
    return None


_NOT_READABLE = "a copy that this account may read, or an account that may read it"


def _of_missing(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"a path that is there; {Path(os.path.abspath(folder))} is no folder"  # noqa: PTH100 - resolve() would follow links that the user did not write
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry, _ in zip(entries, range(_MOST_NEIGHBOURS), strict=False)]
    except OSError:
        names = []
    close = nearest(path.name, names, likeness=0.6)
    if close is not None:
        return str(folder / close)
    return f"a path that is there; it was looked for in {folder.absolute()}"


def _of_file(error: OSError) -> str | None:
    match error.errno, error.filename:
        case errno.ENOENT, str() as path if not Path(path).parent.is_dir():
            return f"make the folder {Path(path).parent} first"
        case ((errno.EACCES | errno.EPERM | errno.EROFS), str()):
            return "a place that this account may write to"
        case errno.ENOSPC, str() as path if Path(path).is_absolute() or os.sep in path:
            return "a place on another disk"
        case _:
            return None


def _of_article(names: Iterable[str]) -> str | None:
    """Of a ValueError only a misspelt article has a remedy that its message does not name."""
    if not names:
        return None
    from iiscluster_kb.articles import rules

    known = {rule.article.id for rule in rules()}
    folded = {name.casefold() for name in known}
    meant = [nearest(name, known) for name in names if name.casefold() not in folded]
    close = [name for name in meant if name is not None]
    return " ".join(close) or None
