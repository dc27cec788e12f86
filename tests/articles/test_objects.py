from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from fixtures._case import healthy, raw
from fixtures.planted._objects import ADDRESS, DISK, NAME, SITE, WEB_GROUP, identity, web_group
from iiscluster_kb.articles import _objects
from iiscluster_kb.articles._objects import CLUSTER_GROUP, ClusterObjects, guid, read_objects
from iiscluster_kb.cluster import CLUSTER, Machine
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import Absent, Mount, Present, RegistryEvidence, Unknown
from iiscluster_kb.registry import KeyPath, MemoryKey, ValueType, multi_sz
from tests.support.evidence import DamagedKey, case_file, damaged_hive, hive, memory, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from fixtures._case import Tree
    from iiscluster_kb.registry import RegistryKey, RegistryValue


def machine(tree: Tree) -> Machine:
    return Machine("NODE1", (hive("NODE1/CLUSDB", r"HKLM\Cluster", tree),))


def read(tree: Tree) -> ClusterObjects:
    objects = read_objects(machine(tree))
    assert isinstance(objects, ClusterObjects)
    return objects


def web() -> Tree:
    return web_group(healthy().nodes[0])


def mounted(root: RegistryKey) -> Machine:
    mount = Mount(KeyPath.parse(r"HKLM\Cluster"), root)
    return Machine("NODE1", (RegistryEvidence(case_file("NODE1/CLUSDB"), "registry-hive", (mount,)),))


# --- what is there ----------------------------------------------------------------------------------


def test_resources_groups_and_types() -> None:
    objects = read(web())
    site = objects.resource(SITE)
    assert site is not None
    assert (str(site), site.type, site.key) == (
        "Web site",
        "IIS Server Instance",
        CLUSTER / "Resources" / SITE,
    )
    assert str(objects.group_of(site)) == "Web Group"
    assert [str(one) for one in objects.of_type("physical DISK")] == ["Disk Q:", "Disk W:"]
    assert {entry.name: entry.dll for entry in objects.types}["IP Address"] == "clusres.dll"
    assert str(objects.group_named(CLUSTER_GROUP.upper())) == "Cluster Group"
    assert objects.group_named("Other") is None
    assert objects.unread == ()


def test_types_are_read_under_either_spelling() -> None:
    tree = web()
    tree["Resource Types"] = {"Stray": {"DllName": "stray.dll"}}
    assert [entry.name for entry in read(tree).types][-1] == "Stray"


def test_what_bears_no_name_is_called_by_its_id() -> None:
    tree = web()
    del tree["Resources"][SITE]["Name"]
    del tree["Groups"][WEB_GROUP]["Name"]
    objects = read(tree)
    site = objects.resource(SITE)
    assert site is not None
    assert (str(site), str(objects.group_of(site))) == (guid(SITE), guid(WEB_GROUP))


def test_the_hive_is_read_once_for_each_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = machine(web()), machine(web())
    assert read_objects(one) is read_objects(one)
    assert read_objects(other) is not read_objects(one)
    reads: list[object] = []
    monkeypatch.setattr(_objects, "_resources", reads.append)
    read_objects(one)
    assert not reads


# --- GUIDs ------------------------------------------------------------------------------------------


@given(st.uuids(), st.booleans(), st.booleans(), st.sampled_from(["", " ", "\t"]))
def test_a_guid_is_the_same_in_any_spelling(one: Any, braces: bool, upper: bool, blank: str) -> None:
    text = str(one).upper() if upper else str(one)
    assert guid(f"{blank}{{{text}}}{blank}" if braces else f"{blank}{text}") == guid(str(one))


def test_groups_and_dependencies_find_resources_in_any_spelling() -> None:
    tree = web()
    tree["Groups"][WEB_GROUP]["Contains"] = [f"{{{SITE.upper()}}}", DISK]
    tree["Resources"][f"{{{SITE.upper()}}}"] = tree["Resources"].pop(SITE)
    tree["Resources"][f"{{{SITE.upper()}}}"]["Dependencies"] = [f"{{{DISK}}}", NAME.upper()]
    objects = read(tree)
    site = objects.resource(f"{{{SITE}}}")
    assert site is not None
    assert str(objects.group_of(site)) == "Web Group"
    assert site.depends_on == (guid(DISK), guid(NAME))


def test_of_two_keys_of_one_guid_the_first_answers() -> None:
    tree = web()
    tree["Resources"][f"{{{SITE}}}"] = {"Name": "Twin"}
    assert str(read(tree).resource(SITE)) == "Web site"
    tree["Groups"][identity(77)] = {"Name": "Twin", "Contains": [SITE]}
    site = read(tree).resource(SITE)
    assert site is not None
    assert str(read(tree).group_of(site)) == "Web Group"


# --- dependencies -----------------------------------------------------------------------------------


def without_lists(tree: Tree) -> Tree:
    for resource in tree["Resources"].values():
        resource.pop("Dependencies", None)
    return tree


def test_no_dependencies_in_any_form_are_not_known() -> None:
    objects = read(without_lists(web()))
    assert not objects.shows_dependencies
    assert {resource.depends_on for resource in objects.resources} == {None}


def test_dependencies_in_a_key_of_their_own() -> None:
    tree = without_lists(web())
    tree["Dependencies"] = {
        identity(1): {"dependent": SITE.upper(), "provider": f"{{{NAME}}}"},
        identity(2): {"dependent": NAME, "provider": ADDRESS},
        identity(3): {"dependent": NAME},
    }
    objects = read(tree)
    address = objects.resource(ADDRESS)
    assert address is not None
    assert objects.depending_on([address]) == {guid(SITE), guid(NAME)}
    assert address.depends_on == ()


