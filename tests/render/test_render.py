from __future__ import annotations

import pytest

from iiscluster_kb.render import render, renderers
from tests.support.reports import empty_report, full_report


def test_outputs_are_found_by_name() -> None:
    known = renderers()
    assert {"text", "json", "plan", "reg", "steps", "html"} <= known.keys()
    assert all(name == renderer.name for name, renderer in known.items())


def test_an_unknown_output_is_refused_with_the_list() -> None:
    with pytest.raises(ValueError, match=r"no output 'odt'; there are .*json.*text"):
        render(empty_report(), "odt")


@pytest.mark.parametrize("output", ["text", "json", "plan", "reg", "steps", "html"])
def test_the_same_report_gives_the_same_bytes(output: str) -> None:
    assert render(full_report(), output) == render(full_report(), output)
