from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import HEAD_SIZE, _bodyfile, _child_items, _table, _text
from iiscluster_kb.evidence.file_table import FORMAT
from iiscluster_kb.model import FileEvidence, State
from iiscluster_kb.registry import fold
from tests.support.listing_laws import assert_honest_when_joined
from tests.support.listings import (
    WRITTEN,
    Item,
    bodyfile,
    case_file,
    dir_listing,
    directories,
    entries,
    file_csv,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.listings import Tree

NODE: Tree = {
    "Cluster": {"CLUSDB": 65536, "clussvc.exe": 503568},
    "system32": {
        "1033": {},
        "inetsrv": {"iisclex4.dll": Item(65664, version="4.2.622.1"), "Read me.html": 1},
    },
    "WIN.INI": 1,
}


def read(data: bytes) -> FileEvidence:
    assert FORMAT.recognises(data[:HEAD_SIZE])
    evidence = FORMAT.read(case_file(data))
    assert isinstance(evidence, FileEvidence)
    return evidence


def table(header: str, *rows: str) -> bytes:
    return "".join(f"{row}\r\n" for row in (header, *rows)).encode()


# --- CSV --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("type_line", [False, True])
@pytest.mark.parametrize(
    ("delimiter", "date"),
    [(",", "%m/%d/%Y %I:%M:%S %p"), (";", "%d.%m.%Y %H:%M:%S"), ("\t", "%Y-%m-%dT%H:%M:%S.0000000+02:00")],
)
def test_a_table_of_get_childitem(delimiter: str, date: str, type_line: bool, encoding: str) -> None:
    evidence = read(file_csv(NODE, delimiter=delimiter, date=date, type_line=type_line, encoding=encoding))
    assert evidence.state is State.CLEAN
    assert set(evidence.entries) == set(entries(NODE, "C:\\WINNT"))
    # 1033 has no row of its own, and inetsrv may have been cut off.
    assert evidence.directories == {"C:\\WINNT", "C:\\WINNT\\CLUSTER", "C:\\WINNT\\SYSTEM32"}
    dll = evidence.entries["C:\\WINNT\\SYSTEM32\\INETSRV\\IISCLEX4.DLL"]
    assert (dll.size, dll.version, dll.modified) == (65664, "4.2.622.1", WRITTEN)
    assert {path for path, entry in evidence.entries.items() if entry.is_directory} == {
        path for path, item in entries(NODE, "C:\\WINNT").items() if item.tree is not None
    }


@pytest.mark.parametrize(
    "columns",
    [
        ("FullName", "Length"),
        ("Mode", "FullName"),
        ("Attributes", "LastWriteTimeUtc", "FullName", "FileVersion"),
        ("FullName", "Name", "PSIsContainer"),
    ],
)
def test_any_columns(columns: tuple[str, ...]) -> None:
    evidence = read(file_csv(NODE, columns=columns))
    assert evidence.entries["C:\\WINNT\\SYSTEM32\\1033"].is_directory
    assert not evidence.entries["C:\\WINNT\\WIN.INI"].is_directory
    assert (evidence.entries["C:\\WINNT\\SYSTEM32\\INETSRV\\IISCLEX4.DLL"].version is None) is (
        "FileVersion" not in columns
    )


def test_paths_alone() -> None:
    evidence = read(file_csv(NODE, columns=("FullName",), type_line=False))
    assert evidence.entries["C:\\WINNT\\SYSTEM32"].is_directory
    assert not evidence.entries["C:\\WINNT\\SYSTEM32\\1033"].is_directory
    assert evidence.directories == {"C:\\WINNT", "C:\\WINNT\\CLUSTER", "C:\\WINNT\\SYSTEM32"}


def test_attributes_as_a_number_and_hidden_files() -> None:
    data = table(
        "FullName,Attributes", "C:\\W\\a,16", "C:\\W\\b.txt,34", "C:\\W\\a\\c.dll,32", "C:\\x.ini,ReadOnly"
    )
    evidence = read(data)
    assert evidence.entries["C:\\W\\A"].is_directory
    assert not evidence.entries["C:\\W\\B.TXT"].is_directory
    hidden = table("FullName,Mode", "C:\\W\\a,d----", "C:\\W\\b.txt,-a-h-", "C:\\W\\a\\c.dll,-a---")
    assert read(hidden).notes == ()
    assert read(hidden).directories == {"C:\\W"}


def test_dates_that_do_not_tell_day_from_month() -> None:
    data = table("FullName;LastWriteTime", "C:\\W\\a.txt;04/05/1999 10:11:12", "C:\\W\\b.txt;")
    evidence = read(data)
    assert evidence.entries["C:\\W\\A.TXT"].modified is None
    assert any("day from month" in note for note in evidence.notes)


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("5, 0, 2195, 1", "5.0.2195.1"),
        ("4.2.622.1 (built by: x)", "4.2.622.1"),
        ("none", None),
        ("1" * 999, None),
    ],
)
def test_versions(version: str, told: str | None) -> None:
    data = table("FullName,FileVersion", f'C:\\W\\a.dll,"{version}"', "C:\\W\\b.dll,")
    assert read(data).entries["C:\\W\\A.DLL"].version == told


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (("C:\\W\\a.dll,5", "C:\\W\\b.dll,5,6"), "line 3: no row"),
        (("C:\\W\\a.dll,5", "W\\b.dll,5"), "line 3: no row"),
        (("C:\\W\\a.dll,5", "C:\\W\\,5"), "line 3: no row"),
        (("C:\\W\\a.dll,5", '"C:\\W"x,5'), "line 3: the row is damaged"),
        (("C:\\W\\a.dll,5", '"C:\\W\\b.dll,5', "C:\\W\\c.dll,5"), "line 3: the row is damaged"),
        (("C:\\W\\a.dll,5", "C:\\W\\" + "x" * 40000 + ",5"), "cut off"),
    ],
)
def test_a_damaged_row_ends_the_reading(rows: tuple[str, ...], says: str) -> None:
    evidence = read(table("FullName,Length", *rows))
    assert evidence.state is State.DAMAGED
    assert set(evidence.entries) == {"C:\\W\\A.DLL"}
    assert any(says in note for note in evidence.notes), evidence.notes


