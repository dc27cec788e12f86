"""A file that others cut short while it is examined ends no process: ``examine`` reads, and maps nothing of theirs."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.pipeline import Stage
from tests.case.archives import write_folder
from tests.support.listings import dir_listing
from tests.support.regf_writer import build_hive, tree_from_dict
from tests.support.scenarios import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.regf_writer import Plain

_PROGRAM = """
import os, sys
from iiscluster_kb import CaseError, examine, render
from iiscluster_kb.pipeline import Stage

case, victim, stage = sys.argv[1:]

def cut(progress):
    if progress.stage == Stage(stage):
        os.truncate(victim, 4096)

try:
    report = examine(case, articles=["Q224553"], second_opinion=stage == Stage.CONFIRMING, progress=cut)
    list(render(report, "json"))
except CaseError as error:
    print(error)
"""
"""Examines a case, and cuts a file of it to its first page when a stage begins."""

_HIVE, _LISTING = 3 << 20, 2 << 20


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two cases of one large file, by its name; what is asked lies behind what fills them."""
    filler: dict[str, Plain] = {
        f"Filler{number:04}": {"Data": bytes(12_000)} for number in range(_HIVE // 12_000)
    }
    current = {"CurrentVersion": "4.0", "SystemRoot": "C:\\WINNT"}
    tree: dict[str, Plain] = {
        "Microsoft": {"Windows NT": {"CurrentVersion": current}, **filler},
        "Classes": {".txt": {}, "CLSID": {}},
    }
    listed = {f"file{number:06}.dat": number for number in range(_LISTING // 55)}
    contents = {
        "SOFTWARE": build_hive(tree_from_dict("$$$PROTO.HIV", tree), minor=3),
        "dir.txt": dir_listing({"system32": {"inetsrv": listed}}),
    }
    assert len(contents["SOFTWARE"]) >= _HIVE
    assert len(contents["dir.txt"]) >= _LISTING
    folders = {name: tmp_path_factory.mktemp("large") for name in contents}
    for name, content in contents.items():
        write_folder(folders[name], {f"NODE1/{name}": content})
    return folders


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a file that is mapped cannot be cut")
@pytest.mark.parametrize(
    ("name", "stage"),
    [
        *(
            ("SOFTWARE", one) for one in Stage if one is not Stage.PROVING
        ),  # nothing is found, so nothing is proved
        ("dir.txt", Stage.READING),
        ("dir.txt", Stage.DIAGNOSING),
    ],
)
def test_a_file_cut_short_ends_no_process(name: str, stage: Stage, cases: dict[str, Path]) -> None:
    case = cases[name]
    victim = case / "NODE1" / name
    whole = victim.read_bytes()
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(case), str(victim), stage],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    finally:
        victim.write_bytes(whole)
    assert done.returncode >= 0, f"signal {-done.returncode}"
    assert (done.returncode, done.stderr) == (0, "")
