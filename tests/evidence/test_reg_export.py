from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import reg_export as module
from iiscluster_kb.evidence.reg_export import FORMAT
from iiscluster_kb.model import RegistryEvidence, State
from iiscluster_kb.registry import KeyPath, MemoryKey, RegistryValue, descend, multi_sz, sz
from iiscluster_kb.registry.reg_text import PATCH_COMMENT, Dialect, KeyEntry, ValueEntry, format_reg
from tests.support.evidence import case_file

if TYPE_CHECKING:
    from iiscluster_kb.registry import RegistryKey

EXPORTS = Path(__file__).resolve().parents[2] / "../shared/corpus/reg_exports"
CLUSTER = KeyPath.parse(r"HKLM\Cluster")
TYPE = CLUSTER / "ResourceTypes\\IIS Server Instance"
WHOLE = (
    "REGEDIT4\r\n\r\n"
    "[HKEY_LOCAL_MACHINE\\Cluster]\r\n"
    '"ClusterName"="WEBCLUS"\r\n\r\n'
    "[HKEY_LOCAL_MACHINE\\Cluster\\ResourceTypes]\r\n\r\n"
    "[HKEY_LOCAL_MACHINE\\Cluster\\ResourceTypes\\IIS Server Instance]\r\n"
    '"AdminExtensions"=hex(7):7b,41,7d,00,00\r\n\r\n'
)

needs_corpus = pytest.mark.skipif(
    not EXPORTS.is_dir(), reason="the corpus of exports is not beside the project"
)


def read(data: str | bytes) -> RegistryEvidence:
    evidence = FORMAT.read(case_file("NODE1/cluster.reg", data.encode() if isinstance(data, str) else data))
    assert isinstance(evidence, RegistryEvidence)
    return evidence


def holds(evidence: RegistryEvidence) -> list[tuple[str, bool]]:
    return [(mount.path.short, mount.whole) for mount in evidence.mounts]


def find(evidence: RegistryEvidence, path: KeyPath) -> RegistryKey | None:
    for mount in evidence.mounts:
        if path.is_within(mount.path):
            names = path.below(mount.path)
            found = (mount.root, *descend(mount.root, names))
            return found[-1] if len(found) == len(names) + 1 else None
    return None


def test_an_export_covers_what_lies_below_its_outermost_key() -> None:
    evidence = read(WHOLE)
    assert (evidence.format, evidence.state, evidence.notes) == ("reg-export", State.CLEAN, ())
    assert holds(evidence) == [("HKLM\\Cluster", True)]
    root = evidence.mounts[0].root
    assert (root.name, root.line) == ("Cluster", 3)
    assert root.value("clustername") == RegistryValue("ClusterName", 1, sz("WEBCLUS"))
    key = find(evidence, TYPE)
    assert key is not None
    found = key.value("AdminExtensions")
    assert (key.line, found) == (8, RegistryValue("AdminExtensions", 7, multi_sz("{A}")))
    assert found is not None
    assert found.line == 9


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_is_recognised_and_read(encoding: str) -> None:
    data = WHOLE.replace("REGEDIT4", "Windows Registry Editor Version 5.00").encode(encoding)
    assert FORMAT.recognises(data[:8192])
    assert holds(read(data)) == [("HKLM\\Cluster", True)]


def test_the_name_of_the_format_is_not_asked() -> None:
    assert not FORMAT.adopts("NODE1/cluster.reg")


def test_an_export_of_everything_holds_the_root_keys() -> None:
    roots = "".join(
        f"[{root}]\r\n\r\n[{root}\\x]\r\n\r\n"
        for root in ("HKEY_LOCAL_MACHINE", "HKEY_CURRENT_USER", "HKEY_USERS", "HKEY_CURRENT_CONFIG")
    )
    evidence = read("REGEDIT4\r\n\r\n" + roots)
    assert holds(evidence) == [("HKLM", True), ("HKU", True)]
    assert evidence.notes == (
        "keys of HKEY_CURRENT_CONFIG are left out: they belong to no machine's own registry",
        "keys of HKEY_CURRENT_USER are left out: they belong to no machine's own registry",
    )


def test_classes_are_mounted_where_they_lie() -> None:
    body = "[HKEY_CLASSES_ROOT\\CLSID]\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Classes\\CLSID\\{A}]\r\n\r\n"
    assert holds(read("REGEDIT4\r\n\r\n" + body)) == [("HKLM\\SOFTWARE\\Classes\\CLSID", True)]


