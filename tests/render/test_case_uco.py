from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from iiscluster_kb.model import Absent, FileEntry, FileSubject, Present, Source
from iiscluster_kb.render import render
from tests.render.hostile import HOSTILE, hostile_report, scenario_reports
from tests.support.reports import (
    SERVER_KEY,
    TYPE_KEY,
    case_file,
    empty_report,
    finding,
    full_report,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from iiscluster_kb import Report

validates = pytest.mark.skipif(
    find_spec("case_utils") is None,
    reason="case-utils, the validator of the CASE community, is not installed",
)
IDENTIFIER = re.compile(r"kb:[a-z-]+-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def document_of(report: Report) -> bytes:
    (document,) = render(report, "case")
    assert document.name == "report.jsonld"
    return document.content


def nodes_of(report: Report) -> dict[str, Any]:
    nodes = json.loads(document_of(report))["@graph"]
    named = {node["@id"]: node for node in nodes}
    assert len(named) == len(nodes)
    return named


def of_type(report: Report, type_: str) -> list[Any]:
    return [node for node in nodes_of(report).values() if node["@type"] == type_]


def references(node: Any) -> Iterator[str]:
    match node:
        case {"@id": str() as name} if len(node) == 1:
            yield name
        case dict():
            for below in node.values():
                yield from references(below)
        case list():
            for below in node:
                yield from references(below)
        case _:
            pass


def validate(folder: Path, *contents: bytes) -> subprocess.CompletedProcess[str]:
    files = [folder / f"{number}.jsonld" for number, _ in enumerate(contents)]
    for path, content in zip(files, contents, strict=True):
        path.write_bytes(content)
    command = "import sys; from case_utils.case_validate import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", command, *map(str, files)], capture_output=True, text=True, check=False
    )


@validates
def test_bundles_conform_to_the_ontology(tmp_path: Path) -> None:
    smallest = min(scenario_reports(), key=lambda report: len(document_of(report)))
    reports = (full_report(), empty_report(), hostile_report("\x00<\ud800"), smallest)
    result = validate(tmp_path, *map(document_of, reports))
    assert "Conforms: True" in result.stdout, result.stdout + result.stderr
    assert result.returncode == 0


@validates
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b'"uco-types:hashMethod": "SHA256",', b""),
        (b'"uco-core:isDirectional": true', b'"uco-core:isDirectional": "yes"'),
        (b'"uco-core:Bundle"', b'"uco-core:Bundel"'),
    ],
)
def test_the_validator_refuses_what_is_wrong(tmp_path: Path, right: bytes, wrong: bytes) -> None:
    report = full_report()
    small = replace(report, findings=report.findings[2:3], artifacts=report.artifacts[:1])
    content = document_of(small)
    assert right in content
    assert validate(tmp_path, content.replace(right, wrong)).returncode != 0


def test_every_reference_leads_to_a_node() -> None:
    for report in (empty_report(), full_report(), *scenario_reports()):
        nodes = nodes_of(report)
        assert all(IDENTIFIER.fullmatch(name) for name in nodes)
        for node in nodes.values():
            assert (
                set(references({name: value for name, value in node.items() if name != "@id"}))
                <= nodes.keys()
            )


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_text_breaks_the_graph(text: str) -> None:
    content = document_of(hostile_report(text))
    told = json.loads(content)
    assert [node["@type"] for node in told["@graph"]] == [
        node["@type"] for node in json.loads(document_of(hostile_report(" x")))["@graph"]
    ]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", json.dumps(told, ensure_ascii=False))


def test_each_file_has_its_hash_and_its_record() -> None:
    report = full_report()
    nodes = nodes_of(report)
    records = of_type(report, "case-investigation:ProvenanceRecord")
    for artifact, record in zip(report.artifacts, records, strict=True):
        assert record["case-investigation:exhibitNumber"] == artifact.path
        assert artifact.given_because in record["uco-core:description"][0]
        (exhibit,) = references(record["uco-core:object"])
        facets = [nodes[name] for name in references(nodes[exhibit]["uco-core:hasFacet"])]
        assert facets[0]["uco-observable:fileName"] == artifact.path.rpartition("/")[2]
        assert facets[1]["uco-observable:sizeInBytes"] == artifact.size
        (digest,) = references(facets[1]["uco-observable:hash"])
        assert nodes[digest]["uco-types:hashValue"]["@value"] == artifact.sha256


def test_a_hive_says_what_it_holds() -> None:
    kinds = [
        one["uco-observable:hiveType"]
        for one in of_type(full_report(), "uco-observable:WindowsRegistryHiveFacet")
    ]
    assert kinds == [r"HKLM\Cluster", r"HKLM\SOFTWARE", r"HKLM\Cluster"]


def test_archives_around_a_file_are_in_its_record() -> None:
    artifact = replace(full_report().artifacts[0], containers=("tar", "zip"))
    (record,) = of_type(replace(empty_report(), artifacts=(artifact,)), "case-investigation:ProvenanceRecord")
    assert record["uco-core:description"][1] == "inside, from the outermost: tar, zip"


