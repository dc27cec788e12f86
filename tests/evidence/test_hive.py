from __future__ import annotations

import lzma
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import hive
from iiscluster_kb.model import CaseFile, RegistryEvidence, State
from iiscluster_kb.registry import KeyPath, descend
from tests.support.regf_writer import build_hive, tree_from_dict, write_hive
from tests.support.reports import MemoryContent

if TYPE_CHECKING:
    from collections.abc import Mapping

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus/hives"
CLUSTER: dict[str, object] = {"Nodes": {}, "Groups": {}, "ResourceTypes": {"IIS Server Instance": {"a": 1}}}
WINDOWS_NT = {"Windows NT": {"CurrentVersion": {"SystemRoot": "C:\\WINNT"}}}


def build(tree: Mapping[str, object], name: str = "root", minor: int = 3) -> bytes:
    return build_hive(tree_from_dict(name, tree), minor=minor)  # type: ignore[arg-type]  # nested as it stands


def read(data: bytes, path: str = "NODE1/CLUSDB") -> RegistryEvidence:
    evidence = hive.FORMAT.read(CaseFile(path, MemoryContent(data)))
    assert isinstance(evidence, RegistryEvidence)
    return evidence


def refusal(data: bytes) -> str:
    with pytest.raises(EvidenceError) as caught:
        read(data, "x")
    assert caught.value.path == "x"
    return caught.value.detail


def corpus(name: str) -> bytes:
    packed = CORPUS / f"{name}.xz"
    if not packed.exists():
        pytest.skip(f"no corpus: {packed}")
    return lzma.decompress(packed.read_bytes())


# --- recognition ------------------------------------------------------------------------------------


def test_a_hive_is_told_by_its_first_bytes() -> None:
    assert hive.FORMAT.name == "registry-hive"
    assert hive.FORMAT.recognises(build(CLUSTER)[:8192])
    assert not any(map(hive.FORMAT.recognises, (b"", bytes(8192), b"reg", b"REGEDIT4", b"\xff\xferegf")))


def test_a_hive_that_lost_its_base_block_is_told_by_its_first_bin() -> None:
    lost = bytes(512) + build(CLUSTER)[512:]
    assert hive.FORMAT.recognises(lost[:8192])
    assert not hive.FORMAT.recognises(lost[:4100])
    assert not hive.FORMAT.recognises(lost[:4100] + b"\1" + lost[4101:])


@pytest.mark.parametrize("kind", [1, 2, 6])
def test_a_transaction_log_is_none(kind: int) -> None:
    data = bytearray(build(CLUSTER))
    data[28] = kind
    assert not hive.FORMAT.recognises(bytes(data))


# --- place ------------------------------------------------------------------------------------------


PLACED: list[tuple[str, dict[str, object]]] = [
    (r"HKLM\Cluster", {"NODES": {}, "groups": {}}),
    (r"HKLM\Cluster", {"Resource Types": {}, "Quorum": {}}),
    (r"HKLM\Cluster", {"ResourceTypes": {}, "Resources": {}, "Networks": {}}),
    (r"HKLM\SYSTEM", {"Select": {"Current": 1}, "ControlSet001": {}}),
    (r"HKLM\SYSTEM", {"ControlSet042": {}, "Setup": {}}),
    (r"HKLM\SOFTWARE", {"Microsoft": {}, "Classes": {}}),
    (r"HKLM\SOFTWARE", {"Microsoft": WINDOWS_NT}),
    (r"HKLM\SOFTWARE\Classes", {"CLSID": {}, "Interface": {}}),
    (r"HKLM\SOFTWARE\Classes", {"CLSID": {}, "TypeLib": {}, ".txt": {}}),
    (r"HKLM\SOFTWARE\Classes", {"CLSID": {}, **{f".e{number}": {} for number in range(20)}}),
    (r"HKLM\SYSTEM\CurrentControlSet", {"Control": {}, "Enum": {}, "Services": {}}),
    (
        r"HKLM\SYSTEM\CurrentControlSet\Services",
        {"ClusSvc": {"Start": 2}, "Tcpip": {"Start": 1}, "W3SVC": {"Start": 2}, "Abiosdsk": {}},
    ),
]


@pytest.mark.parametrize(("place", "tree"), PLACED)
def test_a_hive_lies_where_its_root_keys_say(place: str, tree: dict[str, object]) -> None:
    data = build(tree, name="$$$PROTO.HIV")
    evidence = read(data, "anything/at.all")
    (mount,) = evidence.mounts
    assert mount.path == KeyPath.parse(place)
    assert mount.whole
    assert mount.root.name == "$$$PROTO.HIV"
    assert (evidence.format, evidence.state, evidence.notes) == ("registry-hive", State.CLEAN, ())


