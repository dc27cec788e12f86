"""The child processes in which the peers are asked, one each, and the shape of what they answer."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from subprocess import Popen

__all__ = [
    "READERS",
    "RECOVERERS",
    "Found",
    "Limits",
    "Missing",
    "Panel",
    "Question",
    "Readers",
    "Reply",
    "Unreadable",
]

READERS = ("python-registry", "regipy")
"""In the order in which they are asked: the quicker and more frugal first."""
RECOVERERS = frozenset({"python-registry"})
"""Those that can lay transaction logs of the new kind over a hive; the others are not asked of such a hive."""

_PROGRAM = Path(__file__).with_name("_second_opinion_child.py")
_NOT_STARTED = "the panel was not started"


@dataclass(frozen=True, slots=True)
class Limits:
    """What each child may use up."""

    memory: int = 1 << 30
    """Bytes of address space, where the platform can limit it."""
    processor: int = 120
    """Seconds of processor time, where the platform can limit it."""
    question: float = 15.0
    """Seconds for one question to one reader, where the platform has an interval timer."""
    total: float = 120.0
    """Seconds from the questions to the last answer; then the children are killed."""


@dataclass(frozen=True, slots=True)
class Question:
    """A key or a value in one hive."""

    hive: Path
    names: tuple[str, ...]
    """Names that lead from the hive's root to the key."""
    value: str | None
    """Name of the value; the empty string is the unnamed one; None asks for the key alone."""
    logs: tuple[Path, ...] = ()
    """Transaction logs that the reader must lay over the hive by itself, in their order."""


@dataclass(frozen=True, slots=True)
class Found:
    """The reader found it. Type and data of a value as the reader gives them; None for a key."""

    type: int | None = None
    data: bytes | str | int | tuple[str, ...] | None = None
    """Raw bytes, or the reader's own decoding; None where it gives neither."""


@dataclass(frozen=True, slots=True)
class Missing:
    """The reader says that it is not there."""

    what: str
    """``key`` or ``value``."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The reader gave no answer."""

    reason: str
    raised: bool = False
    """Whether the reader itself raised an error on this question, rather than being stopped."""


Reply = Found | Missing | Unreadable


class Readers(Protocol):
    """Whoever can be asked for second opinions."""

    def ask(self, questions: Iterable[Question], /) -> Mapping[tuple[str, Question], Reply]:
        """Answer each question once for each of ``READERS``; never raises for what a hive holds.

        A question with logs goes to ``RECOVERERS`` only; what stands for the others' answers means nothing.
        """
        ...


class Panel:
    """A child process for each reader, for one case, started early and asked once.

    The readers look up side by side, and what one dies of does not touch the other.

    Args:
        limits: What each may use up.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._children: tuple[_Child, ...] = ()

    def start(self) -> Self:
        """Start the children, which import the peers at once; failing to is an answer, not an error."""
        self._children = tuple(_Child(reader, self._limits) for reader in READERS)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the children, whatever they are doing; asked again, there is nobody."""
        for child in self._children:
            child.end()
        self._children = ()

    def ask(self, questions: Iterable[Question]) -> Mapping[tuple[str, Question], Reply]:
        """See ``Readers.ask``. Ends the children; a second call finds nobody to ask."""
        import threading  # noqa: PLC0415 - only where something is asked

        asked = tuple(dict.fromkeys(questions))
        replies: dict[tuple[str, Question], Reply] = {}
        refusals = dict.fromkeys(READERS, _NOT_STARTED)
        clock = threading.Timer(self._limits.total, self._stop)
        clock.start()
        try:
            # A child reads all questions before its first answer: none waits for this process to read.
            for child in self._children:
                child.tell(asked)
            for child in self._children:
                replies.update(child.replies(asked))
                refusals[child.reader] = child.refusal
        finally:
            clock.cancel()
            self.close()
        for reader, refusal in refusals.items():
            for question in asked:
                replies.setdefault((reader, question), Unreadable(refusal))
        return replies

    def _stop(self) -> None:
        for child in self._children:
            child.stop()


