"""The hostile cases are what they should be: a fault is found in them, and their texts come through to the report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb import examine, render
from iiscluster_kb.model import Verdict
from tests.injection.catalogue import CATALOGUE
from tests.injection.hostile import PLACES, as_name, hostile_case
from tests.injection.reports import page, report_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.injection.catalogue import Threat

each = pytest.mark.parametrize("threat", CATALOGUE, ids=lambda threat: threat.name)


def strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, item in value.items():
                yield from strings(key)
                yield from strings(item)
        case list():
            for item in value:
                yield from strings(item)
        case _:
            pass


@each
def test_every_text_comes_through_as_it_is(threat: Threat) -> None:
    told = "\n".join(strings(json.loads(page("json", threat))))
    for text in threat.texts:
        assert as_name(text) in told


@each
def test_a_fault_is_found_and_mended(threat: Threat) -> None:
    report = report_of(threat)
    (first, *_) = (one for one in report.findings if one.cause.id == "Q224553/admin-extensions-missing")
    assert first.verdict is Verdict.CONFIRMED
    assert report.remedy.patches
    assert len(report.machines) >= 2


@pytest.mark.parametrize("place", PLACES)
def test_every_place_lets_its_text_in(place: str, tmp_path: Path) -> None:
    report = examine(hostile_case(tmp_path, "\u2620", {place}), symptom="finish-button", second_opinion=False)
    told = [one.content.decode() for output in ("json", "text") for one in render(report, output)]
    assert any("\u2620" in page or "\\u2620" in page for page in told)
