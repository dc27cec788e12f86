from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures._case import dig, healthy, software_hive
from iiscluster_kb.articles._builds import builds_of
from iiscluster_kb.articles.q305638 import DRIVERS as DRIVER_NAMES
from iiscluster_kb.articles.q305638 import FIXES, RULE, lacks
from iiscluster_kb.articles.q305638 import PROGRAMS as PROGRAM_NAMES
from iiscluster_kb.model import FileEntry, Phase, Verdict
from tests.articles.test_q224553 import cluster_of

if TYPE_CHECKING:
    from fixtures._case import CollectedCase
    from iiscluster_kb.model import Finding

NAMES = (*DRIVER_NAMES, *PROGRAM_NAMES)
DISK = r"C:\WINNT\system32\drivers\clusdisk.sys"
MONITOR = r"C:\WINNT\Cluster\RESRCMON.EXE"


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12)  # noqa: DTZ001 - listings print local time


def judge(case: CollectedCase) -> tuple[Finding, ...]:
    return tuple(RULE.diagnose(cluster_of(case)))


@pytest.mark.parametrize("name", NAMES)
def test_the_table_has_a_dated_fix_of_each_file(name: str) -> None:
    assert any(build.earliest and FIXES & set(build.sources) for build in builds_of(name))


@pytest.mark.parametrize(
    ("entry", "fixes"),
    [
        (FileEntry(DISK), None),
        (FileEntry(DISK, 26640), None),
        (FileEntry(DISK, 26640, version="garbled"), None),
        (FileEntry(DISK, 26640, at(date(1999, 4, 29))), ("Q305638", "Q248663")),
        (FileEntry(DISK, 29424, at(date(1999, 11, 22))), ("Q305638",)),
        (FileEntry(DISK, 29360, at(date(2001, 11, 11))), ()),
        (FileEntry(DISK, 51000, at(date(2001, 11, 13))), ()),
        (FileEntry(DISK, version="1.0.224.5"), ("Q305638",)),
        (FileEntry(DISK, version="1.00.0224.06"), ()),
        (FileEntry(DISK, 26640, linked=at(date(2002, 1, 18))), ()),
        (FileEntry(MONITOR, 42768, at(date(1999, 4, 29))), ("Q282965",)),
        (FileEntry(MONITOR, 43280, at(date(2001, 1, 31))), ()),
        (FileEntry(r"C:\WINNT\Cluster\Clusapi.dll", 46352, at(date(1999, 4, 29))), ()),
    ],
)
def test_what_tells_a_lacking_fix(entry: FileEntry, fixes: tuple[str, ...] | None) -> None:
    assert lacks(entry) == fixes


@given(st.sampled_from(NAMES), st.dates(date(1990, 1, 1), date(2010, 1, 1)), st.integers(0, 400_000))
def test_a_later_file_lacks_no_more(name: str, day: date, size: int) -> None:
    fixes = lacks(FileEntry(name, size, at(day)))
    later = lacks(FileEntry(name, size, at(day + timedelta(days=4))))
    assert fixes is not None
    assert later is not None
    assert set(later) <= set(fixes)


@pytest.mark.parametrize(
    ("pack", "verdict", "reason"),
    [
        ("Service Pack 5", Verdict.NOT_APPLICABLE, "has Service Pack 5, and the fixes need Service Pack 6a"),
        (None, Verdict.NOT_APPLICABLE, "has no service pack"),
        ("garbled", Verdict.UNDETERMINED, "is not known"),
    ],
)
def test_below_service_pack_6_nothing_is_judged(pack: str | None, verdict: Verdict, reason: str) -> None:
    case = healthy()
    node = case.nodes[0]
    node.software = software_hive(service_pack=pack or "")
    if pack is None:
        del dig(node.software, r"Microsoft\Windows NT\CurrentVersion")["CSDVersion"]
    first, _ = judge(case)
    assert first.verdict is verdict
    assert reason in first.explanation


def test_without_the_files_nothing_is_said_and_without_a_listing_nothing_known() -> None:
    case = healthy()
    case.nodes[1].files = None
    first, second = judge(case)
    assert (first.verdict, second.verdict) == (Verdict.NOT_APPLICABLE, Verdict.UNDETERMINED)
    assert second.collect


def test_one_old_file_in_system32_is_enough_and_is_a_note() -> None:
    case = healthy()
    dig(case.nodes[0].files or {}, r"WINNT\system32")["Resutils.dll"] = 29968
    first, _ = judge(case)
    assert first.verdict is Verdict.LIKELY
    assert r"system32\Resutils.dll (1999-04-29) than Q305638." in first.explanation
    assert [(step.phase, step.achieves) for step in first.steps] == [(Phase.NOTE, ())]
