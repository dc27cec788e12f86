"""A remedy that fails its proof is not handed out, and costs neither the diagnosis nor what can be proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb import examine, pipeline, render
from iiscluster_kb.errors import RemedyError
from iiscluster_kb.remedy.proof import prove
from tests.support.scenarios import FIXTURES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

    from iiscluster_kb.model import Finding, Proof, Remedy
    from iiscluster_kb.remedy.supposition import Supposition

CASE = FIXTURES / "scenarios" / "value-absent" / "case"


def test_nothing_is_handed_out_that_fails_its_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> tuple[Proof, ...]:
        raise RemedyError("the step 'x' makes y worse")

    monkeypatch.setattr(pipeline, "prove", refuse)
    report = examine(CASE, second_opinion=False)
    assert {f.cause.id for f in report.findings if f.verdict == "confirmed"} == {
        "Q224553/admin-extensions-missing"
    }
    assert (report.remedy.patches, report.remedy.proof) == ((), ())
    (step,) = report.remedy.plan
    assert "the step 'x' makes y worse" in (step.reason or "")
    assert render(report, "reg") == ()
    assert b"failed its proof" in render(report, "plan")[0].content


def test_what_leads_is_mended_where_the_rest_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def refuse_once(
        remedy: Remedy,
        findings: Sequence[Finding],
        rediagnose: Callable[[Supposition], Sequence[Finding]],
    ) -> tuple[Proof, ...]:
        calls.append({finding.cause.article for finding in findings})
        if len(calls) == 1:
            raise RemedyError("two findings want different data")
        return prove(remedy, findings, rediagnose)

    monkeypatch.setattr(pipeline, "prove", refuse_once)
    report = examine(CASE, second_opinion=False)
    assert calls[1] == {"Q224553"}
    assert [patch.machine for patch in report.remedy.patches] == ["NODE1", "NODE2"]
    assert len(report.remedy.proof) == 2
    assert "two findings want different data" in (report.remedy.plan[0].reason or "")
