"""Where a file lay on the machine, where the case mirrors the Windows tree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["windows_path"]

_DRIVE = re.compile(r"(?:\\\\[.?]\\)?([A-Za-z])[:$]")
r"""``C:``, ``C$`` (an administrative share) and ``\\.\C:`` (Velociraptor's raw accessor), once unquoted."""
_BARE_LETTER = re.compile(r"[C-Zc-z]")
"""``C`` as KAPE and careful hands name it; A and B are more often letters of a list than floppy drives."""


def windows_path(path: str) -> str | None:
    r"""Read the Windows path off a case path: ``NODE1/C/WINNT/a.dll`` is ``C:\WINNT\a.dll``.

    A part that is a drive beyond doubt (``C:``, ``C%3A``, ``C$``) is preferred to a lone letter, which must
    have a folder below it that is no lone letter. Parts below a percent-encoded drive are percent-encoded
    too, as Velociraptor writes them.

    Returns:
        None where no part but the last is a drive.
    """
    parts = path.split("/")
    folders = parts[:-1]
    for place, part in enumerate(folders):
        if drive := _DRIVE.fullmatch(unquote(part)):
            rest = parts[place + 1 :]
            return _joined(drive[1], map(unquote, rest) if "%" in part else rest)
    for place, part in enumerate(folders[:-1]):
        if _BARE_LETTER.fullmatch(part) and not _BARE_LETTER.fullmatch(folders[place + 1]):
            return _joined(part, parts[place + 1 :])
    return None


def _joined(letter: str, parts: Iterable[str]) -> str:
    return "\\".join([f"{letter.upper()}:", *parts])
