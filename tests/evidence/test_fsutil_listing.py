from __future__ import annotations

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence.fsutil_listing import FORMAT
from iiscluster_kb.model import State
from tests.support.listing_laws import DLL, VOLUME, read
from tests.support.listings import case_file, entries
from tests.support.listings_more import enumdata

COMMAND = "C:\\>fsutil usn enumdata 1 0 0x7fffffff C:"
NOTE = "fsutil may leave files out and does not show it: no directory is listed whole"


def record(entry: int, parent: int, name: str) -> bytes:
    return (
        f"File Ref#       : 0x{entry:016x}\r\nParentFile Ref# : 0x{parent:016x}\r\n"
        f"Usn             : 0x{1:016x}\r\nName (010)      : {name}\r\n\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (COMMAND, "usn.txt"),
        (None, "NODE1_C_usn.txt"),
        ("D:\\t>fsutil.exe usn enumdata 1 0 1 c:\\ > x.txt", "usn.txt"),
    ],
)
def test_a_volume(command: str | None, path: str) -> None:
    evidence = read(FORMAT, enumdata(VOLUME, command=command), path)
    assert evidence.state is State.CLEAN
    assert set(evidence.entries) == set(entries(VOLUME, "C:\\"))
    assert evidence.directories == set()
    assert evidence.notes == (NOTE,)
    assert evidence.entries[DLL].path == "C:\\WINNT\\system32\\inetsrv\\iisclex4.dll"
    assert evidence.entries["C:\\WINNT\\SYSTEM32"].is_directory


def test_without_a_drive_it_is_declined() -> None:
    with pytest.raises(EvidenceError, match="line 1: fsutil does not print the drive letter; name the file"):
        FORMAT.read(case_file(enumdata(VOLUME)))


def test_long_reference_numbers_and_other_words() -> None:
    data = enumdata(VOLUME, command=COMMAND).decode()
    data = data.replace(": 0x00", ": 0x" + "0" * 18).replace("File Ref# ", "Dateiref. ")
    assert DLL in read(FORMAT, data.encode()).entries


def test_records_that_lie_nowhere() -> None:
    data = (
        record(30, 5, "a")
        + record(31, 99, "b.dll")
        + record(40, 41, "c")
        + record(41, 40, "d")
        + record(5, 5, "root")
    )
    data += record(32, 30, "e.dll") + record(42, 41, "f")
    evidence = read(FORMAT, data, "usn_C.txt")
    assert set(evidence.entries) == {"C:\\A", "C:\\A\\E.DLL"}
    assert any("lie in no directory" in note for note in evidence.notes)


def test_a_way_that_is_too_deep() -> None:
    data = b"".join(record(number, number - 1, "d") for number in range(6, 400))
    assert len(read(FORMAT, data, "usn_C.txt").entries) < 130


def test_damaged_and_cut_records() -> None:
    data = record(30, 5, "a") + b"Name (010)      : x\r\n" + record(31, 5, "b") + record(32, 5, "c")[:-6]
    assert set(read(FORMAT, data, "usn_C.txt").entries) == {"C:\\A", "C:\\B"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Usn Journal ID   : 0x01d2c5a0c6f0a3b2\r\nFirst Usn        : 0x0000000000000000\r\n",
        "Volume - C: is NOT Dirty\r\n",
        "x" * 2000 + "\r\n" + record(30, 5, "a").decode(),
        "\x00",
    ],
)
def test_other_texts_are_not_taken(text: str) -> None:
    assert not FORMAT.recognises(text.encode())
