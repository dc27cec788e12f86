from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.articles._builds import (
    By,
    builds_of,
    identify,
    identify_file,
    older_than,
    version_of,
)
from iiscluster_kb.model import FileEntry, older, same_build

if TYPE_CHECKING:
    from iiscluster_kb.articles._builds import Build

DLL = "Iisclex4.dll"
NAMES = (
    *("Iisclex4.dll", "Clusiis4.dll", "Coadmin.dll", "Admwprox.dll", "Cluadmex.dll", "Debugex.dll"),
    *("Cluadmin.exe", "Clussvc.exe", "Clusprxy.exe", "Resrcmon.exe", "Clusres.dll", "Resutils.dll"),
    *("Clusdisk.sys", "Clusnet.sys", "Clusapi.dll", "Cluster.exe", "Clusetup.exe", "Iisclus3.dll"),
    *("Mtxclu.dll", "Mtxclex.dll", "Msdtc.exe", "Msdtc.dll", "Regsvr32.exe", "Mfc42u.dll"),
    *("Iislog.dll", "Infocomm.dll", "W3svc.dll"),
)
ROWS = tuple(build for name in NAMES for build in builds_of(name))
SP5 = date(1999, 4, 29)
HOTFIX = ("4.2.734.1", date(1999, 12, 3))
"""Of Q247763: the first Clusiis4.dll that is good after Service Pack 4."""


# --- the table --------------------------------------------------------------------------------------


def test_the_table_has_every_file_that_articles_tell_builds_of() -> None:
    assert len(ROWS) == 98
    assert all(builds_of(name) for name in NAMES)
    assert builds_of("ISCLEX4.DLL") == ()
    assert builds_of("IISCLEX4.DLL") == builds_of(DLL)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{row.architecture}-{row.earliest}")
def test_each_row_is_sound(row: Build) -> None:
    assert row.sources
    assert all(len(source) == 7 and source[0] == "Q" and source[1:].isdigit() for source in row.sources)
    assert row.architecture in {"x86", "alpha", None}
    assert (row.version is None) == (row.numbers is None)
    assert row.version or row.earliest
    assert (row.earliest is None) == (row.latest is None)
    assert row.earliest is None or row.latest is None or row.earliest <= row.latest
    assert row.size is None or row.kilobytes is None
    assert row.origin
    assert row.certain or row.note


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{row.architecture}-{row.earliest}")
def test_each_row_finds_itself(row: Build) -> None:
    size = row.size or (row.kilobytes and row.kilobytes * 1024)
    version = None if row.version is None else row.version.replace("x", "8168.0")
    found = identify(
        row.name, version=version, size=size, modified=row.earliest, architecture=row.architecture
    )
    assert found.build == row
    assert found.by is (By.VERSION if row.version else By.SIZE_AND_DATE if size else By.DATE)
    assert found.doubts == ()
    assert str(found).endswith(f"(by {found.by})")


# --- versions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("4.02.0622", (4, 2, 622)),
        ("4.2.622.1", (4, 2, 622, 1)),
        ("4.02.0667.05", (4, 2, 667, 5)),
        (" 1997.11.532.0", (1997, 11, 532, 0)),
        ("5, 0, 2195, 3649", (5, 0, 2195, 3649)),
        ("6.1.7600.16385 (win7_rtm.090713-1255)", (6, 1, 7600, 16385)),
        ("6.00", (6, 0)),
        ("Service Pack 4 RC 1.2", None),
        ("4", None),
        ("4.2.622.1.7", None),
        ("4.2.622.", None),
        ("4.2.622beta", None),
        ("\u0664.2.622", None),
        ("123456.1", None),
        ("n/a", None),
        ("", None),
        (None, None),
    ],
)
def test_versions_are_read_as_printed(text: str | None, numbers: tuple[int, ...] | None) -> None:
    assert version_of(text) == numbers


@pytest.mark.parametrize(
    ("one", "other", "is_older", "is_same"),
    [
        ((4, 2, 622), (4, 2, 734, 1), True, False),
        ((4, 2, 742, 1), (4, 2, 734, 1), False, False),
        ((4, 2, 622), (4, 2, 622, 1), None, True),
        ((4, 2, 622, 1), (4, 2, 622), None, True),
        ((4, 2, 622, 1), (4, 2, 622, 1), False, True),
        ((4, 2, 622, 1), (4, 2, 622, 2), True, False),
        ((6, 0), (6, 0, 8168), None, False),
        ((6, 0), (6, 0), False, True),
    ],
)
def test_a_revision_that_is_not_told_stays_open(
    one: tuple[int, ...], other: tuple[int, ...], is_older: bool | None, is_same: bool
) -> None:
    assert older(one, other) is is_older
    assert same_build(one, other) is is_same


