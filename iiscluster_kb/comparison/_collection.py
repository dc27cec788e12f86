"""One collection: its report, and its machines still open to questions."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, Unpack

from iiscluster_kb.case import open_case
from iiscluster_kb.cluster import Machine, group_machines
from iiscluster_kb.errors import CaseError
from iiscluster_kb.evidence import identify
from iiscluster_kb.pipeline import examine

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from iiscluster_kb.case import Limits
    from iiscluster_kb.cluster import Cluster
    from iiscluster_kb.model import Report

__all__ = ["Collection", "ExamineOptions", "open_collection"]


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection that was examined and can be asked further."""

    report: Report
    cluster: Cluster

    def machine(self, name: str) -> Machine:
        """The machine of that name; where the collection has none, one that answers with Unknown alone."""
        return self.cluster.machine(name) or Machine(name)


class ExamineOptions(TypedDict, total=False):
    """The keyword arguments of ``examine``."""

    symptom: str | None
    administered_from: str | None
    articles: Iterable[str] | None
    second_opinion: bool
    limits: Limits | None


@contextmanager
def open_collection(path: str | os.PathLike[str], **options: Unpack[ExamineOptions]) -> Iterator[Collection]:
    """Examine a case, then hold it open.

    Raises:
        CaseError: The case cannot be opened, or changed while it was read.
        RemedyError: See ``examine``.
        ValueError: See ``examine``.
    """
    report = examine(path, **options)
    statement, limits = report.stated, options.get("limits")
    with open_case(
        path, symptom=statement.symptom, administered_from=statement.administered_from, limits=limits
    ) as case:
        evidence, _ = identify(case)
        cluster = group_machines(evidence, case.stated, case.name)
        _require_unchanged(report, {piece.file.path: piece.file.content.sha256 for piece in evidence})
        yield Collection(report, cluster)


def _require_unchanged(report: Report, hashes: dict[str, str]) -> None:
    """The findings and the further answers must rest on the same bytes."""
    first = {artifact.path: artifact.sha256 for artifact in report.artifacts}
    for path in sorted(first.keys() | hashes.keys()):
        if first.get(path) != hashes.get(path):
            raise CaseError(f"{report.case}: {path} changed while the case was read; collect it again")
