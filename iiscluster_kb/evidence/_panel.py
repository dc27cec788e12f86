"""The child process in which the peers are asked, and the shape of what they answer."""

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

_CHILD = Path(__file__).with_name("_second_opinion_child.py")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the child may use up."""

    memory: int = 1 << 30
    """Bytes of address space, where the platform can limit it."""
    processor: int = 120
    """Seconds of processor time, where the platform can limit it."""
    question: float = 15.0
    """Seconds for one question to one reader, where the platform has an interval timer."""
    total: float = 120.0
    """Seconds from the questions to the last answer; then the child is killed."""


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
    """One child process for one case, started early and asked once.

    Args:
        limits: What it may use up.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._process: Popen[bytes] | None = None
        self._refusal = "the panel was not started"

    def start(self) -> Self:
        """Start the child, which imports the peers at once; failing to is an answer, not an error."""
        import subprocess  # noqa: PLC0415 - only where second opinions are wanted; a fixed program

        try:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter and a file of this package
                [sys.executable, "-I", str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            self._refusal = f"the readers' process could not be started: {error}"
        else:
            _send(self._process.stdin, [self._opening()])
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            self._finish(self._process)

    def ask(self, questions: Iterable[Question]) -> Mapping[tuple[str, Question], Reply]:
        """See ``Readers.ask``. Ends the child; a second call finds nobody to ask."""
        asked = tuple(dict.fromkeys(questions))
        replies: dict[tuple[str, Question], Reply] = {}
        process = self._process
        if process is not None:
            replies.update(self._converse(process, asked))
        for reader in READERS:
            for question in asked:
                replies.setdefault((reader, question), Unreadable(self._refusal))
        return replies

    def _converse(
        self, process: Popen[bytes], asked: Sequence[Question]
    ) -> Iterator[tuple[tuple[str, Question], Reply]]:
        import threading  # noqa: PLC0415 - only where something is asked

        overdue = threading.Event()

        def stop() -> None:
            overdue.set()
            process.kill()

        clock = threading.Timer(self._limits.total, stop)
        clock.start()
        try:
            _send(process.stdin, _inquiries(asked))
            _shut(process.stdin)
            for line in process.stdout or ():
                if not line.endswith(b"\n"):  # cut short when the child was ended
                    break
                answer = json.loads(line)
                yield (answer["reader"], asked[answer["id"]]), _reply(answer)
        except KeyboardInterrupt:
            process.kill()
            raise
        finally:
            clock.cancel()
            ending = f"the readers' process ended early ({self._finish(process)})"
            self._refusal = "the readers took too long and were stopped" if overdue.is_set() else ending

    def _finish(self, process: Popen[bytes]) -> str:
        """Reap the child and say how it ended."""
        self._process = None
        _shut(process.stdin)
        _shut(process.stdout)
        status = process.wait()
        return f"signal {-status}" if status < 0 else f"exit status {status}"

    def _opening(self) -> dict[str, object]:
        limits = self._limits
        return {
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
