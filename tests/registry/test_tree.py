from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.registry import MemoryKey, RegistryValue, descend, sz

if TYPE_CHECKING:
    from iiscluster_kb.registry import RegistryKey


def test_keys_are_found_as_windows_compares() -> None:
    root = MemoryKey("ROOT")
    key = root.add(["Cluster", "Nodes"], line=7)
    assert root.add(["CLUSTER", "nodes"], line=9) is key
    assert (key.name, key.line) == ("Nodes", 7)
    cluster = root.subkey("cLuster")
    assert cluster is not None
    assert (cluster.name, cluster.line) == ("Cluster", 7)
    assert cluster.subkey("NODES") is key
    assert cluster.subkey("none") is None
    assert root.add([]) is root


def test_subkeys_and_values_keep_their_order() -> None:
    root = MemoryKey("ROOT")
    for name in ("b", "a", "C"):
        root.add([name])
        root.put(RegistryValue(name, 1, sz(name)))
    assert [key.name for key in root.subkeys()] == ["b", "a", "C"]
    assert [value.name for value in root.values()] == ["b", "a", "C"]


def test_a_later_value_replaces_the_earlier() -> None:
    key = MemoryKey("k")
    key.put(RegistryValue("v", 1, sz("old")))
    key.put(RegistryValue("V", 1, sz("new")))
    assert [value.name for value in key.values()] == ["V"]
    assert key.value("v") == RegistryValue("V", 1, sz("new"))
    assert key.value("") is None


def test_descend_goes_as_far_as_the_names_lead() -> None:
    root = MemoryKey("ROOT")
    last = root.add(["a", "b"])
    as_protocol: RegistryKey = root
    assert descend(as_protocol, ["A", "B"]) == (root.subkey("a"), last)
    assert descend(as_protocol, ["a", "x", "b"]) == (root.subkey("a"),)
    assert descend(as_protocol, ["x"]) == ()
    assert descend(as_protocol, []) == ()
