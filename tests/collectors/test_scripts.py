"""The collectors parse, hold what their hosts document, and collect what ``examine`` understands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from fixtures._case import TYPE, cluster_hive, files_of_a_node, software_hive, system_hive
from fixtures._logs import dirty
from iiscluster_kb import examine
from iiscluster_kb.collectors import write_collectors
from iiscluster_kb.collectors.needs import Standing, needs_of
from iiscluster_kb.collectors.scripts import LIBRARIES
from iiscluster_kb.evidence import identify
from iiscluster_kb.model import Case, State, Verdict
from tests.support.evidence import case_file
from tests.support.listings import dir_listing
from tests.support.pe_writer import build_pe
from tests.support.regf_writer import build_hive, tree_from_dict

if TYPE_CHECKING:
    from pathlib import Path

    from iiscluster_kb import Report

SCRIPTS = {document.name: document.content for document in write_collectors()}
BATCH = SCRIPTS["collect-nt4.bat"].decode("ascii")
POWERSHELL = SCRIPTS["collect.ps1"].decode("ascii")
KAPE = "IISCluster.tkape"
VELOCIRAPTOR = "Custom.Windows.IISCluster.yaml"


def test_there_are_four_and_they_are_the_same_each_time() -> None:
    assert list(SCRIPTS) == ["collect-nt4.bat", "collect.ps1", KAPE, VELOCIRAPTOR]
    assert {document.name: document.content for document in write_collectors()} == SCRIPTS


@pytest.mark.parametrize("name", SCRIPTS)
def test_lines_end_as_the_host_wants_and_nothing_is_left_to_fill(name: str) -> None:
    text = SCRIPTS[name].decode("ascii")
    assert text.endswith("\n")
    assert not re.search(r"@[A-Z]+@", text)
    windows = name.endswith((".bat", ".ps1"))
    assert text.count("\r\n") == (text.count("\n") if windows else 0)
    assert all(library in text for library in LIBRARIES)


def test_collectors_in_a_case_are_no_evidence() -> None:
    files = {name: case_file(name, content) for name, content in SCRIPTS.items()}
    evidence, skipped = identify(Case("case", files))
    assert not evidence
    assert [one.reason for one in skipped] == ["unknown format"] * 4


# --- the batch file ---------------------------------------------------------------------------------

_NT4_COMMANDS = {
    "@echo", "call", "copy", "dir", "echo", "for", "goto", "if", "mkdir", "reg", "regback", "rem", "set",
    "setlocal", "start",
}  # fmt: skip
"""Of the command prompt of Windows NT 4.0, but for the two that may be missing and are tried."""


def test_the_batch_uses_what_nt_4_has() -> None:
    used = {re.split(r"[ .]", line)[0].lower() for line in BATCH.splitlines() if line and line[0] != ":"}
    assert used <= _NT4_COMMANDS
    labels = set(re.findall(r"^:(\w+)", BATCH, re.MULTILINE))
    asked = set(re.findall(r"(?:goto |call :)(\w+)", BATCH))
    assert labels == asked
    assert not re.search(r"%~\d|%CD%|goto :eof|/v:on|delims|exit /b", BATCH, re.IGNORECASE)


def test_the_batch_changes_nothing_on_the_machine() -> None:
    commands = "\n".join(line for line in BATCH.splitlines() if not line.startswith(("rem ", "echo ")))
    assert not re.search(r"\b(net|del|erase|move|rdisk|regsvr32|attrib|rd|rmdir|ren)\b", commands)
    targets = re.findall(r'>>? "([^"]+)"', commands)
    assert targets
    assert all(target.startswith(("%OUT%", "%LOG%")) for target in targets)


# --- the PowerShell script --------------------------------------------------------------------------


def test_the_powershell_script_parses() -> None:
    tree_sitter = pytest.importorskip("tree_sitter")
    grammar = pytest.importorskip("tree_sitter_powershell")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    assert not parser.parse(POWERSHELL.encode()).root_node.has_error


def test_the_powershell_script_keeps_to_version_2() -> None:
    later = r"(Export-Csv|Rename-Item) -LiteralPath|Get-FileHash|Get-ChildItem.* -(File|Directory)\b"
    assert not re.search(later, POWERSHELL)
    assert not re.search(r"\b(Remove-Item|Set-ItemProperty|Stop-Service|Restart-)", POWERSHELL)


# --- the KAPE target --------------------------------------------------------------------------------

_KAPE_HEAD = {"Description", "Author", "Version", "Id", "RecreateDirectories", "Targets"}
_KAPE_REQUIRED = {"Name", "Category", "Path"}
_KAPE_OPTIONAL = {
    "Recursive", "FileMask", "AlwaysAddToQueue", "SaveAsFileName", "MinSize", "MaxSize", "Comment",
}  # fmt: skip
"""Of TargetGuide.guide in KapeFiles."""


def test_the_kape_target_is_as_documented() -> None:
    target: dict[str, Any] = yaml.safe_load(SCRIPTS[KAPE])
    assert target.keys() == _KAPE_HEAD
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", target["Id"])
    assert target["RecreateDirectories"] is True
    for one in target["Targets"]:
        assert one.keys() >= _KAPE_REQUIRED
        assert one.keys() <= _KAPE_REQUIRED | _KAPE_OPTIONAL
        assert one["Path"].startswith("C:\\")
        assert one["Path"].endswith("\\")
    names = [one["Name"] for one in target["Targets"]]
    assert len(set(names)) == len(names)
    masks = {(one["Path"], one["FileMask"]) for one in target["Targets"]}
    assert masks >= {
        (r"C:\WIN*\System32\config" + "\\", "SYSTEM"),
        (r"C:\WIN*\System32\config" + "\\", "SOFTWARE"),
        (r"C:\WIN*\Cluster" + "\\", "CLUSDB"),
        (r"C:\WIN*\Cluster" + "\\", "CLUSDB.LOG*"),
        (r"C:\WIN*\System32\config" + "\\", "SYSTEM.LOG*"),
        (r"C:\WIN*\System32\config" + "\\", "SOFTWARE.LOG*"),
        ("C:\\MSCS\\", "CHK*.TMP"),
        (r"C:\WIN*\System32\inetsrv" + "\\", "Iisclex4.dll"),
    }


# --- the Velociraptor artifact ----------------------------------------------------------------------

_FIELDS = {"name", "author", "description", "type", "reference", "parameters", "precondition", "sources"}
_PARAMETER = {"name", "description", "type", "default"}
_SOURCE = {"name", "description", "precondition", "query", "queries", "notebook"}


def test_the_velociraptor_artifact_is_as_documented() -> None:
    artifact: dict[str, Any] = yaml.safe_load(SCRIPTS[VELOCIRAPTOR])
    assert artifact.keys() == _FIELDS
    assert artifact["name"] == VELOCIRAPTOR.removesuffix(".yaml")
    assert artifact["type"] == "CLIENT"
    assert all({"name"} <= parameter.keys() <= _PARAMETER for parameter in artifact["parameters"])
    assert all({"name", "query"} <= source.keys() <= _SOURCE for source in artifact["sources"])
    named = {parameter["name"] for parameter in artifact["parameters"]}
    asked = set(re.findall(r"(?:globs|accessor)=(\w+)", "".join(s["query"] for s in artifact["sources"])))
    assert asked == named
    header, *globs = artifact["parameters"][0]["default"].splitlines()
    assert header == "Glob"
    assert {"C:/WIN*/System32/config/SYSTEM", "C:/WIN*/Cluster/CLUSDB", "Q:/MSCS/CHK*.TMP"} <= set(globs)
    hives = ("System32/config/SYSTEM", "System32/config/SOFTWARE", "Cluster/CLUSDB")
    assert {f"C:/WIN*/{hive}.LOG*" for hive in hives} <= set(globs)


# --- what they collect is understood ----------------------------------------------------------------


def hive(name: str, tree: dict[str, Any]) -> bytes:
    from fixtures._writers import _named  # noqa: PLC0415 - puts names into the values of a fixture's tree

    return build_hive(tree_from_dict(name, _named(tree)), minor=3)


HIVES = {
    "SYSTEM": hive("SYSTEM", system_hive("NODE1")),
    "SOFTWARE": hive("SOFTWARE", software_hive()),
    "CLUSDB": hive("Cluster", cluster_hive()),
}
DLL = build_pe(machine="x86", exports=("DllRegisterServer",), version="4.2.742.1")
FILES = files_of_a_node()["WINNT"]
FILES["system32"]["inetsrv"]["iisclex4.dll"] = len(DLL)


def collect(folder: Path, files: dict[str, bytes]) -> Report:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return examine(folder, articles=["Q224553"], second_opinion=False)


def assert_understood(report: Report) -> None:
    profile = next(machine for machine in report.machines if machine.name == "NODE1")
    own = [artifact for artifact in report.artifacts if artifact.machine == "NODE1"]
    assert {met.need.title: met.standing for met in needs_of(profile, own)} == {
        met.need.title: Standing.THERE for met in needs_of(profile, own)
    }
    local = [finding for finding in report.findings if finding.machine == "NODE1"]
    assert [finding.verdict for finding in local] == [Verdict.RULED_OUT] * 3


def test_the_shape_of_the_batch_file_s_collection_is_understood(tmp_path: Path) -> None:
    listings = {
        "NODE1/dir_system32.txt": dir_listing(FILES["system32"], style="nt4", root=r"C:\WINNT\system32"),
        "NODE1/dir_cluster.txt": dir_listing(FILES["Cluster"], style="nt4", root=r"C:\WINNT\Cluster"),
    }
    hives = {f"NODE1/{name}.hiv": content for name, content in HIVES.items()}
    rest = {
        "NODE1/files/C/WINNT/system32/inetsrv/Iisclex4.dll": DLL,
        "NODE1/quorum/MSCS/CHK1.TMP": HIVES["CLUSDB"],
        "NODE1/collect.log": b"iiscluster-kb 1 on NODE1 \r\n        1 file(s) copied.\r\n",
    }
    report = collect(tmp_path, listings | hives | rest)
    assert_understood(report)
    assert [one.path for one in report.skipped] == ["NODE1/collect.log"]


FONTS = {"ARIAL.TTF": 65692, "SYMBOL.TTF": 60096}
WINDOWS = FILES | {"Fonts": {}, "explorer.exe": 237328, "win.ini": 1120}


def csv_rows(directory: str, content: dict[str, Any]) -> str:
    """Rows as Get-ChildItem gives them: a directory's own entries first."""
    rows, below = [], []
    for name, item in content.items():
        path = f"{directory}\\{name}"
        if isinstance(item, dict):
            rows.append(f'"{path}","","1999-05-04 10:11:12","Directory",""')
            below.append(csv_rows(path, item))
        else:
            rows.append(f'"{path}","{item}","1999-05-04 10:11:12","Archive",""')
    return "".join(f"{row}\r\n" for row in rows) + "".join(below)


