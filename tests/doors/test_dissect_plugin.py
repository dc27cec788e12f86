"""dissect.target finds the plug-in by itself, and it judges a node by its disk."""

from __future__ import annotations

import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from iiscluster_kb import examine
from iiscluster_kb.evidence.dir_listing import FORMAT
from iiscluster_kb.model import FileEvidence
from tests.support.listings import case_file
from tests.support.pe_writer import build_pe
from tests.support.scenarios import SCENARIOS

pytest.importorskip("dissect.target", reason="dissect.target is not installed")
from dissect.target import Target
from dissect.target.exceptions import FilesystemError, UnsupportedPluginError
from dissect.target.filesystem import VirtualDirectory, VirtualFile, VirtualFilesystem
from dissect.target.plugin import load_modules_from_paths

if TYPE_CHECKING:
    from tests.support.scenarios import Scenario

NODE = "NODE1"
CAUSES = ("Q224553/dll-missing", "Q224553/clsid-unregistered", "Q224553/admin-extensions-missing")
HIVES = {
    "SYSTEM": "system32/config/SYSTEM",
    "SOFTWARE": "system32/config/SOFTWARE",
    "CLUSDB": "Cluster/CLUSDB",
}
NAMES = (
    "clsid-absent", "clsid-leads-nowhere", "clsid-without-server", "dll-absent", "dll-elsewhere", "dll-empty",
    "healthy-cluster", "no-such-resource-type", "value-absent", "value-hidden-behind-the-end", "value-without-braces",
)  # fmt: skip
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.fixture(scope="module", autouse=True)
def _plug_in() -> None:
    located = subprocess.run(
        [sys.executable, "-m", "iiscluster_kb.doors"], capture_output=True, text=True, check=True
    )
    load_modules_from_paths([Path(located.stdout.strip())])  # as --plugin-path does


class Sized(BytesIO):
    """A virtual file that says how large it is."""

    def __init__(self, size: int, content: bytes = b"") -> None:
        super().__init__(content)
        self.size = size


def disk(case: Path, windows: str = "WINNT") -> VirtualFilesystem:
    """The disk of the node of a scenario, as its listing shows it."""
    volume = VirtualFilesystem(case_sensitive=False, alt_separator="\\")
    evidence = FORMAT.read(case_file((case / "dir.txt").read_bytes()))
    assert isinstance(evidence, FileEvidence)
    for entry in evidence.entries.values():
        path = windows + entry.path[len(r"C:\WINNT") :].replace("\\", "/")
        if entry.is_directory:
            volume.makedirs(path)
        elif path.lower().endswith("iisclex4.dll") and entry.size:
            content = build_pe()
            volume.map_file_fh(path, Sized(len(content), content))
        else:
            volume.map_file_fh(path, Sized(entry.size or 0))
    for name, path in HIVES.items():
        content = (case / name).read_bytes()
        volume.map_file_fh(f"{windows}/{path}", Sized(len(content), content))
    return volume


def target(volume: VirtualFilesystem) -> Any:
    opened = Target()
    opened.filesystems.add(volume)
    opened.apply()
    return opened


def judged(records: Any) -> dict[str, tuple[str, str]]:
    return {
        record.cause: (record.verdict, record.detail)
        for record in records
        if record.cause in CAUSES and record.machine == NODE
    }


