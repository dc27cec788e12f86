r"""Writes .reg text in the two forms that every importer takes as meant.

REGEDIT4 is ASCII text whose ``hex(2)`` and ``hex(7)`` are ANSI bytes; 5.00 is UTF-16LE with a byte-order
mark whose bytes are those of the registry. Wine tells the bytes' meaning by the file's encoding, Samba by
its header: only these two forms mean the same to both. The header stands first, comments above the first
key, none inside a section, and an empty line ends each section and the file: Samba drops a last line that
has none after it, hivex takes an empty or comment line for the end of a section.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from iiscluster_kb.errors import RemedyError
from iiscluster_kb.registry.reg_entries import (
    Dialect,
    KeyDeletion,
    KeyEntry,
    ValueDeletion,
    ValueEntry,
)
from iiscluster_kb.registry.values import ValueType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.registry.keys import KeyPath
    from iiscluster_kb.registry.reg_entries import Entry
    from iiscluster_kb.registry.values import RegistryValue

__all__ = ["format_reg"]

_HEADERS = {
    Dialect.REGEDIT4: "REGEDIT4",
    Dialect.VERSION_5: "Windows Registry Editor Version 5.00",
}
_COLUMNS = 80
_ROOTS = frozenset(
    {"HKEY_LOCAL_MACHINE", "HKEY_USERS", "HKEY_CURRENT_USER", "HKEY_CURRENT_CONFIG", "HKEY_CLASSES_ROOT"}
)
_TYPE_LIMIT = 1 << 32
_CONTROL = re.compile("[\x00-\x1f\x7f]")
# In a comment everything goes that any reader may take for the end of the line.
_UNSAFE_IN_COMMENT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# A reader cannot tell whether such a key ends before a comment or after it.
_KEY_OR_COMMENT = re.compile(r"\][ \t]*;")


def format_reg(
    entries: Iterable[Entry],
    dialect: Dialect,
    *,
    comments: Iterable[str] = (),
    parents: bool = False,
) -> bytes:
    r"""Write .reg text that ``parse_reg`` and the importers read as these entries.

    A value whose key is not that of the section at hand opens a section of its own.

    Args:
        entries: In the order of the text.
        dialect: REGEDIT4 for Windows NT 4.0, which knows no other.
        comments: Lines under the header. What could break a line out of its comment becomes a blank;
            REGEDIT4 spells what is not ASCII as ``\\u4e2d``.
        parents: Whether to list the keys above each key too, those below the root key, once each:
            hivex makes no missing parents.

    Raises:
        RemedyError: A name or datum has no form in this dialect that importers agree on.
    """
    writer = _Writer(dialect, parents=parents)
    writer.begin(comments)
    for entry in entries:
        writer.add(entry)
    return writer.finish()


class _Writer:
    def __init__(self, dialect: Dialect, *, parents: bool) -> None:
        self._is_ansi = dialect == Dialect.REGEDIT4
        self._header = _HEADERS[dialect]
        self._parents = parents
        self._lines: list[str] = []
        self._section: KeyPath | None = None
        self._listed: set[KeyPath] = set()

    def begin(self, comments: Iterable[str]) -> None:
        self._lines += [self._header, ""]
        spelled = [self._comment(text) for text in comments]
        if spelled:
            self._lines += [*spelled, ""]

    def add(self, entry: Entry) -> None:
        match entry:
            case KeyEntry():
                self._open(entry.key)
            case KeyDeletion():
                self._close()
                self._lines += [f"[-{self._path(entry.key)}]", ""]
            case ValueEntry():
                self._open_for(entry.key)
                self._lines += self._value(entry.value)
            case ValueDeletion():
                self._open_for(entry.key)
                self._lines.append(f"{self._name(entry.name)}=-")

    def finish(self) -> bytes:
        self._close()
        text = "".join(f"{line}\r\n" for line in self._lines)
        return text.encode("ascii") if self._is_ansi else codecs.BOM_UTF16_LE + text.encode("utf-16-le")

    def _open_for(self, key: KeyPath) -> None:
        if key != self._section:
            self._open(key)

    def _open(self, key: KeyPath) -> None:
        self._close()
        if self._parents:
            for above in _keys_above(key):
                if above not in self._listed:
                    self._listed.add(above)
                    self._lines += [f"[{self._path(above)}]", ""]
        self._listed.add(key)
        self._lines.append(f"[{self._path(key)}]")
        self._section = key

    def _close(self) -> None:
        if self._section is not None:
            self._lines.append("")
            self._section = None

    def _path(self, key: KeyPath) -> str:
        path = str(key)
        if key.parts[0] not in _ROOTS:
            raise RemedyError(f"{path!r}: importers take full names of root keys only")
        if any(not part or "\\" in part for part in key.parts):
            raise RemedyError(f"{path!r}: a key name that is empty or holds a backslash has no .reg form")
        if _KEY_OR_COMMENT.search(path):
            raise RemedyError(f"{path!r}: importers may take part of this key name for a comment")
        self._check_text(path)
        return path

    def _name(self, name: str) -> str:
        self._check_text(name)
        return f'"{_escape(name)}"' if name else "@"

    def _check_text(self, text: str) -> None:
        if _CONTROL.search(text):
            raise RemedyError(f"{text!r}: no importer is known to read control characters in names as meant")
        if not _is_encodable(text, "ascii" if self._is_ansi else "utf-16-le"):
            reason = "REGEDIT4 text is kept to ASCII" if self._is_ansi else "half of a surrogate pair"
            raise RemedyError(f"{text!r}: {reason}")

    def _comment(self, text: str) -> str:
        line = _UNSAFE_IN_COMMENT.sub(" ", text)
        line = line.encode("ascii" if self._is_ansi else "utf-16-le", "backslashreplace").decode(
            "ascii" if self._is_ansi else "utf-16-le"
        )
        # A backslash at the end of a line promises a continuation.
        line = line.strip().rstrip("\\ ")
        return line if line.startswith(";") else f"; {line}".rstrip()

    def _value(self, value: RegistryValue) -> Iterator[str]:
        """The value's lines, wrapped; a string is never wrapped."""
        name = self._name(value.name)
        if not 0 <= value.type < _TYPE_LIMIT:
            raise RemedyError(f"{name}: {value.type} is no type of 32 bits")
        match value.type, len(value.data):
            case ValueType.REG_DWORD, 4:
                yield f"{name}=dword:{int.from_bytes(value.data, 'little'):08x}"
            case ValueType.REG_SZ, _ if (text := self._plain_text(value.data)) is not None:
                yield f'{name}="{_escape(text)}"'
            case ValueType.REG_BINARY, _:
                yield from _wrapped(f"{name}=hex:", value.data)
            case ValueType.REG_SZ | ValueType.REG_EXPAND_SZ | ValueType.REG_MULTI_SZ, _ if self._is_ansi:
                yield from _wrapped(f"{name}=hex({value.type:x}):", _ansi_bytes(name, value))
            case _:
                yield from _wrapped(f"{name}=hex({value.type:x}):", value.data)

    def _plain_text(self, data: bytes) -> str | None:
        """The text of data that is exactly text and NUL and can stand between quotes, else None."""
        try:
            text = data.decode("utf-16-le")
        except UnicodeDecodeError:
            return None
        if not text.endswith("\0") or _CONTROL.search(text, 0, len(text) - 1):
            return None
        return text[:-1] if not self._is_ansi or text.isascii() else None


