r"""The format ``reg-query``: what ``reg query`` prints, with and without ``/s``.

Two styles. reg.exe of the Windows 2000 support tools and of Windows XP begins with ``! REG.EXE VERSION 3.0``,
divides name, type and data by tabs and prints a list with both its final NULs (``a\0b\0\0``); from Windows
Vista on four blanks divide them, and a list is printed without its end (``a\0b``), inner NULs as ``\0``. A key
stands on a line of its own with its root's full name, its values below it, indented; an empty line follows.
Without ``/s`` the names of the subkeys follow on lines one below another. The unnamed value is shown as
``<NO NAME>`` or ``(Default)``, in the language of Windows.

Nothing in such a text says what was asked. A search (``/f``, ``/t``, ``/v``, ``/ve``) prints only what matches;
it ends with a line of its own (``End of search: 2 match(es) found.``), which a cut takes away. So a text tells
absences only if no search can have printed it: its values have several names and types, and there is no
character that all of them, and all keys without values, have in common. What lies below keys that are only named is never told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import EvidenceFormat
from iiscluster_kb.evidence._registry_text import DEPTH_LIMIT, TextTree
from iiscluster_kb.evidence._text import TEXT_LIMIT, decode, lines, looks_like_text
from iiscluster_kb.registry import KeyPath, RegistryValue, ValueType, sz

if TYPE_CHECKING:
    from iiscluster_kb.evidence._registry_text import Subtree, TextKey
    from iiscluster_kb.model import CaseFile, RegistryEvidence

__all__ = ["FORMAT"]

_NAME = "reg-query"
_PEEK = 4096
_MOST_BEFORE = 5
"""Lines of other kinds, such as the command that was typed, before the first key."""
_LONGEST_PATH = 1 << 16
_CLIPPED = 40

_VERSION = re.compile(r"! REG\.EXE \S+ \d+\.\d+")
_KEY = re.compile(r"HKEY_(?:LOCAL_MACHINE|USERS|CLASSES_ROOT|CURRENT_USER|CURRENT_CONFIG)(?:\\.*)?")
_VALUE = re.compile(
    r"(?: {4}|\t)(?P<name>\S.*?)(?:\t| {4})(?P<type>REG_[A-Z_]+|0x[0-9A-Fa-f]+)(?:(?:\t| {4})(?P<data>.*)|[ \t]*)"
)
_COPIED_VALUE = re.compile(
    r"[ \t]++(?P<name>\S.*?)(?<![ \t])[ \t]++(?P<type>REG_[A-Z_]+|0x[0-9A-Fa-f]+)(?:[ \t]++(?P<data>.*)|[ \t]*)"
)
"""As it stands on a screen, where tabs have become blanks."""
_NO_NAME = re.compile(r"<[^<>]+>|\([^()]+\)")
_NO_DATA = re.compile(r"\([^()]*\)")
"""``(value not set)``: the key has no unnamed value; its words are translated."""
_END_OF_SEARCH = re.compile(r"\S[^\\]{1,80}?\d[^\\]{0,80}")
_NUMBER = re.compile(r"0x([0-9A-Fa-f]{1,16})")
_TYPES = {member.name: member for member in ValueType}
_SIZES = {ValueType.REG_DWORD: 4, ValueType.REG_QWORD: 8}
_DUMPED = frozenset(
    {
        ValueType.REG_BINARY,
        ValueType.REG_NONE,
        ValueType.REG_LINK,
        ValueType.REG_RESOURCE_LIST,
        ValueType.REG_FULL_RESOURCE_DESCRIPTOR,
        ValueType.REG_RESOURCE_REQUIREMENTS_LIST,
    }
)
_ENOUGH = 2


def _recognises(head: bytes) -> bool:
    if b"H" not in head or b"E" not in head or not looks_like_text(head):
        return False
    text = decode(head[:_PEEK]).text.lstrip("\ufeff")
    before = 0
    has_key = has_version = False
    for row in text.splitlines():
        if not row.strip():
            continue
        if has_key and _COPIED_VALUE.fullmatch(row):
            return True
        if _KEY.fullmatch(row.rstrip()):
            has_key = True
            if has_version:
                return True
        elif _VERSION.fullmatch(row.rstrip()):
            has_version = True
        elif has_key or before == _MOST_BEFORE:
            return False
        else:
            before += 1
    return False


def _read(file: CaseFile) -> RegistryEvidence:
    if file.content.size > TEXT_LIMIT:
        raise EvidenceError(
            file.path, f"offset {TEXT_LIMIT}: registry text over the limit of that many bytes"
        )
    return _Parser(file).parse()


FORMAT = EvidenceFormat(_NAME, _recognises, _read)


def _below_untold(key: TextKey) -> str:
    return f"line {key.line}: the text names {key.name} and need not show what is in it"


@dataclass(slots=True)
class _Shape:
    """What tells whether a search can have printed a subtree, and whether it was printed with ``/s``."""

    names: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    shared: set[str] | None = None
    """Characters, without case, that are in the name or data of every value and in every bare key's name."""
    is_recursive: bool = False
    named_only: list[TextKey] = field(default_factory=list)
    """Keys other than the outermost that are shown without values."""

    def take(self, name: str, kind: str, data: str) -> None:
        """Count a value line."""
        if not self.may_be_a_search:
            return
        self.names.add(name)
        self.types.add(kind)
        self.share(name + data)

    def share(self, text: str) -> None:
        """Keep the characters that this has in common with all before."""
        characters = set(text.casefold())
        self.shared = characters if self.shared is None else self.shared & characters

    @property
    def may_be_a_search(self) -> bool:
        """Whether a search for some name, type or pattern can have printed it."""
        return len(self.names) < _ENOUGH or len(self.types) < _ENOUGH or bool(self.shared)


