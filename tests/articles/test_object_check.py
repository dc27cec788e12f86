from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures._case import healthy
from iiscluster_kb.articles._object_check import CITED, Found, Open, Sound, by_objects, cite, conclude
from iiscluster_kb.articles._objects import ClusterObjects, Resource, read_objects
from iiscluster_kb.cluster import CLUSTER, Machine
from iiscluster_kb.model import Cause, ValueSubject, Verdict
from tests.support.evidence import damaged_hive, hive

if TYPE_CHECKING:
    from iiscluster_kb.articles._object_check import Answer

CAUSE = Cause("Q1/cause", "Something is wrong")
TREE = healthy().nodes[0].cluster
NODE = Machine("NODE1", (hive("NODE1/CLUSDB", r"HKLM\Cluster", TREE or {}),))
TORN = Machine("NODE1", (damaged_hive("NODE1/CLUSDB", r"HKLM\Cluster"),))


def sound(_machine: Machine, objects: ClusterObjects) -> Answer:
    return Sound("All is well", (objects.root,))


def test_a_sound_answer_rules_out() -> None:
    finding = by_objects(CAUSE, sound)(NODE)
    assert (finding.verdict, finding.detail, finding.explanation) == (
        Verdict.RULED_OUT,
        "ok",
        "All is well.",
    )
    assert finding.facts


def test_what_could_not_be_read_keeps_a_sound_answer_open() -> None:
    finding = by_objects(CAUSE, sound)(TORN)
    assert (finding.verdict, finding.detail) == (Verdict.UNDETERMINED, "")
    assert "damaged" in finding.explanation
    assert finding.collect


def test_what_was_found_stays_found_beside_damage() -> None:
    finding = by_objects(CAUSE, lambda *_: Found("bad", ("one thing",), ()))(TORN)
    assert (finding.verdict, finding.detail, finding.explanation) == (Verdict.CONFIRMED, "bad", "One thing.")


def test_without_a_hive_or_its_root_nothing_is_asked() -> None:
    for machine in (
        Machine("NODE1"),
        Machine("NODE1", (hive("NODE1/machine.reg", "HKLM", {"SYSTEM": {}}),)),
    ):
        finding = by_objects(CAUSE, lambda *_: Found("never", ("asked",), ()))(machine)
        assert finding.verdict is Verdict.UNDETERMINED
        assert finding.collect


def test_an_open_answer_says_what_to_collect() -> None:
    finding = by_objects(CAUSE, lambda *_: Open("nobody knows"))(NODE)
    assert finding.explanation == "Something is wrong, or not: nobody knows."
    assert "HKLM\\Cluster" in finding.collect[0]
    assert conclude(CAUSE, NODE, Open("nobody knows", collect=("this",))).collect == ("this",)


def test_of_many_faults_some_are_named() -> None:
    finding = conclude(CAUSE, NODE, Found("many", tuple(f"fault {n}" for n in range(5000)), ()))
    assert finding.explanation.endswith("fault 9; and 4,990 more.")


def test_only_the_first_are_cited() -> None:
    objects = read_objects(NODE)
    assert isinstance(objects, ClusterObjects)
    many = [Resource(str(n), CLUSTER / f"Resources\\{n}", None, None, None) for n in range(100)]
    facts = cite(NODE, many, "Type", r"Parameters\Name")
    assert len(facts) == 2 * CITED
    assert facts[1].subject == ValueSubject("NODE1", CLUSTER / r"Resources\0\Parameters", "Name")
