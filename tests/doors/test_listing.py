"""The listing says what the disk shows, in a form that the package reads back; else it says nothing."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.doors import _listing
from iiscluster_kb.doors._listing import Directory, Entry, format_listing
from iiscluster_kb.evidence.dir_listing import FORMAT
from iiscluster_kb.model import FileEvidence
from iiscluster_kb.registry import fold
from tests.support.listings import case_file

INETSRV = r"C:\WINNT\system32\inetsrv"
CLUSTER = r"C:\WINNT\Cluster"
DLL = Entry("Iisclex4.dll", 65_664, 925_405_440.0)


def listed(path: str, *entries: Entry) -> Directory:
    return Directory(path, 925_405_440.0, entries)


def read(content: bytes) -> FileEvidence:
    assert FORMAT.recognises(content[:8192])
    evidence = FORMAT.read(case_file(content))
    assert isinstance(evidence, FileEvidence)
    return evidence


def test_directories_are_covered_and_entries_read_back() -> None:
    entries = (DLL, Entry("metaback", 0, 925_405_440.0, is_directory=True), Entry("w3svc.dll", 1, 0))
    evidence = read(format_listing([listed(INETSRV, *entries), listed(CLUSTER, DLL)]))
    assert evidence.directories == {fold(INETSRV), fold(CLUSTER)}
    dll = evidence.entries[fold(rf"{INETSRV}\iisclex4.dll")]
    assert (dll.size, dll.modified) == (65_664, datetime(1999, 4, 29, 17, 4))  # noqa: DTZ001 - a listing's
    assert evidence.entries[fold(rf"{INETSRV}\metaback")].is_directory
    assert evidence.entries[fold(rf"{CLUSTER}\iisclex4.dll")].size == 65_664


def test_an_empty_directory_is_covered() -> None:
    evidence = read(format_listing([listed(INETSRV), listed(CLUSTER, DLL)]))
    assert evidence.directories == {fold(INETSRV), fold(CLUSTER)}
    assert fold(rf"{INETSRV}\iisclex4.dll") not in evidence.entries


@pytest.mark.parametrize(
    "entry",
    [
        Entry("a\r\n               0 File(s)              0 bytes", 1, 0),
        Entry("a\x00", 1, 0),
        Entry("a.dll", 1, -1.0),
        Entry("a.dll", 1, 1e18),
        Entry("a.dll", 1, float("nan")),
    ],
)
def test_what_no_line_holds_makes_the_directory_unknown(entry: Entry) -> None:
    evidence = read(format_listing([listed(INETSRV, DLL, entry), listed(CLUSTER, DLL)]))
    assert evidence.directories == {fold(CLUSTER)}
    assert format_listing([listed(INETSRV, entry)]) == b""


def test_too_many_entries_make_the_directory_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_listing, "MOST_ENTRIES", 1)
    assert format_listing([listed(INETSRV, DLL)])
    assert format_listing([listed(INETSRV, DLL, DLL)]) == b""


NAMES = st.text(
    st.characters(
        min_codepoint=33,
        max_codepoint=0x3000,
        exclude_categories=("Cs", "Zs"),
        exclude_characters='<>:"/\\|?*.',
    ),
    min_size=1,
    max_size=20,
)


@given(st.lists(NAMES, max_size=8, unique_by=fold))
def test_nothing_is_shown_that_is_not_there(names: list[str]) -> None:
    content = format_listing([listed(INETSRV, *(Entry(f"{name}.dll", 7, 925_405_440.0) for name in names))])
    if content:
        shown = read(content).entries
        assert {path.rpartition("\\")[2] for path in shown if path.startswith(fold(INETSRV) + "\\")} <= {
            fold(f"{name}.dll") for name in names
        }
