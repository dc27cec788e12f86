from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest
from jsonschema import Draft7Validator, FormatChecker

import iiscluster_kb
from iiscluster_kb.model import (
    Absent,
    FileSubject,
    KeySubject,
    Present,
    Remedy,
    Skipped,
    Source,
    StatedSubject,
    Verdict,
)
from iiscluster_kb.remedy.patch_text import format_patch
from iiscluster_kb.render import render
from tests.render.hostile import HOSTILE, hostile_report, scenario_reports
from tests.support.reports import TYPE_KEY, case_file, empty_report, finding, full_report

if TYPE_CHECKING:
    from iiscluster_kb import Report

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json").read_text("utf-8"))
VALIDATOR = Draft7Validator(SCHEMA, format_checker=FormatChecker())


def log_of(report: Report) -> Any:
    (document,) = render(report, "sarif")
    assert document.name == "report.sarif"
    return json.loads(document.content)


def run_of(report: Report) -> Any:
    (run,) = log_of(report)["runs"]
    return run


def messages(node: Any) -> list[str]:
    """Every text that readers take for a message with placeholders and links."""
    match node:
        case {"text": str() as text, **rest} if "binary" not in rest:
            return [text]
        case dict():
            return [text for name, below in node.items() if name != "properties" for text in messages(below)]
        case list():
            return [text for below in node for text in messages(below)]
        case _:
            return []


def test_the_schema_is_a_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("report", [empty_report(), full_report()], ids=["empty", "full"])
def test_logs_obey_the_schema(report: Report) -> None:
    VALIDATOR.validate(log_of(report))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_evidence_obeys_the_schema_too(text: str) -> None:
    VALIDATOR.validate(log_of(hostile_report(text)))


def test_every_scenario_obeys_the_schema() -> None:
    for report in scenario_reports():
        log = log_of(report)
        VALIDATOR.validate(log)
        assert len(log["runs"][0]["results"]) == len(report.findings)
        check_references(log["runs"][0])


def check_references(run: Any) -> None:
    """What the schema cannot say: each index leads to what it names."""
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == ("error" if result["kind"] == "fail" else "none")
        for location in result.get("locations", []) + result.get("relatedLocations", []):
            check_artifact(run, location.get("physicalLocation", {}).get("artifactLocation", {}))
        for attachment in result.get("attachments", []):
            check_artifact(run, attachment["artifactLocation"])


def check_artifact(run: Any, location: Any) -> None:
    if "index" in location:
        assert run["artifacts"][location["index"]]["location"]["uri"] == location["uri"]
    assert location.get("uriBaseId", "CASE") in run["originalUriBaseIds"]


def test_a_verdict_is_a_kind_and_a_level() -> None:
    verdicts = [finding(verdict=verdict) for verdict in Verdict]
    verdicts += [finding(verdict=verdict, weighs=False) for verdict in Verdict]
    results = run_of(replace(empty_report(), findings=tuple(verdicts)))["results"]
    assert [(result["kind"], result["level"]) for result in results] == [
        ("fail", "error"),
        ("review", "none"),
        ("pass", "none"),
        ("open", "none"),
        ("notApplicable", "none"),
        ("informational", "none"),
        ("informational", "none"),
        ("pass", "none"),
        ("open", "none"),
        ("notApplicable", "none"),
    ]


def test_a_cause_is_a_rule_with_its_article() -> None:
    driver = run_of(full_report())["tool"]["driver"]
    assert driver["semanticVersion"] == iiscluster_kb.__version__
    rule = driver["rules"][2]
    assert rule["id"] == "Q224553/admin-extensions-missing"
    assert rule["name"] == "AdminExtensionsMissing"
    assert rule["helpUri"] == "https://jeffpar.github.io/kbarchive/kb/224/Q224553/"
    assert "IIS Server Instance parameters window is missing" in rule["help"]["text"]
    assert len(driver["rules"]) == 4


