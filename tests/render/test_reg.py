from __future__ import annotations

from iiscluster_kb.registry.reg_text import ValueDeletion, ValueEntry, parse_reg
from iiscluster_kb.render import render
from tests.support.reports import TYPE_KEY, empty_report, full_report


def test_each_machine_has_a_patch_and_its_undo_beside_it() -> None:
    documents = render(full_report(), "reg")
    assert [(document.name, document.printed) for document in documents] == [
        ("NODE1.reg", True),
        ("NODE1-undo.reg", False),
        ("NODE2.reg", True),
        ("NODE2-undo.reg", False),
    ]


def test_the_dialect_is_that_of_the_patch() -> None:
    first, _, second, _ = render(full_report(), "reg")
    assert first.content.startswith(b"REGEDIT4\r\n")
    assert second.content.startswith("\ufeffWindows Registry Editor Version 5.00\r\n".encode("utf-16-le"))


def test_patch_and_undo_read_back_as_the_change() -> None:
    report = full_report()
    documents = render(report, "reg")
    for patch, done, undone in zip(report.remedy.patches, documents[::2], documents[1::2], strict=True):
        (change,) = patch.changes
        assert change.after is not None
        assert ValueEntry(change.key, change.after) in parse_reg(done.content).entries
        back = (
            ValueDeletion(TYPE_KEY, change.name)
            if change.before is None
            else ValueEntry(change.key, change.before)
        )
        assert back in parse_reg(undone.content).entries


def test_without_patches_there_is_no_document() -> None:
    assert render(empty_report(), "reg") == ()
