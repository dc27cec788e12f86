"""Which known build a file is, by ``builds.csv``: each row with the articles that tell it.

A version names a build. Where there is none, size and date together do: several builds of a file have the same
size to the byte, and listings print the time of their own time zone, so that dates count give or take a day. What
the table does not have is no fault: it holds what articles published, and no more.
"""

from __future__ import annotations

import csv
import pkgutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from iiscluster_kb.model import older, same_build, version_of
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from iiscluster_kb.model import FileEntry, Version

__all__ = ["Build", "By", "Identified", "builds_of", "identify", "identify_file", "older_than", "version_of"]

_TABLE = "builds.csv"
_A_DAY = timedelta(days=1)
"""By so much dates of one build differ from listing to listing (Q320675 and Q321561 are hours apart)."""
_ANY_BELOW = ".x"
"""How the table ends a version whose further parts do not matter: ``6.00.x``."""
_KILO, _KIBI = 1000, 1024


class By(StrEnum):
    """What an answer rests on, the surest first."""

    VERSION = "version"
    SIZE_AND_DATE = "size and date"
    DATE = "date"
    LINK_TIME = "link time"


@dataclass(frozen=True, slots=True)
class Build:
    """A row of the table. None: no article tells."""

    name: str
    architecture: str | None
    """None: the same of every processor, or not told for which."""
    version: str | None
    """As printed; ending in ``.x``: whatever follows."""
    size: int | None
    kilobytes: int | None
    """Where an article rounds the size."""
    earliest: date | None
    """Date of the file; where articles tell a month only, its first day."""
    latest: date | None
    """The same, or the month's last day."""
    origin: str
    """What brought it: a product, a service pack, a hotfix."""
    sources: tuple[str, ...]
    """Ids of the articles that the row is from."""
    certain: bool
    """False: inferred from what the articles say of its kin."""
    note: str

    def __str__(self) -> str:
        told = (
            self.origin,
            f"version {self.version}" if self.version else "",
            f"dated {self._date}" if self.earliest else "",
            "" if self.certain else "inferred",
        )
        return ", ".join(filter(None, told))

    @property
    def _date(self) -> str:
        return f"{self.earliest}" if self.earliest == self.latest else f"{self.earliest} to {self.latest}"

    @property
    def numbers(self) -> Version | None:
        """The version, comparable."""
        return version_of((self.version or "").removesuffix(_ANY_BELOW))

    def has_version(self, version: Version) -> bool:
        """Whether a file of that version is of this build."""
        if self.numbers is None:
            return False
        if self.version and self.version.endswith(_ANY_BELOW):
            return version[: len(self.numbers)] == self.numbers
        return same_build(self.numbers, version)

    def has_size(self, size: int) -> bool:
        """Whether a file of so many bytes may be of this build; of 1,000 or 1,024, rounded either way."""
        if self.kilobytes is not None:
            return (self.kilobytes - 1) * _KILO < size < (self.kilobytes + 1) * _KIBI
        return self.size == size

    def has_date(self, day: date) -> bool:
        """Whether a file dated so may be of this build, time zones allowed for."""
        if self.earliest is None or self.latest is None:
            return False
        return self.earliest - _A_DAY <= day <= self.latest + _A_DAY


@dataclass(frozen=True, slots=True)
class Identified:
    """Which build a file is."""

    builds: tuple[Build, ...]
    """All that it may be; empty: it is not in the table, or too little is known of it."""
    by: By | None
    """What tells; None where nothing does."""
    reason: str
    """Why there is none; empty where there is."""
    doubts: tuple[str, ...] = ()
    """What is known of the file and does not fit."""

    @property
    def build(self) -> Build | None:
        """The only build that it may be."""
        return self.builds[0] if len(self.builds) == 1 else None

    def __str__(self) -> str:
        if self.by is None:
            return f"not told: {self.reason}"
        doubts = "".join(f"; but {doubt}" for doubt in self.doubts)
        return f"{' or '.join(map(str, self.builds))} (by {self.by}{doubts})"


def builds_of(name: str) -> tuple[Build, ...]:
    """The known builds of a file, named without directories in any case; those of each processor apart."""
    return _table().get(fold(name), ())


@cache
def _table() -> Mapping[str, tuple[Build, ...]]:
    content = pkgutil.get_data(__package__, _TABLE) or b""
    found: dict[str, tuple[Build, ...]] = {}
    for row in csv.DictReader(content.decode("ascii").splitlines()):
        found[fold(row["name"])] = (*found.get(fold(row["name"]), ()), _build(row))
    return found


def _build(row: Mapping[str, str]) -> Build:
    size, (first, _, last) = row["size"], row["dated"].partition("/")
    rounded = size.endswith("K")
    return Build(
        name=row["name"],
        architecture=row["architecture"] or None,
        version=row["version"] or None,
        size=int(size) if size and not rounded else None,
        kilobytes=int(size[:-1]) if rounded else None,
        earliest=date.fromisoformat(first) if first else None,
        latest=date.fromisoformat(last or first) if first else None,
        origin=row["origin"],
        sources=tuple(row["sources"].split()),
        certain=row["confidence"] == "confirmed",
        note=row["note"],
    )


