"""Dates and times of listings, which print day and month in the order of their locale and do not name it.

One date rarely decides, all dates of a listing mostly do: each of the three orders is kept as long as every
date is a date in it. Where more than one is left, dots mean that the day comes first, and slashes or hyphens
beside a twelve-hour clock that the month does, as in the United States. Otherwise the order stays open, and
a date that reads differently in the orders left is not told.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Calendar"]

_DATE = re.compile(r"(?<!\d)(\d{1,4})([./-]) ?(\d{1,2})[./-] ?(\d{1,4})(?!\d)")
_CLOCK = re.compile(
    r"(\d{1,2})[:.h](\d{2})(?:[:.](\d{2}))?(?:[ \xa0\u202f]?([AaPp])(?:\.?[ \xa0\u202f]?[Mm]\.?)?$)?"
)
_TWELVE_HOURS = re.compile(r"[0-9][ \xa0\u202f]?[AaPp]\.?[ \xa0\u202f]?[Mm]?\.?$")
_ORDERS = ("dmy", "mdy", "ymd")
_PIVOT = 80
"""Two-digit years from here on are 19xx: files are not older than MS-DOS."""
_NOON = 12


class Calendar:
    """Reads the dates of one listing once all of them have been seen."""

    def __init__(self) -> None:
        self._dates: dict[str, str] = {}
        self._clocks: dict[str, str] = {}
        self._orders: dict[str, tuple[str, ...]] = {}

    def note(self, date: str, clock: str) -> tuple[str, str]:
        """Take a date and a time into account.

        Returns:
            The same, as one string each for all equal ones.
        """
        return self._dates.setdefault(date, date), self._clocks.setdefault(clock, clock)

    def settle(self) -> bool:
        """Decide the order of day and month.

        Returns:
            Whether every date can be told.
        """
        twelve = any(map(_TWELVE_HOURS.search, self._clocks))
        for separator in "./-":
            self._orders[separator] = _decide(self._dates, separator, twelve_hours=twelve)
        return all(self._told(date) for date in self._dates)

    def _told(self, date: str) -> bool:
        return len(self._readings(date)) == 1

    def _readings(self, date: str) -> set[tuple[int, int, int]]:
        match = _DATE.search(date)
        if not match:
            return set()
        orders = self._orders.get(match[2], ())
        return {reading for order in orders if (reading := _read(_parts(match), order))}

    def moment(self, date: str, clock: str) -> datetime | None:
        """Naive local time; None where day and month cannot be told apart, or it is no date."""
        readings = self._readings(date)
        time = _time(clock)
        if len(readings) != 1 or time is None:
            return None
        return datetime(*readings.pop(), *time)  # noqa: DTZ001 - a listing prints local time without a zone


def _decide(dates: Iterable[str], separator: str, *, twelve_hours: bool) -> tuple[str, ...]:
    left = list(_ORDERS)
    for date in dates:
        match = _DATE.search(date)
        if match and match[2] == separator:
            readable = [order for order in _ORDERS if _read(_parts(match), order)]
            # What is a date in no order, such as 00-00-80, tells nothing of the others.
            left = [order for order in left if order in readable] if readable else left
    if "dmy" in left or "mdy" in left:
        left = [order for order in left if order != "ymd" or not _short(dates, separator)]
    if "dmy" in left and separator == ".":
        return ("dmy",)
    if "mdy" in left and twelve_hours:
        return ("mdy",)
    return tuple(left)


def _short(dates: Iterable[str], separator: str) -> bool:
    # 01-02-03: a year that comes first is written short in a few locales only, and then others decide.
    return any(match[2] == separator and len(match[1]) <= 2 for match in map(_DATE.search, dates) if match)  # noqa: PLR2004


def _parts(match: re.Match[str]) -> tuple[str, str, str]:
    return match[1], match[3], match[4]


@lru_cache(maxsize=4096)
def _read(parts: tuple[str, str, str], order: str) -> tuple[int, int, int] | None:
    fields = dict(zip(order, parts, strict=True))
    if any(len(fields[unit]) > 2 for unit in "dm") or len(fields["y"]) not in {2, 4}:  # noqa: PLR2004 - digits
        return None
    year = int(fields["y"])
    if len(fields["y"]) == 2:  # noqa: PLR2004 - digits
        year += 1900 if year >= _PIVOT else 2000
    try:
        found = datetime(year, int(fields["m"]), int(fields["d"]))  # noqa: DTZ001 - only to have it checked
    except ValueError:
        return None
    return found.year, found.month, found.day


@lru_cache(maxsize=4096)
def _time(clock: str) -> tuple[int, int, int] | None:
    match = _CLOCK.match(clock)
    if not match:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4]:
        hour = hour % _NOON + (_NOON if match[4] in "Pp" else 0)
    return (hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None  # noqa: PLR2004 - a clock
