"""The drive that a listing's own file name states, for forms that know no drive letters."""

from __future__ import annotations

import re

__all__ = ["HOW_TO_STATE", "stated_drive"]

_SEPARATORS = re.compile(r"[_\-. ]")
_LETTER = re.compile(r"[C-Zc-z]:?$").match
HOW_TO_STATE = "name the file after its drive: NODE1_C_listing.txt lists drive C:"


def stated_drive(path: str) -> str | None:
    """The only part of a case path's file name that is a lone letter from C on: ``mft_D.csv`` states D.

    Returns:
        An upper-case letter; None where there is no such part, or more than one.
    """
    parts = _SEPARATORS.split(path.rpartition("/")[2])
    letters = {part[0].upper() for part in parts if _LETTER(part)}
    return letters.pop() if len(letters) == 1 else None
