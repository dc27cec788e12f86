"""Each scenario's report, opened in a browser: quiet, alone, accessible, never wider than the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iiscluster_kb import examine, render
from tests.support.scenarios import SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path

    from iiscluster_kb import Report
    from tests.browser.accessibility import Axe
    from tests.browser.conftest import Watched
    from tests.support.scenarios import Scenario

pytestmark = pytest.mark.xdist_group("browser")


def assert_sound(report: Report, watched: Watched, axe: Axe, folder: Path) -> None:
    (document,) = render(report, "html")
    path = folder / document.name
    path.write_bytes(document.content)
    page = watched.open(path)
    assert page.locator("h1").inner_text()
    watched.assert_narrow_enough()
    axe.assert_accessible(page)
    watched.assert_quiet(path)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_report(scenario: Scenario, watched: Watched, axe: Axe, tmp_path: Path) -> None:
    asked = scenario.articles or None
    report = examine(scenario.case, articles=asked, second_opinion=False, **scenario.options)
    assert_sound(report, watched, axe, tmp_path)


def test_report_of_every_article(watched: Watched, axe: Axe, tmp_path: Path) -> None:
    (scenario,) = (one for one in SCENARIOS if one.name == "everything-left-out-on-alpha")
    assert_sound(examine(scenario.case, second_opinion=False, **scenario.options), watched, axe, tmp_path)
