from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from fixtures._case import dig, healthy, software_hive, workstation
from fixtures.planted.q224293 import equipped
from iiscluster_kb.articles import diagnose
from iiscluster_kb.articles._remote_files import Needed, State
from iiscluster_kb.articles.q224293 import RULE
from iiscluster_kb.articles.q224553 import RULE as Q224553
from iiscluster_kb.model import FileEntry, FileSubject, Present, Verdict
from tests.articles.test_q224553 import cluster_of

if TYPE_CHECKING:
    from iiscluster_kb.model import Finding


def state(entry: FileEntry) -> State:
    fact: Present[FileEntry] = Present(FileSubject("ADMINPC", entry.path), entry, None)
    return Needed("x", "C:\\", fact, put_back=False).state


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (FileEntry("C:\\Coadmin.dll", 43456, datetime(1998, 11, 4)), State.FIXED),  # noqa: DTZ001 - local time
        (FileEntry("C:\\Coadmin.dll", 1, datetime(1998, 11, 4)), State.FIXED),  # noqa: DTZ001 - local time
        (FileEntry("C:\\Coadmin.dll", 43456, datetime(1998, 10, 31)), State.OLD),  # noqa: DTZ001 - local time
        (FileEntry("C:\\Coadmin.dll", 43456), State.UNKNOWN),
        (FileEntry("C:\\Coadmin.dll", 0), State.MISSING),
        (FileEntry("C:\\Coadmin.dll", is_directory=True), State.MISSING),
        (FileEntry("C:\\Coadmin.dll", version="4.2.680.1"), State.FIXED),
        (FileEntry("C:\\Clusiis4.dll", version="4.02.0622"), State.OLD),
        (FileEntry("C:\\Clusiis4.dll", version="9.9.9.9"), State.UNKNOWN),
    ],
)
def test_how_a_file_stands(entry: FileEntry, expected: State) -> None:
    assert state(entry) is expected


def test_a_stated_workstation_makes_the_nodes_count() -> None:
    case = healthy()
    del case.nodes[0].inetsrv["Clusiis4.dll"]
    found = {(f.cause.id, f.machine): f.verdict for f in RULE.diagnose(cluster_of(case))}
    assert found["Q224293/node-files", "NODE2"] is Verdict.NOT_APPLICABLE
    found = {
        (f.cause.id, f.machine): f.verdict
        for f in RULE.diagnose(cluster_of(case, administered_from="ADMINPC"))
    }
    assert found["Q224293/node-files", "NODE2"] is Verdict.RULED_OUT
    assert found["Q224293/node-files", "NODE1"] is Verdict.UNDETERMINED


def test_what_must_be_collected_of_a_workstation() -> None:
    case = healthy()
    case.machines["ADMINPC"] = pc = equipped()
    assert pc.software is not None
    pc.software["Classes"]["CLSID"]["{92BF7500-974C-11D0-A5F2-00A0C922E752}"]["InprocServer32"][""] = (
        r"D:\elsewhere\iisclex4.dll"
    )
    finding = next(f for f in RULE.diagnose(cluster_of(case)) if f.machine == "ADMINPC")
    assert finding.verdict is Verdict.UNDETERMINED
    assert any(r"D:\elsewhere" in line for line in finding.collect)


def test_missing_and_old_files_are_named_together() -> None:
    case = healthy()
    case.machines["ADMINPC"] = pc = equipped()
    assert pc.files is not None
    del dig(pc.files, r"WINNT\system32")["Admwprox.dll"]
    dig(pc.files, r"WINNT\Cluster")["Coadmin.dll"] = 0
    finding = next(f for f in RULE.diagnose(cluster_of(case)) if f.machine == "ADMINPC")
    assert finding.detail == "missing"
    assert "Admwprox.dll" in finding.explanation
    assert "Coadmin.dll" in finding.explanation
    assert len(finding.steps) == 3


def remote(pack: str, **stated: str) -> Finding:
    case = healthy()
    for node in case.nodes:
        node.software = software_hive(service_pack=pack)
    case.machines["ADMINPC"] = workstation()
    *_, finding = diagnose(cluster_of(case, **stated), (Q224553,))
    return finding


@pytest.mark.parametrize(
    ("pack", "words"),
    [
        ("Service Pack 3", "Before Service Pack 4"),
        ("Service Pack 5", "Not shown to be in place: Admwprox.dll on ADMINPC"),
        ("odd", "From Service Pack 4 on"),
    ],
)
def test_remote_administration_is_no_dead_end_from_service_pack_4_on(pack: str, words: str) -> None:
    (warning,) = remote(pack).steps[0].warnings
    assert words in warning
