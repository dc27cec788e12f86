from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.case._names import Names, safe_path


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("NODE1/SYSTEM", "NODE1/SYSTEM"),
        ("NODE1\\SYSTEM", "NODE1/SYSTEM"),
        ("../../etc/SYSTEM", "etc/SYSTEM"),
        ("..\\..\\etc\\SYSTEM", "etc/SYSTEM"),
        ("/etc/SYSTEM", "etc/SYSTEM"),
        ("C:\\WINNT\\system32\\a.dll", "C:/WINNT/system32/a.dll"),
        ("\\\\server\\share\\a", "server/share/a"),
        ("a//b/./c", "a/b/c"),
        (".../a", ".../a"),
        ("a\0b", "a%00b"),
        ("a\nb\x1b[31m", "a%0Ab%1B[31m"),
        ("caf\udce9", "caf%E9"),
        ("lone\ud800", "lone%ED%A0%80"),
        ("caf\u00e9 \u65e5\u672c", "caf\u00e9 \u65e5\u672c"),
        ("turned\u202eround", "turned%E2%80%AEround"),
    ],
)
def test_a_name_becomes_a_path_inside_the_case(name: str, path: str) -> None:
    assert safe_path(name) == path


@pytest.mark.parametrize("name", ["", ".", "..", "/", "\\", "./..//..\\", "a" * 4097, "\n" * 2000])
def test_what_is_no_name_gives_none(name: str) -> None:
    assert safe_path(name) is None


@given(
    st.text(alphabet=st.sampled_from(["/", "\\", ".", "a", "C", ":", "\0", "\udcff", " ", "~"]), max_size=30)
)
def test_no_path_leads_out_of_the_case(name: str) -> None:
    path = safe_path(name)
    if path is not None:
        assert path.isprintable()
        assert not path.startswith("/")
        assert not {"", ".", ".."} & set(path.split("/"))
        assert safe_path(path) == path


def test_a_path_is_handed_out_once() -> None:
    names = Names()
    claimed = [names.claim("d.x/a.dll") for _ in range(3)]
    assert claimed == ["d.x/a.dll", "d.x/a~2.dll", "d.x/a~3.dll"]


def test_a_suffix_meets_no_name_that_is_there() -> None:
    names = Names()
    assert [names.claim(name) for name in ("a~2", "a", "a", "a~2", "a")] == [
        "a~2",
        "a",
        "a~3",
        "a~2~2",
        "a~4",
    ]


@given(st.lists(st.sampled_from(["a", "a~2", "a~3", "b.dll", "b~2.dll"]), max_size=20))
def test_claimed_paths_are_all_different(wanted: list[str]) -> None:
    names = Names()
    claimed = [names.claim(name) for name in wanted]
    assert len(set(claimed)) == len(wanted)