@given(st.text(max_size=200))
def test_no_text_is_an_error(text: str) -> None:
    numbers = version_of(text)
    assert numbers is None or 2 <= len(numbers) <= 4
    assert identify(DLL, version=text).by in {By.VERSION, None}


# --- which build it is ------------------------------------------------------------------------------


def test_a_version_tells_in_either_spelling() -> None:
    for version in ("4.02.0622", "4.2.622.1", "4, 2, 622, 1"):
        found = identify("iisclex4.DLL", version=version)
        assert (found.by, found.doubts) == (By.VERSION, ())
        assert found.build is not None
        assert found.build.origin == "Windows NT 4.0 Option Pack"
        assert not found.build.certain


def test_what_does_not_fit_the_version_is_told() -> None:
    found = identify(DLL, version="4.2.742.1", size=33_000, modified=SP5)
    assert found.build is not None
    assert found.by is By.VERSION
    assert found.doubts == ("it has 33,000 bytes, that build 65,664 bytes", "it is dated 1999-04-29")
    assert str(found) == (
        "hotfix of Q263216, version 4.2.742.1, dated 2000-04-06 (by version; but it has 33,000 bytes, "
        "that build 65,664 bytes; but it is dated 1999-04-29)"
    )
    rounded = identify("Clusiis4.dll", version="4.02.0622", size=33_872)
    assert rounded.doubts == ("it has 33,872 bytes, that build 31 KB",)


def test_size_or_processor_tells_builds_of_one_version_apart() -> None:
    both = identify("Clusiis4.dll", version="4.2.734.1")
    assert (len(both.builds), both.build, both.by) == (2, None, By.VERSION)
    by_size = identify("Clusiis4.dll", version="4.2.734.1", size=53_520).build
    by_processor = identify("Clusiis4.dll", version="4.2.734.1", architecture="alpha").build
    assert by_size == by_processor
    assert by_size is not None
    assert by_size.architecture == "alpha"
    strange = identify("Clusiis4.dll", version="4.2.734.1", size=1)
    assert (len(strange.builds), strange.doubts) == (2, ())


@pytest.mark.parametrize("days", [-1, 0, 1])
@pytest.mark.parametrize("zone", [None, UTC])
def test_size_and_date_tell_give_or_take_a_day(days: int, zone: object) -> None:
    moment = datetime(1999, 4, 29, 23, 30, tzinfo=UTC if zone else None) + timedelta(days=days)
    found = identify(DLL, size=65_664, modified=moment)
    assert found.by is By.SIZE_AND_DATE
    assert str(found) == "Windows NT 4.0 Service Pack 5, dated 1999-04-29 (by size and date)"


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"size": 65_664}, "its version and date are not known"),
        ({"modified": SP5}, "its version and size are not known"),
        ({"version": "Service Pack 4 RC 1.2"}, "its version and size and date are not known"),
        (
            {"size": 65_664, "modified": date(1999, 5, 1)},
            "builds of Iisclex4.dll have 65,664 bytes, but none within a day of 1999-05-01",
        ),
        ({"size": 7, "modified": SP5}, "the table has no Iisclex4.dll of 7 bytes dated 1999-04-29"),
        ({"version": "4.2.9.9"}, "the table has no Iisclex4.dll of version 4.2.9.9"),
        ({"architecture": "ppc", "size": 1}, None),
    ],
)
def test_what_the_table_does_not_have_is_an_answer(known: dict[str, object], reason: str | None) -> None:
    found = identify(DLL, **known)  # type: ignore[arg-type]  # the table of cases names the fields
    assert (found.builds, found.build, found.by) == ((), None, None)
    assert reason is None or str(found) == f"not told: {reason}"


def test_files_and_processors_without_a_row_are_told() -> None:
    assert identify("kernel32.dll", version="4.0").reason == "the table has no build of kernel32.dll"
    assert identify("Msdtc.dll", architecture="x86", version="1997.11.532.0").by is By.VERSION
    found = identify("Debugex.dll", architecture="alpha", version="1.0.0.1")
    assert found.reason == "the table has no build of Debugex.dll for alpha"


def test_a_version_that_the_table_lacks_may_be_of_a_build_without_one() -> None:
    found = identify(DLL, version="4.2.690.1", size=65_664, modified=SP5)
    assert found.by is By.SIZE_AND_DATE
    # A row with a version of its own is another build, whatever its size and date.
    other = identify(DLL, version="4.2.690.1", size=65_664, modified=date(2000, 4, 6))
    assert other.by is None


