"""A disk that takes no more: every call by which this process writes below a folder, numbered, one of them failing."""

from __future__ import annotations

import builtins
import errno
import io
import os
import signal
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Disk", "Ending"]


class Ending(StrEnum):
    """What happens at a call."""

    FULL = "the disk is full, and stays so"
    EIO = "the disk answers with an error, once"
    INTERRUPTED = "somebody presses Ctrl-C"
    KILLED = "the process is killed"


_TAKES_ROOM = {"open", "write", "fsync", "mkdir"}


@dataclass
class Disk:
    """Stands between this process and all that it writes below a folder.

    Args:
        root: The folder, with no link in its path.
        ending: What happens; None: calls are only counted.
        at: At which call, counted from 0.
    """

    root: Path
    ending: Ending | None = None
    at: int = -1
    calls: list[str] = field(default_factory=list)
    _open: dict[int, Path] = field(default_factory=dict)
    _patches: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        disk, open_file = self, io.open

        class Watched(io.FileIO):
            def write(self, data: Any, /) -> int:
                disk._arrive("write", None)  # whose errors name no file, as those of fsync
                return super().write(data)

        def opened(file: Any, mode: str = "r", *rest: Any, **more: Any) -> Any:
            if not self._is_below(file) or mode.strip("b") == "r":
                return open_file(file, mode, *rest, **more)
            self._arrive("open", os.fspath(file))
            raw = io.BufferedWriter(Watched(os.fspath(file), mode.replace("b", "")))
            return raw if "b" in mode else io.TextIOWrapper(raw, encoding="utf-8")

        for module, name, replacement in (
            (io, "open", opened),
            (builtins, "open", opened),
            (os, "fsync", self._counted("fsync", os.fsync, is_place=False)),
            (os, "mkdir", self._counted("mkdir", os.mkdir)),
            (os, "replace", self._counted("replace", os.replace)),
            (os, "rmdir", self._counted("rmdir", os.rmdir)),
        ):
            self._patches.enter_context(mock.patch.object(module, name, replacement))
        return self

    def __exit__(self, *_: object) -> None:
        self._patches.close()

    def _is_below(self, file: Any) -> bool:
        return not isinstance(file, int) and Path(os.fsdecode(file)).is_relative_to(self.root)

    def _counted(self, kind: str, inner: Callable[..., Any], *, is_place: bool = True) -> Callable[..., Any]:
        def called(place: Any, *rest: Any, **more: Any) -> Any:
            if not is_place or self._is_below(place):
                self._arrive(kind, os.fspath(place) if is_place else None)
            return inner(place, *rest, **more)

        return called

    def _arrive(self, kind: str, path: str | None) -> None:
        number = len(self.calls)
        self.calls.append(kind)
        match self.ending:
            case Ending.FULL if number >= self.at and kind in _TAKES_ROOM:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
            case Ending.EIO if number == self.at:
                raise OSError(errno.EIO, os.strerror(errno.EIO), path)
            case Ending.INTERRUPTED if number == self.at:
                raise KeyboardInterrupt
            case Ending.KILLED if number == self.at:
                os.kill(os.getpid(), signal.SIGKILL)
            case _:
                pass
