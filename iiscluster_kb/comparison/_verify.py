"""Compares two collections of one cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.comparison._agreement import judge_agreement
from iiscluster_kb.comparison._collection import open_collection
from iiscluster_kb.comparison._fates import pair_findings
from iiscluster_kb.comparison._identity import instance_ids, require_one_cluster
from iiscluster_kb.comparison._kit import assign, read_kit
from iiscluster_kb.comparison._nouns import Comparison
from iiscluster_kb.comparison._patches import judge_patches, prescribed
from iiscluster_kb.comparison._restarts import judge_restarts

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from typing import Unpack

    from iiscluster_kb.comparison._collection import Collection, ExamineOptions
    from iiscluster_kb.comparison._kit import Kit
    from iiscluster_kb.comparison._nouns import Delivery

__all__ = ["compare", "verify"]


def verify(
    before: str | os.PathLike[str],
    after: str | os.PathLike[str],
    *,
    kit: str | os.PathLike[str] | None = None,
    symptom_after: str | None = None,
    administered_from_after: str | None = None,
    **options: Unpack[ExamineOptions],
) -> Comparison:
    """Examine two collections of one cluster and compare them.

    Args:
        before: The case from before the repair: a folder, an archive or a file.
        after: The case collected since.
        kit: The folder that ``fix`` wrote; by default the patches that ``before`` calls for are looked for.
        symptom_after: What is still seen.
        administered_from_after: Where Cluster Administrator runs now.
        options: Those of ``examine``; symptom and machine concern ``before``, the others both.

    Raises:
        CaseError: A case or the kit cannot be read, or the two are not of one cluster.
        RemedyError: The findings of a case contradict each other.
        ValueError: An article is not known.
    """
    delivered = None if kit is None else read_kit(kit)
    if (articles := options.get("articles")) is not None:
        options["articles"] = tuple(articles)  # both cases ask for them
    now = options.copy()
    now["symptom"], now["administered_from"] = symptom_after, administered_from_after
    with open_collection(before, **options) as first, open_collection(after, **now) as second:
        return compare(first, second, kit=delivered)


def compare(before: Collection, after: Collection, *, kit: Kit | None = None) -> Comparison:
    """Compare two collections that are open.

    Raises:
        CaseError: They are not of one cluster, or a patch of the kit is for none of their machines.
    """
    identity = require_one_cluster(before, after)
    patches = judge_patches(_deliveries(before, after, kit), before, after)
    return Comparison(
        before=before.report,
        after=after.report,
        identity=identity,
        findings=pair_findings(before.report, after.report),
        patches=patches,
        kit=None if kit is None else kit.name,
        agreements=judge_agreement(after),
        restarts=judge_restarts(before, after, patches),
        notes=tuple(_notes(before, after)),
    )


def _deliveries(before: Collection, after: Collection, kit: Kit | None) -> tuple[Delivery, ...]:
    if kit is None:
        return prescribed(before.report)
    return assign(kit, [m.name for side in (before, after) for m in side.cluster.machines])


def _notes(before: Collection, after: Collection) -> Iterator[str]:
    hashes = [{artifact.sha256 for artifact in side.report.artifacts} for side in (before, after)]
    if hashes[0] == hashes[1] and hashes[0]:
        yield "Both collections hold the same files, byte for byte."
    for side, collection in (("first", before), ("second", after)):
        if len(ids := instance_ids(collection.cluster)) > 1:
            yield f"The cluster hives of the {side} collection name several clusters: {', '.join(ids)}."
    if before.report.cluster and after.report.cluster and before.report.cluster != after.report.cluster:
        yield f"The cluster was called {before.report.cluster} and is called {after.report.cluster} now."
