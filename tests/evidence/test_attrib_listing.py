from __future__ import annotations

import pytest

from iiscluster_kb.evidence.attrib_listing import FORMAT
from iiscluster_kb.model import FileEvidence, State
from tests.support.listing_laws import NODE, read
from tests.support.listings import case_file, entries
from tests.support.listings_more import attrib_listing

INETSRV = "C:\\WINNT\\SYSTEM32\\INETSRV"


def lines(*paths: str, attributes: str = "A  SHR     ") -> bytes:
    return "".join(f"{attributes}{path}\r\n" for path in paths).encode()


def test_files_alone_cover_nothing() -> None:
    evidence = read(FORMAT, attrib_listing(NODE))
    assert evidence.state is State.CLEAN
    files = {path for path, item in entries(NODE, "C:\\WINNT").items() if item.tree is None}
    assert set(evidence.entries) == files
    assert evidence.directories == set()
    assert evidence.notes == (
        "no directory is listed whole: directories are not listed themselves; collect with dir /a /s",
    )


@pytest.mark.parametrize("width", [9, 11, 13, 21])
@pytest.mark.parametrize(
    ("first", "whole"),
    [
        ("files", {"C:\\WINNT\\CLUSTER", INETSRV}),
        ("below", {"C:\\WINNT\\CLUSTER", "C:\\WINNT\\SYSTEM32", "C:\\WINNT\\SYSTEM32\\ZETA", INETSRV}),
        ("name", {"C:\\WINNT\\CLUSTER", "C:\\WINNT\\SYSTEM32", "C:\\WINNT\\SYSTEM32\\ZETA", INETSRV}),
    ],
)
def test_with_directories(first: str, whole: set[str], width: int) -> None:
    evidence = read(FORMAT, attrib_listing(NODE, directories=True, first=first, width=width))
    assert set(evidence.entries) == set(entries(NODE, "C:\\WINNT"))
    assert evidence.directories == whole
    assert evidence.notes == ()
    assert evidence.entries["C:\\WINNT\\SYSTEM32"].is_directory


def test_the_root_of_a_drive_and_a_share() -> None:
    data = lines("C:\\boot.ini", "C:\\WINNT", "C:\\WINNT\\x.dll", "C:\\zeta.sys")
    evidence = read(FORMAT, data)
    assert evidence.directories == {"C:\\WINNT"}
    assert evidence.entries["C:\\BOOT.INI"].path == "C:\\boot.ini"
    share = lines("\\\\SRV\\C$\\a", "\\\\SRV\\C$\\a\\x.dll", "\\\\SRV\\C$\\b.sys")
    assert read(FORMAT, share).directories == {"\\\\SRV\\C$\\A"}


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        (("C:\\iis", "C:\\iis\\iis.dll", "C:\\iis.ini"), "every name shares a letter"),
        (("C:\\a", "C:\\a\\b.dll", "C:\\c.sys", "C:\\a\\d.txt"), "order of a walk"),
    ],
)
def test_a_selection_covers_nothing(paths: tuple[str, ...], says: str) -> None:
    evidence = read(FORMAT, lines(*paths))
    assert evidence.directories == set()
    assert any(says in note for note in evidence.notes), evidence.notes


def test_a_prompt_ends_a_run() -> None:
    data = b"C:\\>attrib /s /d\r\n" + lines("C:\\a", "C:\\a\\b.dll", "C:\\c.ini")
    evidence = read(FORMAT, data + b"\r\nC:\\>d:\r\n\r\n" + lines("D:\\a", "D:\\a\\b.dll", "D:\\c.ini"))
    assert evidence.directories == {"C:\\A", "D:\\A"}


@pytest.mark.parametrize(
    ("line", "whole"),
    [
        ("Access denied - C:\\a", {"C:\\Z"}),
        ("Access denied - C:\\a\\secret.dll", {"C:\\Z"}),
        ("Access denied - C:\\m\\", {"C:\\A", "C:\\Z"}),
        ("Something else happened", set()),
        ("x" * 2000, set()),
    ],
)
def test_a_line_that_is_not_understood(line: str, whole: set[str]) -> None:
    data = lines("C:\\a", "C:\\a\\b.dll", "C:\\z", "C:\\z\\y.txt", "C:\\q.ini") + f"{line}\r\n".encode()
    evidence = read(FORMAT, data)
    assert evidence.directories == whole
    assert any("line 6" in note for note in evidence.notes)
    assert evidence.state is (State.CLEAN if whole else State.DAMAGED)


def test_lines_of_another_width_and_cut_ones() -> None:
    data = lines("C:\\a", "C:\\a\\b.dll", "C:\\z.ini") + lines("C:\\y.ini", attributes="A          R    ")
    evidence = FORMAT.read(case_file(data + b"A          C:\\q"))
    assert isinstance(evidence, FileEvidence)
    assert set(evidence.entries) == {"C:\\A", "C:\\A\\B.DLL", "C:\\Z.INI"}
    assert any("cut off" in note for note in evidence.notes)


def test_a_directory_alone_is_no_entry() -> None:
    assert set(read(FORMAT, lines("C:\\b\\", "C:\\a.dll")).entries) == {"C:\\A.DLL"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "C:\\WINNT\\a.dll\r\nC:\\WINNT\\b.dll\r\n",
        " Directory of C:\\WINNT\r\n",
        "AAA        C:\\WINNT\\a.dll\r\n",
        "A          C:\\WINNT\\a.dll",
        "A          C:\\WINNT\\a.dll\r\nA              C:\\WINNT\\b.dll\r\n",
        "one\r\ntwo\r\nA          C:\\WINNT\\a.dll\r\n",
        "\x00\x01",
    ],
)
def test_other_texts_are_not_taken(text: str) -> None:
    assert not FORMAT.recognises(text.encode())
