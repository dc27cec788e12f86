from __future__ import annotations

import pytest

from iiscluster_kb.evidence import identify
from iiscluster_kb.evidence.quorum_log import FORMAT
from iiscluster_kb.model import Case, Skipped
from tests.support.evidence import case_file
from tests.support.listings import dir_listing


def skipped(path: str, data: bytes) -> str:
    evidence, (left,) = identify(Case("case", {path: case_file(path, data)}))
    assert not evidence
    assert left == Skipped(path, left.reason)
    return left.reason


@pytest.mark.parametrize(
    "path", ["QUOLOG.LOG", "Q/MSCS/quolog.log", "NODE1_quolog.log", "QUOLOG~2.LOG", "NODE1-QuoLog.log"]
)
def test_it_is_named_and_not_read(path: str) -> None:
    reason = skipped(path, bytes(range(256)) * 8)
    assert reason.startswith("by its name the quorum log (2,048 bytes): ")
    assert "not read" in reason


def test_an_empty_one_is_named_too() -> None:
    assert skipped("QUOLOG.LOG", b"").startswith("by its name the quorum log, empty: ")


@pytest.mark.parametrize("path", ["quolog.txt", "MSCS/QUOLOG.LOG.bak", "myquolog.log", "CLUSDB.LOG"])
def test_other_names_are_not_its_business(path: str) -> None:
    assert skipped(path, bytes(range(256))) == "unknown format"


def test_content_comes_first() -> None:
    text = dir_listing({"a.dll": 5}, style="nt4")
    evidence, left = identify(Case("case", {"QUOLOG.LOG": case_file("QUOLOG.LOG", text)}))
    assert [piece.format for piece in evidence] == ["dir-listing"]
    assert not left
    assert not FORMAT.recognises(text)
