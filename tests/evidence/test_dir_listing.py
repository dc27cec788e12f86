from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import HEAD_SIZE, _text, dir_listing
from iiscluster_kb.evidence.dir_listing import FORMAT
from iiscluster_kb.model import FileEvidence, State
from iiscluster_kb.registry import fold
from tests.support import listings
from tests.support.listings import STYLES, WRITTEN, Item, case_file, directories, entries

if TYPE_CHECKING:
    from tests.support.listings import Tree


def local(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


NODE: Tree = {
    "Cluster": {"CLUSDB": 65536, "clussvc.exe": 503568},
    "system32": {
        "1033": {},
        "inetsrv": {
            "iisclex4.dll": 65664,
            "clusiis4.dll": 33872,
            "099 report.v1.2.txt": Item(54, short="099REP~1.TXT"),
            "Read me first.html": Item(12345678, short="README~1.HTM"),
            "empty": Item(0),
            "big.mdb": 123456789012,
        },
    },
    "WIN.INI": Item(1, local("2001-02-03 04:05:00")),
}


def read(data: bytes) -> FileEvidence:
    assert FORMAT.recognises(data[:HEAD_SIZE])
    evidence = FORMAT.read(case_file(data))
    assert isinstance(evidence, FileEvidence)
    return evidence


def text(*lines: str, encoding: str = "cp850") -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode(encoding)


# --- every style, language and code page ------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["cp850", "cp1252", "utf-8", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("short_names", [False, True])
@pytest.mark.parametrize("style", sorted(STYLES))
def test_a_whole_listing(style: str, short_names: bool, encoding: str) -> None:
    root = "C:\\WINNT"
    evidence = read(listings.dir_listing(NODE, style, root, short_names=short_names, encoding=encoding))
    assert evidence.directories == directories(NODE, root)
    assert evidence.state is State.CLEAN
    expected = entries(NODE, root)
    assert set(evidence.entries) == set(expected)
    for path, item in expected.items():
        entry = evidence.entries[path]
        assert fold(entry.path) == path
        assert entry.is_directory is (item.tree is not None)
        assert entry.size == (None if entry.is_directory else item.size)
        assert entry.modified == item.written
        assert entry.short_name == (item.short if short_names or style == "dos" else None)


def test_lines_are_numbered() -> None:
    data = listings.dir_listing(NODE)
    entry = read(data).entries["C:\\WINNT\\WIN.INI"]
    assert entry.line
    assert data.decode().splitlines()[entry.line - 1].endswith("WIN.INI")


@pytest.mark.parametrize("root", ["C:\\", "\\\\NODE1\\C$\\WINNT", "\\\\NODE1\\C$"])
def test_other_roots(root: str) -> None:
    evidence = read(listings.dir_listing(NODE, "2000", root))
    assert evidence.directories == directories(NODE, root)
    assert set(evidence.entries) == set(entries(NODE, root))


def test_one_directory() -> None:
    evidence = read(listings.dir_listing(NODE, recurse=False, command="C:\\>dir /a C:\\WINNT"))
    assert evidence.directories == {"C:\\WINNT"}
    assert evidence.notes == ()


def test_an_empty_directory_of_a_listing_with_files() -> None:
    assert "C:\\WINNT\\SYSTEM32\\1033" in read(listings.dir_listing(NODE)).directories


def test_several_listings_in_one_text() -> None:
    data = listings.dir_listing(NODE, "2000") + listings.dir_listing(
        {"a": {"b.txt": 1}, "c.c": 1}, "2000", "D:\\"
    )
    assert {"C:\\WINNT", "D:\\", "D:\\A"} <= read(data).directories


# --- other printed forms ----------------------------------------------------------------------------

MIXED = text(
    "C:\\WINNT>dir /a",
    " Volume in drive C is SYSTEM",
    " Volume Serial Number is 3C0A-17E5",
    "",
    " Directory of C:\\WINNT",
    "",
    "13/10/2011  09:14 AM    <DIR>          .",
    "13/10/2011  09:14 AM    <DIR>          ..",
    "13/10/2011  09:14 AM    <JUNCTION>     Documents and Settings [C:\\Users]",
    "13/10/2011  09:14 AM    <SYMLINKD>     my dir [x] [..\\real]",
    "13/10/2011  09:14 AM    <SYMLINK>      f.txt [..\\f[1].txt]",
    "13/10/2011  09:14 AM    <JUNCTION>     bare",
    "13/10/2011  09:14 AM    <DIR>          plain [1]",
    "13/10/2011  09:14 AM           (65,664) offline.dll",
    "13/10/2011  09:14 AM               123 streams.txt   ",
    "                                     5 streams.txt:x:$DATA",
    "Press any key to continue . . .",
    "(continuing C:\\WINNT)",
    "               3 File(s)         65,787 bytes",
    "               6 Dir(s)  514,900,566,016 bytes free",
    "",
    "C:\\WINNT>",
)


def test_links_streams_pages_and_trailing_spaces() -> None:
    evidence = read(MIXED)
    assert evidence.directories == {"C:\\WINNT"}
    assert evidence.notes == ()
    found = {entry.path.removeprefix("C:\\WINNT\\"): entry for entry in evidence.entries.values()}
    assert set(found) == {
        "Documents and Settings", "my dir [x]", "f.txt", "bare", "plain [1]", "offline.dll", "streams.txt",
    }  # fmt: skip
    assert {name for name, entry in found.items() if not entry.is_directory} == {
        "f.txt",
        "offline.dll",
        "streams.txt",
    }
    assert found["offline.dll"].size == 65664


@pytest.mark.parametrize(
    ("date", "clock", "modified"),
    [
        ("Fr, 04. 07. 2025", "07:46", local("2025-07-04 07:46:00")),
        ("1999. 05. 14.", "7:46", local("1999-05-14 07:46:00")),
        ("99-05-14", "07:46", local("1999-05-14 07:46:00")),
        ("05/14/79", "12:46a", local("2079-05-14 00:46:00")),
        ("05/14/99", "12:46p", local("1999-05-14 12:46:00")),
        ("05/05/1999", "07:46", local("1999-05-05 07:46:00")),
        ("04/05/1999", "07:46", None),
        ("04/05/1999", "07:46 AM", local("1999-04-05 07:46:00")),
        ("04-05-1999", "07:46:01 p.m.", local("1999-04-05 19:46:01")),
        ("04/05/99", "07:46", None),
        ("2020-02-10", "\uc624\uc804 09:36", None),
        ("14-mai-99", "07:46", None),
        ("31/31/99", "07:46", None),
        ("05/14/99", "25:46", None),
        ("123/14/99", "07:46", None),
    ],
)
def test_dates(date: str, clock: str, modified: datetime | None) -> None:
    lines = (
        " Directory of C:\\W",
        "",
        f"{date}  {clock}    <DIR>          .",
        f"{date}  {clock}    <DIR>          ..",
        f"{date}  {clock}                 5 a.txt",
        "               1 File(s)              5 bytes",
    )
    evidence = read(text(*lines, encoding="utf-8"))
    assert evidence.directories == {"C:\\W"}
    assert evidence.entries["C:\\W\\A.TXT"].modified == modified


def test_dates_that_contradict_each_other_are_left_out_once() -> None:
    tree: Tree = {"a.txt": Item(1, local("1999-01-30 00:00:00")), "b.txt": 2}
    data = listings.dir_listing(tree, "2000") + listings.dir_listing(tree, "2000-24h", "D:\\X")
    evidence = read(data)
    assert evidence.entries["C:\\WINNT\\A.TXT"].modified is None
    assert sum("day from month" in note for note in evidence.notes) == 1


def test_short_names_in_the_root_of_a_drive() -> None:
    evidence = read(
        text(
            " Directory of C:\\",
            "",
            "10/13/2011  09:14 AM    <DIR>          DOCUME~1     Documents and Settings",
            "10/13/2011  09:05 AM             2,048 LONGNA~1.TXT Long name.txt",
            "               1 File(s)          2,048 bytes",
        )
    )
    assert {entry.short_name for entry in evidence.entries.values()} == {"DOCUME~1", "LONGNA~1.TXT"}
    assert evidence.entries["C:\\LONG NAME.TXT"].short_name == "LONGNA~1.TXT"


def test_the_column_of_short_names_is_told_by_where_the_dots_stand() -> None:
    """Wine prints one blank more before it than Windows, and short names that end in letters."""
    evidence = read(
        b" Directory of C:\\tree\r\n\r\n"
        b"11/29/1999   3:53 AM  <DIR>                      .\r\n"
        b"11/29/1999   3:53 AM  <DIR>                      ..\r\n"
        b" 4/25/1999  12:43 AM         1,000               10335.TXT\r\n"
        b" 4/25/1999  12:43 AM         1,000  CLUS~GN2.HTM CLUSDB4.html\r\n"
        b"11/29/1999   3:53 AM  <DIR>         X_Y0~OMC     x y0\r\n"
        b"       2 files                    2,000 bytes\r\n\r\n"
    )
    found = {entry.path: (entry.size, entry.short_name) for entry in evidence.entries.values()}
    assert found == {
        "C:\\tree\\10335.TXT": (1000, None),
        "C:\\tree\\CLUSDB4.html": (1000, "CLUS~GN2.HTM"),
        "C:\\tree\\x y0": (None, "X_Y0~OMC"),
    }
    assert evidence.directories == {"C:\\TREE"}


def test_spaces_divide_thousands_beside_short_names() -> None:
    tree: Tree = {"099 b.txt": Item(54, short="099B~1.TXT"), "c.txt": 54099, "d.txt": 1}
    evidence = read(listings.dir_listing(tree, "french-spaces", short_names=True))
    assert {entry.size for entry in evidence.entries.values()} == {54, 54099, 1}


# --- bare listings ----------------------------------------------------------------------------------


def test_bare_paths_cover_what_the_order_shows_whole() -> None:
    evidence = read(listings.dir_listing(NODE, bare=True))
    assert set(evidence.entries) == set(entries(NODE, "C:\\WINNT"))
    # 1033 has no line and may be a file; inetsrv is last, and may have been cut off.
    assert evidence.directories == {"C:\\WINNT", "C:\\WINNT\\CLUSTER", "C:\\WINNT\\SYSTEM32"}
    assert evidence.entries["C:\\WINNT\\CLUSTER"].is_directory
    assert not evidence.entries["C:\\WINNT\\WIN.INI"].is_directory


def test_a_prompt_ends_the_last_directory() -> None:
    data = listings.dir_listing(NODE, bare=True, command="C:\\>dir /s/b/a C:\\WINNT") + b"\r\nC:\\>exit\r\n"
    evidence = read(data)
    assert "C:\\WINNT\\SYSTEM32\\INETSRV" in evidence.directories
    assert evidence.notes == ()


def test_a_command_vouches_for_one_directory() -> None:
    tree: Tree = {"iisclex4.dll": 1, "iis.dll": 2}
    bare = listings.dir_listing(tree, bare=True)
    assert read(bare).directories == set()
    end = b"C:\\WINNT>\r\n"
    assert read(b"C:\\WINNT>dir /s /b\r\n" + bare + end).directories == {"C:\\WINNT"}
    assert read(b"C:\\>dir /s /b WINNT\r\n" + bare + end).directories == {"C:\\WINNT"}
    assert read(b"C:\\x>dir /s /b \\WINNT\r\n" + bare + end).directories == {"C:\\WINNT"}
    assert read(b"C:\\WINNT>dir /s /b i*\r\n" + bare + end).directories == set()


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        (["C:\\a", "C:\\b.txt", "C:\\a\\x.txt", "C:\\c.txt"], "order"),
        (["C:\\a\\iis.txt", "C:\\a\\iis", "C:\\a\\iis\\i.txt", "C:\\a\\iis\\i"], "shares a letter"),
        (["C:\\q.txt", "C:\\b\\x.dll", "C:\\c\\z.ini"], "not listed themselves"),
        (["C:\\q", "C:\\b", "C:\\b\\x", "C:\\b\\y"], "hardly any file"),
    ],
)
def test_bare_paths_that_cover_nothing(paths: list[str], says: str) -> None:
    evidence = FORMAT.read(case_file(text(*paths)))
    assert isinstance(evidence, FileEvidence)
    assert evidence.directories == set()
    assert any(says in note for note in evidence.notes)
    assert len(evidence.entries) == len(paths)


