from __future__ import annotations

import re
import shutil
import struct
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pefile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import pe
from iiscluster_kb.evidence.pe import FORMAT
from iiscluster_kb.model import CaseFile, Specimen, State
from tests.support.pe_writer import LINKED, MACHINES, SERVER_EXPORTS, build_ne, build_pe
from tests.support.reports import MemoryContent

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus/pe/iisclex4_x86.dll"
needs_corpus = pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real samples is not here")
needs_objdump = pytest.mark.skipif(shutil.which("objdump") is None, reason="objdump is not installed")

EXPORT_DIRECTORY = 64 + 24 + 96
"""Offset of the first data directory in what build_pe makes for 32 bits."""
RESOURCE_DIRECTORY = EXPORT_DIRECTORY + 16


def read(data: bytes, path: str = "NODE1/C/WINNT/system32/inetsrv/iisclex4.dll") -> Specimen:
    specimen = FORMAT.read(CaseFile(path, MemoryContent(data)))
    assert isinstance(specimen, Specimen)
    return specimen


def changed(data: bytes, *changes: tuple[int, bytes]) -> bytes:
    out = bytearray(data)
    for place, value in changes:
        out[place : place + len(value)] = value
    return bytes(out)


def u32(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_sound_image_is_told_whole(machine: str) -> None:
    specimen = read(build_pe(machine=machine))
    assert specimen.problem is None
    assert specimen.architecture == machine
    assert specimen.exports == frozenset(SERVER_EXPORTS)
    assert specimen.version == "4.2.622.1"
    assert specimen.linked == LINKED
    assert specimen.name == "iisclex4.dll"
    assert specimen.windows_path == r"C:\WINNT\system32\inetsrv\iisclex4.dll"
    assert (specimen.state, specimen.notes) == (State.CLEAN, ())


def test_what_an_image_does_not_hold_is_not_unknown() -> None:
    specimen = read(build_pe(exports=None, version=None, timestamp=None), "iisclex4.dll")
    assert specimen.exports == frozenset()
    assert (specimen.version, specimen.linked, specimen.windows_path) == (None, None, None)
    assert read(build_pe(exports=())).exports == frozenset()
    assert read(build_pe(machine=0x1234)).architecture == "0x1234"


def test_an_image_without_data_directories_exports_nothing() -> None:
    none = changed(build_pe(), (EXPORT_DIRECTORY - 4, u32(0)))
    assert read(none).exports == frozenset()


@needs_corpus
def test_a_real_image_is_told_whole() -> None:
    specimen = read(CORPUS.read_bytes())
    assert specimen.problem is None
    assert (specimen.architecture, specimen.version) == ("x86", "4.2.622.1")
    assert specimen.exports is not None
    assert "DllRegisterServer" in specimen.exports
    assert specimen.size == 11_264
    assert specimen.state is State.CLEAN


def judged_by_objdump(file: Path) -> frozenset[str]:
    text = subprocess.run(["objdump", "-p", file], capture_output=True, text=True, check=True).stdout
    table = text.partition("[Ordinal/Name Pointer] Table")[2].partition("\n\n")[0]
    return frozenset(re.findall(r"\]\s+(?:\+base\[\s*\d+\]\s+(?:[0-9a-f]+ )?)?(\w+)$", table, re.MULTILINE))


@needs_corpus
@needs_objdump
def test_objdump_sees_the_same_in_a_real_image() -> None:
    specimen = read(CORPUS.read_bytes())
    names = judged_by_objdump(CORPUS)
    assert names == specimen.exports


@needs_objdump
@pytest.mark.parametrize("machine", ["x86", "x64"])
def test_objdump_sees_the_same_in_our_images(tmp_path: Path, machine: str) -> None:
    (tmp_path / "a.dll").write_bytes(build_pe(machine=machine))
    names = judged_by_objdump(tmp_path / "a.dll")
    assert names == read(build_pe(machine=machine)).exports


@settings(max_examples=40, deadline=None)
@given(
    names=st.sets(
        st.from_regex(r"[A-Za-z_?@$][\w?@$]{0,40}", fullmatch=True).filter(str.isascii), max_size=30
    ),
    version=st.tuples(*[st.integers(0, 0xFFFF)] * 4).map(lambda parts: ".".join(map(str, parts))),
    machine=st.sampled_from(sorted(MACHINES)),
    seconds=st.integers(1, 2**32 - 1),
)
def test_pefile_sees_the_same_when_it_parses_all(
    names: set[str], version: str, machine: str, seconds: int
) -> None:
    linked = datetime.fromtimestamp(seconds, UTC)
    data = build_pe(machine=machine, exports=tuple(names), version=version, timestamp=linked)
    assert data == build_pe(machine=machine, exports=tuple(names), version=version, timestamp=linked)
    specimen, whole = read(data), pefile.PE(data=data)
    symbols = whole.DIRECTORY_ENTRY_EXPORT.symbols if names else []
    assert specimen.exports == frozenset(names)
    assert specimen.exports == frozenset(symbol.name.decode() for symbol in symbols)
    fixed = whole.VS_FIXEDFILEINFO[0]
    high, low = fixed.FileVersionMS, fixed.FileVersionLS
    assert specimen.version == f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}" == version
    assert specimen.linked == linked


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "empty"),
        (b"This is no DLL.\r\n", "not a PE image: text"),
        (bytes(2000), "not a PE image: zeros"),
        (b"\x7fELF\x01", "not a PE image: begins with 7f 45 4c 46"),
        (
            b"SZDD\x88\xf0\x27\x33A",
            "not a PE image: compressed (SZDD), as on an installation CD; expand.exe unpacks it",
        ),
        (b"MZ", "not a PE image: truncated in the header, at byte 2"),
        (build_ne(), "not a PE image: a 16-bit NE image"),
        (build_ne().replace(b"NE", b"LE"), "not a PE image: an LE image (VxD)"),
        (build_ne().replace(b"NE", b"LX"), "not a PE image: an LX image (OS/2)"),
        (build_ne().replace(b"NE", b"XX"), "not a PE image: an MS-DOS program"),
        (
            b"MZ".ljust(64, b"\xff"),
            "not a PE image: truncated in the header, at byte 64, or an MS-DOS program",
        ),
        (build_pe()[:80], "not a PE image: truncated in the header, at byte 80, or an MS-DOS program"),
        (build_pe()[:150], "not a PE image: truncated in the header, at byte 150"),
    ],
)
def test_what_is_no_image_says_why(data: bytes, problem: str) -> None:
    specimen = read(data)
    assert specimen.problem == problem
    assert specimen.size == len(data)
    assert (specimen.architecture, specimen.exports, specimen.version, specimen.linked) == (None,) * 4
    assert specimen.name == "iisclex4.dll"


