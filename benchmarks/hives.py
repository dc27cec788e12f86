"""The hive reader beside its peers, in one run: Markdown on standard output.

    python benchmarks/hives.py [--runs 15] [--hivex-python /usr/bin/python3] [--regipy]

Each reader runs in a process of its own. See README.md for what is measured and why.
"""

from __future__ import annotations

import argparse
import json
import lzma
import statistics
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from iiscluster_kb.registry import RegistryValue, multi_sz, sz  # noqa: E402 - found by the line above
from tests.support.regf_writer import KeySpec, build_hive, tree_from_dict  # noqa: E402 - the same

DATA = ROOT / "benchmarks/data"
CORPUS_SYSTEM = ROOT / "../shared/corpus/hives/regipy-SYSTEM_WIN_10_1709.xz"
CLSIDS = 60_000
TURNS = 3
OURS, HIVEX, PYTHON_REGISTRY, REGIPY = "iiscluster_kb", "hivex (C)", "python-registry", "regipy"

CLUSDB_PATHS = [
    *(f"Resources\\{uuid.UUID(int=number)}\\Parameters" for number in (1, 17, 40)),
    *(f"ResourceTypes\\{name}" for name in ("IIS Server Instance", "Physical Disk", "IP Address", "nothing")),
    *("Resources", "Nodes\\1", "Nodes\\2", "Groups", "Quorum"),
]
SYSTEM_PATHS = [
    *(
        f"ControlSet001\\Services\\{name}"
        for name in ("Tcpip", "Tcpip\\Parameters", "W32Time", "ClusSvc", "Dhcp")
    ),
    *(
        f"ControlSet001\\Control\\{name}"
        for name in ("ComputerName\\ComputerName", "Windows", "Session Manager")
    ),
    *("Select", "Setup", "ControlSet001\\Control\\Session Manager\\Environment"),
]


def store(path: Path, data: bytes) -> None:
    """Write in pieces, as copying does.

    A file written at once lies in the page cache in pieces of megabytes, and every page of a piece counts as
    memory of the process that touches one of them.
    """
    with path.open("wb") as file:
        for start in range(0, len(data), 65536):
            file.write(data[start : start + 65536])


def clsid(number: int) -> str:
    """CLSIDs in no order, the same in every run."""
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))).upper() + "}"


def write_clusdb(path: Path) -> None:
    """A cluster hive of usual size."""
    resources = {
        str(uuid.UUID(int=number)): {
            "Name": f"Resource {number}",
            "Type": "IIS Server Instance",
            "Parameters": {"Id": number},
        }
        for number in range(60)
    }
    types = {
        name: {"DllName": f"{name}.dll", "AdminExtensions": [clsid(1)], "IsAlivePollInterval": 60_000}
        for name in ("IIS Server Instance", "Physical Disk", "IP Address", "Network Name", "Generic Service")
    }
    nodes = {str(node): {"NodeName": f"NODE{node}"} for node in (1, 2)}
    content = {
        "Resources": resources,
        "ResourceTypes": types,
        "Nodes": nodes,
        "Groups": {},
        "Quorum": {"Path": "Q:\\MSCS"},
    }
    store(path, build_hive(tree_from_dict("Cluster", content), minor=3))


def write_software(path: Path) -> None:
    """A SOFTWARE hive of some 86 MB with 60,000 registered classes."""
    text = "A component that somebody registered once, and its description"
    classes = [
        KeySpec(
            clsid(number),
            (RegistryValue("", 1, sz(f"{text} {number}")),),
            (
                KeySpec(
                    "InprocServer32",
                    (
                        RegistryValue(
                            "", 1, sz(f"C:\\Program Files\\Common Files\\Vendor\\component{number}.dll")
                        ),
                        RegistryValue("ThreadingModel", 1, sz("Apartment")),
                    ),
                ),
                KeySpec("ProgID", (RegistryValue("", 1, sz(f"Vendor.Component{number}.1")),)),
                KeySpec("VersionIndependentProgID", (RegistryValue("", 1, sz(f"Vendor.Component{number}")),)),
                KeySpec("Implemented Categories", (RegistryValue("List", 7, multi_sz(clsid(1), clsid(2))),)),
            ),
        )
        for number in range(CLSIDS)
    ]
    programs = [
        KeySpec(
            f"Vendor.Component{number}", (), (KeySpec("CLSID", (RegistryValue("", 1, sz(clsid(number))),)),)
        )
        for number in range(28_000)
    ]
    tree = KeySpec(
        "SOFTWARE", (), (KeySpec("Classes", (), (KeySpec("CLSID", (), tuple(classes)), *programs)),)
    )
    store(path, build_hive(tree, minor=5))


def software_paths() -> list[str]:
    """Twelve registrations out of sixty thousand, one of them not there."""
    numbers = [7, 5_003, 11_000, 19_999, 23_456, 30_000, 37_373, 44_444, 51_515, 59_999]
    servers = [f"Classes\\CLSID\\{clsid(number)}\\InprocServer32" for number in numbers]
    return [
        *servers,
        "Classes\\Vendor.Component27999\\CLSID",
        "Classes\\CLSID\\{92BF7500-974C-11D0-A5F2-00A0C922E752}",
    ]


