"""Wine's cmd as judge of the Windows NT 4.0 batch file: it runs, and what it collects is understood."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from fixtures._case import CLSID, TYPE
from iiscluster_kb import examine
from iiscluster_kb.cluster._quorum import QUORUM_DISK
from iiscluster_kb.collectors import write_collectors
from tests.support.pe_writer import build_pe
from tests.support.scenarios import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from iiscluster_kb import Report

WINE = shutil.which("wine")
pytestmark = [
    pytest.mark.skipif(WINE is None, reason="wine is missing"),
    pytest.mark.xdist_group("wine-collector"),
]

CHECKPOINTS = ROOT / "fixtures" / "scenarios" / "checkpoint-agrees" / "case" / "QUORUM" / "MSCS"
DLL = build_pe(machine="x86", exports=("DllRegisterServer",), version="4.2.742.1")
DATABASE = rf"""REGEDIT4

[HKEY_LOCAL_MACHINE\Cluster]
"ClusterName"="WINECLUS"

[HKEY_LOCAL_MACHINE\Cluster\Nodes\1]
"NodeName"="NODE1"

[HKEY_LOCAL_MACHINE\Cluster\ResourceTypes\{TYPE}]
"DllName"="clusiis4.dll"

[HKEY_LOCAL_MACHINE\Cluster\ResourceTypes\{TYPE}\Note]
"CLSID"="{CLSID}"

"""


class Node:
    """A machine of Wine's making."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.drive = folder / "prefix" / "drive_c"
        self._environment = os.environ | {
            "WINEPREFIX": str(folder / "prefix"),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=",
        }

    def run(self, *arguments: str) -> str:
        """What the program wrote: into a file, as a pipe would stay open as long as Wine's server runs."""
        said = self._folder / "said.txt"
        with said.open("wb") as stream:
            subprocess.run(
                [str(WINE), *arguments],
                cwd=self.drive if self.drive.exists() else self._folder,
                env=self._environment,
                check=False,  # the exit status of a batch file proves nothing
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.DEVNULL,
                timeout=180,
            )
        return said.read_text("latin-1")

    def lay_out(self) -> None:
        """Put on it what a node of a cluster has."""
        windows = self.drive / "windows"
        (windows / "system32" / "inetsrv").mkdir()
        (windows / "system32" / "inetsrv" / "iisclex4.dll").write_bytes(DLL)
        (windows / "Cluster").mkdir()
        (windows / "Cluster" / "cluadmin.exe").write_bytes(bytes(100))
        shutil.copytree(CHECKPOINTS, self.drive / "MSCS")
        (self.drive / "in.reg").write_bytes(DATABASE.replace("\n", "\r\n").encode("ascii"))
        self.run("regedit", "/S", r"C:\in.reg")
        (batch,) = (document for document in write_collectors() if document.name.endswith(".bat"))
        (self.drive / batch.name).write_bytes(batch.content)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    machine = Node(tmp_path_factory.mktemp("wine"))
    machine.run("wineboot", "-i")
    machine.lay_out()
    yield machine
    machine.run("wineboot", "-k")


@pytest.fixture(scope="module")
def said(node: Node) -> str:
    return node.run("cmd", "/c", r"C:\collect-nt4.bat", r"C:\my case")


@pytest.fixture(scope="module")
def report(node: Node, said: str) -> Report:
    assert said
    return examine(node.drive / "my case", articles=["Q224553"], second_opinion=False)


def test_it_says_that_all_was_collected(said: str) -> None:
    assert "All was collected into C:\\my case\\" in said
    assert "Not saved" not in said


def test_it_collects_what_is_understood(node: Node, report: Report) -> None:
    (collected,) = (node.drive / "my case").iterdir()
    held = {
        artifact.path.removeprefix(f"{collected.name}/"): (artifact.machine == collected.name, artifact.holds)
        for artifact in report.artifacts
        if artifact.machine != QUORUM_DISK
    }
    assert held["SYSTEM.reg"] == (True, (r"HKLM\SYSTEM",))
    assert held["SOFTWARE.reg"] == (True, (r"HKLM\SOFTWARE",))
    assert held["Cluster.reg"] == (True, (r"HKLM\Cluster",))
    dll = r"files/C/windows/system32/inetsrv/Iisclex4.dll"
    assert held[dll] == (True, (r"C:\windows\system32\inetsrv\Iisclex4.dll",))
    assert (collected / dll).read_bytes() == DLL
    assert {r"C:\WINDOWS\SYSTEM32", r"C:\WINDOWS\SYSTEM32\INETSRV"} <= set(held["dir_system32.txt"][1])
    assert held["dir_cluster.txt"][1] == (r"C:\WINDOWS\CLUSTER",)
    assert held["dir_windows.txt"][1] == (r"C:\WINDOWS",)


def test_it_finds_the_quorum_disk(report: Report) -> None:
    on_quorum = {a.path.rpartition("/")[2] for a in report.artifacts if a.machine == QUORUM_DISK}
    assert on_quorum == {"CHK9.TMP", "CHKA.TMP"}
    assert {one.path.rpartition("/")[2] for one in report.skipped} == {"QUOLOG.LOG", "collect.log"}
    assert report.cluster == "WINECLUS"


def test_it_overwrites_no_collection(node: Node, said: str) -> None:
    assert said
    again = node.run("cmd", "/c", r"C:\collect-nt4.bat", r"C:\my case")
    assert "holds a collection already" in again


def test_without_a_folder_it_collects_into_the_current_one(node: Node) -> None:
    said = node.run("cmd", "/c", r"C:\collect-nt4.bat")
    assert "All was collected into .\\" in said
    assert list(node.drive.glob("*/SYSTEM.reg"))
