"""Objects that ``ConvertTo-Json`` wrote: a list of them, one alone, or one after another."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from iiscluster_kb.evidence._child_items import PROPERTIES
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ObjectJson", "looks_like_object_json"]

_LOOKS = re.compile(r"\s*\[?\s*\{").match
_FULL_NAME = re.compile(r'"FullName"\s*:\s*"(?:[A-Za-z]:|\\\\\\\\)', re.IGNORECASE).search
_BETWEEN = re.compile(r"[\s,\[\]]*+").match
_WINDOW = 1 << 20
"""Characters of one object at most."""
_TEXT_LIMIT = 1 << 14
_TOO_BIG = 1 << 64
_LONGEST_NAME = max(map(len, PROPERTIES))
_DECODER = json.JSONDecoder()


def looks_like_object_json(head: str) -> bool:
    """Whether a text that begins so holds objects with a path of Windows."""
    return _LOOKS(head) is not None and _FULL_NAME(head) is not None


class ObjectJson:
    """The outermost objects of a text, each as its properties by folded name."""

    def __init__(self, text: str) -> None:
        self.problem: str | None = None
        """Why the reading ended before the text did."""
        self._text = text

    def give_up(self, reason: str) -> None:
        """Read nothing more, for that reason."""
        self.problem = reason

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Line and properties of each object up to the end, or to the first that is damaged."""
        text = self._text
        place, line = 0, 1
        start, window = 0, text[:_WINDOW]
        while self.problem is None:
            begin = _skip(text, place)
            line += text.count("\n", place, begin)
            if begin == len(text):
                return
            found = _decode(window, begin - start)
            if found is None and begin > start:
                start, window = begin, text[begin : begin + _WINDOW]
                found = _decode(window, 0)
            if found is None:
                self.give_up(f"line {line}: damaged or cut off; nothing from here on is read")
                return
            told, end = found
            yield line, _properties(told)
            place = start + end
            line += text.count("\n", begin, place)


def _skip(text: str, place: int) -> int:
    match = _BETWEEN(text, place)
    return match.end() if match else place


def _decode(window: str, place: int) -> tuple[dict[str, Any], int] | None:
    try:
        told, end = _DECODER.raw_decode(window, place)
    except (ValueError, RecursionError):
        return None
    return (told, end) if isinstance(told, dict) else None


def _properties(told: dict[str, Any]) -> dict[str, str]:
    """Its properties as text; of one that is an object the value that it wraps, or its ``FileVersion``."""
    found: dict[str, str] = {}
    for name, value in told.items():
        folded = fold(name) if len(name) <= _LONGEST_NAME else ""
        if folded not in PROPERTIES:
            continue
        inner = value
        if isinstance(value, dict):
            inner = value.get("value")
            if folded == "VERSIONINFO" and "FILEVERSION" not in found:
                found["FILEVERSION"] = _text(value.get("FileVersion"))
        found[folded] = _text(inner) or found.get(folded, "")
    return found


def _text(value: Any) -> str:
    match value:
        case str():
            return value[:_TEXT_LIMIT]
        case int():
            return str(value) if abs(value) < _TOO_BIG else ""
        case _:
            return ""
