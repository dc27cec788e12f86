from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import pytest

from iiscluster_kb.case import Limits, _zstd, open_case, tar
from iiscluster_kb.errors import CaseError
from tests.case.archives import contents, reasons, tar_bytes, zip_bytes

if TYPE_CHECKING:
    from pathlib import Path

TREE = {"NODE1/SYSTEM": b"regf" + bytes(range(256)) * 800, "NODE2/empty": b""}
needs_zstd = pytest.mark.skipif(_zstd.zstd_opener() is None, reason="nothing here expands zstd")


def packed(data: bytes, **options: Any) -> bytes:
    if sys.version_info >= (3, 14):
        return bytes(importlib.import_module("compression.zstd").compress(data))
    return bytes(importlib.import_module("zstandard").ZstdCompressor(**options).compress(data))


def written(folder: Path, data: bytes, name: str = "case.tar.zst") -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


@needs_zstd
def test_a_packed_tar_gives_the_same_bytes(tmp_path: Path) -> None:
    with open_case(written(tmp_path, packed(tar_bytes(TREE)))) as case:
        assert contents(case) == TREE
        assert (case.name, case.skipped) == ("case", ())
    half = tar_bytes(TREE)
    two_frames = packed(half[:1000]) + packed(half[1000:])
    with open_case(written(tmp_path, two_frames, "case.tzst")) as case:
        assert contents(case) == TREE


@needs_zstd
def test_a_packed_file_that_is_no_tar_is_a_file(tmp_path: Path) -> None:
    for data in (packed(b"x" * 9000), _zstd.MAGIC, _zstd.MAGIC + b"junk" * 9):
        with open_case(written(tmp_path, data, "a.zst")) as case:
            assert contents(case) == {"a.zst": data}


@needs_zstd
def test_damage_is_said_and_what_lies_before_is_kept(tmp_path: Path) -> None:
    noise = {"a": b"kept", "noise": bytes(range(256)) * 4000}
    frames = packed(tar_bytes(noise)[:2048]) + _zstd.MAGIC + b"\xff" * 40
    with open_case(written(tmp_path, frames)) as case:
        assert contents(case) == {"a": b"kept"}
        assert "cannot be expanded: zstd: " in reasons(case)["noise"]


@needs_zstd
def test_a_bomb_stops_at_the_limit_that_the_message_names(tmp_path: Path) -> None:
    data = packed(tar_bytes({"a": b"kept", "bomb": bytes(8 << 20), "z": b"behind"}))
    with open_case(written(tmp_path, data), limits=Limits(member=1 << 20, total=4 << 20)) as case:
        assert contents(case) == {"a": b"kept"}
        assert "over the limit of 1 MiB for one file" in reasons(case)["bomb"]
        assert "over the limit of 4 MiB expanded" in reasons(case)["case.tar.zst"]


def test_where_nothing_expands_it_the_reason_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tar, "zstd_opener", lambda: None)
    frame = _zstd.MAGIC + b"whatever"
    with pytest.raises(
        CaseError, match=r"^case.tar.zst: packed with zstd.*pip install 'iiscluster-kb\[zstd\]'"
    ):
        open_case(written(tmp_path, frame))
    with open_case(written(tmp_path, zip_bytes({"n.tar.zst": frame, "a": b"1"}), "case.zip")) as case:
        assert contents(case) == {"a": b"1"}
        assert reasons(case) == {"n.tar.zst": _zstd.MISSING}


def test_nothing_installed_is_no_opener(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", refusing)
    assert _zstd.zstd_opener() is None


def test_pythons_own_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[object] = []

    class Own:
        class DecompressionParameter:
            window_log_max = 100

        class ZstdError(Exception):
            pass

        class ZstdFile:
            def __init__(self, stream: object, options: dict[int, int]) -> None:
                seen.append((stream, options))

            def read(self, _size: int) -> bytes:
                raise Own.ZstdError("broken")

            def close(self) -> None:
                seen.append("closed")

    monkeypatch.setattr(importlib, "import_module", {"compression.zstd": Own}.__getitem__)
    opener = _zstd.zstd_opener()
    assert opener is not None
    with (tmp_path / "x").open("w+b") as stream:
        opened = opener(stream)
        with pytest.raises(ValueError, match=r"^zstd: broken$"):
            opened.read(5)
        opened.close()
        assert seen == [(stream, {100: 27}), "closed"]
