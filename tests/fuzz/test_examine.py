"""Whatever the bytes of a case are, it ends as a report or as one ``CaseError``, within its limits."""

from __future__ import annotations

import io
import json
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb import CaseError, examine, render
from iiscluster_kb.case import Limits, Member, containers, open_case
from iiscluster_kb.evidence import HEAD_SIZE, formats
from iiscluster_kb.model import State
from tests.fuzz.mutations import mutations, spoil
from tests.fuzz.profiles import fuzzed
from tests.fuzz.samples import CONTAINERS, LOGS, NODE, SAMPLES
from tests.support.evidence import case_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iiscluster_kb import Report
    from tests.fuzz.mutations import Mutation

LIMITS = Limits(files=2000, total=16 << 20, member=8 << 20)
EVERYTHING: Mapping[str, bytes] = {**SAMPLES, **CONTAINERS}
CHANGES = mutations()


def look(files: Mapping[str, bytes]) -> Report | None:
    members = [Member(path, len(data), partial(io.BytesIO, data)) for path, data in files.items()]
    try:
        report = examine(*members, articles=["Q224553"], second_opinion=False, limits=LIMITS)
    except CaseError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either end is right, each with its own duty
        return None
    assert sum(artifact.size for artifact in report.artifacts) <= LIMITS.total + sum(map(len, files.values()))
    assert all(skipped.reason for skipped in report.skipped)
    (told,) = (document.content for document in render(report, "json"))
    assert json.loads(told)["schema"]
    return report


def beside(name: str, data: bytes) -> dict[str, bytes]:
    """A spoilt file in the folder of a whole machine, of which it may be a second form."""
    return {**{f"NODE1/{own}": content for own, content in NODE.items()}, f"NODE1/x/{name}": data}


def test_there_is_a_sample_of_everything_that_is_read() -> None:
    found = set()
    for name, data in SAMPLES.items():
        file = case_file(name, data)
        claims = {form.name for form in formats() if form.recognises(data[:HEAD_SIZE])}
        found |= claims or {form.name for form in formats() if form.adopts(file.path)}
    logs = {
        form.name
        for pair in LOGS.values()
        for data in pair.values()
        for form in formats()
        if form.recognises(data)
    }
    assert found | logs == {form.name for form in formats()}
    kinds = set()
    for name, data in CONTAINERS.items():
        content = case_file(name, data).content
        kinds |= {kind.name for kind in containers() if kind.recognises(data[:HEAD_SIZE], content)}
    assert kinds == {kind.name for kind in containers()}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_understood_as_it_is(name: str) -> None:
    report = look({name: SAMPLES[name]})
    assert report is not None
    if not name.endswith("QUOLOG.LOG"):
        assert [(one.path, one.state) for one in report.artifacts] == [(name, State.CLEAN)], report.skipped


@pytest.mark.parametrize("name", EVERYTHING)
@fuzzed(6)
@given(changes=CHANGES, other=st.sampled_from(sorted(EVERYTHING)))
def test_a_spoilt_file_beside_a_whole_machine(name: str, changes: list[Mutation], other: str) -> None:
    report = look(beside(name, spoil(EVERYTHING[name], changes, EVERYTHING[other])))
    assert report is not None
    assert {artifact.path for artifact in report.artifacts} >= {f"NODE1/{own}" for own in NODE}


@pytest.mark.parametrize("name", EVERYTHING)
@fuzzed(3)
@given(changes=CHANGES, other=st.sampled_from(sorted(EVERYTHING)))
def test_a_spoilt_file_alone(name: str, changes: list[Mutation], other: str) -> None:
    data = spoil(EVERYTHING[name], changes, EVERYTHING[other])
    look({name: data} if data else {name: b"\0"})


@pytest.mark.parametrize("kind", LOGS)
@fuzzed(25)
@given(hive=mutations(2) | st.just([]), log=CHANGES)
def test_a_hive_and_its_log_both_spoilt(kind: str, hive: list[Mutation], log: list[Mutation]) -> None:
    (name, data), (log_name, log_data) = LOGS[kind].items()
    files = {f"NODE1/{own}": content for own, content in NODE.items() if own != "CLUSDB"}
    look({**files, f"NODE1/{name}": spoil(data, hive), f"NODE1/{log_name}": spoil(log_data, log, data)})


@fuzzed(40)
@given(
    files=st.dictionaries(st.text(min_size=1, max_size=20), st.binary(max_size=400), min_size=1, max_size=5)
)
def test_any_names_and_any_bytes(files: dict[str, bytes]) -> None:
    look(files)


@fuzzed(40)
@given(data=st.data())
def test_any_file_with_the_head_of_another(data: st.DataObject) -> None:
    first, second = (EVERYTHING[data.draw(st.sampled_from(sorted(EVERYTHING)))] for _ in range(2))
    at = data.draw(st.integers(0, min(len(first), 4200)))
    look({"CLUSDB": first[:at] + second[at:] or b"\0"})


@pytest.mark.parametrize("name", CONTAINERS)
@fuzzed(4)
@given(changes=CHANGES)
def test_a_spoilt_archive_opens_within_its_limits(name: str, changes: list[Mutation]) -> None:
    data = spoil(CONTAINERS[name], changes)
    limits = Limits(files=50, total=1 << 17, member=1 << 16)
    try:
        with open_case(Member(name, len(data), partial(io.BytesIO, data)), limits=limits) as case:
            sizes = [file.content.size for file in case.files.values() if file.containers]
            assert sum(sizes) <= limits.total
            assert max(sizes, default=0) <= limits.member
            assert len(case.files) <= limits.files
    except CaseError as error:
        assert str(error)  # noqa: PT017 - either end is right
