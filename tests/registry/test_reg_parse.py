from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.registry import KeyPath, RegistryValue, ValueType, multi_sz, sz
from iiscluster_kb.registry import reg_parse as module
from iiscluster_kb.registry.reg_text import (
    Dialect,
    KeyDeletion,
    KeyEntry,
    ValueDeletion,
    ValueEntry,
    is_reg_text,
    parse_reg,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from iiscluster_kb.registry.reg_text import RegDocument

A = KeyPath.parse(r"HKLM\A")
V4 = "REGEDIT4\r\n\r\n"
V5 = "Windows Registry Editor Version 5.00\r\n\r\n"
WIDE = "utf-16-le"


def read_4(body: str, encoding: str = "cp1252") -> RegDocument:
    return parse_reg((V4 + body).encode(encoding))


def read_5(body: str, encoding: str = "utf-16") -> RegDocument:
    return parse_reg((V5 + body).encode(encoding, "surrogatepass"))


def values(document: RegDocument) -> dict[str, tuple[int, bytes]]:
    return {
        entry.value.name: (entry.value.type, entry.value.data)
        for entry in document.entries
        if isinstance(entry, ValueEntry)
    }


def only_value(body: str, read: Callable[[str], RegDocument] = read_4) -> tuple[int, bytes]:
    document = read(f"[HKEY_LOCAL_MACHINE\\A]\r\n{body}\r\n\r\n")
    assert document.problems == ()
    (value,) = values(document).values()
    return value


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_line_ends_and_line_numbers(newline: str) -> None:
    text = (
        f'{V4}; note\r\n\r\n[HKLM\\A]\r\n"a"=hex:01,\\\r\n  02\r\n"b"=dword:1\r\n"c"=-\r\n[-HKLM\\B]\r\n\r\n'
    )
    document = parse_reg(text.replace("\r\n", newline).encode())
    assert document.entries == (
        KeyEntry(A),
        ValueEntry(A, RegistryValue("a", 3, b"\1\2")),
        ValueEntry(A, RegistryValue("b", 4, b"\1\0\0\0")),
        ValueDeletion(A, "c"),
        KeyDeletion(KeyPath.parse("HKLM\\B")),
    )
    lines = [entry.value.line if isinstance(entry, ValueEntry) else entry.line for entry in document.entries]
    assert lines == [5, 6, 8, 9, 10]
    assert document.comments == ("; note",)
    assert document.ends_with_empty_line


@pytest.mark.parametrize(
    ("text", "type_", "data"),
    [
        ('"v"="C:\\\\dir\\\\ \\"x\\" ; [y]=\t"', 1, sz('C:\\dir\\ "x" ; [y]=\t')),
        ('"v"="\\\\\\""', 1, sz('\\"')),
        ('"v"=""', 1, sz("")),
        ('"v"="l1\r\nl2\n"', 1, sz("l1\r\nl2\n")),
        ('  "v" = "spaced"  ; said Wine', 1, sz("spaced")),
        ('"v"=dword:1', 4, b"\1\0\0\0"),
        ('"v"=dword:DEADbeef', 4, bytes.fromhex("efbeadde")),
        ('"v"=DWORD: 10', 4, b"\x10\0\0\0"),
        ('"v"=hex:', 3, b""),
        ('"v"=HEX:fF', 3, b"\xff"),
        ('"v"=hex:1,2,0a', 3, b"\1\2\x0a"),
        ('"v"=hex(0):01,02', 0, b"\1\2"),
        ('"v"=hex(4):', 4, b""),
        ('"v"=hex(b):ef,cd,ab,89,67,45,23,01', 11, bytes.fromhex("efcdab8967452301")),
        ('"v"=hex(100000):01', 0x100000, b"\1"),
        ('"v"=hex(ffff0012):aa,bb', 0xFFFF0012, b"\xaa\xbb"),
        ('"v"=hex:01,\\\r\n  02,\\\r\n03,\\ \t\r\n\t04', 3, b"\1\2\3\4"),
        ('"v"=hex:\\\r\n  01', 3, b"\1"),
        ('"v"=hex(6):5c,00', 6, b"\\\0"),
    ],
)
@pytest.mark.parametrize("read", [read_4, read_5])
def test_forms_that_mean_the_same_in_both_dialects(
    text: str, type_: int, data: bytes, read: Callable[[str], RegDocument]
) -> None:
    assert only_value(text, read) == (type_, data)


def test_names() -> None:
    body = '@="default"\r\n"@"="no default"\r\n"a \\"q\\" \\\\ [b]=c;d"="x"\r\n" pad "="y"\r\n"two\nlines"="z"\r\n'
    assert list(values(read_4(f"[HKLM\\A]\r\n{body}\r\n"))) == [
        "",
        "@",
        'a "q" \\ [b]=c;d',
        " pad ",
        "two\nlines",
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (r"HKEY_LOCAL_MACHINE\a]b[c", ("a]b[c",)),
        (r"HKLM\x;y\-dash\q" + '"', ("x;y", "-dash", 'q"')),
        ("HKLM\\A\\", ("A",)),
        ("HKLM\\", ()),
        ("hkey_local_machine", ()),
        ("HKCR\\CLSID\\ x ", ("SOFTWARE", "Classes", "CLSID", " x ")),
    ],
)
def test_keys(text: str, parts: tuple[str, ...]) -> None:
    (entry,) = read_4(f"[{text}]  ; note\r\n\r\n").entries
    assert isinstance(entry, KeyEntry)
    assert entry.key.parts == ("HKEY_LOCAL_MACHINE", *parts)


