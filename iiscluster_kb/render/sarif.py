r"""The report as SARIF 2.1.0 (OASIS standard with errata 01), for tools that gather results of analyses.

A cause is a rule, a finding a result: CONFIRMED is ``fail`` with level ``error``; LIKELY ``review``, ruled out
``pass``, undetermined ``open``, not applicable ``notApplicable``, and what is merely worth knowing
``informational``, all with level ``none`` as section 3.27.10 demands. The fact that decides is the location, the
others are related locations. Whatever the JSON output says of a finding is in the result's properties.

A fix of SARIF changes files, and evidence is never changed. So the fix of a finding adds the patch as a new file
to a folder of its own (``KIT``), to be imported on its node, and says so; the undo is an attachment.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import iiscluster_kb
from iiscluster_kb.model import (
    FOUND,
    Document,
    FileSubject,
    KeySubject,
    StatedSubject,
    ValueSubject,
    Verdict,
)
from iiscluster_kb.registry import fold
from iiscluster_kb.remedy.naming import name_patches
from iiscluster_kb.remedy.patch_text import format_patch
from iiscluster_kb.render import Renderer
from iiscluster_kb.render._escape import printable
from iiscluster_kb.render._words import fact_words, machine_words, place
from iiscluster_kb.render.json import encode, report_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iiscluster_kb.model import AnyFact, Artifact, Finding, Patch, Report, Skipped, Source, Subject
    from iiscluster_kb.remedy.naming import NamedPatch
    from iiscluster_kb.render import View
    from iiscluster_kb.render.json import Json

__all__ = ["RENDERER"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_KINDS = {
    Verdict.CONFIRMED: "fail",
    Verdict.LIKELY: "review",
    Verdict.RULED_OUT: "pass",
    Verdict.UNDETERMINED: "open",
    Verdict.NOT_APPLICABLE: "notApplicable",
}
_NOT_USED = "file-not-used"
_HELD = 64
"""Places that an artifact's properties name; a listing of a whole disk holds thousands."""

_Named = dict[str, "Json"]


def _render(report: Report, _view: View) -> Iterator[Document]:
    log: _Named = {"version": "2.1.0", "$schema": _SCHEMA, "runs": [_run(report)]}
    yield Document("report.sarif", encode(log))


def _run(report: Report) -> _Named:
    told: Any = json.loads(encode(report_json(report)))
    patches = {named.patch.machine: named for named in name_patches(report.remedy.patches)}
    causes = {finding.cause.id: at for at, finding in enumerate(_first_of_causes(report))}
    places = {artifact.path: at for at, artifact in enumerate(report.artifacts)}
    undo_places = {machine: len(places) + at for at, machine in enumerate(patches)}
    return {
        "tool": {"driver": _driver(report)},
        "automationDetails": {"id": f"iiscluster-kb/{report.cluster or report.case}/"},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [_notification(skipped) for skipped in report.skipped],
            }
        ],
        "originalUriBaseIds": {
            "CASE": {"description": _message("The case, as the examination was given it.")},
            "KIT": {"description": _message("A folder for patches; what the fix command writes.")},
        },
        "artifacts": [
            *(_artifact(artifact) for artifact in report.artifacts),
            *(_undo_artifact(named) for named in patches.values()),
        ],
        "results": [
            _result(finding, report, causes[finding.cause.id], places)
            | _mending(finding, patches, undo_places)
            | {"properties": _properties(json_finding)}
            for finding, json_finding in zip(report.findings, told["findings"], strict=True)
        ],
        "columnKind": "utf16CodeUnits",
        "properties": {name: told[name] for name in ("case", "cluster", "machines", "articles")},
    }


def _first_of_causes(report: Report) -> list[Finding]:
    first: dict[str, Finding] = {}
    for finding in report.findings:
        first.setdefault(finding.cause.id, finding)
    return list(first.values())


# --- the tool and what it read ----------------------------------------------------------------------


def _driver(report: Report) -> _Named:
    return {
        "name": "iiscluster-kb",
        "semanticVersion": iiscluster_kb.__version__,
        "rules": [_rule(finding, report) for finding in _first_of_causes(report)],
        "notifications": [
            {
                "id": _NOT_USED,
                "shortDescription": _message("A file of the case became no evidence."),
                "defaultConfiguration": {"level": "warning"},
            }
        ],
    }


def _rule(finding: Finding, report: Report) -> _Named:
    cause = finding.cause
    rule: _Named = {
        "id": cause.id,
        "name": "".join(re.findall("[A-Za-z0-9]+", cause.id.partition("/")[2].title())) or cause.id,
        "shortDescription": _message(f"{cause.title}."),
        "defaultConfiguration": {"level": "error"},
        "properties": {"article": cause.article},
    }
    summary = next((one for one in report.articles if one.article.id == cause.article), None)
    if summary is None:
        return rule
    article = summary.article
    about = summary.text or f"{cause.title}: a cause that article {article.id}, {article.title}, names."
    return rule | {
        "fullDescription": _message(f"{article.id}: {article.title}."),
        "help": _message(about),
        "helpUri": quote(article.url, safe=":/?#[]@!$&'()*+,;=%-._~"),
    }


def _notification(skipped: Skipped) -> _Named:
    return {
        "level": "warning",
        "message": _message(f"{skipped.path} is not used: {skipped.reason}"),
        "descriptor": {"id": _NOT_USED, "index": 0},
        "locations": [{"physicalLocation": {"artifactLocation": _file(skipped.path)}}],
    }


