"""The report as JSON, schema ``iiscluster-kb/report/1``: one small function for each noun.

The text is ASCII: what terminals obey or hide is escaped as JSON escapes it. A surrogate without a partner,
which strict readers refuse, is written as the six visible characters of its escape.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, TypeAlias

import iiscluster_kb
from iiscluster_kb.model import Absent, Answer, Document, FileEntry, Present, Specimen, Unknown
from iiscluster_kb.registry import RegistryValue
from iiscluster_kb.remedy.naming import name_patches
from iiscluster_kb.render import Renderer
from iiscluster_kb.render._words import key_name, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.model import (
        AnyFact,
        ArticleSummary,
        Artifact,
        ExtensionChain,
        Finding,
        Likeness,
        MachineProfile,
        Media,
        MediaFile,
        Opinion,
        Proof,
        Remedy,
        Report,
        Skipped,
        Source,
        Step,
        ValueChange,
    )
    from iiscluster_kb.remedy.naming import NamedPatch
    from iiscluster_kb.render import View

__all__ = [
    "RENDERER",
    "Json",
    "artifact_json",
    "encode",
    "machine_json",
    "media_json",
    "report_json",
    "report_schema",
    "skipped_json",
    "tool_json",
]

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

SCHEMA = "iiscluster-kb/report/1"
_READERS = ("python-registry", "regipy")
_CLIP = 4096
"""Bytes of one value that a fact repeats; the evidence holds the rest."""
_EXPORTS = 256

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_PLAIN = re.compile("[\x7f-\U0010ffff]")


def encode(document: Json) -> bytes:
    """Write a document as indented ASCII JSON that ends with a newline."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    text = _LONE_SURROGATE.sub(lambda match: f"\\\\u{ord(match[0]):04x}", text)
    return _NOT_PLAIN.sub(lambda match: json.dumps(match[0])[1:-1], text).encode("ascii") + b"\n"


def report_schema() -> bytes:
    """The JSON Schema (draft 2020-12) that every report obeys, as shipped."""
    from importlib import resources  # noqa: PLC0415 - 10 ms that no report needs

    return resources.files("iiscluster_kb.render").joinpath("report.schema.json").read_bytes()


def report_json(report: Report) -> Json:
    """The whole report."""
    told: dict[str, Json] = {
        "schema": SCHEMA,
        "tool": tool_json(),
        "case": {
            "name": report.case,
            "symptom": report.stated.symptom,
            "administered_from": report.stated.administered_from,
        },
        "cluster": {"name": report.cluster, "nodes": list(report.nodes)},
        "machines": [machine_json(machine) for machine in report.machines],
        "articles": [_article(article) for article in report.articles],
        "findings": [_finding(finding) for finding in report.findings],
        "remedy": _remedy(report.remedy),
        "artifacts": [artifact_json(artifact) for artifact in report.artifacts],
        "skipped": [skipped_json(skipped) for skipped in report.skipped],
        "extensions": [_extension(chain) for chain in report.extensions],
        "comparison": [_likeness(row) for row in report.comparison],
    }
    if report.media is not None:
        told["media"] = media_json(report.media)
    return told


def _extension(chain: ExtensionChain) -> Json:
    return {
        "machine": chain.machine,
        "clsid": chain.clsid,
        "owner": chain.owner,
        "objects": list(chain.objects),
        "verdict": chain.verdict.value,
        "detail": chain.detail,
        "explanation": chain.explanation,
        "server": chain.server,
        "facts": [_fact(fact) for fact in chain.facts],
    }


def _likeness(row: Likeness) -> Json:
    return {
        "section": row.section,
        "subject": row.subject,
        "answers": [{"machine": machine, "answer": answer} for machine, answer in row.answers],
        "alike": row.alike,
    }


def tool_json() -> Json:
    """This package and its version."""
    return {"name": "iiscluster-kb", "version": iiscluster_kb.__version__}


def machine_json(machine: MachineProfile) -> Json:
    """A machine's profile."""
    return {
        "name": machine.name,
        "role": machine.role.value,
        "windows": machine.windows,
        "service_pack": machine.service_pack,
        "architecture": machine.architecture,
        "system_root": machine.system_root,
        "current_control_set": machine.current_control_set,
    }


def artifact_json(artifact: Artifact) -> Json:
    """A piece of evidence."""
    return {
        "path": artifact.path,
        "format": artifact.format,
        "recognised_by": None if artifact.recognised_by is None else artifact.recognised_by.value,
        "holds": list(artifact.holds),
        "machine": artifact.machine,
        "given_because": artifact.given_because,
        "containers": list(artifact.containers),
        "size": artifact.size,
        "sha256": artifact.sha256,
        "state": artifact.state.value,
        "notes": list(artifact.notes),
    }


def media_json(media: Media) -> Json:
    """Every copy on the media, then what of it could not be looked into."""
    return [*map(_media_file, media.files), *map(_unread, media.unread)]


def _media_file(file: MediaFile) -> Json:
    return {
        "path": file.path,
        "medium": file.medium,
        "archive": file.archive,
        "member": file.member,
        "size": file.size,
        "sha256": file.sha256,
        "version": file.version,
        "linked": None if file.linked is None else moment(file.linked),
        "architecture": file.architecture,
        "can_register": file.can_register,
        "build": file.build,
        "problem": file.problem,
    }


def _unread(skipped: Skipped) -> Json:
    names = ("medium", "archive", "member", "size", "sha256", "version", "linked")
    nothing: dict[str, Json] = dict.fromkeys((*names, "architecture", "can_register", "build"))
    return {"path": skipped.path, **nothing, "problem": skipped.reason}


