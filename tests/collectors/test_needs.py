from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.collectors.needs import Standing, needs_of
from iiscluster_kb.model import Artifact, MachineProfile, Role, State

if TYPE_CHECKING:
    from iiscluster_kb.collectors.needs import Met

NODE = MachineProfile("NODE1", Role.NODE, "4.0", "6a", "x86", r"C:\WINNT", 1)
PC = replace(NODE, name="ADMINPC", role=Role.OPERATOR)
EVERYTHING = [
    "the SYSTEM hive",
    "the SOFTWARE hive",
    "the cluster hive",
    "a listing of inetsrv",
    "a listing of system32",
    "a listing of Cluster",
    "Iisclex4.dll itself",
]


def artifact(path: str, *holds: str, state: State = State.CLEAN, form: str = "x") -> Artifact:
    return Artifact(path, form, holds, "NODE1", "because", 1, "00", state, ())


def met(title: str, *artifacts: Artifact, profile: MachineProfile = NODE) -> Met:
    return next(one for one in needs_of(profile, artifacts) if one.need.title == title)


@pytest.mark.parametrize("role", [Role.NODE, Role.UNKNOWN])
def test_what_a_node_needs(role: Role) -> None:
    needs = needs_of(replace(NODE, role=role), ())
    assert [one.need.title for one in needs] == EVERYTHING
    assert all(one.standing is Standing.MISSING and one.ways for one in needs)


def test_an_operators_machine_has_no_cluster_hive_and_its_dll_elsewhere() -> None:
    needs = needs_of(PC, ())
    assert [one.need.title for one in needs] == [
        n for n in EVERYTHING if "inetsrv" not in n and "cluster hive" not in n
    ]
    assert needs[-1].ways[0].command == r'copy "%SystemRoot%\Cluster\iisclex4.dll" .'


HELD = [
    ("the SYSTEM hive", r"HKLM\SYSTEM"),
    ("the SOFTWARE hive", r"HKLM\SOFTWARE"),
    ("the cluster hive", r"HKLM\Cluster"),
    ("a listing of inetsrv", r"C:\WINNT\SYSTEM32\INETSRV"),
    ("a listing of system32", r"C:\WINNT\SYSTEM32"),
    ("a listing of Cluster", r"C:\WINNT\CLUSTER"),
    ("Iisclex4.dll itself", "IISCLEX4.DLL"),
    ("Iisclex4.dll itself", r"c:\winnt\System32\inetsrv\IisClex4.dll"),
]


@pytest.mark.parametrize(("title", "place"), HELD)
def test_a_sound_piece_meets_its_need(title: str, place: str) -> None:
    found = met(title, artifact("a", "other"), artifact("b", place))
    assert (found.standing, [one.path for one in found.artifacts], found.ways) == (
        Standing.THERE,
        ["b"],
        (),
    )


@pytest.mark.parametrize(("title", "place"), HELD)
def test_the_sounder_counts_and_an_unsound_one_is_collected_again(title: str, place: str) -> None:
    torn, pending = artifact("a", place, state=State.DAMAGED), artifact("b", place, state=State.UNRECOVERED)
    found = met(title, torn, pending)
    assert (found.standing, [one.path for one in found.artifacts]) == (Standing.UNSOUND, ["b", "a"])
    assert found.ways[-len(found.need.ways) :] == found.need.ways
    assert met(title, torn).ways == found.need.ways
    assert met(title, torn, artifact("c", place, state=State.RECOVERED)).standing is Standing.THERE


@pytest.mark.parametrize(
    ("title", "place", "file"),
    [
        ("the SYSTEM hive", r"HKLM\SYSTEM", r"system32\config\SYSTEM"),
        ("the SOFTWARE hive", r"HKLM\SOFTWARE", r"system32\config\SOFTWARE"),
        ("the cluster hive", r"HKLM\Cluster", r"Cluster\CLUSDB"),
    ],
)
def test_a_hive_without_its_pending_changes_may_lack_only_its_logs(title: str, place: str, file: str) -> None:
    found = met(title, artifact("a", place, state=State.UNRECOVERED))
    assert found.ways[0].command == rf"copy %SystemRoot%\{file}.LOG* ."
    assert found.ways[1:] == found.need.ways


@pytest.mark.parametrize("place", [r"HKLM\SYSTEM\CurrentControlSet\Services", r"HKLM\SYSTEM\ControlSet001"])
def test_a_subtree_is_a_part(place: str) -> None:
    found = met("the SYSTEM hive", artifact("services.reg", place))
    assert (found.standing, found.artifacts[0].path) == (Standing.IN_PART, "services.reg")
    assert found.ways


def test_the_directory_of_another_windows_is_not_enough() -> None:
    other = artifact("dir.txt", r"D:\WINNT\SYSTEM32\INETSRV")
    assert met("a listing of inetsrv", other).standing is Standing.MISSING
    nobody_knows = replace(NODE, system_root=None)
    assert met("a listing of inetsrv", other, profile=nobody_knows).standing is Standing.THERE
    assert met("a listing of system32", other, profile=nobody_knows).standing is Standing.MISSING
