"""Transaction logs of the new kind: HvLE, since Windows 8.1."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import pytest
from Registry import RegistryLog, RegistryParse

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf import Hive
from iiscluster_kb.regf._marvin32 import marvin32
from iiscluster_kb.regf.logs import LogFate, LogKind
from tests.support.log_writer import XP, log_entry, new_log, old_log, with_header
from tests.support.log_writer import marvin32 as by_the_book
from tests.support.regf_writer import BINS, build_hive, checksum, tree_from_dict

if TYPE_CHECKING:
    from collections.abc import Callable


def state(step: int) -> bytes:
    """The hive after that many writes: each changes one value and adds to the end."""
    tree = {f"k{n:02}": {"a": ("y" if n < 3 * step else "x") * 700} for n in range(15)}
    return build_hive(tree_from_dict("R", {**tree, "z": {"large": b"z" * (1 + 5000 * step)}}), minor=5)


STATES = [state(step) for step in range(6)]
NUMBER = 8
HIVE = with_header(STATES[0], (NUMBER + 1, NUMBER))
LOG = new_log(STATES, first=NUMBER)


def read(hive: bytes, *logs: bytes) -> Hive:
    return Hive(hive, "SYSTEM", logs=[(f"LOG{number}", log) for number, log in enumerate(logs, 1)])


def fates(hive: Hive) -> dict[str, tuple[LogFate, str | None]]:
    assert hive.recovery is not None
    return {log.name: (log.fate, log.reason) for log in hive.recovery.logs}


def reached(hive: Hive) -> int:
    """After which of the writes the hive is; it is in no state between."""
    return next(step for step, made in enumerate(STATES) if bytes(hive.content[BINS:]) == made[BINS:])


def changed(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def sealed(log: bytes) -> bytes:
    return changed(log, 508, struct.pack("<I", checksum(log)))


def entry_at(log: bytes, number: int) -> int:
    at = 512
    for _ in range(number):
        at += struct.unpack_from("<I", log, at + 4)[0]
    return at


def rehashed(log: bytes, at: int) -> bytes:
    """The log with both hashes of the entry made right again."""
    (size,) = struct.unpack_from("<I", log, at + 4)
    log = changed(log, at + 24, struct.pack("<Q", by_the_book(log[at + 40 : at + size])))
    return changed(log, at + 32, struct.pack("<Q", by_the_book(log[at : at + 32])))


# --- the hash ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 5, 32, 65535, 65536, 65541, 200_000])
def test_the_hash_is_marvin32(length: int) -> None:
    data = bytes(range(251)) * 800
    assert marvin32(data, 7, 7 + length) == by_the_book(data[7 : 7 + length])


def test_the_hash_is_that_of_another_reader() -> None:
    at = entry_at(LOG, 1)
    entry = RegistryParse.HvLEBlock(LOG, at, None)
    assert entry.calculate_hash_1() == marvin32(LOG, at + 40, at + entry.size())
    assert entry.calculate_hash_2() == marvin32(LOG, at, at + 32)


# --- one log ----------------------------------------------------------------------------------------


def test_every_entry_is_laid_over_the_hive() -> None:
    hive = read(HIVE, LOG)
    assert (hive.state, hive.sequence_numbers, hive.checksum_matches) == ("recovered", (12, 12), True)
    assert reached(hive) == 5
    assert fates(hive) == {"LOG1": (LogFate.APPLIED, None)}
    assert hive.recovery is not None
    (log,) = hive.recovery.applied
    assert (log.kind, log.entries, log.sequence, log.is_sound) == (LogKind.NEW, 5, 12, True)
    assert hive.file_name == Hive(STATES[0], "").file_name


def test_another_reader_makes_the_same_of_it() -> None:
    first, second = new_log(STATES[:3], first=NUMBER, flags=1), new_log(STATES[2:], first=NUMBER + 2, flags=1)
    theirs = io.BytesIO(HIVE)
    log = RegistryLog.RegistryLog(theirs, io.BytesIO(first))
    last = log.recover_hive()
    theirs.seek(0)
    RegistryLog.RegistryLog(theirs, io.BytesIO(second)).recover_hive_continue(last + 1)
    assert bytes(read(HIVE, first, second).content) == theirs.getvalue()
    assert theirs.getvalue()[144:148] == b"\1\0\0\0"


def test_entries_that_the_hive_holds_already_are_passed_over() -> None:
    hive = read(with_header(STATES[2], (NUMBER + 3, NUMBER + 2)), LOG)
    assert reached(hive) == 5
    assert hive.recovery is not None
    assert hive.recovery.logs[0].entries == 3


def test_entries_of_an_earlier_use_of_the_file_are_not_taken() -> None:
    whole = new_log(STATES[:3], first=NUMBER)
    remnant = LOG[entry_at(LOG, 1) :]
    hive = read(HIVE, whole + remnant)
    assert reached(hive) == 2
    assert fates(hive)["LOG1"] == (LogFate.APPLIED, None)


def test_a_gap_ends_the_replay() -> None:
    gap = LOG[: entry_at(LOG, 2)] + LOG[entry_at(LOG, 3) :]
    assert reached(read(HIVE, gap)) == 2


def test_a_log_that_begins_later_than_the_hive_is_taken_and_said_so() -> None:
    hive = read(with_header(STATES[0], (3, 2)), LOG)
    assert reached(hive) == 5
    assert fates(hive)["LOG1"] == (LogFate.APPLIED, "its first number is 8, the hive's is 2")


def test_numbers_wrap_around() -> None:
    hive = read(with_header(STATES[0], (0, 0xFFFFFFFF)), new_log(STATES, first=0xFFFFFFFF))
    assert reached(hive) == 5
    assert hive.sequence_numbers == (3, 3)


@pytest.mark.parametrize(
    ("log", "outcome"),
    [
        (new_log(STATES[:1], first=NUMBER), (LogFate.NOT_NEEDED, "it holds no entries")),
        (new_log(STATES[:3], first=NUMBER - 2), (LogFate.NOT_NEEDED, "it ends at 7, and the hive is at 8")),
        (sealed(changed(LOG, 4, b"\x09")), (LogFate.REFUSED, None)),
        (changed(LOG, 508, b"\0\0\0\0"), (LogFate.REFUSED, None)),
        (changed(LOG, 512, b"HvLX"), (LogFate.NOT_NEEDED, "it holds no entries")),
        (LOG[:520], (LogFate.NOT_NEEDED, "it holds no entries")),
    ],
)
def test_a_log_of_which_nothing_is_taken(log: bytes, outcome: tuple[LogFate, str | None]) -> None:
    hive = read(HIVE, log)
    (found,) = fates(hive).values()
    assert found[0] == outcome[0]
    assert outcome[1] is None or found[1] == outcome[1]
    assert hive.state == "unrecovered"
    assert hive.content == HIVE


# --- entries that fail a check ----------------------------------------------------------------------


def put(offset: int, form: str, *numbers: int) -> Callable[[bytes, int], bytes]:
    def damage(log: bytes, at: int) -> bytes:
        return rehashed(changed(log, at + offset, struct.pack(form, *numbers)), at)

    return damage


FAULTS: list[tuple[Callable[[bytes, int], bytes], str]] = [
    (lambda log, at: changed(log, at + 60, b"\xff\xff"), "its first hash does not match"),
    (lambda log, at: changed(log, at + 34, b"\xff\xff"), "its second hash does not match"),
    (lambda log, at: changed(log, at + 24, b"\xff\xff"), "its second hash does not match"),
    (lambda log, at: log[: at + 600], "it is cut off"),
    (put(16, "<I", 4097), "it states an impossible size"),
    (put(16, "<I", 0x80001000), "it states an impossible size"),
    (put(4, "<I", 5000), "it states an impossible size"),
    (put(4, "<I", 0), "it states an impossible size"),
    (put(4, "<I", 0x7FFFFE00), "it is cut off"),
    (put(20, "<I", 0xFFFF), "it has no room for its 65535 pages"),
    (put(40, "<I", 100), "a page of 4096 bytes at 0x64 does not fit"),
    (put(40, "<I", 0x7FFFF000), "does not fit"),
    (put(44, "<I", 0), "a page of 0 bytes"),
    (put(44, "<I", 0x10000), "does not fit"),
    (put(44, "<I", 700), "a page of 700 bytes"),
]


@pytest.mark.parametrize(("damage", "reason"), FAULTS)
@pytest.mark.parametrize("number", [0, 2])
def test_the_replay_ends_before_an_entry_that_fails_a_check(
    damage: Callable[[bytes, int], bytes], reason: str, number: int
) -> None:
    hive = read(HIVE, damage(LOG, entry_at(LOG, number)))
    assert reached(hive) == number
    (found,) = fates(hive).values()
    assert found[0] is (LogFate.APPLIED if number else LogFate.REFUSED)
    assert found[1] is not None
    assert reason in found[1]
    assert f"the entry at offset {entry_at(LOG, number):#x} was left out" in found[1]
    assert hive.recovery is not None
    assert not hive.recovery.logs[0].is_sound


def test_a_page_beyond_all_room_is_refused() -> None:
    """A few bytes must not make a hive of gigabytes."""
    log = LOG[:512] + log_entry([(0x40000000, bytes(4096))], 0x40001000, NUMBER)
    hive = read(HIVE, log)
    assert "where neither hive nor logs have room for it" in (fates(hive)["LOG1"][1] or "")
    assert hive.content == HIVE


# --- several logs -----------------------------------------------------------------------------------

FIRST, SECOND = new_log(STATES[:3], first=NUMBER), new_log(STATES[2:], first=NUMBER + 2)


def test_numbers_decide_which_log_comes_first() -> None:
    for logs in ((FIRST, SECOND), (SECOND, FIRST)):
        hive = read(HIVE, *logs)
        assert reached(hive) == 5
        assert hive.recovery is not None
        assert [log.sequence for log in hive.recovery.applied] == [9, 12]


def test_the_log_goes_on_in_one_that_holds_the_next_entry_further_on() -> None:
    assert reached(read(HIVE, new_log(STATES[:2], first=NUMBER), LOG)) == 5
    assert reached(read(HIVE, LOG, SECOND)) == 5


def test_a_stale_log_is_not_needed() -> None:
    stale = new_log(STATES[3:5], first=NUMBER - 3)
    for logs in ((LOG, stale), (stale, LOG)):
        hive = read(HIVE, *logs)
        assert reached(hive) == 5
        assert {fate for fate, _ in fates(hive).values()} == {LogFate.APPLIED, LogFate.NOT_NEEDED}


def test_a_gap_between_logs_ends_the_replay() -> None:
    hive = read(HIVE, FIRST, new_log(STATES[3:], first=NUMBER + 3))
    assert reached(hive) == 2
    assert fates(hive)["LOG2"] == (LogFate.REFUSED, "a gap: it begins at 11, and 10 should come next")


@pytest.mark.parametrize("damage", [4, 600])
def test_a_log_behind_one_that_was_refused_is_not_taken(damage: int) -> None:
    hive = read(with_header(STATES[0], (6, 5)), changed(FIRST, damage, b"\xff\xff"), SECOND)
    assert hive.state == "unrecovered"
    assert fates(hive)["LOG2"][0] is LogFate.REFUSED


def test_of_both_kinds_the_new_one_counts() -> None:
    hive = read(HIVE, old_log(STATES[0], STATES[1], number=9, file_type=XP), LOG)
    assert reached(hive) == 5
    assert fates(hive)["LOG1"] == (LogFate.NOT_NEEDED, "another log was laid over the hive")
    hive = read(HIVE, old_log(STATES[0], STATES[1], number=9, file_type=XP), changed(LOG, 600, b"\xff\xff"))
    assert reached(hive) == 1


# --- the hive's own base block ----------------------------------------------------------------------


@pytest.mark.parametrize("logs", [(LOG,), (FIRST, SECOND), (SECOND, FIRST)])
def test_a_damaged_base_block_is_taken_from_the_log(logs: tuple[bytes, ...]) -> None:
    for torn in (bytes(512) + HIVE[512:], changed(HIVE, 508, b"\1\2\3\4")):
        hive = read(torn, *logs)
        assert reached(hive) == 5
        assert hive.sequence_numbers == (12, 12)
        assert hive.recovery is not None
        assert [log.gave_base_block for log in hive.recovery.applied] == [True, False][: len(logs)]


STALE = new_log([STATES[4], STATES[5]], first=NUMBER - 4)


def test_without_a_number_of_its_own_nothing_is_taken_from_logs_that_do_not_join() -> None:
    for logs in ((LOG, STALE), (STALE, LOG)):
        hive = read(bytes(512) + HIVE[512:], *logs)
        assert (hive.state, hive.sequence_numbers) == ("unrecovered", (8, 7))
        assert reached(hive) == 0
        reason = "the hive's own number is lost, and its logs do not join"
        assert set(fates(hive).values()) == {(LogFate.REFUSED, reason)}
        assert hive.root.name == "R"


def test_a_number_in_a_damaged_base_block_tells_which_of_the_logs_that_do_not_join_counts() -> None:
    for logs in ((LOG, STALE), (STALE, LOG)):
        hive = read(changed(HIVE, 508, b"\1\2\3\4"), *logs)
        assert (hive.state, reached(hive)) == ("recovered", 5)
        assert sorted(fate for fate, _ in fates(hive).values()) == [LogFate.APPLIED, LogFate.NOT_NEEDED]


def test_a_log_without_entries_still_gives_the_base_block() -> None:
    hive = read(bytes(512) + HIVE[512:], new_log(STATES[:1], first=NUMBER))
    assert (hive.state, hive.sequence_numbers) == ("recovered", (8, 8))
    assert reached(hive) == 0
    assert fates(hive)["LOG1"] == (LogFate.APPLIED, "it holds no entries")


def test_a_log_given_as_a_hive_is_none() -> None:
    for given in (LOG, LOG[:512] + LOG[512:4096].ljust(3584, b"\0") + STATES[0][4096:]):
        with pytest.raises(EvidenceError, match="transaction log"):
            read(given, LOG)