class _Child:
    """The process of one reader.

    Attributes:
        reader: Its name.
        refusal: Why it does not answer what it left unanswered.
    """

    def __init__(self, reader: str, limits: Limits) -> None:
        import subprocess  # noqa: PLC0415 - only where second opinions are wanted; a fixed program

        self.reader = reader
        self.refusal = _NOT_STARTED
        self._overdue = False
        self._process: Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter and a file of this package
                [sys.executable, "-I", str(_PROGRAM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            self.refusal = f"the readers' process could not be started: {error}"
        else:
            _send(self._process.stdin, [_opening(reader, limits)])

    def tell(self, asked: Sequence[Question]) -> None:
        """Send all questions."""
        if self._process is not None:
            _send(self._process.stdin, _inquiries(asked))
            _shut(self._process.stdin)

    def replies(self, asked: Sequence[Question]) -> Iterator[tuple[tuple[str, Question], Reply]]:
        """Read what it answers until it ends; then ``refusal`` says how it did."""
        process = self._process
        if process is None:
            return
        for line in process.stdout or ():
            if not line.endswith(b"\n"):  # cut short when the child was ended
                break
            answer = json.loads(line)
            yield (self.reader, asked[answer["id"]]), _reply(answer)
        ending = f"the readers' process ended early ({self._finish(process)})"
        self.refusal = "the readers took too long and were stopped" if self._overdue else ending

    def stop(self) -> None:
        """Kill it because its time is over."""
        self._overdue = True
        if self._process is not None:
            self._process.kill()

    def end(self) -> None:
        """Kill and reap it, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            self._finish(self._process)

    def _finish(self, process: Popen[bytes]) -> str:
        """Reap the child and say how it ended."""
        self._process = None
        _shut(process.stdin)
        _shut(process.stdout)
        status = process.wait()
        return f"signal {-status}" if status < 0 else f"exit status {status}"


def _opening(reader: str, limits: Limits) -> dict[str, object]:
    return {
        "reader": reader,
        "search": [entry for entry in sys.path if entry],
        "memory": limits.memory,
        "processor": limits.processor,
        "question": limits.question,
    }


def _send(stream: IO[bytes] | None, lines: Iterable[dict[str, object]]) -> None:
    try:
        if stream is not None:
            stream.writelines(json.dumps(line).encode() + b"\n" for line in lines)
            stream.flush()
    except OSError:  # the child is gone; that it answers nothing tells the rest
        return


def _shut(stream: IO[bytes] | None) -> None:
    try:
        if stream is not None:
            stream.close()
    except OSError:  # what was still to be flushed finds the child gone
        return


def _inquiries(asked: Sequence[Question]) -> list[dict[str, object]]:
    by_hive: dict[tuple[Path, ...], list[object]] = {}
    for number, question in enumerate(asked):
        files = (question.hive, *question.logs)
        by_hive.setdefault(files, []).append([number, question.names, question.value])
    return [
        {"hive": str(hive), "logs": [str(log) for log in logs], "questions": questions}
        for (hive, *logs), questions in by_hive.items()
    ]


def _reply(answer: Mapping[str, Any]) -> Reply:
    match answer:
        case {"found": "key"}:
            return Found()
        case {"found": "value", "type": kind, "data": data}:
            return Found(kind, _data(data))
        case {"found": "no-key"}:
            return Missing("key")
        case {"found": "no-value"}:
            return Missing("value")
        case _:
            return Unreadable(str(answer["reason"]), raised=bool(answer.get("raised")))


def _data(data: Any) -> bytes | str | int | tuple[str, ...] | None:
    match data:
        case {"raw": raw}:
            return bytes.fromhex(raw)
        case list():
            return tuple(data)
        case str() | int():
            return data
        case _:
            return None
