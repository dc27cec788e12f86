"""``.reg`` text: what is understood without a problem is written and reads the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError, RemedyError
from iiscluster_kb.evidence.reg_export import FORMAT
from iiscluster_kb.registry.reg_text import Dialect, format_reg, is_reg_text, parse_reg
from tests.fuzz.guided.laws import assert_answers_agree, assert_is_told_in_a_line, has_a_form, walk
from tests.fuzz.guided.target import Target
from tests.fuzz.samples import SAMPLES
from tests.support.evidence import case_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.registry.reg_text import Entry, RegDocument

_ODD = (
    b'REGEDIT4\r\n\r\n; note\r\n[HKEY_LOCAL_MACHINE\\A]\r\n@="x"\r\n"n\\\\\\"q"=dword:0000000A\r\n',
    b'REGEDIT4\r\n\r\n[HKEY_USERS\\A]\r\n"m"=hex(7):41,00,\\\r\n  42,00,00\r\n"gone"=-\r\n\r\n[-HKEY_USERS\\B]\r\n',
    b'Windows Registry Editor Version 5.00\n\n[HKEY_USERS\\S-1-5]\n"b"=hex:\n"q"=hex(b):1,2,3,4,5,6,7,8\n',
    b'[HKLM\\Cluster]\n"a"="two\nlines"\n@=hex(2):25,00,00,00\n',
    b"WINE REGISTRY Version 2\n\n[Software] 1\n",
)


def _run(data: bytes) -> None:
    try:
        document = parse_reg(data)
    except EvidenceError as error:
        assert_is_told_in_a_line(error)
    else:
        assert is_reg_text(data[:8192])
        _assert_keeps_what_it_says(document)
    if FORMAT.recognises(data[:8192]):
        _assert_is_evidence(data)


def _assert_keeps_what_it_says(document: RegDocument) -> None:
    for problem in document.problems:
        assert problem.line > 0
        assert problem.reason
    for dialect in Dialect:
        entries, written = _written(document.entries, dialect)
        again = parse_reg(written)
        assert again.entries == entries
        assert not again.problems


def _written(entries: tuple[Entry, ...], dialect: Dialect) -> tuple[tuple[Entry, ...], bytes]:
    """What of the entries has a form in the dialect, and the text of that."""
    try:
        return entries, format_reg(entries, dialect)
    except RemedyError as error:
        assert_is_told_in_a_line(error)
    kept = tuple(entry for entry in entries if has_a_form(entry, dialect))
    return kept, format_reg(kept, dialect)


def _assert_is_evidence(data: bytes) -> None:
    try:
        evidence = FORMAT.read(case_file("NODE1/export.reg", data))
    except EvidenceError as error:
        assert_is_told_in_a_line(error)
        return
    for mount in evidence.mounts:  # type: ignore[union-attr] # this format gives registry evidence only
        for _, key in walk(mount.path, mount.root):
            assert_answers_agree(key, len(data))


def _seeds() -> Iterator[bytes]:
    yield from _ODD
    yield from (data for name, data in SAMPLES.items() if name.endswith(".reg"))


TARGET = Target(
    "reg_text",
    _run,
    _seeds,
    6 << 10,
    words=(
        b"REGEDIT4", b"Windows Registry Editor Version 5.00", b"\r\n[HKEY_LOCAL_MACHINE\\", b"[-", b"]\r\n", b'"a"=',
        b"hex(7):", b"hex(2):", b"hex(b):", b"hex:", b"dword:", b"=-", b",\\\r\n  ", b"\xff\xfe", b"\xef\xbb\xbf", b"@=",
        b"; iiscluster-kb patch",
    ),
)  # fmt: skip
