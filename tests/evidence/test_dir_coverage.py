from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import HEAD_SIZE
from iiscluster_kb.evidence.dir_listing import FORMAT
from iiscluster_kb.model import FileEvidence, State
from iiscluster_kb.registry import fold
from tests.support import listings
from tests.support.listings import STYLES, Item, case_file, directories, entries

if TYPE_CHECKING:
    from tests.support.listings import Tree

NODE: Tree = {
    "Cluster": {"CLUSDB": 65536, "clussvc.exe": 503568},
    "system32": {"1033": {}, "inetsrv": {"iisclex4.dll": 65664, "099 report.txt": 54, "empty": 0}},
    "WIN.INI": 1,
}


def read(data: bytes) -> FileEvidence:
    assert FORMAT.recognises(data[:HEAD_SIZE])
    evidence = FORMAT.read(case_file(data))
    assert isinstance(evidence, FileEvidence)
    return evidence


def text(*lines: str, encoding: str = "cp850") -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode(encoding)


# --- what is not covered ----------------------------------------------------------------------------

DOTS = (
    "04/29/99  05:04p        <DIR>          .",
    "04/29/99  05:04p        <DIR>          ..",
)
FILE = "04/29/99  05:04p                65,664 iisclex4.dll"
FOOTER = "               3 File(s)         65,664 bytes"
HEADER = " Directory of C:\\WINNT"


@pytest.mark.parametrize(
    ("lines", "says", "state"),
    [
        ((HEADER, "", *DOTS, FILE), "no footer", State.DAMAGED),
        ((HEADER, "", *DOTS, FILE, "", " Directory of C:\\X", "", *DOTS, FOOTER), "no footer", State.DAMAGED),
        ((HEADER, "", *DOTS, FILE, "what is this", FOOTER), "line 6: C:\\WINNT", State.DAMAGED),
        ((HEADER, "", *DOTS, FILE, "x" * 5000, FOOTER), "not understood", State.DAMAGED),
        ((HEADER, "", *DOTS, FILE, "error in C:\\boot.ini", FOOTER), "not understood", State.DAMAGED),
        ((HEADER, "", *DOTS, FOOTER), "counts 3, but 0 files and 2 entries", State.DAMAGED),
        ((HEADER, "", FILE, FOOTER.replace("3", "1")), "no . and ..", State.CLEAN),
        ((" Directory of C:\\", "", FILE, FOOTER.replace("3", "1")), "no . and ..", State.CLEAN),
        ((" Directory of C:\\WINNT\\*.dll", "", *DOTS, FILE, FOOTER), "leaves files out", State.CLEAN),
        (("C:\\>dir C:\\WINNT\\*.dll", HEADER, "", *DOTS, FILE, FOOTER), "leaves files out", State.CLEAN),
        (('C:\\>dir /a-d-h "C:\\WINNT"', HEADER, "", *DOTS, FILE, FOOTER), "leaves files out", State.CLEAN),
        ((HEADER, "", *DOTS, FOOTER.replace("3", "2")), "no file is listed anywhere", State.CLEAN),
        ((HEADER, "", *DOTS, FILE.replace("iisclex4", "..."), FOOTER), None, State.CLEAN),
        ((HEADER, "", *DOTS, FILE.replace("iisclex4", "...        x"), FOOTER), "not understood", State.DAMAGED),
        ((HEADER, "", *DOTS, FILE.replace("iisc", "BUILTIN\\Admins  iisc"), FOOTER), "not understood", State.DAMAGED),
        ((HEADER, "", *DOTS, FILE.replace("iisc", "PROGRA~1 P"), FOOTER), "not understood", State.DAMAGED),
        ((HEADER, "", *DOTS, FILE[:38] + " ", FOOTER), "not understood", State.DAMAGED),
        ((FILE, "", HEADER, "", *DOTS, FILE, FOOTER), "before any directory", State.CLEAN),
        ((HEADER, "", *DOTS, FILE, FOOTER, "", " Directory of C:\\Y", "", "File Not Found"), "nothing is", State.CLEAN),
    ],
)  # fmt: skip
def test_reservations(lines: tuple[str, ...], says: str | None, state: State | None) -> None:
    evidence = read(text(*lines))
    if says is None:
        assert evidence.directories == {"C:\\WINNT"}
        return
    assert any(says in note for note in evidence.notes), evidence.notes
    whole_anyway = says in {"before any directory", "nothing is"}
    assert evidence.directories == ({"C:\\WINNT"} if whole_anyway else set())
    assert state is None or evidence.state is state


def test_blocks_of_one_directory_that_differ_cover_nothing() -> None:
    one = listings.dir_listing({"a.txt": 1, "b.txt": 2}, "2000")
    assert read(one + one).directories == {"C:\\WINNT"}
    other = listings.dir_listing({"a.txt": 1, "c.txt": 2}, "2000")
    evidence = read(one + other)
    assert evidence.directories == set()
    assert any("listed twice" in note for note in evidence.notes)


def test_a_command_that_lists_everything_vouches_for_a_directory_without_files() -> None:
    evidence = read(listings.dir_listing({"sub": {}}, recurse=False, command="C:\\WINNT>dir /a-h"))
    assert evidence.directories == {"C:\\WINNT"}


def test_names_that_share_a_letter_in_the_root_of_a_drive() -> None:
    tree: Tree = {"iis": {"x.txt": 1}, "inetpub": {}}
    assert "C:\\" not in read(listings.dir_listing(tree, "2000", "C:\\")).directories


def test_short_names_alone() -> None:
    tree: Tree = {"LONGNA~1.TXT": 1, "a.txt": 1}
    evidence = read(listings.dir_listing(tree, "dos"))
    assert evidence.directories == set()
    assert any("short names alone" in note for note in evidence.notes)


