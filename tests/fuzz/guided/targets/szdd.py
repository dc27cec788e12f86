"""Files that COMPRESS.EXE and its kin packed: SZDD, the older form of it, KWAJ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.guided.expanding import expand
from tests.fuzz.guided.target import Target
from tests.support.szdd_writer import kwaj_compress, qbasic_compress, szdd_compress

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEXT = b"regf" + bytes(range(256)) * 3 + b"abc" * 500


def _run(data: bytes) -> None:
    expand({"NODE1/SYSTEM._": data})


def _seeds() -> Iterator[bytes]:
    yield szdd_compress(_TEXT, "M")
    yield qbasic_compress(_TEXT)
    for method in range(5):
        yield kwaj_compress(_TEXT, method)
        yield kwaj_compress(_TEXT, method, size=False, name="SYSTEM", ending="DA", extra=b"xyz")
    yield szdd_compress(szdd_compress(_TEXT))


TARGET = Target(
    "szdd",
    _run,
    _seeds,
    8 << 10,
    words=(b"SZDD\x88\xf0\x27\x33A", b"SZ \x88\xf0\x27\x33\xd1", b"KWAJ\x88\xf0\x27\xd1", b"CK"),
)