def test_empty_lines_count_for_nothing() -> None:
    evidence = read(table("FullName,Length", "", "C:\\W\\a.dll,5", ""))
    assert evidence.entries["C:\\W\\A.DLL"].line == 3


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (("C:\\W\\a,", "C:\\W\\b,", "C:\\W\\a\\c.d,", "C:\\W\\b\\e.f,"), "no file is listed"),
        (("C:\\W\\iis.dll,1", "C:\\W\\iis2.dll,1"), "shares a letter"),
    ],
)
def test_a_selection_covers_nothing(rows: tuple[str, ...], says: str) -> None:
    evidence = read(table("FullName,Length", *rows))
    assert evidence.directories == set()
    assert any(says in note for note in evidence.notes), evidence.notes


def test_two_trees_in_one_table() -> None:
    rows = ("C:\\W\\a,", "C:\\W\\b.txt,1", "C:\\W\\a\\c.dll,1", "D:\\x,", "D:\\y.ini,2", "D:\\x\\z.sys,1")
    evidence = read(table("FullName,Length", *rows))
    assert evidence.directories == {"C:\\W", "D:\\"}
    assert "D:\\Y.INI" in evidence.entries


# --- bodyfiles --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mount", ["C:", "C:/"])
def test_a_bodyfile(mount: str) -> None:
    evidence = read(bodyfile({"WINNT": NODE, "x.txt": 1}, mount=mount))
    assert evidence.state is State.CLEAN
    assert set(evidence.entries) == set(entries({"WINNT": NODE, "x.txt": 1}, "C:\\"))
    # 1033 has no line, and the walk may have been cut off in its root.
    whole = directories(NODE, "C:\\WINNT") - {"C:\\WINNT\\SYSTEM32\\1033"}
    assert evidence.directories == whole
    dll = evidence.entries["C:\\WINNT\\SYSTEM32\\INETSRV\\IISCLEX4.DLL"]
    assert (dll.path, dll.size) == ("C:\\WINNT\\system32\\inetsrv\\iisclex4.dll", 65664)
    assert dll.modified == WRITTEN.replace(tzinfo=UTC)
    assert evidence.entries["C:\\WINNT"].is_directory


def test_names_without_a_drive_are_declined() -> None:
    data = bodyfile(NODE, mount="")
    assert FORMAT.recognises(data)
    with pytest.raises(EvidenceError, match="no drive"):
        FORMAT.read(case_file(data))


def line(name: str, mode: str = "r/rrwxrwxrwx", size: str = "5", modified: str = "925405440") -> str:
    return f"0|{name}|6-128-3|{mode}|0|0|{size}|1|{modified}|1|1\n"


def test_what_is_not_there_is_left_out() -> None:
    data = "".join(
        [
            "# made by fls\n",
            line("C:/a.txt"),
            line("C:/gone.dll (deleted)"),
            line("C:/gone2.dll (deleted-realloc)"),
            line("C:/a.txt ($FILE_NAME)"),
            line("C:/a.txt:stream"),
            line("C:/$OrphanFiles/x.dll"),
            line("C:/.", "d/drwxrwxrwx"),
            line("C:/"),
            line("/WINNT/x.dll"),
        ]
    )
    evidence = read(data.encode())
    assert set(evidence.entries) == {"C:\\A.TXT"}
    assert any("1 names carry no drive" in note for note in evidence.notes)


