from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from fixtures._case import CLSID, OTHER, TYPE, cluster_hive, files_of_a_node, software_hive, system_hive
from iiscluster_kb.articles import q224553
from iiscluster_kb.articles._checkpoint import beside_checkpoint
from iiscluster_kb.cluster import group_machines
from iiscluster_kb.model import Present, State, Stated, Verdict
from tests.support.evidence import hive, listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.cluster import Cluster
    from iiscluster_kb.model import Evidence, Finding, RegistryEvidence

WRITTEN = datetime(1999, 5, 4, 10, 11, 12, tzinfo=UTC)


def database(path: str, value: Any = (CLSID,), **more: Any) -> RegistryEvidence:
    tree = cluster_hive()
    if value is None:
        del tree["ResourceTypes"][TYPE]["AdminExtensions"]
    else:
        tree["ResourceTypes"][TYPE]["AdminExtensions"] = value
    return hive(path, r"HKLM\Cluster", tree, **more)


def cluster(*evidence: Evidence) -> Cluster:
    def node() -> Iterator[Evidence]:
        yield hive("NODE1/SYSTEM", r"HKLM\SYSTEM", system_hive("NODE1"))
        yield hive("NODE1/SOFTWARE", r"HKLM\SOFTWARE", software_hive())
        yield listing("NODE1/dir.txt", files_of_a_node())

    return group_machines((*node(), *evidence), Stated(), "case")


def judged(*evidence: Evidence) -> Finding:
    findings = q224553.diagnose(cluster(*evidence))
    return next(f for f in findings if f.cause is q224553.VALUE_MISSING and f.machine == "NODE1")


def test_agreement_changes_nothing() -> None:
    assert judged(database("NODE1/CLUSDB"), database("CHK1.TMP")) == judged(database("NODE1/CLUSDB"))


def test_a_value_that_the_checkpoint_lacks_is_told_and_turns_no_verdict() -> None:
    found = judged(database("NODE1/CLUSDB"), database("CHK1.TMP", None, written=WRITTEN))
    assert found.verdict is Verdict.RULED_OUT
    (fact,) = found.facts
    assert isinstance(fact, Present)
    (note,) = fact.notes
    assert note == (
        "CHK1.TMP, the newest checkpoint of the quorum disk, says otherwise: "
        rf"HKLM\Cluster\ResourceTypes\{TYPE} : AdminExtensions is absent"
    )
    assert found.explanation.startswith(
        "AdminExtensions lists the CLSID. The newest checkpoint of the quorum disk (CHK1.TMP, written "
        "1999-05-04 10:11:12 UTC) says otherwise: "
    )
    assert "This verdict is on NODE1's own copy." in found.explanation
    assert "in preference to its own copy" in found.explanation
    assert found.explanation.endswith("(Q217147).")


def test_a_value_that_the_checkpoint_holds_is_told_and_the_patch_stays() -> None:
    plain = judged(database("NODE1/CLUSDB", None))
    found = judged(database("NODE1/CLUSDB", None), database("CHK1.TMP"))
    assert (found.verdict, found.detail, found.changes) == (plain.verdict, plain.detail, plain.changes)
    assert "AdminExtensions lists the CLSID" in found.explanation
    assert "written" not in found.explanation


def test_the_other_spelling_is_compared_too() -> None:
    tree = cluster_hive()
    tree["Resource Types"] = {TYPE: {"AdminExtensions": [OTHER]}}
    found = judged(database("NODE1/CLUSDB"), hive("CHK1.TMP", r"HKLM\Cluster", tree))
    assert rf"HKLM\Cluster\Resource Types\{TYPE} is there; " in found.explanation
    assert rf"HKLM\Cluster\Resource Types\{TYPE} : AdminExtensions lists only {OTHER}" in found.explanation


def test_a_missing_key_is_told_once() -> None:
    tree = cluster_hive()
    del tree["ResourceTypes"][TYPE]
    found = judged(database("NODE1/CLUSDB"), hive("CHK1.TMP", r"HKLM\Cluster", tree))
    assert rf"HKLM\Cluster\ResourceTypes\{TYPE} is absent. This verdict" in found.explanation


def test_without_the_node_s_own_copy_it_decides_nothing() -> None:
    found = judged(database("CHK1.TMP", None))
    assert found.verdict is Verdict.UNDETERMINED
    assert "is not NODE1's own copy and decides nothing here" in found.explanation
    assert "AdminExtensions is absent" in found.explanation
    assert "Resource Types" not in found.explanation


def test_a_type_that_neither_has_is_told_by_nobody() -> None:
    tree = cluster_hive()
    del tree["ResourceTypes"][TYPE]
    found = judged(hive("NODE1/CLUSDB", r"HKLM\Cluster", tree), hive("CHK1.TMP", r"HKLM\Cluster", tree))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert "checkpoint" not in found.explanation


def test_a_type_that_the_checkpoint_alone_has_is_told() -> None:
    tree = cluster_hive()
    del tree["ResourceTypes"][TYPE]
    found = judged(hive("NODE1/CLUSDB", r"HKLM\Cluster", tree), database("CHK1.TMP"))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert rf"says otherwise: HKLM\Cluster\ResourceTypes\{TYPE} is there; " in found.explanation
    assert "AdminExtensions lists the CLSID." in found.explanation


def test_nothing_but_absences_are_told_where_nobody_knows() -> None:
    found = judged(hive("CHK1.TMP", r"HKLM\Cluster", {"Nodes": {"1": {"NodeName": "NODE1"}}}))
    assert found.verdict is Verdict.UNDETERMINED
    assert rf"in it HKLM\Cluster\ResourceTypes\{TYPE} is absent" in found.explanation


def test_what_speaks_against_its_being_the_newest_is_said() -> None:
    found = judged(
        database("NODE1/CLUSDB"),
        database("CHK1.TMP", written=WRITTEN.replace(year=2000)),
        database("CHK2.TMP", None, written=WRITTEN),
        database("CHK3.TMP", state=State.DAMAGED),
        database("CHK0.TMP", written=WRITTEN),
    )
    assert "; CHK3.TMP has a higher number but is damaged; " in found.explanation
    assert "; CHK1.TMP was written later but has a lower number)" in found.explanation
    assert "CHK0" not in found.explanation


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([OTHER], f"lists {OTHER}"),
        ([f"x{number}" for number in range(9)], "x7 …"),
        ([], "lists nothing"),
        (7, "is of type REG_DWORD with 4 bytes"),
    ],
)
def test_values_are_told_in_plain_words_by_default(value: Any, words: str) -> None:
    found = cluster(database("NODE1/CLUSDB"), database("CHK1.TMP", value))
    finding = judged(database("NODE1/CLUSDB"))
    assert words in beside_checkpoint(found, finding).explanation


def test_without_a_checkpoint_nothing_is_asked() -> None:
    finding = judged(database("NODE1/CLUSDB"))
    assert beside_checkpoint(cluster(database("NODE1/CLUSDB")), finding) is finding
