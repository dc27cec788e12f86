"""Fault points: every call by which this process asks the system for evidence, numbered, and one of them made to fail.

A clean run counts the calls; each further run fails the n-th. What stands between is plain Python, laid over the
standard library for as long as a run lasts: no file system of our own, no preloaded library.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Call", "Door", "Fault"]


class Fault(StrEnum):
    """What happens at a call."""

    EIO = "the disk answers with an error, once"
    SHORT = "a read gives half of what was asked, as any read may"
    ENDS = "a read finds the end, and so do all after it"
    GONE = "the file is not there any more"
    SHRINKS = "the file loses its second half"
    CHANGES = "the file gets other bytes, as many as it had"


@dataclass(frozen=True)
class Call:
    """One call, by its kind and the file that it asks for."""

    kind: str
    path: Path


@dataclass
class Door:
    """Stands between this process and all that lies below a folder.

    Args:
        root: The folder, with no link in its path.
        fault: What happens; None: calls are only counted.
        at: At which call, counted from 0.
    """

    root: Path
    fault: Fault | None = None
    at: int = -1
    calls: list[Call] = field(default_factory=list)
    _gone: set[Path] = field(default_factory=set)
    _ended: set[Path] = field(default_factory=set)
    _paths: dict[int, Path] = field(default_factory=dict)
    _patches: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self._stat, self._open = os.stat, os.open
        door, file_io, open_file = self, io.FileIO, io.open

        class Watched(file_io):  # type: ignore[valid-type,misc]  # whatever stands there now
            def read(self, size: int | None = -1, /) -> bytes:
                data: bytes = super().read(-1 if size is None else size)
                kept = door._read(self.fileno(), len(data))
                if kept < len(data):
                    self.seek(kept - len(data), os.SEEK_CUR)
                return data[:kept]

            def readall(self) -> bytes:
                parts = []
                while part := self.read(1 << 16):
                    parts.append(part)
                return b"".join(parts)

            def readinto(self, buffer: Any, /) -> int:
                view = memoryview(buffer).cast("B")
                data = self.read(len(view))
                view[: len(data)] = data
                return len(data)

        def opened(file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **more: Any) -> Any:
            if self._evidence(file) is None or mode != "rb":
                return open_file(file, mode, buffering, *rest, **more)
            raw = Watched(os.open(file, os.O_RDONLY), "rb")
            return io.BufferedReader(raw) if buffering else raw

        for module, name, replacement in (
            (os, "open", self._opened),
            (os, "stat", self._status("stat", os.stat)),
            (os, "fstat", self._status("fstat", os.fstat)),
            (os, "scandir", self._listed(os.scandir)),
            (io, "FileIO", Watched),
            (io, "open", opened),
            (builtins, "open", opened),
        ):
            self._patches.enter_context(mock.patch.object(module, name, replacement))
        return self

    def __exit__(self, *_: object) -> None:
        self._patches.close()

    # --- what happens at a call ---------------------------------------------------------------------

    def _evidence(self, file: Any) -> Path | None:
        """The path below the root that a call asks for."""
        if isinstance(file, int):
            return self._paths.get(file)
        path = Path(os.fsdecode(file))
        return path if path.is_relative_to(self.root) else None

    def _arrive(self, kind: str, path: Path) -> bool:
        """Count a call; whether it is the one, and not failed yet."""
        number = len(self.calls)
        self.calls.append(Call(kind, path))
        if number == self.at:
            match self.fault:
                case Fault.EIO:
                    raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
                case Fault.GONE:
                    self._gone.add(path)
                case Fault.ENDS:
                    self._ended.add(path)
                case Fault.SHRINKS if path.is_file():
                    os.truncate(path, self._stat(path).st_size // 2)
                case Fault.CHANGES if path.is_file():
                    self._change(path)
                case _:
                    pass
        if kind in {"open", "stat", "scandir"} and any(path.is_relative_to(gone) for gone in self._gone):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        return number == self.at

    def _change(self, path: Path) -> None:
        descriptor = self._open(path, os.O_RDWR)
        try:
            data = os.pread(descriptor, self._stat(path).st_size, 0)
            os.pwrite(descriptor, bytes(byte ^ 0xFF for byte in data), 0)
        finally:
            os.close(descriptor)

    # --- the calls ----------------------------------------------------------------------------------

    def _read(self, descriptor: int, size: int) -> int:
        """How many of the bytes that were read are handed out."""
        path = self._paths.get(descriptor)
        if path is None:
            return size
        is_here = self._arrive("read", path)
        if path in self._ended:
            return 0
        return (size + 1) // 2 if is_here and self.fault is Fault.SHORT else size

    def _opened(self, file: Any, flags: int, *rest: Any, **more: Any) -> int:
        path = self._evidence(file)
        if path is not None:
            self._arrive("open", path)
        descriptor = self._open(file, flags, *rest, **more)
        self._paths.pop(descriptor, None)  # a number that an earlier file had
        if path is not None:
            self._paths[descriptor] = path
        return descriptor

    def _status(self, kind: str, inner: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def status(file: Any, *rest: Any, **more: Any) -> os.stat_result:
            path = self._evidence(file)
            if path is not None:
                self._arrive(kind, path)
            return inner(file, *rest, **more)

        return status

    def _listed(self, inner: Callable[..., Any]) -> Callable[..., Any]:
        def scandir(folder: Any = ".") -> Any:
            path = self._evidence(folder)
            if path is None:
                return inner(folder)
            self._arrive("scandir", path)
            return _Listing(self, inner(folder), path)

        return scandir


class _Listing:
    """A directory whose entries come one by one."""

    def __init__(self, door: Door, inner: Any, folder: Path) -> None:
        self._door, self._inner, self._folder = door, inner, folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._inner.close()

    def __iter__(self) -> Iterator[_Entry]:
        for entry in self._inner:
            self._door._arrive("next", self._folder)
            yield _Entry(self._door, entry)


class _Entry:
    """An entry on a file system that tells no kinds in its directories, so that each is asked of the disk."""

    def __init__(self, door: Door, inner: os.DirEntry[str]) -> None:
        self._door, self._inner = door, inner
        self.name, self.path = inner.name, inner.path

    def __fspath__(self) -> str:
        return self.path

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        self._door._arrive("is_dir", Path(self.path))
        return self._inner.is_dir(follow_symlinks=follow_symlinks)

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        self._door._arrive("is_file", Path(self.path))
        return self._inner.is_file(follow_symlinks=follow_symlinks)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        self._door._arrive("stat", Path(self.path))
        return self._inner.stat(follow_symlinks=follow_symlinks)

    def is_symlink(self) -> bool:
        self._door._arrive("is_symlink", Path(self.path))
        return self._inner.is_symlink()
