from __future__ import annotations

import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.case._tar_header import BLOCK, TarHeaderError, parse_header, parse_pax, text

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=80)


def header(**fields: object) -> bytes:
    info = tarfile.TarInfo("SYSTEM")
    for name, value in fields.items():
        setattr(info, name, value)
    return info.tobuf(tarfile.GNU_FORMAT)[:BLOCK]


def summed(block: bytes) -> bytes:
    """The block with its checksum mended."""
    blank = block[:148] + b" " * 8 + block[156:]
    return block[:148] + b"%06o\0 " % sum(blank) + block[156:]


@given(st.integers(0, 2**60), st.sampled_from([b"0", b"7", b"2"]))
def test_headers_of_tarfile_are_read_as_written(size: int, kind: bytes) -> None:
    parsed = parse_header(header(size=size, type=kind, linkname="x"))
    assert parsed is not None
    assert (parsed.name, parsed.size, parsed.kind, parsed.link) == ("SYSTEM", size, kind, "x")
    assert parsed.padded_size % BLOCK == 0
    assert 0 <= parsed.padded_size - size < BLOCK


def test_a_prefix_counts_in_ustar_only() -> None:
    block = bytearray(header(name="b"))
    block[345:350] = b"a/a/a"
    gnu = parse_header(summed(bytes(block)))
    block[257:265] = b"ustar\x0000"
    ustar = parse_header(summed(bytes(block)))
    assert gnu is not None
    assert ustar is not None
    assert (gnu.name, ustar.name) == ("b", "a/a/a/b")


def test_a_sum_of_signed_bytes_is_taken_too() -> None:
    block = bytearray(header(name="caf\u00e9"))
    blank = block[:148] + b" " * 8 + block[156:]
    block[148:156] = b"%06o\0 " % sum(byte - 256 * (byte > 127) for byte in blank)
    parsed = parse_header(bytes(block))
    assert parsed is not None
    assert parsed.name == "caf\u00e9"


def test_zeros_are_the_end() -> None:
    assert parse_header(bytes(BLOCK)) is None
    assert parse_header(b"") is None


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (b"x" * BLOCK, "checksum"),
        (header()[:-1], "checksum"),
        (header()[:148] + b"        " + header()[156:], "checksum"),
        (header()[:148] + b"+1_0000\0" + header()[156:], "checksum"),
        (summed(header()[:124] + b"0000000009x\0" + header()[136:]), "size of a member is no number"),
        (summed(header()[:124] + b"\xff" * 12 + header()[136:]), "size of a member is no number"),
    ],
)
def test_other_blocks_are_refused(block: bytes, message: str) -> None:
    with pytest.raises(TarHeaderError, match=message):
        parse_header(block)


def test_a_size_may_be_blank() -> None:
    parsed = parse_header(summed(header()[:124] + b" " * 12 + header()[136:]))
    assert parsed is not None
    assert parsed.size == 0


@given(st.dictionaries(NAMES.filter(lambda name: "=" not in name), NAMES, max_size=4))
def test_pax_records_are_read_as_written(records: dict[str, str]) -> None:
    assert parse_pax(b"".join(map(record, records, records.values()))) == records


def record(key: str, value: str) -> bytes:
    body = f" {key}={value}\n".encode()
    length = len(body) + 1
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return str(length).encode() + body


@pytest.mark.parametrize(
    "data",
    [
        b"x",
        b"path=x\n",
        b"12345678901 path=x\n",
        b"99 path=x\n",
        b"3 path=x\n",
        b"0 path=x\n",
        b"9 pathxx\n",
        b"9 path=xy",
        b"\xb2 path=x\n",
    ],
)
def test_damaged_pax_records_are_refused(data: bytes) -> None:
    with pytest.raises(TarHeaderError, match="a record of an extended header"):
        parse_pax(data)


def test_padding_behind_the_records_is_ignored() -> None:
    assert parse_pax(record("path", "x") + bytes(9)) == {"path": "x"}


@given(st.binary(max_size=64))
def test_any_bytes_are_records_or_refused(data: bytes) -> None:
    try:
        parse_pax(data)
    except TarHeaderError as error:
        assert str(error)  # noqa: PT017 - either outcome is right


def test_text_ends_at_the_first_nul_and_keeps_odd_bytes() -> None:
    assert text(b"caf\xe9\0rest") == "caf\udce9"