def test_the_action_names_what_it_used_what_it_gave_and_what_failed() -> None:
    report = full_report()
    nodes = nodes_of(report)
    (action,) = of_type(report, "case-investigation:InvestigativeAction")
    assert len(action["uco-action:object"]) == len(report.artifacts)
    assert len(action["uco-action:result"]) == len(report.artifacts) + len(report.findings)
    failed = [nodes[name] for name in references(action["uco-action:error"])]
    assert [one["uco-core:description"] for one in failed] == [["unknown format"], ["no hive header"]]
    (tool,) = references(action["uco-action:instrument"])
    assert nodes[tool]["uco-core:name"] == "iiscluster-kb"


def test_a_finding_is_a_result_that_classifies_what_it_cites() -> None:
    report = full_report()
    nodes = nodes_of(report)
    result = of_type(report, "uco-analysis:AnalyticResult")[2]
    assert result["uco-core:statement"][0] == report.findings[2].explanation
    assert result["uco-core:tag"] == ["confirmed", "other-only"]
    (facet,) = references(result["uco-core:hasFacet"])
    (classification,) = references(nodes[facet]["uco-analysis:classification"])
    assert nodes[classification]["uco-analysis:class"] == "Q224553/admin-extensions-missing: confirmed"
    cited = [
        nodes[name]["@type"].partition(":")[2] for name in references(result["uco-analysis:resultContent"])
    ]
    assert cited == ["Computer", "File", "WindowsRegistryKey", "WindowsRegistryKey"]
    (article,) = references(result["uco-core:externalReference"])
    assert nodes[article]["uco-core:externalIdentifier"] == "Q224553"


def test_a_value_is_where_it_was_read() -> None:
    report = full_report()
    nodes = nodes_of(report)
    values = of_type(report, "uco-observable:WindowsRegistryValue")
    assert [(one["uco-core:name"], one["uco-observable:dataType"]) for one in values] == [
        ("(default)", "reg_sz"),
        ("AdminExtensions", "reg_multi_sz"),
    ]
    assert values[0]["uco-observable:data"] == r"C:\WINNT\system32\inetsrv\iisclex4.dll"
    assert values[1]["uco-observable:data"].startswith("7b003400")
    facets = of_type(report, "uco-observable:WindowsRegistryKeyFacet")
    assert facets[0]["uco-observable:key"] == str(SERVER_KEY)
    assert facets[1]["uco-observable:key"] == str(TYPE_KEY)
    assert facets[1]["uco-observable:modifiedTime"] == {
        "@type": "xsd:dateTime",
        "@value": "1999-05-04T10:11:12Z",
    }
    for relationship in of_type(report, "uco-observable:ObservableRelationship"):
        (cell,) = references(relationship["uco-core:hasFacet"])
        assert nodes[cell]["uco-observable:rangeOffset"] in {4128, 8192}
        assert relationship["uco-core:kindOfRelationship"] == "Contained_Within"


def test_a_listed_file_has_no_time_that_lacks_a_zone() -> None:
    dll = full_report().findings[0].facts[0]
    assert isinstance(dll, Present)
    listed = [
        one
        for one in of_type(full_report(), "uco-observable:FileFacet")
        if one["uco-observable:fileName"] == "iisclex4.dll"
    ]
    assert listed[0]["uco-observable:sizeInBytes"] == 65664
    assert "uco-observable:modifiedTime" not in listed[0]
    zoned = FileEntry(r"C:\x.dll", None, datetime(1999, 1, 2, tzinfo=UTC))
    fact = Present(FileSubject("NODE1", r"C:\x.dll"), zoned, Source(case_file("a.csv")))
    (facet,) = of_type(
        replace(empty_report(), findings=(finding(facts=(fact,)),)), "uco-observable:FileFacet"
    )
    assert facet["uco-observable:modifiedTime"]["@value"] == "1999-01-02T00:00:00Z"
    assert "uco-observable:sizeInBytes" not in facet


def test_a_specimen_is_the_file_itself() -> None:
    report = full_report()
    dll = report.findings[0].facts[1].source
    assert dll is not None
    artifact = replace(report.artifacts[0], path=dll.path, sha256=dll.sha256, format="pe")
    report = replace(report, artifacts=(artifact,), findings=report.findings[:1])
    (result,) = of_type(report, "uco-analysis:AnalyticResult")
    cited = list(references(result["uco-analysis:resultContent"]))
    assert len(cited) == 3
    assert sum(name.startswith("kb:file-") for name in cited) == 1


def test_a_fact_of_a_file_that_is_no_artifact_still_names_its_key() -> None:
    report = replace(full_report(), artifacts=())
    assert not of_type(report, "uco-observable:ObservableRelationship")
    assert len(of_type(report, "uco-observable:WindowsRegistryKey")) == 3


def test_an_absence_is_a_statement_about_the_file() -> None:
    fact = Absent(FileSubject("NODE1", r"C:\x.dll"), Source(case_file("a.csv")))
    (result,) = of_type(
        replace(empty_report(), findings=(finding(facts=(fact,)),)), "uco-analysis:AnalyticResult"
    )
    assert result["uco-core:statement"][1] == r"C:\x.dll: absent"
    assert "uco-analysis:resultContent" not in result


def test_identifiers_follow_the_content() -> None:
    report = full_report()
    assert document_of(report) == document_of(full_report())
    other = replace(report, artifacts=(replace(report.artifacts[0], sha256="0" * 64), *report.artifacts[1:]))
    first, second = nodes_of(report).keys(), nodes_of(other).keys()
    assert {name for name in first - second if name.startswith("kb:bundle")}
    assert {name for name in first & second if name.startswith("kb:tool")}
