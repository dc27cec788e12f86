"""Both ways together: laws, and the text of programs that nobody here wrote."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.errors import EvidenceError, RemedyError
from iiscluster_kb.registry import KeyPath, RegistryValue, ValueType, multi_sz, sz
from iiscluster_kb.registry.reg_text import (
    PATCH_COMMENT,
    Dialect,
    KeyDeletion,
    KeyEntry,
    RegDocument,
    ValueDeletion,
    ValueEntry,
    format_reg,
    parse_reg,
)
from tests.support.regf_writer import KeySpec, build_hive

if TYPE_CHECKING:
    from iiscluster_kb.registry.reg_text import Entry

EXPORTS = Path(__file__).resolve().parents[2] / "../shared/corpus/reg_exports"
CLUSTER = KeyPath.parse(r"HKLM\Cluster")

needs_corpus = pytest.mark.skipif(
    not EXPORTS.is_dir(), reason="the corpus of exports is not beside the project"
)
needs_hivexregedit = pytest.mark.skipif(
    shutil.which("hivexregedit") is None, reason="hivexregedit (Debian: libwin-hivex-perl) is not installed"
)

_NAME_CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\\")
_ASCII_NAMES = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="\\"), max_size=12
)
_NAMES = st.text(_NAME_CHARACTERS, max_size=12) | _ASCII_NAMES
_TYPES = st.sampled_from([int(t) for t in ValueType]) | st.integers(0, 0xFFFFFFFF)
_TEXT = st.lists(st.text(max_size=12), max_size=3).map(lambda strings: multi_sz(*strings))
_DATA = st.binary(max_size=90) | _TEXT | st.text(max_size=40).map(sz)


@st.composite
def _sections(draw: st.DrawFn) -> list[Entry]:
    """Entries in the form in which they come back: each value below its own key's entry."""
    entries: list[Entry] = []
    for _ in range(draw(st.integers(0, 4))):
        names = draw(
            st.lists(_NAMES.filter(lambda n: n != "" and not re.search(r"\][ \t]*;", n)), max_size=3)
        )
        key = KeyPath((draw(st.sampled_from(["HKEY_LOCAL_MACHINE", "HKEY_USERS"])), *names))
        if draw(st.integers(0, 5)) == 0:
            entries.append(KeyDeletion(key))
            continue
        entries.append(KeyEntry(key))
        for _ in range(draw(st.integers(0, 4))):
            name = draw(_NAMES | _NAMES.map(lambda n: n + '\\"\\\\'))
            if draw(st.integers(0, 5)) == 0:
                entries.append(ValueDeletion(key, name))
            else:
                entries.append(ValueEntry(key, RegistryValue(name, draw(_TYPES), draw(_DATA))))
    return entries


@given(_sections(), st.lists(st.text(max_size=30), max_size=3))
def test_version_5_read_back_is_what_was_written(entries: list[Entry], comments: list[str]) -> None:
    data = format_reg(entries, Dialect.VERSION_5, comments=comments)
    document = parse_reg(data)
    assert document.entries == tuple(entries)
    assert document.problems == ()
    assert document.ends_with_empty_line
    assert len(document.comments) == len(comments)
    assert (document.dialect, document.encoding) == (Dialect.VERSION_5, "utf-16-le")


@given(_sections())
def test_regedit4_read_back_is_what_was_written_or_it_is_refused(entries: list[Entry]) -> None:
    try:
        data = format_reg(entries, Dialect.REGEDIT4)
    except RemedyError:
        return
    document = parse_reg(data)
    assert data.isascii()
    assert document.entries == tuple(entries)
    assert document.problems == ()


@given(
    _ASCII_NAMES,
    st.sampled_from([ValueType.REG_EXPAND_SZ, ValueType.REG_MULTI_SZ]),
    st.text(st.characters(max_codepoint=0x7F), max_size=40),
)
def test_regedit4_carries_all_ascii_text(name: str, type_: ValueType, text: str) -> None:
    entry = ValueEntry(CLUSTER, RegistryValue(name, type_, text.encode("utf-16-le")))
    assert parse_reg(format_reg([entry], Dialect.REGEDIT4)).entries == (KeyEntry(CLUSTER), entry)


