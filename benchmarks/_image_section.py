"""DLLs and cabinets: what ours reads of them beside what objdump, pefile and cabextract read."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pefile
from _hive_sources import ROOT
from _pages import table

from iiscluster_kb.case import open_case
from iiscluster_kb.case._lzx import has_lzx
from iiscluster_kb.evidence.pe import FORMAT
from iiscluster_kb.model import Specimen
from tests.case.archives import contents
from tests.case.cab_writer import LZX, MSZIP, STORED, cab_bytes
from tests.support.listings import case_file
from tests.support.pe_writer import MACHINES, build_pe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from _text_programs import Wine

__all__ = ["ImageComparison", "compare_cabinets", "compare_images", "judge_image"]

CORPUS = ROOT / "../shared/corpus"
_OBJDUMP = {"i386": "x86", "x86-64": "x64"}
_TREE = {
    "iisclex4.dll": b"MZ" + bytes(range(256)) * 700,
    "noise.bin": hashlib.shake_256(b"noise").digest(120_000),
    "words.txt": b"Cluster Administrator " * 4000,
    "folder/below.txt": b"x" * 33_000,
}


@dataclass(slots=True)
class ImageComparison:
    """What came of it: rows of a table, and what differs."""

    head: list[str]
    rows: list[list[object]] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        return table(self.head, self.rows, numbers=range(1, len(self.head)))

    def count(self, reader: str, numbers: list[int]) -> None:
        """Add to a reader's row."""
        for row in self.rows:
            if row[0] == reader:
                row[1:] = [
                    old + new for old, new in zip(row[1:], numbers, strict=True) if isinstance(old, int)
                ]
                return
        self.rows.append([reader, *numbers])


def compare_images(folder: Path, wine: Wine | None) -> ImageComparison:
    """Machine, exports, version and link time of each image."""
    result = ImageComparison(["reader", "images", "machine", "exports", "version", "link time"])
    for name, data in _images(wine):
        judge_image(result, name, data, folder)
    return result


def _images(wine: Wine | None) -> Iterator[tuple[str, bytes]]:
    for path in sorted(CORPUS.glob("pe/*.dll")):
        yield path.name, path.read_bytes()
    for machine in MACHINES:
        for version in (None, "4.2.622.1"):
            for exports in (
                None,
                (),
                ("DllRegisterServer",),
                tuple(f"Export{number}" for number in range(300)),
            ):
                name = f"{machine}, version {version}, {'no' if exports is None else len(exports)} exports"
                yield name, build_pe(machine=machine, version=version, exports=exports)
    if wine is not None:
        # Wine's own libraries are real images, built by another linker.
        yield from (
            (path.name, path.read_bytes())
            for path in sorted((wine.folder / "prefix/drive_c/windows/system32").glob("*.dll"))[:150]
            if path.stat().st_size <= 1 << 20
        )


def judge_image(result: ImageComparison, name: str, data: bytes, folder: Path) -> None:
    """Hold one image's reading to the peers'."""
    specimen = FORMAT.read(case_file(data, "image.dll"))
    if not isinstance(specimen, Specimen) or specimen.problem or specimen.exports is None:
        result.unexplained.append(f"{name}: ours reads no image: {specimen}")
        return
    whole = pefile.PE(data=data)
    symbols = getattr(getattr(whole, "DIRECTORY_ENTRY_EXPORT", None), "symbols", ())
    names = frozenset(symbol.name.decode("ascii", "replace") for symbol in symbols if symbol.name)
    fixed = getattr(whole, "VS_FIXEDFILEINFO", None)
    version = _version(fixed[0].FileVersionMS, fixed[0].FileVersionLS) if fixed else None
    seconds, machine = whole.FILE_HEADER.TimeDateStamp, whole.FILE_HEADER.Machine
    linked = datetime.fromtimestamp(seconds, UTC) if seconds else None
    numbered = specimen.architecture in {_MACHINE_NAMES.get(machine), f"0x{machine:04x}"}
    same = [numbered, specimen.exports == names, specimen.version == version, specimen.linked == linked]
    _note(result, "pefile", name, same, (specimen, machine, sorted(names)[:3], version, linked))
    if shutil.which("objdump"):
        path = folder / "image.dll"
        path.write_bytes(data)
        told = _by_objdump(path)
        if told is not None:
            same = [told[0] in {None, specimen.architecture}, told[1] == specimen.exports, True, True]
            _note(result, "objdump", name, same, (specimen, told))


_MACHINE_NAMES = {
    0x14C: "x86",
    0x166: "mips",
    0x184: "alpha",
    0x1F0: "ppc",
    0x200: "ia64",
    0x8664: "x64",
    0xAA64: "arm64",
}
"""Microsoft's "PE Format" specification, section "Machine Types"."""


def _note(result: ImageComparison, reader: str, name: str, same: list[bool], seen: object) -> None:
    result.count(reader, [1, *map(int, same)])
    if not all(same):
        result.unexplained.append(f"{reader}: {name}: {seen}")


def _version(high: int, low: int) -> str:
    return f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"


def _by_objdump(path: Path) -> tuple[str | None, frozenset[str]] | None:
    """Machine and exports; None: it does not know the processor."""
    done = subprocess.run(["objdump", "-x", str(path)], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    machine = re.search(r"file format pei-(\S+)", done.stdout)
    listed = done.stdout.partition("[Ordinal/Name Pointer] Table")[2].partition("\n\n")[0]
    names = re.findall(r"\]\s+(?:\+base\[\s*\d+\]\s+(?:[0-9a-f]+ )?)?(\S+)$", listed, re.MULTILINE)
    return (_OBJDUMP.get(machine[1]) if machine else None), frozenset(names)


def compare_cabinets(folder: Path) -> ImageComparison:
    """Names and bytes of all that is in each cabinet."""
    result = ImageComparison(["reader", "cabinets", "files", "bytes"])
    if shutil.which("cabextract") is None:
        return result
    for number, (name, path) in enumerate(_cabinets(folder)):
        target = folder / f"out{number}"
        done = subprocess.run(
            ["cabextract", "-q", "-d", str(target), str(path)], capture_output=True, check=False
        )
        theirs = {
            found.relative_to(target).as_posix(): found.read_bytes()
            for found in target.rglob("*")
            if found.is_file()
        }
        with open_case(path) as case:
            ours = contents(case)
        if done.returncode or ours != theirs:
            shown = sorted(ours.keys() ^ theirs.keys()) or sorted(
                key for key in ours if ours[key] != theirs[key]
            )
            result.unexplained.append(f"cabextract: {name}: status {done.returncode}, {shown}")
        result.count("cabextract", [1, len(theirs), sum(map(len, theirs.values()))])
    return result


def _cabinets(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(CORPUS.glob("cabinets/*.cab")):
        yield path.name, path
    for method in (STORED, MSZIP, *((LZX,) if has_lzx() else ())):
        path = folder / f"written-{method}.cab"
        path.write_bytes(cab_bytes(_TREE, method))
        yield path.name, path
    if shutil.which("gcab"):
        inside = folder / "in"
        for name, data in _TREE.items():
            (inside / name).parent.mkdir(parents=True, exist_ok=True)
            (inside / name).write_bytes(data)
        for option in ("-cn", "-cz"):
            path = folder / f"gcab{option}.cab"
            subprocess.run(["gcab", option, str(path), *_TREE], cwd=inside, check=True, capture_output=True)
            yield path.name, path
