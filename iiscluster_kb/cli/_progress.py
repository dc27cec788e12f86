"""How far a long piece of work is: a live line on standard error, for people on a terminal and nobody else."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, Self

from iiscluster_kb.cli._terminal import has_color, is_terminal

if TYPE_CHECKING:
    import argparse
    from contextlib import AbstractContextManager

    from rich.progress import Progress as Live
    from rich.progress import TaskID

    from iiscluster_kb.pipeline import Progress

__all__ = ["Watch", "watch"]

_PATIENCE = 1.0
"""Seconds of work before anything is shown."""
_ROOM_FOR_BAR = 60
"""Columns from which on there is room for a bar beside the words."""


def watch(options: argparse.Namespace) -> AbstractContextManager[Watch | None]:
    """Watch what is done in the ``with`` block, where somebody can see it; else None, which costs nothing."""
    if options.quiet or not is_terminal("stderr") or os.environ.get("TERM") == "dumb":
        return contextlib.nullcontext()
    return Watch(color=options.color != "never" and has_color("stderr"), patience=_PATIENCE)


class Watch:
    """Takes what ``examine`` tells of its progress and shows it once the work lasts.

    The line is gone when the block ends. Nothing may be printed meanwhile.

    Args:
        color: Whether the line may be coloured.
        patience: Seconds before anything is shown.
    """

    def __init__(self, *, color: bool, patience: float) -> None:
        self._color = color
        self._timer = threading.Timer(patience, self._show)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._has_ended = False
        self._last: Progress | None = None
        self._live: Live | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._has_ended = True
            live, self._live = self._live, None
        if live is not None:
            with contextlib.suppress(OSError):  # the terminal went away; the result may still be wanted
                live.stop()

    def __call__(self, progress: Progress) -> None:
        """Take note of how far it is."""
        with self._lock:
            self._last = progress
            self._update()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Live

        console = Console(stderr=True, no_color=not self._color, highlight=False)
        with self._lock:
            if self._has_ended:
                return
            live = Live(
                SpinnerColumn("line"),  # ASCII, as the terminal may know nothing else
                TextColumn("{task.description}", markup=False),
                *((BarColumn(),) if console.width >= _ROOM_FOR_BAR else ()),
                TextColumn("{task.fields[count]}", markup=False),
                TimeElapsedColumn(),
                console=console,
                transient=True,
                # Results go out by the bytes, not through rich.
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._task = live.add_task("starting", total=None, count="")
            self._live = live
            self._update()
            with contextlib.suppress(OSError):
                live.start()

    def _update(self) -> None:
        if self._live is None or self._task is None or self._last is None:
            return
        now = self._last
        self._live.update(
            self._task,
            description=now.stage.value,
            completed=now.done,
            total=now.total,
            count=_count(now),
        )


def _count(now: Progress) -> str:
    if now.total is not None:
        return f"{now.done}/{now.total}"
    return str(now.done) if now.done else ""