def test_the_help_is_the_text_of_the_article_where_the_report_has_it() -> None:
    report = full_report()
    told = replace(report.articles[0], text="Symptom\n  {1} of it.")
    rules = run_of(replace(report, articles=(told,)))["tool"]["driver"]["rules"]
    assert rules[0]["help"]["text"] == "Symptom\n  {{1}} of it."


def test_a_cause_of_an_article_without_summary_has_no_help() -> None:
    (rule,) = run_of(replace(empty_report(), findings=(finding(),)))["tool"]["driver"]["rules"]
    assert "helpUri" not in rule


def test_the_last_fact_with_a_source_is_the_location() -> None:
    result = run_of(full_report())["results"][2]
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "NODE1/CLUSDB", "uriBaseId": "CASE", "index": 0},
        "region": {"byteOffset": 4128},
    }
    assert location["logicalLocations"] == [
        {
            "fullyQualifiedName": r"NODE1\HKLM\Cluster\ResourceTypes\IIS Server Instance : AdminExtensions",
            "name": "AdminExtensions",
            "kind": "value",
        }
    ]
    assert len(result["relatedLocations"]) == 1
    assert result["relatedLocations"][0]["logicalLocations"][0]["kind"] == "key"


def test_a_line_of_a_listing_is_a_region_of_text() -> None:
    related = run_of(full_report())["results"][0]["relatedLocations"]
    assert related[0]["physicalLocation"]["region"] == {"startLine": 17}
    assert related[0]["logicalLocations"][0]["name"] == "iisclex4.dll"


def test_a_fact_without_a_source_has_no_place_in_a_file() -> None:
    result = run_of(full_report())["results"][6]
    assert "locations" not in result
    assert "physicalLocation" not in result["relatedLocations"][0]
    assert result["relatedLocations"][0]["logicalLocations"][0]["kind"] == "statement"


def test_the_same_fact_cited_twice_is_told_once() -> None:
    stated = Present(StatedSubject("NODE1", "it"), True, None)  # noqa: FBT003 - a fact's value
    report = replace(empty_report(), findings=(finding(facts=(stated, stated)),))
    VALIDATOR.validate(log_of(report))
    assert len(run_of(report)["results"][0]["relatedLocations"]) == 1


def test_a_file_that_is_no_artifact_is_named_without_index() -> None:
    fact = Absent(KeySubject("NODE1", TYPE_KEY), Source(case_file("x/C:/a b%.txt")))
    report = replace(empty_report(), findings=(finding(facts=(fact,)),))
    location = run_of(report)["results"][0]["locations"][0]["physicalLocation"]
    assert location == {"artifactLocation": {"uri": "x/C%3A/a%20b%25.txt", "uriBaseId": "CASE"}}