def test_a_size_that_may_go_on_without_a_column_to_tell() -> None:
    lines = (
        " Directory of C:\\",
        "",
        "04/29/1999  17:04                54 099 a.txt",
        "               1 File(s) 1 bytes",
    )
    evidence = read(text(*lines, "", *lines, *lines[-2:-1]))
    assert evidence.directories == set()


def test_a_line_without_the_column_of_short_names_among_lines_with_it() -> None:
    data = listings.dir_listing(
        {"Read me.html": Item(1, short="README~1.HTM"), "b": 2}, "2000", short_names=True
    )
    evidence = read(data.replace(b"             b\r\n", b"b\r\n"))
    assert evidence.directories == set()
    assert any("not understood" in note for note in evidence.notes)


def test_only_so_many_notes_of_a_kind() -> None:
    tree: Tree = {f"d{number}": {"a.txt": 1} for number in range(20)}
    data = listings.dir_listing(tree, "2000").replace(b"1 File(s)", b"2 File(s)")
    assert sum("footer counts" in note for note in read(data).notes) == 5


def test_hidden_files_are_a_reservation() -> None:
    assert any("hidden" in note for note in read(listings.dir_listing(NODE)).notes)
    assert not read(listings.dir_listing(NODE, command="C:\\>dir /s /a: C:\\WINNT > x.txt")).notes


# --- laws -------------------------------------------------------------------------------------------

NAMES = st.from_regex(r"[a-zA-Z0-9_éü][a-z0-9 ._éü]{0,9}[a-z0-9_]", fullmatch=True)
FILES = st.builds(Item, st.integers(0, 10**10))


@st.composite
def trees(draw: st.DrawFn, depth: int = 2, extension: str = "") -> dict[str, Item | Tree]:
    tree: dict[str, Item | Tree] = {}
    for name in draw(st.lists(NAMES, max_size=4, unique_by=fold)):
        if depth and draw(st.booleans()):
            tree[name] = draw(trees(depth - 1, extension))
        else:
            tree[name + extension] = draw(FILES)
    return tree


def has_file(tree: Tree) -> bool:
    return any(item.tree is None for item in entries(tree, "C:\\W").values())


def every_covered_directory_is_complete(evidence: FileEvidence, tree: Tree, root: str) -> None:
    inside = entries(tree, root)
    for path in inside:
        if path.rpartition("\\")[0] in evidence.directories:
            assert path in evidence.entries
    assert set(evidence.entries) <= set(inside)
    assert evidence.directories <= directories(tree, root)


def read_or_decline(data: bytes) -> FileEvidence | None:
    try:
        evidence = FORMAT.read(case_file(data))
    except EvidenceError as error:
        assert "line 1" in error.detail  # noqa: PT017 - both ends are fine, the message must name a place
        return None
    assert isinstance(evidence, FileEvidence)
    for entry in evidence.entries.values():
        assert entry.path
    return evidence


ENCODINGS = st.sampled_from(["cp850", "utf-8", "utf-16", "utf-16-le"])


@given(trees(), st.sampled_from(sorted(set(STYLES) - {"dos"})), ENCODINGS, st.booleans())
def test_what_is_generated_is_read(tree: Tree, style: str, encoding: str, short_names: bool) -> None:
    assume(has_file(tree))
    root = "C:\\W"
    evidence = read(listings.dir_listing(tree, style, root, encoding=encoding, short_names=short_names))
    assert evidence.directories == directories(tree, root)
    assert set(evidence.entries) == set(entries(tree, root))
    assert {path: entry.size for path, entry in evidence.entries.items() if not entry.is_directory} == {
        path: item.size for path, item in entries(tree, root).items() if item.tree is None
    }


@settings(max_examples=200)
@given(trees(extension=".txt"), st.sampled_from(sorted(STYLES)), ENCODINGS, st.booleans(), st.data())
def test_a_listing_cut_anywhere_covers_no_directory_that_lacks_an_entry(
    tree: Tree, style: str, encoding: str, bare: bool, data: st.DataObject
) -> None:
    if style == "dos":
        tree = {name: node for name, node in NODE.items() if name != "WIN.INI"}
    whole = listings.dir_listing(tree, style, "C:\\W", encoding=encoding, bare=bare)
    cut = read_or_decline(whole[: data.draw(st.integers(0, len(whole)))])
    if cut is not None:
        every_covered_directory_is_complete(cut, tree, "C:\\W")
        full = read_or_decline(whole)
        assert full is not None
        assert bare or cut.directories <= full.directories


@given(st.data())
def test_a_line_taken_out_leaves_no_directory_covered_that_lacks_it(data: st.DataObject) -> None:
    lines = listings.dir_listing(NODE).splitlines(keepends=True)
    del lines[data.draw(st.integers(0, len(lines) - 1))]
    evidence = read_or_decline(b"".join(lines))
    assert evidence is not None
    every_covered_directory_is_complete(evidence, NODE, "C:\\WINNT")


@given(st.binary(max_size=300))
@example(b"C:\\>dir /b\r\nC:\\>")
@example(b" Directory of C:\\\r\n 1 a 1 b\r\n")
@example(b"C:\\\\x\r\nC:\\y\\\r\n\\\\a\\b\r\n")
def test_any_bytes_are_read_or_declined(data: bytes) -> None:
    FORMAT.recognises(data)
    read_or_decline(data)


@given(
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=30),
    st.sampled_from(sorted(STYLES)),
)
def test_mutated_listings_are_read_or_declined(changes: list[tuple[int, int]], style: str) -> None:
    data = bytearray(listings.dir_listing(NODE, style))
    for place, value in changes:
        data[place % len(data)] = value
    read_or_decline(bytes(data))