def _keys_above(key: KeyPath) -> list[KeyPath]:
    """From the outermost below the root key to the parent."""
    return [type(key)(key.parts[:depth]) for depth in range(2, len(key.parts))]


def _is_encodable(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _ansi_bytes(name: str, value: RegistryValue) -> bytes:
    """What REGEDIT4 writes for text: one byte a character, widened again by every importer."""
    if value.type == ValueType.REG_SZ:
        # Whether regedit of Windows NT 4.0 widens hex(1), as Wine does, nobody has written down.
        raise RemedyError(f"{name}: REGEDIT4 holds a REG_SZ only as plain text that ends with one NUL")
    try:
        return value.data.decode("utf-16-le").encode("ascii")
    except UnicodeDecodeError:
        raise RemedyError(
            f"{name}: REGEDIT4 holds {value.type_name} as text, and these bytes are not UTF-16 text"
        ) from None
    except UnicodeEncodeError:
        raise RemedyError(
            f"{name}: what is not ASCII would change with the code page of the machine that imports it"
        ) from None


def _wrapped(head: str, data: bytes) -> Iterator[str]:
    """Lines of at most 80 columns, as far as the name leaves room, each but the last with a backslash."""
    digits = data.hex(",")
    if len(head) + len(digits) <= _COLUMNS:
        yield head + digits
        return
    start = max(_COLUMNS - 1 - len(head), 0) // 3 * 3
    yield f"{head}{digits[:start]}\\"
    step = (_COLUMNS - len("  \\")) // 3 * 3
    while len(digits) - start > step:
        yield f"  {digits[start : start + step]}\\"
        start += step
    yield f"  {digits[start:]}"
