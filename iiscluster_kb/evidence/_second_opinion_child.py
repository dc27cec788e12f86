"""The program in which python-registry or regipy is asked: JSON lines in, JSON lines out.

It runs on its own, apart from the examination, because both peers hang, recurse to death or exhaust the
memory on hostile hives. It imports nothing of this package, so that it starts as fast as they do.

Standard input: first ``{"reader": name, "search": […], "memory": bytes, "processor": seconds, "question": seconds}``,
then one line a hive, ``{"hive": path, "logs": [path, …], "questions": [[id, [name, …], value name or null], …]}``, then
its end. A reader that cannot lay transaction logs over a hive does not answer for one that has some.
Standard output: one line for each question, ``{"id": …, "found": …}`` with ``found``
one of ``key``, ``no-key``, ``value`` (then also ``type`` and ``data``), ``no-value``, ``unreadable`` (then
``reason``, and ``raised`` where the reader's own error is the reason). Raw bytes travel as ``{"raw": hex}``, decoded data as JSON has it, what is neither as null.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import signal
import struct
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOREIGN = (
    # What the peers were seen to raise on damaged hives besides their own errors; anything else ends this
    # program, which the parent reports as the reason.
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    StopIteration,
    TypeError,
    ValueError,
    struct.error,
)
_MOST_DATA = 4 << 20
"""Bytes or characters of one value that are sent back; no value that an article reads comes near."""
_AGAIN = 1.0
"""Seconds after which the alarm rings again, should a peer's bare ``except`` have swallowed it."""


class _OverdueError(BaseException):
    """The alarm rang. No ``Exception``, so that the peers' broad handlers let it pass."""


class _PythonRegistry:
    """Looks keys and values up with python-registry."""

    name = "python-registry"
    recovers = True

    def __init__(self) -> None:
        from Registry import Registry, RegistryParse  # noqa: PLC0415 - may be missing; the other reader goes on

        self._open = Registry.Registry
        self._no_key = Registry.RegistryKeyNotFoundException
        self._no_value = Registry.RegistryValueNotFoundException
        self.errors = (*_FOREIGN, RegistryParse.RegistryException)

    def root(self, path: str, logs: list[str]) -> Any:
        return self._open(self._recovered(path, logs) if logs else path).root()

    def _recovered(self, path: str, logs: list[str]) -> io.BytesIO:
        """The hive with the logs laid over it by python-registry's own means, as its samples do it."""
        from Registry import RegistryLog  # noqa: PLC0415 - few hives need it

        with open(path, "rb") as file:  # noqa: PTH123 - importing pathlib would take longer
            hive = io.BytesIO(file.read())
        opened = []
        for log in logs:
            hive.seek(0)
            opened.append(RegistryLog.RegistryLog(hive, log))
        waiting = [log for log in opened if log.is_eligible_log()]
        first = next(
            (one for one in waiting if all(one is log or one.is_starting_log(log) for log in waiting)), None
        )
        if first is None:
            raise ValueError("no transaction log is one to begin with")
        waiting.remove(first)
        last = first.recover_hive()
        while after := next((log for log in waiting if log.first_log_sequence() == last + 1), None):
            waiting.remove(after)
            last = after.recover_hive_continue(last + 1)
        hive.seek(0)
        return hive

    def subkey(self, key: Any, name: str) -> Any:
        try:
            return key.subkey(name)
        except self._no_key:
            return None

    def value(self, key: Any, name: str) -> tuple[int, Any] | None:
        try:
            value = key.value(name)
        except self._no_value:
            return None
        return value.value_type(), value.raw_data()


class _Regipy:
    """Looks keys and values up with regipy, its own Python reader, never its compiled back end."""

    name = "regipy"
    recovers = False

    def __init__(self) -> None:
        # regipy lets the errors of its own dependency through, which ships no types.
        from construct import ConstructError  # type: ignore[import-untyped]  # noqa: PLC0415 - may be missing
        from regipy.exceptions import RegipyException  # noqa: PLC0415 - may be missing; the other reader goes on
        from regipy.registry import RegistryHive  # noqa: PLC0415 - the same
        from regipy.structs import VALUE_TYPE_ENUM  # noqa: PLC0415 - the same

        self._open = RegistryHive
        self._types = VALUE_TYPE_ENUM.encmapping
        self.errors = (*_FOREIGN, RegipyException, ConstructError)

    def root(self, path: str, _logs: list[str]) -> Any:
        return self._open(path).root

    def subkey(self, key: Any, name: str) -> Any:
        return key.get_subkey(name, raise_on_missing=False)

    def value(self, key: Any, name: str) -> tuple[int, Any] | None:
        wanted = name.upper() or "(DEFAULT)"
        for value in key.iter_values(trim_values=False):
            if value.name.upper() == wanted:
                kind = str(value.value_type)
                return self._types[kind] if kind in self._types else int(kind), value.value
        return None


