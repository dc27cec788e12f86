"""Examines a case once for each call that asks for evidence, with that call failing, and holds the laws against it."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from unittest import mock

from iiscluster_kb import CaseError, examine, pipeline, render
from iiscluster_kb.model import State, Unknown, Verdict
from tests.faults.points import Door, Fault
from tests.test_taking_away import is_flip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from iiscluster_kb import Report
    from iiscluster_kb.model import Finding
    from tests.faults.points import Call

__all__ = ["Bench", "Fall"]

APPLIES = {
    Fault.EIO: {"open", "stat", "fstat", "scandir", "next", "is_dir", "is_symlink", "read"},
    Fault.SHORT: {"read"},
    Fault.ENDS: {"read"},
    Fault.GONE: {"open", "stat", "scandir", "is_symlink"},
    Fault.SHRINKS: {"open", "fstat", "read"},
    Fault.CHANGES: {"open", "read"},
}
"""At which calls a fault makes a difference."""


@dataclass(frozen=True)
class Fall:
    """What came of one run."""

    fault: Fault
    call: Call
    path: str
    """Case path of what failed; a directory's ends with a slash."""
    outcome: Report | Exception


class Bench:
    """A copy of a case that is examined again and again.

    Args:
        case: Never touched.
        scratch: Where the copy goes.
        articles: Those that are asked.
        media: What is given as media, of the case itself.
    """

    def __init__(self, case: Path, scratch: Path, articles: Sequence[str] = ("Q224553",)) -> None:
        self.root = (scratch / "case").resolve()
        self._articles = tuple(articles)
        shutil.copytree(case, self.root, copy_function=shutil.copy2)
        self._files = {path: path.read_bytes() for path in sorted(self.root.rglob("*")) if path.is_file()}
        self._before = self._state()

    def _state(self) -> dict[Path, tuple[int, int, bytes]]:
        found = [path for path in sorted(self.root.rglob("*")) if path.is_file()]
        return {path: (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes()) for path in found}

    def examine(self, *, second_opinion: bool = False) -> Report:
        with mock.patch.object(pipeline, "_HASHERS", 1):  # else the order of calls is another each time
            return examine(self.root, articles=self._articles, second_opinion=second_opinion)

    @cached_property
    def whole(self) -> Report:
        """The report of the case as it is."""
        return self.examine()

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """What a run asks for, without a fault."""
        whole = self.whole
        with Door(self.root) as door:
            assert same(self.examine(), whole)
        return tuple(door.calls)

    def falls(self, fault: Fault, every: int = 1) -> Iterator[Fall]:
        """A run for each call at which the fault can happen, or for every so many-th of them.

        Faults begin at calls of their own, so that the few runs of several faults meet different calls.
        """
        numbers = [number for number, call in enumerate(self.calls) if call.kind in APPLIES[fault]]
        for number in numbers[list(Fault).index(fault) % every :: every]:
            yield self._fall(fault, number)

    def _fall(self, fault: Fault, number: int) -> Fall:
        outcome: Report | Exception
        with Door(self.root, fault, number) as door:
            try:
                outcome = self.examine()
            except Exception as error:  # noqa: BLE001 - which of them may be raised is one of the laws
                outcome = error
        self._hold_still(fault)
        call = door.calls[number]
        path = call.path.relative_to(self.root).as_posix()
        return Fall(fault, call, f"{path}/" if call.path.is_dir() else path, outcome)

    def _hold_still(self, fault: Fault) -> None:
        """The case is as it was, but for what the fault itself did, which is mended."""
        now = self._state()
        if fault not in {Fault.SHRINKS, Fault.CHANGES}:
            assert now == self._before
            return
        for path, state in self._before.items():
            if now[path] != state:
                path.write_bytes(state[2])
                os.utime(path, ns=(state[1], state[1]))

    # --- laws ---------------------------------------------------------------------------------------

    def judge(self, fall: Fall) -> list[str]:
        """Every law that the run broke, in words."""
        if isinstance(fall.outcome, Exception):
            return list(self._judge_refusal(fall, fall.outcome))
        if same(fall.outcome, self.whole):
            return []
        if fall.fault is Fault.SHORT:
            return ["a short read changed the report"]
        return [
            *self._untold(fall, fall.outcome),
            *self._flipped(fall.outcome),
            *self._lost(fall, fall.outcome),
            *self._misquoted(fall.outcome),
        ]

    def _judge_refusal(self, fall: Fall, error: Exception) -> Iterator[str]:
        """Only what the whole case hangs on may end the run: its folder, its one file."""
        if not isinstance(error, CaseError):
            yield f"{type(error).__name__} instead of CaseError: {error}"
        text = str(error)
        if "\n" in text:
            yield f"more than a line: {text!r}"
        if fall.path.rstrip("/").rpartition("/")[2] not in text and self.root.name not in text:
            yield f"the error names no file: {text}"
        if fall.path not in {"./", "."} and len(self._files) > 1:
            yield f"one file ended the whole run: {text}"

    def _untold(self, fall: Fall, report: Report) -> Iterator[str]:
        told = [one.path for one in report.skipped]
        told += [one.path for one in report.artifacts if one.state is not State.CLEAN or one.notes]
        place = "" if fall.path == "./" else fall.path
        if not any(f"{path}/".startswith(place) or place.startswith(f"{path}/") for path in told):
            yield f"nothing is told of {fall.path}"

    def _flipped(self, report: Report) -> Iterator[str]:
        whole = {(finding.cause.id, finding.machine): finding for finding in self.whole.findings}
        for finding in report.findings:
            before = whole.get((finding.cause.id, finding.machine))
            was = Verdict.NOT_APPLICABLE if before is None else before.verdict
            is_new = finding.verdict is Verdict.CONFIRMED and was is not Verdict.CONFIRMED
            flips = before is not None and is_flip(finding.cause.id, was, finding.verdict)
            if (is_new or flips) and not _is_pending(finding):
                yield f"{finding.cause.id} on {finding.machine}: {was} became {finding.verdict}"

    def _lost(self, fall: Fall, report: Report) -> Iterator[str]:
        kept = {one.path: one.sha256 for one in report.artifacts}
        for one in self.whole.artifacts:
            concerns = fall.path == "./" or one.path.startswith(fall.path)
            if not concerns and kept.get(one.path) != one.sha256:
                yield f"{one.path} is lost with {fall.path}"

    def _misquoted(self, report: Report) -> Iterator[str]:
        """A hash is that of the bytes that were read: of the file as it was, or of one told to be damaged."""
        whole = {one.path: one.sha256 for one in self.whole.artifacts}
        for one in report.artifacts:
            if one.sha256 != whole.get(one.path, one.sha256) and one.state is State.CLEAN:
                yield f"{one.path} has the hash of bytes that were not read"


def same(one: Report, other: Report) -> bool:
    """Whether they say the same to the byte."""
    return _json(one) == _json(other)


def _json(report: Report) -> str:
    (document,) = render(report, "json")
    return hashlib.sha256(document.content).hexdigest()


def _is_pending(finding: Finding) -> bool:
    """Whether the facts say that the hive waits for a log: without it, it is judged as it lies."""
    notes = [note for fact in finding.facts if not isinstance(fact, Unknown) for note in fact.notes]
    return any("changes are pending" in note for note in notes)
