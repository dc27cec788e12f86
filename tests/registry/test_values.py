from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.registry import RegistryValue, ValueType, multi_sz, sz
from iiscluster_kb.registry.values import UnsealedValue

WIDE = "utf-16-le"


def value(type_: int, data: bytes) -> RegistryValue:
    return RegistryValue("v", type_, data)


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)))
def test_strings_of_a_list_are_what_was_put_in(strings: list[str]) -> None:
    assert value(ValueType.REG_MULTI_SZ, multi_sz(*strings)).strings() == tuple(strings)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_text_is_what_was_put_in(text: str) -> None:
    assert value(ValueType.REG_SZ, sz(text)).text() == text


@given(st.integers(0, 0xFFFFFFFF), st.binary())
def test_every_reading_answers_for_any_bytes(type_: int, data: bytes) -> None:
    found = value(type_, data)
    assert isinstance(found.strings(), tuple)
    assert found.type_name
    assert found.integer() is None or found.type in {4, 5, 11}
    assert (found.text() is None) == (type_ not in {1, 2, 6})


@pytest.mark.parametrize(
    ("text", "strings"),
    [
        ("{A}\0\0", ("{A}",)),
        ("{A}\0{B}\0\0", ("{A}", "{B}")),
        ("\0{B}\0\0", ()),
        ("{A}\0\0{B}\0\0", ("{A}",)),
        ("{A}", ("{A}",)),
        ("{A}\0", ("{A}",)),
        ("", ()),
        ("\0", ()),
    ],
)
def test_a_list_ends_at_its_first_empty_string(text: str, strings: tuple[str, ...]) -> None:
    assert value(ValueType.REG_MULTI_SZ, text.encode(WIDE)).strings() == strings


def test_an_odd_byte_and_bad_units() -> None:
    assert value(ValueType.REG_MULTI_SZ, b"a\0b").strings() == ("a",)
    assert value(ValueType.REG_SZ, b"\0\xd8a\0\0\0").text() == "\ufffda"
    assert value(ValueType.REG_SZ, b"").strings() == ("",)


@pytest.mark.parametrize(
    ("type_", "data", "number"),
    [
        (ValueType.REG_DWORD, b"\1\2\0\0", 0x201),
        (ValueType.REG_DWORD, b"\1\2", None),
        (ValueType.REG_DWORD_BIG_ENDIAN, b"\0\0\2\1", 0x201),
        (ValueType.REG_QWORD, b"\1" + bytes(7), 1),
        (ValueType.REG_QWORD, b"\1\0\0\0", None),
        (ValueType.REG_BINARY, b"\1\2\0\0", None),
    ],
)
def test_integer(type_: int, data: bytes, number: int | None) -> None:
    assert value(type_, data).integer() == number


def test_type_names() -> None:
    assert value(7, b"").type_name == "REG_MULTI_SZ"
    assert value(0x12, b"").type_name == "0x12"


def test_where_a_value_was_read_does_not_count() -> None:
    assert RegistryValue("v", 1, b"", line=3) == RegistryValue("v", 1, b"", offset=4)
    assert RegistryValue("v", 1, b"") != RegistryValue("V", 1, b"")


def test_a_value_is_like_any_other_once_it_is_sealed() -> None:
    made = UnsealedValue()
    for name, content in (("name", "v"), ("type", 1), ("data", b"x"), ("offset", 4096), ("line", None)):
        setattr(made, name, content)
    made.__class__ = RegistryValue
    assert made == RegistryValue("v", 1, b"x")
    assert (made.offset, made.line) == (4096, None)
    with pytest.raises(FrozenInstanceError):
        made.type = 2
