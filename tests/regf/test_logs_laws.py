"""Laws of the replay: a log gives a state between two writes or nothing, and no bytes break anything."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf import Hive
from tests.support.log_writer import interrupted_write, new_log, old_log, with_header
from tests.support.regf_writer import BINS, build_hive, checksum, tree_from_dict


def state(step: int) -> bytes:
    tree = {f"k{n}": {"a": ("y" if n < 3 * step else "x") * 500} for n in range(12)}
    return build_hive(tree_from_dict("R", {**tree, "z": {"large": b"z" * (1 + 4000 * step)}}), minor=3)


STATES = [state(step) for step in range(4)]
BODIES = [made[BINS:] for made in STATES]
HIVE = with_header(STATES[0], (9, 8))
NEW = new_log(STATES, first=8)
PARTS = new_log(STATES[:3], first=8), new_log(STATES[2:], first=10)
OLD = interrupted_write(STATES[0], STATES[3], number=9)
DESTROYED = bytes(512) + HIVE[512:]
FIRST_NUMBERS = st.sampled_from([8, 0xFFFFFFFF, 0x7FFFFFFF])
LOGS = {"new": NEW, "old": OLD.log, "old, of the same number": old_log(STATES[0], STATES[3], number=9)}

UNTIMED = settings(deadline=None)


def body(hive: bytes, *logs: bytes) -> bytes:
    return bytes(Hive(hive, "x", logs=[(str(number), log) for number, log in enumerate(logs)]).content[BINS:])


@pytest.mark.parametrize("hive", [HIVE, DESTROYED])
@pytest.mark.parametrize("cut", [*range(0, 1200, 53), *range(1200, len(NEW), 1021), len(NEW)])
def test_a_new_log_cut_anywhere_gives_a_state_between_two_entries(hive: bytes, cut: int) -> None:
    try:
        assert body(hive, NEW[:cut]) in BODIES
    except EvidenceError:
        assert hive is DESTROYED
        assert cut < 512


@UNTIMED
@given(first=st.integers(1, len(PARTS[0])), second=st.integers(0, len(PARTS[1])), swapped=st.booleans())
def test_two_new_logs_cut_anywhere_give_a_state_between_two_entries(
    *, first: int, second: int, swapped: bool
) -> None:
    """Of a first log that is missing, or empty, nothing could tell."""
    logs = PARTS[0][:first], PARTS[1][:second]
    assert body(HIVE, *(reversed(logs) if swapped else logs)) in BODIES


@pytest.mark.parametrize("cut", [*range(0, 1200, 53), *range(1200, len(OLD.log), 1021), len(OLD.log)])
def test_an_old_log_cut_anywhere_gives_all_or_nothing(cut: int) -> None:
    expected = BODIES[3] if cut == len(OLD.log) else OLD.hive[BINS:]
    assert body(OLD.hive, OLD.log[:cut]) == expected


@UNTIMED
@given(st.data())
def test_a_changed_byte_of_a_new_log_never_mixes_states(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(NEW) - 1))
    log = bytearray(NEW)
    log[at] ^= data.draw(st.integers(1, 255))
    assert body(HIVE, bytes(log)) in BODIES


@UNTIMED
@given(st.permutations(range(3)), FIRST_NUMBERS)
def test_the_order_in_which_logs_are_given_changes_nothing(order: list[int], first: int) -> None:
    hive = with_header(STATES[0], ((first + 1) & 0xFFFFFFFF, first))
    logs = [new_log(STATES[n : n + 2], first=first + n & 0xFFFFFFFF) for n in range(3)]
    assert body(hive, *(logs[n] for n in order)) == BODIES[3]


def _walked(hive: bytes, *logs: bytes) -> None:
    try:
        found = Hive(hive, "x", logs=[(str(number), log) for number, log in enumerate(logs)])
        for key in found.walk():
            list(key.values())
    except EvidenceError as error:
        assert error.detail  # noqa: PT017 - either outcome is right, each with its own duty
    else:
        assert found.state in {"recovered", "unrecovered", "damaged"}
        assert len(found.content) <= len(hive) + sum(map(len, logs)) + (1 << 16)


CHANGES = st.lists(st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=8)), max_size=4)


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(sorted(LOGS)),
    in_log=CHANGES,
    in_hive=CHANGES,
    sealed=st.booleans(),
)
def test_no_bytes_break_anything(
    *, name: str, in_log: list[tuple[int, bytes]], in_hive: list[tuple[int, bytes]], sealed: bool
) -> None:
    made, hive = bytearray(LOGS[name]), bytearray(HIVE)
    for target, changes in ((made, in_log), (hive, in_hive)):
        for at, new in changes:
            target[at : at + len(new)] = new
    if sealed and len(made) >= 512:
        struct.pack_into("<I", made, 508, checksum(made))
    _walked(bytes(hive), bytes(made), NEW)


@UNTIMED
@given(st.binary(max_size=2000), st.booleans())
def test_anything_may_be_given_as_a_log(log: bytes, is_destroyed: bool) -> None:
    _walked(DESTROYED if is_destroyed else HIVE, log)
