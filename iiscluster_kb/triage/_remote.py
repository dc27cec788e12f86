"""Cases that lie far away: s3://, gs://, az://, sftp:// … The one door of fsspec.

Which drivers there are, and with which credentials, is as the user has them. A case is fetched into the
worker's own temporary directory.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iiscluster_kb.case._names import Names, safe_path
from iiscluster_kb.errors import CaseError
from iiscluster_kb.evidence import HEAD_SIZE
from iiscluster_kb.triage._tree import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RemoteTree", "fetched"]

_LARGEST_PEEK = 256 << 20
"""Bytes of one hive that is fetched to learn the name of its computer."""


def _open(url: str) -> tuple[Any, str]:
    try:
        import fsspec  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ValueError("a URL needs fsspec: pip install 'iiscluster-kb[triage]'") from error
    try:
        return fsspec.core.url_to_fs(url)  # type: ignore[no-any-return]  # fsspec is untyped
    except (ImportError, ValueError) as error:  # the driver is not installed, or there is none
        raise ValueError(f"{url}: {error}") from error


class RemoteTree:
    """A file system behind a URL; paths in and out are URLs."""

    def __init__(self, url: str) -> None:
        self._files, _ = _open(url)

    def glob(self, url: str) -> list[str]:
        """URLs that match a pattern, in order."""
        return sorted(self._url(path) for path in self._files.glob(self._path(url)))

    def kind(self, path: str) -> Kind | None:
        """See ``Tree``."""
        try:
            told = self._files.info(self._path(path))
        except FileNotFoundError:
            return None
        return _kind(told)

    def entries(self, path: str) -> list[Entry]:
        """See ``Tree``."""
        here = self._path(path).rstrip("/")
        found = []
        for told in self._files.ls(here, detail=True):
            name = told["name"].rstrip("/")
            if name != here:
                found.append(Entry(name.rpartition("/")[2], self._url(name), _kind(told)))
        return sorted(found, key=lambda entry: entry.name)

    def head(self, path: str) -> bytes:
        """See ``Tree``."""
        with self._files.open(self._path(path), "rb", block_size=HEAD_SIZE) as stream:
            return bytes(stream.read(HEAD_SIZE))

    @contextmanager
    def fetched(self, path: str) -> Iterator[Path]:
        """See ``Tree``."""
        with tempfile.TemporaryDirectory(prefix="iiscluster-kb-") as folder:
            target = Path(folder, "file")
            _copy(self._files, self._path(path), target, _LARGEST_PEEK)
            yield target

    def _path(self, url: str) -> str:
        return str(self._files._strip_protocol(url))  # noqa: SLF001 - fsspec offers it to nobody else by another name

    def _url(self, path: str) -> str:
        return str(self._files.unstrip_protocol(path))


def _kind(told: dict[str, Any]) -> Kind:
    if told.get("islink"):
        return Kind.LINK
    return {"directory": Kind.FOLDER, "file": Kind.FILE}.get(told["type"], Kind.OTHER)


@contextmanager
def fetched(url: str, most: int) -> Iterator[str]:
    """The case on this machine while the context lasts, with the times that its files have there.

    Args:
        url: A folder or an archive.
        most: Bytes.

    Raises:
        CaseError: It is larger.
        OSError: It cannot be read.
        ValueError: No driver is installed for the URL.
    """
    files, root = _open(url)
    root = root.rstrip("/")
    with tempfile.TemporaryDirectory(prefix="iiscluster-kb-") as folder:
        name = safe_path(root.rpartition("/")[2]) or "case"
        home = Path(folder, name)
        if files.isfile(root):
            _copy(files, root, home, most)
            yield str(home)
            return
        left, names = most, Names()
        for path in sorted(files.find(root)):
            place = names.claim(safe_path(path[len(root) :]) or "file")
            target = home / place
            target.parent.mkdir(parents=True, exist_ok=True)
            left -= _copy(files, path, target, left)
        yield str(home)


def _copy(files: Any, path: str, target: Path, most: int) -> int:
    """Copy one file, of at most so many bytes; returns how many."""
    written = 0
    with files.open(path, "rb") as source, target.open("xb") as copy:
        while chunk := source.read(1 << 20):
            written += len(chunk)
            if written > most:
                raise CaseError(f"{path}: over the limit of {most:,} bytes (--max-size)")
            copy.write(chunk)
    return written
