"""Room for what archives expand to: some memory, then a temporary directory that goes with the case."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from pathlib import Path

from iiscluster_kb.errors import EvidenceError

__all__ = ["Space"]

_MEMORY = 64 << 20
"""Bytes of small members that a case keeps in memory; further ones lie in files."""
_READ = 512 << 20
"""Bytes of files on disk that a case holds in memory; further ones are copied to files of ours."""
_MAPS = 256
"""Maps that a case holds at once: each keeps a descriptor (mmap duplicates it), and 1,024 is a usual limit."""


class Space:
    """Shared by all contents of one case. Safe to use from several threads.

    Args:
        in_place: Whether files of the case may be mapped, as ``Limits`` says.
    """

    def __init__(self, *, in_place: bool = False) -> None:
        self.in_place = in_place
        self._lock = threading.Lock()
        self._memory = _MEMORY
        self._reading = _READ
        self._maps = _MAPS
        self._names = 0
        self._folder: Path | None = None
        self._remove: weakref.finalize[[Path], Space] | None = None
        self._users: set[int] = set()
        self._is_closed = False

    def claim_memory(self, size: int) -> bool:
        """Set aside memory for a member; False: there is none left."""
        with self._lock:
            if size > self._memory:
                return False
            self._memory -= size
            return True

    def claim_reading(self, size: int) -> bool:
        """Set aside memory for a file on disk; False: there is none left."""
        with self._lock:
            if size > self._reading:
                return False
            self._reading -= size
            return True

    def return_reading(self, size: int) -> None:
        """Give back what ``claim_reading`` set aside."""
        with self._lock:
            self._reading += size

    def claim_map(self) -> bool:
        """Set aside one map; False: there are enough."""
        with self._lock:
            if self._maps == 0:
                return False
            self._maps -= 1
            return True

    def return_map(self) -> None:
        """Give back what ``claim_map`` set aside."""
        with self._lock:
            self._maps += 1

    def new_file(self, path: str) -> Path:
        """A place, outside the case, for the bytes of the file of this case path.

        Raises:
            EvidenceError: The case is closed.
            OSError: There is no temporary directory to be had.
        """
        with self._lock:
            if self._is_closed:
                raise EvidenceError(path, "the case is closed")
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="iiscluster-kb-"))
                self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            self._names += 1
            return self._folder / f"{self._names:06}"

    def admit(self, content: object) -> None:
        """Keep the space open as long as this content is."""
        with self._lock:
            self._users.add(id(content))

    def retire(self, content: object) -> None:
        """Take note that this content is closed; the last one closes the space."""
        with self._lock:
            was_user = id(content) in self._users
            self._users.discard(id(content))
            is_last = was_user and not self._users
        if is_last:
            self.close()

    def close(self) -> None:
        """Remove every temporary file."""
        with self._lock:
            self._is_closed = True
            remove = self._remove
        if remove is not None:
            remove()
