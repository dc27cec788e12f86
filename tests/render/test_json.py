from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import iiscluster_kb
from iiscluster_kb.model import Answer as Reply
from iiscluster_kb.model import FileEntry, Opinion, Present, Source, Specimen, StatedSubject
from iiscluster_kb.registry import RegistryValue, ValueType, multi_sz
from iiscluster_kb.render import render
from iiscluster_kb.render.json import encode, report_schema
from tests.render.html_reports import everything_report
from tests.support.reports import (
    CLSID,
    OTHER_CLSID,
    TYPE_KEY,
    WRITTEN,
    case_file,
    empty_report,
    finding,
    full_report,
    infested,
)

if TYPE_CHECKING:
    from iiscluster_kb.model import Report

SCHEMA = json.loads(report_schema())
VALIDATOR = Draft202012Validator(SCHEMA)
LATER = {"extensions", "comparison", "media"}
"""What the first reports of this schema lacked."""


def written(report: Report) -> Any:
    (document,) = render(report, "json")
    assert document.name == "report.json"
    assert document.printed
    return json.loads(document.content)


def fact_of(value: object, **rest: Any) -> Any:
    fact = Present(StatedSubject("NODE1", "it"), value, None, **rest)
    report = replace(empty_report(), findings=(finding(facts=(fact,)),))
    document = written(report)
    VALIDATOR.validate(document)
    return document["findings"][0]["facts"][0]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "report", [empty_report(), full_report(), infested(full_report(), "\x1b[31m\n\ud800")]
)
def test_documents_obey_the_schema(report: Report) -> None:
    VALIDATOR.validate(written(report))


def test_keys_stand_in_the_order_of_the_contract() -> None:
    document = written(full_report())
    assert list(document) == [
        "schema",
        "tool",
        "case",
        "cluster",
        "machines",
        "articles",
        "findings",
        "remedy",
        "artifacts",
        "skipped",
        "extensions",
        "comparison",
    ]
    assert document["schema"] == "iiscluster-kb/report/1"
    assert document["tool"] == {"name": "iiscluster-kb", "version": iiscluster_kb.__version__}
    assert document["case"] == {
        "name": "webclus.zip",
        "symptom": "finish-button",
        "administered_from": "ADMINPC",
    }
    assert document["cluster"] == {"name": "WEBCLUS", "nodes": ["NODE1", "NODE2"]}


def test_a_finding_carries_its_evidence() -> None:
    (confirmed,) = [one for one in written(full_report())["findings"] if one["verdict"] == "confirmed"]
    assert confirmed["id"] == "Q224553/admin-extensions-missing"
    assert confirmed["article"] == "Q224553"
    assert confirmed["machine"] == "NODE1"
    assert confirmed["detail"] == "other-only"
    key, value = confirmed["facts"]
    assert key["value"] == "IIS Server Instance"
    assert value["subject"] == r"HKLM\Cluster\ResourceTypes\IIS Server Instance : AdminExtensions"
    assert value["value"] == {
        "type": "REG_MULTI_SZ",
        "data": multi_sz(OTHER_CLSID).hex(),
        "strings": [OTHER_CLSID],
    }
    assert value["source"] == {
        "path": "NODE1/CLUSDB",
        "sha256": case_file("NODE1/CLUSDB").content.sha256,
        "key": str(TYPE_KEY),
        "offset": 4128,
        "line": None,
        "last_written": "1999-05-04T10:11:12Z",
    }
    assert value["second_opinion"] == {"python-registry": "agrees", "regipy": "disagrees"}
    assert value["notes"] == [
        "The hive has changes that no log gave back.",
        "regipy: lists strings behind the list's end",
    ]


def test_a_fact_that_nobody_read_again_says_so() -> None:
    (undetermined,) = [one for one in written(full_report())["findings"] if one["detail"] == "unknown"]
    damaged, uncovered, absent = undetermined["facts"]
    assert damaged["second_opinion"] == {"python-registry": "not-asked", "regipy": "not-asked"}
    assert damaged["reason"] == "the key's cell is damaged"
    assert uncovered["source"] is None
    assert (absent["state"], absent["value"], absent["reason"]) == ("absent", None, None)


def test_a_time_of_a_listing_has_no_zone() -> None:
    entry, specimen = written(full_report())["findings"][0]["facts"]
    assert entry["value"]["modified"] == "1998-11-05T16:45:00"
    assert entry["source"]["last_written"] == "1998-11-05T16:45:00"
    assert specimen["value"]["linked"] == "1999-05-04T10:11:12Z"


def test_a_time_of_another_zone_is_told_in_utc() -> None:
    moscow = datetime(1999, 5, 4, 13, 11, 12, tzinfo=timezone(timedelta(hours=3)))
    source = Source(case_file("x"), last_written=moscow)
    fact = Present(StatedSubject("NODE1", "it"), None, source)
    document = written(replace(empty_report(), findings=(finding(facts=(fact,)),)))
    assert document["findings"][0]["facts"][0]["source"]["last_written"] == "1999-05-04T10:11:12Z"


def test_changes_hold_both_sides_whole() -> None:
    first, second = written(full_report())["remedy"]["patches"]
    assert (first["machine"], first["file"], first["dialect"]) == ("NODE1", "NODE1.reg", "REGEDIT4")
    (change,) = first["changes"]
    assert change["key"] == r"HKEY_LOCAL_MACHINE\Cluster\ResourceTypes\IIS Server Instance"
    assert change["name"] == "AdminExtensions"
    assert change["before"]["strings"] == [OTHER_CLSID]
    assert change["after"]["strings"] == [OTHER_CLSID, CLSID]
    assert second["dialect"] == "5.00"
    assert second["changes"][0]["before"] is None