@pytest.mark.parametrize(
    ("modified", "told"),
    [
        ("0", None),
        ("", None),
        ("-", None),
        ("-5", None),
        ("99999999999999", None),
        ("1.5", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
    ],
)
def test_times_of_a_bodyfile(modified: str, told: datetime | None) -> None:
    data = line("C:/a.txt", modified=modified).encode()
    assert FORMAT.read(case_file(data)).entries["C:\\A.TXT"].modified == told  # type: ignore[union-attr]  # a listing


def test_a_bodyfile_behind_an_interrupted_one_covers_no_more() -> None:
    tree: Tree = {"WINNT": NODE, "x.txt": 1}
    assert_honest_when_joined(FORMAT, tree, "C:\\", bodyfile(tree))


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([line("C:/a/x.dll"), line("C:/b/y.txt")], "order"),
        ([line("C:/iis", "d/d"), line("C:/iis/i.txt"), line("C:/iis2")], "shares a letter"),
        ([line("C:/a", "d/d"), line("C:/a/b", "-/d"), line("C:/c", "d/d")], "no file"),
    ],
)
def test_a_bodyfile_that_covers_nothing(lines: list[str], says: str) -> None:
    evidence = read("".join(lines).encode())
    assert evidence.directories == set()
    assert any(says in note for note in evidence.notes)


def test_a_damaged_line_ends_the_reading() -> None:
    data = line("C:/a.txt") + "garbage\n" + line("C:/b.txt")
    evidence = read(data.encode())
    assert evidence.state is State.DAMAGED
    assert set(evidence.entries) == {"C:\\A.TXT"}
    assert evidence.notes[0] == "line 2: damaged or cut off; nothing from here on is read"


# --- limits, laws, neighbours -----------------------------------------------------------------------


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_child_items, "ROW_LIMIT", 2)
    monkeypatch.setattr(_bodyfile, "ROW_LIMIT", 2)
    for data in (file_csv(NODE), bodyfile(NODE)):
        evidence = read(data)
        assert evidence.state is State.DAMAGED
        assert len(evidence.entries) == 2
    monkeypatch.undo()
    monkeypatch.setattr(_text, "TEXT_LIMIT", 700)
    monkeypatch.setattr(_table, "TEXT_LIMIT", 700)
    assert any("MiB" in note for note in read(file_csv(NODE)).notes)


NAMES = st.from_regex(r"[a-zA-Z0-9_éü][a-z0-9 ._éü;,]{0,9}[a-z0-9_]", fullmatch=True)


@st.composite
def trees(draw: st.DrawFn, depth: int = 2) -> dict[str, Item | Tree]:
    tree: dict[str, Item | Tree] = {}
    for name in draw(st.lists(NAMES, max_size=4, unique_by=fold)):
        if depth and draw(st.booleans()):
            tree[name] = draw(trees(depth - 1))
        else:
            tree[name + ".txt"] = Item(
                draw(st.integers(0, 10**10)), version=draw(st.sampled_from(["", "1.2.3.4"]))
            )
    return tree


@settings(max_examples=200)
@given(trees(), st.sampled_from([file_csv, bodyfile]), st.data())
def test_a_table_cut_anywhere_covers_no_directory_that_lacks_an_entry(
    tree: Tree, write: Callable[[Tree, str], bytes], data: st.DataObject
) -> None:
    root = "C:\\W"
    whole = write(tree, root)
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    assume(FORMAT.recognises(cut[:HEAD_SIZE]))
    try:
        evidence = FORMAT.read(case_file(cut))
    except EvidenceError:
        return
    assert isinstance(evidence, FileEvidence)
    inside = entries(tree, root)
    assert set(evidence.entries) <= set(inside)
    assert evidence.directories <= directories(tree, root)
    for path in inside:
        if path.rpartition("\\")[0] in evidence.directories:
            assert path in evidence.entries


def read_or_decline(data: bytes) -> None:
    FORMAT.recognises(data)
    try:
        evidence = FORMAT.read(case_file(data))
    except EvidenceError as error:
        assert "line" in error.detail or "last row" in error.detail  # noqa: PT017 - it must name a place
        return
    assert isinstance(evidence, FileEvidence)
    assert len(list(evidence.entries.values())) == len(evidence.entries)


@given(st.binary(max_size=300))
@example(b'"FullName\r\n')
@example(b"#TYPE x")
@example(b"FullName,Length\r\n")
def test_any_bytes_are_read_or_declined(data: bytes) -> None:
    read_or_decline(data)


@given(
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=30),
    st.sampled_from([file_csv(NODE), bodyfile(NODE)]),
)
def test_mutated_tables_are_read_or_declined(changes: list[tuple[int, int]], whole: bytes) -> None:
    data = bytearray(whole)
    for place, value in changes:
        data[place % len(data)] = value
    read_or_decline(bytes(data))


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"MZ\x90\x00" + bytes(60),
        b"regf" + bytes(200),
        b"FullName",
        b"FullName,Length\r\nnowhere,5\r\n",
        b'Name,Length\r\n"a.txt",5\r\n',
        b"REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\Cluster]\r\n",
        b'{"FullName": "C:\\\\WINNT"}\r\n',
        b"The FullName is written\r\nC:\\WINNT\\a.txt\r\n",
        b"a|b|c\r\n",
        b"\r\nHKEY_LOCAL_MACHINE\\Cluster\r\n    FullName    REG_SZ    x\r\n",
        dir_listing(NODE),
        dir_listing(NODE, bare=True),
        dir_listing(NODE, bare=True, recurse=False),
    ],
)
def test_other_texts_are_not_taken(head: bytes) -> None:
    assert not FORMAT.recognises(head[:HEAD_SIZE])
