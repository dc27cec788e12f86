from __future__ import annotations

from iiscluster_kb.cluster import Machine
from iiscluster_kb.model import Absent, FileRestored, Present
from iiscluster_kb.registry import HKLM, RegistryValue, ValueType, sz
from iiscluster_kb.registry.reg_text import ValueEntry
from iiscluster_kb.remedy.supposition import Supposition
from tests.support.evidence import hive, listing, specimen

DLL = r"C:\WINNT\x.dll"
NEW = RegistryValue("V", ValueType.REG_SZ, sz("new"))


def machine() -> Machine:
    return Machine(
        "NODE1",
        (
            hive("NODE1/SOFTWARE", r"HKLM\SOFTWARE", {"V": "old"}),
            listing("NODE1/dir.txt", {"WINNT": {"x.dll": 0}}),
            specimen("NODE1/x.dll", windows_path=DLL, problem="empty"),
            specimen("NODE1/stray/x.dll", problem="text"),
            specimen("NODE1/other.dll"),
        ),
    )


def supposed(supposition: Supposition) -> Machine:
    before = machine()
    return Machine("NODE1", supposition.evidence("NODE1", before.evidence))


def test_nothing_supposed_changes_nothing() -> None:
    before = machine()
    assert Supposition().evidence("NODE1", before.evidence) == before.evidence


def test_what_is_supposed_of_another_machine_changes_nothing() -> None:
    before = machine()
    there = Supposition().entered("NODE2", [ValueEntry(HKLM / "SOFTWARE", NEW)])
    there = there.restored("NODE2", FileRestored(DLL, 7))
    assert there.evidence("NODE1", before.evidence) == before.evidence


def test_entries_are_seen_in_order() -> None:
    old = RegistryValue("V", ValueType.REG_SZ, sz("older"))
    both = Supposition().entered("NODE1", [ValueEntry(HKLM / "SOFTWARE", old)])
    both = both.entered("NODE1", [ValueEntry(HKLM / "SOFTWARE", NEW)])
    fact = supposed(both).value(HKLM / "SOFTWARE", "v")
    assert isinstance(fact, Present)
    assert fact.value == NEW


def test_a_restored_file_answers_before_older_listings_and_specimens() -> None:
    after = supposed(Supposition().restored("NODE1", FileRestored(DLL.upper(), 65_664)))
    fact = after.file(DLL)
    assert isinstance(fact, Present)
    assert fact.value.size == 65_664
    assert [one.file.path for one in after.files.specimens] == ["NODE1/other.dll"]
    assert isinstance(after.file(r"C:\WINNT\y.dll"), Absent)


def test_a_machine_without_evidence_stays_without() -> None:
    there = Supposition().restored("NODE1", FileRestored(DLL, 1))
    assert there.evidence("NODE1", ()) == ()
