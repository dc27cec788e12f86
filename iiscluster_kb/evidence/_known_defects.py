"""What python-registry and regipy are known to get wrong, each told by a precise predicate.

Seen with python-registry 1.3.1 and regipy 6.5.0. A predicate looks at what was read here and at what the
peer answered, and says yes only where that defect makes just this answer out of just these bytes. Each
row has a test that fails when the peer mends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence._panel import Found, Missing, Unreadable
from iiscluster_kb.registry import ValueType, descend, upcase

if TYPE_CHECKING:
    from collections.abc import Callable

    from iiscluster_kb.evidence._panel import Question, Reply
    from iiscluster_kb.model import State
    from iiscluster_kb.regf.layout import Buffer
    from iiscluster_kb.registry import RegistryKey, RegistryValue

__all__ = ["Asked", "known_defect"]

_RESIDENT = 4
"""Data of so many bytes and fewer lie in the value cell itself (regf specification, "Key value")."""
_SEGMENT = 16344
"""Data of more bytes are cut into ``db`` segments, from format version 1.4 on."""
_FIRST_CELL = 0x20
"""Offset of the first cell, counted from the first hbin."""
_OFFSET_FIELD = 12
_TYPE_FIELD = 16
"""Places in a value's cell, which begins with its size (regf specification, "Key value")."""
_NUMBER_OF_VALUES = 40
"""Place in a key's cell, the same way ("Key node")."""
_MINOR_VERSION = 24
_ROOT_OFFSET = 36
"""Places in the base block ("Base block")."""
_NO_TYPE = 0x200000
_WIDE = (0, 1, 2, 3, 7)
"""Types of which regipy puts segmented data together."""
_INSIDE = (*_WIDE, 4, 11)
"""Types of which regipy finds data in the value cell."""
_FILE_TIME = 16
"""Both peers give this number a meaning that winnt.h does not."""
_NUMBER_SIZES = {4: 4, 5: 4, 11: 8, _FILE_TIME: 8}
"""Usual size by type: REG_DWORD, REG_DWORD_BIG_ENDIAN, REG_QWORD."""
_WINDOWS_1252 = frozenset(map(chr, range(0x80, 0xA0))) | frozenset(
    bytes(range(0x80, 0xA0)).decode("windows-1252", "ignore")
)
"""Characters that a byte stands for in windows-1252 or in Windows' own compressed names, but not in both."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was read here of one place, for comparison."""

    question: Question
    place: str
    """As a report names it."""
    present: bool
    value: RegistryValue | None
    """None: it is absent, or a key."""
    root: RegistryKey
    """The hive's root key."""
    state: State
    content: Buffer
    """The whole hive."""

    @property
    def minor_version(self) -> int:
        """Of the format, as the base block says."""
        return self.number(_MINOR_VERSION)

    def number(self, offset: int) -> int:
        """The 32-bit number at an absolute offset."""
        return int.from_bytes(self.content[offset : offset + 4], "little")

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that the peer had to compare."""
        return (*self.question.names, self.question.value or "")

    def key(self) -> RegistryKey | None:
        """The key of the question, where it is there."""
        chain = descend(self.root, self.question.names)
        if len(chain) < len(self.question.names):
            return None
        return chain[-1] if chain else self.root


@dataclass(frozen=True, slots=True)
class _Defect:
    note: str
    explains: Callable[[Asked, Reply], bool]
    readers: tuple[str, ...]


def known_defect(reader: str, asked: Asked, reply: Reply) -> str | None:
    """The defect of ``reader`` that explains why it answered so, in words; None: no known one does."""
    if isinstance(reply, Unreadable) and not reply.raised:
        return None
    for defect in _DEFECTS:
        try:
            if reader in defect.readers and defect.explains(asked, reply):
                return defect.note
        except EvidenceError:  # what cannot be read cannot explain
            continue
    return None


# --- of both ----------------------------------------------------------------------------------------


def _default_name(asked: Asked, reply: Reply) -> bool:
    name = asked.question.value
    if name is None or not isinstance(reply, Found | Missing):
        return False
    if upcase(name) == "(DEFAULT)":
        return True
    key = None if name else asked.key()
    return key is not None and key.value("(default)") is not None


def _old_cells(asked: Asked, _: Reply) -> bool:
    return asked.minor_version < 2  # noqa: PLR2004 - cells lost their second field with format version 1.2


def _big_data_before_its_time(asked: Asked, _: Reply) -> bool:
    value = asked.value
    if value is None or asked.minor_version > 3:  # noqa: PLR2004 - db cells came with format version 1.4
        return False
    return len(value.data) > _SEGMENT and value.data.startswith(b"db")


def _misread(asked: Asked, reply: Reply) -> RegistryValue | None:
    """The value, where the peer found it too and can only have stumbled over its data."""
    match asked.value, reply:
        case (value, Unreadable()) if value is not None:
            return value
        case (value, Found(type=kind)) if value is not None and kind == value.type:
            return value
        case _:
            return None


# --- of python-registry -----------------------------------------------------------------------------


def _no_resident_list(asked: Asked, reply: Reply) -> bool:
    match asked.value, reply:
        case (value, Found(type=ValueType.REG_MULTI_SZ, data=b"")) if value is not None:
            return value.type == ValueType.REG_MULTI_SZ and len(value.data) <= _RESIDENT
        case _:
            return False


def _padded_resident(asked: Asked, reply: Reply) -> bool:
    match asked.value, reply:
        case (value, Found(type=kind, data=bytes(data))) if value is not None and kind == value.type:
            return len(value.data) < _RESIDENT == len(data) and data.startswith(value.data)
        case _:
            return False


def _number_of_any_size(asked: Asked, reply: Reply) -> bool:
    value = _misread(asked, reply)
    return value is not None and _is_odd_sized(value)


def _is_odd_sized(value: RegistryValue) -> bool:
    return len(value.data) != _NUMBER_SIZES.get(value.type, len(value.data))


def _small_cell_misread(asked: Asked, reply: Reply) -> bool:
    """Whether the type field or the offset field was given for data of at most 4 bytes.

    It looks for a REG_DWORD_BIG_ENDIAN outside the value cell always, and for others inside always.
    """
    match asked.value, reply:
        case (value, Found(type=kind, data=bytes(data))) if value is not None and kind == value.type:
            if not data or len(value.data) > _RESIDENT or value.offset is None:
                return False
            taken = (asked.number(value.offset + field) for field in (_OFFSET_FIELD, _TYPE_FIELD))
            return data in {number.to_bytes(4, "little")[: len(data)] for number in taken}
        case _:
            return False


def _type_cut_to_12_bits(asked: Asked, reply: Reply) -> bool:
    match asked.value, reply:
        case (value, Found(type=kind)) if value is not None:
            return kind == value.type & 0xFFF != value.type
        case _:
            return False


def _file_time_misplaced(asked: Asked, reply: Reply) -> bool:
    value = _misread(asked, reply)
    return value is not None and value.type == _FILE_TIME and not _RESIDENT < len(value.data) <= _SEGMENT


def _names_in_windows_1252(asked: Asked, reply: Reply) -> bool:
    return _is_about_names(asked, reply) and any(not _WINDOWS_1252.isdisjoint(name) for name in asked.names)


def _is_about_names(asked: Asked, reply: Reply) -> bool:
    """Whether the peer found what is not there or did not find what is."""
    return not (asked.present and isinstance(reply, Found))


def _folded_by_lower(asked: Asked, reply: Reply) -> bool:
    return _is_folded(asked, reply, str.lower)


def _is_folded(asked: Asked, reply: Reply, fold: Callable[[str], str]) -> bool:
    """Whether who compares names by ``fold`` does as the peer did, and who compares as Windows as was done."""
    if isinstance(reply, Unreadable) or not _is_about_names(asked, reply):
        return False
    return _finds(asked, fold) is isinstance(reply, Found) and _finds(asked, upcase) is asked.present


def _finds(asked: Asked, fold: Callable[[str], str]) -> bool:
    key = asked.root
    for name in asked.question.names:
        below = next((each for each in key.subkeys() if fold(each.name) == fold(name)), None)
        if below is None:
            return False
        key = below
    wanted = asked.question.value
    return wanted is None or any(fold(value.name) == fold(wanted) for value in key.values())


# --- of regipy --------------------------------------------------------------------------------------


def _root_elsewhere(asked: Asked, _: Reply) -> bool:
    return asked.number(_ROOT_OFFSET) != _FIRST_CELL


def _list_end_ignored(asked: Asked, reply: Reply) -> bool:
    match asked.value, reply:
        case (value, Found(type=ValueType.REG_MULTI_SZ, data=tuple(strings))) if value is not None:
            return value.type == ValueType.REG_MULTI_SZ and strings == _terminated_strings(value.data)
        case _:
            return False


def _terminated_strings(data: bytes) -> tuple[str, ...]:
    """Every non-empty string that a NUL ends, up to the first that is no UTF-16."""
    found = []
    start = 0
    for end in range(0, len(data) - 1, 2):
        if data[end : end + 2] == b"\0\0":
            try:
                found.append(data[start:end].decode("utf-16-le"))
            except UnicodeDecodeError:
                break
            start = end + 2
    return tuple(text for text in found if text)


def _text_taken_for_utf_8(asked: Asked, reply: Reply) -> bool:
    match asked.value, reply:
        case (value, Found(type=kind, data=str(text))) if value is not None and kind == value.type:
            return _decoded(value.data, "utf-16-le") is None and text == _decoded(value.data, "utf-8")
        case _:
            return False


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding).rstrip("\0")
    except UnicodeDecodeError:
        return None


def _names_in_ascii(asked: Asked, reply: Reply) -> bool:
    return isinstance(reply, Missing) and any(
        "\x7f" < max(name, default="") <= "\xff" for name in asked.names
    )


def _folded_by_upper(asked: Asked, reply: Reply) -> bool:
    return _is_folded(asked, reply, str.upper)


def _resident_read_as_cell(asked: Asked, reply: Reply) -> bool:
    value = _misread(asked, reply)
    return value is not None and value.type not in _INSIDE and len(value.data) <= _RESIDENT


def _big_data_left_in_segments(asked: Asked, reply: Reply) -> bool:
    value = _misread(asked, reply)
    return value is not None and value.type not in _WIDE and len(value.data) > _SEGMENT


def _odd_type(asked: Asked, reply: Reply) -> bool:
    match asked.value, reply:
        case (value, Missing(what="value")) if value is not None:
            return value.type == _NO_TYPE
        case (value, Found(type=kind)) if value is not None:
            return value.type > 0xFFFF0000 and kind == value.type & 0xFFFF  # noqa: PLR2004 - its own limit
        case _:
            return False


def _stopped_at_damage(asked: Asked, reply: Reply) -> bool:
    """Whether the key's list holds a value that cannot be read, at which regipy ends without a word."""
    if asked.value is None or reply != Missing("value"):
        return False
    key = asked.key()
    if key is None or key.offset is None:
        return False
    return sum(1 for _ in key.values()) < asked.number(key.offset + _NUMBER_OF_VALUES)


