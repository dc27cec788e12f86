from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures._case import CollectedCase, healthy
from iiscluster_kb.comparison import compare
from iiscluster_kb.errors import CaseError
from tests.comparison.collecting import held

if TYPE_CHECKING:
    from fixtures._case import Tree

ID = "0d8a1f52-3c0e-11d3-9f8a-00a0c9a1b2c3"


def with_root(*, nodes: tuple[str, str] = ("NODE1", "NODE2"), **values: str | None) -> CollectedCase:
    """A cluster of these nodes whose hives say so; None takes a value away."""
    case = healthy()
    for node, name in zip(case.nodes, nodes, strict=True):
        tree: Tree | None = node.cluster
        assert tree is not None
        assert node.system is not None
        node.system["ControlSet001"]["Control"]["ComputerName"]["ComputerName"]["ComputerName"] = name
        tree["Nodes"] = {str(number): {"NodeName": one} for number, one in enumerate(nodes, 1)}
        for label, text in values.items():
            tree.pop(label)
            if text is not None:
                tree[label] = text
    return CollectedCase(dict(zip(nodes, case.nodes, strict=True)))


def test_the_instance_id_decides_and_survives_a_new_name() -> None:
    comparison = compare(held(with_root()), held(with_root(ClusterName="NEWNAME")))
    assert (comparison.identity.basis, comparison.identity.told) == ("ClusterInstanceID", ID)
    assert comparison.notes == ("The cluster was called WEBCLUS and is called NEWNAME now.",)


def test_letters_of_the_instance_id_count_alike() -> None:
    comparison = compare(held(with_root()), held(with_root(ClusterInstanceID=ID.upper())))
    assert comparison.identity.basis == "ClusterInstanceID"


def test_two_ids_in_one_collection_are_noted() -> None:
    case = with_root()
    assert case.nodes[1].cluster is not None
    case.nodes[1].cluster["ClusterInstanceID"] = "another"
    comparison = compare(held(with_root()), held(case))
    assert comparison.notes == (
        f"The cluster hives of the second collection name several clusters: {ID}, another.",
    )


def test_without_an_id_name_and_nodes_decide() -> None:
    comparison = compare(held(with_root()), held(with_root(ClusterInstanceID=None)))
    assert (comparison.identity.basis, comparison.identity.told) == (
        "cluster name and node names",
        "WEBCLUS: NODE1, NODE2",
    )


def test_without_a_name_the_nodes_decide() -> None:
    comparison = compare(held(with_root()), held(with_root(ClusterInstanceID=None, ClusterName=None)))
    assert (comparison.identity.basis, comparison.identity.told) == ("node names", "NODE1, NODE2")


def test_without_any_cluster_hive_the_machines_decide() -> None:
    case = healthy()
    for node in case.nodes:
        node.cluster = None
    comparison = compare(held(case), held(case))
    assert (comparison.identity.basis, comparison.identity.told) == ("machine names", "NODE1, NODE2")


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            with_root(ClusterInstanceID="another"),
            f"not two collections of one cluster: case (ClusterInstanceID {ID}) and case (ClusterInstanceID another)",
        ),
        (
            with_root(ClusterInstanceID=None, ClusterName="MAILCLUS"),
            "not two collections of one cluster: case (name WEBCLUS) and case (name MAILCLUS)",
        ),
        (
            with_root(nodes=("SRV1", "SRV2"), ClusterInstanceID=None, ClusterName=None),
            "not two collections of one cluster: case (nodes NODE1, NODE2) and case (nodes SRV1, SRV2)",
        ),
        (
            CollectedCase({}),
            "not two collections of one cluster: case (machines NODE1, NODE2) and case (machines not known)",
        ),
    ],
)
def test_another_cluster_is_refused_in_one_line(other: CollectedCase, message: str) -> None:
    with pytest.raises(CaseError) as raised:
        compare(held(with_root()), held(other))
    assert str(raised.value) == message
