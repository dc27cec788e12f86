"""A patch as the bytes that are delivered."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from iiscluster_kb.registry.reg_text import (
    PATCH_COMMENT,
    KeyDeletion,
    KeyEntry,
    ValueDeletion,
    ValueEntry,
    format_reg,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.model import Patch, ValueChange
    from iiscluster_kb.registry.reg_text import Entry

__all__ = ["format_patch"]

_COMMENT_COLUMNS = 78
"""Two less than a console has, for the semicolon and the blank."""


def format_patch(patch: Patch) -> bytes:
    """The .reg text of the patch, in the form that every importer takes as meant.

    Raises:
        RemedyError: The patch's dialect cannot carry one of the values.
    """
    # An undo deletes each key that its patch made once: Samba refuses to delete what is not there.
    entries = dict.fromkeys(entry for change in patch.changes for entry in _entries(change))
    return format_reg(entries, patch.dialect, comments=(PATCH_COMMENT, *_comments(patch)), parents=True)


def _comments(patch: Patch) -> Iterator[str]:
    for warning in patch.warnings:
        yield from textwrap.wrap(warning, _COMMENT_COLUMNS)


def _entries(change: ValueChange) -> Iterator[Entry]:
    if change.removes is not None:
        yield KeyDeletion(change.removes)
        return
    yield KeyEntry(change.key)
    if change.after is None:
        yield ValueDeletion(change.key, change.name)
    else:
        yield ValueEntry(change.key, change.after)
