from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.case._cabinet_layout import Entry, Folder, parse_cabinet
from iiscluster_kb.errors import EvidenceError
from tests.case.cab_writer import FROM_PREVIOUS_TO_NEXT, LZX, STORED, TO_NEXT, File, assemble

SOUND = assemble(
    [(LZX, [(b"ab", 2)]), (STORED, [(b"c", 1)])],
    [File(b"a", 2, 0, FROM_PREVIOUS_TO_NEXT), File(b"b", 1, 0, 1), File(b"c", 1, 1, TO_NEXT)],
    set_id=9,
    index=3,
    previous="before.cab",
    following="after.cab",
    reserve=(4, 2, 1),
)


def test_the_tables_are_read_as_they_stand() -> None:
    parsed = parse_cabinet("x.cab", SOUND)
    assert (parsed.set_id, parsed.index, parsed.previous, parsed.following) == (
        9,
        3,
        "before.cab",
        "after.cab",
    )
    assert (parsed.begins_elsewhere, parsed.goes_on, parsed.block_reserve) == (True, True, 1)
    assert parsed.folders == (
        Folder(parsed.folders[0].offset, 1, LZX),
        Folder(parsed.folders[1].offset, 1, STORED),
    )
    assert [folder.method for folder in parsed.folders] == [3, 0]
    assert parsed.entries == (
        Entry("a", 2, 0, 0, from_previous=True, to_next=True),
        Entry("b", 1, 0, 1, from_previous=False, to_next=False),
        Entry("c", 1, 1, 1, from_previous=False, to_next=True),
    )
    assert parsed.damage is None


def test_each_cut_is_named_and_what_was_read_is_kept() -> None:
    details = set()
    for length in range(len(SOUND)):
        try:
            parsed = parse_cabinet("x.cab", SOUND[:length])
        except EvidenceError as error:
            details.add(error.detail.split(" (at")[0])
            assert error.offset is not None  # noqa: PT017 - either outcome is right, and each is checked
            continue
        assert parsed.damage is not None
        details.add(parsed.damage.detail.split(" (at")[0].split(":")[0])
        assert len(parsed.entries) <= 3
    assert details == {
        "cut off inside the header",
        "a name without an end in the name of the cabinet before",
        "a name without an end in the disk of the cabinet before",
        "a name without an end in the name of the next cabinet",
        "a name without an end in the disk of the next cabinet",
        "cut off inside the table of folders",
        "cut off inside the table of files",
        "a name without an end in the table of files",
        "cut off",
    }


def test_a_version_and_a_folder_that_there_is_not_are_said() -> None:
    other = bytearray(SOUND)
    other[25] = 2
    with pytest.raises(EvidenceError, match="a cabinet of version 2, which is not known"):
        parse_cabinet("x.cab", bytes(other))
    for files in ([File(b"a", 1, 0, 1)], [File(b"a", 1, 0, 0xFFFC)]):
        damage = parse_cabinet("x.cab", assemble([(STORED, [(b"a", 1)])], files)).damage
        assert damage is not None
        assert damage.detail.startswith(f"a file in folder {files[0].folder} of 1 (at byte ")
    damage = parse_cabinet("x.cab", assemble([], [File(b"a", 1, 0, TO_NEXT)])).damage
    assert damage is not None
    assert "of 0" in damage.detail


@given(st.binary(max_size=120))
def test_any_bytes_are_tables_or_an_evidence_error(data: bytes) -> None:
    try:
        parsed = parse_cabinet("x.cab", SOUND[:36] + data)
    except EvidenceError as error:
        assert error.path == "x.cab"  # noqa: PT017 - either outcome is right, and each is checked
        return
    assert len(parsed.entries) <= 3