def test_an_undo_that_deletes_has_no_after() -> None:
    report = full_report()
    remedy = replace(report.remedy, patches=tuple(patch.undo() for patch in report.remedy.patches))
    document = written(replace(report, remedy=remedy))
    VALIDATOR.validate(document)
    assert document["remedy"]["patches"][1]["changes"][0]["after"] is None


def test_steps_are_numbered() -> None:
    steps = written(full_report())["remedy"]["steps"]
    assert [(step["number"], step["machine"], step["phase"]) for step in steps] == [
        (1, "NODE1", "back-up"),
        (2, "NODE1", "patch"),
        (3, "NODE2", "restart"),
        (4, None, "note"),
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (7, 7),
        ("text", "text"),
        (("a", "b"), ["a", "b"]),
        (frozenset({"b", "a"}), ["a", "b"]),
        (2.5, "2.5"),
        (
            FileEntry("C:\\X", None, None, version="1.2"),
            {"path": "C:\\X", "size": None, "modified": None, "version": "1.2"},
        ),
        (RegistryValue("x", 0x12, b"\x01"), {"type": "0x12", "data": "01", "strings": []}),
    ],
)
def test_a_value_of_any_kind_has_a_form(value: object, shown: object) -> None:
    assert fact_of(value)["value"] == shown


def test_a_long_value_is_clipped_in_a_fact() -> None:
    data = multi_sz("x" * 5000)
    shown = fact_of(RegistryValue("x", ValueType.REG_MULTI_SZ, data))["value"]
    assert shown == {
        "type": "REG_MULTI_SZ",
        "data": data[:4096].hex(),
        "strings": ["x" * 2048],
        "clipped": len(data),
    }


def test_a_specimen_lists_so_many_exports_and_counts_the_rest() -> None:
    exports = frozenset(f"Export{number:04}" for number in range(300))
    specimen = Specimen(case_file("x.dll"), "pe", "x.dll", None, 1, exports=exports, linked=WRITTEN)
    shown = fact_of(specimen)["value"]
    assert shown["exports"] == sorted(exports)[:256]
    assert shown["clipped"] == 300
    unread = fact_of(replace(specimen, exports=None, linked=None))["value"]
    assert unread["exports"] is None
    assert unread["linked"] is None
    assert "clipped" not in unread


def test_a_third_reader_has_its_place() -> None:
    shown = fact_of("x", opinions=(Opinion("hivex", Reply.UNREADABLE),))
    assert shown["second_opinion"] == {
        "python-registry": "not-asked",
        "regipy": "not-asked",
        "hivex": "unreadable",
    }


def test_extensions_media_and_the_comparison_obey_the_schema() -> None:
    report = everything_report()
    told = replace(report, articles=full_report().articles, findings=full_report().findings)
    for text in ("", "\x1b[31m\n\ud800"):
        parts = {name: infested(getattr(told, name), text) for name in ("extensions", "comparison")}
        document = written(replace(told, **parts))
        VALIDATOR.validate(document)
        assert [chain["verdict"] for chain in document["extensions"]] == [
            "ruled-out",
            "undetermined",
            "confirmed",
        ]
        assert [row["alike"] for row in document["comparison"]] == [True, False, None, False]
        assert document["comparison"][2]["answers"][1]["answer"] is None
        assert len(document["media"]) == 3


def objects_in(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every object in the document."""
    found: list[tuple[Any, ...]] = []
    match document:
        case dict():
            found.append(path)
            for name, value in document.items():
                found += objects_in(value, (*path, name))
        case list():
            for index, value in enumerate(document):
                found += objects_in(value, (*path, index))
    return found


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def test_no_object_may_lack_a_field_or_have_one_more() -> None:
    report = everything_report()
    document = written(replace(report, articles=full_report().articles, findings=full_report().findings))
    for path in objects_in(document):
        surplus = copy.deepcopy(document)
        at(surplus, path)["surplus"] = 1
        assert not VALIDATOR.is_valid(surplus), path
        for name in at(document, path):
            if not path and name in LATER:
                continue
            lacking = copy.deepcopy(document)
            del at(lacking, path)[name]
            assert not VALIDATOR.is_valid(lacking), (path, name)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "iiscluster-kb/report/2"),
        (("findings", 0, "verdict"), "maybe"),
        (("findings", 0, "facts", 0, "source", "sha256"), "abc"),
        (("findings", 0, "facts", 0, "source", "last_written"), "yesterday"),
        (("findings", 0, "facts", 0, "reason"), "a reason for what is present"),
        (("artifacts", 0, "state"), "dirty"),
        (("remedy", "steps", 0, "phase"), "later"),
    ],
)
def test_a_wrong_value_is_refused(path: tuple[Any, ...], value: str) -> None:
    document = written(full_report())
    at(document, path[:-1])[path[-1]] = value
    assert not VALIDATOR.is_valid(document)


@given(st.text(st.characters(exclude_categories=())))
def test_text_goes_through_unchanged_and_as_plain_ascii(text: str) -> None:
    content = encode({"name": text})
    assert content.isascii()
    assert content.endswith(b"}\n")
    assert not [byte for byte in content if (byte < 0x20 and byte != 0x0A) or byte == 0x7F]
    escaped = "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in text)
    assert json.loads(content) == {"name": escaped}
