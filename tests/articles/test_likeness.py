from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures._case import cluster_hive, healthy, raw
from iiscluster_kb import examine
from iiscluster_kb.articles._likeness import compare_nodes
from tests.articles.test_q224553 import cluster_of
from tests.support.evidence import hive
from tests.support.scenarios import FIXTURES

if TYPE_CHECKING:
    from iiscluster_kb import Report
    from iiscluster_kb.model import Evidence, Likeness

SCENARIOS = FIXTURES / "scenarios"


def rows(report: Report) -> dict[str, Likeness]:
    return {f"{row.section}: {row.subject}": row for row in report.comparison}


def compared(name: str) -> dict[str, Likeness]:
    return rows(examine(SCENARIOS / name / "case", articles=["Q224553"], second_opinion=False))


def test_healthy_nodes_are_alike_in_everything_that_is_told() -> None:
    told = compared("healthy-cluster")
    assert told
    assert {row.alike for row in told.values()} == {True}
    assert dict(told["Windows: service pack"].answers) == {"NODE1": "6a", "NODE2": "6a"}
    assert dict(told["cluster database: content"].answers)["NODE1"] == "24 values"


def test_a_value_of_one_cluster_database_only_is_named() -> None:
    told = compared("value-absent-on-one-node")
    place = r"cluster database: ResourceTypes\IIS Server Instance : AdminExtensions"
    assert dict(told[place].answers) == {"NODE1": "{92BF7500-974C-11D0-A5F2-00A0C922E752}", "NODE2": "absent"}
    assert told[place].alike is False
    assert told["cluster database: 1 value differs"].alike is False


def test_what_nobody_collected_is_not_called_different() -> None:
    told = compared("listing-not-collected")
    assert not any(row.alike is False for row in told.values())
    row = told["files: Iisclex4.dll"]
    assert (row.alike, dict(row.answers)["NODE1"]) == (None, None)


def test_a_file_of_another_size_is_shown_with_what_is_known_of_it() -> None:
    told = compared("dll-absent")
    row = told["files: Iisclex4.dll"]
    assert "absent" in dict(row.answers).values()


def with_cluster(node1: Evidence) -> dict[str, Likeness]:
    case = healthy()
    case.nodes[0].cluster = None
    assert case.nodes[1].cluster is not None
    case.nodes[1].cluster["Text"] = raw(1, "odd".encode("utf-16-le") + b"\1")
    return {
        row.subject: row
        for row in compare_nodes(cluster_of(case, node1))
        if row.section == "cluster database"
    }


def test_a_printed_database_is_compared_as_it_reads() -> None:
    tree = cluster_hive() | {"Text": "odd"}
    printed = hive("NODE1/a.txt", r"HKLM\Cluster", tree, format="reg-query", rebuilt=True)
    assert set(with_cluster(printed)) == {"content"}
    assert "1 value differs" in with_cluster(hive("NODE1/CLUSDB", r"HKLM\Cluster", tree))


def test_a_value_that_a_copy_does_not_tell_is_not_called_absent() -> None:
    cut = hive("NODE1/a.txt", r"HKLM\Cluster", cluster_hive(), format="reg-query", rebuilt=True, whole=False)
    assert set(with_cluster(cut)) == {"content"}
    whole = hive("NODE1/a.txt", r"HKLM\Cluster", cluster_hive(), format="reg-query", rebuilt=True)
    assert dict(with_cluster(whole)[": Text"].answers) == {"NODE1": "absent", "NODE2": "odd"}


def test_fewer_than_two_nodes_have_nothing_to_be_compared() -> None:
    alone = SCENARIOS / "healthy-cluster" / "case" / "NODE1" / "SOFTWARE"
    assert examine(alone, articles=["Q224553"], second_opinion=False).comparison == ()