_READERS = (_PythonRegistry, _Regipy)
_Reader = _PythonRegistry | _Regipy


class _HiveOpened:
    """One hive in the hands of one reader; keys found on the way are kept for the next question."""

    def __init__(self, reader: _Reader, root: Any) -> None:
        self._reader = reader
        self._keys: dict[tuple[str, ...], Any] = {(): root}

    def answer(self, names: list[str], value: str | None) -> dict[str, Any]:
        key = self._key(tuple(names))
        if key is None:
            return {"found": "no-key"}
        if value is None:
            return {"found": "key"}
        read = self._reader.value(key, value)
        if read is None:
            return {"found": "no-value"}
        kind, data = read
        return {"found": "value", "type": kind, "data": _sendable(data)}

    def _key(self, names: tuple[str, ...]) -> Any:
        key = self._keys[()]
        for depth, name in enumerate(names, 1):
            if names[:depth] not in self._keys:
                self._keys[names[:depth]] = self._reader.subkey(key, name)
            key = self._keys[names[:depth]]
            if key is None:
                return None
        return key


def _sendable(data: Any) -> Any:
    match data:
        case bytes() | str() | list() if len(data) > _MOST_DATA:
            raise ValueError(f"more than {_MOST_DATA} bytes of data")
        case bytes():
            return {"raw": data.hex()}
        case str() | int():
            return data
        case list():
            return [str(text) for text in data]
        case _:
            return None


def _refusal(error: BaseException) -> dict[str, Any]:
    match error:
        case MemoryError():
            reason = "ran out of memory"
        case RecursionError():
            reason = "recursed too deep"
        case _OverdueError():
            reason = "took too long"
        case _:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
            return {"found": "unreadable", "reason": reason, "raised": True}
    return {"found": "unreadable", "reason": reason}


@contextlib.contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    if not hasattr(signal, "setitimer"):  # Windows; the parent's wall clock alone bounds it there
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _ring(_signal: int, _frame: object) -> None:
    raise _OverdueError


def _answers(reader: _Reader, inquiry: dict[str, Any], seconds: float) -> Iterator[dict[str, Any]]:
    """Answer every question to one hive; a reader that was once too slow on it is not asked again."""
    opened: _HiveOpened | None = None
    given_up: dict[str, Any] | None = None
    for number, names, value in inquiry["questions"]:
        answer = given_up
        if answer is None:
            try:
                with _bounded(seconds):
                    if opened is None:
                        opened = _HiveOpened(reader, reader.root(inquiry["hive"], inquiry["logs"]))
                    answer = opened.answer(names, value)
            except _OverdueError as error:
                answer = given_up = _refusal(error)
            except reader.errors as error:
                answer = _refusal(error)
                if opened is None:
                    given_up = answer
        yield {"id": number, **answer}


def _limit(memory: int, processor: int) -> None:
    with contextlib.suppress(ImportError):  # Windows has no such module
        import resource  # noqa: PLC0415 - where it is missing the rest must run

        for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, processor)):
            with contextlib.suppress(ValueError, OSError):  # a system that refuses has its own, lower limit
                resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


def main() -> None:
    """Answer all that standard input asks."""
    settings = json.loads(sys.stdin.readline())
    _limit(settings["memory"], settings["processor"])
    sys.path[:] = [*settings["search"], *(entry for entry in sys.path if entry not in settings["search"])]
    logging.disable(logging.CRITICAL)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, _ring)
    kind = next(kind for kind in _READERS if kind.name == settings["reader"])
    reader, reason = None, ""
    try:
        reader = kind()
    except ImportError as error:
        reason = f"cannot be imported: {error}"
    for inquiry in [json.loads(line) for line in sys.stdin]:
        if inquiry["logs"] and not kind.recovers:
            continue
        if reader is None:
            refused = {"found": "unreadable", "reason": reason}
            answers: Any = ({"id": number, **refused} for number, _, _ in inquiry["questions"])
        else:
            answers = _answers(reader, inquiry, settings["question"])
        for answer in answers:
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
