from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from iiscluster_kb.render import View
from iiscluster_kb.render._inventory import inventory_json, inventory_text
from tests.support.reports import empty_report, full_report, infested

GOLDEN = Path(__file__).with_name("golden")


def test_the_whole_inventory_reads_as_it_should() -> None:
    assert inventory_text(full_report(), View(80)) == (GOLDEN / "inventory.txt").read_text("utf-8")


def test_an_empty_case_is_told_in_one_line() -> None:
    assert inventory_text(empty_report(), View(80)) == "Case empty: 0 files of use, 0 files not used.\n"


def test_evidence_of_a_machine_without_a_profile_is_listed_too() -> None:
    report = replace(full_report(), machines=())
    page = inventory_text(report, View(80))
    assert "\nNODE1\n  - NODE1/CLUSDB\n" in page
    assert "Needed" not in page


def test_needs_are_a_table_or_lines_where_that_is_too_wide() -> None:
    wide, narrow = (inventory_text(full_report(), View(width)) for width in (80, 30))
    assert re.search(r"\nthe cluster hive +! unsound, damaged +NODE2/CLUSDB\n", wide)
    assert "\n! the cluster hive: unsound,\n  damaged, NODE2/CLUSDB\n" in narrow
    assert "Needed" not in narrow


def test_each_machine_is_told_the_commands_of_its_own_windows() -> None:
    report = full_report()
    later = replace(report.machines[1], windows="5.2")
    page = inventory_text(replace(report, machines=(report.machines[0], later)), View(200))
    first, second = page.split("\nNODE2 ")
    assert "regback %COMPUTERNAME%_reg_SYSTEM.hiv machine SYSTEM (with Regback of the Resource Kit)" in first
    assert "reg save" not in first
    assert "    - reg save HKLM\\SYSTEM %COMPUTERNAME%_reg_SYSTEM.hiv\n" in second
    assert "regback" not in second


def test_json_tells_the_needs_of_each_machine() -> None:
    node, *_, stray = json.loads(inventory_json(full_report()))["needs"]
    assert (node["machine"], stray["machine"]) == ("NODE1", "stray")
    assert {one["need"]: one["standing"] for one in node["needs"]} == {
        "the SYSTEM hive": "missing",
        "the SOFTWARE hive": "there",
        "the cluster hive": "unsound",
        "a listing of inetsrv": "there",
        "a listing of system32": "missing",
        "a listing of Cluster": "missing",
        "Iisclex4.dll itself": "missing",
    }
    software = node["needs"][1]
    assert (software["artifacts"], software["collect"]) == (["NODE1/SOFTWARE"], [])
    assert node["needs"][-1]["collect"] == [
        {"command": 'copy "%SystemRoot%\\system32\\inetsrv\\iisclex4.dll" .', "condition": None}
    ]


@pytest.mark.parametrize("width", [40, 80])
def test_hostile_names_stay_in_their_lines(width: int) -> None:
    page = inventory_text(infested(full_report(), "\x1b[31m[red]\n\u202e"), View(width))
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "[red]" in page.replace("\n", "")
    assert max(map(cell_len, page.splitlines())) <= width


def test_json_holds_the_same() -> None:
    document = json.loads(inventory_json(full_report()))
    assert document["schema"] == "iiscluster-kb/inventory/1"
    assert [artifact["path"] for artifact in document["artifacts"]] == [
        "NODE1/CLUSDB",
        "NODE1/SOFTWARE",
        "NODE1/dir.txt",
        "NODE2/CLUSDB",
    ]
    assert document["artifacts"][0]["given_because"] == "lies in the folder of the machine"
    assert document["skipped"][0] == {"path": "NODE1/readme.txt", "reason": "unknown format"}
    assert document["collect"] == ["HKLM\\Cluster of NODE2: copy CLUSDB with the Cluster service stopped."]
    assert [machine["name"] for machine in document["machines"]] == ["NODE1", "NODE2", "ADMINPC", "stray"]


def test_so_many_places_are_shown_and_the_rest_counted() -> None:
    report = full_report()
    listing = replace(report.artifacts[2], holds=tuple(f"D{number:04}" for number in range(2000)))
    page = inventory_text(replace(report, artifacts=(listing,)), View(80))
    assert "    holds D0000, D0001, D0002, D0003, D0004, D0005 and 1,994 more\n" in page


def test_evidence_that_holds_no_place_is_listed_too() -> None:
    report = full_report()
    page = inventory_text(replace(report, artifacts=(replace(report.artifacts[0], holds=()),)), View(80))
    assert "holds" not in page