def test_control_sets_stay_as_listed() -> None:
    body = "".join(
        f"[HKEY_LOCAL_MACHINE\\SYSTEM{name}]\r\n\r\n"
        for name in ("", "\\ControlSet001", "\\CurrentControlSet")
    )
    (mount,) = read("REGEDIT4\r\n\r\n" + body).mounts
    assert [key.name for key in mount.root.subkeys()] == ["ControlSet001", "CurrentControlSet"]


def test_a_parent_may_be_listed_after_its_key() -> None:
    body = "[HKEY_LOCAL_MACHINE\\a\\b]\r\n\r\n[HKEY_LOCAL_MACHINE\\A]\r\n\r\n"
    evidence = read("REGEDIT4\r\n\r\n" + body)
    assert holds(evidence) == [("HKLM\\A", True)]
    assert (evidence.mounts[0].root.name, evidence.mounts[0].root.line) == ("A", 5)


@pytest.mark.parametrize(
    ("body", "mounts", "note"),
    [
        ("[HKLM\\A]\r\n\r\n[HKLM\\A\\b\\c]\r\n\r\n", ["HKLM\\A"], "without their parents"),
        ('[HKLM\\A]\r\n"v"=-\r\n\r\n', ["HKLM\\A"], "it deletes"),
        ("[-HKLM\\B]\r\n\r\n[HKLM\\A]\r\n\r\n", ["HKLM\\A"], "it deletes"),
        ("[HKLM\\A]\r\n", ["HKLM\\A"], "may be cut off"),
        ('[HKLM\\A]\r\n"v"="x"', ["HKLM\\A"], "may be cut off"),
        ("".join(f"[HKLM\\{i}]\r\n\r\n" for i in range(65)), ["HKLM"], "65 unrelated keys"),
    ],
)
def test_of_a_fragment_only_what_is_listed_counts(body: str, mounts: list[str], note: str) -> None:
    evidence = read("REGEDIT4\r\n\r\n" + body)
    assert holds(evidence) == [(mount, False) for mount in mounts]
    assert note in evidence.notes[0]
    assert evidence.notes[1] == "only what is listed counts"
    assert evidence.state is State.CLEAN


def test_what_is_deleted_somewhere_is_not_taken_for_present() -> None:
    evidence = read(
        'REGEDIT4\r\n\r\n[HKLM\\A]\r\n"v"=dword:1\r\n"w"=dword:1\r\n"V"=-\r\n\r\n'
        '[-HKLM\\A\\b]\r\n\r\n[HKLM\\A\\b\\c]\r\n"x"=dword:1\r\n\r\n[HKLM\\A\\d]\r\n\r\n'
    )
    root = evidence.mounts[0].root
    assert [value.name for value in root.values()] == ["w"]
    assert [key.name for key in root.subkeys()] == ["d"]


@pytest.mark.parametrize(
    "damage",
    [
        '"v"=hex:00,\r\n',
        '"v"=hex:00,\\\r\n',
        '"v"="C:\\"\r\n',
        "[HKEY_LOCAL_MACHINE\\Cluster\\Groups\r\n",
        '"v"=hex:00,01,\\',
        '"v"=hex:00',
    ],
)
def test_damaged_lines_are_named_and_take_away_what_absence_rests_on(damage: str) -> None:
    evidence = read(WHOLE + damage)
    assert evidence.state is State.DAMAGED
    assert holds(evidence) == [("HKLM\\Cluster", False)]
    assert evidence.notes[0].startswith("not understood: line 11 (")
    assert find(evidence, TYPE) is not None


def test_of_many_damaged_lines_the_first_are_named() -> None:
    evidence = read(WHOLE + "bad\r\n" * 8 + "\r\n")
    assert "line 15" in evidence.notes[0]
    assert evidence.notes[0].endswith("and 3 more")


def test_text_without_header_says_so() -> None:
    evidence = read(WHOLE.removeprefix("REGEDIT4\r\n\r\n").replace("hex(7):7b,41,7d,00,00", "dword:1"))
    assert holds(evidence) == [("HKLM\\Cluster", True)]
    assert evidence.notes == ("it has no header and was read as version 5.00",)


def test_the_code_page_that_was_assumed_is_named() -> None:
    evidence = read(WHOLE.encode() + b"[HKEY_LOCAL_MACHINE\\Cluster\\caf\xe9]\r\n\r\n")
    assert evidence.notes == ("names and strings outside ASCII were read in code page cp1252",)


