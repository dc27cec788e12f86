"""Archives in archives: an input is how often its bytes are packed (2 bits), by what, and the bytes.

A search never finds bytes that a checksum or a compressor stands before; so the target packs what the search has
changed, and puts the sums of tar headers right.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
from typing import TYPE_CHECKING

from tests.case.archives import tar_bytes, zip_bytes
from tests.case.cab_writer import MSZIP, STORED, cab_bytes
from tests.fuzz.guided.expanding import expand
from tests.fuzz.guided.target import Target
from tests.fuzz.samples import CONTAINERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BLOCK = 512
_SUM = slice(148, 156)
_SIZE = slice(124, 136)


def _packed_tar(data: bytes) -> bytes:
    return tar_bytes({"inner": data})


_PACKERS: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: zip_bytes({"NODE1/inner": data, "..\\b": b"x"}),
    lambda data: zip_bytes({"inner": data}, 0),
    _packed_tar,
    lambda data: gzip.compress(data, 1, mtime=0),
    lambda data: bz2.compress(data, 1),
    lambda data: lzma.compress(data, preset=0),
    lambda data: cab_bytes({"inner": data}, MSZIP),
    lambda data: cab_bytes({"inner": data}, STORED),
)


def _run(data: bytes) -> None:
    if len(data) < 3:
        return
    layers, choice = data[0] & 3, int.from_bytes(data[:2], "little") >> 2
    content = data[2:]
    if data[1] & 0x80:
        content = _mended(content)
    for _ in range(layers):
        choice, packer = divmod(choice, len(_PACKERS))
        content = _PACKERS[packer](content)
    expand({"case": content})


def _mended(tar: bytes) -> bytes:
    """A tar whose headers, as far as each leads to the next, have the sums of what is in them."""
    made, at = bytearray(tar), 0
    while at + _BLOCK <= len(made):
        header = made[at : at + _BLOCK]
        if any(header):
            header[_SUM] = b" " * 8
            made[at + _SUM.start : at + _SUM.stop] = b"%06o\0 " % sum(header)
        digits = bytes(header[_SIZE]).strip(b" \0")
        size = int(digits, 8) if digits and not digits.strip(b"01234567") else 0
        at += _BLOCK + -(-size // _BLOCK) * _BLOCK
    return bytes(made)


def _seeds() -> Iterator[bytes]:
    small = {"NODE1/a": b"regf", "b": b"", "ü/é": b"x" * 600}
    for data in (*CONTAINERS.values(), *_tars(small), zip_bytes(small), zip_bytes(small, 0)):
        if len(data) <= _LONGEST:
            yield b"\0\0" + data
    for tar in _tars(small):
        yield b"\0\x80" + tar
        for packer in range(len(_PACKERS)):
            yield (1 | packer << 2 | 0x8000).to_bytes(2, "little") + tar
    for outer in range(len(_PACKERS)):
        yield (3 | outer << 2 | 2 << 5 | outer << 8).to_bytes(2, "little") + b"REGEDIT4\r\n"


def _tars(files: dict[str, bytes]) -> Iterator[bytes]:
    for form in range(3):
        yield tar_bytes(files, form=form).rstrip(b"\0") + bytes(2 * _BLOCK)
    yield tar_bytes({"d" * 120 + "/" + "n" * 150: b"long"}).rstrip(b"\0") + bytes(_BLOCK)


_LONGEST = 12 << 10
TARGET = Target(
    "containers",
    _run,
    _seeds,
    _LONGEST,
    words=(
        b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"ustar\x0000", b"ustar  \0", b"././@LongLink",
        b"0000644\0", b"11 path=a\n", b"20 size=18446744073\n", b"30 GNU.sparse.major=1\n", b"\x1f\x8b\x08", b"BZh9",
        b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"MSCF", b"SZDD\x88\xf0\x27\x33A", b"../", b"C:\\", b"\x80\0\0\0\0\0\0\0",
    ),
)  # fmt: skip