class _Parser:
    def __init__(self, file: CaseFile) -> None:
        self._file = file
        self._tree = TextTree(file.path)
        self._has_version = False
        self._shapes: dict[int, _Shape] = {}
        self._subtree: Subtree | None = None
        self._key: TextKey | None = None
        self._has_values = False
        self._after_key = False
        """Whether the line before was a key's."""
        self._in_run = False
        """Whether that key stood right below another."""
        self._default: str | None = None
        self._last_value: tuple[str, int] | None = None
        self._is_closed = True
        self._line = 0

    def parse(self) -> RegistryEvidence:
        """Read the text as a whole."""
        decoded = decode(self._file.content.map())
        for number, line, is_ended in lines(decoded.text.lstrip("\ufeff")):
            self._line = number
            is_empty = not line.strip("\x1a \t\r")
            if is_ended and is_empty:
                self._close()
            elif is_ended:
                self._take(number, line)
            elif not is_empty:
                self._cut(number, line)
        self._finish()
        remarks = []
        if decoded.encoding.startswith("cp"):
            remarks.append(f"names and strings outside ASCII were read in code page {decoded.encoding}")
        return self._tree.evidence(self._file, _NAME, remarks)

    def _take(self, number: int, line: str) -> None:
        if _KEY.fullmatch(line):
            self._take_key(number, line)
        elif self._key is not None and (found := _VALUE.fullmatch(line) or _COPIED_VALUE.fullmatch(line)):
            self._take_value(number, found)
        elif _VERSION.fullmatch(line.rstrip()):
            self._has_version = True
            self._close()
        elif self._tree.subtrees:
            self._take_other(number, line)

    def _cut(self, number: int, line: str) -> None:
        """The last line, which does not end: more may belong to it."""
        self._is_closed = False
        self._tree.report(number, "the text ends inside this line")
        found = _VALUE.fullmatch(line) or _COPIED_VALUE.fullmatch(line)
        if self._key is not None and found is not None:
            self._key.obscure(found["name"], number, "the text ends inside this value")

    # --- keys ---------------------------------------------------------------------------------------

    def _take_key(self, number: int, line: str) -> None:
        is_in_run = self._after_key
        self._leave_key(in_run=is_in_run or self._in_run)
        self._in_run = is_in_run
        self._after_key = True
        if len(line) > _LONGEST_PATH or line.count("\\") > DEPTH_LIMIT:
            self._tree.report(number, "the name of a key that is too long")
            return
        path = KeyPath.parse(line)
        self._subtree, self._key = self._tree.add(path, number)
        shape = self._shapes.setdefault(id(self._subtree), _Shape())
        if len(path.parts) > len(self._subtree.path.parts) + 1:
            shape.is_recursive = True
        self._has_values = self._is_closed = False
        self._default = None

    def _leave_key(self, *, in_run: bool, is_last: bool = False) -> None:
        """Note a key of which no values were shown; those of the last may have been cut off."""
        key, self._key = self._key, None
        self._last_value = None
        if key is None or self._subtree is None or self._has_values:
            return
        shape = self._shapes[id(self._subtree)]
        key.values_untold = _below_untold(key)
        if in_run:
            key.subkeys_untold = _below_untold(key)
        if key is not self._subtree.root:
            shape.named_only.append(key)
            if not is_last:
                shape.share(key.name)

    def _close(self) -> None:
        """An empty line."""
        self._is_closed = True
        self._leave_key(in_run=self._in_run)
        self._after_key = self._in_run = False

    # --- values -------------------------------------------------------------------------------------

    def _take_value(self, number: int, found: re.Match[str]) -> None:
        key, subtree = self._key, self._subtree
        if key is None or subtree is None:  # pragma: no cover - the caller asked
            return
        name, kind, text = found["name"], found["type"], found["data"] or ""
        shape = self._shapes[id(subtree)]
        shape.take(name, kind, text)
        shape.is_recursive |= key is not subtree.root
        self._has_values, self._after_key, self._in_run = True, False, False
        self._tree.weigh(1, number)
        is_default = _NO_NAME.fullmatch(name) is not None
        if is_default:
            if self._default is not None:
                for each in (self._default, name, ""):
                    key.obscure(each, number, "two values of the key have names in brackets")
            elif _NO_DATA.fullmatch(text):
                key.obscure("", number, f"the unnamed value is shown as {text[:_CLIPPED]}")
            self._default = name
        stored = "" if is_default else name
        self._last_value = (stored, number)
        data = self._data(kind, text)
        if data is None:
            key.obscure(stored, number, f"the text does not tell the data of this {kind}")
        else:
            key.put(RegistryValue(stored, int(_TYPES[kind]), data, line=number))

    def _data(self, kind: str, text: str) -> bytes | None:  # noqa: PLR0911 - one return a kind of type
        """What a value's text stands for; None where it does not tell."""
        match _TYPES.get(kind):
            case ValueType.REG_SZ | ValueType.REG_EXPAND_SZ:
                return sz(text)
            case ValueType.REG_MULTI_SZ:
                return self._list(text)
            case ValueType.REG_DWORD | ValueType.REG_QWORD as number_type:
                number = _NUMBER.fullmatch(text.strip())
                size = _SIZES[number_type]
                if number is None or len(number[1]) > 2 * size:
                    return None
                return int(number[1], 16).to_bytes(size, "little")
            case known if known in _DUMPED:
                try:
                    return bytes.fromhex(text)
                except ValueError:
                    return None
            case _:
                return None

    def _list(self, text: str) -> bytes | None:
        ends = text.endswith("\\0\\0")
        if not text or (text.endswith("\\0") and not ends) or (self._has_version and not ends):
            return None
        return (text if ends else f"{text}\\0\\0").replace("\\0", "\0").encode("utf-16-le", "surrogatepass")

    # --- all else -----------------------------------------------------------------------------------

    def _take_other(self, number: int, line: str) -> None:
        if self._is_closed and self._subtree is not None and _END_OF_SEARCH.fullmatch(line.rstrip()):
            self._subtree.doubt(f"line {number}, {line[:_CLIPPED].rstrip()!r}, may end a search")
            return
        self._tree.report(number, f"neither key nor value: {line[:_CLIPPED].strip()!r}")
        if self._last_value is not None and self._key is not None:
            name, at = self._last_value
            self._key.obscure(name, at, f"what stands in line {number} may belong to it")

    def _finish(self) -> None:
        where = f"line {self._line}: the text ends here"
        if self._key is not None and not self._is_closed:
            self._key.values_untold = f"{where}, and more values of {self._key.name} may have followed"
        self._leave_key(in_run=self._in_run, is_last=True)
        for subtree in self._tree.subtrees:
            shape = self._shapes[id(subtree)]
            if shape.may_be_a_search:
                subtree.doubt("a search may have printed it, for it shows few values, or such as are alike")
            if not shape.is_recursive:
                for key in shape.named_only:
                    key.subkeys_untold = _below_untold(key)
            subtree.leave_open(f"{where}, and further subkeys may have followed")
