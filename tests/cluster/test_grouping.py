from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures._case import cluster_hive, files_of_a_node, software_hive, system_hive
from iiscluster_kb.cluster import group_machines
from iiscluster_kb.model import Role, Stated
from tests.support.evidence import hive, listing

if TYPE_CHECKING:
    from iiscluster_kb.cluster import Cluster
    from iiscluster_kb.model import Evidence


def system(path: str, name: str = "NODE1", *, clustered: bool = True) -> Evidence:
    return hive(path, r"HKLM\SYSTEM", system_hive(name, clustered=clustered))


def software(path: str) -> Evidence:
    return hive(path, r"HKLM\SOFTWARE", software_hive())


def clusdb(path: str) -> Evidence:
    return hive(path, r"HKLM\Cluster", cluster_hive())


def group(*evidence: Evidence, stated: Stated | None = None) -> Cluster:
    return group_machines(evidence, stated or Stated(), "mycase")


def owners(cluster: Cluster) -> dict[str, str]:
    return {piece.file.path: machine.name for machine in cluster.machines for piece in machine.evidence}


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        pytest.param(("NODE1/SYSTEM", "NODE1/SOFTWARE"), "NODE1", id="one folder"),
        pytest.param(("n1/config/SYSTEM", "n1/cluster/SOFTWARE"), "NODE1", id="nearest shared folder"),
        pytest.param(("NODE1_reg_System.HIV", "NODE1_reg_Software.HIV"), "NODE1", id="prefix of name"),
        pytest.param(("a_sys.hiv", "a_soft.hiv"), "NODE1", id="prefix shared with the named file"),
        pytest.param(("SYSTEM", "x.hiv"), "NODE1", id="all in the root"),
        pytest.param(("hives/SYSTEM", "listings/x"), "NODE1", id="folders by kind"),
        pytest.param(("n1/2001-02-03/SYSTEM", "n1/2001-02-04/x"), "NODE1", id="folders by date"),
        pytest.param(("NODE1/SYSTEM", "other/x"), "other", id="a folder with a name of its own"),
        pytest.param(("case/NODE1/SYSTEM", "case/other/x"), "other", id="the same within a wrapper"),
        pytest.param(("NODE1/SYSTEM", "other/config/x"), "other", id="kinds of folder are passed over"),
        pytest.param(
            ("NODE1/C/WINNT/system32/config/SYSTEM", "NODE1/C/WINNT/x"), "NODE1", id="mirrored tree"
        ),
    ],
)
def test_a_file_without_a_name_goes_to_its_neighbours_machine(paths: tuple[str, str], expected: str) -> None:
    assert owners(group(system(paths[0]), software(paths[1])))[paths[1]] == expected


def test_machines_are_named_by_their_hives_not_by_their_folders() -> None:
    cluster = group(
        system("left/SYSTEM", "NODE2"), software("left/x"), system("right/SYSTEM", "NODE1"), clusdb("right/y")
    )
    assert owners(cluster) == {
        "left/SYSTEM": "NODE2",
        "left/x": "NODE2",
        "right/SYSTEM": "NODE1",
        "right/y": "NODE1",
    }


def test_two_flat_machines_are_told_apart_by_prefix() -> None:
    cluster = group(
        system("NODE1_System.hiv", "NODE1"),
        system("NODE2_System.hiv", "NODE2"),
        clusdb("node2_clusdb"),
        listing("NODE1-dir.txt", {}),
        software("SOFTWARE"),
    )
    found = owners(cluster)
    assert (found["node2_clusdb"], found["NODE1-dir.txt"], found["SOFTWARE"]) == ("NODE2", "NODE1", "mycase")


def test_a_longer_name_wins_over_its_beginning() -> None:
    cluster = group(system("a/SYSTEM", "WEB"), system("b/SYSTEM", "WEB-1"), software("c/WEB-1_soft"))
    assert owners(cluster)["c/WEB-1_soft"] == "WEB-1"


def test_a_folder_named_like_a_node_is_that_nodes() -> None:
    cluster = group(
        system("NODE1/SYSTEM"), clusdb("NODE1/CLUSDB"), listing("NODE2/dir.txt", files_of_a_node())
    )
    assert owners(cluster)["NODE2/dir.txt"] == "NODE2"


def test_statements_win_over_guesses() -> None:
    stated = Stated(machines={"NODE2": ("NODE1/x*", "extra/*")})
    cluster = group(system("NODE1/SYSTEM"), software("NODE1/x.hiv"), listing("extra/a", {}), stated=stated)
    assert owners(cluster)["NODE1/x.hiv"] == "NODE2"
    assert owners(cluster)["extra/a"] == "NODE2"
    machine = cluster.machine("node2")
    assert machine is not None
    assert machine.given_because["extra/a"] == "stated by the operator"


def test_nodes_come_first_in_the_clusters_order_even_if_nothing_was_collected() -> None:
    cluster = group(
        system("b/SYSTEM", "NODE2"), clusdb("b/CLUSDB"), system("a/SYSTEM", "ADMINPC", clustered=False)
    )
    assert [(m.name, m.role) for m in cluster.machines] == [
        ("NODE1", Role.NODE),
        ("NODE2", Role.NODE),
        ("ADMINPC", Role.OPERATOR),
    ]
    assert cluster.machines[0].evidence == ()
    assert (cluster.name, cluster.node_names) == ("WEBCLUS", ("NODE1", "NODE2"))


def test_a_clustered_machine_is_a_node_even_without_a_cluster_hive() -> None:
    cluster = group(system("SYSTEM"))
    assert cluster.machines[0].role is Role.NODE
    assert cluster.name is None


def test_without_cluster_hive_a_machine_without_service_is_of_unknown_role() -> None:
    assert group(system("SYSTEM", clustered=False)).machines[0].role is Role.UNKNOWN


def test_a_lone_hive_is_named_after_the_case() -> None:
    cluster = group(clusdb("CLUSDB"))
    assert owners(cluster)["CLUSDB"] == "mycase"
    assert [machine.name for machine in cluster.machines] == ["NODE1", "NODE2", "mycase"]


def test_rivals_for_one_place_are_noted_on_both() -> None:
    cluster = group(system("a/SYSTEM"), system("b/SYSTEM"))
    (machine,) = cluster.machines
    assert [piece.notes for piece in machine.evidence] == [
        ("claims the same place as b/SYSTEM",),
        ("claims the same place as a/SYSTEM",),
    ]


def test_no_evidence_makes_no_machine() -> None:
    assert group().machines == ()
