"""Objects that PowerShell wrote as XML: ``Export-Clixml`` and ``ConvertTo-Xml``.

Formats: [MS-PSRP] section 2.2.5 (an ``Obj`` holds its properties below ``Props`` and ``MS``, named by ``N``;
``_x000D_`` stands for a character that XML cannot hold); ``ConvertTo-Xml`` writes ``Objects/Object/Property``
with ``Name``. Only properties of the outermost objects are read, and of a property that is an object itself
its text and its ``FileVersion``.

A document type is refused, so no entity is ever defined, let alone resolved.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from xml.parsers import expat

from iiscluster_kb.evidence._child_items import PROPERTIES
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ObjectXml", "looks_like_object_xml"]

_LOOKS = re.compile(
    r"\s*(?:<\?xml[^<>]{0,100}\?>\s*)?<(?:Objs\s[^<>]{0,300}powershell|Objects>\s*<Object\s)", re.IGNORECASE
).match
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_CHUNK = 1 << 16
_PENDING_LIMIT = 1 << 20
"""Characters of a piece of markup that does not end: expat would read them again with every chunk."""
_LISTS = frozenset({"LST", "IE", "QUE", "STK"})
_GROUPS = frozenset({"Props", "MS"})
_DEPTH_LIMIT = 200
_TEXT_LIMIT = 1 << 14
"""Characters of a property that are kept."""


def looks_like_object_xml(head: str) -> bool:
    """Whether a text that begins so was written by either command."""
    return _LOOKS(head) is not None


class _RefusedError(Exception):
    """The text is no XML that PowerShell writes; the argument says why."""


class ObjectXml:
    """The outermost objects of a text, each as its properties by folded name."""

    def __init__(self, text: str) -> None:
        self.problem: str | None = None
        """Why the reading ended before the text did."""
        self._text = text
        self._found: list[tuple[int, dict[str, str]]] = []
        self._path: list[str] = []
        self._told: dict[str, str] = {}
        self._line = 0
        self._name = ""
        self._name_depth = self._object_depth = 0
        self._value: list[str] = []
        self._length = 0

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Line and properties of each object up to the end, or to where the XML is damaged."""
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_document_type
        parser.StartElementHandler = lambda tag, attributes: self._start(tag, attributes, parser)
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        fed = 0
        for place in range(0, len(self._text) + 1, _CHUNK):
            chunk = self._text[place : place + _CHUNK].encode("utf-8", "replace")
            fed += len(chunk)
            try:
                parser.Parse(chunk, place + _CHUNK > len(self._text))
            except expat.ExpatError as error:
                self._stop(error.lineno, expat.ErrorString(error.code))
            except _RefusedError as error:
                self._stop(parser.CurrentLineNumber, str(error))
            if fed - parser.CurrentByteIndex > _PENDING_LIMIT:
                self._stop(parser.CurrentLineNumber, "a piece of markup does not end")
            yield from self._found
            self._found.clear()
            if self.problem is not None:
                return

    def _stop(self, line: int, reason: str) -> None:
        self.problem = f"line {line}: {reason}; nothing from here on is read"

    def give_up(self, reason: str) -> None:
        """Read nothing more, for that reason."""
        self.problem = reason

    @staticmethod
    def _refuse_document_type(*_: object) -> None:
        raise _RefusedError("it declares a document type, which PowerShell never does")

    def _start(self, tag: str, attributes: dict[str, str], parser: expat.XMLParserType) -> None:
        self._path.append(tag)
        depth = len(self._path)
        if depth > _DEPTH_LIMIT:
            raise _RefusedError(f"it is nested more than {_DEPTH_LIMIT} deep")
        if tag in {"Obj", "Object"} and not self._object_depth:
            self._object_depth, self._line, self._told = depth, parser.CurrentLineNumber, {}
            return
        if tag in _LISTS and depth == self._object_depth + 1:
            self._object_depth = 0  # the object is a list of those that are looked for
        name = _property(attributes.get("N") or attributes.get("Name") or "")
        if name and self._object_depth and self._is_own(name):
            self._name, self._name_depth = name, depth
            self._value, self._length = [], 0

    def _is_own(self, name: str) -> bool:
        """Whether a property is the outermost object's, or the version in one of its properties."""
        if self._name_depth:
            return self._name == "VERSIONINFO" and name == "FILEVERSION"
        between = self._path[self._object_depth : -1]
        return not between or (len(between) == 1 and between[0] in _GROUPS)

    def _data(self, data: str) -> None:
        if self._name_depth and self._length < _TEXT_LIMIT:
            self._value.append(data)
            self._length += len(data)

    def _end(self, _tag: str) -> None:
        if len(self._path) == self._name_depth:
            self._told.setdefault(self._name, _plain("".join(self._value).strip()))
            self._name_depth = 0
        elif len(self._path) == self._object_depth:
            self._found.append((self._line, self._told))
            self._object_depth = 0
        self._path.pop()


@lru_cache(maxsize=1024)
def _property(name: str) -> str:
    """The folded name of a property that is read, else nothing."""
    folded = fold(_plain(name))
    return folded if folded in PROPERTIES else ""


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text
