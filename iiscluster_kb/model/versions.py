"""File versions as programs and articles print them, made comparable.

One build is printed in several ways: Iisclex4.dll of the Option Pack calls itself ``4.02.0622`` in the text of its
version resource and ``4.2.622.1`` in the numbers of it. The first three parts name the build; the fourth, the
revision, is often left out, and then nothing is said of it.
"""

from __future__ import annotations

import re
from typing import TypeAlias

__all__ = ["Version", "older", "same_build", "version_of"]

Version: TypeAlias = "tuple[int, ...]"
"""Two to four numbers: major, minor, build, revision."""

_PRINTED = re.compile(r"\s*([0-9]{1,5}(?:(?:\.|, ?)[0-9]{1,5}){1,3})(?=[\s(]|$)").match
_NUMBER = re.compile(r"[0-9]+").findall
_LONGEST = 64
"""Characters that are looked at; a version resource may hold more text behind the number."""
_BUILD = 3
"""Parts that name a build."""


def version_of(text: str | None) -> Version | None:
    """The numbers of a printed version; None where it does not begin with one (``Service Pack 4 RC 1.2``)."""
    printed = _PRINTED((text or "")[:_LONGEST])
    return tuple(map(int, _NUMBER(printed[1]))) if printed else None


def older(one: Version, other: Version) -> bool | None:
    """Whether ``one`` is the older; None where they differ at most in parts that only one of them tells."""
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            return mine < theirs
    return False if len(one) == len(other) else None


def same_build(one: Version, other: Version) -> bool:
    """Whether both name the same build: alike as far as both tell, and that at least down to the build."""
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared] and (shared >= _BUILD or one == other)