def test_headers_that_pefile_refuses_are_a_problem() -> None:
    short = changed(build_pe()[:100], (64 + 20, b"\0\0"))
    assert read(short).problem == "not a PE image: No Optional Header found, invalid PE32 or PE32+ file."


@pytest.mark.parametrize(
    "kind", [struct.error, UnicodeDecodeError, AttributeError, MemoryError, RecursionError]
)
def test_whatever_else_pefile_raises_is_damage(
    monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def failing(**_: object) -> None:
        raise UnicodeDecodeError("ascii", b"", 0, 1, "why") if kind is UnicodeDecodeError else kind

    monkeypatch.setattr(pefile, "PE", failing)
    with pytest.raises(EvidenceError, match=f"headers that pefile cannot read: {kind.__name__}"):
        read(build_pe())


@needs_corpus
def test_an_image_cut_behind_its_headers_has_unknown_exports() -> None:
    specimen = read(CORPUS.read_bytes()[:1500])
    assert specimen.problem is None
    assert specimen.architecture == "x86"
    assert specimen.exports is None
    assert specimen.version is None
    assert specimen.state is State.DAMAGED
    assert specimen.notes == (
        "exports cannot be read: the export directory lies outside the file (offset 8,704)",
        "version cannot be read: a resource directory lies outside the file (offset 9,728)",
        "cut off: its sections reach to byte 11,264, the file has 1,500",
    )


SOUND = build_pe()
EXPORTS = 0x400
"""Offset of the export directory, address 0x2000."""
RESOURCES = 0x600
"""Offset of the resources, address 0x3000."""


@pytest.mark.parametrize(
    ("place", "value", "note"),
    [
        (EXPORT_DIRECTORY, u32(0x90000), "exports cannot be read: the export directory lies in no section"),
        (EXPORT_DIRECTORY, u32(0x2000 + 0x1F0), "the export directory reaches beyond its section"),
        (EXPORTS + 24, u32(70_000), "exports cannot be read: 70,000 exported names"),
        (EXPORTS + 24, u32(65_536), "the list of exported names reaches beyond its section"),
        (EXPORTS + 32, u32(0), "lies in no section"),
        (EXPORTS + 32, u32(0xFFFFFFFF), "the list of exported names lies in no section"),
        (EXPORTS + 56, u32(0x21FF), None),
        (EXPORTS + 0x1FF, b"x", None),
        (
            RESOURCE_DIRECTORY,
            u32(0x3000 - 1),
            "version cannot be read: a resource directory lies in no section",
        ),
        (RESOURCES + 14, b"\xff\xff", "a resource directory of 65,535 entries"),
        (RESOURCES + 14, b"\x00\x03", "a resource directory reaches beyond its section"),
        (RESOURCES + 20, u32(24), "the version resource is not where it should be"),
        (RESOURCES + 24 + 14, b"\0\0", "the version resource has no entry"),
        (RESOURCES + 48 + 20, u32(0x80000000), "the version resource"),
        (RESOURCES + 72, u32(0x3058, 8), "the version resource is too short"),
        (RESOURCES + 88 + 40, u32(1), "the version resource has no fixed part"),
    ],
)
def test_damage_below_the_headers_is_a_note(place: int, value: bytes, note: str | None) -> None:
    specimen = read(changed(SOUND, (place, value)))
    assert specimen.problem is None
    assert specimen.architecture == "x86"
    if note is None:
        assert specimen.state is State.CLEAN
    else:
        assert len(specimen.notes) == 1
        assert note in specimen.notes[0]
        assert specimen.state is State.DAMAGED
        assert (specimen.exports is None) != (specimen.version is None)


def test_a_name_that_does_not_end_is_damage() -> None:
    full = SOUND[: EXPORTS + 0xA4] + b"x" * (0x200 - 0xA4) + SOUND[EXPORTS + 0x200 :]
    specimen = read(full)
    assert specimen.exports is None
    assert "an exported name does not end" in specimen.notes[0]


def test_resources_without_a_version_tell_none() -> None:
    specimen = read(changed(SOUND, (RESOURCES + 16, u32(10))))
    assert (specimen.version, specimen.state) == (None, State.CLEAN)


def test_images_aligned_below_a_page_are_read_as_they_lie() -> None:
    low = changed(SOUND, (64 + 24 + 32, u32(0x200)))
    assert read(low).exports == frozenset(SERVER_EXPORTS)


def test_a_huge_image_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pe, "_LARGEST", 1000)
    with pytest.raises(EvidenceError, match=r"an image of 2,048 bytes; more than 1,000 are not read"):
        read(SOUND)


