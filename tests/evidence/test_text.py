from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.evidence import _text
from iiscluster_kb.evidence._text import Decoded, decode, lines, looks_like_text

GERMAN = " Verzeichnis von C:\\Grüße\r\n 1.234 für Übergröße\r\n"
FRENCH = " Répertoire de C:\\Été\r\n 54\xa0099 à la crème.txt\r\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-8", "cp850", "cp437", "cp1252"]
)
@pytest.mark.parametrize("text", [GERMAN, FRENCH, "El número de serie: año, señal, índice\n"])
def test_text_is_told_in_every_encoding(text: str, encoding: str) -> None:
    if encoding == "cp437" and "í" not in text.encode("cp437", "ignore").decode("cp437"):
        text = text.replace("í", "i")
    assert decode(text.encode(encoding)).text == text


def test_big_endian_mark() -> None:
    assert decode(b"\xfe\xff" + "dir".encode("utf-16-be")) == Decoded("dir", "utf-16-be")


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"", "ascii"),
        (b"plain\r\n", "ascii"),
        ("grün".encode(), "utf-8"),
        ("grün".encode("cp850"), "cp850"),
        ("grün".encode("cp1252"), "cp1252"),
        ("d\u2019accord, l\u2019été".encode("cp1252"), "cp1252"),
        ("54\xa0099".encode("cp850"), "cp850"),
        ("54\xa0099".encode("cp1252"), "cp1252"),
        ("\u2592\u2592 \u250c\u2500\u2510".encode("cp437"), "cp850"),
        (b"\x9b5 and \x9d7, \xe3r\xf7", "cp850"),
    ],
)
def test_the_encoding_is_named(data: bytes, encoding: str) -> None:
    assert decode(data).encoding == encoding


def test_a_capital_behind_a_small_letter_speaks_against_a_code_page() -> None:
    # 0xC9 is É in 1252 and a box in the OEM code pages; 0xE9 is é and in 850 Ú.
    assert decode(b"\xc9TAT R\xe9pertoire").encoding == "cp1252"
    assert decode("ÀÉÈ".encode("cp1252")).text == "ÀÉÈ"


def test_where_one_page_alone_has_a_letter_between_capitals() -> None:
    assert decode("GRÖSSE".encode("cp850")).text == "GRÖSSE"
    assert decode(b"AB\xe0CD").text == "ABÓCD"


@pytest.mark.parametrize("cut", range(1, 4))
def test_a_character_cut_off_by_the_end_does_not_change_the_encoding(cut: int) -> None:
    assert decode("größe \U0001f4be".encode()[:-cut]) == Decoded("größe ", "utf-8")
    assert decode("\ufeffdir".encode("utf-16-le")[:-1]) == Decoded("di", "utf-16-le")


def test_only_so_many_bytes_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_text, "TEXT_LIMIT", 4)
    assert decode(b"123456").text == "1234"


def test_only_so_many_words_are_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_text, "_WORDS", 1)
    assert decode("für ähnlich".encode("cp850")).text == "für ähnlich"


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    decode(data)
    looks_like_text(data)


@given(st.text(alphabet=st.characters(codec="cp1252", exclude_categories=["Cc"]), max_size=50))
def test_marked_text_comes_back(text: str) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize(
    "data", [b"", b"MZ\x90\x00\x03\x00", b"regf\x01\x00\x00\x00" * 8, b"a\x00\x00\x00b", b"\x7f"]
)
def test_what_is_no_text(data: bytes) -> None:
    assert not looks_like_text(data)


@pytest.mark.parametrize("data", [b"dir\r\n\x1a", "größe".encode("cp850"), "dir\r\n".encode("utf-16")])
def test_what_is_text(data: bytes) -> None:
    assert looks_like_text(data)


@pytest.mark.parametrize("chunk", [1, 2, 3, 1 << 20])
def test_lines_are_numbered_and_say_whether_they_are_ended(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_text, "_CHUNK", chunk)
    assert list(lines("a\r\n\nb\r\r\nlong")) == [
        (1, "a", True),
        (2, "", True),
        (3, "b", True),
        (4, "long", False),
    ]
    assert list(lines("a\n")) == [(1, "a", True)]
    assert list(lines("")) == []
