"""What goes to a worker and what comes back, as bytes of JSON.

A worker has read a hostile case, so its answer is checked like evidence: the shape of every row, the size and
the name of every document. No object is ever made from bytes by pickle.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from iiscluster_kb.triage._nouns import Found, Outcome, Result, Settings, Task
from iiscluster_kb.triage._schema import TABLES

if TYPE_CHECKING:
    from iiscluster_kb.triage._nouns import Row

__all__ = ["LARGEST", "pack_result", "pack_task", "plain", "unpack_result", "unpack_task"]

LARGEST = 64 << 20
"""Bytes of one message."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_ANY_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""As ASCII JSON writes it, with or without a partner."""
_DOCUMENT = re.compile(r"[^\x00-\x1f\x7f/\\:]{1,200}")
_VERDICTS = (None, "confirmed", "likely", "undetermined", "ruled-out", "not-applicable")
_LARGEST_INTEGER = 1 << 63
_KINDS = {
    "VARCHAR": {str, type(None)},
    "VARCHAR[]": {list, type(None)},
    "BOOLEAN": {bool, type(None)},
    "BIGINT": {int, type(None)},
}
"""What JSON may hold in a column."""


def plain(text: str) -> str:
    r"""The text as UTF-8 can carry it: a surrogate without a partner becomes the six characters ``\udc80``."""
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def pack_task(task: Task) -> bytes:
    """The task as a worker takes it."""
    return json.dumps(asdict(task)).encode("ascii")


def unpack_task(message: bytes) -> Task:
    """What ``pack_task`` made; from the parent, which is trusted."""
    told = json.loads(message)
    settings = told["settings"]
    if settings["articles"] is not None:
        settings["articles"] = tuple(settings["articles"])
    return Task(Found(**told["found"]), Settings(**settings), told["stamp"], told["content"], told["into"])


def pack_result(result: Result) -> bytes:
    """The result without the case, which the parent knows better."""
    return json.dumps(
        {
            "outcome": result.outcome,
            "reason": result.reason,
            "unchanged": result.unchanged,
            "verdict": result.verdict,
            "cluster": result.cluster,
            "stamp": result.stamp,
            "content": result.content,
            "files": result.files,
            "size": result.size,
            "collected": result.collected,
            "seconds": result.seconds,
            "memory": result.memory,
            "rows": result.rows,
            "page": None if result.page is None else base64.b64encode(result.page).decode("ascii"),
            "kit": [[name, base64.b64encode(content).decode("ascii")] for name, content in result.kit],
        }
    ).encode("ascii")


def unpack_result(found: Found, message: bytes) -> Result:
    """What a worker says of the case that it was given.

    Raises:
        ValueError: It is nothing that a sound worker would say.
    """
    try:
        text = message.decode("ascii")
        told = json.loads(text, parse_constant=_no_number)
        if _ANY_SURROGATE.search(text):  # a look at the whole costs less than one at each of a thousand texts
            told = _plain(told)
        if told["verdict"] not in _VERDICTS or not isinstance(told["unchanged"], bool):
            raise ValueError("no known verdict")
        return Result(
            found=found,
            outcome=Outcome(told["outcome"]),
            reason=_text(told["reason"]),
            unchanged=told["unchanged"],
            verdict=told["verdict"],
            cluster=_text(told["cluster"]),
            stamp=_text(told["stamp"]),
            content=_text(told["content"]),
            files=_integer(told["files"]),
            size=_integer(told["size"]),
            collected=None if told["collected"] is None else _moment(told["collected"]),
            seconds=float(told["seconds"]),
            memory=_integer(told["memory"]),
            rows={table: _rows(table, rows) for table, rows in told["rows"].items()},
            page=None if told["page"] is None else base64.b64decode(told["page"], validate=True),
            kit=tuple(
                (_document(name), base64.b64decode(content, validate=True)) for name, content in told["kit"]
            ),
        )
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError, binascii.Error) as error:
        raise ValueError(
            f"the worker's answer has no known shape ({type(error).__name__}: {error})"
        ) from error


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number that JSON knows")


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _plain(told: Any) -> Any:
    """All texts of a decoded document as ``plain`` makes them; the decoder has bounded its depth."""
    match told:
        case str():
            return plain(told)
        case list():
            return [_plain(item) for item in told]
        case dict():
            return {plain(name): _plain(item) for name, item in told.items()}
        case _:
            return told


def _integer(value: Any) -> int:
    if type(value) is not int or not 0 <= value < _LARGEST_INTEGER:
        raise TypeError("no number")
    return value


def _moment(value: Any) -> float:
    """Seconds of a year from 1 to 9999; files may bear any number."""
    return min(max(float(value), -62_135_596_800.0), 253_402_300_799.0)


def _document(name: Any) -> str:
    if not isinstance(name, str) or not _DOCUMENT.fullmatch(name) or not name.strip(". "):
        raise ValueError(f"no name for a document: {name!r}")
    return name


def _rows(table: str, rows: Any) -> tuple[Row, ...]:
    kinds = tuple(TABLES[table].values())
    if set(map(type, rows)) - {list}:
        raise TypeError("no rows")
    columns = tuple(zip(*rows, strict=True))
    if rows and len(columns) != len(kinds):
        raise TypeError("no row of its table")
    checked = (_column(kind, column) for kind, column in zip(kinds, columns, strict=False))
    return tuple(zip(*checked, strict=True))


def _column(kind: str, column: tuple[Any, ...]) -> tuple[Any, ...]:
    met = set(map(type, column))
    if odd := met - _KINDS[kind]:
        raise TypeError(f"{', '.join(sorted(one.__name__ for one in odd))} in a column of {kind}")
    match kind:
        case "BIGINT" if any(cell is not None and abs(cell) >= _LARGEST_INTEGER for cell in column):
            raise TypeError("a number that no column holds")
        case "VARCHAR[]":
            return tuple(
                cell if cell is None else tuple(_text(text) or "" for text in cell) for cell in column
            )
        case _:
            return column
