"""Runs that are ended by real signals leave at the target what was there, or all of the new, and are run again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.faults.interrupts import end_fix, end_triage, is_whole

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX does")


def test_a_kit_that_is_not_whole_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert not is_whole(tmp_path)
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  a\n", "ascii")
    assert not is_whole(tmp_path)


def test_fix(tmp_path: Path) -> None:
    assert list(end_fix(tmp_path.resolve(), 3, seed=1)) == []


def test_triage(tmp_path: Path) -> None:
    pytest.importorskip("duckdb", reason="the extra triage is not installed: no duckdb")
    assert list(end_triage(tmp_path.resolve(), 1, seed=1)) == []