def expected(scenario: Scenario) -> dict[str, tuple[str, str]]:
    """What the folder of the scenario says of the node."""
    return {
        finding.cause.id: (finding.verdict.value, finding.detail)
        for finding in examine(scenario.case, articles=["Q224553"]).findings
        if finding.cause.id in CAUSES and finding.machine == NODE
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_disk_gives_the_verdicts_of_its_collection(name: str) -> None:
    scenario = BY_NAME[name]
    opened = target(disk(scenario.case / NODE))
    assert opened.hostname == NODE
    assert judged(opened.iiscluster.findings()) == expected(scenario)


def test_a_record_says_where_it_was_read() -> None:
    records = list(target(disk(BY_NAME["value-absent"].case / NODE)).iiscluster.findings())
    (fault,) = [one for one in records if one.cause == CAUSES[2] and one.machine == NODE]
    assert fault.hostname == NODE
    assert fault.cluster == "WEBCLUS"
    assert fault.verdict_after == "ruled-out"
    assert fault.evidence == [f"{NODE}/C/WINNT/Cluster/CLUSDB"]
    assert len(fault.sha256[0]) == 64
    assert fault.weighs


def test_what_the_operator_states_reaches_the_diagnosis() -> None:
    opened = target(disk(BY_NAME["healthy-cluster"].case / NODE))
    told = opened.iiscluster.findings(symptom="finish-button", administered_from="ADMINPC")
    (remote,) = [one for one in told if one.cause == "Q224553/remote-administration"]
    assert remote.verdict == "confirmed"


def test_the_drive_is_that_of_the_registry_and_the_folder_may_have_any_name() -> None:
    volume = disk(BY_NAME["value-absent"].case / NODE, windows="WTSRV")
    volume.makedirs("WINNT")  # by which dissect.target knows a Windows
    opened = target(volume)
    (fault,) = [one for one in opened.iiscluster.findings() if one.cause == CAUSES[2] and one.machine == NODE]
    # SystemRoot says C:\WINNT, so nothing of what lies in WTSRV answers for it but the hives.
    assert fault.evidence == [f"{opened.name}/C/WTSRV/Cluster/CLUSDB"]


def test_a_directory_that_cannot_be_read_is_unknown_and_a_file_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opening, scanning = VirtualFile.open, VirtualDirectory.scandir

    def fails(entry: VirtualFile) -> Any:
        if entry.path.endswith("SOFTWARE"):
            raise FilesystemError("bad sector")
        return opening(entry)

    def fails_too(entry: VirtualDirectory) -> Any:
        if entry.path.endswith("inetsrv"):
            raise FilesystemError("bad sector")
        return scanning(entry)

    monkeypatch.setattr(VirtualFile, "open", fails)
    monkeypatch.setattr(VirtualDirectory, "scandir", fails_too)
    told = judged(target(disk(BY_NAME["dll-absent"].case / NODE)).iiscluster.findings())
    assert told["Q224553/dll-missing"][0] == "undetermined"
    assert told["Q224553/clsid-unregistered"][0] == "undetermined"
    assert told["Q224553/admin-extensions-missing"] == ("ruled-out", "ok")


def test_a_volume_that_cannot_be_read_has_no_cluster_hive(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = target(disk(BY_NAME["value-absent"].case / NODE))
    monkeypatch.setattr(type(opened.fs), "get", _no_directory)
    with pytest.raises(UnsupportedPluginError):
        opened.iiscluster.findings()


def _no_directory(*_: Any) -> Any:
    raise FilesystemError("bad sector")


def test_a_target_without_a_cluster_hive_is_none_of_ours() -> None:
    volume = VirtualFilesystem(case_sensitive=False, alt_separator="\\")
    volume.makedirs("WINNT/system32")
    with pytest.raises(UnsupportedPluginError):
        target(volume).iiscluster.findings()
    with pytest.raises(UnsupportedPluginError):
        target(VirtualFilesystem()).iiscluster.findings()


def test_target_query_finds_it(tmp_path: Path) -> None:
    case = BY_NAME["value-absent"].case / NODE
    for name, path in HIVES.items():
        file = tmp_path / "C" / "WINNT" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((case / name).read_bytes())
    located = subprocess.run(
        [sys.executable, "-m", "iiscluster_kb.doors"], capture_output=True, text=True, check=True
    )
    asked = subprocess.run(
        [Path(sys.executable).with_name("target-query"), "-q", "-j", "-f", "iiscluster.findings", tmp_path],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"DISSECT_PLUGINS": located.stdout.strip()},
    )
    assert '"cause": "Q224553/admin-extensions-missing"' in asked.stdout
