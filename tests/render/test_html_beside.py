"""What the page tells beside the findings, as data: extensions, the nodes side by side, the media."""

from __future__ import annotations

from dataclasses import replace

from iiscluster_kb.model import Media, Verdict
from iiscluster_kb.render._html.comparison import compare
from iiscluster_kb.render._html.extensions import list_extensions
from iiscluster_kb.render._html.media import show_media
from tests.render.html_reports import COMPARISON, DLL, EXTENSIONS, MEDIA, report_of


def test_what_differs_stands_first_and_by_section() -> None:
    compared = compare(report_of(comparison=COMPARISON))
    assert compared is not None
    assert compared.machines == ("NODE1", "NODE2", "NODE3")
    assert [(group.section, [row.what for row in group.rows]) for group in compared.differing] == [
        ("files", ["Clusiis4.dll"]),
        ("services", ["ClusSvc"]),
    ]
    assert compared.differing[1].rows[0].cells == ("manual", "absent", None)
    assert [(group.section, [row.alike for row in group.rows]) for group in compared.rest] == [
        ("Windows", [True]),
        ("files", [None]),
    ]
    assert (compared.differences, compared.alike, compared.untold, compared.more) == (2, 1, 1, 0)


def test_a_single_node_is_compared_with_nothing() -> None:
    assert compare(report_of()) is None


def test_many_rows_of_a_comparison_are_counted() -> None:
    rows = [replace(COMPARISON[at], subject=str(number)) for at in (0, 1) for number in range(300)]
    compared = compare(report_of(comparison=tuple(rows)))
    assert compared is not None
    assert [sum(len(group.rows) for group in part) for part in (compared.differing, compared.rest)] == [
        200
    ] * 2
    assert (compared.differences, compared.more) == (300, 200)


def test_broken_chains_stand_first() -> None:
    traced = list_extensions(report_of(extensions=EXTENSIONS))
    assert traced is not None
    assert [(row.machine, row.verdict) for row in traced.open] == [
        ("NODE2", Verdict.CONFIRMED),
        ("NODE1", Verdict.UNDETERMINED),
    ]
    assert (len(traced.open[0].objects), traced.open[0].more) == (4, 2)
    assert (traced.open[1].objects, traced.open[1].owner, traced.open[1].server) == (("the cluster",), "", "")
    assert [row.server for row in traced.whole] == [DLL]
    assert (traced.broken, traced.sound, traced.total, traced.more) == (1, 1, 3, 0)
    assert list_extensions(report_of()) is None


def test_many_chains_are_counted() -> None:
    traced = list_extensions(report_of(extensions=EXTENSIONS * 150))
    assert traced is not None
    assert (len(traced.open), len(traced.whole), traced.more) == (200, 150, 100)


def test_copies_on_the_media_are_told() -> None:
    at_hand = show_media(report_of(media=MEDIA))
    assert at_hand is not None
    sound, empty = at_hand.copies
    assert sound.told == "in CD, for x86, 2,048 bytes, version 4.2.622.1, built 1999-05-04T10:11:12Z"
    assert (empty.told, empty.problem) == ("0 bytes, cannot register", "it is empty")
    many = show_media(report_of(media=Media(MEDIA.files * 150, MEDIA.unread * 250)))
    assert many is not None
    assert (len(many.copies), len(many.unread), many.more) == (200, 200, 150)
    assert show_media(report_of()) is None
