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
from tests.judges._patches import PATCHED, exported_value, patches_of

if TYPE_CHECKING:
    from pathlib import Path

    from iiscluster_kb.model import Patch
    from iiscluster_kb.registry import RegistryValue
    from tests.support.scenarios import Scenario

HIVEXREGEDIT = shutil.which("hivexregedit")
pytestmark = pytest.mark.skipif(
    HIVEXREGEDIT is None, reason="hivexregedit (Debian: libwin-hivex-perl) is missing"
)

WITH_HIVES = [scenario for scenario in PATCHED if (scenario.case / "NODE1" / "CLUSDB").exists()]


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


def export(patch: Patch, hive: Path) -> list[RegistryValue | None]:
    """What the program's own export, read by ours, gives."""
    values = []
    for change in patch.changes:
        below = "\\".join(("", *change.key.parts[2:]))
        done = subprocess.run(
            [str(HIVEXREGEDIT), "--export", "--prefix", r"HKEY_LOCAL_MACHINE\Cluster", str(hive), below],
            check=True,
            capture_output=True,
            timeout=60,
        )
        values.append(exported_value(done.stdout, change.key, change.name))
    return values


def read(hive: Path, patch: Patch) -> list[RegistryValue | None]:
    with Hive.open(hive) as opened:
        values = []
        for change in patch.changes:
            key = opened.key("\\".join(change.key.parts[2:]))
            assert key is not None
            values.append(key.value(change.name))
        return values


@pytest.mark.parametrize("scenario", WITH_HIVES, ids=lambda scenario: scenario.name)
def test_the_patch_cures_and_the_undo_leads_back(scenario: Scenario, tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(scenario.case, case)
    patches = [p for p in patches_of(scenario) if (case / p.machine / "CLUSDB").exists()]
    assert patches
    for patch in patches:
        merge(patch, case / patch.machine / "CLUSDB")
        assert read(case / patch.machine / "CLUSDB", patch) == [change.after for change in patch.changes]
        assert export(patch, case / patch.machine / "CLUSDB") == [change.after for change in patch.changes]
    after = examine(case, second_opinion=False, articles=["Q224553"], **scenario.options)
    cured = {(f.cause.id, f.machine): f.verdict for f in after.findings}
    for patch in patches:
        assert cured["Q224553/admin-extensions-missing", patch.machine] == "ruled-out"
    for patch in patches:
        merge(patch.undo(), case / patch.machine / "CLUSDB")
        assert read(case / patch.machine / "CLUSDB", patch) == [change.before for change in patch.changes]