_PYTHON_REGISTRY = ("python-registry",)
_REGIPY = ("regipy",)
_DEFECTS = (
    _Defect("it does not know the cells of format version 1.1", _old_cells, (*_PYTHON_REGISTRY, *_REGIPY)),
    _Defect(
        "it calls the unnamed value (default), as a value of that name would be",
        _default_name,
        (*_PYTHON_REGISTRY, *_REGIPY),
    ),
    _Defect(
        "it takes data that begin with 'db' for segmented data, which this version of the format has not",
        _big_data_before_its_time,
        (*_PYTHON_REGISTRY, *_REGIPY),
    ),
    _Defect("it gives no bytes of a REG_MULTI_SZ of at most 4 bytes", _no_resident_list, _PYTHON_REGISTRY),
    _Defect("it gives 4 bytes where the value has fewer", _padded_resident, _PYTHON_REGISTRY),
    _Defect(
        "it looks in the wrong place for data of this type and size", _file_time_misplaced, _PYTHON_REGISTRY
    ),
    _Defect("it gives a number's usual size, whatever the value's", _number_of_any_size, _PYTHON_REGISTRY),
    _Defect("it looks in the wrong place for data of at most 4 bytes", _small_cell_misread, _PYTHON_REGISTRY),
    _Defect("it cuts type numbers to 12 bits", _type_cut_to_12_bits, _PYTHON_REGISTRY),
    _Defect("it decodes names as windows-1252", _names_in_windows_1252, _PYTHON_REGISTRY),
    _Defect("it folds case as Python does, not as Windows does", _folded_by_lower, _PYTHON_REGISTRY),
    _Defect(
        "it takes the first cell for the root key; in this hive the root lies elsewhere",
        _root_elsewhere,
        _REGIPY,
    ),
    _Defect(
        "it shows every string of a REG_MULTI_SZ that is not empty and that a NUL ends, also behind the "
        "list's end, and leaves out one that no NUL ends",
        _list_end_ignored,
        _REGIPY,
    ),
    _Defect("it takes text that is no UTF-16 for UTF-8", _text_taken_for_utf_8, _REGIPY),
    _Defect("it decodes names as ASCII", _names_in_ascii, _REGIPY),
    _Defect("it folds case as Python does, not as Windows does", _folded_by_upper, _REGIPY),
    _Defect("it takes a number to have its usual size", _number_of_any_size, _REGIPY),
    _Defect("it looks for data of this type outside the value cell", _resident_read_as_cell, _REGIPY),
    _Defect("it does not put together segmented data of this type", _big_data_left_in_segments, _REGIPY),
    _Defect("it skips or renumbers values of this type", _odd_type, _REGIPY),
    _Defect("it ends a list of values silently at a damaged one", _stopped_at_damage, _REGIPY),
)
