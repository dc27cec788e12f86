"""Transaction logs of the old kind: DIRT, Windows NT 4 to 8."""

from __future__ import annotations

import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf import Hive
from iiscluster_kb.regf.logs import LogFate, LogKind
from tests.support.log_writer import NT4, XP, dirty_blocks, interrupted_write, old_log, with_header
from tests.support.regf_writer import BINS, build_hive, checksum, tree_from_dict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from iiscluster_kb.regf.logs import LogOutcome

BEFORE = build_hive(
    tree_from_dict("Cluster", {f"k{n:02}": {"a": "x" * 700, "n": n} for n in range(24)}), minor=3
)
AFTER = build_hive(
    tree_from_dict(
        "Cluster",
        {f"k{n:02}": {"a": ("x" if n < 12 else "y") * 700, "n": n} for n in range(24)}
        | {"new": {"large": b"z" * 9000}},
    ),
    minor=3,
)
WRITE = interrupted_write(BEFORE, AFTER)


def read(hive: bytes, *logs: bytes) -> Hive:
    return Hive(hive, "CLUSDB", logs=[(f"LOG{number}", log) for number, log in enumerate(logs)])


def only(hive: Hive) -> LogOutcome:
    assert hive.recovery is not None
    (outcome,) = hive.recovery.logs
    return outcome


def sealed(log: bytes | bytearray) -> bytes:
    made = bytearray(log)
    struct.pack_into("<I", made, 508, checksum(made))
    return bytes(made)


