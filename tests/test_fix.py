"""The command ``fix``: from a case to a kit, or to one line that says why not."""

from __future__ import annotations

import hashlib
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb import cli, examine
from iiscluster_kb.errors import RemedyError
from iiscluster_kb.registry.reg_text import parse_reg
from iiscluster_kb.remedy import RemedyOptions
from tests.support.reports import empty_report
from tests.support.scenarios import SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.scenarios import Scenario

FAULTY = next(scenario for scenario in SCENARIOS if scenario.name == "value-absent")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_fix_ends_as_examine_does_and_delivers_a_kit(
    scenario: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in scenario.case.rglob("*")
        if path.is_file()
    }
    stated = [part for key, text in scenario.stated.items() for part in (f"--{key.replace('_', '-')}", text)]
    arguments = ["fix", str(scenario.case), "--article", "Q224553", "--no-second-opinion", *stated]
    assert cli.main([*arguments, "--output", str(tmp_path / "one")]) == scenario.exit_status
    assert cli.main([*arguments, "--output", str(tmp_path / "two"), "--quiet"]) == scenario.exit_status
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    kit = contents(tmp_path / "one")
    assert kit == contents(tmp_path / "two")
    assert {"plan.md", "report.html", "report.json", "SHA256SUMS"} <= kit.keys()
    for line in kit["SHA256SUMS"].decode("ascii").splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(kit.pop(name)).hexdigest() == digest
    assert kit.keys() == {"SHA256SUMS"}
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before}


def test_choices_reach_the_kit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--node", "node2", "--dialect", "5.00", "--no-second-opinion", "--registration-by-registry"]
    assert cli.main(["fix", str(FAULTY.case), "--output", str(tmp_path / "kit"), *arguments]) == 1
    kit = contents(tmp_path / "kit")
    assert {name for name in kit if name.startswith("NODE")} == {
        "NODE2.reg",
        "NODE2-undo.reg",
        "NODE2-steps.txt",
    }
    assert parse_reg(kit["NODE2.reg"]).dialect == "5.00"
    assert "NODE1 was left out" in " ".join(kit["NODE2-steps.txt"].decode("ascii").split())
    assert "does not take the 5.00 form" in capsys.readouterr().err


def test_a_case_that_changes_while_it_is_read_gets_no_kit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case"
    shutil.copytree(FAULTY.case, case)

    def examined(*paths: str, **options: object) -> object:
        report = examine(*paths, second_opinion=False)
        del options
        stamp = (case / "NODE1" / "CLUSDB").stat()
        content = (case / "NODE1" / "CLUSDB").read_bytes()
        (case / "NODE1" / "CLUSDB").write_bytes(content[:-1] + b"x")
        os.utime(case / "NODE1" / "CLUSDB", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        return report

    monkeypatch.setattr("iiscluster_kb.pipeline.examine", examined)
    assert cli.main(["fix", str(case), "--output", str(tmp_path / "kit")]) == 2
    err = capsys.readouterr().err
    assert "NODE1/CLUSDB: changed while the case was read; nothing was written" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "kit").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--node", "NODE9"], "no machine NODE9 in the case; there are NODE1, NODE2"),
        (["--article", "Q1"], "no article Q1; there are "),
    ],
)
def test_a_wrong_choice_is_one_line(
    arguments: list[str], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = ["--output", str(tmp_path / "kit"), "--no-second-opinion"]
    assert cli.main(["fix", str(FAULTY.case), *target, *arguments]) == 2
    err = capsys.readouterr().err
    assert line in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_remedy_that_fails_its_proof_is_not_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise RemedyError(
            "the remedy for NODE1 does not cure Q224553/admin-extensions-missing: confirmed: X."
        )

    monkeypatch.setattr("iiscluster_kb.pipeline.prove", refuse)
    assert cli.main(["fix", str(FAULTY.case), "--output", str(tmp_path / "kit"), "--no-second-opinion"]) == 2
    assert "does not cure" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_symptom_that_the_remedy_takes_away_does_not_count_against_it() -> None:
    for registers in (False, True):
        report = examine(
            FAULTY.case,
            symptom="finish-button",
            second_opinion=False,
            remedy_options=RemedyOptions(registers=registers),
        )
        assert {proof.machine for proof in report.remedy.proof} == {"NODE1", "NODE2"}


def test_the_target_is_looked_at_before_the_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert cli.main(["fix", str(tmp_path / "missing"), "--output", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err == f"iiscluster-kb: {tmp_path}/file: is no folder; a kit is one\n"
    assert cli.main(["fix", str(tmp_path / "missing"), "--output", str(tmp_path / "kit")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_empty_report_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("iiscluster_kb.pipeline.examine", lambda *_, **__: empty_report())
    (tmp_path / "case").mkdir()
    assert cli.main(["fix", str(tmp_path / "case"), "--output", str(tmp_path / "kit")]) == 0
    err = capsys.readouterr().err
    assert "no patches: nothing was found that a registry value mends" in err
    assert f"wrote 4 files to {tmp_path}/kit" in err
