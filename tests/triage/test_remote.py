from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from iiscluster_kb.errors import CaseError
from iiscluster_kb.triage._nouns import Found, LeftOut
from iiscluster_kb.triage._remote import RemoteTree, fetched
from iiscluster_kb.triage._tree import Kind
from iiscluster_kb.triage._worklist import find_cases
from tests.support.scenarios import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


fsspec = pytest.importorskip("fsspec", reason="the extra triage is not installed: no fsspec")

CASE = ROOT / "fixtures" / "scenarios" / "value-absent" / "case"


@pytest.fixture
def memory() -> Iterator[str]:
    """A store in memory, as far away as anything that is no folder."""
    files = fsspec.filesystem("memory")
    for path in sorted(CASE.rglob("*")):
        if path.is_file():
            files.pipe(f"/archive/customer/{path.relative_to(CASE).as_posix()}", path.read_bytes())
    files.pipe("/archive/one.zip", b"PK\x03\x04")
    files.pipe("/archive/notes/a.txt", b"text")
    yield "memory://archive"
    files.rm("/archive", recursive=True)


def test_the_same_rules_far_away(memory: str) -> None:
    items = list(find_cases([memory]))
    assert [item.source for item in items if isinstance(item, Found)] == [
        "memory:///archive/one.zip",
        "memory:///archive/customer",
    ]
    assert [item.reason for item in items if isinstance(item, LeftOut)] == [
        "no registry evidence, no archive"
    ]
    (found,) = find_cases(["memory://archive/*.zip"])
    assert found.source == "memory:///archive/one.zip"
    (single,) = find_cases(["memory:///archive/one.zip"])
    assert isinstance(single, Found)
    assert single.name == "one.zip"
    assert RemoteTree(memory).kind("memory://archive/nothing") is None
    assert RemoteTree(memory).kind("memory://archive/notes") is Kind.FOLDER


def test_a_case_is_fetched_within_its_limit(memory: str) -> None:
    with fetched(f"{memory}/customer", 1 << 20) as path:
        assert Path(path).name == "customer"
        assert Path(path, "NODE1", "SYSTEM").read_bytes() == (CASE / "NODE1" / "SYSTEM").read_bytes()
    with fetched(f"{memory}/one.zip", 4) as path:
        assert Path(path).read_bytes() == b"PK\x03\x04"
    with pytest.raises(CaseError, match="over the limit of 1,000 bytes"), fetched(f"{memory}/customer", 1000):
        pass


def test_a_driver_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="nowhere://x"):
        list(find_cases(["nowhere://x"]))


def test_examined_far_away(tmp_path: Path, triage: Callable[..., int]) -> None:
    # local:// is fsspec's driver for what lies here, which workers reach as they reach any other.
    shutil.copytree(CASE, tmp_path / "cases" / "customer")
    store = tmp_path / "store"
    for _ in range(2):
        assert (
            triage(
                "--article Q224553 --no-second-opinion --workers 1 --store",
                store,
                f"local://{tmp_path}/cases",
            )
            == 1
        )
    assert (
        triage(
            "--article Q224553 --no-second-opinion --workers 1 --max-size 1K --store",
            store,
            f"local://{tmp_path}/cases",
        )
        == 3
    )
    with duckdb.connect(str(store), read_only=True) as connection:
        rows = connection.execute("SELECT outcome, reason, run FROM cases").fetchall()
    (row,) = rows
    assert row[0] == "failed"
    assert "over the limit of 1,024 bytes" in row[1]
    assert row[2] == 3
