"""Facts held side by side: whether two places hold the same, in three answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.model import Absent, FileEntry, Present, Unknown
from iiscluster_kb.registry import RegistryValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iiscluster_kb.model import AnyFact

__all__ = ["alike", "all_alike"]


def alike(one: AnyFact, other: AnyFact) -> bool | None:
    """Whether both hold the same; None: one of them is not known.

    Registry values are alike with type and data, files with size and version as far as both sides tell;
    of a key only that it is there.
    """
    match one, other:
        case (Unknown(), _) | (_, Unknown()):
            return None
        case Present(value=RegistryValue() as first), Present(value=RegistryValue() as second):
            return (first.type, first.data) == (second.type, second.data)
        case Present(value=FileEntry() as first), Present(value=FileEntry() as second):
            pairs = (
                (first.is_directory, second.is_directory),
                (first.size, second.size),
                (first.version, second.version),
            )
            return all(a == b for a, b in pairs if a is not None and b is not None)
        case _:
            return isinstance(one, Absent) == isinstance(other, Absent)


def all_alike(facts: Sequence[AnyFact]) -> bool | None:
    """Whether all hold the same. Two that differ decide; one that is not known leaves the rest open."""
    answers = {alike(one, other) for number, one in enumerate(facts) for other in facts[number + 1 :]}
    if False in answers:
        return False
    return None if None in answers else True
