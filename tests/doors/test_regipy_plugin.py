"""regipy finds the plug-in by itself, and it finds what ``examine`` finds."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from iiscluster_kb import examine
from tests.support.scenarios import FIXTURES, ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("regipy", reason="regipy is not installed")
from regipy.plugins.plugin import PLUGINS
from regipy.plugins.utils import run_relevant_plugins
from regipy.registry import RegistryHive

from iiscluster_kb.doors.regipy_plugin import IisClusterPlugin

SCENARIOS = FIXTURES / "scenarios"
NAME = "iiscluster_kb"
HIVES = (
    "value-absent-on-one-node/case/NODE1/CLUSDB",
    "value-absent-on-one-node/case/NODE2/CLUSDB",
    "value-hidden-behind-the-end/case/NODE1/CLUSDB",
    "no-such-resource-type/case/NODE1/CLUSDB",
    "clsid-absent/case/NODE1/SOFTWARE",
    "windows-2008/case/NODE1/SOFTWARE",
    "healthy-cluster/case/NODE1/SYSTEM",
)


def found_by_regipy(hive: RegistryHive) -> Any:
    """What regipy's own runner answers under our name; None: the plug-in was not run."""
    return run_relevant_plugins(hive, as_json=True, plugins={NAME}, include_unvalidated=True).get(NAME)


def test_regipy_has_the_plug_in_once_it_is_imported() -> None:
    assert IisClusterPlugin in PLUGINS
    assert [plugin.NAME for plugin in PLUGINS].count(NAME) == 1


@pytest.mark.parametrize("path", HIVES)
def test_a_lone_hive_gives_the_findings_of_examine(path: str, tmp_path: Path) -> None:
    hive = RegistryHive(str(SCENARIOS / path))
    # A lone file is called by its name, of which regipy keeps only what the hive itself says.
    alone = tmp_path / (hive.name.rpartition("\\")[2] or "hive")
    shutil.copy(SCENARIOS / path, alone)
    told = found_by_regipy(hive)
    assert told == [asdict(row) for row in examine(alone).rows()]
    assert told
    json.dumps(told)  # as regipy-plugins-run does


def test_a_fault_is_told_with_its_evidence() -> None:
    hive = RegistryHive(str(SCENARIOS / "value-absent-on-one-node/case/NODE2/CLUSDB"))
    (fault,) = [
        row
        for row in found_by_regipy(hive)
        if row["cause"] == "Q224553/admin-extensions-missing" and row["verdict"] == "confirmed"
    ]
    assert fault["detail"] == "absent"
    assert len(fault["sha256"][0]) == 64


def test_a_hive_of_which_no_article_asks_is_left_alone() -> None:
    hive = RegistryHive(str(SCENARIOS / "healthy-cluster/case/NODE1/SYSTEM"))
    assert IisClusterPlugin(hive).can_run()
    hive._stream.getbuffer()[:4] = b"none"
    assert not IisClusterPlugin(hive).can_run()


def test_a_reader_that_keeps_no_bytes_is_left_alone() -> None:
    class Backend:
        partial_hive_path = None
        name = "CLUSDB"

    plugin = IisClusterPlugin(Backend())
    assert not plugin.can_run()
    plugin.run()
    assert plugin.entries == []


def test_nothing_else_of_the_package_needs_it() -> None:
    modules = (path for path in (ROOT / "iiscluster_kb").rglob("*.py") if path.parent.name != "doors")
    assert not [path for path in modules if "iiscluster_kb.doors" in path.read_text("utf-8")]
