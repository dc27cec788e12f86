from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.cluster import Machine
from iiscluster_kb.model import Absent, FileEntry, FileEvidence, Present, Unknown
from iiscluster_kb.registry import fold
from tests.support.evidence import case_file, listing, specimen

if TYPE_CHECKING:
    from iiscluster_kb.model import Evidence

PLACE = r"C:\WINNT\system32\inetsrv"
DLL = rf"{PLACE}\clusiis4.dll"
TREE = {"WINNT": {"system32": {"inetsrv": {"Clusiis4.dll": 33_872}}}}
NOON = datetime(1999, 4, 29, 12, 0)  # noqa: DTZ001 - listings print local time
LINKED = datetime(1999, 4, 28, 7, 0, tzinfo=UTC)


def table(path: str, file: str = DLL, **told: Any) -> FileEvidence:
    """A listing of one file that covers nothing."""
    return FileEvidence(case_file(path), "version-table", frozenset(), {fold(file): FileEntry(file, **told)})


def ask(*evidence: Evidence, path: str = DLL) -> Present[FileEntry]:
    fact = Machine("NODE1", evidence).file(path)
    assert isinstance(fact, Present)
    return fact


def test_gaps_are_filled_and_the_note_says_from_where() -> None:
    fact = ask(
        listing("dir.txt", TREE),
        table("sigcheck.csv", version="4.2.734.1"),
        specimen("C/x.dll", windows_path=DLL.upper(), size=33_872, version="4.02.0734", linked=LINKED),
    )
    entry = fact.value
    assert (entry.size, entry.modified, entry.version) == (33_872, NOON, "4.2.734.1")
    assert (entry.architecture, entry.linked) == ("x86", LINKED)
    assert entry.path == rf"{PLACE}\Clusiis4.dll"
    assert fact.notes == (
        "version as sigcheck.csv tells",
        "processor and link time as C/x.dll tells",
    )
    assert fact.source is not None
    assert (fact.source.path, fact.source.line) == ("dir.txt", 4)


def test_one_listing_alone_gets_no_note() -> None:
    assert ask(listing("dir.txt", TREE)).notes == ()
    assert ask(listing("a.txt", TREE), listing("b.txt", TREE)).notes == ()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"size": 34_384}, "34,384 bytes"),
        ({"modified": NOON + timedelta(days=2)}, "dated 1999-05-01"),
        ({"modified": datetime(2002, 6, 3, tzinfo=UTC), "size": 34_384}, "34,384 bytes, dated 2002-06-03"),
        ({"version": "4.2.776.1"}, "version 4.2.776.1"),
        ({"version": "four"}, "version four"),
        ({"architecture": "alpha"}, "made for alpha"),
        ({"linked": LINKED + timedelta(days=9)}, "linked 1999-05-07"),
        ({"is_directory": True}, "a directory"),
    ],
)
def test_what_contradicts_is_noted_and_tells_nothing_else(told: dict[str, Any], words: str) -> None:
    first = table("a", size=33_872, modified=NOON, version="4.02.0734", architecture="x86", linked=LINKED)
    fact = ask(first, table("b", **told))
    assert fact.notes == (f"b shows otherwise: {words}",)
    assert fact.value == first.entries[fold(DLL)]


def test_another_state_of_the_file_fills_no_gap() -> None:
    fact = ask(
        table("a", size=33_872), table("b", size=34_384, version="4.2.776.1"), table("c", modified=NOON)
    )
    assert (fact.value.version, fact.value.modified) == (None, NOON)
    assert fact.notes == ("b shows otherwise: 34,384 bytes", "date as c tells")


@pytest.mark.parametrize(
    "told",
    [
        {"modified": NOON + timedelta(days=1)},
        {"modified": datetime(1999, 4, 28, 23, 0, tzinfo=UTC)},
        {"version": "4.2.734.1"},
        {"size": 33_872},
    ],
)
def test_a_day_or_a_spelling_is_no_contradiction(told: dict[str, Any]) -> None:
    fact = ask(table("a", size=33_872, modified=NOON, version="4.02.0734"), table("b", **told))
    assert fact.notes == ()


