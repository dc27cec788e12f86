"""mscompress and msexpand as judges of SZDD, from both sides."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.case import open_case
from tests.case.archives import contents
from tests.support.szdd_writer import szdd_compress

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    shutil.which("mscompress") is None or shutil.which("msexpand") is None, reason="mscompress is missing"
)


def sample(size: int) -> bytes:
    chance = random.Random(size)  # noqa: S311 - the same bytes in every run, no secret
    words = [b"regf", b"\0" * 12, b"HvLE hbin", b"System\\CurrentControlSet", bytes(range(40))]
    return b"".join(chance.choice(words) for _ in range(size))[:size]


@pytest.mark.parametrize("size", [100, 5000, 200_000])
def test_what_it_compresses_is_expanded(tmp_path: Path, size: int) -> None:
    (tmp_path / "SYSTEM.").write_bytes(sample(size))
    subprocess.run(["mscompress", "SYSTEM."], cwd=tmp_path, check=True, capture_output=True)
    with open_case(tmp_path / "SYSTEM._") as case:
        assert contents(case) == {"SYSTEM": sample(size)}


@pytest.mark.parametrize("size", [1, 20, 5000, 200_000])
def test_what_we_compress_is_expanded_by_it(tmp_path: Path, size: int) -> None:
    (tmp_path / "SYSTEM._").write_bytes(szdd_compress(sample(size)))
    subprocess.run(["msexpand", "SYSTEM._"], cwd=tmp_path, check=True, capture_output=True)
    (expanded,) = (path for path in tmp_path.iterdir() if path.name != "SYSTEM._")
    assert expanded.read_bytes() == sample(size)