def names_alone(content: dict[str, Any]) -> dict[str, Any]:
    """The entries of a directory, with nothing below them."""
    return {name: {} if isinstance(item, dict) else item for name, item in content.items()}


def test_the_shape_of_the_powershell_collection_is_understood(tmp_path: Path) -> None:
    head = '"FullName","Length","LastWriteTimeUtc","Attributes","FileVersion"\r\n'
    names = re.findall(r"Name = '(\w+)'|^    '(Length)'", POWERSHELL, re.MULTILINE)
    assert ",".join(f'"{a or b}"' for a, b in names) + "\r\n" == head
    rows = (
        csv_rows(r"C:\WINNT", names_alone(WINDOWS)),
        csv_rows(r"C:\WINNT\system32", WINDOWS["system32"]),
        csv_rows(r"C:\WINNT\Cluster", WINDOWS["Cluster"]),
        csv_rows(r"C:\WINNT\Fonts", FONTS),
    )
    files = {
        "NODE1/dir_WINNT.csv": f"\ufeff{head}{''.join(rows)}".encode(),
        "NODE1/files/C/WINNT/system32/config/SYSTEM": HIVES["SYSTEM"],
        "NODE1/files/C/WINNT/system32/config/SOFTWARE": HIVES["SOFTWARE"],
        "NODE1/files/C/WINNT/Cluster/CLUSDB": HIVES["CLUSDB"],
        "NODE1/files/C/WINNT/system32/inetsrv/Iisclex4.dll": DLL,
    }
    assert_understood(collect(tmp_path, files))