UNPLACED: list[dict[str, object]] = [
    {},
    {"Nodes": {}},
    {"ResourceTypes": {}, "Resource Types": {}},
    {"Select": {"Current": 1}, "ControlSet01": {}, "ControlSet0001": {}},
    {"Microsoft": {"Windows NT": {"CurrentVersion": {"Devices": {}}}}, "Policies": {}},
    {"CLSID": {}, "Interface": {}, "Local Settings": {}},
    {"CLSID": {}, ".txt": {}},
    {"Control": {}, "Services": {}},
    {"Tcpip": {"Start": 1}, "ClusSvc": {}, "W3SVC": {"Type": 32}},
    {"SAM": {}},
    {f"K{number}": {} for number in range(9)},
]


@pytest.mark.parametrize("tree", UNPLACED, ids=lambda tree: ",".join(tree)[:40])
def test_a_hive_of_no_use_is_declined_with_what_its_root_holds(tree: dict[str, object]) -> None:
    detail = refusal(build(tree))
    assert detail.startswith("a hive of no use here: its root holds ")
    assert (next(iter(tree), "no subkeys")) in detail
    assert detail.endswith("…") == (len(tree) > 8)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("regipy-SYSTEM", r"HKLM\SYSTEM"),
        ("regipy-SYSTEM_B", r"HKLM\SYSTEM"),
        ("regipy-SYSTEM_WIN_10_1709", r"HKLM\SYSTEM"),
        ("regipy-corrupted_system_hive", r"HKLM\SYSTEM"),
        ("regipy-NTUSER.DAT", None),
        ("regipy-NTUSER-WSL.DAT", None),
        ("plaso-NTUSER-WIN7.DAT", None),
        ("regipy-UsrClass.dat", None),
        ("winreg-kb-UsrClass.dat", None),
        ("regipy-ntuser_software_partial", None),
        ("regipy-BCD", None),
        ("plaso-100_sub_keys.hiv", None),
    ],
)
def test_real_hives_are_placed(name: str, place: str | None) -> None:
    data = corpus(name)
    if place is None:
        assert refusal(data).startswith("a hive of no use here: ")
    else:
        assert read(data).mounts[0].path == KeyPath.parse(place)


# --- damage -----------------------------------------------------------------------------------------


OLE = {
    f"{{{number}-0000-0000-C000-000000000046}}": {"InprocServer32": {"": "ole32.dll"}}
    for number in ("00000300", "00000320", "00020424")
}


@pytest.mark.parametrize(
    ("tree", "place"),
    [
        ({"ImagePath": r"C:\WINNT\Cluster\clusprxy.exe", "Start": 2}, r"Services\ClusSvc"),
        ({"ImagePath": '"C:\\WINNT\\Cluster\\ClusSvc.exe"', "Parameters": {}}, r"Services\ClusSvc"),
        ({"ImagePath": r"system32\drivers\clusdisk.sys", "Parameters": {}}, r"Services\ClusDisk"),
        ({"ImagePath": "ClusNet.sys"}, r"Services\ClusNet"),
    ],
)
def test_a_service_s_own_key_is_told_by_its_program(tree: dict[str, object], place: str) -> None:
    (mount,) = read(build(tree)).mounts
    assert mount.path == KeyPath.parse(rf"HKLM\SYSTEM\CurrentControlSet\{place}")


def test_the_key_of_classes_is_told_by_those_of_ole() -> None:
    (mount,) = read(build(OLE)).mounts
    assert mount.path == KeyPath.parse(r"HKLM\SOFTWARE\Classes\CLSID")
    (one, below), *_ = OLE.items()
    assert "of no use here" in refusal(build({one: below}))


@pytest.mark.parametrize(
    "tree", [{"ImagePath": r"C:\WINNT\System32\inetsrv\inetinfo.exe"}, {"ImagePath": 1}, {"Parameters": {}}]
)
def test_a_service_s_key_that_others_resemble_is_declined(tree: dict[str, object]) -> None:
    assert "of no use here" in refusal(build(tree))


def test_a_root_that_cannot_be_read_is_the_reason() -> None:
    image = write_hive(tree_from_dict("root", {"Nodes": {}, "Groups": {}}))
    image.put(image.keys[""] + 4, "<2s", b"xx")
    assert f"{image.keys['']:#x}" in refusal(image.seal())


def test_a_list_of_root_keys_that_cannot_be_read_is_the_reason() -> None:
    image = write_hive(tree_from_dict("root", {"Nodes": {}, "Groups": {}}))
    image.put(image.lists[""][0] + 4, "<2s", b"xx")
    assert f"{image.lists[''][0]:#x}" in refusal(image.seal())
    assert "no use" not in refusal(image.seal())


def test_root_keys_that_cannot_be_read_do_not_hide_the_others() -> None:
    tree = {**CLUSTER, "Broken": {}, "Quorum": {"Path": "Q:"}}
    image = write_hive(tree_from_dict("Cluster", tree))  # type: ignore[arg-type]  # nested as it stands
    image.put(image.keys["Broken"] + 4, "<2s", b"xx")
    (mount,) = read(image.seal()).mounts
    (quorum,) = descend(mount.root, ["Quorum"])
    assert quorum.value("Path") is not None


