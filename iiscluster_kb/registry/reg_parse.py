r"""Reads .reg text: REGEDIT4 and 5.00, as regedit, Wine, Samba and hivexregedit write it.

Where importers disagree about a line, reading it in one of their ways could show a value that no machine
holds. Such a line becomes a ``Problem``; what every importer takes alike, or only one can mean, is read.
"""

from __future__ import annotations

import binascii
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.registry.keys import KeyPath
from iiscluster_kb.registry.reg_entries import (
    Dialect,
    KeyDeletion,
    KeyEntry,
    Problem,
    RegDocument,
    ValueDeletion,
    ValueEntry,
)
from iiscluster_kb.registry.reg_source import CodePage, Window, detect_encoding
from iiscluster_kb.registry.values import RegistryValue, ValueType, sz

if TYPE_CHECKING:
    import mmap

    from iiscluster_kb.registry.reg_entries import Entry

__all__ = ["is_reg_text", "parse_reg"]

_WEIGHT_LIMIT = 1_500_000
"""Entries, key names and problems of one text, together; each costs up to 500 bytes of memory. The
SYSTEM hive of a Windows 10 (43,211 keys, 90,307 values), exported, weighs about a quarter of this."""
_DEPTH_LIMIT = 512
"""Levels of keys that Windows allows (learn.microsoft.com, "Registry element size limits")."""
_CLIPPED = 80
_HEAD_SIZE = 8192
"""Bytes in which the header or the first key must begin."""

_EOL = r"(?:\r\n|\n|\r|\Z)"
# regedit writes line ends inside strings as they are, hence a string may span lines.
_STRING = r'"(?:[^"\\]++|\\.)*+"'
_HEX = r"(?:[0-9A-Fa-f,\ \t]++|\\[ \t]*+(?:\r\n|\n|\r))*+"
_STATEMENT = re.compile(
    rf"""
    (?P<blank>(?:[ \t]*+[\r\n])++|[ \t]*+\Z)
    | [ \t]*+
    (?: (?P<comment>;[^\r\n]*+)
      | \[(?P<key>[^\r\n]*)\][ \t]*+(?:;[^\r\n]*+)?+
      | (?P<name>@|{_STRING})[ \t]*+=[ \t]*+
        (?: (?P<text>{_STRING})
          | (?i:dword):[ \t]*+(?P<dword>[0-9A-Fa-f]{{1,8}})
          | (?i:hex)(?:\((?P<type>[0-9A-Fa-f]{{1,8}})\))?+:(?P<hex>{_HEX})
          | (?P<deletion>-)
        )
        [ \t]*+(?:;[^\r\n]*+)?+
      | \ufeff?+(?P<header>REGEDIT4|Windows\ Registry\ Editor\ Version\ 5\.00)[ \t]*+
    ){_EOL}""",
    re.VERBOSE | re.DOTALL,
)
# A value whose string or hex digits have begun and not ended: more text may complete it.
_OPEN_VALUE = re.compile(
    rf"""
    [ \t]*+
    (?: (?:(?:@|{_STRING})[ \t]*+=[ \t]*+)?+ "(?:[^"\\]++|\\.)*+\\?
      | (?:@|{_STRING})[ \t]*+=[ \t]*+(?i:hex)(?:\([0-9A-Fa-f]{{1,8}}\))?+:{_HEX}\\?[ \t]*+
    )\Z""",
    re.VERBOSE | re.DOTALL,
)
# What is passed over with a line that is not understood: the indented lines that continue it.
_LOST = re.compile(rf"(?:[^\r\n\\]++|\\[ \t]*+(?:\r\n|\n|\r)(?=[ \t])|\\)*+{_EOL}")
_BEGINNING = re.compile(
    r"\ufeff?(?:[ \t]*+(?:;[^\r\n]*+)?+(?:\r\n|\n|\r))*+[ \t]*+"
    r"(?:REGEDIT4[ \t]*+(?=[\r\n]|\Z)|Windows Registry Editor (?P<version>[^\r\n]*+)|(?P<wine>WINE REGISTRY )"
    r"|\[-?(?i:HKEY_[A-Z_]++|HKLM|HKCR|HKU|HKCU|HKCC)[\\\]])"
)
_KEY_IN_STRING = re.compile(r"[\r\n][ \t]*+\[-?HK")
_KEY_OR_COMMENT = re.compile(r"\][ \t]*+;")
_LONE_DIGIT = re.compile(rb"(?<![^,])([0-9A-Fa-f])(?![^,])")
_WIDENED = frozenset({ValueType.REG_SZ, ValueType.REG_EXPAND_SZ, ValueType.REG_MULTI_SZ})
_NO_DATA = "hex digits that are no bytes divided by commas"


def is_reg_text(head: bytes) -> bool:
    """Whether a file that begins with these bytes is .reg text, or Wine's own form of registry text."""
    return _BEGINNING.match(_text_of(head)) is not None


def _text_of(head: bytes) -> str:
    encoding = detect_encoding(head)
    return head[encoding.start :].decode(encoding.name, "replace")


