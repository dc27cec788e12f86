"""Every folder of fixtures/scenarios is a test: verdicts, exit status, golden outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iiscluster_kb import examine, render
from iiscluster_kb.cli import main
from tests.support.scenarios import SCENARIOS

if TYPE_CHECKING:
    from iiscluster_kb import Report
    from tests.support.scenarios import Scenario

LOCAL = ("dll-missing", "clsid-unregistered", "admin-extensions-missing")


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    return {}


def report_of(scenario: Scenario, reports: dict[str, Report]) -> Report:
    if scenario.name not in reports:
        reports[scenario.name] = examine(
            scenario.case, articles=["Q224553"], media=scenario.media, **scenario.options
        )
    return reports[scenario.name]


def expected_verdicts(scenario: Scenario) -> dict[tuple[str, str | None], tuple[str, str]]:
    """What the scenario names; where it is silent, ruled out on both nodes and remote administration open."""
    expected: dict[tuple[str, str | None], tuple[str, str]] = {
        (f"Q224553/{cause}", node): ("ruled-out", "ok") for cause in LOCAL for node in ("NODE1", "NODE2")
    }
    named = {(v["cause"], v.get("machine")): (v["verdict"], v["detail"]) for v in scenario.verdicts}
    if not any(cause.endswith("remote-administration") for cause, _ in named):
        expected["Q224553/remote-administration", None] = ("undetermined", "")
    return expected | named


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_verdicts(scenario: Scenario, reports: dict[str, Report]) -> None:
    findings = report_of(scenario, reports).findings
    found = {(f.cause.id, f.machine): (str(f.verdict), f.detail) for f in findings}
    assert found == expected_verdicts(scenario)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_golden_outputs(scenario: Scenario, reports: dict[str, Report]) -> None:
    report = report_of(scenario, reports)
    made = {
        document.name: document.content
        for output in ("json", "plan", "reg", "steps", "text")
        for document in render(report, output)
    }
    kept = {path.name: path.read_bytes() for path in (scenario.folder / "expected").iterdir()}
    assert made.keys() == kept.keys()
    for name, content in made.items():
        assert content.decode("latin-1") == kept[name].decode("latin-1"), name


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_exit_status(scenario: Scenario, capfd: pytest.CaptureFixture[str]) -> None:
    chosen = ["--no-second-opinion", "--article", "Q224553"]
    status = main(["examine", str(scenario.case), *chosen, *scenario.arguments])
    assert status == scenario.exit_status
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_whole_plan_is_proved(scenario: Scenario, reports: dict[str, Report]) -> None:
    report = report_of(scenario, reports)
    proved = {(proof.machine, proof.finding) for proof in report.remedy.proof}
    assert proved == {
        (finding.machine, finding.cause.id)
        for finding in report.findings
        if finding.verdict in {"confirmed", "likely"}
        and not finding.cause.id.endswith("remote-administration")
    }
    assert all(proof.after == "ruled-out" for proof in report.remedy.proof)


def test_there_are_enough() -> None:
    assert len(SCENARIOS) >= 25


def test_a_nested_mixed_dirty_case_is_judged_as_its_clean_twin(reports: dict[str, Report]) -> None:
    """A tar of zip archives with SYSTEM as REGEDIT4, SOFTWARE as reg query, CLUSDB with its log, German listings."""
    by_name = {scenario.name: scenario for scenario in SCENARIOS}
    twins = ("several-faults", "several-faults-in-a-nested-mixed-dirty-case")
    clean, mixed = (report_of(by_name[name], reports) for name in twins)
    assert {artifact.containers for artifact in mixed.artifacts} == {("tar", "zip")}
    assert {artifact.format for artifact in mixed.artifacts} == {
        *("registry-hive", "transaction-log", "reg-export", "reg-query", "dir-listing")
    }
    assert {artifact.state for artifact in mixed.artifacts} == {"clean", "recovered"}
    judged, judged_too = (
        [(f.cause.id, f.machine, f.verdict, f.detail, f.explanation, f.collect) for f in report.findings]
        for report in (clean, mixed)
    )
    assert judged_too == judged
    for output in ("plan", "reg", "steps"):
        assert render(mixed, output) == render(clean, output), output
