from __future__ import annotations

import pytest

from iiscluster_kb.model import Absent, FileEntry, Source, Specimen, StatedSubject, Unknown
from iiscluster_kb.registry import MemoryKey, RegistryValue, ValueType, multi_sz, sz
from iiscluster_kb.render._words import count_of, describe, fact_words
from tests.support.reports import WRITTEN, case_file

SPECIMEN = Specimen(case_file("x.dll"), "pe", "x.dll", None, 0, problem="empty")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "there"),
        ("ADMINPC", "ADMINPC"),
        (MemoryKey("CLSID"), "there, as CLSID"),
        (RegistryValue("", ValueType.REG_SZ, sz("abc")), 'REG_SZ, 8 bytes: "abc"'),
        (RegistryValue("", ValueType.REG_MULTI_SZ, multi_sz("a", "b")), 'REG_MULTI_SZ, 10 bytes: "a", "b"'),
        (
            RegistryValue("", ValueType.REG_MULTI_SZ, b"\0\0a\0\0\0\0\0"),
            "REG_MULTI_SZ, 8 bytes: 00 00 61 00 00 00 00 00",
        ),
        (RegistryValue("", ValueType.REG_DWORD, b"\x0a\0\0\0"), "REG_DWORD, 4 bytes: 10 (0xa)"),
        (RegistryValue("", ValueType.REG_BINARY, b""), "REG_BINARY, 0 bytes"),
        (RegistryValue("", ValueType.REG_BINARY, b"\x01"), "REG_BINARY, 1 byte: 01"),
        (RegistryValue("", ValueType.REG_BINARY, bytes(25)), "REG_BINARY, 25 bytes: " + "00 " * 24 + "..."),
        (RegistryValue("", ValueType.REG_SZ, sz("x" * 300)), f'REG_SZ, 602 bytes: "{"x" * 239} ...'),
        (FileEntry("C:\\A", is_directory=True), "a directory"),
        (
            FileEntry("C:\\A", 1234, WRITTEN, version="4.2"),
            "a file, 1,234 bytes, modified 1999-05-04T10:11:12Z, version 4.2",
        ),
        (
            FileEntry("C:\\A", None, WRITTEN.replace(tzinfo=None)),
            "a file, modified 1999-05-04T10:11:12 local time",
        ),
        (SPECIMEN, "the file itself, 0 bytes, empty"),
        (
            Specimen(case_file("x.dll"), "pe", "x.dll", None, 9, None, "x86", None, "1.0", WRITTEN),
            "the file itself, 9 bytes, x86, version 1.0, linked 1999-05-04T10:11:12Z",
        ),
    ],
)
def test_a_value_is_told_in_a_few_words(value: object, words: str) -> None:
    assert describe(value) == words


def test_absence_and_ignorance_are_told_apart() -> None:
    subject = StatedSubject("NODE1", "it")
    assert fact_words(Absent(subject, Source(case_file("a")))) == "absent"
    assert fact_words(Unknown(subject, "nothing covers it")) == "not known: nothing covers it"


def test_a_noun_is_counted() -> None:
    assert [count_of(number, "file") for number in (0, 1, 2000)] == ["0 files", "1 file", "2,000 files"]