def test_a_hidden_directory_is_entered_but_not_listed() -> None:
    paths = [
        "C:\\W\\a",
        "C:\\W\\b",
        "C:\\W\\q.txt",
        "C:\\W\\a\\x.txt",
        "C:\\W\\b\\y.txt",
        "C:\\W\\inf\\z.txt",
        "D:\\e.txt",
    ]
    assert read(text(*paths)).directories == {"C:\\W", "C:\\W\\A", "C:\\W\\B"}


def test_the_spelling_of_a_directory_may_change() -> None:
    paths = ["C:\\W\\a", "c:\\w\\q.txt", "C:\\W\\a\\z.dll", "D:\\e.txt"]
    assert read(text(*paths)).directories == {"C:\\W"}


def test_bare_names_between_prompts() -> None:
    data = text("C:\\WINNT>dir /b", "iisclex4.dll", "Read me", "C:\\WINNT>")
    evidence = read(data)
    assert evidence.directories == {"C:\\WINNT"}
    assert set(evidence.entries) == {"C:\\WINNT\\IISCLEX4.DLL", "C:\\WINNT\\READ ME"}
    assert read(data[: data.rindex(b"C:")]).directories == set()


@pytest.mark.parametrize(
    ("command", "names", "path", "whole"),
    [
        ("C:\\>dir /b WINNT", ["a.txt"], "C:\\WINNT\\A.TXT", True),
        ("C:\\>dir /b D:\\X\\", ["a.txt"], "D:\\X\\A.TXT", True),
        ("C:\\>dir /b a.txt", ["a.txt"], "C:\\A.TXT", False),
        ("C:\\>dir /b *.txt", ["a.txt"], "C:\\A.TXT", False),
        ("C:\\>dir /b", ["File Not Found."], "C:\\FILE NOT FOUND.", False),
        ("C:\\>dir /b", ["a.txt", "b:c"], "C:\\A.TXT", False),
        ("C:\\>dir /b one two", ["a.txt"], "C:\\A.TXT", False),
    ],
)
def test_where_bare_names_are(command: str, names: list[str], path: str, whole: bool) -> None:
    evidence = read(text(command, *names, "C:\\>"))
    assert path in evidence.entries
    assert evidence.directories == ({path.rpartition("\\")[0]} if whole else set())


