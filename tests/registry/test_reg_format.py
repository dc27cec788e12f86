from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import RemedyError
from iiscluster_kb.registry import KeyPath, RegistryValue, ValueType, multi_sz, sz
from iiscluster_kb.registry.reg_text import (
    PATCH_COMMENT,
    Dialect,
    KeyDeletion,
    KeyEntry,
    ValueDeletion,
    ValueEntry,
    format_reg,
    parse_reg,
)

if TYPE_CHECKING:
    from iiscluster_kb.registry.reg_text import Entry

A = KeyPath.parse(r"HKLM\A")
CLSID = "{92BF7500-974C-11D0-A5F2-00A0C922E752}"


def text_of(value: RegistryValue, dialect: Dialect) -> str:
    """The value's lines as written."""
    data = format_reg([ValueEntry(A, value)], dialect)
    text = data.decode("utf-16" if dialect is Dialect.VERSION_5 else "ascii")
    head, _, rest = text.partition("[HKEY_LOCAL_MACHINE\\A]\r\n")
    assert head.startswith(("REGEDIT4\r\n\r\n", "Windows Registry Editor Version 5.00\r\n\r\n"))
    return rest.removesuffix("\r\n\r\n")


def test_regedit4_to_the_byte() -> None:
    resource_type = KeyPath.parse(r"HKLM\Cluster\ResourceTypes\IIS Server Instance")
    value = RegistryValue("AdminExtensions", ValueType.REG_MULTI_SZ, multi_sz(CLSID))
    data = format_reg(
        [KeyEntry(resource_type), ValueEntry(resource_type, value)],
        Dialect.REGEDIT4,
        comments=(PATCH_COMMENT, "for NODE1"),
        parents=True,
    )
    assert data.split(b"\r\n") == [
        b"REGEDIT4",
        b"",
        b"; iiscluster-kb patch",
        b"; for NODE1",
        b"",
        b"[HKEY_LOCAL_MACHINE\\Cluster]",
        b"",
        b"[HKEY_LOCAL_MACHINE\\Cluster\\ResourceTypes]",
        b"",
        b"[HKEY_LOCAL_MACHINE\\Cluster\\ResourceTypes\\IIS Server Instance]",
        b'"AdminExtensions"=hex(7):7b,39,32,42,46,37,35,30,30,2d,39,37,34,43,2d,31,31,44,\\',
        b"  30,2d,41,35,46,32,2d,30,30,41,30,43,39,32,32,45,37,35,32,7d,00,00",
        b"",
        b"",
    ]


def test_version_5_is_utf16_with_mark() -> None:
    data = format_reg([KeyEntry(A)], Dialect.VERSION_5)
    expected = "\ufeffWindows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\A]\r\n\r\n"
    assert data == expected.encode("utf-16-le")


@pytest.mark.parametrize(
    ("value", "ansi", "wide"),
    [
        (RegistryValue("", 1, sz("x")), '@="x"', '@="x"'),
        (RegistryValue("@", 1, sz('a\\"b')), '"@"="a\\\\\\"b"', '"@"="a\\\\\\"b"'),
        (RegistryValue('q"\\', 4, b"\xef\xbe\xad\xde"), '"q\\"\\\\"=dword:deadbeef', None),
        (RegistryValue("v", 4, b"\1\2"), '"v"=hex(4):01,02', None),
        (RegistryValue("v", 3, b""), '"v"=hex:', None),
        (RegistryValue("v", 0, b"\1"), '"v"=hex(0):01', None),
        (RegistryValue("v", 11, b"\1"), '"v"=hex(b):01', None),
        (RegistryValue("v", 0xFFFF0012, b"\1"), '"v"=hex(ffff0012):01', None),
        (RegistryValue("v", 6, b"\\\0"), '"v"=hex(6):5c,00', None),
        (RegistryValue("v", 2, sz("%a%")), '"v"=hex(2):25,61,25,00', '"v"=hex(2):25,00,61,00,25,00,00,00'),
        (RegistryValue("v", 7, b""), '"v"=hex(7):', None),
    ],
)
def test_each_type_has_its_form(value: RegistryValue, ansi: str, wide: str | None) -> None:
    assert text_of(value, Dialect.REGEDIT4) == ansi
    assert text_of(value, Dialect.VERSION_5) == (wide or ansi)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        "no end".encode("utf-16-le"),
        sz("two ends\0"),
        sz("in\0side"),
        sz("line\nend"),
        sz("\x7f"),
        b"odd",
        b"\0\xd8\0\0",
    ],
)
def test_a_string_that_quotes_cannot_hold(data: bytes) -> None:
    value = RegistryValue("v", ValueType.REG_SZ, data)
    assert text_of(value, Dialect.VERSION_5) == f'"v"=hex(1):{data.hex(",")}'
    with pytest.raises(RemedyError, match="plain text that ends with one NUL"):
        text_of(value, Dialect.REGEDIT4)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (multi_sz("caf\xe9"), "not ASCII"),
        (b"odd", "not UTF-16 text"),
        (b"\0\xd8\0\0", "not UTF-16 text"),
    ],
)
@pytest.mark.parametrize("type_", [2, 7])
def test_text_that_regedit4_cannot_carry(type_: int, data: bytes, reason: str) -> None:
    value = RegistryValue("v", type_, data)
    with pytest.raises(RemedyError, match=reason):
        text_of(value, Dialect.REGEDIT4)
    (_, entry) = parse_reg(format_reg([ValueEntry(A, value)], Dialect.VERSION_5)).entries
    assert entry == ValueEntry(A, value)


