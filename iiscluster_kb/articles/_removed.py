"""Tells beside a finding what a list of extensions held before it was removed. It turns no verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from iiscluster_kb.model import Absent, Present
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from iiscluster_kb.cluster import Machine
    from iiscluster_kb.cluster._removed import RemovedValue
    from iiscluster_kb.model import Finding
    from iiscluster_kb.registry import KeyPath

__all__ = ["beside_removed"]

_SHOWN_STRINGS = 8
_SHOWN_CHARACTERS = 100


def beside_removed(machine: Machine, finding: Finding, key: KeyPath, name: str, clsid: str) -> Finding:
    """The finding, with a note and a sentence where a hive still holds a removed value of that name.

    A value of a key that nothing tells says something only if it lists the CLSID, and so does an earlier
    form of a value that is there.

    Args:
        machine: Whose hives are searched.
        finding: Its first fact is about the value.
        key: The value's key as the hive spells it.
        name: The value's name.
        clsid: With braces.
    """
    fact, *others = finding.facts
    if not isinstance(fact, Absent | Present):
        return finding
    gone = isinstance(fact, Absent)
    written = fact.source.last_written if fact.source else None
    found = [
        removed
        for removed in machine.removed_values(key, name)
        if _lists(removed, clsid) or (gone and removed.key is not None and removed.value.strings())
    ]
    if not found:
        return finding
    found.sort(key=lambda removed: not _lists(removed, clsid))
    told = _in_words(found[0], name)
    if len(found) > 1:
        told += f" (and {len(found) - 1} more)"
    when = f"; the key was last written {written:%Y-%m-%d %H:%M:%S} UTC" if written else ""
    return replace(
        finding,
        facts=(replace(fact, notes=(*fact.notes, told)), *others),
        explanation=f"{finding.explanation} {_meaning(found[0], name, gone=gone)}: {told}{when}.",
    )


def _lists(removed: RemovedValue, clsid: str) -> bool:
    return fold(clsid) in map(fold, removed.value.strings())


def _meaning(removed: RemovedValue, name: str, *, gone: bool) -> str:
    if removed.key is None:
        return f"{name} may have listed the CLSID before"
    return f"{name} was there and was removed" if gone else f"{name} listed the CLSID before"


def _in_words(removed: RemovedValue, name: str) -> str:
    strings = removed.value.strings()
    shown = [_cut(string) for string in strings[:_SHOWN_STRINGS]]
    more = " …" if len(strings) > _SHOWN_STRINGS else ""
    whose = "" if removed.key else " of a key that nothing tells"
    doubt = "" if removed.intact else " and may be partly written over"
    return (
        f"{removed.source.path} still holds at offset {removed.source.offset:#x}, where nothing lives, "
        f"a former {name}{whose} that listed {', '.join(shown)}{more}{doubt}"
    )


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