def test_many_names_are_read_in_bounded_time() -> None:
    names = tuple(f"Function{number}" for number in range(65_536))
    assert read(build_pe(exports=names)).exports == frozenset(names)


def test_the_format_knows_its_own_business() -> None:
    assert FORMAT.name == "pe"
    assert FORMAT.recognises(SOUND[:8192])
    assert FORMAT.recognises(build_ne())
    assert not FORMAT.recognises(b"regf")
    assert not FORMAT.recognises(b"")
    assert all(
        FORMAT.adopts(f"NODE1/a{ending}")
        for ending in (".dll", ".DLL", ".ocx", ".exe", ".sys", ".cpl", ".drv")
    )
    assert not any(
        FORMAT.adopts(name) for name in ("NODE1/SYSTEM", "a.dll.txt", "dll", "iisclex4.dl_", ".dll/x")
    )


def test_a_written_image_can_be_filled_up() -> None:
    assert len(build_pe(size=65_664)) == 65_664
    assert read(build_pe(size=65_664)).state is State.CLEAN
    with pytest.raises(ValueError, match="the image alone takes 2048 bytes"):
        build_pe(size=100)
    assert read(build_pe(dll=False)).problem is None


def survives(data: bytes) -> None:
    try:
        specimen = read(data)
    except EvidenceError:
        return
    assert specimen.size == len(data)
    assert (specimen.problem is None) == (specimen.architecture is not None)
    assert specimen.exports is not None or specimen.problem or specimen.notes


CHANGES = st.lists(st.tuples(st.integers(0, 4096), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(CHANGES, st.integers(0, 2048), st.sampled_from(["x86", "x64"]))
def test_changed_or_cut_images_raise_nothing_unexpected(
    changes: list[tuple[int, bytes]], cut: int, machine: str
) -> None:
    data = changed(build_pe(machine=machine), *((place % 2048, value) for place, value in changes))
    survives(data[: 2048 - cut // 4])


@needs_corpus
@settings(max_examples=100, deadline=None)
@given(CHANGES)
def test_a_changed_real_image_raises_nothing_unexpected(changes: list[tuple[int, bytes]]) -> None:
    survives(changed(CORPUS.read_bytes(), *((place % 1024, value) for place, value in changes)))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_specimen_or_damage(data: bytes) -> None:
    survives(b"MZ" + data)
    survives(data)
