from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from fixtures._case import CLSID, TYPE, cluster_hive, system_hive
from iiscluster_kb.cluster import CLUSTER, group_machines
from iiscluster_kb.cluster._quorum import QUORUM_DISK, is_quorum_copy, newest_first
from iiscluster_kb.model import Absent, Present, RegistryEvidence, State, Stated, Unknown
from iiscluster_kb.registry import RegistryValue
from tests.support.evidence import damaged_hive, hive, listing, specimen

if TYPE_CHECKING:
    from iiscluster_kb.cluster import Cluster
    from iiscluster_kb.model import Evidence

TYPE_KEY = CLUSTER / "ResourceTypes" / TYPE
VALUE = "AdminExtensions"


def database(path: str, *, lists: bool = True, **more: Any) -> RegistryEvidence:
    tree = cluster_hive()
    if not lists:
        del tree["ResourceTypes"][TYPE][VALUE]
    return hive(path, r"HKLM\Cluster", tree, **more)


def cluster(*evidence: Evidence, stated: Stated | None = None) -> Cluster:
    system = hive("NODE1/SYSTEM", r"HKLM\SYSTEM", system_hive("NODE1"))
    return group_machines((system, *evidence), stated or Stated(), "case")


# --- which files are checkpoints --------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "CHK001.TMP",
        "Q/MSCS/chkBC1.tmp",
        "NODE1/quorum/MSCS/CHKBC1~2.TMP",
        "NODE1_chk0A.tmp",
        "Q/MSCS/renamed.hiv",
        "q/mscs/checkpoint",
    ],
)
def test_a_checkpoint_is_told_by_its_name_or_folder(path: str) -> None:
    assert is_quorum_copy(database(path))


@pytest.mark.parametrize(
    "path",
    [
        "NODE1/CLUSDB",
        "MSCS/CLUSDB",
        "MSCS/NODE1_reg_Cluster.hiv",
        "MSCS/NODE1/database.hiv",
        "check1.tmp",
        "chkdsk.tmp",
        "chk.tmp",
        "chk1.tmp.hiv",
        "mychk1.tmp",
    ],
)
def test_other_names_are_no_checkpoints(path: str) -> None:
    assert not is_quorum_copy(database(path))


def test_only_cluster_hives_can_be_checkpoints() -> None:
    assert not is_quorum_copy(hive("MSCS/CHK1.TMP", r"HKLM\SYSTEM", {}))
    assert not is_quorum_copy(listing("MSCS/CHK1.TMP", {}))
    assert not is_quorum_copy(specimen("MSCS/CHK1.TMP"))


# --- which is the newest ----------------------------------------------------------------------------


def paths(*evidence: RegistryEvidence) -> list[str]:
    return [copy.path for copy in newest_first(evidence)]


def test_the_hexadecimal_number_orders_them() -> None:
    assert paths(*map(database, ("CHK9.TMP", "CHK1F.TMP", "chkA.tmp"))) == [
        "CHK1F.TMP",
        "chkA.tmp",
        "CHK9.TMP",
    ]


def test_without_numbers_the_base_block_orders_them() -> None:
    early, late = (datetime(1999, 5, day, tzinfo=UTC) for day in (4, 5))
    pieces = (
        database("MSCS/a", written=early),
        database("MSCS/b", written=late),
        database("MSCS/c"),
        database("MSCS/d"),
    )
    assert paths(*pieces) == ["MSCS/b", "MSCS/a", "MSCS/c", "MSCS/d"]


def test_unsound_checkpoints_are_passed_over() -> None:
    newer, newest = (
        database(f"CHK{n}.TMP", state=s) for n, s in ((2, State.UNRECOVERED), (3, State.DAMAGED))
    )
    found = cluster(database("CHK1.TMP", state=State.RECOVERED), newer, newest)
    assert found.checkpoint is not None
    assert found.checkpoint.path == "CHK1.TMP"
    assert [copy.path for copy in found.quorum_copies] == ["CHK3.TMP", "CHK2.TMP", "CHK1.TMP"]
    assert cluster(newer).checkpoint is None


def test_the_number_is_noted() -> None:
    numbered, renamed = newest_first((database("chkBC1.tmp"), database("MSCS/x")))
    assert "number 0xBC1 by its name" in numbered.evidence.notes[0]
    assert "by its folder" in renamed.evidence.notes[0]
    assert (numbered.number, renamed.number) == (0xBC1, None)


# --- whom it answers for ----------------------------------------------------------------------------


def test_a_checkpoint_answers_for_no_machine() -> None:
    found = cluster(database("QUORUM/MSCS/CHK1.TMP"), database("NODE1/MSCS/CHK2.TMP"))
    assert [machine.name for machine in found.machines] == ["NODE1", "NODE2"]
    assert isinstance(found.machines[0].value(TYPE_KEY, VALUE), Unknown)
    assert found.name == "WEBCLUS"
    assert found.node_names == ("NODE1", "NODE2")


