"""The whole diagnosis of a little case: every article, the proof, an output.

An input is what was stated (1 byte), the output besides JSON (1 byte), and files: where it lies (1 byte), of what it
is made (1 byte), a length (2 bytes), and so many bytes. A file is made of a sample with pieces put over it, or is
those bytes.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING

from iiscluster_kb.case import open_case
from iiscluster_kb.evidence import identify
from iiscluster_kb.model import RegistryEvidence
from iiscluster_kb.registry.reg_text import Dialect, KeyEntry, ValueEntry, format_reg
from tests.fuzz.guided.diagnosing import bits, diagnose
from tests.fuzz.guided.inputs import as_patches, patched
from tests.fuzz.guided.laws import has_a_form, walk
from tests.fuzz.guided.target import Target
from tests.fuzz.samples import CONTAINERS, LOGS, NODE, SAMPLES
from tests.support.scenarios import RELATED, SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iiscluster_kb.registry.reg_text import Entry
    from tests.support.scenarios import Scenario

_FRAME = struct.Struct("<BBH")
_MOST_FILES = 12
_LONGEST = 28 << 10
_EVERY = 3
"""Of the scenarios and samples every third is a seed: each costs a whole diagnosis."""
_PLACES = (
    "NODE1/a", "NODE1/b", "NODE1/c", "NODE1/d", "NODE1/e", "NODE2/a", "NODE2/b", "NODE2/c", "NODE2/d", "NODE2/e",
    "ADMINPC/a", "ADMINPC/b", "NODE1/CLUSDB", "NODE1/CLUSDB.LOG", "NODE1/CLUSDB.LOG1",
    "NODE1/C/WINNT/system32/inetsrv/iisclex4.dll", "NODE2/C/WINNT/system32/inetsrv/iisclex4.dll",
    "NODE2_reg_Cluster.hiv", "quorum/MSCS/chk1B.tmp", "quorum/MSCS/quolog.log", "case.toml", "x.zip", "SYSTEM._", "b/a",
)  # fmt: skip
"""Where files of a case lie: what they are called decides on little else than whose they are."""


@cache
def _made_of() -> tuple[bytes, ...]:
    logs = (data for pair in LOGS.values() for data in pair.values())
    return (b"", *SAMPLES.values(), *CONTAINERS.values(), *logs)


def _files(data: bytes) -> Mapping[str, bytes]:
    files: dict[str, bytes] = {}
    at = 2
    while at + _FRAME.size <= len(data) and len(files) < _MOST_FILES:
        place, made_of, length = _FRAME.unpack_from(data, at)
        at += _FRAME.size
        part, sample = data[at : at + length], _made_of()[made_of % len(_made_of())]
        at += length
        files[_PLACES[place % len(_PLACES)]] = patched(sample, part) if sample else part
    return files


def _run(data: bytes) -> None:
    if len(data) >= 2:
        diagnose(_files(data), stated=data[0], output=data[1])


def _input(files: Mapping[str, bytes], stated: int = 0, output: int = 0) -> bytes:
    made = bytes((stated, output))
    for path, data in files.items():
        made += _FRAME.pack(_PLACES.index(path), 0, len(data)) + data
    return made


def _seeds() -> Iterator[bytes]:
    for number, scenario in enumerate((*SCENARIOS, *RELATED)[::_EVERY]):
        made = _input(_as_text(scenario), bits(scenario.stated), number)
        if len(made) <= _LONGEST:
            yield made
    node = b"".join(_FRAME.pack(place, _made_of().index(data), 0) for place, data in enumerate(NODE.values()))
    for number, data in list(enumerate(_made_of()))[::_EVERY]:
        patch = as_patches((0, data[:8]))
        yield bytes((0, number)) + node + _FRAME.pack(len(NODE), number, len(patch)) + patch


def _as_text(scenario: Scenario) -> Mapping[str, bytes]:
    """A case whose hives are exports, which a search changes with more sense."""
    made: dict[str, bytes] = {}
    with open_case(scenario.case) as case:
        for piece in identify(case)[0]:
            data = bytes(piece.file.content.map())
            if isinstance(piece, RegistryEvidence) and piece.format == "registry-hive":
                data = _export(piece)
            folder = piece.file.path.partition("/")[0]
            free = (place for place in _PLACES if place.startswith(f"{folder}/") and place not in made)
            place = piece.file.path if piece.file.path in _PLACES else next(free, None)
            if place is not None and len(data) <= _LONGEST:
                made[place] = data
    return made


def _export(hive: RegistryEvidence) -> bytes:
    """As much of it as REGEDIT4 has a form for."""
    entries: list[Entry] = []
    for mount in hive.mounts:
        for path, key in walk(mount.path, mount.root):
            entries += [KeyEntry(path), *(ValueEntry(path, value) for value in key.values())]
    return format_reg([entry for entry in entries if has_a_form(entry, Dialect.REGEDIT4)], Dialect.REGEDIT4)


TARGET = Target(
    "examination",
    _run,
    _seeds,
    _LONGEST,
    words=(
        b"AdminExtensions", b"{92BF7500-974C-11D0-A5F2-00A0C922E752}", b"IIS Server Instance", b"ResourceTypes",
        b"Resource Types", b"InprocServer32", b"DllName", b"hex(7):", b"dword:00000000", b"=-", b"\r\n\r\n[HKEY_LOCAL_MACHINE\\",
        b"iisclex4.dll", b"CurrentControlSet", b"ControlSet001", b"ComputerName", b"NODE1", b"NODE2", b"%SystemRoot%",
        b"CSDVersion", b"Service Pack 6a", b"CurrentVersion", b"ProductType", b"Resources\\", b"Groups\\", b"Nodes\\",
        b"Parameters", b"<DIR>",
    ),
    seconds=4.0,
)  # fmt: skip
