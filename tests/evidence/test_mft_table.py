from __future__ import annotations

from datetime import datetime

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence.mft_table import FORMAT
from iiscluster_kb.model import State
from tests.support.listing_laws import DLL, VOLUME, read
from tests.support.listings import case_file, directories, entries
from tests.support.listings_more import mft_csv

LIVE = "C:\\$MFT"


def changed(old: str, new: str, count: int = -1) -> bytes:
    return mft_csv(VOLUME, source_file=LIVE).decode().replace(old, new, count).encode()


@pytest.mark.parametrize(
    ("source_file", "path"),
    [
        (LIVE, "mft.csv"),
        ("\\\\.\\c:\\$MFT", "mft.csv"),
        (None, "NODE1_C_mft.csv"),
        ("E:\\case\\$MFT", "mft-c.csv"),
    ],
)
def test_a_whole_volume(source_file: str | None, path: str) -> None:
    evidence = read(FORMAT, mft_csv(VOLUME, source_file=source_file), path)
    assert evidence.state is State.CLEAN
    assert evidence.notes == ()
    own = {found for found in evidence.entries if "$" in found}
    assert set(evidence.entries) - own == set(entries(VOLUME, "C:\\"))
    # A file table knows its empty directories.
    assert evidence.directories - own == directories(VOLUME, "C:\\")
    dll = evidence.entries[DLL]
    assert (dll.path, dll.size) == ("C:\\WINNT\\system32\\inetsrv\\iisclex4.dll", 65664)
    assert dll.modified == datetime(1999, 4, 29, 17, 4)  # noqa: DTZ001 - the table names no zone
    assert evidence.entries["C:\\WINNT"].size is None


@pytest.mark.parametrize(
    ("source_file", "path"),
    [(None, "mft.csv"), ("E:\\case\\$MFT", "mft.csv"), (None, "c_d.csv"), (None, "x/C/mft.csv")],
)
def test_without_a_drive_it_is_declined(source_file: str | None, path: str) -> None:
    with pytest.raises(EvidenceError, match=r"line 1: .* name the file after its drive"):
        FORMAT.read(case_file(mft_csv(VOLUME, source_file=source_file), path))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (mft_csv(VOLUME, source_file=LIVE, free=False), "may be cut off"),
        (changed("11,1,True", "12,1,True", 1), "the entries of the volume itself"),
        (changed("25,1,False", "99,1,False"), "many entries are missing"),
        (changed("20,1,True", "20,1,False"), "not in the order"),
        (changed(",CLUSDB,", ",CLUS|DB,"), "the name in line 20"),
    ],
)
def test_where_files_may_be_missing_nothing_is_covered(data: bytes, says: str) -> None:
    evidence = read(FORMAT, data)
    assert DLL in evidence.entries
    assert evidence.directories == set()
    assert any(says in note for note in evidence.notes), evidence.notes


def test_what_is_no_file() -> None:
    evidence = read(FORMAT, changed(",gone.dll,", ",back.dll,"))
    assert "C:\\$SECURE:$SDS" not in evidence.entries
    assert not any("BACK.DLL" in path for path in evidence.entries)
    dos = changed(
        "iisclex4.dll,,65664,,,False,,False,,,,,DosWindows", "IISCLE~1.DLL,,65664,,,False,,False,,,,,Dos"
    )
    assert DLL not in read(FORMAT, dos).entries


def test_a_damaged_row_ends_the_reading() -> None:
    evidence = read(FORMAT, changed("14,1,True", "xx,1,True", 1))
    assert evidence.state is State.DAMAGED
    assert evidence.directories == set()
    assert any("line 17: no row of this table" in note for note in evidence.notes)


@pytest.mark.parametrize(
    "head", [b"", b"EntryNumber,InUse\r\n", b"FullName,Length\r\nC:\\a,5\r\n", b"\x00\x01"]
)
def test_other_tables_are_not_taken(head: bytes) -> None:
    assert not FORMAT.recognises(head)
