from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iiscluster_kb.case import Budget, Limits
from iiscluster_kb.case._cabinet_data import FolderStream, Part, checksum
from iiscluster_kb.case._cabinet_layout import parse_cabinet
from iiscluster_kb.errors import EvidenceError
from tests.case.cab_writer import MSZIP, QUANTUM, STORED, File, assemble, pack, summed_up


@given(st.binary(max_size=300))
@example(b"")
@example(b"\x01\x02\x03")
@example(bytes(range(256)) * 128)
def test_the_checksum_is_that_of_the_specification(data: bytes) -> None:
    assert checksum(data) == summed_up(data)


def stream_of(data: bytes, method: int, block: int, limits: Limits | None = None) -> FolderStream:
    cabinet = parse_cabinet("x.cab", assemble([(method, pack(data, method, block))], [File(b"a", len(data))]))
    return FolderStream([Part(cabinet, cabinet.folders[0])], len(data), Budget(limits or Limits()))


@given(
    data=st.binary(min_size=1, max_size=400),
    block=st.integers(1, 100),
    method=st.sampled_from([STORED, MSZIP]),
    steps=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), max_size=8),
)
def test_passing_and_reading_is_slicing(
    data: bytes, block: int, method: int, steps: list[tuple[int, int]]
) -> None:
    stream = stream_of(data, method, block)
    at = 0
    for skipped, wanted in steps:
        at += skipped
        stream.pass_to(at)
        got = stream.read(wanted)
        assert got == data[at : at + len(got)]
        assert bool(got) == (at < len(data))
        at += len(got)
        if not got:
            return


def test_passing_costs_as_much_as_keeping() -> None:
    stream = stream_of(bytes(100_000), STORED, 32768, Limits(total=60_000))
    stream.pass_to(50_000)
    assert stream.read(3) == bytes(3)
    with pytest.raises(EvidenceError, match=r"option --max-size\): the rest was not read"):
        stream.pass_to(90_000)


def test_an_error_stays_one_whoever_asks() -> None:
    broken = assemble([(MSZIP, [(b"CK\xff", 3), (b"CK\xff", 3)])], [File(b"a", 6)])
    cabinet = parse_cabinet("x.cab", broken)
    stream = FolderStream([Part(cabinet, cabinet.folders[0])], 6, Budget(Limits()))
    for _ in range(3):
        with pytest.raises(EvidenceError, match="an MSZIP block that cannot be expanded"):
            stream.read(1)
    with pytest.raises(EvidenceError, match="an MSZIP block that cannot be expanded"):
        stream.pass_to(5)


def test_a_method_that_is_not_known_gives_nothing() -> None:
    assert stream_of(b"abc", QUANTUM, 3).read(3) == b""
