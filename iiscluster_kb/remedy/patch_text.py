"""A patch as the bytes that are delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.registry.reg_text import PATCH_COMMENT, KeyEntry, ValueDeletion, ValueEntry, format_reg

if TYPE_CHECKING:
    from iiscluster_kb.model import Patch, ValueChange
    from iiscluster_kb.registry.reg_text import Entry

__all__ = ["format_patch"]


def format_patch(patch: Patch) -> bytes:
    """The .reg text of the patch, in the form that every importer takes as meant.

    Raises:
        RemedyError: The patch's dialect cannot carry one of the values.
    """
    entries: list[Entry] = []
    for change in patch.changes:
        entries.append(KeyEntry(change.key))
        entries.append(_entry(change))
    return format_reg(entries, patch.dialect, comments=(PATCH_COMMENT, *patch.warnings), parents=True)


def _entry(change: ValueChange) -> Entry:
    if change.after is None:
        return ValueDeletion(change.key, change.name)
    return ValueEntry(change.key, change.after)
