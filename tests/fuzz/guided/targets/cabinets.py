"""Cabinets, alone and as a set of two: an input is the length of the first (2 bytes), the first, the second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.case.cab_writer import LZX, MSZIP, QUANTUM, STORED, assemble, cab_bytes, files_of, pack, set_bytes
from tests.fuzz.guided.expanding import expand
from tests.fuzz.guided.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = ("one.cab", "two.cab")
_FILES = {
    "SYSTEM": b"regf" * 200,
    "i386/iisclex4.dll": bytes(range(256)) * 3,
    "empty": b"",
    "Résumé.txt": b"text",
}


def _run(data: bytes) -> None:
    length = int.from_bytes(data[:2], "little")
    cabinets = dict(zip(_NAMES, (data[2 : 2 + length], data[2 + length :]), strict=True))
    expand({name: cabinet for name, cabinet in cabinets.items() if cabinet} or {"one.cab": b"\0"})


def _input(first: bytes, second: bytes = b"") -> bytes:
    return len(first).to_bytes(2, "little") + first + second


def _seeds() -> Iterator[bytes]:
    data = b"".join(_FILES.values())
    for method in (STORED, MSZIP, LZX):
        yield _input(cab_bytes(_FILES, method))
        # Without sums a changed byte is not refused before it is expanded.
        blocks = pack(data, method, 700)
        yield _input(assemble([(method, blocks)], files_of(_FILES), checksums=False))
        yield _input(*set_bytes(b"SYSTEM", _FILES["SYSTEM"], _NAMES, method).values())
    yield _input(
        assemble([(QUANTUM, [(b"x", 1)])], files_of({"a": b"x"}), reserve=(2, 1, 3), checksums=False)
    )
    yield _input(assemble([(STORED, [(data, len(data))])], files_of(_FILES), reserve=(4, 2, 1)))


TARGET = Target(
    "cabinets",
    _run,
    _seeds,
    8 << 10,
    words=(b"MSCF", b"CK", b"\xfd\xff", b"\xfe\xff", b"\xff\xff", b"one.cab\0"),
)