def skipped_json(skipped: Skipped) -> Json:
    """A file that became no evidence."""
    return {"path": skipped.path, "reason": skipped.reason}


def _article(summary: ArticleSummary) -> Json:
    return {
        "id": summary.article.id,
        "title": summary.article.title,
        "url": summary.article.url,
        "verdict": summary.verdict.value,
        "summary": summary.summary,
        "collect": list(summary.collect),
    }


def _finding(finding: Finding) -> Json:
    return {
        "id": finding.cause.id,
        "title": finding.cause.title,
        "article": finding.cause.article,
        "machine": finding.machine,
        "verdict": finding.verdict.value,
        "detail": finding.detail,
        "explanation": finding.explanation,
        "weighs": finding.weighs,
        "facts": [_fact(fact) for fact in finding.facts],
        "collect": list(finding.collect),
    }


def _fact(fact: AnyFact) -> Json:
    opinions = () if isinstance(fact, Unknown) else fact.opinions
    notes = () if isinstance(fact, Unknown) else fact.notes
    return {
        "subject": str(fact.subject),
        **_answer(fact),
        "source": None if fact.source is None else _source(fact.source),
        "second_opinion": _second_opinion(opinions),
        "notes": [*notes, *_opinion_notes(opinions)],
    }


def _answer(fact: AnyFact) -> dict[str, Json]:
    match fact:
        case Present(value=value):
            return {"state": "present", "value": _value(value), "reason": None}
        case Absent():
            return {"state": "absent", "value": None, "reason": None}
        case Unknown(reason=reason):
            return {"state": "unknown", "value": None, "reason": reason}


def _second_opinion(opinions: Iterable[Opinion]) -> Json:
    answers: dict[str, Json] = dict.fromkeys(_READERS, Answer.NOT_ASKED.value)
    return answers | {opinion.reader: opinion.answer.value for opinion in opinions}


def _opinion_notes(opinions: Iterable[Opinion]) -> Iterator[str]:
    for opinion in opinions:
        if opinion.note is not None:
            yield f"{opinion.reader}: {opinion.note}"


def _source(source: Source) -> Json:
    return {
        "path": source.path,
        "sha256": source.sha256,
        "key": source.key,
        "offset": source.offset,
        "line": source.line,
        "last_written": None if source.last_written is None else moment(source.last_written),
    }


def _value(value: object) -> Json:
    match value:
        case None | bool() | int() | str():
            return value
        case RegistryValue():
            return _clipped(value)
        case FileEntry():
            return _entry(value)
        case Specimen():
            return _specimen(value)
        case tuple() | frozenset():
            texts = map(str, value)
            return [*sorted(texts)] if isinstance(value, frozenset) else [*texts]
        case _:
            return key_name(value) or str(value)


def _clipped(value: RegistryValue) -> dict[str, Json]:
    if len(value.data) <= _CLIP:
        return _registry_value(value)
    shown = RegistryValue(value.name, value.type, value.data[:_CLIP])
    return _registry_value(shown) | {"clipped": len(value.data)}


def _registry_value(value: RegistryValue) -> dict[str, Json]:
    return {"type": value.type_name, "data": value.data.hex(), "strings": list(value.strings())}


def _entry(entry: FileEntry) -> Json:
    return {
        "path": entry.path,
        "size": entry.size,
        "modified": None if entry.modified is None else moment(entry.modified),
        "version": entry.version,
    }


def _specimen(specimen: Specimen) -> Json:
    shown: dict[str, Json] = {
        "path": specimen.file.path,
        "name": specimen.name,
        "windows_path": specimen.windows_path,
        "size": specimen.size,
        "problem": specimen.problem,
        "architecture": specimen.architecture,
        "version": specimen.version,
        "linked": None if specimen.linked is None else moment(specimen.linked),
        "exports": None if specimen.exports is None else list(sorted(specimen.exports)[:_EXPORTS]),
    }
    if specimen.exports is not None and len(specimen.exports) > _EXPORTS:
        shown["clipped"] = len(specimen.exports)
    return shown


def _remedy(remedy: Remedy) -> Json:
    return {
        "patches": [_patch(named) for named in name_patches(remedy.patches)],
        "steps": [_step(number, step) for number, step in enumerate(remedy.plan, 1)],
        "proof": [_proof(proof) for proof in remedy.proof],
    }


def _patch(named: NamedPatch) -> Json:
    return {
        "machine": named.patch.machine,
        "file": named.file,
        "undo_file": named.undo_file,
        "dialect": named.patch.dialect.value,
        "changes": [_change(change) for change in named.patch.changes],
        "warnings": list(named.patch.warnings),
    }


def _change(change: ValueChange) -> Json:
    return {
        "key": str(change.key),
        "name": change.name,
        "before": None if change.before is None else _registry_value(change.before),
        "after": None if change.after is None else _registry_value(change.after),
    }


def _step(number: int, step: Step) -> Json:
    return {
        "number": number,
        "machine": step.machine,
        "phase": step.phase.value,
        "title": step.title,
        "command": step.command,
        "reason": step.reason,
        "expect": step.expect,
        "otherwise": [{"seen": other.seen, "action": other.action} for other in step.otherwise],
        "warnings": list(step.warnings),
    }


def _proof(proof: Proof) -> Json:
    return {
        "machine": proof.machine,
        "finding": proof.finding,
        "before": proof.before.value,
        "after": proof.after.value,
    }


def _render(report: Report, _view: View) -> Iterator[Document]:
    yield Document("report.json", encode(report_json(report)))


RENDERER = Renderer("json", _render)
