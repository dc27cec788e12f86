"""Files of a folder on disk. Links are not followed out of the case, nor into directories at all."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from iiscluster_kb.model import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.case._limits import Budget

__all__ = ["Found", "walk"]


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file."""

    name: str
    """Below the folder, as the system spells it."""
    file: Path
    """Where its bytes lie; of a link, its target."""
    size: int


def walk(root: Path, prefix: str, budget: Budget) -> Iterator[Found | Skipped]:
    """List the files below a folder, each directory in order of names, without recursion.

    Args:
        root: The folder, with no link in its path.
        prefix: What names begin with: empty, or the folder's own name and a slash.
        budget: Counts every file and directory.

    Raises:
        CaseError: There are too many.
    """
    waiting = [(root, prefix)]
    while waiting:
        folder, before = waiting.pop()
        entries = []
        try:
            with os.scandir(folder) as listing:
                for entry in listing:
                    budget.count()
                    entries.append(entry)
        except OSError as error:  # what it gave before counts
            yield Skipped(before or root.name, f"directory cannot be read: {error.strerror or error}")
        for entry in sorted(entries, key=lambda entry: entry.name):
            name = before + entry.name
            try:
                is_directory = entry.is_dir(follow_symlinks=False)
            except OSError as error:  # where directories do not tell kinds, the disk is asked
                yield Skipped(name, f"cannot be read: {error.strerror or error}")
                continue
            if is_directory:
                waiting.append((Path(entry.path), f"{name}/"))
            else:
                yield _examined(entry, name, root)


def _examined(entry: os.DirEntry[str], name: str, root: Path) -> Found | Skipped:
    file = Path(entry.path)
    try:
        if entry.is_symlink():
            file = file.resolve(strict=True)
            if not file.is_relative_to(root):
                return Skipped(name, "a symbolic link that leads out of the case")
        status = file.stat(follow_symlinks=False)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        reason = getattr(error, "strerror", None) or error
        return Skipped(name, f"cannot be read: {reason}")
    if stat.S_ISDIR(status.st_mode):
        return Skipped(name, "a symbolic link to a directory, whose files are read where they lie")
    if not stat.S_ISREG(status.st_mode):
        return Skipped(name, "a device, pipe or socket, not a file")
    return Found(name, file, status.st_size)
