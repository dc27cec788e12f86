from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fixtures._case import expand_sz, files_of_a_node, raw, software_hive, system_hive
from iiscluster_kb.cluster import CURRENT_CONTROL_SET, Machine
from iiscluster_kb.model import Absent, FileEntry, Present, State, Unknown, ValueSubject
from iiscluster_kb.registry import HKLM, KeyPath, ValueType
from tests.support.evidence import WRITTEN, damaged_hive, hive, listing, specimen

if TYPE_CHECKING:
    from iiscluster_kb.model import Evidence

NT = HKLM / r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
INETSRV = r"C:\WINNT\system32\inetsrv"


def machine(*evidence: Evidence) -> Machine:
    return Machine("NODE1", evidence)


def node() -> Machine:
    return machine(
        hive("SYSTEM", r"HKLM\SYSTEM", system_hive("NODE1")),
        hive("SOFTWARE", r"HKLM\SOFTWARE", software_hive()),
        listing("dir.txt", files_of_a_node()),
    )


def test_a_value_is_present_with_its_place() -> None:
    fact = node().value(NT, "currentversion")
    assert isinstance(fact, Present)
    assert fact.value.text() == "4.0"
    assert fact.source is not None
    assert (fact.source.path, fact.source.last_written) == ("SOFTWARE", WRITTEN)
    assert fact.source.key == r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion"


def test_an_absence_cites_the_deepest_key_on_the_way() -> None:
    fact = node().key(HKLM / r"SOFTWARE\Microsoft\Nothing\Below")
    assert isinstance(fact, Absent)
    assert fact.source.key == r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft"
    assert str(fact.subject) == r"HKLM\SOFTWARE\Microsoft\Nothing\Below"


def test_what_nobody_collected_is_unknown() -> None:
    fact = node().value(HKLM / "Cluster", "ClusterName")
    assert fact == Unknown(
        ValueSubject("NODE1", HKLM / "Cluster", "ClusterName"), r"no evidence holds HKLM\Cluster"
    )


def test_damage_on_the_way_is_unknown_and_names_its_place() -> None:
    fact = machine(damaged_hive("SOFTWARE", r"HKLM\SOFTWARE")).value(NT, "CurrentVersion")
    assert isinstance(fact, Unknown)
    assert "offset 0x40" in fact.reason
    assert fact.source is not None
    assert fact.source.offset == 64


def test_the_current_control_set_is_the_one_that_select_names() -> None:
    fact = node().value(CURRENT_CONTROL_SET / r"Control\ComputerName\ComputerName", "ComputerName")
    assert isinstance(fact, Present)
    assert fact.value.text() == "NODE1"
    assert "ControlSet001" in str(fact.subject)


@pytest.mark.parametrize(
    ("select", "reason"),
    [
        ({}, "Current is absent"),
        ({"Current": 0}, "names no control set"),
        ({"Current": "1"}, "names no control set"),
    ],
)
def test_without_select_nothing_in_the_control_set_is_known(select: dict[str, Any], reason: str) -> None:
    tree = {**system_hive("NODE1"), "Select": select}
    fact = machine(hive("SYSTEM", r"HKLM\SYSTEM", tree)).key(CURRENT_CONTROL_SET / "Services")
    assert isinstance(fact, Unknown)
    assert reason in fact.reason


def test_a_live_export_answers_by_its_own_name() -> None:
    tree = {"CurrentControlSet": {"Services": {"ClusSvc": {"Start": 2}}}}
    fact = machine(hive("s.reg", r"HKLM\SYSTEM", tree)).value(
        CURRENT_CONTROL_SET / r"Services\ClusSvc", "Start"
    )
    assert isinstance(fact, Present)
    assert fact.value.integer() == 2


SERVICES = {"ClusSvc": {"Start": 2}}


def test_a_saved_services_key_answers_where_no_select_is() -> None:
    part = machine(hive("svc.hiv", r"HKLM\SYSTEM\CurrentControlSet\Services", SERVICES))
    fact = part.value(CURRENT_CONTROL_SET / r"Services\ClusSvc", "Start")
    assert isinstance(fact, Present)
    assert fact.value.integer() == 2
    assert str(fact.subject) == r"HKLM\SYSTEM\CurrentControlSet\Services\ClusSvc : Start"
    assert isinstance(part.key(CURRENT_CONTROL_SET / r"Services\W3SVC"), Absent)
    assert isinstance(part.subkeys(CURRENT_CONTROL_SET / "Services"), Present)
    assert isinstance(part.key(CURRENT_CONTROL_SET / "Control"), Unknown)
    assert isinstance(part.key(CURRENT_CONTROL_SET), Unknown)
    assert part.profile.current_control_set is None