def test_equal_texts_that_are_no_versions_are_alike() -> None:
    assert ask(table("a", version="Four "), table("b", version="four")).notes == ()


def test_of_directories_nothing_is_joined() -> None:
    bare = table("a", PLACE, is_directory=True)
    fact = ask(bare, listing("b", TREE), path=PLACE)
    assert fact.value == FileEntry(PLACE, is_directory=True)
    assert fact.notes == ()
    other = ask(bare, table("c", PLACE, size=5), path=PLACE)
    assert other.notes == ("c shows otherwise: a file",)


def test_a_file_collected_without_its_place_tells_where_name_and_size_are_those_listed() -> None:
    loose = specimen("NODE1/clusiis4.dll", size=33_872, version="4.2.734.1")
    fact = ask(listing("dir.txt", TREE), loose)
    assert (fact.value.version, fact.value.architecture) == ("4.2.734.1", "x86")
    assert fact.notes == ("version and processor as NODE1/clusiis4.dll tells",)
    other = replace(loose, size=5)
    assert ask(listing("dir.txt", TREE), other).value.version is None
    # Two of them may lie in two places.
    twin = specimen("other/Clusiis4.dll", size=33_872, version="4.2.622.1")
    assert ask(listing("dir.txt", TREE), loose, twin).value.version is None
    # By itself it shows no presence.
    assert isinstance(Machine("NODE1", (loose,)).file(DLL), Unknown)
    nowhere = listing("dir.txt", {"WINNT": {"system32": {"inetsrv": {}}}})
    assert isinstance(Machine("NODE1", (nowhere, loose)).file(DLL), Absent)


def test_an_8_3_name_finds_what_other_evidence_shows_by_the_long_one() -> None:
    tree = {"Program Files": {"x.dll": 5, "Long Name": 1}}
    shorts = listing("short.txt", tree, short={"Program Files": "PROGRA~1", "Long Name": "LONGNA~1"})
    long = r"C:\Program Files\x.dll"
    fact = ask(
        listing("first.txt", tree),
        shorts,
        table("versions.csv", long, version="1.2.3.4"),
        specimen("C/Program Files/x.dll", windows_path=long, size=5, architecture="alpha"),
        path=r"C:\PROGRA~1\x.dll",
    )
    assert (fact.value.path, fact.value.version, fact.value.architecture) == (long, "1.2.3.4", "alpha")
    assert fact.source is not None
    assert fact.source.path == "first.txt"
    less = listing("less.txt", {"Program Files": {}})
    disputed = ask(less, shorts, path=r"C:\PROGRA~1\x.dll")
    assert disputed.notes == ("less.txt covers the directory and does not show it",)


def test_a_later_state_is_told_alone() -> None:
    later = replace(table("later", size=34_384), replaces=True)
    old = (listing("dir.txt", TREE), table("versions.csv", version="4.02.0622"))
    fact = ask(*old, later, specimen("C/x.dll", windows_path=DLL, version="4.02.0622"))
    assert fact.value == FileEntry(DLL, 34_384)
    assert fact.notes == ()
    elsewhere = replace(later, entries={})
    assert ask(*old, elsewhere).value.version == "4.02.0622"


told_entries = st.builds(
    FileEntry,
    st.just(DLL),
    st.none() | st.sampled_from([5, 6]),
    st.none() | st.sampled_from([NOON, NOON + timedelta(days=1), NOON + timedelta(days=9)]),
    st.booleans(),
    version=st.none() | st.sampled_from(["1.2.3", "1.2.3.4", "1.2.4.0", "x"]),
    architecture=st.none() | st.sampled_from(["x86", "alpha"]),
)


@given(st.lists(told_entries, min_size=1, max_size=5))
def test_what_the_first_tells_is_never_changed(entries: list[FileEntry]) -> None:
    evidence = [
        FileEvidence(case_file(f"{number}"), "dir-listing", frozenset(), {fold(DLL): entry})
        for number, entry in enumerate(entries)
    ]
    joined = ask(*evidence).value
    for name in ("path", "size", "modified", "is_directory", "version", "architecture"):
        own = getattr(entries[0], name)
        assert own is None or getattr(joined, name) == own
        told = [getattr(entry, name) for entry in entries]
        assert getattr(joined, name) in told