_LINES = st.sampled_from(
    [
        "REGEDIT4",
        "Windows Registry Editor Version 5.00",
        "[HKEY_LOCAL_MACHINE\\A]",
        "[-HKLM\\A\\B]",
        '"v"=hex(7):61,\\',
        "  00,00",
        '"v"="text \\"',
        '"v"="text"',
        "@=-",
        "\\",
        "; c",
        "",
    ]
)
_NEARLY = st.lists(_LINES | st.text(max_size=8), max_size=12).map("\r\n".join)
_ENCODED = st.tuples(_NEARLY, st.sampled_from(["utf-8", "utf-16", "utf-16-be", "cp1252"])).map(
    lambda both: both[0].encode(both[1], "ignore")
)


@given(st.binary(max_size=200) | _ENCODED | _ENCODED.map(lambda data: b"REGEDIT4\r\n" + data))
def test_any_bytes_are_a_document_or_an_evidence_error(data: bytes) -> None:
    try:
        document = parse_reg(data)
    except EvidenceError:
        return
    assert isinstance(document, RegDocument)
    assert len(document.entries) + len(document.problems) <= len(data)


@given(_sections(), st.data())
def test_no_cut_shows_a_value_that_was_not_there(entries: list[Entry], data: st.DataObject) -> None:
    text = format_reg(entries, Dialect.VERSION_5)
    cut = data.draw(st.integers(0, len(text)))
    try:
        document = parse_reg(text[:cut])
    except EvidenceError:
        return
    assert document.entries == tuple(entries[: len(document.entries)])


# What the exporters are known to get wrong, and how that reads. None: the value is no value of the text.
_APPENDED = "Wine's RegSetValueEx, by which the tree was made, appends missing NULs"
_WINE = {
    ("Tricky", "multi_unterminated"): _APPENDED,
    ("Tricky", "multi_trailing_garbage"): _APPENDED,
    ("Tricky", "sz_no_nul"): "Wine takes the last character for the NUL",
    ("Tricky", "sz_two_nul"): "quotes hold a string up to its first NUL",
    ("Tricky", "sz_embedded_nul"): "quotes hold a string up to its first NUL",
    ("Tricky", "sz_zero_len"): "quotes hold no string without a NUL",
    ("Tricky", "dword_short"): "Wine prints four bytes of a REG_DWORD of two",
    ("Tricky", "sz_newline"): "Wine writes \\n, which other importers read as n",
    ("Tricky", "name\nnewline"): "Wine writes \\n, which other importers read as n",
}
_MIXED = "hivexregedit mixes Latin-1 and UTF-8 in one text, which is valid as neither but the code page"
_HIVEX = {("Tricky", "\u4e2d\u6587\u20ac"): _MIXED, ("Tricky\\caf\xe9 \u4e2d", "x"): _MIXED}


@needs_corpus
@pytest.mark.parametrize(
    ("export", "faults", "problem_lines"),
    [("wine_regedit_E_v5.reg", _WINE, [71, 83]), ("hivexregedit_default.reg", _HIVEX, [])],
)
def test_exports_against_the_truth(
    export: str, faults: dict[tuple[str, str], str], problem_lines: list[int]
) -> None:
    document = parse_reg((EXPORTS / export).read_bytes(), name=export)
    rows = json.loads((EXPORTS / "ground_truth.json").read_text("utf-8"))
    assert len(rows) == 58
    keys = {entry.key for entry in document.entries if isinstance(entry, KeyEntry)}
    found = {
        (entry.key, entry.value.name): (entry.value.type, entry.value.data.hex())
        for entry in document.entries
        if isinstance(entry, ValueEntry)
    }
    wrong = set()
    for row in rows:
        key = CLUSTER / row["key"]
        if row["name"] is None:
            assert key in keys
        elif found.get((key, row["name"])) != (row["type"], row["data"]):
            wrong.add((row["key"], row["name"]))
    assert wrong == set(faults)
    assert [problem.line for problem in document.problems] == problem_lines
    assert document.ends_with_empty_line
    assert CLUSTER in keys