def _artifact(artifact: Artifact) -> _Named:
    return {
        "location": _file(artifact.path),
        "length": artifact.size,
        "hashes": {"sha-256": artifact.sha256},
        "roles": ["analysisTarget"],
        "properties": {
            "path": artifact.path,
            "format": artifact.format,
            "machine": artifact.machine,
            "givenBecause": artifact.given_because,
            "holds": list(artifact.holds[:_HELD]),
            "holdsInAll": len(artifact.holds),
            "state": artifact.state.value,
            "notes": list(artifact.notes),
            "containers": list(artifact.containers),
        },
    }


def _file(path: str, base: str = "CASE") -> _Named:
    # A colon stays encoded: in a first part it would end the name of a scheme. So does a slash that leads.
    uri = quote(path.encode("utf-8", "surrogatepass"), safe="/~")
    return {"uri": f"%2F{uri[1:]}" if uri.startswith("/") else uri, "uriBaseId": base}


# --- results ----------------------------------------------------------------------------------------


def _result(finding: Finding, report: Report, rule: int, places: Mapping[str, int]) -> _Named:
    informs = not finding.weighs and finding.verdict in FOUND
    facts = [_location(fact, places) for fact in finding.facts]
    decisive = max((at for at, fact in enumerate(finding.facts) if fact.source is not None), default=None)
    located: _Named = {}
    if decisive is not None:  # articles cite in the order of their reasoning: the last one decides
        located = {"locations": [facts.pop(decisive)]}
    if facts:
        located["relatedLocations"] = [
            *{str(fact): fact for fact in facts}.values()
        ]  # each once, says the schema
    return {
        "ruleId": finding.cause.id,
        "ruleIndex": rule,
        "kind": "informational" if informs else _KINDS[finding.verdict],
        "level": "error" if finding.verdict is Verdict.CONFIRMED and not informs else "none",
        "message": _message(f"{finding.cause.title} {place(finding)}: {finding.explanation}"),
        "partialFingerprints": {"causeOnMachine/v1": _fingerprint(finding, report)},
        **located,
    }


def _fingerprint(finding: Finding, report: Report) -> str:
    """The same for the same cause on the same machine of the same cluster, in whichever collection."""
    named = (report.cluster or report.case, finding.machine or "", finding.cause.id)
    return sha256("\0".join(map(fold, named)).encode("utf-8", "surrogatepass")).hexdigest()


def _location(fact: AnyFact, places: Mapping[str, int]) -> _Named:
    located: _Named = {"message": _message(f"{fact.subject}: {fact_words(fact)}")}
    if fact.source is not None:
        located["physicalLocation"] = _physical(fact.source, places)
    return located | {"logicalLocations": [_logical(fact.subject)]}


def _physical(source: Source, places: Mapping[str, int]) -> _Named:
    artifact = _file(source.path)
    if source.path in places:
        artifact["index"] = places[source.path]
    if source.line is not None:
        return {"artifactLocation": artifact, "region": {"startLine": source.line}}
    if source.offset is not None:
        return {"artifactLocation": artifact, "region": {"byteOffset": source.offset}}
    return {"artifactLocation": artifact}


def _logical(subject: Subject) -> _Named:
    match subject:
        case KeySubject(key=key):
            return _named(subject.machine, key.short, key.name, "key")
        case ValueSubject(key=key, name=name):
            return _named(subject.machine, str(subject), name or "(default)", "value")
        case FileSubject(path=path):
            return _named(subject.machine, path, path.rpartition("\\")[2], "file")
        case StatedSubject(text=text):
            return _named(subject.machine, text, text, "statement")


def _named(machine: str, full: str, name: str, kind: str) -> _Named:
    return {"fullyQualifiedName": f"{machine}\\{full}", "name": name, "kind": kind}


def _properties(told: dict[str, Any]) -> _Named:
    names = ("machine", "verdict", "detail", "explanation", "weighs", "facts", "collect")
    return {name: told[name] for name in names}


# --- fixes ------------------------------------------------------------------------------------------


def _mending(finding: Finding, patches: Mapping[str, NamedPatch], undo_places: Mapping[str, int]) -> _Named:
    machine = finding.machine
    if machine is None or machine not in patches or finding.verdict not in FOUND:
        return {}
    named = patches[machine]
    if not finding.changes or not set(finding.changes) <= set(named.patch.changes):
        return {}
    where = machine_words(machine)
    undo = _file(named.undo_file, "KIT") | {"index": undo_places[machine]}
    addition: _Named = {
        "deletedRegion": {"byteOffset": 0, "byteLength": 0},
        "insertedContent": _content(named.patch),
    }
    return {
        "fixes": [
            {
                "description": _message(
                    f"Adds {named.file}, a file of registry changes to import on {where} as the plan says."
                ),
                "artifactChanges": [
                    {"artifactLocation": _file(named.file, "KIT"), "replacements": [addition]}
                ],
            }
        ],
        "attachments": [{"description": _message(f"Takes {named.file} back."), "artifactLocation": undo}],
    }


def _undo_artifact(named: NamedPatch) -> _Named:
    undo = named.patch.undo()
    content = format_patch(undo)
    return {
        "location": _file(named.undo_file, "KIT"),
        "length": len(content),
        "hashes": {"sha-256": sha256(content).hexdigest()},
        "roles": ["attachment"],
        "contents": _content(undo),
    }


def _content(patch: Patch) -> _Named:
    content = format_patch(patch)
    text = content.decode("utf-16" if content.startswith(b"\xff\xfe") else "ascii")
    return {"text": text, "binary": b64encode(content).decode("ascii")}


def _message(text: str) -> _Named:
    """A plain text message that shows the text: no placeholder (section 3.11.5), no embedded link (3.11.6)."""
    lines = "\n".join(map(printable, text.split("\n")))
    # Readers differ in how they take a link's brackets when these are escaped; parted, they are none to any.
    return {"text": lines.replace("{", "{{").replace("}", "}}").replace("](", "] (")}


RENDERER = Renderer("sarif", _render)
