"""What every article says together still obeys the schema that is shipped."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from iiscluster_kb import examine, render
from iiscluster_kb.render.json import report_schema
from tests.support.scenarios import FIXTURES


@pytest.mark.parametrize(
    "case",
    [
        "scenarios/everything-left-out-on-alpha",
        "scenarios/windows-2008",
        "articles/extension-audit-vendor-file-missing",
    ],
)
def test_a_report_of_every_article_obeys_the_schema(case: str) -> None:
    (document,) = render(examine(FIXTURES / case / "case", second_opinion=False), "json")
    Draft202012Validator(json.loads(report_schema())).validate(json.loads(document.content))