def test_the_nodes_own_hives_name_the_nodes() -> None:
    old = cluster_hive()
    old["Nodes"]["3"] = {"NodeName": "EVICTED"}
    found = cluster(database("NODE1/CLUSDB"), hive("CHK1.TMP", r"HKLM\Cluster", old))
    assert found.node_names == ("NODE1", "NODE2")


def test_a_checkpoint_without_a_name_names_no_cluster() -> None:
    assert cluster(hive("CHK1.TMP", r"HKLM\Cluster", {"ClusterName": 7})).name is None
    assert cluster(hive("CHK1.TMP", r"HKLM\Cluster", {})).name is None


def test_a_file_put_on_a_machine_by_its_very_path_is_its_own() -> None:
    stated = Stated(machines={"NODE1": ("odd/chk1.tmp",)})
    found = cluster(database("odd/chk1.tmp", lists=False), stated=stated)
    assert isinstance(found.machines[0].value(TYPE_KEY, VALUE), Absent)
    assert not found.quorum_copies


def test_beside_another_hive_it_answers_last_even_then() -> None:
    stated = Stated(machines={"NODE1": ("NODE1/*", "NODE1/chk1.tmp")})
    own = database("NODE1/saved", state=State.DAMAGED)
    found = cluster(own, database("NODE1/chk1.tmp", lists=False), stated=stated)
    fact = found.machines[0].value(TYPE_KEY, VALUE)
    assert isinstance(fact, Present)
    assert fact.source is not None
    assert fact.source.path == "NODE1/saved"


def test_every_piece_has_an_owner() -> None:
    found = cluster(database("NODE1/CLUSDB"), database("Q/MSCS/CHK1.TMP"))
    owners = {piece.file.path: (owner, bool(why)) for piece, owner, why in found.holdings}
    assert owners == {
        "NODE1/SYSTEM": ("NODE1", True),
        "NODE1/CLUSDB": ("NODE1", True),
        "Q/MSCS/CHK1.TMP": (QUORUM_DISK, True),
    }


# --- what it says otherwise -------------------------------------------------------------------------


def disputed(found: Cluster) -> list[tuple[str, str, str]]:
    node = found.machines[0]
    facts = (node.key(TYPE_KEY), node.value(TYPE_KEY, VALUE), node.value(TYPE_KEY, "ADMINEXTENSIONS"))
    return [
        (str(d.there.subject), type(d.here).__name__, type(d.there).__name__) for d in found.disputes(facts)
    ]


PLACE = rf"HKLM\Cluster\ResourceTypes\{TYPE}"


def test_what_agrees_is_no_dispute() -> None:
    assert disputed(cluster(database("NODE1/CLUSDB"), database("CHK1.TMP"))) == []
    assert disputed(cluster(database("NODE1/CLUSDB", lists=False), database("CHK1.TMP", lists=False))) == []
    assert disputed(cluster(database("NODE1/CLUSDB"))) == []


@pytest.mark.parametrize(("own", "said"), [(True, ("Present", "Absent")), (False, ("Absent", "Present"))])
def test_a_value_on_one_side_alone_is_one_dispute(own: bool, said: tuple[str, str]) -> None:
    found = cluster(database("NODE1/CLUSDB", lists=own), database("CHK1.TMP", lists=not own))
    assert disputed(found) == [(f"{PLACE} : {VALUE}", *said)]


def test_other_data_is_a_dispute() -> None:
    other = cluster_hive()
    other["ResourceTypes"][TYPE][VALUE] = [CLSID, CLSID]
    found = cluster(database("NODE1/CLUSDB"), hive("CHK1.TMP", r"HKLM\Cluster", other))
    (dispute,) = found.disputes((found.machines[0].value(TYPE_KEY, VALUE),))
    assert isinstance(dispute.there, Present)
    assert isinstance(dispute.there.value, RegistryValue)


def test_a_place_that_nobody_else_tells_is_a_dispute() -> None:
    assert disputed(cluster(database("CHK1.TMP"))) == [
        (PLACE, "Unknown", "Present"),
        (f"{PLACE} : {VALUE}", "Unknown", "Present"),
    ]


def test_what_the_checkpoint_cannot_tell_is_none() -> None:
    torn = damaged_hive("CHK1.TMP", r"HKLM\Cluster")
    sound = RegistryEvidence(torn.file, torn.format, torn.mounts)
    assert disputed(cluster(database("NODE1/CLUSDB"), sound)) == []


def test_facts_of_other_places_are_left_alone() -> None:
    found = cluster(database("NODE1/CLUSDB"), database("CHK1.TMP", lists=False))
    node = found.machines[0]
    assert not list(found.disputes((node.file(r"C:\a.dll"), node.registry.key(TYPE_KEY.parent or CLUSTER))))
    assert not list(found.disputes((node.current_control_set,)))
