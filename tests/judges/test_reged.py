"""chntpw's reged as judge: it imports the 5.00 form into a copy of the hive and exports it again.

What it cannot do is shown as a known limit: it takes no REGEDIT4, dies at a comment, and passes deletions over.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.model import Dialect
from iiscluster_kb.regf import Hive
from iiscluster_kb.remedy import format_patch
from tests.judges._patches import PATCHED, exported_value, patch_of

if TYPE_CHECKING:
    from pathlib import Path

    from iiscluster_kb.model import Patch, ValueChange
    from iiscluster_kb.registry import RegistryValue
    from tests.support.scenarios import Scenario

REGED = shutil.which("reged") or shutil.which("reged", path="/usr/sbin")
pytestmark = pytest.mark.skipif(REGED is None, reason="reged (Debian: chntpw) is missing")

PREFIX = r"HKEY_LOCAL_MACHINE\Cluster"
WITH_HIVE = [scenario for scenario in PATCHED if (scenario.case / "NODE1" / "CLUSDB").exists()]
ABSENT = next(scenario for scenario in WITH_HIVE if scenario.name == "value-absent")


def run(folder: Path, *arguments: str) -> None:
    """Run it; its exit status tells nothing (2 is success, 0 a refusal), so bytes are compared."""
    command = [str(REGED), *arguments]
    subprocess.run(
        command, cwd=folder, check=False, capture_output=True, timeout=60, stdin=subprocess.DEVNULL
    )


def load(hive: Path, content: bytes) -> None:
    (hive.parent / "in.reg").write_bytes(content)
    run(hive.parent, "-C", "-I", hive.name, PREFIX, "in.reg")


def without_comments(content: bytes) -> bytes:
    text = re.sub(r"^;.*\r\n(?:\r\n)?", "", content.decode("utf-16"), flags=re.MULTILINE)
    return text.encode("utf-16")


def read(hive: Path, change: ValueChange) -> RegistryValue | None:
    with Hive.open(hive) as opened:
        key = opened.key("\\".join(change.key.parts[2:]))
        assert key is not None
        return key.value(change.name)


def patch_and_hive(scenario: Scenario, folder: Path) -> tuple[Patch, Path]:
    patch = patch_of(scenario, Dialect.VERSION_5)
    hive = folder / "CLUSDB"
    shutil.copy(scenario.case / patch.machine / "CLUSDB", hive)
    return replace(patch, warnings=("A comment.",)), hive


@pytest.mark.parametrize("scenario", WITH_HIVE, ids=lambda scenario: scenario.name)
def test_import_and_export(scenario: Scenario, tmp_path: Path) -> None:
    patch, hive = patch_and_hive(scenario, tmp_path)
    (change,) = patch.changes
    load(hive, without_comments(format_patch(patch)))
    if change.before is not None and change.after is not None and change.before.type != change.after.type:
        # Known limit: it puts new data into a value that is there, and leaves its type alone.
        kept = read(hive, change)
        assert kept is not None
        assert kept.type == change.before.type
        return
    assert read(hive, change) == change.after
    run(tmp_path, "-x", hive.name, PREFIX, "\\".join(("", *change.key.parts[2:])), "out.reg")
    assert exported_value((tmp_path / "out.reg").read_bytes(), change.key, change.name) == change.after


def test_known_limit_a_comment_ends_the_program(tmp_path: Path) -> None:
    """It dies (SIGSEGV) before it writes: the hive stays as it was, so a person sees that nothing happened."""
    patch, hive = patch_and_hive(ABSENT, tmp_path)
    before = hive.read_bytes()
    load(hive, format_patch(patch))
    assert hive.read_bytes() == before


def test_known_limit_the_form_of_nt4_is_refused(tmp_path: Path) -> None:
    """It knows the 5.00 header alone."""
    patch, hive = patch_and_hive(ABSENT, tmp_path)
    before = hive.read_bytes()
    load(hive, format_patch(replace(patch, dialect=Dialect.REGEDIT4)))
    assert hive.read_bytes() == before


def test_known_limit_deletions_are_passed_over(tmp_path: Path) -> None:
    """An undo of a value that was not there does nothing; such an undo is for the other importers."""
    patch, hive = patch_and_hive(ABSENT, tmp_path)
    (change,) = patch.changes
    load(hive, without_comments(format_patch(patch)))
    load(hive, without_comments(format_patch(patch.undo())))
    assert read(hive, change) == change.after