def changed(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def refusal(log: bytes, hive: bytes = WRITE.hive) -> str:
    """Why the log is refused; nothing of it is then in the hive."""
    found = read(hive, log)
    outcome = only(found)
    assert outcome.fate is LogFate.REFUSED
    assert found.content == hive
    assert found.state == "unrecovered"
    return outcome.reason or ""


# --- a write that did not end -----------------------------------------------------------------------


def test_the_writes_differ_in_several_blocks_and_in_length() -> None:
    assert 3 < len(dirty_blocks(BEFORE, AFTER)) < (len(AFTER) - BINS) // 4096
    assert len(BEFORE) < len(AFTER)


@pytest.mark.parametrize("file_type", [NT4, XP])
@pytest.mark.parametrize("written", range(len(dirty_blocks(BEFORE, AFTER)) + 1))
def test_the_write_is_ended_however_far_it_came(file_type: int, written: int) -> None:
    write = interrupted_write(BEFORE, AFTER, file_type=file_type, written_blocks=written)
    assert Hive(write.hive, "CLUSDB").state in {"unrecovered", "damaged"}
    hive = read(write.hive, write.log)
    assert (hive.state, hive.sequence_numbers, hive.checksum_matches) == ("recovered", (8, 8), True)
    assert bytes(hive.content[BINS:]) == AFTER[BINS:]
    assert only(hive).kind is LogKind.OLD
    assert str(only(hive)) == "applied: 1 entry, up to sequence number 8"
    assert hive.recovery is not None
    assert hive.recovery.sequence_numbers == (8, 7)


def test_sectors_of_four_kilobytes() -> None:
    log = old_log(BEFORE, AFTER, sectors=8)
    assert log[4096:4100] == b"DIRT"
    assert bytes(read(WRITE.hive, log).content[BINS:]) == AFTER[BINS:]


def test_pages_of_less_than_a_block() -> None:
    """Nothing says that Windows writes them, but the bitmap can."""
    log = bytearray(WRITE.log)
    start = log.index(b"DIRT")
    pages = -(-(start + 4 + (len(AFTER) - BINS) // 4096) // 512) * 512
    blocks = dirty_blocks(BEFORE, AFTER)
    for number, at in enumerate(blocks):
        log[start + 4 + at // 4096] = 0b10110001 if number % 2 else 0b00000111
    kept = [0, 4, 5, 7]
    body = b"".join(
        AFTER[BINS + at + 512 * page : BINS + at + 512 * (page + 1)]
        for number, at in enumerate(blocks)
        for page in (kept if number % 2 else [0, 1, 2])
    )
    whole = Hive(AFTER, "").content
    torn = bytearray(AFTER)
    for number, at in enumerate(blocks):
        for page in kept if number % 2 else [0, 1, 2]:
            torn[BINS + at + 512 * page : BINS + at + 512 * page + 512] = bytes(512)
    hive = with_header(bytes(torn), (8, 7))
    assert bytes(read(hive, bytes(log[:pages]) + body).content[BINS:]) == whole[BINS:]


def test_another_reader_makes_the_same_of_it(tmp_path: Path) -> None:
    hive, log, target = (tmp_path / name for name in ("CLUSDB", "CLUSDB.LOG", "CLUSDB.new"))
    hive.write_bytes(WRITE.hive.ljust(len(AFTER), b"\0"))
    log.write_bytes(WRITE.log)
    program = (  # in a process of its own, for regipy leaves files open
        "import sys\nfrom regipy.recovery import apply_transaction_logs as apply\n"
        "apply(sys.argv[1], sys.argv[2], restored_hive_path=sys.argv[3], verbose=False)"
    )
    subprocess.run([sys.executable, "-c", program, hive, log, target], check=True, capture_output=True)
    assert target.read_bytes()[BINS:] == bytes(read(WRITE.hive, WRITE.log).content[BINS:])


# --- files ------------------------------------------------------------------------------------------


def test_nothing_is_written_anywhere(tmp_path: Path) -> None:
    large = b"z" * 1_500_000
    before, after = (
        build_hive(tree_from_dict("R", {"a": {"x": text}, "b": {"y": large}}), minor=3)
        for text in ("old", "new")
    )
    write = interrupted_write(before, after)
    for name, data in (("SYSTEM", write.hive), ("SYSTEM.LOG", write.log)):
        (tmp_path / name).write_bytes(data)
    with Hive.open(tmp_path / "SYSTEM", logs=[tmp_path / "SYSTEM.LOG"]) as hive:
        assert hive.state == "recovered"
        value = hive.root.subkey("a").value("x")  # type: ignore[union-attr]  # it is there
        assert value is not None
        assert value.text() == "new"
        assert hive.content[:] == read(write.hive, write.log).content[:]
    assert (tmp_path / "SYSTEM").read_bytes() == write.hive
    assert (tmp_path / "SYSTEM.LOG").read_bytes() == write.log
    assert {path.name for path in tmp_path.iterdir()} == {"SYSTEM", "SYSTEM.LOG"}


def test_a_large_hive_that_grows_is_copied(tmp_path: Path) -> None:
    large = b"z" * 1_500_000
    before = build_hive(tree_from_dict("R", {"b": {"y": large}}), minor=3)
    after = build_hive(tree_from_dict("R", {"b": {"y": large, "z": b"more" * 9000}}), minor=3)
    write = interrupted_write(before, after)
    for name, data in (("SYSTEM", write.hive), ("SYSTEM.LOG", write.log)):
        (tmp_path / name).write_bytes(data)
    with Hive.open(tmp_path / "SYSTEM", logs=[tmp_path / "SYSTEM.LOG"]) as hive:
        assert hive.content[BINS:] == after[BINS:]


def test_a_file_that_is_no_longer_there_is_copied_from_what_was_read(tmp_path: Path) -> None:
    large = tree_from_dict("R", {"b": {"y": b"z" * 1_500_000}})
    write = interrupted_write(build_hive(large, minor=3), build_hive(large, minor=3, utf16_names=True))
    logs = [("SYSTEM.LOG", write.log)]
    for name, data in (("gone", None), ("short", b"regf")):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        hive = Hive(write.hive, "SYSTEM", logs=logs, file=tmp_path / name)
        assert hive.content[:] == Hive(write.hive, "SYSTEM", logs=logs).content[:]


def test_logs_of_a_clean_hive_are_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "CLUSDB").write_bytes(AFTER)
    with Hive.open(tmp_path / "CLUSDB", logs=[tmp_path / "none"]) as hive:
        assert (hive.state, hive.recovery) == ("clean", None)
    (tmp_path / "CLUSDB").write_bytes(WRITE.hive)
    with pytest.raises(FileNotFoundError):
        Hive.open(tmp_path / "CLUSDB", logs=[tmp_path / "none"])
    (tmp_path / "empty").write_bytes(b"")
    with Hive.open(tmp_path / "CLUSDB", logs=[tmp_path / "empty"]) as hive:
        assert hive.state == "damaged"  # shorter than the header says, for the write made it longer
        assert only(hive).fate is LogFate.NOT_NEEDED
        assert str(only(hive)) == "not needed: it is empty"


def test_a_hive_with_damage_is_damaged_whatever_its_logs_gave() -> None:
    after = bytearray(AFTER)
    struct.pack_into("<I", after, 40, len(AFTER))
    hive = read(with_header(bytes(after), (8, 7)), old_log(BEFORE, AFTER, number=8))
    assert hive.state == "recovered"
    cut = with_header(AFTER[: len(AFTER) - 4096], (8, 7))
    hive = read(cut, old_log(BEFORE[:-4096], AFTER[:-4096], number=8)[:508] + bytes(4))
    assert hive.state == "damaged"


# --- the hive's own base block ----------------------------------------------------------------------

DESTROYED: list[Callable[[bytes], bytes]] = [
    lambda hive: changed(hive, 508, b"\xff\xff\xff\xff"),
    lambda hive: bytes(4) + hive[4:],
    lambda hive: bytes(512) + hive[512:],
    lambda hive: sealed(changed(hive, 20, b"\x09")),
]


@pytest.mark.parametrize("destroy", DESTROYED)
@pytest.mark.parametrize("sectors", [1, 8])
def test_a_damaged_base_block_is_taken_from_the_log(destroy: Callable[[bytes], bytes], sectors: int) -> None:
    after = bytearray(AFTER)
    after[BINS + 20 : BINS + 28] = after[12:20]  # the first bin repeats the time
    hive = destroy(with_header(BEFORE, (8, 7), like=bytes(after)))
    found = read(hive, old_log(BEFORE, bytes(after), sectors=sectors))
    assert found.state == "recovered"
    assert bytes(found.content[BINS:]) == bytes(after[BINS:])
    assert only(found).gave_base_block
    assert "it gave the base block" in str(only(found))
    assert found.sequence_numbers == (7, 7)
    assert found.root.name == "Cluster"


def test_a_base_block_of_another_write_is_not_taken() -> None:
    hive = changed(WRITE.hive, BINS + 20, b"\1")
    torn = changed(hive, 508, b"\xff\xff\xff\xff")
    assert (
        only(read(torn, WRITE.log)).reason == "it belongs to another write: its time is not that of the hive"
    )
    with pytest.raises(EvidenceError, match=r"'regf'; LOG0: refused: it belongs to another write"):
        read(bytes(512) + hive[512:], WRITE.log)


def test_without_base_block_and_first_bin_nothing_tells_whose_log_it_is() -> None:
    with pytest.raises(EvidenceError, match="neither a sound base block nor a first bin"):
        read(bytes(8192) + WRITE.hive[8192:], WRITE.log)
    with pytest.raises(EvidenceError, match="inside the base block; LOG0: refused"):
        read(WRITE.hive[:4000], WRITE.log)
    with pytest.raises(EvidenceError, match="'regf'"):
        read(b"")


# --- which log --------------------------------------------------------------------------------------


def test_a_log_of_an_earlier_write_is_not_needed() -> None:
    outcome = only(read(WRITE.hive, old_log(BEFORE, AFTER, number=6)))
    assert (outcome.fate, outcome.reason) == (LogFate.NOT_NEEDED, "its number is 6, and the hive is at 7")


def test_numbers_wrap_around() -> None:
    hive = with_header(BEFORE, (1, 0), like=AFTER)
    assert only(read(hive, old_log(BEFORE, AFTER, number=0xFFFFFFFF))).fate is LogFate.NOT_NEEDED
    hive = with_header(BEFORE, (0, 0xFFFFFFFF), like=AFTER)
    assert read(hive, old_log(BEFORE, AFTER, number=0)).sequence_numbers == (0, 0)


def test_of_two_logs_the_newer_counts_and_the_other_where_it_is_refused() -> None:
    older, newer = old_log(BEFORE, BEFORE + AFTER[len(BEFORE) :], number=7), old_log(BEFORE, AFTER, number=8)
    for logs in ([older, newer], [newer, older]):
        hive = read(WRITE.hive, *logs)
        assert bytes(hive.content[BINS:]) == AFTER[BINS:]
        assert hive.recovery is not None
        assert [log.fate for log in hive.recovery.logs] == [LogFate.APPLIED, LogFate.NOT_NEEDED]
        assert hive.recovery.logs[1].reason == "another log was laid over the hive"
    hive = read(WRITE.hive, newer[:-1], WRITE.log)
    assert bytes(hive.content[BINS:]) == AFTER[BINS:]
    assert hive.recovery is not None
    assert [(log.name, log.fate) for log in hive.recovery.logs] == [
        ("LOG1", LogFate.APPLIED),
        ("LOG0", LogFate.REFUSED),
    ]
    assert not hive.recovery.logs[1].is_sound


# --- logs that fail a check -------------------------------------------------------------------------

VECTOR = 512
BIN = WRITE.log.index(b"hbin")


def other_time() -> bytes:
    return sealed(changed(WRITE.log, 12, b"\1"))


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (b"junk" * 200, "no transaction log: it does not begin with 'regf'"),
        (WRITE.log[:300], "it is cut off inside its base block"),
        (
            changed(WRITE.log, 508, b"\0\0\0\0"),
            "the checksum of its base block (offset 0x1fc) does not match",
        ),
        (sealed(changed(WRITE.log, 20, b"\2")), "version 2.3"),
        (
            sealed(changed(WRITE.log, 28, b"\0")),
            "its file type 0 (offset 0x1c) is that of no transaction log",
        ),
        (sealed(changed(WRITE.log, 4, b"\x09")), "its sequence numbers 9 and 7 differ"),
        (sealed(changed(WRITE.log, 40, b"\1")), "impossible size"),
        (sealed(changed(WRITE.log, 40, struct.pack("<I", 0x80001000))), "impossible size"),
        (sealed(changed(WRITE.log, 44, struct.pack("<I", 9))), "impossible size"),
        (other_time(), "it belongs to another write"),
        (changed(WRITE.log, VECTOR, b"INVL"), "no bitmap of dirty pages where one should be (offset 0x200)"),
        (WRITE.log[:512], "no bitmap of dirty pages"),
        (sealed(changed(WRITE.log, 40, struct.pack("<I", 0x80000000))), "cut off inside its bitmap"),
        (WRITE.log[:VECTOR] + b"DIRT" + bytes(508), "it holds no pages"),
        (WRITE.log[:-1], "it is cut off: 1 bytes of its pages are missing"),
        (changed(WRITE.log, BIN, b"hbim"), "no sound header of the hive bin at offset 0x1000"),
        (changed(WRITE.log, BIN + 4, b"\1"), "no sound header of the hive bin at offset 0x1000"),
        (changed(WRITE.log, BIN + 8, b"\0\0\0\0"), "no sound header of the hive bin at offset 0x1000"),
        (changed(WRITE.log, BIN + 8, b"\1\x10"), "no sound header of the hive bin at offset 0x1000"),
        (
            changed(WRITE.log, BIN + 8, b"\xff\xff\xff\xff"),
            "no sound header of the hive bin at offset 0x1000",
        ),
    ],
)
def test_a_log_that_fails_a_check_is_refused_as_a_whole(log: bytes, reason: str) -> None:
    hive = with_header(AFTER, (8, 7))
    assert reason in refusal(log, hive)


def test_a_log_that_cannot_be_read_is_named() -> None:
    hive = Hive(
        with_header(AFTER, (8, 7)), "CLUSDB", logs=[("CLUSDB.LOG", "cannot be read: Input/output error")]
    )
    assert only(hive).reason == "cannot be read: Input/output error"
    assert hive.state == "unrecovered"


def test_pages_beyond_all_room_are_refused() -> None:
    """A few bytes must not make a hive of gigabytes."""
    size = 0x40000000
    log = bytearray(WRITE.log[:512])
    struct.pack_into("<I", log, 40, size)
    log = bytearray(sealed(log)) + b"DIRT" + bytes(size // 4096 - 1) + b"\xff"
    log += bytes(-len(log) % 512) + bytes(4096)
    assert "where neither hive nor logs have room for it" in refusal(bytes(log), with_header(AFTER, (8, 7)))


def test_a_damaged_bin_that_the_log_does_not_hold_is_not_the_log_s_fault() -> None:
    clean = next(at for at in range(4096, len(BEFORE), 4096) if at not in dirty_blocks(BEFORE, AFTER))
    hive = read(changed(WRITE.hive, BINS + clean, b"xxxx"), WRITE.log)
    assert hive.recovery is not None
    assert hive.recovery.applied


def test_what_neither_the_hive_nor_the_log_holds_of_a_hive_that_grew_is_damage() -> None:
    """A page behind a gap: the gap reads as nothing."""
    block = bytearray(WRITE.log[:512])
    size = len(BEFORE) - BINS + 3 * 4096
    struct.pack_into("<I", block, 40, size)
    bitmap = bytes(size // 4096 - 1) + b"\xff"
    last = b"hbin" + struct.pack("<II", size - 4096, 4096) + bytes(4084)
    log = sealed(block) + (b"DIRT" + bitmap).ljust(512, b"\0") + last
    hive = read(WRITE.hive, log)
    assert hive.state == "recovered"
    assert bytes(hive.content[len(BEFORE) :]) == bytes(8192) + last
