r"""The format ``regedt32-text``: what Regedt32 saves as a subtree, and Regedit exports as a text file.

Layout (Q243342 prints a part of one; Regedit of Windows XP and later writes the same)::

    Key Name:          SYSTEM\CurrentControlSet\Services\ClusSvc
    Class Name:        <NO CLASS>
    Last Write Time:   6/16/00 - 10:13 AM
    Value 0
      Name:            Start
      Type:            REG_DWORD
      Data:            0x2

Each value ends with an empty line, each key with one more. Strings of a list stand on a line each, below one
another; bytes are dumped sixteen to a line. Labels are translated with Windows, so those of the first key
and value are learned by their place and expected from there on. Regedt32 leaves the root key out of names.

The text tells a last-written time in local time to the minute; it is not used. A list that begins with an
empty string, or has one inside, cannot be told from another by such a text: it is unclear.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import EvidenceFormat
from iiscluster_kb.evidence._registry_text import DEPTH_LIMIT, TextTree
from iiscluster_kb.evidence._text import TEXT_LIMIT, decode, lines, looks_like_text
from iiscluster_kb.registry import HKLM, KeyPath, RegistryValue, ValueType, multi_sz, sz

if TYPE_CHECKING:
    from collections.abc import Callable

    from iiscluster_kb.evidence._registry_text import TextKey
    from iiscluster_kb.model import CaseFile, RegistryEvidence

__all__ = ["FORMAT"]

_NAME = "regedt32-text"
_PEEK = 4096
_MOST_WRAPPED = 8
"""Lines over which a key's name may be wrapped."""
_LONGEST_PATH = 1 << 16
_CLIPPED = 40

_LABEL = re.compile(r"[ ]{0,8}([^\s:\\][^:\\]{0,60}):(.*)")
_TIME = re.compile(r"<[^<>]+>|\d+\D{1,3}\d+\D{1,3}\d+\D{0,2} - \D{0,4}\d+\D\d+.*")
_FIRST_VALUE = re.compile(r"(\S[^:\\]{0,30}) 0")
_TYPE = re.compile(r"REG_[A-Z_]+|0x[0-9A-Fa-f]+|\d+|<[^<>]+>|\S[^\\:]*")
_NO_NAME = re.compile(r"<[^<>]+>")
_NUMBER = re.compile(r"0x([0-9A-Fa-f]{1,16})")
_DUMP = re.compile(
    r"([0-9A-Fa-f]{8}) {2,3}((?:[0-9A-Fa-f]{2} ){0,7}[0-9A-Fa-f]{2})(?: - ((?:[0-9A-Fa-f]{2} ){0,7}[0-9A-Fa-f]{2}))?(?: .*)?"
)
_ROW = 16
_HALF = 8
_SIZES = {ValueType.REG_DWORD: 4, ValueType.REG_QWORD: 8}
_TYPES = {member.name: member for member in ValueType}
_DUMPED = frozenset({ValueType.REG_BINARY, ValueType.REG_NONE, ValueType.REG_LINK})
_SPELLED_OUT = frozenset(
    {
        ValueType.REG_RESOURCE_LIST,
        ValueType.REG_FULL_RESOURCE_DESCRIPTOR,
        ValueType.REG_RESOURCE_REQUIREMENTS_LIST,
    }
)
"""Types whose data are printed as words, over as many lines as it takes."""
_HIVES = {"SYSTEM": HKLM, "SOFTWARE": HKLM, "SAM": HKLM, "SECURITY": HKLM, "HARDWARE": HKLM}
"""Keys of HKEY_LOCAL_MACHINE, spelled as Windows spells them; a user's own key is named ``Software``."""


def _recognises(head: bytes) -> bool:
    if b":" not in head or not looks_like_text(head):
        return False
    rows = [row for row in decode(head[:_PEEK]).text.lstrip("\ufeff").splitlines() if row.strip()]
    key = _LABEL.fullmatch(rows[0]) if rows else None
    if key is None or rows[0][0].isspace():
        return False
    if "\\" not in key[2] and _absolute(key[2].strip()) is None:
        return False
    for place, row in enumerate(rows[1 : _MOST_WRAPPED + 1], 1):
        if _LABEL.fullmatch(row) is not None:
            time = _LABEL.fullmatch(rows[place + 1]) if place + 1 < len(rows) else None
            return time is not None and _TIME.fullmatch(time[2].strip()) is not None
    return False


def _read(file: CaseFile) -> RegistryEvidence:
    if file.content.size > TEXT_LIMIT:
        raise EvidenceError(
            file.path, f"offset {TEXT_LIMIT}: registry text over the limit of that many bytes"
        )
    return _Parser(file).parse()


FORMAT = EvidenceFormat(_NAME, _recognises, _read)


