from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.registry import KeyPath, RegistryValue, multi_sz, sz
from iiscluster_kb.registry import reg_source as source
from iiscluster_kb.registry.reg_text import Dialect, KeyEntry, ValueEntry, parse_reg

if TYPE_CHECKING:
    from collections.abc import Callable

    from iiscluster_kb.registry.reg_text import RegDocument

A = KeyPath.parse(r"HKLM\A")
V4 = "REGEDIT4\r\n\r\n"
V5 = "Windows Registry Editor Version 5.00\r\n\r\n"
WIDE = "utf-16-le"


def read_4(body: str, encoding: str = "cp1252") -> RegDocument:
    return parse_reg((V4 + body).encode(encoding))


def values(document: RegDocument) -> dict[str, tuple[int, bytes]]:
    return {
        entry.value.name: (entry.value.type, entry.value.data)
        for entry in document.entries
        if isinstance(entry, ValueEntry)
    }


@pytest.mark.parametrize(
    ("encode", "name"),
    [
        (lambda text: text.encode("utf-16"), WIDE),
        (lambda text: text.encode(WIDE), WIDE),
        (lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"), "utf-16-be"),
        (lambda text: text.encode("utf-16-be"), "utf-16-be"),
        (lambda text: text.encode("utf-8"), "utf-8"),
        (lambda text: text.encode("utf-8-sig"), "utf-8"),
        (lambda text: text.encode("cp1252"), "cp1252"),
    ],
)
def test_every_encoding_gives_the_same_text(encode: Callable[[str], bytes], name: str) -> None:
    document = parse_reg(encode(V5 + '[HKEY_LOCAL_MACHINE\\caf\xe9]\r\n"\u20ac"="\xfc"\r\n\r\n'))
    assert document.encoding == name
    key = KeyPath.parse("HKLM\\caf\xe9")
    assert document.entries == (KeyEntry(key), ValueEntry(key, RegistryValue("\u20ac", 1, sz("\xfc"))))
    assert document.dialect is Dialect.VERSION_5
    assert document.problems == ()


def test_ascii_is_called_ascii() -> None:
    assert read_4("[HKLM\\A]\r\n\r\n").encoding == "ascii"


def test_code_page_of_several_bytes() -> None:
    body = V4 + '[HKLM\\\u65e5]\r\n"v"=hex(7):93,fa,00,00\r\n"bad"=hex(7):93\r\n\r\n'
    document = parse_reg(body.encode("cp932"), ansi="cp932")
    assert document.encoding == "cp932"
    assert values(document) == {"v": (7, multi_sz("\u65e5"))}
    assert [(p.line, p.reason) for p in document.problems] == [(5, "bytes that are no cp932")]
    broken = parse_reg((V4 + "[HKLM\\A]\r\n").encode() + b'"\x93"="x"\r\n\r\n', ansi="cp932")
    assert [p.reason for p in broken.problems] == ["bytes that are no cp932"]


def test_utf8_as_ansi_code_page() -> None:
    assert read_4("[HKLM\\\u4e2d]\r\n\r\n", "utf-8").entries == (KeyEntry(KeyPath.parse("HKLM\\\u4e2d")),)
    document = parse_reg((V4 + "[HKLM\\A]\r\n").encode() + b'"\x93"="x"\r\n\r\n', ansi="utf-8")
    assert [p.reason for p in document.problems] == ["bytes that are no utf-8"]


def test_mark_of_utf8_before_other_bytes() -> None:
    data = codecs.BOM_UTF8 + (V4 + "[HKLM\\A]\r\n").encode() + b'[HKLM\\\xe9]\r\n"v"=dword:1\r\n\r\n'
    document = parse_reg(data)
    assert document.entries == (KeyEntry(A),)
    assert [p.reason for p in document.problems] == [
        "bytes that are no utf-8",
        "a value without a key above it",
    ]


def test_unknown_code_page() -> None:
    with pytest.raises(LookupError):
        parse_reg(b"REGEDIT4\n", ansi="cp0")


def test_half_a_character_at_the_end() -> None:
    document = parse_reg((V5 + "[HKLM\\A]\r\n").encode("utf-16") + b"\r")
    assert [(p.line, p.reason) for p in document.problems] == [(4, "the file ends inside a character")]


@pytest.mark.parametrize("chunk", [2, 6, 64])
def test_the_window_hides_no_seam(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    body = (
        '[HKLM\\A]\r\n; c\r\n"a\\"\\\\"="l1\r\nl2"\r\n"h"=hex:01,\\\r\n02,\\ \r\n  03\r\nbad line\r\n"o"="x\r\n'
        '"d"=dword:00000001 ; c\r\n\r\n   \r\n[HKLM\\\U0001f600]\r\n@="\u20ac\U0001f600"\r\n"n"=-\r\n\r\n'
    )
    whole = {encoding: parse_reg((V5 + body).encode(encoding)) for encoding in ("utf-16", "utf-8")}
    assert len(whole["utf-8"].entries) == 7
    monkeypatch.setattr(source, "_CHUNK", chunk)
    for encoding, expected in whole.items():
        found = parse_reg((V5 + body).encode(encoding))
        assert found == expected
        assert [str(e) for e in found.entries] == [str(e) for e in expected.entries]


def test_an_entry_longer_than_any_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_CHUNK", 16)
    monkeypatch.setattr(source, "_LONGEST_ENTRY", 64)
    with pytest.raises(EvidenceError, match="line 3: an entry of more than"):
        read_4('"' + "x" * 400)


def test_long_lines() -> None:
    document = read_4('[HKLM\\A]\r\n"v"=hex:' + "ab," * 500_000 + "cd\r\n\r\n")
    assert values(document) == {"v": (3, b"\xab" * 500_000 + b"\xcd")}
    document = read_4('[HKLM\\A]\r\n"v"="' + "x" * 1_500_000 + '"\r\n\r\n')
    assert values(document) == {"v": (1, sz("x" * 1_500_000))}