def test_regedit4_quotes_ascii_only() -> None:
    value = RegistryValue("v", 1, sz("\xe9"))
    assert text_of(value, Dialect.VERSION_5) == '"v"="\xe9"'
    with pytest.raises(RemedyError):
        text_of(value, Dialect.REGEDIT4)


@pytest.mark.parametrize(
    ("name", "dialect"),
    [
        ("a\nb", Dialect.VERSION_5),
        ("a\0", Dialect.VERSION_5),
        ("\ud800", Dialect.VERSION_5),
        ("caf\xe9", Dialect.REGEDIT4),
    ],
)
def test_names_that_have_no_form(name: str, dialect: Dialect) -> None:
    with pytest.raises(RemedyError):
        format_reg([ValueDeletion(A, name)], dialect)
    with pytest.raises(RemedyError):
        format_reg([KeyEntry(A / name)], dialect)


@pytest.mark.parametrize(
    "parts",
    [
        ("HKLM", "A"),
        ("SOFTWARE",),
        ("HKEY_LOCAL_MACHINE", "a\\b"),
        ("HKEY_LOCAL_MACHINE", ""),
        ("HKEY_LOCAL_MACHINE", "a] ;b"),
    ],
)
def test_keys_that_have_no_form(parts: tuple[str, ...]) -> None:
    with pytest.raises(RemedyError):
        format_reg([KeyDeletion(KeyPath(parts))], Dialect.VERSION_5)


@pytest.mark.parametrize("type_", [-1, 1 << 32])
def test_a_type_of_more_than_32_bits(type_: int) -> None:
    with pytest.raises(RemedyError, match="32 bits"):
        text_of(RegistryValue("v", type_, b""), Dialect.VERSION_5)


@pytest.mark.parametrize("name_length", [0, 1, 20, 60, 67, 68, 69, 70, 71, 75, 90])
@pytest.mark.parametrize("size", [1, 2, 25, 26, 27, 300])
def test_hex_is_wrapped_at_80_columns(name_length: int, size: int) -> None:
    value = RegistryValue("n" * name_length, ValueType.REG_BINARY, bytes(size))
    first, *more = text_of(value, Dialect.REGEDIT4).split("\r\n")
    head = len(first.partition(":")[0]) + 1
    assert len(first) <= max(80, head + len("\\"))
    assert all(len(line) <= 80 and line.startswith("  0") for line in more)
    assert all(line.endswith(",\\") for line in more[:-1])
    (_, entry) = parse_reg(format_reg([ValueEntry(A, value)], Dialect.REGEDIT4)).entries
    assert entry == ValueEntry(A, value)


def test_sections() -> None:
    b = KeyPath.parse(r"HKLM\B")
    value = RegistryValue("v", 1, sz("x"))
    entries: list[Entry] = [
        KeyDeletion(A),
        ValueEntry(A, value),
        ValueDeletion(A, ""),
        ValueDeletion(b, "w"),
        KeyEntry(b),
        KeyEntry(A),
        KeyDeletion(b),
    ]
    root = "HKEY_LOCAL_MACHINE"
    assert format_reg(entries, Dialect.REGEDIT4).decode() == (
        f'REGEDIT4\r\n\r\n[-{root}\\A]\r\n\r\n[{root}\\A]\r\n"v"="x"\r\n@=-\r\n\r\n'
        f'[{root}\\B]\r\n"w"=-\r\n\r\n[{root}\\B]\r\n\r\n[{root}\\A]\r\n\r\n[-{root}\\B]\r\n\r\n'
    )


def test_parents_are_listed_once_and_above_their_keys() -> None:
    entries: list[Entry] = [KeyEntry(A / "b\\c"), KeyEntry(A / "B\\d"), KeyEntry(A), KeyDeletion(A / "e\\f")]
    written = parse_reg(format_reg(entries, Dialect.REGEDIT4, parents=True)).entries
    keys = [entry.key for entry in written if isinstance(entry, KeyEntry)]
    assert keys == [A, A / "b", A / "b\\c", A / "b\\d", A]


def test_nothing_to_write() -> None:
    assert format_reg([], Dialect.REGEDIT4) == b"REGEDIT4\r\n\r\n"


@pytest.mark.parametrize(
    ("text", "ansi", "wide"),
    [
        ("x\r\n[-HKEY_LOCAL_MACHINE\\A]", "; x  [-HKEY_LOCAL_MACHINE\\A]", None),
        ("a\u2028b\x85c\x0bd\0", "; a b c d", None),
        ("", ";", None),
        ("ends with \\ \\", "; ends with", None),
        (";; already", ";; already", None),
        ("\u4e2d\U0001f600\ud800", "; \\u4e2d\\U0001f600\\ud800", "; \u4e2d\U0001f600\\ud800"),
    ],
)
def test_a_comment_stays_a_comment(text: str, ansi: str, wide: str | None) -> None:
    for dialect, expected in ((Dialect.REGEDIT4, ansi), (Dialect.VERSION_5, wide or ansi)):
        document = parse_reg(format_reg([KeyEntry(A)], dialect, comments=[text]))
        assert document.comments == (expected,)
        assert document.entries == (KeyEntry(A),)
        assert document.problems == ()
