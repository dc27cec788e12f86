from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.case._cabinet_data import Block
from iiscluster_kb.case._lzx import expand_lzx, has_lzx
from iiscluster_kb.errors import EvidenceError
from tests.case.cab_writer import LZX, pack

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = bytes(range(256)) * 300


def blocks_of(data: bytes) -> list[Block]:
    return [Block(packed, size, "", None) for packed, size in pack(data, LZX)]


@pytest.mark.parametrize("error", [ImportError, OSError, AttributeError])
def test_a_library_that_cannot_be_loaded_is_not_there(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refusing(name: str) -> object:
        raise error(name)

    monkeypatch.setattr(importlib, "import_module", refusing)
    assert not has_lzx()


@pytest.mark.skipif(not has_lzx(), reason="libarchive or its binding is not installed")
class TestWithLibarchive:
    def test_blocks_are_expanded_as_far_as_wanted(self) -> None:
        blocks = blocks_of(DATA)
        assert b"".join(expand_lzx(iter(blocks), LZX, len(blocks), len(DATA))) == DATA
        assert b"".join(expand_lzx(iter(blocks), LZX, len(blocks), 40_000)) == DATA[:40_000]

    def test_what_lies_before_the_damage_is_given(self) -> None:
        blocks = blocks_of(DATA)
        broken = [*blocks[:1], Block(b"\xff" * 40, blocks[1].size, "", None)]
        given: list[bytes] = []
        with pytest.raises(ValueError, match="LZX"):
            given.extend(expand_lzx(iter(broken), LZX, 2, len(DATA)))
        assert b"".join(given) == DATA[:32768]

    def test_blocks_that_end_early_are_an_error(self) -> None:
        with pytest.raises(ValueError, match=r"\S"):
            list(expand_lzx(iter(blocks_of(DATA)[:1]), LZX, 3, len(DATA)))

    def test_an_error_of_the_blocks_is_raised_again(self) -> None:
        def failing() -> Iterator[Block]:
            yield blocks_of(DATA)[0]
            raise EvidenceError("x.cab", "a block whose checksum does not match")

        with pytest.raises(EvidenceError, match="whose checksum does not match"):
            list(expand_lzx(failing(), LZX, 3, len(DATA)))

    def test_more_blocks_than_a_folder_may_have_are_refused(self) -> None:
        with pytest.raises(ValueError, match="65,536 blocks in one folder"):
            next(expand_lzx(iter(()), LZX, 65_536, 1))