@pytest.mark.parametrize("dialect", list(Dialect))
def test_our_own_patch_is_no_evidence(dialect: Dialect) -> None:
    entry = ValueEntry(TYPE, RegistryValue("AdminExtensions", 7, multi_sz("{A}")))
    data = format_reg([entry], dialect, comments=["for NODE1", PATCH_COMMENT])
    assert FORMAT.recognises(data)
    with pytest.raises(EvidenceError, match="a patch written by this program, not evidence"):
        read(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("REGEDIT4\r\n\r\n", "lists no key"),
        ('REGEDIT4\r\n\r\n[HKEY_CURRENT_USER\\x]\r\n"v"=dword:1\r\n\r\n', "lists no key"),
        ("REGEDIT4\r\n\r\n[-HKLM\\x]\r\n\r\n", "lists no key"),
        ("WINE REGISTRY Version 2\n", "registry file of Wine"),
        ("REGEDIT4\r\n\r\n[\\x]\r\n", "nothing understood"),
    ],
)
def test_what_holds_nothing_of_a_machine_is_declined(data: str, reason: str) -> None:
    assert FORMAT.recognises(data.encode())
    with pytest.raises(EvidenceError, match=reason):
        read(data)


def test_the_size_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SIZE_LIMIT", 64)
    with pytest.raises(EvidenceError, match=r"offset 64: \.reg text over the limit"):
        read(WHOLE)


def _entries(key: MemoryKey, path: KeyPath) -> list[KeyEntry | ValueEntry]:
    found: list[KeyEntry | ValueEntry] = [
        KeyEntry(path),
        *(ValueEntry(path, value) for value in key.values()),
    ]
    for below in key.subkeys():
        found += _entries(below, path / below.name)
    return found


@given(
    st.lists(st.lists(st.sampled_from("abAB\xe9\xc9"), max_size=4), max_size=8),
    st.sampled_from(["HKLM", "HKU"]),
)
def test_every_tree_comes_back_whole(paths: list[list[str]], root: str) -> None:
    tree = MemoryKey("x")
    for number, names in enumerate(paths):
        tree.add(names).put(RegistryValue(f"v{number}", 4, bytes(4)))
    path = KeyPath.parse(root) / "x"
    evidence = read(format_reg(_entries(tree, path), Dialect.VERSION_5))
    (mount,) = evidence.mounts
    assert mount.whole
    assert isinstance(mount.root, MemoryKey)
    assert _entries(mount.root, mount.path) == _entries(tree, path)


@given(st.integers(0, len(WHOLE)))
def test_a_cut_export_shows_nothing_that_was_not_there(cut: int) -> None:
    """A cut right behind a section's empty line is the one that no reader can see."""
    text = WHOLE[:cut]
    try:
        evidence = read(text)
    except EvidenceError:
        return
    assert all(not mount.whole for mount in evidence.mounts) or text.endswith(("\r\n\r\n", "\r\n\r"))
    assert set(_listed(evidence)) <= set(_listed(read(WHOLE)))


def _listed(evidence: RegistryEvidence) -> list[str]:
    return [
        repr(entry)
        for mount in evidence.mounts
        if isinstance(mount.root, MemoryKey)
        for entry in _entries(mount.root, mount.path)
    ]


@given(st.binary(max_size=300).map(lambda data: b"REGEDIT4\n[HKLM\\A]\n" + data) | st.binary(max_size=50))
def test_any_bytes_are_evidence_or_an_evidence_error(data: bytes) -> None:
    try:
        evidence = read(data)
    except EvidenceError:
        return
    assert evidence.mounts


@needs_corpus
def test_exports_of_other_programs() -> None:
    hivex = read((EXPORTS / "hivexregedit_default.reg").read_bytes())
    assert (hivex.state, holds(hivex)) == (State.CLEAN, [("HKLM\\Cluster", True)])
    wine = read((EXPORTS / "wine_regedit_E_v5.reg").read_bytes())
    assert (wine.state, holds(wine)) == (State.DAMAGED, [("HKLM\\Cluster", False)])
    for evidence in (hivex, wine):
        key = find(evidence, TYPE)
        assert key is not None
        found = key.value("AdminExtensions")
        assert found is not None
        assert found.strings() == ("{92BF7500-974C-11D0-A5F2-00A0C922E752}",)


@needs_corpus
def test_hives_and_wines_own_text_are_told_apart() -> None:
    assert not FORMAT.recognises((EXPORTS / "tricky.hiv").read_bytes()[:8192])
    assert FORMAT.recognises((EXPORTS / "wine_RegSaveKey_text.reg").read_bytes()[:8192])
