"""Bombs of every kind stop at a limit that the message names and an option raises; the rest of the case is kept."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.cli import main
from tests.case.archives import tar_bytes, write_folder, zip_bytes
from tests.case.cab_writer import MSZIP, cab_bytes, set_bytes
from tests.fuzz.samples import NODE
from tests.support.szdd_writer import kwaj_compress, szdd_compress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZE = 5 << 20
ZEROS = bytes(SIZE)
SMALL = bytes(1 << 17)
"""What the slow writers are given; the limit is lower for it."""


def zstd(data: bytes) -> bytes:
    packed: bytes = pytest.importorskip("zstandard").ZstdCompressor().compress(data)
    return packed


def set_of_cabinets() -> dict[str, bytes]:
    return set_bytes(b"bomb", ZEROS, ["b1.cab", "b2.cab"], MSZIP)


BOMBS: dict[str, Callable[[], dict[str, bytes]]] = {
    "zip": lambda: {"b.zip": zip_bytes({"bomb": ZEROS})},
    "tar": lambda: {"b.tar": tar_bytes({"bomb": ZEROS})},
    "gz": lambda: {"b.tgz": gzip.compress(tar_bytes({"bomb": ZEROS}))},
    "bz2": lambda: {"b.tbz": bz2.compress(tar_bytes({"bomb": ZEROS}))},
    "xz": lambda: {"b.txz": lzma.compress(tar_bytes({"bomb": ZEROS}))},
    "zst": lambda: {"b.tzst": zstd(tar_bytes({"bomb": ZEROS}))},
    "cab": lambda: {"b.cab": cab_bytes({"bomb": ZEROS}, MSZIP)},
    "set of cabinets": set_of_cabinets,
    "KWAJ": lambda: {"b.kw_": kwaj_compress(ZEROS, 4)},
    "KWAJ without its size": lambda: {"b.kw_": kwaj_compress(ZEROS, 4, size=False)},
    "zip in zip": lambda: {"b.zip": zip_bytes({"n.zip": zip_bytes({"bomb": ZEROS})})},
    "cab in txz in zip": lambda: {
        "b.zip": zip_bytes({"n.txz": lzma.compress(tar_bytes({"c.cab": cab_bytes({"bomb": ZEROS})}))})
    },
    "many in one": lambda: {"b.zip": zip_bytes({f"bomb{number}": bytes(1 << 19) for number in range(10)})},
    "quine of layers": lambda: {
        "b.tgz": gzip.compress(tar_bytes({"b.tgz": gzip.compress(tar_bytes({"bomb": ZEROS}))}))
    },
}


def inspect(
    case: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[set[str], dict[str, str], str]:
    """The machine's own files that are of use, the reasons of the others, standard error."""
    status = main(["inspect", str(case), "--format", "json", "--quiet", *options])
    out, err = capsys.readouterr()
    if status:
        return set(), {}, err
    told = json.loads(out)
    used = {one["path"] for one in told["artifacts"]}
    return used, {one["path"]: one["reason"] for one in told["skipped"]}, err


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_stops_at_a_limit_that_an_option_raises(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = {f"NODE1/{name}": data for name, data in NODE.items()}
    case = write_folder(
        tmp_path / "case", {**node, **{f"bombs/{n}": data for n, data in BOMBS[kind]().items()}}
    )
    used, reasons, _ = inspect(case, capsys, "--max-size", "1M")
    assert used == node.keys()
    stopped = [reason for path, reason in reasons.items() if path.startswith("bombs/")]
    assert any("Limits." in reason and "option --max-size" in reason for reason in stopped)
    used, reasons, _ = inspect(case, capsys, "--max-size", "64M")
    assert used == node.keys()
    assert not any("--max-size" in reason for reason in reasons.values())
    expanded = [reason for path, reason in reasons.items() if path.startswith("bombs/")]
    assert "unknown format" in expanded


def test_szdd_stops_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = write_folder(tmp_path / "case", {"b.sz_": szdd_compress(SMALL), "CLUSDB": NODE["CLUSDB"]})
    _, reasons, _ = inspect(case, capsys, "--max-size", "100K")
    assert any("option --max-size" in reason for reason in reasons.values())
    _, reasons, _ = inspect(case, capsys)
    assert list(reasons.values()) == ["unknown format"]


@pytest.mark.parametrize("pack", [zip_bytes, tar_bytes, cab_bytes], ids=["zip", "tar", "cab"])
def test_too_many_files_stop_at_a_limit_that_an_option_raises(
    pack: Callable[[dict[str, bytes]], bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = pack({f"f{number}": b"x" for number in range(300)})
    case = write_folder(tmp_path / "case", {"many": many, "CLUSDB": NODE["CLUSDB"]})
    _, _, err = inspect(case, capsys, "--max-files", "100")
    assert "over the limit of 100 files (Limits.files, option --max-files)" in err
    used, reasons, _ = inspect(case, capsys, "--max-files", "1000")
    assert used == {"CLUSDB"}
    assert len(reasons) == 300


def test_too_many_layers_stop_and_the_message_names_the_limit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = NODE["CLUSDB"]
    for number in range(50):
        data = zip_bytes({f"{number}.zip": data})
    case = write_folder(tmp_path / "case", {"deep.zip": data, "CLUSDB": NODE["CLUSDB"]})
    used, reasons, _ = inspect(case, capsys)
    assert used == {"CLUSDB"}
    assert list(reasons.values()) == ["an archive nested more than 3 deep (Limits.depth)"]