def test_both_forms_count_once() -> None:
    tree = web()
    tree["Dependencies"] = {identity(1): {"dependent": NAME, "provider": ADDRESS}}
    name = read(tree).resource(NAME)
    assert name is not None
    assert name.depends_on == (guid(ADDRESS),)


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=40), st.sets(st.integers(0, 11)))
def test_who_depends_is_what_can_be_reached(edges: list[tuple[int, int]], start: set[int]) -> None:
    tree = {
        "Resources": {
            identity(n): {"Dependencies": [identity(b) for a, b in edges if a == n] or [identity(99)]}
            for n in range(12)
        }
    }
    objects = read(tree)
    reached: set[int] = set()
    for _ in range(13):
        reached |= {a for a, b in edges if b in start | reached}
    providers = [one for one in objects.resources if int(one.id[:8], 16) in start]
    assert objects.depending_on(providers) == {guid(identity(n)) for n in reached}


# --- size -------------------------------------------------------------------------------------------


def test_ten_thousand_resources_are_asked_for_three_values_each(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [identity(number) for number in range(10_000)]
    tree: Tree = {
        "Resources": {
            key: {"Name": "x", "Type": "File Share", "Dependencies": [before]}
            for key, before in zip(keys, [keys[-1], *keys], strict=False)
        },
        "Groups": {identity(77): {"Name": "All", "Contains": keys}},
    }
    asked = 0

    def counted(self: MemoryKey, name: str) -> RegistryValue | None:
        nonlocal asked
        asked += 1
        return original(self, name)

    original = MemoryKey.value
    monkeypatch.setattr(MemoryKey, "value", counted)
    objects = read(tree)
    assert asked <= 3 * len(keys) + 10
    assert len(objects.depending_on(objects.resources[:1])) == len(keys)  # a ring: each depends on each
    assert {str(objects.group_of(one)) for one in objects.resources} == {"All"}
    assert objects.unread == ()


def test_more_keys_than_a_cluster_can_hold_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_objects, "_MOST", 2)
    tree: Tree = {
        "Resources": {identity(n): {} for n in range(2)},
        "Groups": {identity(n): {} for n in range(3)},
    }
    objects = read(tree)
    assert (len(objects.resources), len(objects.groups)) == (2, 2)
    assert len(objects.unread) == 1
    assert "more than 2 keys" in objects.unread[0]


def test_more_data_than_a_cluster_can_hold_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_objects, "_MOST_BYTES", 1000)
    large = raw(ValueType.REG_MULTI_SZ, multi_sz("x" * 600))
    objects = read({"Groups": {identity(n): {"Name": "g", "Contains": large} for n in range(5)}})
    assert not any(group.contains for group in objects.groups)
    assert any("more data" in reason for reason in objects.unread)


# --- damage -----------------------------------------------------------------------------------------


def test_no_cluster_hive_and_an_absent_root() -> None:
    assert isinstance(read_objects(Machine("NODE1")), Unknown)
    whole = Machine("NODE1", (hive("NODE1/machine.reg", "HKLM", {"SYSTEM": {}}),))
    assert isinstance(read_objects(whole), Absent)


def test_a_hive_below_whose_root_nothing_can_be_read() -> None:
    objects = read_objects(Machine("NODE1", (damaged_hive("NODE1/CLUSDB", r"HKLM\Cluster"),)))
    assert isinstance(objects, ClusterObjects)
    assert isinstance(objects.root, Present)
    assert (objects.resources, objects.groups, objects.types) == ((), (), ())
    assert len(objects.unread) == 5


class Torn(MemoryKey):
    """Lists one key, then cannot read on."""

    def subkeys(self) -> Iterator[MemoryKey]:
        yield memory(SITE, {"Name": "Web site"})
        raise EvidenceError("NODE1/CLUSDB", "list of subkeys at offset 0x40 is damaged", offset=64)


def test_a_list_that_breaks_off() -> None:
    root = memory("ROOT", {"Groups": {}})
    root._subkeys["RESOURCES"] = Torn("Resources")
    objects = read_objects(mounted(root))
    assert isinstance(objects, ClusterObjects)
    assert [str(one) for one in objects.resources] == ["Web site"]
    assert objects.unread == (r"HKLM\Cluster\Resources: list of subkeys at offset 0x40 is damaged",)


def test_values_that_cannot_be_read_are_not_taken_for_absent() -> None:
    root = memory("ROOT", {"Resources": {}})
    below: Any = root._subkeys["RESOURCES"]._subkeys
    below.update((f"R{number}", DamagedKey(f"r{number}")) for number in range(30))
    objects = read_objects(mounted(root))
    assert isinstance(objects, ClusterObjects)
    assert {resource.name for resource in objects.resources} == {None}
    assert len(objects.unread) == 20
    assert objects.unread[0] == r"HKLM\Cluster\Resources\r0 : Name: value Name at offset 0x40 is damaged"


def test_values_of_the_wrong_type() -> None:
    objects = read({"Resources": {SITE: {"Name": 5, "Type": ["a"], "Dependencies": value("", 7)}}})
    assert [(one.name, one.type, one.depends_on) for one in objects.resources] == [(None, None, None)]