@pytest.mark.parametrize("type_", [1, 2, 7])
@pytest.mark.parametrize(
    ("read", "text", "data"),
    [
        # Two samples of Q165318 and Q179154 end as "s3" does here.
        (read_4, "73,33,00,00", multi_sz("s3")),
        (read_4, "e9,81,00", "\xe9\x81\0".encode(WIDE)),
        (read_4, "73,00,33,00", "s\x003\0".encode(WIDE)),
        (read_5, "73,33,00,00", b"s3\0\0"),
        (lambda body: read_5(body, "ascii"), "73,00,33,00", "s3".encode(WIDE)),
        (lambda body: read_4(body, "utf-16"), "73,33,00,00", b"s3\0\0"),
        (lambda body: read_4(body, "utf-8-sig"), "73,33,00,00", multi_sz("s3")),
    ],
)
def test_text_in_hex(type_: int, read: Callable[[str], RegDocument], text: str, data: bytes) -> None:
    assert only_value(f'"v"=hex({type_}):{text}', read) == (type_, data)


def test_lone_surrogates_are_kept() -> None:
    assert only_value('"\udc00"="A\ud800B"', read_5) == (1, sz("A\ud800B"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense", "neither a key"),
        ('"v"', "not of a known form"),
        ('"v"=', "not of a known form"),
        ('"v="x"', "not of a known form"),
        ('"v"="x', "not of a known form"),
        ('"v"="C:\\"', "not of a known form"),
        ('"v"=str(1):"x"', "not of a known form"),
        ('"v"=dword:', "not of a known form"),
        ('"v"=dword:123456789', "not of a known form"),
        ('"v"=hex(123456789):00', "not of a known form"),
        ('"v"=hex:zz', "not of a known form"),
        ('"v"="a" b', "not of a known form"),
        ("@=hex:0,1,234", "no bytes"),
        ("@=hex:00,,01", "no bytes"),
        ("@=hex:0001", "no bytes"),
        ("@=hex:00,01,", "no bytes"),
        ("@=hex:,", "no bytes"),
        ("@=hex:00\\\r\n  01", "no bytes"),
        ("@=hex:00,\\\r\n", "continuation"),
        ("@=hex:00,\\\r\n\r\n  01", "continuation"),
        ('"v"="l1\\nl2"', "escape"),
        ('"a\\b"="x"', "escape"),
        ('"v"="C:\\"\r\n[HKEY_LOCAL_MACHINE\\B]\r\n"', "swallows a key"),
    ],
)
def test_a_line_that_cannot_be_understood(text: str, reason: str) -> None:
    document = read_4(f"[HKLM\\A]\r\n{text}\r\n\r\n[HKLM\\B]\r\n\r\n")
    assert reason in document.problems[0].reason
    assert document.problems[0].line == 4
    assert values(document) == {}
    assert KeyEntry(A) in document.entries