def _absolute(text: str) -> KeyPath | None:  # noqa: PLR0911 - one return a root
    """The key that a name stands for; None where the root key that was left out cannot be told."""
    if len(text) > _LONGEST_PATH or text.count("\\") > DEPTH_LIMIT:
        return None
    first, *_ = text.split("\\", 1)
    if first in _HIVES:
        return _HIVES[first] / text
    match first.upper():
        case "CLUSTER":
            return HKLM / text
        case "CLSID":
            return HKLM / r"SOFTWARE\Classes" / text
        case ".DEFAULT":
            return KeyPath.parse("HKU") / text
        case root if root.startswith("HKEY_"):
            try:
                return KeyPath.parse(text)
            except ValueError:
                return None
        case root if root.startswith("S-1-"):
            return KeyPath.parse("HKU") / text
        case _:
            return None


class _Value:
    """A value whose lines are being read."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.name = ""
        self.kind: ValueType | None = None
        self.texts: list[str] = []
        self.dump = bytearray()
        self.problem: str | None = None

    def data(self) -> bytes | None:  # noqa: PLR0911 - one return a kind of type
        """What the lines stand for; None where they do not tell."""
        if self.problem is not None or self.kind is None:
            return None
        if self.kind in _DUMPED:
            return bytes(self.dump) if not any(self.texts) else None
        match self.kind:
            case ValueType.REG_SZ | ValueType.REG_EXPAND_SZ:
                return sz(self.texts[0]) if len(self.texts) == 1 else None
            case ValueType.REG_MULTI_SZ:
                return multi_sz(*self.texts) if self.texts and all(self.texts) else None
            case ValueType.REG_DWORD | ValueType.REG_QWORD:
                number = _NUMBER.fullmatch(self.texts[0].strip()) if len(self.texts) == 1 else None
                size = _SIZES[self.kind]
                if number is None or len(number[1]) > 2 * size:
                    return None
                return int(number[1], 16).to_bytes(size, "little")
            case _:
                return None


class _Parser:
    """Reads line by line; ``_expect`` is what the next line must be."""

    def __init__(self, file: CaseFile) -> None:
        self._file = file
        self._tree = TextTree(file.path)
        self._labels: dict[str, str] = {}
        self._column = 0
        self._expect: Callable[[int, str], None] = self._body
        self._path: list[str] = []
        self._key: TextKey | None = None
        self._value: _Value | None = None
        self._count = 0
        self._no_name_seen = False
        self._empty_lines = 0
        self._line = 0

    def parse(self) -> RegistryEvidence:
        """Read the text as a whole."""
        decoded = decode(self._file.content.map())
        is_ended = True
        for number, line, is_ended in lines(decoded.text.lstrip("\ufeff")):
            if is_ended:
                self._take(number, line)
            elif line.strip("\x1a \t"):
                self._empty_lines = 0
                self._tree.report(number, "the text ends inside this line")
        self._finish()
        remarks = []
        if decoded.encoding.startswith("cp"):
            remarks.append(f"names and strings outside ASCII were read in code page {decoded.encoding}")
        return self._tree.evidence(self._file, _NAME, remarks)

    def _take(self, number: int, line: str) -> None:
        self._line = number
        if line.strip():
            self._expect(number, line)
            self._empty_lines = 0
        else:
            self._empty_lines += 1
            if self._empty_lines == 1:
                self._close_value()

    def _finish(self) -> None:
        if self._value is not None:
            self._value.problem = "the text ends inside this value or right behind it"
            self._close_value()
        if self._path:
            self._tree.report(self._line, "the text ends inside the name of a key")
        where = f"line {self._line}: the text ends here"
        if self._key is not None and self._empty_lines <= 1:
            self._key.values_untold = f"{where}, and more values of {self._key.name} may have followed"
        for subtree in self._tree.subtrees:
            subtree.leave_open(f"{where}, and further subkeys may have followed")

    # --- keys ---------------------------------------------------------------------------------------

    def _body(self, number: int, line: str) -> None:
        if self._key is not None and self._is_value(line):
            self._value = _Value(number)
            self._expect = self._name
        elif (text := self._labelled("key", line)) is not None:
            self._close_value()
            self._column = self._column or line.index(text)
            self._key, self._path = None, [text.rstrip()]
            self._expect = self._class
        else:
            self._tree.report(number, f"neither key nor value: {line[:_CLIPPED].strip()!r}")

    def _class(self, number: int, line: str) -> None:
        if self._labelled("class", line) is not None:
            self._expect = self._time
        elif len(self._path) < _MOST_WRAPPED:
            self._path.append(line.strip())
        else:
            self._lose(number, "the name of a key goes over too many lines")

    def _time(self, number: int, line: str) -> None:
        if self._labelled("time", line) is None:
            self._lose(number, "a key without its last-written time")
            return
        path, is_guess = self._unwrapped()
        self._path = []
        if path is None:
            self._lose(number, "a key below no known root")
            return
        subtree, self._key = self._tree.add(path, number)
        if is_guess:
            subtree.doubt("names of keys are wrapped, and where they had blanks is a guess")
        self._count, self._no_name_seen = 0, False
        self._expect = self._body

    def _unwrapped(self) -> tuple[KeyPath | None, bool]:
        """The key's name put together, and whether that was a guess.

        Lines break at blanks, of which the last is lost, or inside a word. Which it was shows where only one
        of the two gives a key whose parent was listed.
        """
        if len(self._path) == 1:
            return _absolute(self._path[0]), False
        candidates = [path for joint in (" ", "") if (path := _absolute(joint.join(self._path))) is not None]
        fitting = [path for path in candidates if path.parent and self._tree.is_listed(path.parent)]
        chosen = next(iter(fitting or candidates), None)
        return chosen, len(fitting) != 1

    # --- values -------------------------------------------------------------------------------------

    def _is_value(self, line: str) -> bool:
        word = self._labels.get("value")
        if word is None and (first := _FIRST_VALUE.fullmatch(line.rstrip())):
            word = self._labels["value"] = first[1]
        head, _, number = line.rstrip().rpartition(" ")
        return head == word and number == str(self._count)

    def _is_next(self, line: str) -> bool:
        """Whether the value at hand ended without an empty line."""
        following = f"{self._labels['value']} {self._count + 1}"
        return line.rstrip() == following or self._labelled("key", line) is not None

    def _name(self, number: int, line: str) -> None:
        text = self._labelled("name", line)
        if text is None or self._value is None:
            self._lose(number, "a value without a name")
            return
        self._value.name = text
        if _NO_NAME.fullmatch(text.rstrip()):
            self._value.name = ""
            if self._no_name_seen:
                self._value.problem = "two values of the key have names in angle brackets"
            self._no_name_seen = True
        self._expect = self._type

    def _type(self, number: int, line: str) -> None:
        text = self._labelled("type", line)
        if text is None or self._value is None or not _TYPE.fullmatch(text.rstrip()):
            self._lose(number, "a value without a type")
            return
        self._value.kind = _TYPES.get(text.rstrip())
        if self._value.kind is None:
            self._value.problem = f"values of the type {text[:_CLIPPED].rstrip()!r} are not understood"
        self._expect = self._data

    def _data(self, number: int, line: str) -> None:
        text = self._labelled("data", line)
        if text is None or self._value is None:
            self._lose(number, "a value without data")
            return
        self._value.texts.append(text)
        self._expect = self._more

    def _more(self, number: int, line: str) -> None:
        """A line below a value's first line of data."""
        value = self._value
        if value is None or self._is_next(line):
            self._close_value()
            self._body(number, line)
        elif value.kind is ValueType.REG_MULTI_SZ and not line[: self._column].strip():
            self._tree.weigh(1, number)
            value.texts.append(line[self._column :])
        elif value.kind in _SPELLED_OUT:
            pass
        elif value.kind in _DUMPED or value.kind is None:
            self._dump(value, number, line)
        else:
            value.problem = f"what stands in line {number} may belong to it"
            self._tree.report(number, f"neither key nor value: {line[:_CLIPPED].strip()!r}")

    def _dump(self, value: _Value, number: int, line: str) -> None:
        row = _DUMP.fullmatch(line.rstrip())
        data = b"" if row is None else bytes.fromhex(row[2] + (row[3] or ""))
        is_next = row is not None and int(row[1], 16) == len(value.dump) and len(value.dump) % _ROW == 0
        if row is None or not is_next or (row[3] and len(row[2].split()) != _HALF):
            value.problem = f"line {number} is no part of a dump that begins at 0"
            self._tree.report(number, "no row of bytes where one should be")
        value.dump += data

    def _close_value(self) -> None:
        value, self._value = self._value, None
        if value is None:
            return
        self._expect = self._body
        self._count += 1
        if self._key is None:
            return
        self._tree.weigh(1, value.line)
        if not value.texts:
            self._tree.report(value.line, "a value that ends before its data")
        data = value.data()
        if data is None or value.kind is None:
            reason = value.problem or "the text does not tell the value's data"
            self._key.obscure(value.name, value.line, reason)
        else:
            self._key.put(RegistryValue(value.name, int(value.kind), data, line=value.line))

    # --- helpers ------------------------------------------------------------------------------------

    def _labelled(self, role: str, line: str) -> str | None:
        """What stands behind the label of this role; None: the line has another."""
        found = _LABEL.match(line)
        if found is None:
            return None
        if self._labels.setdefault(role, found[1]) != found[1]:
            return None
        label = line[: found.end(1) + 1]
        if len(label) < self._column and not line[len(label) : self._column].strip():
            return line[self._column :]
        return found[2].strip()

    def _lose(self, number: int, reason: str) -> None:
        """Give up the key or value at hand."""
        self._tree.report(number, reason)
        if self._value is None:
            self._key = None
        elif self._key is not None:
            self._key.obscure(self._value.name, number, reason)
        self._value, self._path = None, []
        self._expect = self._body
