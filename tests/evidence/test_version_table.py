from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence.version_table import FORMAT
from iiscluster_kb.model import State
from tests.support.listing_laws import DLL, NODE, read
from tests.support.listings import case_file, entries
from tests.support.listings_more import filever, sigcheck_csv

if TYPE_CHECKING:
    from tests.support.listings import Tree

INETSRV: Tree = NODE["system32"]["inetsrv"]  # type: ignore[index,assignment]  # nested mappings
LINE = "-ra-- W32i   DLL ENU       4.2.622.1 shp     65,664 10-21-1999 iisclex4.dll\r\n"
PLACE = "C:\\WINNT\\system32\\inetsrv"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8", "cp1252"])
@pytest.mark.parametrize("banner", [True, False])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_sigcheck(delimiter: str, banner: bool, encoding: str) -> None:
    evidence = read(FORMAT, sigcheck_csv(NODE, delimiter=delimiter, banner=banner, encoding=encoding))
    files = {path for path, item in entries(NODE, "C:\\WINNT").items() if item.tree is None}
    assert set(evidence.entries) == files
    assert evidence.directories == set()
    assert evidence.state is State.CLEAN
    dll = evidence.entries[DLL]
    assert (dll.path, dll.version) == ("c:\\winnt\\system32\\inetsrv\\iisclex4.dll", "4.2.622.1")
    # The date of sigcheck is the signature's or the linker's.
    assert (dll.size, dll.modified) == (None, None)
    # Its machine type is 32-bit, which Alpha is too.
    assert dll.architecture is None


@pytest.mark.parametrize(
    ("header", "row", "version"),
    [
        (
            "Path,Verified,Date,Publisher,Description,Product,Version,File version",
            '"C:\\a.dll",x,x,x,x,x,"9.9.9.9","1.2.3.4"',
            "1.2.3.4",
        ),
        (
            "Path,Verified,Binary Version",
            '"C:\\a.dll","Signed","6.1.7600.16385 (win7_rtm.090713-1255)"',
            "6.1.7600.16385",
        ),
        ("Path,Verified", '"C:\\a.dll","Unsigned"', None),
    ],
)
def test_columns(header: str, row: str, version: str | None) -> None:
    evidence = read(FORMAT, f"{header}\r\n{row}\r\n".encode())
    assert evidence.entries["C:\\A.DLL"].version == version


@pytest.mark.parametrize(
    "row", ["No matching files were found.", '"a.dll","x"', '"C:\\a\\","x"', '"C:\\a.dll"', "a\rb,c"]
)
def test_a_strange_row_is_left_out(row: str) -> None:
    data = (
        f'Path,Verified\r\n"C:\\x "quoted" name.dll","y"\r\n{row}\r\n\r\n"C:\\b.dll","x"\r\n"C:\\c.d'.encode()
    )
    evidence = read(FORMAT, data)
    assert "C:\\B.DLL" in evidence.entries
    assert "C:\\A.DLL" not in evidence.entries
    assert evidence.state is State.DAMAGED
    assert any("cut off" in note for note in evidence.notes)


@pytest.mark.parametrize(
    "prompt",
    [
        f"{PLACE}>filever *.*",
        f"{PLACE}> filever",
        f"C:\\>filever {PLACE}\\*.dll",
        f'C:\\>filever /V "{PLACE}\\*.dll"',
        f"C:\\>filever {PLACE}",
        f"C:\\>C:\\tools\\filever.exe {PLACE}\\*",
        "C:\\WINNT>filever system32\\inetsrv\\*.dll",
        "C:\\TEMP>filever \\WINNT\\system32\\inetsrv\\*.dll",
        PLACE,
    ],
)
def test_filever(prompt: str) -> None:
    evidence = read(FORMAT, filever(INETSRV, prompt=prompt))
    assert set(evidence.entries) == {DLL, DLL.replace("IISCLEX4.DLL", "READ ME.HTML")}
    dll = evidence.entries[DLL]
    assert (dll.size, dll.version, dll.architecture) == (65664, "4.2.622.1", "x86")
    assert dll.modified == datetime(1999, 4, 29)  # noqa: DTZ001 - a listing prints local time without a zone
    assert evidence.entries[DLL.replace("IISCLEX4.DLL", "READ ME.HTML")].version is None
    assert evidence.directories == set()


def test_one_file_with_what_its_resource_says() -> None:
    data = (
        f"C:\\>filever -v {PLACE}\\iisclex4.dll\r\n{LINE}\tLanguage\t0x0409\r\n\tFileVersion\t4.02.0622\r\n"
    )
    assert read(FORMAT, data.encode()).entries[DLL].version == "4.2.622.1"


def test_a_kind_of_another_processor_tells_none() -> None:
    data = LINE.replace("W32i", "W32a") + LINE.replace("W32i   DLL", "W16    DRV").replace("iisclex4", "old")
    evidence = read(FORMAT, f"{PLACE}>filever\r\n{data}".encode())
    assert [entry.architecture for entry in evidence.entries.values()] == [None, None]


def test_a_path_instead_of_a_name() -> None:
    data = LINE.replace("iisclex4.dll", f"{PLACE}\\iisclex4.dll")
    assert DLL in read(FORMAT, data.encode()).entries


@pytest.mark.parametrize(
    "prompt",
    [None, 'C:\\>filever "" a.dll b.dll', "C:\\>filever a.dll b.dll", "C:\\>ver", "C:\\>filever \\\\"],
)
def test_names_that_lie_nowhere_are_declined(prompt: str | None) -> None:
    with pytest.raises(EvidenceError, match=r"line \d: the names that filever prints do not say where"):
        FORMAT.read(case_file(filever(INETSRV, prompt=prompt)))


def test_some_names_that_lie_nowhere() -> None:
    data = filever(INETSRV) + b"C:\\>ver\r\n" + filever({"x.dll": 5}, prompt=None)
    evidence = read(FORMAT, data)
    assert len(evidence.entries) == 2
    assert any("line 5" in note for note in evidence.notes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "words\r\n",
        "Path,Date\r\n",
        LINE.strip(),
        "x" * 20000 + "\r\n" + LINE,
        "\r\n\twords\r\nwords\r\n" + LINE,
        "\x00",
    ],
)
def test_other_texts_are_not_taken(text: str) -> None:
    assert not FORMAT.recognises(text.encode())