def globbed(directory: str, content: dict[str, Any]) -> str:
    return "".join(
        f"{directory}\\{name},{0 if isinstance(item, dict) else item},1999-05-04T10:11:12Z,"
        f"{str(isinstance(item, dict)).lower()}\n"
        for name, item in content.items()
    )


def test_the_shape_of_the_velociraptor_collection_is_understood(tmp_path: Path) -> None:
    artifact = yaml.safe_load(SCRIPTS[VELOCIRAPTOR])
    listing = artifact["sources"][1]["query"]
    head = ",".join(re.findall(r"AS (\w+)", listing)) + "\n"
    places: dict[str, dict[str, Any]] = {
        "": WINDOWS,
        r"\System32": WINDOWS["system32"],
        r"\System32\inetsrv": WINDOWS["system32"]["inetsrv"],
        r"\Cluster": WINDOWS["Cluster"],
        r"\Fonts": FONTS,
    }
    assert re.findall(r'directory="(.*)/\*"', listing) == [place.replace("\\", "/") for place in places]
    rows = (globbed(f"C:\\WINNT{place}", content) for place, content in places.items())
    files = {
        "NODE1/results/Custom.Windows.IISCluster%2FListing.csv": (head + "".join(rows)).encode(),
        "NODE1/uploads/auto/C%3A/WINNT/System32/config/SYSTEM": HIVES["SYSTEM"],
        "NODE1/uploads/auto/C%3A/WINNT/System32/config/SOFTWARE": HIVES["SOFTWARE"],
        "NODE1/uploads/auto/C%3A/WINNT/Cluster/CLUSDB": HIVES["CLUSDB"],
        "NODE1/uploads/auto/C%3A/WINNT/System32/inetsrv/Iisclex4.dll": DLL,
    }
    assert_understood(collect(tmp_path, files))


