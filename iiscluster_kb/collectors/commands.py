r"""The commands that collect a piece of evidence, in the words of the machine's own Windows.

None holds anything that evidence could have written but a plain directory: names come from the variables
COMPUTERNAME and SystemRoot, which every Windows from NT 4.0 on sets, on the machine where they are typed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

__all__ = [
    "Era",
    "Way",
    "copy_file",
    "copy_logs",
    "in_words",
    "list_directory",
    "save_cluster_hive",
    "save_hive",
]

_VERSION = re.compile(r"(\d{1,4})(?:\.(\d{1,4}))?\b")
_NAME = r"(?:[A-Za-z0-9._$~()+,@#-]| (?=[^ \\]))+"
_PLAIN = re.compile(rf"(?:(?:[A-Za-z]:|%SystemRoot%)(?:\\{_NAME})*\\)?{_NAME}", re.IGNORECASE)
"""A path that means itself between quotes on any command line; a bare name, too."""


class Era(Enum):
    """What a Windows offers for collecting."""

    NT4 = "Windows NT 4.0"
    """Nothing that saves a hive from the command prompt; Regback comes with the Resource Kit (Q126464)."""
    WINDOWS_2000 = "Windows 2000"
    """``reg.exe`` comes with the Support Tools."""
    XP = "Windows XP and later"
    """``reg.exe`` is part of it; Regedt32 is Regedit."""
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, windows: str | None) -> Era:
        """The era of a ``CurrentVersion`` such as ``4.0``; None: no evidence tells."""
        found = _VERSION.match(windows or "")
        if found is None:
            return cls.UNKNOWN
        version = int(found[1]), int(found[2] or 0)
        if version < (5, 0):
            return cls.NT4
        return cls.WINDOWS_2000 if version == (5, 0) else cls.XP


@dataclass(frozen=True, slots=True)
class Way:
    """One way to collect a thing."""

    command: str
    """What to type, or where to click."""
    condition: str | None = None
    """When it works, and what it needs."""


def save_hive(name: str, era: Era) -> tuple[Way, ...]:
    r"""Ways to save ``HKLM\<name>`` of the running machine, the surest first."""
    file = f"%COMPUTERNAME%_reg_{name}.hiv"
    by_hand = Way(
        f"Regedt32: window HKEY_LOCAL_MACHINE, key {name}, menu Registry, Save Key",
        None if era is not Era.UNKNOWN else "on Windows NT 4.0 and 2000",
    )
    regback = Way(f"regback {file} machine {name}", "with Regback of the Resource Kit")
    reg = f"reg save HKLM\\{name} {file}"
    match era:
        case Era.NT4:
            return by_hand, regback
        case Era.WINDOWS_2000:
            return Way(reg, "with reg.exe of the Support Tools"), by_hand
        case Era.XP:
            return (Way(reg),)
        case Era.UNKNOWN:
            return by_hand, regback, Way(reg, "on Windows XP and later")


def save_cluster_hive(era: Era) -> tuple[Way, ...]:
    r"""Ways to save ``HKLM\Cluster``, which is there only while the cluster service runs (Q217147).

    While it runs, CLUSDB is locked (Q243195); while it is stopped, CLUSDB is a file like any other. Its log, copied
    under the hive's name, holds what a crash kept from it.
    """
    running = "while the cluster service runs"
    loaded = tuple(
        Way(way.command, f"{running}, {way.condition}" if way.condition else running)
        for way in save_hive("Cluster", era)
    )
    stopped = Way(
        r"copy %SystemRoot%\Cluster\CLUSDB %COMPUTERNAME%_CLUSDB"
        r" & copy %SystemRoot%\Cluster\CLUSDB.LOG %COMPUTERNAME%_CLUSDB.LOG",
        "while the service is stopped",
    )
    return *loaded, stopped


def copy_logs(hive: str) -> Way:
    """The way to take the logs of a hive that was copied without them.

    Args:
        hive: Path of the hive's file on the machine, with ``%SystemRoot%``.
    """
    return Way(
        f"copy {hive}.LOG* .",
        "if Windows has not run since the hive was copied; put them beside it, under its name",
    )


def list_directory(directory: str) -> tuple[Way, ...]:
    """The way to list a directory whole: hidden files, short names, all below."""
    shown = directory if _PLAIN.fullmatch(directory) else "<directory>"
    name = shown.rpartition("\\")[2].strip("<>")
    return (Way(f'dir /a /x /s "{shown}" > %COMPUTERNAME%_dir_{name}.txt'),)


def copy_file(path: str) -> tuple[Way, ...]:
    """The way to take a file itself."""
    shown = path if _PLAIN.fullmatch(path) else "<file>"
    return (Way(f'copy "{shown}" .'),)


def in_words(ways: tuple[Way, ...]) -> str:
    """All ways in one sentence's part."""
    return "; or ".join(f"{way.command} ({way.condition})" if way.condition else way.command for way in ways)
