"""A hive that was printed instead of copied leaves verdicts as they are, or open; it turns none round."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb import examine
from iiscluster_kb.case import Member, open_case
from iiscluster_kb.evidence import identify
from iiscluster_kb.model import FOUND, RegistryEvidence, Verdict
from iiscluster_kb.regf import Hive
from tests.support.registry_text import GERMAN, VISTA, XP, reg_query, regedt32_text, spec_of
from tests.support.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from iiscluster_kb.model import Finding
    from tests.support.regf_writer import KeySpec
    from tests.support.scenarios import Scenario

FORMS: tuple[Callable[[str, KeySpec], str], ...] = (
    partial(reg_query, style=VISTA),
    partial(reg_query, style=XP),
    regedt32_text,
    partial(regedt32_text, labels=GERMAN),
)
CHOSEN = tuple(one for one in SCENARIOS if one.name.startswith("value-"))
"""Values of every kind."""
BYTES = {"unterminated", "hidden", "malformed", "no-nul"}
"""What only the bytes of a value show."""


def files_of(scenario: Scenario) -> tuple[dict[str, bytes], dict[str, str]]:
    """All files, and of each whole hive whose values have a printed form where it is mounted."""
    with open_case(scenario.case) as case:
        evidence, _ = identify(case)
        files = {path: bytes(file.content.map()) for path, file in case.files.items()}
    mounts = {
        piece.file.path: str(piece.mounts[0].path)
        for piece in evidence
        if isinstance(piece, RegistryEvidence)
        and piece.format == "registry-hive"
        and piece.state == "clean"
        and len(piece.mounts) == 1
    }
    return files, mounts


def judge(scenario: Scenario, files: Mapping[str, bytes]) -> dict[tuple[str, str | None], Finding]:
    members = [Member(path, len(data), partial(io.BytesIO, data)) for path, data in files.items()]
    report = examine(*members, second_opinion=False, **scenario.options)
    return {(finding.cause.id, finding.machine): finding for finding in report.findings}


def turns(before: Finding, after: Finding | None) -> bool:
    if after is None or before.detail in BYTES:
        return False
    kinds = {
        one.verdict if one.verdict is Verdict.RULED_OUT else one.verdict in FOUND for one in (before, after)
    }
    return kinds == {Verdict.RULED_OUT, True}


@pytest.mark.parametrize(
    ("scenario", "form"),
    [(one, FORMS[number % len(FORMS)]) for number, one in enumerate(CHOSEN)],
    ids=[one.name for one in CHOSEN],
)
def test_a_printed_hive_turns_no_verdict(scenario: Scenario, form: Callable[[str, KeySpec], str]) -> None:
    files, mounts = files_of(scenario)
    before = judge(scenario, files)
    for path, mount in list(mounts.items())[:: len(mounts) - 1 or 1] if mounts else ():
        text = form(mount, spec_of(Hive(files[path], path).root))
        after = judge(scenario, {**files, path: text.encode("utf-16")})
        turned = [
            (*place, one.verdict, one.detail) for place, one in before.items() if turns(one, after.get(place))
        ]
        assert not turned, path
