from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures._case import CLSID, OTHER
from iiscluster_kb.articles._extension_list import Listing, add_extension, read_extensions
from iiscluster_kb.registry import RegistryValue, ValueType, fold, multi_sz, sz

MULTI = ValueType.REG_MULTI_SZ
BARE = CLSID.strip("{}")


def read(data: bytes, kind: int = MULTI) -> Listing:
    return read_extensions(RegistryValue("AdminExtensions", kind, data), CLSID).listing


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(multi_sz(CLSID), Listing.OK, id="alone"),
        pytest.param(multi_sz(CLSID.lower()), Listing.OK, id="lower case"),
        pytest.param(multi_sz(OTHER, CLSID), Listing.OK, id="after another"),
        pytest.param(multi_sz(CLSID) + b"\xde\xad\xbe\xef", Listing.OK, id="rubbish behind the list"),
        pytest.param(multi_sz(CLSID) + b"\x00", Listing.OK, id="odd byte behind the list"),
        pytest.param(multi_sz(CLSID)[:-1], Listing.UNTERMINATED, id="half of the last NUL"),
        pytest.param(multi_sz(CLSID)[:-2], Listing.UNTERMINATED, id="one NUL"),
        pytest.param(multi_sz(CLSID)[:-4], Listing.UNTERMINATED, id="no NUL"),
        pytest.param(b"", Listing.ABSENT, id="no data"),
        pytest.param(b"\0", Listing.ABSENT, id="one byte"),
        pytest.param(multi_sz(), Listing.ABSENT, id="empty list"),
        pytest.param(multi_sz(OTHER), Listing.OTHER_ONLY, id="another only"),
        pytest.param(b"\0\0" + multi_sz(CLSID), Listing.HIDDEN, id="empty string first"),
        pytest.param(multi_sz(OTHER) + multi_sz(CLSID), Listing.HIDDEN, id="behind the end"),
        pytest.param(multi_sz(BARE), Listing.NO_BRACES, id="no braces"),
        pytest.param(multi_sz("{" + BARE), Listing.NO_BRACES, id="one brace"),
        pytest.param(multi_sz(f" {CLSID}"), Listing.NO_BRACES, id="leading space"),
        pytest.param(multi_sz(f"{{ {BARE} }}"), Listing.NO_BRACES, id="inner spaces"),
        pytest.param(CLSID.encode() + b"\0\0", Listing.WRONG_TYPE, id="8-bit"),
        pytest.param(multi_sz(CLSID).decode("latin-1").encode("utf-16-le"), Listing.WRONG_TYPE, id="twice"),
    ],
)
def test_each_form_of_a_list(data: bytes, expected: Listing) -> None:
    assert read(data) is expected


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 0x12])
def test_any_other_type_is_the_wrong_type(kind: int) -> None:
    assert read(multi_sz(CLSID), kind) is Listing.WRONG_TYPE
    assert read(sz("x"), kind) is Listing.WRONG_TYPE


def test_the_explanation_names_the_others_in_bounds() -> None:
    many = multi_sz(*(f"{{{n:08X}-0000-0000-0000-000000000000}}" for n in range(50)))
    told = read_extensions(RegistryValue("a", MULTI, many), CLSID).explanation
    assert "{00000000-" in told
    assert len(told) < 500


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(None, (CLSID,), id="absent"),
        pytest.param((MULTI, multi_sz(OTHER)), (OTHER, CLSID), id="appended"),
        pytest.param((MULTI, multi_sz(BARE, OTHER)), (CLSID, OTHER), id="mended in place"),
        pytest.param((MULTI, b"\0\0" + multi_sz(CLSID)), (CLSID,), id="brought out"),
        pytest.param((MULTI, multi_sz(OTHER) + multi_sz(CLSID)), (OTHER, CLSID), id="joined"),
        pytest.param((MULTI, multi_sz(OTHER, OTHER.lower())), (OTHER, CLSID), id="nothing twice"),
        pytest.param((1, sz(OTHER)), (OTHER, CLSID), id="from text"),
        pytest.param((3, multi_sz(OTHER)), (OTHER, CLSID), id="from binary"),
        pytest.param(
            (MULTI, CLSID.encode() + b"\0" + OTHER.encode() + b"\0\0"), (CLSID, OTHER), id="from 8-bit"
        ),
        pytest.param((MULTI, multi_sz("odd one", OTHER)), ("odd one", OTHER, CLSID), id="strangers stay"),
        pytest.param((4, b"\1\0\0\0"), (CLSID,), id="from a number"),
    ],
)
def test_what_was_listed_stays(before: tuple[int, bytes] | None, expected: tuple[str, ...]) -> None:
    value = RegistryValue("adminextensions", *before) if before else None
    after = add_extension(value, CLSID, name="AdminExtensions")
    assert after.strings() == expected
    assert after.data == multi_sz(*expected)
    assert after.name == ("adminextensions" if before else "AdminExtensions")


DATA = st.one_of(
    st.binary(max_size=200),
    st.lists(st.sampled_from([CLSID, OTHER, BARE, "", " ", "x", CLSID.lower()]), max_size=5).map(
        lambda s: multi_sz(*s)
    ),
)


@given(DATA, st.integers(0, 0x20))
def test_adding_always_gives_a_sound_list_and_loses_nothing_visible(data: bytes, kind: int) -> None:
    before = RegistryValue("AdminExtensions", kind, data)
    after = add_extension(before, CLSID, name="AdminExtensions")
    assert read_extensions(after, CLSID).listing is Listing.OK
    listed = [fold(text) for text in after.strings()]
    assert len(set(listed)) == len(listed)
    if kind == MULTI and read(data) in {Listing.OTHER_ONLY, Listing.OK}:
        assert {fold(text) for text in before.strings()} <= {*listed, fold(CLSID), fold(BARE)}


@given(DATA)
def test_a_sound_list_is_left_as_it_is(data: bytes) -> None:
    once = add_extension(RegistryValue("a", MULTI, data), CLSID, name="a")
    assert add_extension(once, CLSID, name="a") == once