@pytest.mark.parametrize("path", ["C:/x", "//host/share", "/etc/passwd", "a?b#c", "é\ud800", "http://x/"])
def test_no_path_becomes_an_address(path: str) -> None:
    report = replace(empty_report(), skipped=(Skipped(path, "unknown format"),))
    VALIDATOR.validate(log_of(report))
    (notification,) = run_of(report)["invocations"][0]["toolExecutionNotifications"]
    uri = notification["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
    assert not uri.startswith("/")
    assert unquote(uri, errors="surrogatepass") == path


def test_files_that_were_not_used_are_notifications() -> None:
    invocation = run_of(full_report())["invocations"][0]
    assert invocation["executionSuccessful"]
    assert [one["message"]["text"] for one in invocation["toolExecutionNotifications"]] == [
        "NODE1/readme.txt is not used: unknown format",
        "NODE2/SOFTWARE is not used: no hive header",
    ]


def test_artifacts_have_their_hashes() -> None:
    report = full_report()
    artifacts = run_of(report)["artifacts"]
    for artifact, told in zip(report.artifacts, artifacts, strict=False):
        assert told["hashes"] == {"sha-256": artifact.sha256}
        assert told["length"] == artifact.size
        assert told["properties"]["givenBecause"] == artifact.given_because


def test_a_fix_adds_the_patch_and_the_undo_is_attached() -> None:
    report = full_report()
    run = run_of(report)
    result = run["results"][2]
    ((fix,), (attachment,)) = result["fixes"], result["attachments"]
    (change,) = fix["artifactChanges"]
    (addition,) = change["replacements"]
    patch = report.remedy.patches[0]
    assert change["artifactLocation"] == {"uri": "NODE1.reg", "uriBaseId": "KIT"}
    assert b64decode(addition["insertedContent"]["binary"]) == format_patch(patch)
    assert addition["insertedContent"]["text"].encode("ascii") == format_patch(patch)
    assert addition["deletedRegion"] == {"byteOffset": 0, "byteLength": 0}
    undo = run["artifacts"][attachment["artifactLocation"]["index"]]
    assert b64decode(undo["contents"]["binary"]) == format_patch(patch.undo())
    assert "import on NODE1" in fix["description"]["text"]


def test_unicode_patches_are_told_as_text_without_their_mark() -> None:
    undo = run_of(full_report())["artifacts"][-1]
    assert undo["location"]["uri"] == "NODE2-undo.reg"
    assert undo["contents"]["text"].startswith("Windows Registry Editor")
    assert b64decode(undo["contents"]["binary"]).startswith(b"\xff\xfe")


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": Verdict.UNDETERMINED},
        {"machine": None},
        {"machine": "NODE3"},
        {"changes": ()},
    ],
)
def test_what_the_patch_does_not_mend_has_no_fix(change: dict[str, Any]) -> None:
    report = full_report()
    results = run_of(replace(report, findings=(replace(report.findings[2], **change),)))["results"]
    assert "fixes" not in results[0]


def test_a_change_that_is_in_no_patch_is_no_fix() -> None:
    report = full_report()
    others = Remedy(patches=(replace(report.remedy.patches[0], changes=report.remedy.patches[1].changes),))
    assert "fixes" not in run_of(replace(report, remedy=others))["results"][2]


@pytest.mark.parametrize("text", HOSTILE)
def test_messages_hold_neither_placeholder_nor_link(text: str) -> None:
    told = messages(log_of(hostile_report(text)))
    assert len(told) > 20
    for message in told:
        assert "](" not in message
        assert "{" not in message.replace("{{", "")
        assert "}" not in message.replace("}}", "")
        assert message.replace("\n", "").isprintable()


def test_fingerprints_tell_causes_on_machines_apart_and_nothing_else() -> None:
    def prints(report: Report) -> list[str]:
        return [one["partialFingerprints"]["causeOnMachine/v1"] for one in run_of(report)["results"]]

    report = full_report()
    assert len(set(prints(report))) == len(report.findings)
    later = tuple(replace(one, verdict=Verdict.RULED_OUT, explanation="Mended.") for one in report.findings)
    assert prints(replace(report, case="later", findings=later)) == prints(report)
    assert prints(replace(report, cluster="OTHER")) != prints(report)


def test_what_json_says_of_a_finding_is_in_its_properties() -> None:
    report = full_report()
    (document,) = render(report, "json")
    told = json.loads(document.content)
    for found, result in zip(told["findings"], run_of(report)["results"], strict=True):
        assert result["properties"] == {name: found[name] for name in result["properties"]}
        assert result["properties"]["facts"] == found["facts"]


def test_a_listing_of_a_whole_disk_does_not_fill_the_log() -> None:
    artifact = replace(full_report().artifacts[2], holds=tuple(f"C:\\{number}" for number in range(5000)))
    told = run_of(replace(empty_report(), artifacts=(artifact,)))["artifacts"][0]["properties"]
    assert len(told["holds"]) == 64
    assert told["holdsInAll"] == 5000


def test_a_file_subject_is_named_by_its_last_part() -> None:
    fact = Absent(FileSubject("NODE1", r"C:\WINNT\x.dll"), Source(case_file("dir.txt"), line=3))
    result = run_of(replace(empty_report(), findings=(finding(facts=(fact,)),)))["results"][0]
    assert result["locations"][0]["logicalLocations"][0]["name"] == "x.dll"


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render(full_report(), "sarif") == render(full_report(), "sarif")
