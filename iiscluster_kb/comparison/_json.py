"""The comparison as JSON, schema ``iiscluster-kb/verification/1``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from iiscluster_kb.comparison._nouns import Fate
from iiscluster_kb.model import Absent, FileEntry, Present, Unknown
from iiscluster_kb.registry import RegistryValue
from iiscluster_kb.render._words import moment
from iiscluster_kb.render.json import tool_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iiscluster_kb.comparison._nouns import (
        Agreement,
        Application,
        Comparison,
        Fated,
        OtherChange,
        Restart,
        ValueOutcome,
    )
    from iiscluster_kb.model import AnyFact, Finding, Report, Source
    from iiscluster_kb.render.json import Json

__all__ = ["SCHEMA", "comparison_json", "verification_schema"]

SCHEMA = "iiscluster-kb/verification/1"
_CLIP = 4096
"""Bytes of one value that are repeated; the evidence holds the rest."""


def verification_schema() -> bytes:
    """The JSON Schema (draft 2020-12) that every comparison obeys, as shipped."""
    from importlib import resources  # noqa: PLC0415 - 10 ms that no comparison needs

    return resources.files("iiscluster_kb.comparison").joinpath("verification.schema.json").read_bytes()


def comparison_json(comparison: Comparison) -> Json:
    """The whole comparison."""
    counts = Counter(fated.fate for fated in comparison.findings)
    # The two sides may hold files of one path: a fact's hash is that of its own side.
    before, after = _hashes(comparison.before), _hashes(comparison.after)
    return {
        "schema": SCHEMA,
        "tool": tool_json(),
        "exit_status": comparison.status,
        "before": _side(comparison.before),
        "after": _side(comparison.after),
        "same_cluster_by": {"basis": comparison.identity.basis, "told": comparison.identity.told},
        "counts": {fate.value: counts[fate] for fate in Fate},
        "findings": [_fated(fated) for fated in comparison.findings],
        "kit": comparison.kit,
        "patches": [_application(patch, before, after) for patch in comparison.patches],
        "agreement": [_agreement(agreement, after) for agreement in comparison.agreements],
        "restarts": [_restart(restart, before, after) for restart in comparison.restarts],
        "notes": list(comparison.notes),
    }


def _hashes(report: Report) -> Mapping[str, str]:
    return {artifact.path: artifact.sha256 for artifact in report.artifacts}


def _side(report: Report) -> Json:
    return {
        "case": report.case,
        "cluster": report.cluster,
        "nodes": list(report.nodes),
        "symptom": report.stated.symptom,
        "administered_from": report.stated.administered_from,
    }


def _fated(fated: Fated) -> Json:
    return {
        "id": fated.shown.cause.id,
        "title": fated.shown.cause.title,
        "article": fated.shown.cause.article,
        "machine": fated.shown.machine,
        "fate": fated.fate.value,
        "before": _finding(fated.before),
        "after": _finding(fated.after),
    }


def _finding(finding: Finding | None) -> Json:
    if finding is None:
        return None
    return {
        "machine": finding.machine,
        "verdict": finding.verdict.value,
        "detail": finding.detail,
        "explanation": finding.explanation,
        "weighs": finding.weighs,
        "collect": list(finding.collect),
    }


def _application(patch: Application, before: Mapping[str, str], after: Mapping[str, str]) -> Json:
    return {
        "machine": patch.machine,
        "file": patch.file,
        "extent": patch.extent.value,
        "values": [
            {
                **_two_sides(value, before, after),
                "key": str(value.delivered.key),
                "name": value.delivered.name,
                "outcome": value.outcome.value,
                "delivered": _registry_value(value.delivered.value),
            }
            for value in patch.values
        ],
        "other_changes": [
            {**_two_sides(change, before, after), "key": str(change.key), "name": change.name}
            for change in patch.other_changes
        ],
        "doubts": list(patch.doubts),
    }


def _two_sides(
    noun: ValueOutcome | OtherChange, before: Mapping[str, str], after: Mapping[str, str]
) -> dict[str, Json]:
    return {"before": _fact(noun.before, before), "after": _fact(noun.after, after)}


def _agreement(agreement: Agreement, hashes: Mapping[str, str]) -> Json:
    return {
        "subject": agreement.subject,
        "accord": agreement.accord.value,
        "nodes": [{"machine": machine, **_fact(fact, hashes)} for machine, fact in agreement.facts],
    }


def _restart(restart: Restart, before: Mapping[str, str], after: Mapping[str, str]) -> Json:
    return {
        "machine": restart.machine,
        "answer": restart.answer.value,
        "clues": [
            {
                "says": clue.says.value,
                "is_proof": clue.is_proof,
                "text": clue.text,
                "before": None if clue.before is None else _fact(clue.before, before),
                "after": None if clue.after is None else _fact(clue.after, after),
            }
            for clue in restart.clues
        ],
    }


def _fact(fact: AnyFact, hashes: Mapping[str, str]) -> dict[str, Json]:
    return {
        "subject": str(fact.subject),
        **_answer(fact),
        "source": None if fact.source is None else _source(fact.source, hashes),
        "notes": [] if isinstance(fact, Unknown) else list(fact.notes),
    }


def _answer(fact: AnyFact) -> dict[str, Json]:
    match fact:
        case Present(value=value):
            return {"state": "present", "value": _value(value), "reason": None}
        case Absent():
            return {"state": "absent", "value": None, "reason": None}
        case Unknown(reason=reason):
            return {"state": "unknown", "value": None, "reason": reason}


def _value(value: object) -> Json:
    match value:
        case RegistryValue():
            return _registry_value(value)
        case FileEntry():
            return {
                "path": value.path,
                "size": value.size,
                "modified": None if value.modified is None else moment(value.modified),
                "version": value.version,
            }
        case _:
            return str(value)


def _registry_value(value: RegistryValue | None) -> Json:
    if value is None:
        return None
    shown = RegistryValue(value.name, value.type, value.data[:_CLIP])
    told: dict[str, Json] = {
        "type": value.type_name,
        "data": shown.data.hex(),
        "strings": list(shown.strings()),
    }
    if len(value.data) > _CLIP:
        told["clipped"] = len(value.data)
    return told


def _source(source: Source, hashes: Mapping[str, str]) -> Json:
    return {
        "path": source.path,
        "sha256": hashes.get(source.path),
        "key": source.key,
        "offset": source.offset,
        "line": source.line,
        "last_written": None if source.last_written is None else moment(source.last_written),
    }