def test_where_select_is_told_the_numbered_set_answers_before_a_saved_part() -> None:
    part = hive("a.hiv", r"HKLM\SYSTEM\CurrentControlSet\Services", {"ClusSvc": {"Start": 4}})
    whole = hive("SYSTEM", r"HKLM\SYSTEM", system_hive("NODE1"))
    fact = machine(part, whole).value(CURRENT_CONTROL_SET / r"Services\ClusSvc", "Start")
    assert isinstance(fact, Present)
    assert fact.value.integer() == 2


def test_a_saved_part_answers_where_select_names_a_set_that_nobody_collected() -> None:
    part = hive("svc.hiv", r"HKLM\SYSTEM\CurrentControlSet\Services", SERVICES)
    select = hive("sel.reg", r"HKLM\SYSTEM\Select", {"Current": 3})
    both = machine(part, select)
    assert isinstance(both.key(CURRENT_CONTROL_SET / r"Services\ClusSvc"), Present)
    elsewhere = both.key(CURRENT_CONTROL_SET / "Control")
    assert isinstance(elsewhere, Unknown)
    assert "ControlSet003" in elsewhere.reason


def test_the_sounder_copy_answers_and_a_differing_one_is_noted() -> None:
    old = hive("old", r"HKLM\Cluster", {"ClusterName": "OLD"}, state=State.UNRECOVERED, notes=("pending",))
    new = hive("sound", r"HKLM\Cluster", {"ClusterName": "NEW"})
    fact = machine(old, new).value(HKLM / "Cluster", "ClusterName")
    assert isinstance(fact, Present)
    assert fact.value.text() == "NEW"
    assert any("old says otherwise" in note for note in fact.notes)


def test_a_hive_goes_before_an_export_of_the_same_place() -> None:
    export = hive("a.reg", r"HKLM\Cluster", {"ClusterName": "EXPORT"}, format="reg-export")
    fact = machine(export, hive("b", r"HKLM\Cluster", {})).value(HKLM / "Cluster", "ClusterName")
    assert isinstance(fact, Absent)
    assert "a.reg says otherwise" in fact.notes[0]


def test_a_damaged_copy_does_not_hide_a_sound_one() -> None:
    fact = machine(
        damaged_hive("bad", r"HKLM\Cluster"),
        hive("b.reg", r"HKLM\Cluster", {"X": 1}, format="reg-export", state=State.DAMAGED),
    ).value(HKLM / "Cluster", "X")
    assert isinstance(fact, Present)
    assert any("bad could not be read here" in note for note in fact.notes)


def test_a_fragment_shows_what_it_lists_and_denies_nothing() -> None:
    fragment = machine(hive("f.reg", r"HKLM\Cluster", {"X": 1}, whole=False))
    assert isinstance(fragment.value(HKLM / "Cluster", "X"), Present)
    assert isinstance(fragment.value(HKLM / "Cluster", "Y"), Unknown)


def test_a_reservation_rides_on_every_fact_of_an_unsound_hive() -> None:
    fact = machine(
        hive("h", r"HKLM\Cluster", {"X": 1}, state=State.UNRECOVERED, notes=("changes are pending",))
    ).value(HKLM / "Cluster", "X")
    assert isinstance(fact, Present)
    assert fact.notes == ("h is unrecovered: changes are pending",)


def test_subkeys_are_listed_as_spelled() -> None:
    fact = machine(hive("h", r"HKLM\Cluster", {"Nodes": {"1": {}, "B": {}}})).subkeys(HKLM / r"Cluster\nodes")
    assert isinstance(fact, Present)
    assert fact.value == ("1", "B")


def test_the_profile_of_a_node() -> None:
    profile = node().profile
    assert (profile.windows, profile.service_pack, profile.architecture) == ("4.0", "6a", "x86")
    assert (profile.system_root, profile.current_control_set) == (r"C:\WINNT", 1)


@pytest.mark.parametrize(
    ("csd", "expected"),
    [("Service Pack 4 RC 1.2", "4"), ("Service Pack 3", "3"), ("Dienstpaket", None), ("", None)],
)
def test_the_service_pack_is_the_first_number(csd: str, expected: str | None) -> None:
    assert machine(hive("S", r"HKLM\SOFTWARE", software_hive(service_pack=csd))).service_pack == expected


def test_six_without_the_hotfix_key_is_not_6a() -> None:
    tree = software_hive()
    del tree["Microsoft"]["Windows NT"]["CurrentVersion"]["Hotfix"]
    assert machine(hive("S", r"HKLM\SOFTWARE", tree)).service_pack == "6"


