from __future__ import annotations

import json
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
