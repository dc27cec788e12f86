"""Machines that are named by a hostile text and nothing else: where a cell, a file name or a line begins with it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb import examine, render
from iiscluster_kb._kit import documents_of
from tests.case.archives import zip_bytes
from tests.injection.catalogue import CATALOGUE
from tests.injection.hostile import as_name, hostile_files
from tests.injection.test_outputs import assert_names_stay, is_formula

if TYPE_CHECKING:
    from pathlib import Path

    from tests.injection.catalogue import Threat

BEGINNING = [
    one for one in CATALOGUE if one.name in {"csv", "path", "device", "command", "markdown", "look-alike"}
]


@pytest.mark.parametrize("threat", BEGINNING, ids=lambda threat: threat.name)
def test_a_name_that_attacks_from_its_first_letter(threat: Threat, tmp_path: Path) -> None:
    named = [as_name(text) for text in threat.texts]
    for number, names in enumerate(
        zip(named[::2], [*named[1::2], "NODE1"], strict=False)
    ):  # the last may be left
        case = tmp_path / f"{number}.zip"
        case.write_bytes(zip_bytes(hostile_files("", (), names)))
        report = examine(case, second_opinion=False, articles=["Q224553"])
        assert_names_stay([document.name for document in documents_of(report)])
        (table,) = render(report, "csv")
        rows = list(csv.reader(io.StringIO(table.content.decode("utf-8-sig"), newline="")))
        assert not [cell for row in rows for cell in row if is_formula(cell)]
        (sheet, *_) = render(report, "steps")
        assert sheet.content.isascii()


def test_machines_that_look_alike_stay_apart(tmp_path: Path) -> None:
    case = tmp_path / "case.zip"
    case.write_bytes(zip_bytes(hostile_files("", (), ("NODE1", "N\u041eDE1"))))
    report = examine(case, second_opinion=False, articles=["Q224553"])
    assert [machine.name for machine in report.machines] == ["NODE1", "N\u041eDE1"]
    assert {"NODE1-steps.txt", "N_DE1-steps.txt"} <= {document.name for document in render(report, "steps")}