def test_bare_names_alone_are_declined_with_a_reason() -> None:
    data = text("iisclex4.dll", "clusiis4.dll", "iisadmin", "Read me first.html")
    assert FORMAT.recognises(data)
    with pytest.raises(EvidenceError, match="bare names"):
        FORMAT.read(case_file(data))


# --- limits and neighbours --------------------------------------------------------------------------


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dir_listing, "_LINE_COUNT_LIMIT", 12)
    evidence = read(listings.dir_listing(NODE))
    assert evidence.state is State.DAMAGED
    assert evidence.directories == {"C:\\WINNT"}
    monkeypatch.undo()
    monkeypatch.setattr(_text, "TEXT_LIMIT", 900)
    monkeypatch.setattr(dir_listing, "TEXT_LIMIT", 900)
    evidence = read(listings.dir_listing(NODE))
    assert evidence.state is State.DAMAGED
    assert any("MiB" in note for note in evidence.notes)


OTHER_TEXTS = {
    "registry export": 'REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\Cluster]\r\n"Path"="C:\\\\WINNT\\\\Cluster"\r\n',
    "registry export 5": "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\Cluster]\r\n@=hex:00\r\n",
    "reg query": "\r\nHKEY_LOCAL_MACHINE\\Cluster\r\n    Path    REG_SZ    C:\\WINNT\\Cluster\r\n    N    REG_DWORD    0x1\r\n",
    "Regedt32": (
        "Key Name:          Cluster\r\nClass Name:        <NO CLASS>\r\nLast Write Time:   5/4/99 - 10:11 AM\r\n"
        "Value 0\r\n  Name:            Path\r\n  Type:            REG_SZ\r\n  Data:            C:\\WINNT\r\n"
    ),
    "JSON": '{"FullName": "C:\\\\WINNT", "Length": 3}\n',
    "XML": '<?xml version="1.0"?>\n<file name="C:\\WINNT">05/04/99  10:11a  12 a.txt</file>\n',
    "TOML": "[case]\nsymptom = 'finish-button'\n\n[machines.NODE1]\npaths = ['n1/*']\n",
    "prose": "The node was restarted on 04/29/99.\r\nThe file lies in C:\\WINNT\r\nNothing helped.\r\n",
    "INI": "[boot loader]\r\ntimeout=30\r\ndefault=multi(0)disk(0)rdisk(0)partition(1)\\WINNT\r\n",
    "one path": "C:\\WINNT\\system32\\inetsrv\\iisclex4.dll\r\n",
    "event log": "04/29/99,10:11:12 AM,ClusSvc,Information,None,1062,N/A,NODE1\r\n" * 3,
    "empty": "",
}


@pytest.mark.parametrize("name", sorted(OTHER_TEXTS))
@pytest.mark.parametrize("encoding", ["ascii", "utf-16"])
def test_other_texts_are_not_taken(name: str, encoding: str) -> None:
    assert not FORMAT.recognises(OTHER_TEXTS[name].encode(encoding))


@pytest.mark.parametrize(
    "head",
    [b"MZ\x90\x00" + bytes(60), b"regf" + bytes(200), listings.file_csv(NODE), listings.bodyfile(NODE)],
)
def test_other_formats_are_not_taken(head: bytes) -> None:
    assert not FORMAT.recognises(head[:HEAD_SIZE])


def test_text_without_an_entry_is_declined() -> None:
    with pytest.raises(EvidenceError, match="no entry of a directory listing"):
        FORMAT.read(case_file(b"nothing\r\n"))


def test_the_default_time() -> None:
    assert read(listings.dir_listing(NODE)).entries["C:\\WINNT\\CLUSTER\\CLUSDB"].modified == WRITTEN
