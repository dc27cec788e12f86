from __future__ import annotations

import pytest

from iiscluster_kb.model import Dialect, Patch, ValueChange
from iiscluster_kb.registry import HKLM, RegistryValue, ValueType, multi_sz
from iiscluster_kb.registry.reg_text import PATCH_COMMENT, KeyDeletion, KeyEntry, parse_reg
from iiscluster_kb.remedy import format_patch

KEY = HKLM / r"Cluster\ResourceTypes\IIS Server Instance"
VALUE = RegistryValue("AdminExtensions", ValueType.REG_MULTI_SZ, multi_sz("{A}"))


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_patch_is_known_by_its_comment_and_lists_parents(dialect: Dialect) -> None:
    there = Patch("N", dialect, (ValueChange(KEY, "AdminExtensions", None, VALUE),))
    for patch in (there, there.undo()):
        document = parse_reg(format_patch(patch))
        assert PATCH_COMMENT.lstrip("; ") in " ".join(document.comments)
        keys = [entry.key for entry in document.entries if isinstance(entry, KeyEntry)]
        assert keys == [HKLM / "Cluster", HKLM / r"Cluster\ResourceTypes", KEY]


def test_the_words_of_regedit4_are_the_articles() -> None:
    text = format_patch(Patch("N", Dialect.REGEDIT4, (ValueChange(KEY, "AdminExtensions", None, VALUE),)))
    assert text.startswith(b"REGEDIT4\r\n\r\n")
    assert b'"AdminExtensions"=hex(7):7b,41,7d,00,00\r\n' in text
    assert text.endswith(b"\r\n\r\n")


def test_warnings_stand_above_the_first_key_in_lines_that_a_console_shows() -> None:
    patch = Patch("N", Dialect.REGEDIT4, (ValueChange(KEY, "A", None, VALUE),), ("word " * 40, "a\n[HKEY_X]"))
    head, _, _ = format_patch(patch).partition(b"[")
    lines = head.decode("ascii").split("\r\n")
    assert all(line.startswith(";") for line in lines[2:-2])
    assert max(map(len, lines)) <= 80
    assert "; a [HKEY_X]" in format_patch(patch).decode("ascii")


def test_a_key_that_a_patch_makes_is_deleted_once_by_its_undo() -> None:
    made = KEY / "New"
    changes = tuple(ValueChange(made / below, "A", None, VALUE, makes=made) for below in ("One", "Two"))
    undo = format_patch(Patch("N", Dialect.VERSION_5, changes).undo())
    assert parse_reg(undo).entries == (KeyDeletion(made),)
