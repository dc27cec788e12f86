from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixtures._case import CLSID, healthy
from iiscluster_kb.comparison import Accord
from iiscluster_kb.comparison._agreement import judge_agreement
from tests.comparison.collecting import collection, held
from tests.support.evidence import hive, listing

if TYPE_CHECKING:
    from fixtures._case import CollectedCase
    from iiscluster_kb.comparison import Agreement
    from iiscluster_kb.model import Evidence

VALUE = r"HKLM\Cluster\ResourceTypes\IIS Server Instance : AdminExtensions"
DLL = r"%SystemRoot%\system32\inetsrv\iisclex4.dll"


def accords(case: CollectedCase) -> dict[str, Accord]:
    return {one.subject: one.accord for one in judge_agreement(held(case))}


def test_healthy_nodes_agree_in_everything_that_was_collected() -> None:
    found = accords(healthy())
    assert found[VALUE] is Accord.AGREE
    assert set(found.values()) <= {Accord.AGREE, Accord.UNKNOWN}
    assert [subject for subject, accord in found.items() if accord is Accord.UNKNOWN] == [DLL]


def test_one_byte_is_enough() -> None:
    case = healthy()
    case.nodes[1].type_key["AdminExtensions"] = [CLSID.lower()]
    assert accords(case)[VALUE] is Accord.DIFFER


def test_a_value_that_one_node_lacks() -> None:
    case = healthy()
    del case.nodes[1].type_key["AdminExtensions"]
    assert accords(case)[VALUE] is Accord.DIFFER


def test_a_node_that_was_not_collected() -> None:
    case = healthy()
    del case.machines["NODE2"]
    assert set(accords(case).values()) == {Accord.UNKNOWN}


def test_control_sets_of_different_numbers_are_the_same_place() -> None:
    case = healthy()
    system = case.nodes[1].system
    assert system is not None
    system["ControlSet003"] = system.pop("ControlSet001")
    system["Select"]["Current"] = 3
    for node in case.nodes:
        assert node.system is not None
        number = node.system["Select"]["Current"]
        node.system[f"ControlSet00{number}"]["Services"].pop("ClusSvc")
    found = accords(case)
    assert not [subject for subject in found if "ControlSet00" in subject]


def node(name: str, root: str, size: int) -> list[Evidence]:
    tree: dict[str, Any] = {
        root: {"system32": {"inetsrv": {"iisclex4.dll": size}}, "Cluster": {"Cluadmin.exe": 1}}
    }
    version = {"SystemRoot": rf"C:\{root}", "CurrentVersion": "4.0"}
    cluster = {
        "Nodes": {"1": {"NodeName": "NODE1"}, "2": {"NodeName": "NODE2"}},
        "ResourceTypes": {"IIS Server Instance": {"AdminExtensions": [CLSID]}},
    }
    services = {"Services": {"ClusSvc": {"Start": 2}}, "Control": {}}
    return [
        hive(
            f"{name}/SOFTWARE", r"HKLM\SOFTWARE", {"Microsoft": {"Windows NT": {"CurrentVersion": version}}}
        ),
        hive(f"{name}/SYSTEM", r"HKLM\SYSTEM", {"ControlSet001": services, "Select": {"Current": 1}}),
        hive(f"{name}/CLUSDB", r"HKLM\Cluster", cluster),
        listing(f"{name}/dir.txt", tree),
    ]


def of_dll(first: list[Evidence], second: list[Evidence]) -> Agreement:
    (found,) = (one for one in judge_agreement(collection([*first, *second])) if one.subject == DLL)
    return found


def test_the_same_file_below_another_windows_directory() -> None:
    assert of_dll(node("NODE1", "WINNT", 65664), node("NODE2", "WINNT.SBS", 65664)).accord is Accord.AGREE


def test_files_of_different_size() -> None:
    found = of_dll(node("NODE1", "WINNT", 65664), node("NODE2", "WINNT", 70000))
    assert found.accord is Accord.DIFFER
    assert [machine for machine, _ in found.facts] == ["NODE1", "NODE2"]


def test_one_node_agrees_with_nobody() -> None:
    alone = {"Nodes": {"1": {"NodeName": "NODE1"}}, "ResourceTypes": {}}
    assert judge_agreement(collection([hive("NODE1/CLUSDB", r"HKLM\Cluster", alone)])) == ()