def test_the_next_line_is_understood_again() -> None:
    document = read_4(
        '[HKLM\\A]\r\n"v"=hex:01,\\\r\n  zz,\\\r\n  02\r\n"w"=dword:2\r\n"x"=hex:1,\\\r\n"y"=""\r\n\r\n'
    )
    assert list(values(document)) == ["w", "y"]
    assert [p.line for p in document.problems] == [4, 8]
    assert document.problems[0].text == '"v"=hex:01,\\\r\n  zz,\\\r\n  02'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[HKLM\\B", "closing bracket"),
        ("[HKEY_NONE\\B]", "no known root"),
        ("[]", "no known root"),
        ("[ HKLM\\B]", "empty name"),
        ("[- HKLM\\B]", "empty name"),
        ("[HKLM\\\\B]", "empty name"),
        ("[HKLM\\B] ; see [C]", "comment"),
        ("[HKLM\\" + "a\\" * 513 + "]", "deeper"),
    ],
)
def test_a_key_that_cannot_be_understood_takes_its_values_along(text: str, reason: str) -> None:
    document = read_4(f'[HKLM\\A]\r\n{text}\r\n"v"=dword:1\r\n\r\n')
    assert document.entries == (KeyEntry(A),)
    assert [p.line for p in document.problems] == [4, 5]
    assert reason in document.problems[0].reason


def test_values_without_a_key() -> None:
    document = read_4('"v"=dword:1\r\n[-HKLM\\A]\r\n"w"=dword:1\r\n\r\n')
    assert document.entries == (KeyDeletion(A),)
    assert [p.line for p in document.problems] == [3, 5]


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"", "line 1: the file is empty"),
        (b"\0\0\0\0", "neither"),
        (b"regf", "neither"),
        (b"REGEDIT\r\nHKEY_CLASSES_ROOT\\x = y", "neither"),
        (b"WINE REGISTRY Version 2\n;; All keys relative to REGISTRY\\\\Machine\n", "of Wine"),
        (b"Windows Registry Editor Version 6.00\r\n\r\n[HKLM\\A]\r\n\r\n", "unknown version"),
        (b"REGEDIT4\r\n\r\nnonsense\r\n", "line 3: nothing understood: neither"),
    ],
)
def test_what_is_no_reg_text(data: bytes, detail: str) -> None:
    with pytest.raises(EvidenceError, match=detail) as caught:
        parse_reg(data, name="x.reg")
    assert caught.value.path == "x.reg"


def test_header_alone_lists_nothing() -> None:
    assert parse_reg(b"REGEDIT4").entries == ()


def test_comments_and_empty_lines_before_the_header_are_passed_over() -> None:
    document = parse_reg(b"\r\n; mine\r\nREGEDIT4 \r\n\r\n;two \r\n[HKLM\\A]\r\n; late\r\n\r\n")
    assert (document.dialect, document.has_header) == (Dialect.REGEDIT4, True)
    assert document.comments == ("; mine", ";two")


def test_without_a_header_only_plain_utf16_is_text() -> None:
    data = b'[HKLM\\A]\n"w"=hex(7):61,00,00,00,00,00\n"n"=hex(2):\n"b"=hex:41\n"a"=hex(7):61,62,00,00\n"o"=hex(1):00\n\n'
    document = parse_reg(data)
    assert (document.dialect, document.has_header) == (Dialect.VERSION_5, False)
    assert values(document) == {"w": (7, multi_sz("a")), "n": (2, b""), "b": (3, b"A")}
    assert [p.line for p in document.problems] == [5, 6]


def test_joined_exports_keep_their_dialects() -> None:
    text = '{}[HKLM\\A]\r\n"v"=hex(7):73,33,00,00\r\n\r\n'
    joined = text.format(V5).encode() + text.format("REGEDIT4\r\n\r\n").encode()
    document = parse_reg(joined + b'REGEDIT4\r\n"lost"=dword:1\r\n\r\n')
    assert document.dialect is Dialect.VERSION_5
    assert [e.value.data for e in document.entries if isinstance(e, ValueEntry)] == [
        b"s3\0\0",
        multi_sz("s3"),
    ]
    assert [p.reason for p in document.problems] == ["a value without a key above it"]


