"""A report as rows of the store, made in the worker from the report's own JSON, so that the parent only appends."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from iiscluster_kb.render.json import report_json
from iiscluster_kb.triage._nouns import FAULTY
from iiscluster_kb.triage._schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.model import Finding, Report
    from iiscluster_kb.triage._nouns import Row

__all__ = ["rows_of", "verdict_of"]

_GRAVITY = ("confirmed", "likely", "undetermined", "ruled-out", "not-applicable")


def verdict_of(report: Report) -> str:
    """The gravest finding that weighs: what the exit status of ``examine`` tells."""
    verdicts = {finding.verdict.value for finding in report.findings if finding.weighs}
    return next((verdict for verdict in _GRAVITY if verdict in verdicts), "not-applicable")


def rows_of(report: Report, *, all_facts: bool = False) -> dict[str, tuple[Row, ...]]:
    """By table, without the case's key.

    Args:
        report: What was found.
        all_facts: Whether the facts of what is ruled out, not applicable or no open question are told, too. They
            are forty times as many.
    """
    # The rest of a report has no place in the store, and making it costs as much as all that has.
    kept = tuple(
        finding if all_facts or _is_open(finding) else replace(finding, facts=())
        for finding in report.findings
    )
    told: Any = report_json(replace(report, findings=kept, extensions=(), comparison=()))
    findings = list(enumerate(told["findings"], 1))
    return {
        "machines": _picked("machines", told["machines"]),
        "artifacts": _picked("artifacts", told["artifacts"]),
        "findings": tuple(
            (
                number,
                finding["id"],
                finding["article"],
                finding["machine"],
                finding["verdict"],
                finding["detail"],
                finding["explanation"],
                finding["weighs"],
                tuple(finding["collect"]),
            )
            for number, finding in findings
        ),
        "facts": tuple(_fact(number, fact) for number, finding in findings for fact in finding["facts"]),
        "patches": tuple(row for patch in told["remedy"]["patches"] for row in _patch(patch)),
        "errors": tuple(("file", skipped["path"], skipped["reason"]) for skipped in told["skipped"]),
    }


def _is_open(finding: Finding) -> bool:
    verdict = finding.verdict.value
    return verdict in FAULTY or (verdict == "undetermined" and finding.weighs)


def _picked(table: str, items: list[dict[str, Any]]) -> tuple[Row, ...]:
    columns = tuple(TABLES[table])
    return tuple(tuple(item[column] for column in columns) for item in items)


def _fact(number: int, fact: dict[str, Any]) -> Row:
    source = fact["source"] or {}
    value, opinions = fact["value"], fact["second_opinion"]
    return (
        number,
        fact["subject"],
        fact["state"],
        None if value is None else value if isinstance(value, str) else json.dumps(value),
        fact["reason"],
        source.get("path"),
        source.get("sha256"),
        source.get("key"),
        source.get("offset"),
        source.get("line"),
        source.get("last_written"),
        opinions["python-registry"],
        opinions["regipy"],
    )


def _patch(patch: dict[str, Any]) -> Iterator[Row]:
    for change in patch["changes"]:
        before, after = change["before"] or {}, change["after"] or {}
        yield (
            patch["machine"],
            patch["file"],
            patch["dialect"],
            change["key"],
            change["name"],
            before.get("type"),
            before.get("data"),
            after.get("type"),
            after.get("data"),
        )
