from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures._case import healthy, software_hive
from iiscluster_kb.articles import diagnose
from iiscluster_kb.articles.q224553 import RULE as Q224553
from iiscluster_kb.articles.q247763 import FIRST_GOOD_DATE, RULE, Kind, kind_of
from iiscluster_kb.model import FileEntry, Verdict
from tests.articles.test_q224553 import cluster_of

NAME = r"C:\WINNT\system32\inetsrv\Clusiis4.dll"


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12)  # noqa: DTZ001 - listings print local time


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        (FileEntry(NAME, 33872, version="4.2.734.1"), Kind.GOOD),
        (FileEntry(NAME, 33872, version="4.02.0734.01"), Kind.GOOD),
        (FileEntry(NAME, 34384, version="4.2.779.1"), Kind.GOOD),
        (FileEntry(NAME, 33872, version="4.2.733.9"), Kind.BAD),
        (FileEntry(NAME, 33872, version="4.02.0622"), Kind.ORIGINAL),
        (FileEntry(NAME, 33872, version="4.2.622.1"), Kind.ORIGINAL),
        (FileEntry(NAME, 33872, version="Service Pack 4 RC 1.2"), None),
        (FileEntry(NAME, 33872), None),
        (FileEntry(NAME), None),
        (FileEntry(NAME, 34384), Kind.GOOD),
        (FileEntry(NAME, 31744), Kind.ORIGINAL),
        (FileEntry(NAME, 12345), None),
        (FileEntry(NAME, 33872, at(FIRST_GOOD_DATE)), Kind.GOOD),
        (FileEntry(NAME, 99, at(FIRST_GOOD_DATE)), None),
        (FileEntry(NAME, 33872, at(date(1999, 4, 29))), Kind.BAD),
        (FileEntry(NAME, 33872, at(date(1997, 11, 16))), Kind.ORIGINAL),
    ],
)
def test_what_tells_a_build(entry: FileEntry, kind: Kind | None) -> None:
    assert kind_of(entry) is kind


@given(st.dates(date(1990, 1, 1), date(2010, 1, 1)), st.none() | st.integers(0, 50_000))
def test_by_date_nothing_turns_bad_again(day: date, size: int | None) -> None:
    kind = kind_of(FileEntry(NAME, size, at(day)))
    if day > FIRST_GOOD_DATE + timedelta(days=1):
        assert kind is Kind.GOOD
    elif day < FIRST_GOOD_DATE - timedelta(days=1):
        assert kind in {Kind.BAD, Kind.ORIGINAL}


def test_without_the_file_nothing_hangs() -> None:
    case = healthy()
    del case.nodes[0].inetsrv["Clusiis4.dll"]
    case.nodes[1].files = None
    first, second = RULE.diagnose(cluster_of(case))
    assert (first.verdict, second.verdict) == (Verdict.NOT_APPLICABLE, Verdict.UNDETERMINED)
    assert second.collect


@pytest.mark.parametrize(
    ("pack", "words", "others"),
    [
        ("Service Pack 6", ["older than Service Pack 6a", "Applying Service Pack 6a again"], 1),
        ("garbled", ["Look first which service pack", "from 4 on, applying it again"], 1),
        ("Service Pack 3", [], 1),
    ],
)
def test_warnings_follow_the_service_pack(pack: str, words: list[str], others: int) -> None:
    case = healthy()
    node = case.nodes[0]
    node.software = software_hive(service_pack=pack)
    del node.inetsrv["iisclex4.dll"]
    missing, *_ = diagnose(cluster_of(case), (Q224553,))
    warnings = missing.steps[0].warnings
    assert len(warnings) == len(words) + others
    assert all(any(word in warning for warning in warnings) for word in words)
