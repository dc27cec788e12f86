"""The targets of guided fuzzing without a guide: their seeds, each spoilt a little; and the guide, for a moment."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.guided import record
from tests.fuzz.guided.targets import targets
from tests.fuzz.mutations import mutations, spoil
from tests.fuzz.profiles import fuzzed

if TYPE_CHECKING:
    from tests.fuzz.mutations import Mutation

ROOT = Path(__file__).resolve().parents[2]
SLOW = {"examination": 10, "registries": 10}
"""How many of their seeds are tried: each is a diagnosis of a whole case."""


@cache
def seeds(name: str) -> list[bytes]:
    made = sorted(set(targets()[name].seeds()))
    return made[:: -(-len(made) // SLOW.get(name, len(made)))]


@pytest.mark.parametrize("name", targets())
def test_seeds_keep_every_law(name: str) -> None:
    assert seeds(name)
    for seed in seeds(name):
        assert len(seed) <= targets()[name].longest
        targets()[name].run(seed)


@pytest.mark.parametrize("name", targets())
@fuzzed(10)
@given(data=st.data(), changes=mutations())
def test_spoilt_seeds_keep_every_law(name: str, data: st.DataObject, changes: list[Mutation]) -> None:
    one, other = (data.draw(st.sampled_from(seeds(name))) for _ in range(2))
    targets()[name].run(spoil(one, changes, other)[: targets()[name].longest])


@pytest.mark.parametrize("name", targets())
@pytest.mark.parametrize("data", [b"", b"\0", b"\xff" * 100], ids=["empty", "a NUL", "ones"])
def test_any_bytes_are_an_input(name: str, data: bytes) -> None:
    targets()[name].run(data)


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
def test_a_guided_search_finds_nothing_in_a_moment(tmp_path: Path) -> None:
    kept = tmp_path / "record.jsonl"
    line = [sys.executable, "-m", "tests.fuzz.guided", "szdd", "--minutes", "0.05", "--corpus", str(tmp_path)]
    ended = subprocess.run(
        [*line, "--record", str(kept)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (run,) = record.read(kept)
    assert run.target == "szdd"
    assert run.executions > 0
    assert run.edges > 0
    assert any((tmp_path / "szdd" / "corpus").iterdir())