def parse_reg(data: bytes | mmap.mmap, *, ansi: str = "cp1252", name: str = "<reg>") -> RegDocument:
    """Read .reg text.

    Strings in quotes become data with the NUL that regedit adds. In REGEDIT4 the bytes of ``hex(1)``,
    ``hex(2)`` and ``hex(7)`` are ANSI text and become UTF-16LE.

    Args:
        data: The text, in 8-bit or UTF-16 encoding, with or without byte-order mark.
        ansi: Code page of 8-bit text that is not UTF-8, and of REGEDIT4's string bytes.
        name: What errors call the text.

    Raises:
        EvidenceError: It is no .reg text, nothing of it can be understood, or it is over a limit.
        LookupError: ``ansi`` is no encoding.
    """
    if not len(data):
        raise EvidenceError(name, "line 1: the file is empty")
    head = _text_of(data[:_HEAD_SIZE])
    _check_beginning(head, name)
    # Lines end with LF, CR LF, or, from the oldest tools, CR alone.
    return _Parser(data, CodePage(ansi), name, newline="\n" if "\n" in head else "\r").parse()


def _check_beginning(head: str, name: str) -> None:
    beginning = _BEGINNING.match(head)
    if beginning is None:
        raise EvidenceError(name, "line 1: neither a .reg header nor a registry key")
    if beginning["wine"]:
        raise EvidenceError(
            name,
            "line 1: a registry file of Wine, which describes Wine's own registry and no Windows;"
            " export the key with regedit instead",
        )
    if (version := beginning["version"]) is not None and version.strip() != "Version 5.00":
        raise EvidenceError(name, f"line 1: an unknown version of .reg text: {version[:_CLIPPED]!r}")


class _LineError(ValueError):
    """The statement at hand cannot be understood; the message says why."""


