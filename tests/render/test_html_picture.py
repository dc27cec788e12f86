"""The picture, as data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.model import (
    Absent,
    Cause,
    FileEntry,
    FileSubject,
    KeySubject,
    MachineProfile,
    Present,
    Role,
    Source,
    Specimen,
    Unknown,
    ValueSubject,
    Verdict,
)
from iiscluster_kb.registry import RegistryValue, ValueType, multi_sz, sz
from iiscluster_kb.render._html.picture import draw_picture
from tests.support.reports import (
    CLSID,
    MISSING_DLL,
    SERVER_KEY,
    TYPE_KEY,
    UNREGISTERED,
    case_file,
    finding,
)

if TYPE_CHECKING:
    from iiscluster_kb.model import AnyFact, Finding

from tests.render.html_reports import CLASS_KEY, CLUSDB, CONFIRMED, DLL, ELSEWHERE, report_of


def chain(
    value: Finding | None = None, registered: Finding | None = None, file: Finding | None = None
) -> list[tuple[str, str]]:
    picture = draw_picture(report_of(*filter(None, (value, registered, file))))
    assert picture is not None
    return [(link.word, link.detail) for link in picture.lanes[0].links]


def key_fact(state: str = "there") -> AnyFact:
    subject = KeySubject("NODE1", CLASS_KEY)
    source = Source(case_file("NODE1/SOFTWARE"), str(CLASS_KEY))
    return Present(subject, "x", source) if state == "there" else Absent(subject, source)


def type_fact(state: str) -> AnyFact:
    subject = ValueSubject("NODE1", TYPE_KEY, "AdminExtensions")
    match state:
        case "no value":
            return Absent(subject, CLUSDB)
        case "no type":
            return Absent(
                subject, Source(case_file("NODE1/CLUSDB"), r"HKEY_LOCAL_MACHINE\Cluster\ResourceTypes")
            )
        case "no key":
            return Absent(KeySubject("NODE1", TYPE_KEY), CLUSDB)
        case "unknown":
            return Unknown(subject, "nothing covers it")
        case _:
            return Present(subject, RegistryValue("v", ValueType.REG_MULTI_SZ, multi_sz(CLSID)), CLUSDB)


@pytest.mark.parametrize(
    ("state", "word", "detail"),
    [
        ("there", "holds", "the cluster has the type"),
        ("no value", "holds", "the cluster has the type"),
        ("no type", "absent", "the cluster has no such type"),
        ("no key", "absent", "the cluster has no such type"),
        ("unknown", "NOT KNOWN", "the evidence does not tell"),
    ],
)
def test_the_link_to_the_resource_type(state: str, word: str, detail: str) -> None:
    assert chain(value=finding(facts=(type_fact(state),)))[0] == (word, detail)


@pytest.mark.parametrize(
    "detail", ["absent", "wrong-type", "no-braces", "hidden", "unterminated", "misspelt-key"]
)
def test_every_known_break_has_words_of_its_own(detail: str) -> None:
    word, said = chain(value=replace(CONFIRMED, detail=detail))[1]
    assert word == "BROKEN"
    assert said != detail.replace("-", " ")


def test_a_detail_of_the_future_is_told_as_it_is() -> None:
    assert chain(value=replace(CONFIRMED, detail="on-fire"))[1] == ("BROKEN", "on fire")


def test_a_registration_that_leads_nowhere_breaks_behind_the_server() -> None:
    path = Present(
        ValueSubject("NODE1", SERVER_KEY, ""),
        RegistryValue("", ValueType.REG_SZ, sz(r"C:\gone.dll")),
        Source(case_file("NODE1/SOFTWARE"), str(SERVER_KEY)),
    )
    gone = Absent(FileSubject("NODE1", r"C:\gone.dll"), Source(case_file("NODE1/dir.txt")))
    nowhere = finding(
        UNREGISTERED, verdict=Verdict.LIKELY, detail="server-not-found", facts=(key_fact(), path, gone)
    )
    report = report_of(finding(facts=(type_fact("there"),)), nowhere, finding(MISSING_DLL))
    picture = draw_picture(report)
    assert picture is not None
    (lane,) = picture.lanes
    assert [link.word for link in lane.links] == ["holds", "holds", "holds", "LIKELY BROKEN"]
    assert [box.beyond for box in lane.boxes] == [False, False, False, False, True]
    assert [box.value for box in lane.boxes] == [
        "WEBCLUS",
        "IIS Server Instance",
        CLSID,
        r"C:\gone.dll",
        r"C:\gone.dll",
    ]
    assert lane.caption == "Broken between In-process server and DLL: no such file."
    assert "In-process server to DLL: LIKELY BROKEN, no such file." in lane.words


def test_a_whole_chain_and_its_stations() -> None:
    listed = Present(FileSubject("NODE1", DLL), FileEntry(DLL, 65_664), Source(case_file("NODE1/dir.txt")))
    specimen = Specimen(case_file("NODE1/x.dll"), "pe", "x.dll", DLL, 65_664, None, "x86", None, "4.2.742.1")
    collected = Present(FileSubject("NODE1", DLL), specimen, Source(specimen.file))
    picture = draw_picture(
        report_of(
            finding(facts=(type_fact("there"),)),
            finding(UNREGISTERED, facts=(key_fact(),)),
            finding(MISSING_DLL, facts=(listed, collected)),
        )
    )
    assert picture is not None
    (lane,) = picture.lanes
    assert (lane.word, lane.caption) == ("whole", "Whole from end to end.")
    assert lane.boxes[-1].note == "65,664 bytes, x86, 4.2.742.1"


@pytest.mark.parametrize(
    ("fact", "value", "note"),
    [
        (Absent(FileSubject("NODE1", DLL), Source(case_file("d"))), DLL, "absent"),
        (Unknown(FileSubject("NODE1", DLL), "no listing"), DLL, "not known"),
    ],
)
def test_a_dll_that_is_not_seen(fact: AnyFact, value: str, note: str) -> None:
    picture = draw_picture(report_of(finding(MISSING_DLL, facts=(fact,))))
    assert picture is not None
    assert (picture.lanes[0].boxes[-1].value, picture.lanes[0].boxes[-1].note) == (value, note)


@pytest.mark.parametrize(
    ("fact", "value"),
    [(key_fact("absent"), "none"), (Unknown(KeySubject("NODE1", CLASS_KEY), "not collected"), "not known")],
)
def test_a_server_that_is_not_named(fact: AnyFact, value: str) -> None:
    picture = draw_picture(report_of(finding(UNREGISTERED, verdict=Verdict.UNDETERMINED, facts=(fact,))))
    assert picture is not None
    assert picture.lanes[0].boxes[3].value == value
    assert picture.lanes[0].caption == "Not all of it is known."


def test_several_breaks_and_none_that_applies() -> None:
    picture = draw_picture(
        report_of(
            CONFIRMED,
            finding(UNREGISTERED, verdict=Verdict.CONFIRMED, detail="absent"),
            replace(ELSEWHERE, machine="NODE2"),
        )
    )
    assert picture is not None
    first, second = picture.lanes
    assert first.caption.startswith("Broken at 2 links, first between Resource type and CLSID")
    assert (second.word, second.caption) == ("not applicable", "There is no cluster service.")


def test_an_operator_s_machine_and_a_case_of_other_articles_have_no_chain() -> None:
    operator = MachineProfile("ADMINPC", Role.OPERATOR, None, None, None, None, None)
    assert draw_picture(report_of(replace(ELSEWHERE, machine="ADMINPC"), machines=(operator,))) is None
    assert draw_picture(report_of(finding(Cause("Q1/x", "X")))) is None


@pytest.mark.parametrize("name", ["N" * 500, "\u65e5" * 500, "\x1b" * 500])
def test_a_long_name_is_cut_to_its_box(name: str) -> None:
    picture = draw_picture(report_of(CONFIRMED, cluster=name))
    assert picture is not None
    assert len(picture.lanes[0].boxes[0].value) <= 39
