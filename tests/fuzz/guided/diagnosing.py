"""Diagnoses a little case from end to end, and holds the report against its promises."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from iiscluster_kb import CaseError, examine, render
from iiscluster_kb.case import open_case
from iiscluster_kb.registry.reg_text import parse_reg
from iiscluster_kb.render import outputs
from tests.fuzz.guided.expanding import LIMITS, member
from tests.fuzz.guided.laws import assert_is_told_in_a_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iiscluster_kb import Report

__all__ = ["bits", "diagnose"]

_SYMPTOM, _ADMINISTERED = 1, 2


def bits(stated: Mapping[str, str]) -> int:
    """What was stated, as ``diagnose`` takes it: the symptom; that Cluster Administrator ran on ADMINPC."""
    return _SYMPTOM * ("symptom" in stated) | _ADMINISTERED * ("administered_from" in stated)


def diagnose(files: Mapping[str, bytes], *, stated: int, output: int) -> None:
    """Ask every article, prove the remedy, tell the report as JSON, as patches and in one more form.

    Args:
        files: The case by its paths.
        stated: See ``bits``.
        output: Chooses the form.
    """
    try:
        report = examine(
            *(member(path, content) for path, content in files.items()),
            symptom="finish-button" if stated & _SYMPTOM else None,
            administered_from="ADMINPC" if stated & _ADMINISTERED else None,
            second_opinion=False,
            limits=LIMITS,
        )
    except CaseError as error:
        assert_is_told_in_a_line(error)
        return
    _assert_is_told(report, outputs()[output % len(outputs())])
    _assert_none_is_lost(report, files)


def _assert_is_told(report: Report, output: str) -> None:
    assert len({(one.cause, one.machine) for one in report.findings}) == len(report.findings)
    (told,) = render(report, "json")
    assert json.loads(told.content)["findings"]
    for document in render(report, "reg"):
        assert not parse_reg(document.content).problems
    for document in render(report, output):
        assert document.content


def _assert_none_is_lost(report: Report, files: Mapping[str, bytes]) -> None:
    """Every file ends as evidence or with a reason, unless it is an archive, whose files do so."""
    told = {one.path for one in report.artifacts} | {one.path for one in report.skipped}
    lost = [path for path in files if path not in told and path != "case.toml"]
    assert all(
        any(one.startswith(f"{path}/") for one in told) or _is_archive(files[path]) for path in lost
    ), lost


def _is_archive(data: bytes) -> bool:
    with open_case(member("x/x", data), member("x/y", b"\0"), limits=LIMITS) as case:
        return "x/x" not in case.files
