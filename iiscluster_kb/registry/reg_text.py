""".reg text both ways: REGEDIT4 of Windows NT 4.0 and 9x, and version 5.00 of Windows 2000 and later."""

from iiscluster_kb.registry.reg_entries import (
    PATCH_COMMENT,
    Dialect,
    Entry,
    KeyDeletion,
    KeyEntry,
    Problem,
    RegDocument,
    ValueDeletion,
    ValueEntry,
)
from iiscluster_kb.registry.reg_format import format_reg
from iiscluster_kb.registry.reg_parse import is_reg_text, parse_reg

__all__ = [
    "PATCH_COMMENT",
    "Dialect",
    "Entry",
    "KeyDeletion",
    "KeyEntry",
    "Problem",
    "RegDocument",
    "ValueDeletion",
    "ValueEntry",
    "format_reg",
    "is_reg_text",
    "parse_reg",
]
