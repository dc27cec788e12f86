from __future__ import annotations

import json
from datetime import datetime

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import _object_json, _object_xml
from iiscluster_kb.evidence.file_objects import FORMAT
from iiscluster_kb.model import State
from tests.support.listing_laws import DLL, NODE, read, read_or_decline
from tests.support.listings import case_file, directories, entries
from tests.support.listings_more import file_json, file_xml

WHOLE = directories(NODE, "C:\\WINNT") - {"C:\\WINNT\\SYSTEM32\\1033", "C:\\WINNT\\SYSTEM32\\ZETA"}
"""1033 has nothing of its own, and zeta may have been cut off."""


@pytest.mark.parametrize(
    "data",
    [
        file_json(NODE),
        file_json(NODE, version=7),
        file_json(NODE, version=7, indent=None),
        file_json(NODE, version=7, indent=None).strip(b"[]").replace(b"}, {", b"}\n{"),
        file_xml(NODE),
        file_xml(NODE, encoding="utf-8"),
        file_xml(NODE, form="list"),
        file_xml(NODE, form="xml"),
        file_xml(NODE, form="xml", encoding="utf-8-sig"),
    ],
)
def test_objects(data: bytes) -> None:
    evidence = read(FORMAT, data)
    assert evidence.state is State.CLEAN
    assert set(evidence.entries) == set(entries(NODE, "C:\\WINNT"))
    assert evidence.directories == WHOLE
    dll = evidence.entries[DLL]
    assert (dll.size, dll.version) == (65664, "4.2.622.1")
    assert dll.modified == datetime(1999, 4, 29, 17, 4)  # noqa: DTZ001 - a listing's time has no zone
    assert evidence.entries["C:\\WINNT\\SYSTEM32\\1033"].is_directory


def listed(**more: object) -> bytes:
    told = [{"FullName": "C:\\W\\a.dll", **more}, {"FullName": "C:\\W\\b.txt"}]
    return json.dumps(told, indent=1).encode()


@pytest.mark.parametrize(
    ("more", "version", "size", "year"),
    [
        ({"VersionInfo": "File: x\r\nFileVersion:      5.0.2195.1\r\n"}, "5.0.2195.1", None, None),
        ({"FileVersion": "4, 2, 622, 1"}, "4.2.622.1", None, None),
        ({"VersionInfo": {"FileVersion": None}, "FileVersion": "1.2.3.4"}, "1.2.3.4", None, None),
        ({"Length": 5, "LastWriteTime": {"value": "/Date(925405440000)/", "DateTime": "x"}}, None, 5, 1999),
        ({"Length": 1 << 70, "LastWriteTime": "/Date(-99999999999999)/"}, None, None, None),
        ({"Length": "9" * 30, "LastWriteTime": ["x"]}, None, None, None),
        ({"Length": 5.5, "x" * 999: 1}, None, None, None),
        ({"Mode": "-a----", "Length": True}, None, None, None),
    ],
)
def test_properties(more: dict[str, object], version: str | None, size: int | None, year: int | None) -> None:
    entry = read(FORMAT, listed(**more)).entries["C:\\W\\A.DLL"]
    assert (entry.version, entry.size, entry.modified and entry.modified.year) == (version, size, year)


def test_text_of_a_version_in_xml() -> None:
    data = file_xml(NODE).decode("utf-16").replace("FileVersion:", "Nothing:").encode()
    assert read(FORMAT, data).entries[DLL].version == "4.2.622.1"
    bare = file_xml(NODE).decode("utf-16").replace('<S N="FileVersion">4.2.622.1</S>', "").encode()
    assert read(FORMAT, bare).entries[DLL].version == "4.2.622.1"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("<Objs", '<!DOCTYPE x [<!ENTITY a "b">]><Objs', "declares a document type"),
        ("<Objs", "<!DOCTYPE x SYSTEM 'file:///etc/passwd'><Objs", "declares a document type"),
        ("x y.dll</S>", "x y&lol;.dll</S>", "undefined entity"),
        ("</Objs>", "</Obj>", "mismatched tag"),
        ("</Objs>", "", "no element found"),
        ("</Objs>", "<a>" * 300, "nested more than 200"),
        ("</Objs>", "<x a='" + "y" * (3 << 20), "does not end"),
        ("</Objs>", '<Obj RefId="999"><MS><S N="Name">x</S></MS></Obj></Objs>', "no file or directory"),
    ],
)
def test_damaged_xml(old: str, new: str, says: str) -> None:
    text = file_xml(NODE).decode("utf-16")
    assert old in text
    place = text.rindex(old)
    data = (text[:place] + new + text[place + len(old) :]).encode()
    try:
        evidence = FORMAT.read(case_file(data))
    except EvidenceError as error:
        assert "DOCTYPE" in new
        assert says in error.detail  # noqa: PT017 - it must say why
        return
    assert evidence.state is State.DAMAGED
    assert DLL in evidence.entries  # type: ignore[union-attr]  # a listing
    assert any(says in note and "line" in note for note in evidence.notes), evidence.notes


@pytest.mark.parametrize(
    "tail",
    [
        b'{"FullName": "C:\\\\W\\\\c',
        b"5",
        b"{" * 5000,
        b"[" * 500_000 + b"5",
        b'{"a":' * 200_000,
        b'{"FullName": 5}',
        b'{"a":' + b"9" * 5000,
    ],
)
def test_damaged_json(tail: bytes) -> None:
    data = listed().rstrip(b"\n]") + b"," + tail
    evidence = read(FORMAT, data)
    assert set(evidence.entries) == {"C:\\W\\A.DLL", "C:\\W\\B.TXT"}
    assert evidence.state is State.DAMAGED
    assert any("nothing from here on is read" in note for note in evidence.notes)


def test_objects_across_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_object_json, "_WINDOW", 1000)
    monkeypatch.setattr(_object_xml, "_CHUNK", 100)
    for data in (file_json(NODE), file_json(NODE, version=7, indent=None), file_xml(NODE)):
        assert set(read(FORMAT, data).entries) == set(entries(NODE, "C:\\WINNT"))
    monkeypatch.setattr(_object_json, "_WINDOW", 50)
    read_or_decline(FORMAT, file_json(NODE))


def test_half_a_surrogate_pair() -> None:
    whole, half = '"C:\\\\W\\\\\\ud83d\\ude00.txt"', '"C:\\\\W\\\\\\ud83d.txt"'
    data = f'[{{"FullName": {whole}}}, {{"FullName": {half}}}]'.encode()
    assert set(read(FORMAT, data).entries) == {"C:\\W\\😀.TXT", "C:\\W\\\ufffd.TXT"}
    text = file_xml(NODE).decode("utf-16").replace("WIN.INI", "_xD83D__xDE00_")
    assert "C:\\WINNT\\😀" in read(FORMAT, text.encode()).entries


def test_long_text_is_kept_only_in_part() -> None:
    text = file_xml(NODE).decode("utf-16").replace("x y.dll</S>", "x" * 100_000 + "</S>")
    assert len(read(FORMAT, text.encode()).entries) == 11


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"[]",
        b'{"FullName": "somebody"}',
        b"[1, 2]",
        b"<?xml version='1.0'?><other/>",
        b"<Objs Version='1' xmlns='http://schemas.microsoft.com/powershell/2004/04'></Objs>",
        b"<html><body>FullName</body></html>",
        b"\x00\x01",
    ],
)
def test_other_texts_are_not_taken(head: bytes) -> None:
    assert not FORMAT.recognises(head)
