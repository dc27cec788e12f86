"""The live line: told by the pipeline, shown to people who wait."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from iiscluster_kb.cli import _progress
from iiscluster_kb.cli._progress import Watch, watch
from iiscluster_kb.pipeline import Progress, Stage, examine
from tests.cli.terminals import FAULTY, on_terminal, piped, plain, received, surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")

IMPATIENT = """
import time
from iiscluster_kb import pipeline
from iiscluster_kb.cli import _progress, main
_progress._PATIENCE = 0.0
examine = pipeline.examine

def examine_slowly(*paths, progress, **options):
    def slow(told):
        while progress._live is None:
            time.sleep(0.01)
        progress(told)
        progress._live.refresh()
    return examine(*paths, progress=None if progress is None else slow, **options)

pipeline.examine = examine_slowly
raise SystemExit(main())
"""
"""The program, which shows every step at once and waits until it is shown."""


def test_the_pipeline_tells_its_stages_in_order() -> None:
    told: list[Progress] = []
    watched = examine(FAULTY, articles=["Q224553", "Q174641"], progress=told.append)
    assert watched == examine(FAULTY, articles=["Q224553", "Q174641"])
    assert [stage for stage, _ in groupby(one.stage for one in told)] == list(Stage)
    for _, group in groupby(told, key=lambda one: one.stage):
        numbers = [(one.done, one.total) for one in group]
        assert [done for done, _ in numbers] == list(range(len(numbers)))
        assert all(total is None or done < total for done, total in numbers)
    assert Progress(Stage.DIAGNOSING, 1, 2) in told
    assert Progress(Stage.RECOGNISING, 7, 8) in told


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> Iterator[int]:
    """Standard error on a terminal of that width; gives the end from which to read what it was sent."""
    import fcntl  # noqa: PLC0415 - not on Windows, where these tests are skipped
    import pty  # noqa: PLC0415 - the same
    import struct  # noqa: PLC0415 - the same
    import termios  # noqa: PLC0415 - the same

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    stream = os.fdopen(theirs, "w")
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    try:
        yield ours
    finally:
        if not stream.closed:
            stream.close()
        os.close(ours)


def wait_until_shown(line: Watch) -> None:
    while line._live is None:
        time.sleep(0.01)


@posix
@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("color", [False, True])
def test_the_line_shows_stage_and_count_and_goes_away(
    columns: int, monkeypatch: pytest.MonkeyPatch, *, color: bool
) -> None:
    with terminal(monkeypatch, columns) as ours:
        with Watch(color=color, patience=0.0) as line:
            line(Progress(Stage.OPENING))
            wait_until_shown(line)
            for progress in (
                Progress(Stage.RECOGNISING, 1234, 99999),
                Progress(Stage.READING, 17),
                Progress(Stage.PROVING),
            ):
                line(progress)
                assert line._live is not None
                line._live.refresh()
        sys.stderr.close()
        sent = received(ours)
    shown = [part for part in plain(sent).replace("\r", "\n").splitlines() if part]
    assert any("looking at files" in part and "1234/99999" in part for part in shown)
    assert any("reading evidence" in part and "17" in part for part in shown)
    assert max(map(cell_len, shown)) <= columns
    assert sent.endswith("\x1b[2K")
    assert ("\x1b[3" in sent) is color


@posix
def test_work_that_is_done_at_once_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch, 80) as ours:
        with watch(Namespace(quiet=False, color="auto")) as line:
            assert isinstance(line, Watch)
            line(Progress(Stage.OPENING))
        line._show()  # as when the time is up in the very moment in which the work ends
        sys.stderr.close()
        assert received(ours) == ""


@posix
def test_a_terminal_that_goes_away_takes_nothing_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def stop(self) -> None:
            raise OSError(5, "Input/output error")

    with terminal(monkeypatch, 80), Watch(color=False, patience=60.0) as line:
        line._live = Gone()  # type: ignore[assignment] # all that is asked of it
    assert line._live is None


@posix
@pytest.mark.parametrize("quiet", [True, False])
def test_nothing_is_shown_where_nobody_looks(monkeypatch: pytest.MonkeyPatch, *, quiet: bool) -> None:
    with terminal(monkeypatch, 80):
        monkeypatch.setenv("TERM", "dumb")
        with watch(Namespace(quiet=quiet, color="auto")) as line:
            assert line is None
        monkeypatch.setenv("TERM", "xterm")
        if quiet:
            with watch(Namespace(quiet=quiet, color="auto")) as line:
                assert line is None


def test_piped_it_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_progress, "_PATIENCE", 0.0)
    done = piped("examine", str(FAULTY), "--no-second-opinion")
    assert (done.returncode, done.stderr) == (1, b"")


@posix
@pytest.mark.parametrize("arguments", [["examine"], ["inspect"], ["fix", "--output", "{kit}"]])
def test_on_a_terminal_the_result_follows_the_line(
    arguments: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    kit = tmp_path_factory.mktemp("fixed") / "kit"
    wanted = [part.format(kit=kit) for part in arguments]
    options = ["--no-second-opinion"] if arguments[0] != "inspect" else []
    command = [sys.executable, "-c", IMPATIENT, *wanted, str(FAULTY), *options]
    status, sent = on_terminal(command, env=surroundings(PYTHONPATH="."))
    assert status == (0 if arguments[0] == "inspect" else 1)
    assert "asking articles" in sent
    result = sent.rpartition("\x1b[2K")[2]
    assert {"examine": "Fault found", "inspect": "Case case", "fix": "wrote"}[arguments[0]] in result
    assert "asking articles" not in result


@posix
@pytest.mark.parametrize("option", ["--quiet", "--color=never"])
def test_a_terminal_without_utf_8_gets_ascii_alone(option: str) -> None:
    program = (
        IMPATIENT.replace("examine = examine_slowly", "examine = examine")
        if option == "--quiet"
        else IMPATIENT
    )
    command = [sys.executable, "-c", program, option, "examine", str(FAULTY), "--no-second-opinion"]
    status, sent = on_terminal(command, env=surroundings(PYTHONPATH=".", PYTHONIOENCODING="ascii"))
    assert status == 1
    assert sent.isascii()
    assert "\\u2" not in sent
    assert ("asking articles" in sent) is (option != "--quiet")
