from __future__ import annotations

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import _text
from iiscluster_kb.evidence.tree_listing import FORMAT
from iiscluster_kb.model import State
from tests.support.listing_laws import NODE, read
from tests.support.listings import case_file, directories, entries
from tests.support.listings_more import tree_listing

WHOLE = directories(NODE, "C:\\WINNT") - {"C:\\WINNT\\SYSTEM32\\1033"}
"""A directory that shows nothing may be one that could not be entered."""
HEAD = ("Folder PATH listing for volume SYSTEM", "Volume serial number is 00000200 3C0A:17E5")


def drawn(*lines: str) -> bytes:
    return "".join(line + "\r\n" for line in (*HEAD, *lines)).encode("cp850")


@pytest.mark.parametrize("ascii_lines", [True, False])
@pytest.mark.parametrize("encoding", ["cp437", "cp850", "utf-8", "utf-8-sig", "utf-16"])
def test_a_whole_tree(ascii_lines: bool, encoding: str) -> None:
    evidence = read(FORMAT, tree_listing(NODE, ascii_lines=ascii_lines, encoding=encoding))
    assert evidence.state is State.CLEAN
    assert set(evidence.entries) == set(entries(NODE, "C:\\WINNT"))
    assert evidence.directories == WHOLE
    assert evidence.notes == ("tree leaves out hidden and system files",)
    dll = evidence.entries["C:\\WINNT\\SYSTEM32\\INETSRV\\IISCLEX4.DLL"]
    assert (dll.size, dll.modified, dll.line) == (None, None, 13)
    assert evidence.entries["C:\\WINNT\\SYSTEM32\\1033"].is_directory


def test_another_language_and_its_letters() -> None:
    tree = {"Übersicht": {"Größe.txt": 1, "a.dll": 2}, "Zähler": {"öl.ini": 3}}
    data = tree_listing(
        tree,
        "D:\\",
        ascii_lines=False,
        title="Auflistung der Ordnerpfade für Volume DATEN",
        serial="Volumeseriennummer: 3C0A-17E5",
        encoding="cp850",
    )
    assert _text.decode(data).encoding == "cp850"
    evidence = read(FORMAT, data)
    assert set(evidence.entries) == set(entries(tree, "D:\\"))
    assert evidence.directories == directories(tree, "D:\\")


def test_blanks_at_the_ends_of_lines_do_not_matter() -> None:
    data = b"".join(line.rstrip() + b"\n" for line in tree_listing(NODE).splitlines())
    assert read(FORMAT, data).directories == WHOLE


def test_files_alone() -> None:
    evidence = read(FORMAT, tree_listing({"a.dll": 1, "b.txt": 2}, "C:\\X"))
    assert set(evidence.entries) == {"C:\\X\\A.DLL", "C:\\X\\B.TXT"}
    assert evidence.directories == {"C:\\X"}
    assert evidence.state is State.CLEAN


def test_without_files_nothing_is_covered() -> None:
    evidence = read(FORMAT, tree_listing(NODE, files=False))
    assert evidence.directories == set()
    assert any("without /f" in note for note in evidence.notes)


def test_where_it_began_is_told_by_a_prompt() -> None:
    command = "C:\\WINNT>tree /f /a"
    evidence = read(FORMAT, tree_listing(NODE, "C:.", command=command))
    assert evidence.directories == WHOLE
    with pytest.raises(EvidenceError, match=r"line 3: C:\. does not say"):
        FORMAT.read(case_file(tree_listing(NODE, "C:.")))
    with pytest.raises(EvidenceError, match=r"line 4: C:\. does not say"):
        FORMAT.read(case_file(tree_listing(NODE, "C:.", command="D:\\>tree C: /f /a")))


def test_two_trees_in_one_text() -> None:
    data = tree_listing(NODE) + b"\r\nC:\\>tree D:\\ /f /a\r\n" + tree_listing({"a.dll": 1}, "D:\\")
    evidence = read(FORMAT, data)
    assert evidence.directories == WHOLE | {"D:\\"}
    assert evidence.entries["D:\\A.DLL"].path == "D:\\a.dll"


@pytest.mark.parametrize(
    ("lines", "whole"),
    [
        (("C:\\X", "|   a.dll", "|   ", "\\---b", "        c.txt"), {"C:\\X"}),
        (("C:\\X", "|   a.dll", "|   ", "+---b", "|       c.txt", "|       "), {"C:\\X\\B"}),
        (("C:\\X", "|   a.dll", "|   ", "+---b", "|       c.txt"), set()),
        (("C:\\X", "|   a.dll", "|   "), set()),
        (("C:\\X", "    a.dll"), set()),
        (("C:\\X", "    a.dll", ""), {"C:\\X"}),
        (("C:\\X", "|   a.dll", "\\---b", "        c.txt", ""), set()),
        (
            ("C:\\X", "|   a.dll", "|   ", "\\---b", "        c.txt", "", "what is this", ""),
            {"C:\\X", "C:\\X\\B"},
        ),
        (("C:\\X", "|   a.dll", "|   ", "+---b", "what is this", "\\---c"), set()),
        (("C:\\X", "|   a.dll", "    b.dll", "    "), set()),
        (("C:\\X", "|   a.dll", "|   ", "\\---b", "        c.txt", "        ", "|   d.dll"), set()),
        (("C:\\X", "|   a.dll", "|   ", "\\---b", "        c.txt", "        ", "+---d"), {"C:\\X\\B"}),
        (("C:\\X", "|   a.dll", "|   ", "\\---b", "|       c.txt", "|       "), set()),
        (("C:\\X", "+---b", "|       +---c", "|"), {"C:\\X\\B"}),
        (("C:\\X", "+---b", "|", "\\---c", "        a.dll", "        "), set()),
        (("C:\\X", "|   a.dll", "|   " + "x" * 2000, "|", "\\---b"), set()),
    ],
)
def test_what_is_whole(lines: tuple[str, ...], whole: set[str]) -> None:
    assert read(FORMAT, drawn(*lines)).directories == whole


def test_a_directory_that_shows_nothing_counts_for_nothing() -> None:
    evidence = read(FORMAT, drawn("C:\\X", "|   a.dll", "|   ", "+---b", "\\---c"))
    assert evidence.directories == {"C:\\X"}
    assert evidence.state is State.CLEAN


def test_a_cut_line_is_left_out() -> None:
    evidence = read(FORMAT, drawn("C:\\X", "|   a.dll", "|   ", "\\---b")[:-2] + b"cd")
    assert set(evidence.entries) == {"C:\\X\\A.DLL"}
    assert "line 6: not ended and may be cut off; it is left out" in evidence.notes


@pytest.mark.parametrize(
    "text",
    [
        "C:\\X\r\nwords\r\n",
        "C:\\X\r\n    indented words\r\n",
        "|   a.dll\r\n",
        "C:\\X\r\nC:\\X\\a\r\nC:\\X\\b\r\n",
        "C:\\X\r\n|   cut",
        "x" * 3000 + "\r\nC:\\X\r\n|   a.dll\r\n",
        "\x01\x02",
    ],
)
def test_other_texts_are_not_taken(text: str) -> None:
    assert not FORMAT.recognises(text.encode())
