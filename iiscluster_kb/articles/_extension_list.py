"""Reads an AdminExtensions value as Cluster Administrator does, and writes a sound one.

The property is a REG_MULTI_SZ of CLSIDs in braces, each ended by NUL, the list by one more
(Q224553; Platform SDK, "AdminExtensions" of resource types). A list ends at its first empty string.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from iiscluster_kb.registry import RegistryValue, ValueType, fold, multi_sz

__all__ = ["CLSID_FORM", "Listing", "Reading", "add_extension", "read_extensions"]

CLSID_FORM = re.compile(r"\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
"""As ``AdminExtensions`` must hold them: both braces, nothing else."""


class Listing(StrEnum):
    """How a value stands to one CLSID; the words are those of the contract's ``detail``."""

    OK = "ok"
    ABSENT = "absent"
    WRONG_TYPE = "wrong-type"
    NO_BRACES = "no-braces"
    HIDDEN = "hidden"
    UNTERMINATED = "unterminated"
    OTHER_ONLY = "other-only"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a value tells of one CLSID."""

    listing: Listing
    explanation: str
    """A sentence's end: "AdminExtensions …"."""


def read_extensions(value: RegistryValue, clsid: str) -> Reading:  # noqa: PLR0911 - one return a sub-case
    """Tell whether Cluster Administrator finds ``clsid`` (with braces) in the value, and if not, why."""
    if value.type != ValueType.REG_MULTI_SZ:
        said = "holds the CLSID but" if _mentions(value, clsid) else "does not hold the CLSID and"
        return Reading(Listing.WRONG_TYPE, f"{said} is of type {value.type_name} instead of REG_MULTI_SZ")
    visible = value.strings()
    every = tuple(filter(None, _text(value.data).split("\0")))
    if _holds(visible, clsid):
        return _terminated(value, visible)
    if _holds(every, clsid):
        return Reading(Listing.HIDDEN, "holds the CLSID behind an empty string, where the list already ended")
    if encoding := _mistaken_encoding(value.data, clsid):
        return Reading(Listing.WRONG_TYPE, f"holds the CLSID as {encoding} instead of UTF-16 text")
    if misshapen := [text for text in every if _bare(text) == _bare(clsid)]:
        return Reading(
            Listing.NO_BRACES,
            f"holds {misshapen[0]!r}, which is no CLSID in the required form: "
            "both braces and nothing else around or inside",
        )
    if not visible:
        return Reading(Listing.ABSENT, "is there but lists nothing")
    others = ", ".join(visible[:8]) + (" …" if len(visible) > 8 else "")  # noqa: PLR2004 - enough to recognise
    return Reading(Listing.OTHER_ONLY, f"lists only {others}")


def add_extension(value: RegistryValue | None, clsid: str, *, name: str) -> RegistryValue:
    """A sound value that lists ``clsid`` beside everything that was listed before.

    Strings that Cluster Administrator finds stay as they are and in order; CLSIDs that sat where it does
    not find them, or in a wrong encoding or type, are taken in after them. Nothing is listed twice.
    """
    kept: list[str] = []
    if value is not None:
        if value.type == ValueType.REG_MULTI_SZ and not _mistaken_encoding(value.data, clsid):
            kept += value.strings()
        for text in _readings(value.data):
            kept += CLSID_FORM.findall(text)
    sound = [clsid if _bare(text) == _bare(clsid) else text for text in (*kept, clsid)]
    once: dict[str, str] = {}
    for text in sound:
        once.setdefault(fold(text), text)
    spelled = value.name if value is not None else name
    return RegistryValue(spelled, ValueType.REG_MULTI_SZ, multi_sz(*once.values()))


def _terminated(value: RegistryValue, visible: tuple[str, ...]) -> Reading:
    text = _text(value.data)
    end = sum(len(string) + 1 for string in visible)
    if text[end : end + 1] != "\0":
        return Reading(Listing.UNTERMINATED, "lists the CLSID but lacks the NULs that end the list")
    if len(value.data) % 2:
        return Reading(Listing.OK, "lists the CLSID (one odd byte follows the list and is not read)")
    return Reading(Listing.OK, "lists the CLSID")


def _holds(strings: tuple[str, ...], clsid: str) -> bool:
    return fold(clsid) in map(fold, strings)


def _text(data: bytes) -> str:
    return data[: len(data) & ~1].decode("utf-16-le", "replace")


def _readings(data: bytes) -> tuple[str, ...]:
    """The data as UTF-16, as ANSI, and as UTF-16 that was widened twice."""
    wide = _text(data)
    return wide, data.decode("latin-1"), wide[::2]


def _mistaken_encoding(data: bytes, clsid: str) -> str | None:
    wide, ansi, twice = map(fold, _readings(data))
    bare = fold(clsid)
    if bare in wide:
        return None
    if bare in ansi:
        return "8-bit text"
    return "UTF-16 text widened once more" if bare in twice else None


def _mentions(value: RegistryValue, clsid: str) -> bool:
    return any(_bare(clsid) in fold(text) for text in _readings(value.data))


def _bare(text: str) -> str:
    return fold("".join(text.split())).strip("{}")
