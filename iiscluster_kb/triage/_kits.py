"""Fix kits of many cases: a folder for each faulty case, below one folder that is ours."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import TYPE_CHECKING

from iiscluster_kb._kit import write_kit
from iiscluster_kb.model import Document
from iiscluster_kb.triage._worklist import is_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iiscluster_kb.triage._nouns import Result

__all__ = ["KitFolder"]

_MARK = ".iiscluster-kb-kits"
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST = 60


class KitFolder:
    """A folder that holds kits and nothing else.

    Args:
        folder: Made where it is missing; else empty, or written by an earlier run.
        roots: What cases are looked for in; kits are never put among them.

    Raises:
        OSError: It holds something else, lies below a root, or cannot be written.
    """

    def __init__(self, folder: str, roots: Iterable[str]) -> None:
        self.path = Path(folder).resolve()
        for root in roots:
            if is_url(root) or root.startswith("@"):
                continue
            place = Path(root).resolve()
            if self.path == place or place in self.path.parents:
                raise OSError(errno.EPERM, f"lies in {root}, where cases are looked for", folder)
        self.path.mkdir(parents=True, exist_ok=True)
        mark = self.path / _MARK
        if not mark.exists():
            if any(self.path.iterdir()):
                raise FileExistsError(errno.EEXIST, "is not empty, and no earlier run wrote it", folder)
            mark.touch()

    def has(self, name: str | None) -> bool:
        """Whether the kit that the store speaks of is there."""
        return name is not None and (self.path / name).is_dir()

    def write(self, result: Result) -> str:
        """Write one case's kit, in the place of an older one; returns the name of its folder.

        Nothing that a case holds chooses the place: the folder's name is the plain part of the case's name and
        eight digits of its key, and documents have no folders in their names (``_wire``).
        """
        plain = _NOT_PLAIN.sub("-", result.found.name)[:_LONGEST].strip("-") or "case"
        name = f"{plain}-{result.found.key[:8]}"
        documents = (Document(title, content) for title, content in result.kit)
        write_kit(documents, self.path / name, force=True)
        return name