def test_a_mark_that_cannot_be_read_is_no_mark() -> None:
    image = write_hive(tree_from_dict("root", {"Microsoft": WINDOWS_NT, "Policies": {}}))
    image.put(image.values["Microsoft\\Windows NT\\CurrentVersion", "SystemRoot"] + 4, "<2s", b"xx")
    assert "no use" not in refusal(image.seal())


def test_damage_that_only_reading_on_meets_is_told_where_nothing_fits() -> None:
    tree: dict[str, dict[str, str]] = {"!": {}, **{f"A{number:02}": {} for number in range(40)}}
    image = write_hive(tree_from_dict("root", tree), minor=5)  # hashes spare every look-up the broken key
    image.put(image.keys["!"] + 4, "<2s", b"xx")
    assert f"offset {image.keys['!']:#x}: " in refusal(image.seal())


@pytest.mark.parametrize("name", ["plaso-corrupt_sub_key_list.hiv"])
def test_a_real_damaged_root_is_the_reason(name: str) -> None:
    detail = refusal(corpus(name))
    assert "offset" in detail
    assert "no use" not in detail


# --- state ------------------------------------------------------------------------------------------


def test_pending_changes_are_noted() -> None:
    tree = tree_from_dict("Cluster", CLUSTER)  # type: ignore[arg-type]  # nested as it stands
    evidence = read(build_hive(tree, sequence_numbers=(5, 4)))
    assert evidence.state is State.UNRECOVERED
    (note,) = evidence.notes
    assert note.startswith("sequence numbers 5 and 4 differ: changes are pending in transaction logs")


def test_a_wrong_checksum_is_noted() -> None:
    tree = tree_from_dict("Cluster", CLUSTER)  # type: ignore[arg-type]  # nested as it stands
    evidence = read(build_hive(tree, wrong_checksum=True))
    assert evidence.state is State.UNRECOVERED
    assert evidence.notes == ("the checksum of the base block does not match",)


def test_a_cut_hive_still_answers_what_can_be_read() -> None:
    tree = {**CLUSTER, "Quorum": {"long": b"z" * 9000}}
    image = write_hive(tree_from_dict("Cluster", tree), minor=3)  # type: ignore[arg-type]  # nested as it stands
    size = len(image.data)
    image.put(40, "<I", size - 4096 + 8192)
    image.put(image.values["Quorum", "long"] + 12, "<I", size - 4096 + 64)  # its data lay in what is cut off
    evidence = read(image.seal())
    assert evidence.state is State.DAMAGED
    assert f"the file is shorter than its header says ({size} of {size + 8192} bytes)" in evidence.notes
    root = evidence.mounts[0].root
    assert descend(root, ["ResourceTypes", "IIS Server Instance"])[-1].value("a") is not None
    with pytest.raises(EvidenceError):
        descend(root, ["Quorum"])[-1].value("long")


@pytest.mark.parametrize("part", [1, 3, 7])
def test_a_real_hive_cut_short_is_placed_and_answers(part: int) -> None:
    data = corpus("regipy-SYSTEM")
    evidence = read(data[: len(data) * part // 8])
    assert evidence.mounts[0].path == KeyPath.parse(r"HKLM\SYSTEM")
    assert evidence.state is State.DAMAGED
    (select,) = descend(evidence.mounts[0].root, ["Select"])
    current = select.value("Current")
    assert current is not None
    assert current.integer() == 1


def test_damage_among_the_root_keys_is_noted() -> None:
    image = write_hive(tree_from_dict("root", {"ControlSet001": {}, "Setup": {}, "Broken": {}}))
    image.put(image.keys["Broken"] + 4, "<2s", b"xx")
    evidence = read(image.seal())
    assert evidence.mounts[0].path == KeyPath.parse(r"HKLM\SYSTEM")
    assert evidence.state is State.DAMAGED
    assert any(note.startswith(f"offset {image.keys['Broken']:#x}: ") for note in evidence.notes)


# --- laws -------------------------------------------------------------------------------------------

SOUND = build({**CLUSTER, "Quorum": {"Path": "Q:\\MSCS", "list": ["a", "b"]}}, name="Cluster")


@given(st.integers(0, len(SOUND)), st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.binary(max_size=8))))
def test_no_bytes_raise_anything_but_an_evidence_error(end: int, changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(SOUND)
    for at, content in changes:
        data[at : at + len(content)] = content
    cut = bytes(data[:end])
    try:
        evidence = read(cut)
    except EvidenceError as error:
        assert error.detail  # noqa: PT017 - either outcome is right, each with its own duty
    else:
        assert evidence.mounts
