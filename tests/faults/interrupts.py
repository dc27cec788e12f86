"""Ends real runs by real signals at moments drawn from a seed, and looks at what they left."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.faults.cases import FOLDER
from tests.support.scenarios import FIXTURES, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["end_fix", "end_triage", "is_whole"]

_PROGRAM = (sys.executable, "-m", "iiscluster_kb")
_ASKED = ("--article", "Q224553", "--no-second-opinion")
_CASES = tuple(
    str(FIXTURES / "scenarios" / name)
    for name in ("dll-absent", "healthy-cluster", "value-absent", "value-empty")
)
_FAULTY = 3
_LONGEST = 120.0


def is_whole(kit: Path) -> bool:
    """Whether a kit holds exactly what its sums name, to the byte."""
    sums = kit / "SHA256SUMS"
    if not sums.is_file():
        return False
    named = {
        name: digest
        for digest, _, name in (line.partition("  ") for line in sums.read_text("ascii").splitlines())
    }
    there = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in kit.iterdir()
        if path.name != sums.name
    }
    return named == there


def _run(command: Sequence[str], how: signal.Signals | None, after: float = 0.0) -> tuple[int, str, float]:
    """Exit status, words on standard error and seconds of a run, ended after so many seconds."""
    started = time.monotonic()
    process = subprocess.Popen(
        [*_PROGRAM, *command],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    if how is not None:
        time.sleep(after)
        if process.poll() is None:
            os.killpg(process.pid, how)  # as a terminal does: the whole group
    _, told = process.communicate(timeout=_LONGEST)
    return process.returncode, told, time.monotonic() - started


def _unheard(status: int, told: str, how: signal.Signals, done: int) -> Iterator[str]:
    if status not in {done, -how, 128 + how}:
        yield f"exit status {status}: {told}"
    # Before the program's own first line runs, Python itself answers Ctrl-C.
    if "Traceback" in told and "cli/__init__.py" in told:
        yield f"a traceback: {told}"


def end_fix(folder: Path, rounds: int, seed: int) -> Iterator[str]:
    """End ``fix`` again and again, over nothing and over an older kit; every law that was broken, in words."""
    draw = random.Random(seed)  # noqa: S311 - the same moments each time
    kit = folder / "kit"
    command = ("fix", *_ASKED, str(FOLDER), "--output", str(kit))
    status, _, seconds = _run(command, None)
    if (status, is_whole(kit)) != (1, True):
        yield "a whole run gives no whole kit"
    older = shutil.copytree(kit, folder / "older")
    (older / "plan.md").write_bytes(b"an older plan\n")
    for number in range(rounds):
        shutil.rmtree(kit, ignore_errors=True)
        forced = number % 3 == 2
        if forced:
            shutil.copytree(older, kit)
        how = signal.SIGINT if number % 2 else signal.SIGKILL
        after = draw.uniform(0, seconds)
        status, told, _ = _run((*command, *(["--force"] if forced else [])), how, after)
        moment = f"{how.name} after {after:.3f} of {seconds:.3f} s"
        yield from (f"{moment}: {law}" for law in _unheard(status, told, how, 1))
        is_old = forced and kit.exists() and (kit / "plan.md").read_bytes() == b"an older plan\n"
        if kit.exists() and not is_old and not is_whole(kit):
            yield f"{moment}: a kit that is not whole: {sorted(path.name for path in kit.iterdir())}"
        yield from (f"{moment}: {law}" for law in _strangers(folder, {"kit", "older"}, how))
    status, told, _ = _run((*command, "--force"), None)
    if (status, is_whole(kit)) != (1, True):
        yield f"run again: {status} {told}"


def _strangers(folder: Path, known: set[str], how: signal.Signals) -> Iterator[str]:
    """What a run left beside its target: nothing, or after a kill what is named as unfinished."""
    for path in folder.iterdir():
        if path.name in known:
            continue
        is_named = path.name.startswith(".iiscluster-kb-") and path.suffix in {".tmp", ".old"}
        if how is not signal.SIGKILL or not is_named:
            yield f"{path.name} was left"
        shutil.rmtree(path)


def end_triage(folder: Path, rounds: int, seed: int) -> Iterator[str]:
    """End ``triage`` with kits again and again, each time going on with the last; laws that were broken."""
    draw = random.Random(seed)  # noqa: S311 - the same moments each time
    command = (
        "triage", *_CASES, "--store", str(folder / "store"), "--fix-into", str(folder / "kits"),
        *_ASKED, "--workers", "1", "--progress", "none", "--max-size", "50M",
    )  # fmt: skip
    seconds = 3.0
    for number in range(rounds + 1):
        how = signal.SIGINT if number % 2 else signal.SIGKILL
        after = draw.uniform(0, seconds)
        is_last = number == rounds
        status, told, took = _run(command, None if is_last else how, after)
        moment = "run again" if is_last else f"{how.name} after {after:.3f} of {seconds:.3f} s"
        yield from (f"{moment}: {law}" for law in _unheard(status, told, how, 1))
        kits = (
            [path for path in (folder / "kits").glob("*") if path.is_dir()]
            if (folder / "kits").exists()
            else []
        )
        shown = [path for path in kits if not path.name.startswith(".")]
        yield from (f"{moment}: {kit.name} is not whole" for kit in shown if not is_whole(kit))
        if is_last or status == 1:
            if len(shown) != _FAULTY:
                yield f"{moment}: {len(shown)} kits"
            seconds = took if number else seconds
            if not is_last:  # all is done: begin anew
                shutil.rmtree(folder / "kits")
                (folder / "store").unlink()
