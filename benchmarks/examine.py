"""The whole ``examine`` beside what nobody can do without, in one run: Markdown on standard output.

    python benchmarks/examine.py [--runs 15]

Against ``sha256sum`` over the same files plus a bare interpreter's start (large hives, no second opinions), and
against the second readers' own imports and look-ups (second opinions included). Whole processes, in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import uuid
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fixtures._case import CLSID, TYPE, cluster_hive, files_of_a_node, software_hive, system_hive  # noqa: E402 - found by the line above
from fixtures._writers import _named  # noqa: E402 - the same
from tests.support.listings import dir_listing  # noqa: E402 - the same
from tests.support.regf_writer import build_hive, tree_from_dict  # noqa: E402 - the same

DATA = ROOT / "benchmarks/data"
SIZES = {"large": (60_000, 30_000, 5_000), "nt4": (5_500, 5_500, 1_000)}
"""Filler classes in SOFTWARE, filler services in SYSTEM, filler files in the listing."""

PEERS = r"""
import json, sys
from Registry import Registry
from regipy.registry import RegistryHive
for path, keys in json.load(sys.stdin):
    ours, theirs = Registry.Registry(path), RegistryHive(path)
    for key in keys:
        try:
            [value.raw_data() for value in ours.open(key).values()]
            list(theirs.get_key("\\" + key).iter_values())
        except Exception:
            pass
"""


def clsid(number: int) -> str:
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))).upper() + "}"


def write_case(folder: Path, classes: int, services: int, files: int) -> None:
    """Two nodes with hives of real size; AdminExtensions is missing on both."""
    for name in ("NODE1", "NODE2"):
        node = folder / name
        node.mkdir(parents=True)
        software, system, cluster = software_hive(), system_hive(name), cluster_hive()
        text = "A component that somebody registered once, and its description"
        for number in range(classes):
            software["Classes"]["CLSID"][clsid(number)] = {
                "": f"{text} {number}",
                "InprocServer32": {
                    "": f"C:\\Program Files\\Common Files\\Vendor\\component{number}.dll",
                    "ThreadingModel": "Apartment",
                },
                "ProgID": {"": f"Vendor.Component{number}.1"},
                "VersionIndependentProgID": {"": f"Vendor.Component{number}"},
                "Implemented Categories": {"List": [clsid(1), clsid(2)], "Note": "x" * 90},
            }
        for number in range(services):
            system["ControlSet001"]["Services"][f"Filler{number}"] = {"Start": 3, "Description": text}
        del cluster["ResourceTypes"][TYPE]["AdminExtensions"]
        tree = files_of_a_node()["WINNT"]
        tree["Help"] = {f"page{number}.hlp": number for number in range(files)}
        for hive, content in (("SOFTWARE", software), ("SYSTEM", system), ("CLUSDB", cluster)):
            (node / hive).write_bytes(build_hive(tree_from_dict(hive, _named(content)), minor=3))
        (node / "dir.txt").write_bytes(dir_listing(tree))


# Compiled modules are kept, as an installation keeps them.
ENVIRONMENT = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def median(command: list[str], runs: int, given: str | None = None) -> float:
    """Of ``runs`` runs after one that does not count."""
    times = []
    for _ in range(runs + 1):
        start = perf_counter()
        subprocess.run(command, input=given, text=True, capture_output=True, check=False, env=ENVIRONMENT)
        times.append(perf_counter() - start)
    return statistics.median(times[1:])


def questions(case: Path) -> str:
    """The look-ups that the report cites, for the peers alone."""
    keys = {
        "CLUSDB": ["", "Nodes\\1", f"ResourceTypes\\{TYPE}"],
        "SOFTWARE": [f"Classes\\CLSID\\{CLSID}", f"Classes\\CLSID\\{CLSID}\\InprocServer32"],
        "SYSTEM": ["ControlSet001\\Services\\ClusSvc"],
    }
    return json.dumps(
        [(str(case / node / hive), wanted) for node in ("NODE1", "NODE2") for hive, wanted in keys.items()]
    )


def peak(command: list[str]) -> int:
    """Peak resident memory in MiB of the largest process."""
    measured = "import resource,subprocess,sys;subprocess.run(sys.argv[1:],capture_output=True);print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss//1024)"
    return int(
        subprocess.run(
            [sys.executable, "-c", measured, *command], capture_output=True, text=True, check=True
        ).stdout
    )


def rows(name: str, case: Path, runs: int) -> list[tuple[str, float, float, float]]:
    files = [str(path) for path in sorted(case.rglob("*")) if path.is_file()]
    bare = median([sys.executable, "-c", "pass"], runs)
    hashing = median(["sha256sum", *files], runs)
    peers = median([sys.executable, "-c", PEERS], runs, questions(case))
    program = [sys.executable, "-m", "iiscluster_kb", "examine", str(case), "--article", "Q224553"]
    alone = median([*program, "--no-second-opinion"], runs)
    whole = median(program, runs)
    size = sum(Path(file).stat().st_size for file in files) / 1e6
    found: list[tuple[str, float, float, float]] = [
        (f"{name} ({size:.0f} MB): bare interpreter", bare, bare, 1)
    ]
    found.append(("sha256sum over the files", hashing, hashing, 1))
    found.append(("the peers' imports and look-ups", peers, peers, 1))
    limit = 1.5 * (hashing + bare)
    found.append(
        ("examine --no-second-opinion, against 1.5 x (sha256sum + bare)", alone, limit, alone / limit)
    )
    limit = peers + (4 * bare if name == "nt4" else bare)
    found.append(
        (f"examine, against the peers + {4 if name == 'nt4' else 1} bare", whole, limit, whole / limit)
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--only", choices=SIZES)
    options: Any = parser.parse_args()
    print("| what | median s | bar s | ratio (bar 1.0) |\n|---|--:|--:|--:|")
    for name, counts in SIZES.items():
        if options.only not in {None, name}:
            continue
        case = DATA / f"case-{name}"
        if not case.exists():
            write_case(case, *counts)
        for label, seconds, bar, ratio in rows(name, case, options.runs):
            print(f"| {label} | {seconds:.3f} | {bar:.3f} | {ratio:.2f} |")
        print(
            f"| peak memory of examine, MiB | {peak([sys.executable, '-m', 'iiscluster_kb', 'examine', str(case)])} | | |"
        )
    bare = median([sys.executable, "-c", "pass"], options.runs)
    imported = median([sys.executable, "-c", "import iiscluster_kb"], options.runs)
    print(
        f"| import iiscluster_kb above a bare interpreter | {imported - bare:.3f} | 0.040 | {(imported - bare) / 0.040:.2f} |"
    )


if __name__ == "__main__":
    main()