class _Parser:
    def __init__(self, data: bytes | mmap.mmap, code_page: CodePage, name: str, *, newline: str) -> None:
        self._name = name
        self._code_page = code_page
        self._encoding = detect_encoding(data, code_page)
        self._window = Window(data, self._encoding, code_page, name, newline)
        self._half_unit = self._encoding.is_wide and (len(data) - self._encoding.start) % 2 == 1
        self._dialect: Dialect | None = None
        self._has_header = False
        self._first_dialect = Dialect.VERSION_5
        self._key: KeyPath | None = None
        self._weight = 0
        self._entries: list[Entry] = []
        self._comments: list[str] = []
        self._problems: list[Problem] = []

    def parse(self) -> RegDocument:
        window = self._window
        closed = True
        while window.position < len(window.text) or window.grow():
            match, end = self._next_statement()
            kind = match.lastgroup if match else None
            closed = kind in {"blank", "comment"}
            if kind != "blank":
                line = window.line
                try:
                    self._read(match, kind, line)
                except _LineError as error:
                    self._report(line, str(error), window.text[window.position : end])
            window.advance(end)
        if self._half_unit:
            self._report(window.line, "the file ends inside a character", "")
        if self._problems and not self._entries:
            first = self._problems[0]
            raise EvidenceError(self._name, f"line {first.line}: nothing understood: {first.reason}")
        return RegDocument(
            self._first_dialect,
            self._encoding.name,
            tuple(self._entries),
            tuple(self._comments),
            tuple(self._problems),
            self._has_header,
            closed,
        )

    def _next_statement(self) -> tuple[re.Match[str] | None, int]:
        """The statement at the position, or None for a line that is none, and where it ends."""
        window = self._window
        while True:
            text, position = window.text, window.position
            match = _STATEMENT.match(text, position)
            if match is not None:
                end = match.end()
                if match.lastgroup == "blank":
                    return match, end
            else:
                lost = _LOST.match(text, position)
                end = lost.end() if lost else len(text)
                if end < len(text) and _OPEN_VALUE.match(text, position) and window.grow():
                    continue
            # At the window's edge the rest of the statement may lie beyond.
            if end < len(text) or not window.grow():
                return match, end

    def _read(self, match: re.Match[str] | None, kind: str | None, line: int) -> None:
        if match is None:
            raise _LineError(self._why_not_understood())
        if kind == "key":
            # A key that is not understood must not leave its values to the one above.
            self._key = None
        if self._encoding.lossy and "\ufffd" in match[0]:
            raise _LineError(f"bytes that are no {self._encoding.name}")
        match kind:
            case "comment":
                if not self._entries:
                    self._weigh(1)
                    self._comments.append(match["comment"].strip())
            case "key":
                self._check_line_end(match)
                self._read_key(match["key"], line)
            case "header":
                self._read_header(match["header"])
            case _:
                self._read_value(match, kind, line)

    def _why_not_understood(self) -> str:
        window = self._window
        first = window.text[window.position : window.position + _CLIPPED].lstrip(" \t")[:1]
        if first == "[":
            self._key = None
            return "a key without its closing bracket"
        if first in {'"', "@"}:
            return "a value that is not whole or not of a known form"
        return "neither a key nor a value"

    def _read_header(self, header: str) -> None:
        # Exports joined into one file bring their headers along, and with them their dialects.
        self._dialect = Dialect.REGEDIT4 if header == "REGEDIT4" else Dialect.VERSION_5
        self._key = None
        if not self._has_header and not self._entries:
            self._has_header = True
            self._first_dialect = self._dialect

    def _read_key(self, text: str, line: int) -> None:
        if _KEY_OR_COMMENT.search(text):
            raise _LineError("a key that may end before a comment or after it")
        deleted = text.startswith("-")
        root, _, rest = text.removeprefix("-").partition("\\")
        names = rest.removesuffix("\\")
        if names.count("\\") >= _DEPTH_LIMIT:
            raise _LineError("a key deeper than Windows allows")
        if root != root.strip() or (names and "" in names.split("\\")):
            raise _LineError("a key with an empty name on its path")
        key = _root(root) / names
        self._weigh(len(key.parts))
        if deleted:
            self._entries.append(KeyDeletion(key, line))
        else:
            self._key = key
            self._entries.append(KeyEntry(key, line))

    def _read_value(self, match: re.Match[str], kind: str | None, line: int) -> None:
        if self._key is None:
            raise _LineError("a value without a key above it")
        name = "" if match["name"] == "@" else _unescape(match["name"])
        self._weigh(1)
        if kind == "deletion":
            self._entries.append(ValueDeletion(self._key, name, line))
            return
        type_: int = ValueType.REG_SZ
        if kind == "text":
            data = sz(_unescape(match["text"]))
        else:
            self._check_line_end(match)
            if kind == "dword":
                type_, data = ValueType.REG_DWORD, int(match["dword"], 16).to_bytes(4, "little")
            else:
                type_ = int(match["type"], 16) if match["type"] else ValueType.REG_BINARY
                data = _bytes_of(match["hex"])
                if type_ in _WIDENED:
                    data = self._widen(data)
        self._entries.append(ValueEntry(self._key, RegistryValue(name, int(type_), data, line=line)))

    @staticmethod
    def _check_line_end(match: re.Match[str]) -> None:
        # More digits, or more of a key name that holds a bracket, may have stood where the file ends.
        if match.string[match.end() - 1] not in "\r\n":
            raise _LineError("the file ends inside this line")

    def _widen(self, data: bytes) -> bytes:
        """The UTF-16LE data that ``hex(1)``, ``hex(2)`` or ``hex(7)`` stands for."""
        # In REGEDIT4 these bytes are ANSI text, unless the file itself is UTF-16: no regedit writes
        # that, and the importers that take it (Wine, Samba, hivex) all store its bytes as they are.
        if self._encoding.is_wide or self._dialect is Dialect.VERSION_5:
            return data
        if self._dialect is None:
            # Without a header only hivexregedit's form is known, which spells UTF-16. A headless piece
            # of REGEDIT4 looks alike; text whose every second byte is zero can hardly be ANSI.
            if len(data) % 2 or any(data[1::2]):
                raise _LineError("text that without a header may be ANSI or UTF-16")
            return data
        text = self._code_page.decode(data)
        if text is None:
            raise _LineError(f"bytes that are no {self._code_page.name}")
        return text.encode("utf-16-le", "surrogatepass")

    def _weigh(self, weight: int) -> None:
        self._weight += weight
        if self._weight > _WEIGHT_LIMIT:
            raise EvidenceError(
                self._name, f"line {self._window.line}: over the limit of {_WEIGHT_LIMIT} keys and values"
            )

    def _report(self, line: int, reason: str, text: str) -> None:
        self._weigh(1)
        self._problems.append(Problem(line, reason, text[:_CLIPPED].strip()))


@lru_cache(maxsize=16)
def _root(name: str) -> KeyPath:
    try:
        return KeyPath.parse(name)
    except ValueError:
        raise _LineError("a key below no known root") from None


def _unescape(quoted: str) -> str:
    body = quoted[1:-1]
    if _KEY_IN_STRING.search(body):
        raise _LineError("a string that swallows a key: its closing quote is missing or escaped")
    if "\\" not in body:
        return body
    # Runs of backslashes pair up from the left; what remains may only stand before a quote.
    parts = [part.replace('\\"', '"') for part in body.split("\\\\")]
    if any("\\" in part for part in parts):
        raise _LineError("an escape in a string that importers read differently")
    return "\\".join(parts)


def _bytes_of(body: str) -> bytes:
    if body.rstrip(" \t")[-1:] in {"\r", "\n"}:
        raise _LineError("a line that promises a continuation, and none follows")
    packed = body.encode("ascii").translate(None, b" \t\r\n\\")
    if not packed:
        return b""
    if packed[2::3].strip(b",") or len(packed) % 3 != 2:  # noqa: PLR2004 - two digits of each "xx,"
        # Some writers leave out a leading zero.
        packed = _LONE_DIGIT.sub(rb"0\1", packed)
    try:
        data = binascii.unhexlify(packed.replace(b",", b""))
    except binascii.Error:
        raise _LineError(_NO_DATA) from None
    if packed[2::3].strip(b",") or 3 * len(data) != len(packed) + 1:
        raise _LineError(_NO_DATA)
    return data
