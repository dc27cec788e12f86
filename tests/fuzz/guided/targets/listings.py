"""Listings of files in every form; whole, and cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import HEAD_SIZE, formats
from iiscluster_kb.model import FileEvidence, State
from iiscluster_kb.registry import fold
from tests.fuzz.guided.inputs import cut_and_whole, with_cut
from tests.fuzz.guided.laws import assert_is_told_in_a_line
from tests.fuzz.guided.target import Target
from tests.fuzz.samples import SAMPLES
from tests.support.evidence import case_file

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_LISTINGS = {"hive", "pe", "quorum_log", "transaction_log", "reg_export", "reg_query", "regedt32_text"}
_FORMATS = tuple(form for form in formats() if form.read.__module__.rpartition(".")[2] not in _NO_LISTINGS)


def _run(data: bytes) -> None:
    whole, cut = cut_and_whole(data)
    evidence = _read(whole)
    if evidence is None:
        return
    for place, entry in evidence.entries.items():
        assert fold(entry.path) == place
        assert entry.size is None or entry.size >= 0
        assert entry.line is None or entry.line > 0
    less = _read(cut)
    if less is not None and less.format == evidence.format and evidence.state is State.CLEAN:
        # How much less a cut text covers than the whole one is for texts of which the tree is known
        # (tests/support/listing_laws): of two walks through one directory the second may show more. Which code
        # page a text has is guessed of all of it, so that names in ASCII alone stay what they are.
        assert {place for place in less.entries if place.isascii()} <= evidence.entries.keys()


def _read(text: bytes) -> FileEvidence | None:
    for form in _FORMATS:
        if form.recognises(text[:HEAD_SIZE]):
            try:
                evidence = form.read(case_file("NODE1/listing.txt", text))
            except EvidenceError as error:
                assert_is_told_in_a_line(error)
                return None
            assert isinstance(evidence, FileEvidence)
            return evidence
    return None


def _seeds() -> Iterator[bytes]:
    for data in SAMPLES.values():
        if any(form.recognises(data[:HEAD_SIZE]) for form in _FORMATS):
            yield with_cut(data, 0xFFFF)
            yield with_cut(data, len(data) * 2 // 3)
            yield with_cut(data.replace(b"\r\n", b"\n"), len(data) // 3)


TARGET = Target(
    "listings",
    _run,
    _seeds,
    15 << 10,
    words=(
        b" Volume in drive C is NT", b" Volume Serial Number is 1234-5678", b" Directory of C:\\", b"<DIR>",
        b"File(s)", b"bytes", b"bytes free", b"Total Files Listed:", b"\r\n\r\n", b"C:\\WINNT\\", b"\\system32\\inetsrv",
        b"iisclex4.dll", b"total 8", b"drwxr-xr-x", b"-rw-r--r--", b"/mnt/c/", b"FullName", b"Length", b"LastWriteTime",
        b'<Obj RefId="0">', b"<Props>", b"</Obj>", b'<S N="FullName">', b"|-", b"+---", b"\\---", b"|   ",
        b"Folder PATH listing", b"File Ref#", b"Parent File Ref#", b"0|", b"|0|0|0|", b"\xff\xfe", b"\xef\xbb\xbf",
        b"A  SH  ", b"\xc3\xc4\xc4\xc4", b"EntryNumber,", b"Path,Verified,", b"W32i", b"DLL", b"10/13/1997", b"12:00a",
    ),
)  # fmt: skip
