"""hivex as judge: its importer applies the patch to a copy of the hive, and its undo."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb import examine
from iiscluster_kb.model import Dialect
from iiscluster_kb.regf import Hive
from iiscluster_kb.remedy import format_patch
from tests.support.scenarios import SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path

    from iiscluster_kb.model import Patch
    from iiscluster_kb.registry import RegistryValue
    from tests.support.scenarios import Scenario

HIVEXREGEDIT = shutil.which("hivexregedit")
pytestmark = pytest.mark.skipif(
    HIVEXREGEDIT is None, reason="hivexregedit (Debian: libwin-hivex-perl) is missing"
)

PATCHED = [
    scenario
    for scenario in SCENARIOS
    if scenario.exit_status == 1
    and any(
        v["cause"].endswith("admin-extensions-missing") and v["verdict"] == "confirmed"
        for v in scenario.verdicts
    )
    and (scenario.case / "NODE1" / "CLUSDB").exists()
]


def merge(patch: Patch, hive: Path) -> None:
    """Import as the program's manual demands: UTF-8 and LF; of 8-bit hex(7) it knows nothing."""
    text = format_patch(replace(patch, dialect=Dialect.VERSION_5)).decode("utf-16").replace("\r\n", "\n")
    source = hive.with_suffix(".reg")
    source.write_text(text, encoding="utf-8")
    subprocess.run(
        [str(HIVEXREGEDIT), "--merge", "--prefix", r"HKEY_LOCAL_MACHINE\Cluster", str(hive), str(source)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    source.unlink()


def read(hive: Path, patch: Patch) -> list[RegistryValue | None]:
    with Hive.open(hive) as opened:
        values = []
        for change in patch.changes:
            key = opened.key("\\".join(change.key.parts[2:]))
            assert key is not None
            values.append(key.value(change.name))
        return values


@pytest.mark.parametrize("scenario", PATCHED, ids=lambda scenario: scenario.name)
def test_the_patch_cures_and_the_undo_leads_back(scenario: Scenario, tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(scenario.case, case)
    before = examine(case, second_opinion=False, articles=["Q224553"], **scenario.options)
    patches = [patch for patch in before.remedy.patches if (case / patch.machine / "CLUSDB").exists()]
    assert patches
    for patch in patches:
        merge(patch, case / patch.machine / "CLUSDB")
        assert read(case / patch.machine / "CLUSDB", patch) == [change.after for change in patch.changes]
    after = examine(case, second_opinion=False, articles=["Q224553"], **scenario.options)
    cured = {(f.cause.id, f.machine): f.verdict for f in after.findings}
    for patch in patches:
        assert cured["Q224553/admin-extensions-missing", patch.machine] == "ruled-out"
    for patch in patches:
        merge(patch.undo(), case / patch.machine / "CLUSDB")
        assert read(case / patch.machine / "CLUSDB", patch) == [change.before for change in patch.changes]
