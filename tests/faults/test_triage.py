"""Reads that fail under many cases: each case keeps its own line, and none is made well by a fault."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb import pipeline
from iiscluster_kb.cli import main
from tests.faults.points import Door, Fault
from tests.support.scenarios import FIXTURES

if TYPE_CHECKING:
    from pathlib import Path

duckdb = pytest.importorskip("duckdb", reason="the extra triage is not installed: no duckdb")

from iiscluster_kb.triage._worklist import find_cases  # noqa: E402 - an extra

_EVERY = 37
_ROOT_LISTED = {"scandir", "next"}
"""A root of which the listing itself fails is one case, so that it has a line with the reason."""


@pytest.mark.parametrize("fault", [Fault.EIO, Fault.GONE])
def test_no_case_is_lost_or_made_well(fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.triage.conftest import _examine_in_this_process  # noqa: PLC0415 - which needs duckdb

    monkeypatch.setattr("iiscluster_kb.triage._run.examine_here", _examine_in_this_process)
    monkeypatch.setattr(pipeline, "_HASHERS", 1)
    root, store = tmp_path.resolve() / "cases", tmp_path / "store"
    for name in ("value-absent", "dll-absent"):
        shutil.copytree(FIXTURES / "scenarios" / name / "case", root / name)
    asked = ["--article", "Q224553", "--no-second-opinion", "--workers", "1", "--max-size", "1M"]
    at, calls = list(Fault).index(fault), 1000
    while at < calls:
        with Door(root, fault, at) as door:
            status = main(["triage", str(root), "--store", str(store), "--progress", "none", *asked])
        calls, call = len(door.calls), door.calls[at]
        at += _EVERY
        if call.path != root or call.kind not in _ROOT_LISTED:
            assert status == 2 if call.path == root else status in {1, 3}
            with duckdb.connect(str(store), read_only=True) as connection:
                rows = connection.execute("SELECT outcome, verdict FROM cases").fetchall()
            whole = {("done", "confirmed"), ("done", "undetermined"), ("failed", None)}
            assert (len(rows) == 2 and set(rows) <= whole) or status == 2, call
        store.unlink()


@pytest.mark.parametrize("kind", ["is_symlink", "is_dir"])
def test_an_entry_whose_kind_the_disk_does_not_tell_costs_no_other_case(kind: str, tmp_path: Path) -> None:
    root = tmp_path.resolve()
    for name in ("value-absent", "dll-absent"):
        shutil.copytree(FIXTURES / "scenarios" / name / "case", root / name)
    with Door(root) as door:
        found = {item.source for item in find_cases([str(root)])}
    at = next(n for n, call in enumerate(door.calls) if (call.kind, call.path) == (kind, root / "dll-absent"))
    with Door(root, Fault.EIO, at):
        assert (
            {item.source for item in find_cases([str(root)])} == found == {str(one) for one in root.iterdir()}
        )