def test_no_service_pack_is_the_empty_text() -> None:
    tree = software_hive()
    del tree["Microsoft"]["Windows NT"]["CurrentVersion"]["CSDVersion"]
    assert machine(hive("S", r"HKLM\SOFTWARE", tree)).service_pack == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"%SystemRoot%\system32", (r"C:\WINNT\system32", None)),
        (r"%WINDIR%\x", (r"C:\WINNT\x", None)),
        (r"%SystemDrive%\x", (r"C:\x", None)),
        (r"\SystemRoot\system32\x", (r"C:\WINNT\system32\x", None)),
        (r"System32\x.exe", (r"C:\WINNT\System32\x.exe", None)),
        (r"\??\C:\x", (r"C:\x", None)),
        (r"%Path%", (r"%Path%", "Path")),
        (r"%PROCESSOR_ARCHITECTURE%", ("x86", None)),
        (r"%Nowhere%\x", (r"%Nowhere%\x", "Nowhere")),
    ],
)
def test_paths_are_expanded_by_the_machines_own_registry(text: str, expected: tuple[str, str | None]) -> None:
    assert node().expand(text) == expected


def test_without_software_no_file_below_windows_is_known() -> None:
    fact = machine(listing("dir.txt", files_of_a_node())).file(r"%SystemRoot%\system32\inetsrv\iisclex4.dll")
    assert isinstance(fact, Unknown)
    assert "SystemRoot" in fact.reason


def test_a_file_is_found_in_any_letters() -> None:
    fact = node().file(r"c:\winnt\SYSTEM32\InetSrv\IISCLEX4.DLL")
    assert isinstance(fact, Present)
    assert fact.value.size == 65664


def test_a_file_is_absent_only_from_a_directory_listed_whole() -> None:
    whole = node().file(rf"{INETSRV}\nothing.dll")
    assert isinstance(whole, Absent)
    cut = machine(listing("d", files_of_a_node(), cut=[INETSRV])).file(rf"{INETSRV}\nothing.dll")
    assert isinstance(cut, Unknown)
    assert "no listing shows" in cut.reason


def test_a_file_below_a_directory_that_is_not_there_is_absent() -> None:
    assert isinstance(node().file(r"C:\WINNT\system32\nodir\x.dll"), Absent)


def test_another_drive_is_unknown() -> None:
    assert isinstance(node().file(r"D:\x.dll"), Unknown)
    assert isinstance(node().file("x.dll"), Unknown)


def test_a_short_name_is_looked_up_where_short_names_are_shown() -> None:
    tree = {"Program Files": {"x.dll": 5}}
    with_short = machine(listing("d", tree, short={"Program Files": "PROGRA~1"}))
    fact = with_short.file(r"C:\PROGRA~1\x.dll")
    assert isinstance(fact, Present)
    assert fact.value.path == r"C:\Program Files\x.dll"
    without = machine(listing("d", tree)).file(r"C:\PROGRA~1\x.dll")
    assert isinstance(without, Unknown)
    assert "short name" in without.reason


def test_a_mirrored_specimen_shows_presence_and_never_absence() -> None:
    mirrored = machine(specimen("NODE1/C/WINNT/x.dll", windows_path=r"C:\WINNT\x.dll"))
    assert isinstance(mirrored.file(r"C:\WINNT\X.DLL"), Present)
    assert isinstance(mirrored.file(r"C:\WINNT\y.dll"), Unknown)


def test_a_specimen_that_a_listing_denies_is_present_with_a_note() -> None:
    both = machine(listing("d", {"WINNT": {}}), specimen("C/WINNT/x.dll", windows_path=r"C:\WINNT\x.dll"))
    fact = both.file(r"C:\WINNT\x.dll")
    assert isinstance(fact, Present)
    assert "does not show it" in fact.notes[0]


def test_the_cluster_directory_is_that_of_the_service() -> None:
    tree = system_hive("NODE1")
    tree["ControlSet001"]["Services"]["ClusSvc"]["ImagePath"] = expand_sz(r"D:\MSCS\Clusprxy.exe")
    assert machine(hive("S", r"HKLM\SYSTEM", tree)).cluster_directory == r"D:\MSCS"
    assert machine().cluster_directory == r"%SystemRoot%\Cluster"


def test_text_is_only_what_is_text() -> None:
    tree = {"A": raw(ValueType.REG_BINARY, b"x")}
    assert machine(hive("h", r"HKLM\Cluster", tree)).text(KeyPath.parse("HKLM") / "Cluster", "A") is None


class Counted(dict[str, FileEntry]):
    """Entries that know how many of them were asked for."""

    asked = 0

    def __getitem__(self, path: str) -> FileEntry:
        self.asked += 1
        return super().__getitem__(path)


def test_files_of_a_name_are_found_wherever_they_lie_and_no_other_entry_is_made() -> None:
    entries = Counted(
        listing("dir.txt", {"A": {"x.DLL": 1, "y.dll": 1}, "B": {"X.dll": {"z.dll": 2}}, "xx.dll": 3}).entries
    )
    shown = replace(listing("dir.txt", {}), entries=entries)
    found = list(machine(shown, listing("more.txt", {"C": {"x.dll": 9}})).files.files_named("X.DLL"))
    assert [(where.file.path, entry.path) for where, entry in found] == [
        ("dir.txt", r"C:\A\x.DLL"),
        ("more.txt", r"C:\C\x.dll"),
    ]
    assert entries.asked == 2
