"""Cabinets: what gcab and Wine write is read, and cabextract reads the same bytes from all of them."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.case import open_case
from iiscluster_kb.case._lzx import has_lzx
from iiscluster_kb.errors import CaseError
from tests.case.archives import contents, write_folder
from tests.case.cab_writer import LZX, MSZIP, STORED, cab_bytes, set_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus/cabinets"
NOISE = hashlib.shake_256(b"noise").digest(120_000)
TREE = {
    "iisclex4.dll": b"MZ" + bytes(range(256)) * 700,
    "noise.bin": NOISE,
    "words.txt": b"Cluster Administrator " * 4000,
    "empty": b"",
}

needs_cabextract = pytest.mark.skipif(
    shutil.which("cabextract") is None, reason="cabextract is not installed"
)
needs_gcab = pytest.mark.skipif(shutil.which("gcab") is None, reason="gcab is not installed")
needs_wine = pytest.mark.skipif(shutil.which("wine") is None, reason="Wine is not installed")


def by_cabextract(file: Path, target: Path) -> dict[str, bytes]:
    done = subprocess.run(
        ["cabextract", "-q", "-d", str(target), str(file)], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return {
        found.relative_to(target).as_posix(): found.read_bytes()
        for found in target.rglob("*")
        if found.is_file()
    }


def by_us(*files: Path) -> dict[str, bytes]:
    with open_case(*files) as case:
        return contents(case)


@needs_cabextract
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the project")
@pytest.mark.parametrize("name", ["iis4_1_mszip.cab", "iis4_1_stored.cab", "iis4_1_wine_mszip.cab"])
def test_the_corpus_is_expanded_to_the_same_bytes(tmp_path: Path, name: str) -> None:
    assert by_us(CORPUS / name) == by_cabextract(CORPUS / name, tmp_path)


@needs_cabextract
@pytest.mark.parametrize("method", [STORED, MSZIP, LZX])
def test_cabinets_of_the_tests_are_sound(tmp_path: Path, method: int) -> None:
    file = tmp_path / "ours.cab"
    file.write_bytes(cab_bytes(TREE | {"caf\u00e9.txt": b"1"}, method))
    theirs = by_cabextract(file, tmp_path / "out")
    assert theirs == TREE | {"caf\u00e9.txt": b"1"}
    if method != LZX or has_lzx():
        assert by_us(file) == theirs


@needs_cabextract
@pytest.mark.parametrize("method", [STORED, MSZIP])
def test_sets_of_the_tests_are_sound(tmp_path: Path, method: int) -> None:
    write_folder(tmp_path, set_bytes(b"big.dll", NOISE, ["a.cab", "b.cab", "c.cab"], method))
    assert by_cabextract(tmp_path / "a.cab", tmp_path / "out")["big.dll"] == NOISE


@needs_cabextract
@needs_gcab
@pytest.mark.parametrize("option", ["-cn", "-cz"])
def test_what_gcab_writes_is_expanded_to_the_same_bytes(tmp_path: Path, option: str) -> None:
    names = [name for name in TREE if TREE[name]]  # gcab refuses empty files
    write_folder(tmp_path / "in", TREE)
    subprocess.run(
        ["gcab", option, "../case.cab", *names], cwd=tmp_path / "in", check=True, capture_output=True
    )
    ours = by_us(tmp_path / "case.cab")
    assert ours == {name: TREE[name] for name in names}
    assert ours == by_cabextract(tmp_path / "case.cab", tmp_path / "out")


@pytest.fixture(scope="module")
def cabarc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., None]]:
    """Wine's archiver, in a Windows of its own."""
    environment = os.environ | {
        "WINEPREFIX": str(tmp_path_factory.mktemp("wine") / "prefix"),
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=",
    }

    def run(folder: Path, *command: str) -> None:
        subprocess.run(
            ["wine", *command],
            cwd=folder,
            env=environment,
            check=False,  # its exit status proves nothing; what it writes does
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would stay open as long as Wine's own server runs
            stderr=subprocess.DEVNULL,
            timeout=180,
        )

    yield lambda folder, *arguments: run(folder, "cabarc", *arguments)
    run(Path(), "wineboot", "-k")


@needs_wine
@pytest.mark.xdist_group("wine")
@pytest.mark.parametrize("method", ["none", "mszip"])
def test_a_set_that_wine_writes_is_joined(tmp_path: Path, method: str, cabarc: Callable[..., None]) -> None:
    names = ["iisclex4.dll", "noise.bin", "words.txt"]
    folder = write_folder(tmp_path / "in", TREE)
    cabarc(folder, "-m", method, "-d", "50000", "n", "set*.cab", *names)
    cabinets = sorted(folder.glob("set*.cab"))
    if not cabinets:
        pytest.skip("Wine's cabarc does not run here")
    assert len(cabinets) > 2
    found = {path.split("/")[1]: data for path, data in by_us(*cabinets).items()}
    assert found == {name: TREE[name] for name in names}


@needs_cabextract
def test_nothing_that_cabextract_refuses_is_read_as_something_else(tmp_path: Path) -> None:
    """Of a damaged cabinet either reader gives a file right or not at all; ours never gives a wrong one."""
    sound = cab_bytes(TREE)
    chance = random.Random(4)  # noqa: S311 - the same changes every time
    for number in range(25):
        data = bytearray(sound)
        data[chance.randrange(200, len(data))] ^= 1 << chance.randrange(8)
        file = tmp_path / f"{number}.cab"
        file.write_bytes(bytes(data))
        try:
            ours = by_us(file)
        except CaseError:
            continue
        assert ours.items() <= TREE.items()