# --- which build it is ------------------------------------------------------------------------------


def identify_file(entry: FileEntry) -> Identified:
    """``identify`` with all that a listing tells."""
    return identify(
        entry.path.rpartition("\\")[2],
        version=entry.version,
        size=entry.size,
        modified=entry.modified,
        architecture=entry.architecture,
    )


def identify(
    name: str,
    *,
    version: str | None = None,
    size: int | None = None,
    modified: date | None = None,
    architecture: str | None = None,
) -> Identified:
    """Say which build a file is, and by what.

    Args:
        name: Without directories, in any case.
        version: As its version resource or a listing prints it.
        size: Bytes.
        modified: Date, or date and time, of the file; None where day and month cannot be told apart.
        architecture: ``x86``, ``alpha`` …, so that builds for another processor are out of the question.
    """
    rows = [
        row for row in builds_of(name) if architecture is None or row.architecture in {None, architecture}
    ]
    if not rows:
        of = f"{name} for {architecture}" if builds_of(name) else name
        return Identified((), None, f"the table has no build of {of}")
    day = _day(modified)
    numbers = version_of(version)
    if numbers is not None:
        if same := [row for row in rows if row.has_version(numbers)]:
            return _by_version(same, size, day)
        rows = [row for row in rows if row.numbers is None]
    return _by_size_and_date(rows, size, day) or Identified((), None, _why(name, version, rows, size, day))


def _day(moment: date | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment


def _by_version(same: list[Build], size: int | None, day: date | None) -> Identified:
    fitting = [row for row in same if not _doubts(row, size, day)] or same
    doubts = () if len(fitting) > 1 else _doubts(fitting[0], size, day)
    return Identified(tuple(fitting), By.VERSION, "", doubts)


def _doubts(row: Build, size: int | None, day: date | None) -> tuple[str, ...]:
    doubts = []
    if size is not None and (row.size or row.kilobytes) and not row.has_size(size):
        known = f"{row.size:,} bytes" if row.size else f"{row.kilobytes} KB"
        doubts.append(f"it has {size:,} bytes, that build {known}")
    if day is not None and row.earliest and not row.has_date(day):
        doubts.append(f"it is dated {day}")
    return tuple(doubts)


def _by_size_and_date(rows: Iterable[Build], size: int | None, day: date | None) -> Identified | None:
    if day is None:
        return None
    dated = [row for row in rows if row.has_date(day)]
    if alike := [row for row in dated if size is not None and row.has_size(size)]:
        return Identified(tuple(alike), By.SIZE_AND_DATE, "")
    # Of a few files articles tell no size; a size that is told and differs is another build.
    if bare := [row for row in dated if row.size is None and row.kilobytes is None]:
        return Identified(tuple(bare), By.DATE, "")
    return None


def _why(name: str, version: str | None, rows: list[Build], size: int | None, day: date | None) -> str:
    if version_of(version) is not None:
        return f"the table has no {name} of version {version}"
    if size is None or day is None:
        missing = " and ".join(["size"] * (size is None) + ["date"] * (day is None))
        return f"its version and {missing} are not known"
    if any(row.has_size(size) for row in rows):
        return f"builds of {name} have {size:,} bytes, but none within a day of {day}"
    return f"the table has no {name} of {size:,} bytes dated {day}"


# --- which is older ---------------------------------------------------------------------------------


def older_than(entry: FileEntry, version: str | None, modified: date | None) -> tuple[bool | None, By | None]:
    """Whether a file is older than a build, and by what that shows; None and None where nothing tells.

    By versions, if both have one. Else by dates, if they are more than a day apart; closer together only where
    size and date name builds of the table, which are then compared. A linker's stamp after that day shows a file
    not to be older; one before shows nothing.

    Args:
        entry: The file, as evidence tells.
        version: Of the build; None: not known.
        modified: Its date, as its article prints it; None: not known.
    """
    mine, theirs = version_of(entry.version), version_of(version)
    if mine is not None and theirs is not None and (answer := older(mine, theirs)) is not None:
        return answer, By.VERSION
    if modified is None:
        return None, None
    day = _day(entry.modified)
    if day is not None and abs(day - modified) > _A_DAY:
        return day < modified, By.DATE
    if day is not None and (known := _built_before(identify_file(entry), modified)) is not None:
        return known, By.SIZE_AND_DATE
    if entry.linked is not None and entry.linked.date() > modified + _A_DAY:
        return False, By.LINK_TIME
    return None, None


def _built_before(identified: Identified, day: date) -> bool | None:
    """Whether the builds that it may be, told by size and date, are all dated before ``day``, or none."""
    dates = {build.latest for build in identified.builds if build.earliest == build.latest}
    if identified.by is not By.SIZE_AND_DATE or len(dates) < len(identified.builds):
        return None
    answers = {known < day for known in dates if known is not None}
    return answers.pop() if len(answers) == 1 else None