def test_the_shape_of_the_kape_collection_is_understood(tmp_path: Path) -> None:
    files = {
        "NODE1/C/WINNT/System32/config/SYSTEM": HIVES["SYSTEM"],
        "NODE1/C/WINNT/System32/config/SOFTWARE": HIVES["SOFTWARE"],
        "NODE1/C/WINNT/Cluster/CLUSDB": HIVES["CLUSDB"],
        "NODE1/C/WINNT/System32/inetsrv/Iisclex4.dll": DLL,
        "NODE1/dir_system32.txt": dir_listing(FILES["system32"], style="2000", root=r"C:\WINNT\system32"),
        "NODE1/dir_cluster.txt": dir_listing(FILES["Cluster"], style="2000", root=r"C:\WINNT\Cluster"),
    }
    assert_understood(collect(tmp_path, files))


# --- logs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_collector_takes_the_log_with_the_cluster_database(name: str) -> None:
    assert "CLUSDB.LOG" in SCRIPTS[name].decode("ascii")


@pytest.mark.parametrize(
    "folder",
    [
        "{hive}",
        "C/WINNT/{place}/{hive}",
        "files/C/WINNT/{place}/{hive}",
        "uploads/auto/C%3A/WINNT/{place}/{hive}",
    ],
    ids=["batch", "KAPE", "PowerShell", "Velociraptor"],
)
def test_a_database_that_was_not_closed_is_recovered_from_the_log_beside_it(
    folder: str, tmp_path: Path
) -> None:
    before = cluster_hive()
    before["ResourceTypes"][TYPE].pop("AdminExtensions")
    pair = dirty(before)(cluster_hive())
    files = {f"NODE1/{folder.format(place='Cluster', hive=name)}": data for name, data in pair.items()}
    for name in ("SYSTEM", "SOFTWARE"):
        files[f"NODE1/{folder.format(place='System32/config', hive=name)}"] = HIVES[name]
    report = collect(tmp_path, files)
    assert {one.path.rpartition("/")[2]: one.state for one in report.artifacts if "CLUSDB" in one.path} == {
        "CLUSDB": State.RECOVERED,
        "CLUSDB.LOG": State.CLEAN,
    }
    judged = {(finding.cause.id, finding.machine): finding.verdict for finding in report.findings}
    assert judged["Q224553/admin-extensions-missing", "NODE1"] is Verdict.RULED_OUT