@needs_corpus
def test_wines_own_text_is_declined() -> None:
    with pytest.raises(EvidenceError, match="a registry file of Wine"):
        parse_reg((EXPORTS / "wine_RegSaveKey_text.reg").read_bytes())


def _hivexregedit(*arguments: str | Path) -> bytes:
    return subprocess.run(["hivexregedit", *arguments], check=True, capture_output=True).stdout


def _merge_and_export(tmp_path: Path, entries: list[Entry], dialect: Dialect) -> tuple[Entry, ...]:
    """What a hive holds after hivexregedit merged the text, as hivexregedit exports it."""
    hive, text = tmp_path / "CLUSDB", tmp_path / "patch.reg"
    hive.write_bytes(build_hive(KeySpec("Cluster")))
    data = format_reg(entries, dialect, comments=[PATCH_COMMENT], parents=True)
    if dialect is Dialect.VERSION_5:
        # Its manual asks for the text in UTF-8, and for lines without CR.
        data = data.decode("utf-16").replace("\r\n", "\n").encode()
    text.write_bytes(data)
    _hivexregedit("--merge", "--prefix", str(CLUSTER), hive, text)
    return parse_reg(_hivexregedit("--export", "--prefix", str(CLUSTER), hive, "\\")).entries


@needs_hivexregedit
def test_hivexregedit_reads_version_5_as_meant(tmp_path: Path) -> None:
    key = CLUSTER / "ResourceTypes\\IIS Server Instance"
    values = [
        RegistryValue("AdminExtensions", 7, multi_sz("{A}", "{B}")),
        RegistryValue("long", 3, bytes(range(256))),
        RegistryValue("number", 4, b"\1\2\3\4"),
        RegistryValue("odd", 7, b"odd"),
        RegistryValue("open", 1, "open".encode("utf-16-le")),
        RegistryValue("path", 2, sz("%SystemRoot%\\x")),
        RegistryValue('q"[uo]=t;e\\', 1, sz('a "b" \\ c')),
        RegistryValue("strange", 0xFFFF0012, b"\1"),
    ]
    entries: list[Entry] = [KeyEntry(key), *(ValueEntry(key, value) for value in values)]
    merged = _merge_and_export(tmp_path, entries, Dialect.VERSION_5)
    assert merged == (KeyEntry(CLUSTER), KeyEntry(key.parent or key), *entries)


@needs_hivexregedit
def test_hivexregedit_reads_deletions_as_meant(tmp_path: Path) -> None:
    a, b = CLUSTER / "a", CLUSTER / "b"
    value = RegistryValue("v", 4, b"\1\0\0\0")
    entries: list[Entry] = [
        ValueEntry(a, value),
        ValueEntry(b, value),
        KeyDeletion(b),
        ValueDeletion(a, "V"),
        ValueDeletion(a, "never there"),
    ]
    assert _merge_and_export(tmp_path, entries, Dialect.VERSION_5) == (KeyEntry(CLUSTER), KeyEntry(a))


@needs_hivexregedit
def test_hivexregedit_takes_the_bytes_of_regedit4_as_they_are(tmp_path: Path) -> None:
    """Its known limit: Windows and Wine widen these bytes, hivexregedit does not."""
    entry = ValueEntry(CLUSTER, RegistryValue("AdminExtensions", 7, multi_sz("{A}")))
    merged = _merge_and_export(tmp_path, [entry], Dialect.REGEDIT4)
    stored = RegistryValue("AdminExtensions", 7, b"{A}\0\0")
    assert merged == (KeyEntry(CLUSTER), ValueEntry(CLUSTER, stored))
