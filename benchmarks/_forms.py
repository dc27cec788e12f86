"""Values at which writers and readers of .reg text have gone wrong, each alone in a key of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from _hive_sources import ROOT

from iiscluster_kb.registry import HKLM, RegistryValue, ValueType, multi_sz, sz

if TYPE_CHECKING:
    from iiscluster_kb.registry import KeyPath

__all__ = ["FORMS", "ROOT", "TOP", "Form"]

TOP = HKLM / "SOFTWARE\\Forms"
_GUID = "{92BF7500-974C-11D0-A5F2-00A0C922E752}"


@dataclass(frozen=True, slots=True)
class Form:
    """A value, and the key that holds it."""

    key: KeyPath
    value: RegistryValue

    def __str__(self) -> str:
        return (
            f"{self.value.type_name} {self.value.name!r}, {len(self.value.data)} bytes, in {self.key.name!r}"
        )


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


_VALUES = (
    RegistryValue("", ValueType.REG_SZ, sz("unnamed")),
    RegistryValue("one", ValueType.REG_MULTI_SZ, multi_sz(_GUID)),
    RegistryValue("three", ValueType.REG_MULTI_SZ, multi_sz("{A}", "{B b}", "{C\\c}")),
    RegistryValue("empty first", ValueType.REG_MULTI_SZ, _wide("\0{B}\0\0")),
    RegistryValue("empty between", ValueType.REG_MULTI_SZ, _wide("{A}\0\0{B}\0\0")),
    RegistryValue("no string", ValueType.REG_MULTI_SZ, _wide("\0\0")),
    RegistryValue("no byte", ValueType.REG_MULTI_SZ, b""),
    RegistryValue("unterminated", ValueType.REG_MULTI_SZ, _wide("{A}")),
    RegistryValue("one NUL", ValueType.REG_MULTI_SZ, _wide("{A}\0")),
    RegistryValue("odd", ValueType.REG_MULTI_SZ, multi_sz("{A}") + b"x"),
    RegistryValue("in ANSI", ValueType.REG_MULTI_SZ, b"{A}\0\0"),
    RegistryValue("beyond ASCII", ValueType.REG_MULTI_SZ, multi_sz("caf\u00e9", "\u4e2d\u6587")),
    RegistryValue("path", ValueType.REG_EXPAND_SZ, sz("%SystemRoot%\\x y.dll")),
    RegistryValue("no NUL", ValueType.REG_SZ, _wide("no NUL")),
    RegistryValue("two NULs", ValueType.REG_SZ, _wide("two\0\0")),
    RegistryValue("NUL inside", ValueType.REG_SZ, _wide("a\0b\0")),
    RegistryValue("empty", ValueType.REG_SZ, sz("")),
    RegistryValue("no byte", ValueType.REG_SZ, b""),
    RegistryValue("quotes", ValueType.REG_SZ, sz('say "hi" \\ back')),
    RegistryValue("lines", ValueType.REG_SZ, sz("one\r\ntwo\nthree")),
    RegistryValue("tab", ValueType.REG_SZ, sz("a\tb")),
    RegistryValue("beyond ASCII", ValueType.REG_SZ, sz("na\u00efve \u20ac \u4e2d\u6587")),
    RegistryValue("beyond the first plane", ValueType.REG_SZ, sz("\U0001f600")),
    RegistryValue("half a pair", ValueType.REG_SZ, _wide("A\ud800B\0")),
    RegistryValue("long", ValueType.REG_SZ, sz("x" * 5000)),
    RegistryValue("semicolon", ValueType.REG_SZ, sz("; no comment")),
    RegistryValue("number", ValueType.REG_DWORD, bytes.fromhex("efbeadde")),
    RegistryValue("short number", ValueType.REG_DWORD, b"\1\2"),
    RegistryValue("number of no byte", ValueType.REG_DWORD, b""),
    RegistryValue("big-endian", ValueType.REG_DWORD_BIG_ENDIAN, b"\0\0\0\n"),
    RegistryValue("eight bytes", ValueType.REG_QWORD, bytes.fromhex("efcdab8967452301")),
    RegistryValue("nothing", ValueType.REG_NONE, b""),
    RegistryValue("something", ValueType.REG_NONE, b"\1\2"),
    RegistryValue("link", ValueType.REG_LINK, _wide("\\Registry\\Machine\\X")),
    RegistryValue("resources", ValueType.REG_RESOURCE_LIST, bytes(range(16))),
    RegistryValue("type above 11", 0x100000, b"\1"),
    RegistryValue("type of a device property", 0xFFFF0012, b"\xaa\xbb"),
    RegistryValue("no byte", ValueType.REG_BINARY, b""),
    RegistryValue("one byte", ValueType.REG_BINARY, b"\xff"),
    RegistryValue("several lines", ValueType.REG_BINARY, bytes(range(100))),
    RegistryValue("n" * 90, ValueType.REG_BINARY, bytes(range(30))),
    RegistryValue('a "quoted" name', ValueType.REG_SZ, sz("1")),
    RegistryValue("back\\slashes\\", ValueType.REG_SZ, sz("2")),
    RegistryValue("a[br]acket=eq;semi", ValueType.REG_SZ, sz("3")),
    RegistryValue("caf\u00e9", ValueType.REG_SZ, sz("4")),
    RegistryValue("\u4e2d\u6587\u20ac", ValueType.REG_SZ, sz("5")),
    RegistryValue(" blanks around ", ValueType.REG_SZ, sz("6")),
    RegistryValue("@", ValueType.REG_SZ, sz("an at sign for a name")),
)
_KEYS = ("br]ack[et", 'q"uote', "sp ace", "caf\u00e9 \u4e2d", "-dash", "sla/sh")

FORMS = (
    *(Form(TOP / f"{number:03}", value) for number, value in enumerate(_VALUES)),
    *(Form(TOP / name, RegistryValue("x", ValueType.REG_SZ, sz("1"))) for name in _KEYS),
)
