"""What the Windows on a machine offers to whoever works at it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iiscluster_kb.model import Dialect

if TYPE_CHECKING:
    from iiscluster_kb.model import MachineProfile

__all__ = ["dialect_of", "has_reg_and_shutdown", "is_nt4", "version_of"]

_NT4 = (4, 0)
_WINDOWS_2000 = (5, 0)
_WINDOWS_XP = (5, 1)
_VERSION = re.compile(r"(\d{1,4})(?:\.(\d{1,4}))?\b")


def version_of(machine: MachineProfile) -> tuple[int, int] | None:
    """Major and minor number; None where no evidence tells them."""
    found = _VERSION.match(machine.windows or "")
    return (int(found[1]), int(found[2] or 0)) if found else None


def is_nt4(machine: MachineProfile) -> bool | None:
    """Whether it runs Windows NT 4.0 or older; None where no evidence tells."""
    version = version_of(machine)
    return None if version is None else version <= _NT4


def has_reg_and_shutdown(machine: MachineProfile) -> bool:
    """Whether reg.exe and shutdown.exe belong to its Windows: from XP on; before, to separate kits."""
    return (version_of(machine) or _NT4) >= _WINDOWS_XP


def dialect_of(machine: MachineProfile) -> Dialect:
    """The .reg form for a machine: 5.00 from Windows 2000 on (KB 310516).

    REGEDIT4, which every Windows takes, where the version is not known.
    """
    version = version_of(machine)
    return Dialect.VERSION_5 if version and version >= _WINDOWS_2000 else Dialect.REGEDIT4
