"""Opens what an input describes as a case, and holds it against its limits."""

from __future__ import annotations

import contextlib
import io
from functools import partial
from typing import TYPE_CHECKING

from iiscluster_kb.case import Limits, Member, open_case
from iiscluster_kb.errors import CaseError, EvidenceError
from tests.fuzz.guided.laws import assert_is_told_in_a_line

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LIMITS", "expand", "member"]

LIMITS = Limits(files=100, total=1 << 20, member=1 << 18)


def member(path: str, data: bytes) -> Member:
    return Member(path, len(data), partial(io.BytesIO, data))


def expand(files: Mapping[str, bytes]) -> None:
    """Each file of the case can be read to its end or says why not, and no limit is passed."""
    try:
        case = open_case(*(member(path, data) for path, data in files.items()), limits=LIMITS)
    except CaseError as error:
        assert_is_told_in_a_line(error)
        return
    with case:
        assert len(case.files) <= LIMITS.files
        expanded = [file for file in case.files.values() if file.containers]
        assert sum(file.content.size for file in expanded) <= LIMITS.total
        for path, file in case.files.items():
            assert path.isprintable()
            assert ".." not in path.split("/")
            with contextlib.suppress(EvidenceError):
                assert len(file.content.map()) == file.content.size
                assert len(file.content.sha256) == 64
        for skipped in case.skipped:
            assert skipped.path
            assert skipped.reason.strip()
            assert "\n" not in skipped.reason