def test_the_month_of_a_build_is_enough_where_no_article_tells_more() -> None:
    found = identify(DLL, modified=date(1997, 11, 16))
    assert found.by is By.DATE
    assert found.build is not None
    assert not found.build.certain
    coadmin = identify("Coadmin.dll", size=43_456, modified=date(1999, 8, 15))
    assert coadmin.build is not None
    assert coadmin.build.sources == ("Q238529", "Q241127", "Q241445")


def test_a_rounded_size_fits_what_rounds_to_it() -> None:
    day = date(2000, 1, 2)
    assert [identify("Cluadmin.exe", size=size, modified=day).by for size in (729_000, 729_001, 748_543)] == [
        None,
        By.SIZE_AND_DATE,
        By.SIZE_AND_DATE,
    ]


def test_a_listed_file_is_identified_by_all_that_is_listed() -> None:
    entry = FileEntry(rf"C:\WINNT\system32\{DLL}", 114_960, datetime(1998, 11, 5, 16, 45))  # noqa: DTZ001 - listings print local time
    found = identify_file(entry)
    assert found.build is not None
    assert found.build.architecture == "alpha"


# --- which is older ---------------------------------------------------------------------------------


def clusiis4(day: date | None = None, **more: object) -> FileEntry:
    moment = None if day is None else datetime(day.year, day.month, day.day, 9, 7)  # noqa: DTZ001 - listings print local time
    fields: dict[str, object] = {"size": 33_872, "modified": moment}
    return FileEntry(r"C:\WINNT\system32\inetsrv\Clusiis4.dll", **(fields | more))  # type: ignore[arg-type]  # as named


@pytest.mark.parametrize(
    ("entry", "answer"),
    [
        (clusiis4(version="4.02.0622"), (True, By.VERSION)),
        (clusiis4(version="4.2.776.1", day=date(1997, 1, 1)), (False, By.VERSION)),
        (clusiis4(version="4.2.734.1"), (False, By.VERSION)),
        # Major, minor and build alike, no revision: nothing but the date can tell.
        (clusiis4(version="4.02.0734"), (None, None)),
        (clusiis4(SP5, version="4.02.0734"), (True, By.DATE)),
        (clusiis4(SP5), (True, By.DATE)),
        (clusiis4(date(1999, 12, 1)), (True, By.DATE)),
        (clusiis4(date(1999, 12, 5)), (False, By.DATE)),
        # Within a day: only what the table knows by size and date.
        (clusiis4(date(1999, 12, 2)), (False, By.SIZE_AND_DATE)),
        (clusiis4(date(1999, 12, 4)), (False, By.SIZE_AND_DATE)),
        (clusiis4(date(1999, 12, 3), size=5), (None, None)),
        (clusiis4(date(1999, 12, 3), size=None), (None, None)),
        (clusiis4(version="n/a"), (None, None)),
        (clusiis4(), (None, None)),
        (clusiis4(linked=datetime(1999, 12, 5, tzinfo=UTC)), (False, By.LINK_TIME)),
        (clusiis4(linked=datetime(1997, 12, 5, tzinfo=UTC)), (None, None)),
    ],
)
def test_older_than_a_build(entry: FileEntry, answer: tuple[bool | None, By | None]) -> None:
    assert older_than(entry, *HOTFIX) == answer


def test_older_than_what_is_known_in_part() -> None:
    old = clusiis4(SP5)
    assert older_than(old, "4.2.734.1", None) == (None, None)
    assert older_than(old, None, HOTFIX[1]) == (True, By.DATE)
    assert older_than(clusiis4(SP5), None, SP5 + timedelta(days=1)) == (True, By.SIZE_AND_DATE)
    # A month is no day: within it nothing is told.
    coadmin = FileEntry(r"C:\Coadmin.dll", 43_456, datetime(1999, 8, 15))  # noqa: DTZ001 - as above
    assert older_than(coadmin, None, date(1999, 8, 15)) == (None, None)


@given(st.dates(date(1996, 1, 1), date(2003, 1, 1)), st.integers(-800, 800))
def test_dates_decide_only_beyond_a_day(day: date, days: int) -> None:
    entry = FileEntry(r"C:\other.dll", 1, datetime(day.year, day.month, day.day))  # noqa: DTZ001 - as above
    expected = (None, None) if abs(days) <= 1 else (days > 0, By.DATE)
    assert older_than(entry, None, day + timedelta(days=days)) == expected
