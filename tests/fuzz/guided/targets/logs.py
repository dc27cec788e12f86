"""Transaction logs of both kinds, over a hive whose last write did not end.

An input is what the target is to do (1 byte), the lengths of two parts (2 bytes each), pieces to be put over the
hive, the first log, a second one.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf import Hive
from tests.fuzz.guided.inputs import as_patches, patched
from tests.fuzz.guided.laws import assert_is_told_in_a_line, look_through
from tests.fuzz.guided.target import Target
from tests.fuzz.samples import LOGS
from tests.support.log_writer import base_block, dirty_blocks, log_entry, marvin32, new_log, with_header
from tests.support.regf_writer import BINS, build_hive, checksum, tree_from_dict

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = struct.Struct("<BHH")
_IS_NEW, _UNMENDED, _SPOILT_BASE = 0x01, 0x02, 0x04
_ENTRY = b"HvLE"
_SECTOR = 512
_STATES = tuple(
    build_hive(tree_from_dict("Cluster", {"Types": {"IIS": {"N": 1}}, "New": new}), minor=5)
    for new in ({}, {"Text": "words"}, {"Long": "x" * 5000})
)
_HIVES = {0: LOGS["old"]["CLUSDB"], _IS_NEW: with_header(_STATES[0], (9, 8))}


def _run(data: bytes) -> None:
    if len(data) < _HEAD.size:
        return
    mode, patches, first = _HEAD.unpack_from(data)
    body = data[_HEAD.size :]
    hive = patched(_HIVES[mode & _IS_NEW], body[:patches])
    logs = [body[patches : patches + first], body[patches + first :]]
    if not mode & _UNMENDED:
        logs = [_mended(log) for log in logs]
    if mode & _SPOILT_BASE:
        hive = bytes(_SECTOR) + hive[_SECTOR:]
    named = [(f"CLUSDB.LOG{number}", log) for number, log in enumerate(logs, 1) if log]
    try:
        recovered = Hive(hive, "CLUSDB", logs=named)
    except EvidenceError as error:
        assert_is_told_in_a_line(error)
        return
    assert len(recovered.content) <= len(hive) + sum(map(len, logs)) + (1 << 20)
    look_through(recovered)


def _mended(log: bytes) -> bytes:
    """The log with the sums that its writer would have made, as no search finds them by itself."""
    made = bytearray(log.ljust(_SECTOR, b"\0"))
    struct.pack_into("<I", made, 508, checksum(made))
    at = _SECTOR
    while made[at : at + 4] == _ENTRY and at + 40 <= len(made):
        (size,) = struct.unpack_from("<I", made, at + 4)
        end = at + min(max(size, 40), len(made))
        struct.pack_into("<Q", made, at + 24, marvin32(bytes(made[at + 40 : end])))
        struct.pack_into("<Q", made, at + 32, marvin32(bytes(made[at : at + 32])))
        at = end
    return bytes(made)


def _input(mode: int, *logs: bytes, patches: bytes = b"") -> bytes:
    first = logs[0] if logs else b""
    return _HEAD.pack(mode, len(patches), len(first)) + patches + b"".join(logs)


def _seeds() -> Iterator[bytes]:
    old = LOGS["old"]["CLUSDB.LOG"]
    new, later = new_log(_STATES, first=8), new_log(_STATES[1:], first=9)
    turned = as_patches((4, struct.pack("<II", 12, 11)))
    for mode in (0, _UNMENDED, _SPOILT_BASE):
        yield _input(mode, old)
        yield _input(mode, old, patches=turned)
        yield _input(mode | _IS_NEW, new)
        yield _input(mode | _IS_NEW, later, new)
        yield _input(mode | _IS_NEW, old, new)
    pages = [(at, _STATES[1][BINS + at :][:_SECTOR]) for at in dirty_blocks(_STATES[0], _STATES[1])]
    entry = log_entry(pages, len(_STATES[1]) - BINS, 8)
    yield _input(_IS_NEW, bytes(base_block(_STATES[0], 8, 6)) + entry)


TARGET = Target("logs", _run, _seeds, 40 << 10, words=(b"regf", b"DIRT", _ENTRY, b"hbin", b"\xff" * 8))
