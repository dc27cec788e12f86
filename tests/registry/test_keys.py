from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.registry import HKLM, KeyPath, fold, upcase

_PARTS = st.lists(st.text(st.characters(exclude_characters="\\"), min_size=1, max_size=8), max_size=4)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (r"HKLM\Cluster", r"HKEY_LOCAL_MACHINE\Cluster"),
        ("hkey_local_machine", "HKEY_LOCAL_MACHINE"),
        (r" \HKLM\\a\ ", r"HKEY_LOCAL_MACHINE\a"),
        (r"HKCR\CLSID", r"HKEY_LOCAL_MACHINE\SOFTWARE\Classes\CLSID"),
        (r"HKEY_CLASSES_ROOT", r"HKEY_LOCAL_MACHINE\SOFTWARE\Classes"),
        (r"HKU\.DEFAULT", r"HKEY_USERS\.DEFAULT"),
        (r"HKCU\Software", r"HKEY_CURRENT_USER\Software"),
        (r"HKCC\System", r"HKEY_CURRENT_CONFIG\System"),
        (r"\Registry\Machine\SYSTEM", r"HKEY_LOCAL_MACHINE\SYSTEM"),
        (r"\REGISTRY\USER\S-1", r"HKEY_USERS\S-1"),
    ],
)
def test_parse(text: str, path: str) -> None:
    assert str(KeyPath.parse(text)) == path


@pytest.mark.parametrize("text", ["", "\\", "Cluster", r"\Registry\Nowhere\x", "Registry"])
def test_parse_needs_a_root(text: str) -> None:
    with pytest.raises(ValueError, match="no registry root"):
        KeyPath.parse(text)


def test_paths_compare_as_windows_compares() -> None:
    path = KeyPath.parse(r"HKLM\SYSTEM\caf" + "\xe9")
    same = KeyPath.parse(r"hklm\System\CAF" + "\xc9")
    assert path == same
    assert hash(path) == hash(same)
    assert path != HKLM
    assert path != str(path)
    assert path > HKLM
    assert sorted([path, HKLM]) == [HKLM, path]


def test_parts_of_a_path() -> None:
    path = HKLM / r"Cluster\ResourceTypes" / "IIS Server Instance"
    assert path.name == "IIS Server Instance"
    assert path.parent == HKLM / "cluster" / "resourcetypes"
    assert path.short == r"HKLM\Cluster\ResourceTypes\IIS Server Instance"
    assert HKLM.parent is None
    assert path.is_within(HKLM / "CLUSTER")
    assert path.is_within(path)
    assert not path.is_within(HKLM / "Cluster\\Resource")
    assert path.below(HKLM / "Cluster") == ("ResourceTypes", "IIS Server Instance")
    assert KeyPath(("OTHER", "x")).short == "OTHER\\x"


@pytest.mark.parametrize(
    ("text", "upper"),
    [
        ("abc", "ABC"),
        ("caf\xe9", "CAF\xc9"),
        ("\xdf", "\xdf"),
        ("\u0131\u017f\xb5", "\u0131\u017f\xb5"),
        ("\u0450", "\u0400"),
        ("\U00010428", "\U00010428"),
        ("\ud800", "\ud800"),
    ],
)
def test_upcase_maps_unit_to_unit(text: str, upper: str) -> None:
    assert upcase(text) == upper


@given(st.text())
def test_upcase_keeps_lengths_and_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert len(fold(text)) == len(text)


@given(_PARTS, _PARTS)
def test_a_key_lies_within_each_key_above_it(above: list[str], below: list[str]) -> None:
    top = KeyPath(("HKEY_LOCAL_MACHINE", *above))
    path = top / "\\".join(below)
    assert path.is_within(top)
    assert path.below(top) == tuple(below)