def hives() -> dict[str, tuple[Path, list[str]]]:
    """Name, file and look-ups of each hive; what is generated is kept in ``benchmarks/data``."""
    DATA.mkdir(exist_ok=True)
    found = {"CLUSDB": (DATA / "CLUSDB", CLUSDB_PATHS)}
    if not (DATA / "CLUSDB").exists():
        write_clusdb(DATA / "CLUSDB")
    if CORPUS_SYSTEM.exists():
        system = DATA / "SYSTEM"
        if not system.exists():
            store(system, lzma.decompress(CORPUS_SYSTEM.read_bytes()))
        found["SYSTEM"] = (system, [*SYSTEM_PATHS, _in_the_longest_list(system)])
    if not (DATA / "SOFTWARE").exists():
        write_software(DATA / "SOFTWARE")
    found["SOFTWARE"] = (DATA / "SOFTWARE", software_paths())
    return found


def _in_the_longest_list(path: Path) -> str:
    from iiscluster_kb.regf import Hive  # noqa: PLC0415 - beside the use of a hive that may not be there

    with Hive.open(path) as hive:
        longest = max(hive.walk(), key=lambda key: key.subkey_count)
        names = [key.path for key in longest.subkeys()]
    return names[len(names) * 2 // 3]


def measure(command: list[str], paths: list[str]) -> dict[str, Any] | None:
    """What one process of ``_readers.py`` says, or None where the reader is not installed."""
    done = subprocess.run(
        command, input=json.dumps(paths), capture_output=True, text=True, check=True, cwd=ROOT
    )
    answer: dict[str, Any] | None = json.loads(done.stdout)
    return answer


def compare(
    pythons: dict[str, str], job: str, hive: Path, paths: list[str], runs: int
) -> dict[str, dict[str, Any]]:
    """Median time and largest memory of each reader.

    The readers take turns, a process for each turn, so that a machine that slows down slows all of them.
    """
    rows: dict[str, list[dict[str, Any]]] = {reader: [] for reader in pythons}
    for _ in range(TURNS):
        for reader, python in pythons.items():
            script = [python, str(ROOT / "benchmarks/_readers.py")]
            row = measure([*script, reader, job, str(hive), str(runs)], paths)
            if row is not None:
                rows[reader].append(row)
    for reader in [reader for reader, measured in rows.items() if not measured]:
        print(f"\n{reader} is not installed for {pythons[reader]}: left out")
        del rows[reader]
    return {
        reader: {
            "answer": measured[0]["answer"],
            "seconds": statistics.median(row["seconds"] for row in measured),
            "peak": max(row["peak"] for row in measured),
        }
        for reader, measured in rows.items()
    }


def report(title: str, rows: dict[str, dict[str, Any]], bars: dict[str, float]) -> None:
    """One table; a bar is how many times faster than that reader is asked for."""
    print(f"\n### {title}\n\n| reader | median | peak RSS | iiscluster_kb is | bar |\n|---|--:|--:|--:|--:|")
    ours = rows[OURS]
    for reader, row in rows.items():
        seconds, peak = row["seconds"], row["peak"]
        ratio = seconds / ours["seconds"]
        bar = bars.get(reader)
        judged = "" if bar is None else f"{bar:.3g} x: {'reached' if ratio >= bar else 'missed'}"
        compared = "" if reader == OURS else f"{ratio:.3g} x as fast"
        print(f"| {reader} | {_time(seconds)} | {peak} MB | {compared} | {judged} |")
    answers = {json.dumps(row["answer"]) for row in rows.values()}
    if len(answers) > 1:
        print(
            "\nThe readers found different things:",
            *(f"{name}: {row['answer']}" for name, row in rows.items()),
        )


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.3f} ms" if seconds < 0.01 else f"{seconds * 1e3:.1f} ms"


TARGETED_BARS = {
    "SYSTEM": {PYTHON_REGISTRY: 40.0, HIVEX: 8.0},
    "SOFTWARE": {PYTHON_REGISTRY: 400.0, HIVEX: 40.0},
}
WALK_BARS = {PYTHON_REGISTRY: 5.0, HIVEX: 1 / 2.2}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=15, help="runs in each of three turns; of walks a fifth")
    parser.add_argument("--hivex-python", default="/usr/bin/python3", help="the interpreter that has hivex")
    parser.add_argument("--regipy", action="store_true", help="measure regipy's look-ups too; it is slow")
    options = parser.parse_args()
    pythons = {OURS: sys.executable, HIVEX: options.hivex_python, PYTHON_REGISTRY: sys.executable}
    for name, (path, paths) in hives().items():
        title = f"{name}, {path.stat().st_size / 1e6:.2f} MB"
        more = {REGIPY: sys.executable} if options.regipy else {}
        rows = compare(pythons | more, "targeted", path, paths, options.runs)
        report(f"{title}: open and {len(paths)} look-ups", rows, TARGETED_BARS.get(name, {}))
        # regipy's walk takes minutes for 15 MB
        rows = compare(pythons, "walk", path, paths, max(options.runs // 5, 1))
        report(
            f"{title}: open and full walk, values decoded", rows, WALK_BARS if name in TARGETED_BARS else {}
        )


if __name__ == "__main__":
    main()