def test_joined_wide_exports_bring_their_marks_along() -> None:
    text = (V5 + "[HKLM\\A]\r\n\r\n").encode("utf-16")
    assert parse_reg(text + text).problems == ()


@pytest.mark.parametrize(
    ("end", "found", "problems", "ended"),
    [
        ('"v"=hex:00,01', 0, ["the file ends inside this line"], False),
        ('"v"=dword:00', 0, ["the file ends inside this line"], False),
        ('"v"=hex:00,\\', 0, ["a value that is not whole or not of a known form"], False),
        ('"v"=hex:00,\\\r\n', 0, ["a line that promises a continuation, and none follows"], False),
        ('"v"="x', 0, ["a value that is not whole or not of a known form"], False),
        ('"v"="x"', 1, [], False),
        ('"v"="x"\r\n', 1, [], False),
        ('"v"="x"\r\n\r\n', 1, [], True),
        ('"v"="x"\r\n;End:', 1, [], True),
        ('"v"="x"\r\n  ', 1, [], True),
        ("[HKLM\\B]\r\n", 0, [], False),
        ("[HKLM\\B]", 0, ["the file ends inside this line"], False),
        ("[HKLM\\B", 0, ["a key without its closing bracket"], False),
    ],
)
def test_how_a_text_ends(end: str, found: int, problems: list[str], ended: bool) -> None:
    document = read_4(f"[HKLM\\A]\r\n{end}")
    assert len(values(document)) == found
    assert [p.reason for p in document.problems] == problems
    assert document.ends_with_empty_line is ended


@pytest.mark.parametrize(
    "body", ["[HKLM\\A]\r\n" * 9, "bad\r\n" * 9, "; c\r\n" * 9, '[HKLM\\A]\r\n"a"=-\r\n' * 5]
)
def test_the_number_of_entries_is_limited(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WEIGHT_LIMIT", 8)
    with pytest.raises(EvidenceError, match=r"line \d+: over the limit"):
        read_4(body)


@pytest.mark.parametrize(
    "line", ['"\n', '"a"="\n', "[\n", '@="x\\\n', "]" * 9 + "\n", "@=hex:0,\\\n", "\\\n"]
)
def test_long_runs_of_bad_lines_are_read_in_proportion_to_their_length(line: str) -> None:
    document = parse_reg(f"REGEDIT4\n[HKLM\\A]\n{line * 20_000}\n".encode())
    assert document.problems


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        (b"REGEDIT4\r\n", True),
        (b"REGEDIT4", True),
        (b"REGEDIT45", False),
        (b"\xef\xbb\xbfREGEDIT4\n", True),
        ("REGEDIT4".encode("utf-16"), True),
        ("Windows Registry Editor Version 5.00\r\n".encode("utf-16-be"), True),
        (codecs.BOM_UTF16_LE + b"R\0E", False),
        (b"\r\n; c\r\n[HKEY_LOCAL_MACHINE\\Cluster]\r\n", True),
        (b"[-HKLM\\Cluster]", True),
        (b"[hklm]", True),
        (b"WINE REGISTRY Version 2\n", True),
        (b"", False),
        (b"regf\0\0", False),
        (b" Volume in drive C has no label.\r\n", False),
        (b"HKEY_LOCAL_MACHINE\\Cluster\r\n    v    REG_SZ    x\r\n", False),
        (b"[section]\r\nkey=value\r\n", False),
        (b"Key Name:          SYSTEM\\Select\r\n", False),
        (b"\xff" * 100, False),
        (b";" * 8192, False),
    ],
)
def test_recognition(head: bytes, answer: bool) -> None:
    assert is_reg_text(head) is answer


def test_value_types_are_plain_numbers() -> None:
    type_, _ = only_value('"v"="x"')
    assert type(type_) is int
    assert type_ == ValueType.REG_SZ
