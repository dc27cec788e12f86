from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures._case import CLSID, TYPE, cluster_hive
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import regedt32_text as module
from iiscluster_kb.evidence.regedt32_text import FORMAT
from iiscluster_kb.model import RegistryEvidence, State
from iiscluster_kb.registry import KeyPath, RegistryValue, ValueType, descend, multi_sz, sz
from tests.support.evidence import case_file
from tests.support.regf_writer import KeySpec, tree_from_dict
from tests.support.registry_text import ENGLISH, FRENCH, GERMAN, lies, regedt32_text

if TYPE_CHECKING:
    from iiscluster_kb.registry import RegistryKey
    from tests.support.registry_text import Labels

TREE = tree_from_dict(
    "Cluster",
    cluster_hive()
    | {
        "": "unnamed",
        "Bytes": bytes(range(40)),
        "Nothing": b"",
        "Big": RegistryValue("Big", ValueType.REG_QWORD, (1 << 40).to_bytes(8, "little")),
        "Path": RegistryValue("Path", ValueType.REG_EXPAND_SZ, sz("%windir%\\Cluster")),
        "Two": ["one", "and two"],
        "Empty": "",
    },
)
HKLM_CLUSTER = r"HKEY_LOCAL_MACHINE\Cluster"
TEXT = regedt32_text("Cluster", TREE)
HEADER = (
    "Key Name:          Cluster\r\nClass Name:        <NO CLASS>\r\nLast Write Time:   6/16/00 - 10:13 AM\r\n"
)


def read(data: str | bytes) -> RegistryEvidence:
    raw = data if isinstance(data, bytes) else data.encode("cp1252")
    evidence = FORMAT.read(case_file("NODE1/cluster.txt", raw))
    assert isinstance(evidence, RegistryEvidence)
    return evidence


def one_value(rows: str, *, after: str = "\r\n\r\n") -> RegistryKey:
    """The key of a text that holds one value."""
    return read(f"{HEADER}Value 0\r\n{rows}{after}").mounts[0].root


def flat(root: RegistryKey, at: str = "") -> dict[str, RegistryValue]:
    found = {f"{at}{value.name}": value for value in root.values()}
    for below in root.subkeys():
        found |= flat(below, f"{at}{below.name}\\")
    return found


def flat_spec(key: KeySpec, at: str = "") -> dict[str, RegistryValue]:
    found = {f"{at}{value.name}": value for value in key.values}
    for below in key.subkeys:
        found |= flat_spec(below, f"{at}{below.name}\\")
    return found


@pytest.mark.parametrize("labels", [ENGLISH, GERMAN, FRENCH])
@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "utf-8", "utf-16", "utf-16-le"])
def test_a_subtree_comes_back_in_every_language(labels: Labels, encoding: str) -> None:
    data = regedt32_text(HKLM_CLUSTER, TREE, labels=labels).encode(encoding)
    assert FORMAT.recognises(data[:8192])
    evidence = read(data)
    (mount,) = evidence.mounts
    assert (str(mount.path), mount.whole, evidence.state) == (HKLM_CLUSTER, True, State.CLEAN)
    assert flat(mount.root) == flat_spec(TREE)
    assert lies(evidence, HKLM_CLUSTER, TREE) == []


def test_it_says_that_data_are_rebuilt_and_which_code_page_was_taken() -> None:
    assert "rebuilt" in read(TEXT).notes[0]
    evidence = read(regedt32_text("Cluster", TREE, labels=GERMAN).encode("cp850"))
    assert evidence.notes[1] == "names and strings outside ASCII were read in code page cp850"


def test_values_know_their_lines_and_keys_no_time() -> None:
    root = (
        read(
            HEADER
            + "Value 0\r\n  Name:            A\r\n  Type:            REG_SZ\r\n  Data:            b\r\n\r\n\r\n"
        )
        .mounts[0]
        .root
    )
    value = root.value("a")
    assert (root.line, root.modified, root.offset) == (3, None, None)
    assert value is not None
    assert value.line == 4


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("SYSTEM", r"HKLM\SYSTEM"),
        (r"SOFTWARE\Microsoft", r"HKLM\SOFTWARE\Microsoft"),
        ("Cluster", r"HKLM\Cluster"),
        (r"CLSID\{A}", r"HKLM\SOFTWARE\Classes\CLSID\{A}"),
        (r".DEFAULT\Software", r"HKU\.DEFAULT\Software"),
        (r"S-1-5-21-1\Software", r"HKU\S-1-5-21-1\Software"),
        ("HKEY_LOCAL_MACHINE", "HKLM"),
        (r"HKEY_CLASSES_ROOT\CLSID", r"HKLM\SOFTWARE\Classes\CLSID"),
    ],
)
def test_the_root_key_that_is_left_out_is_told_by_the_first_name(name: str, path: str) -> None:
    text = regedt32_text(name, KeySpec("x"))
    assert FORMAT.recognises(text.encode())
    assert [mount.path.short for mount in read(text).mounts] == [path]


@pytest.mark.parametrize(
    "name", [r"Software\Microsoft", r"HKEY_NONE\x", r"HKEY_CURRENT_USER\x", r"A\b", "SYSTEM" + "\\x" * 600]
)
def test_a_key_of_a_user_or_of_nobody_is_declined(name: str) -> None:
    text = regedt32_text(name, KeySpec("x"))
    assert FORMAT.recognises(text.encode())
    with pytest.raises(EvidenceError, match="lists no key of HKEY_LOCAL_MACHINE"):
        read(text)


@pytest.mark.parametrize("width", [40, 60, 80])
def test_names_wrapped_at_blanks_are_put_together(width: int) -> None:
    tree = tree_from_dict(
        "x", {"Resource Types": {"IIS Server Instance": {"A B": {"C": 1}, "Other Long Name": {}}}}
    )
    text = regedt32_text(r"SYSTEM\Some Key", tree, width=width)
    assert FORMAT.recognises(text.encode())
    evidence = read(text)
    (mount,) = evidence.mounts
    assert mount.path.short == r"HKLM\SYSTEM\Some Key"
    assert flat(mount.root) == flat_spec(tree)


def test_a_name_broken_inside_a_word_is_put_together_by_its_parent() -> None:
    children = [HEADER.replace("Cluster", f"Cluster\\{name}") for name in ("Resources", "Reso\r\nurces\\a")]
    (mount,) = read("\r\n".join([HEADER, *children, "\r\n"])).mounts
    assert mount.whole
    assert [key.name for key in mount.root.subkeys()] == ["Resources"]


def test_where_a_last_name_had_its_blank_is_a_guess() -> None:
    child = HEADER.replace("Cluster", "Cluster\\Physical\r\nDisk")
    evidence = read(f"{HEADER}\r\n{child}\r\n\r\n")
    assert "is a guess" in evidence.notes[1]
    assert not evidence.mounts[0].whole


def rows_of(name: str, kind: str, data: str, *more: str) -> str:
    first = (f"  Name:            {name}", f"  Type:            {kind}", f"  Data:            {data}")
    return "\r\n".join((*first, *more))


INDENT = " " * 19
DUMP = "00000000   00 01 02 03 04 05 06 07 - 08 09                          .........."


@pytest.mark.parametrize(
    ("rows", "value"),
    [
        (rows_of("A", "REG_SZ", "  two blanks "), sz("  two blanks ")),
        ("Name: A\r\nType: REG_SZ\r\nData: copied from a mail", sz("copied from a mail")),
        (rows_of("A", "REG_DWORD", "0x1f"), b"\x1f\0\0\0"),
        (rows_of("A", "REG_BINARY", ""), b""),
        (rows_of("A", "REG_NONE", "", DUMP), bytes(range(10))),
        (rows_of("A", "REG_BINARY", "", "00000000   00 de ad 62 - 65 65 66  ...beef"), None),
        (rows_of("A", "REG_BINARY", "", "00000010   00 01"), None),
        (rows_of("A", "REG_BINARY", "", DUMP, "00000010   00"), None),
        (rows_of("A", "REG_BINARY", "text"), None),
        (rows_of("A", "REG_DWORD", "31"), None),
        (rows_of("A", "REG_DWORD", "0x123456789"), None),
        (rows_of("A", "REG_DWORD_BIG_ENDIAN", "0x1"), None),
        (rows_of("A", "0x12", "", "00000000   01"), None),
        (rows_of("A", "REG_SZ", "one", "two"), None),
        (rows_of("A", "REG_MULTI_SZ", ""), None),
        (rows_of("A", "REG_MULTI_SZ", "", f"{INDENT}hidden"), None),
        (rows_of("A", "REG_MULTI_SZ", "a", f"{INDENT}b"), multi_sz("a", "b")),
        (rows_of("A", "REG_RESOURCE_LIST", "", "Partial List number 0"), None),
    ],
)
def test_data_are_told_exactly_or_not_at_all(rows: str, value: bytes | None) -> None:
    key = one_value(rows)
    if value is None:
        with pytest.raises(EvidenceError, match="line "):
            key.value("A")
        assert list(key.values()) == []
    else:
        found = key.value("A")
        assert found is not None
        assert found.data == value


def test_an_empty_string_inside_a_list_makes_it_unclear() -> None:
    rows = (
        "  Name:            A\r\n  Type:            REG_MULTI_SZ\r\n  Data:            a\r\n\r\n"
        + " " * 19
        + "b"
    )
    evidence = read(f"{HEADER}Value 0\r\n{rows}\r\n\r\n\r\n")
    assert evidence.state is State.DAMAGED
    assert not evidence.mounts[0].whole


def test_two_unnamed_values_make_each_other_unclear() -> None:
    rows = "  Type:            REG_SZ\r\n  Data:            x\r\n\r\n"
    text = f"{HEADER}Value 0\r\n  Name:            <NO NAME>\r\n{rows}Value 1\r\n  Name:            <other>\r\n{rows}\r\n"
    with pytest.raises(EvidenceError, match="angle brackets"):
        read(text).mounts[0].root.value("")


def test_values_may_follow_without_an_empty_line() -> None:
    rows = "  Type:            REG_SZ\r\n  Data:            x\r\n"
    text = f"{HEADER}Value 0\r\n  Name:            A\r\n{rows}Value 1\r\n  Name:            B\r\n{rows}{HEADER}\r\n\r\n"
    assert sorted(value.name for value in read(text).mounts[0].root.values()) == ["A", "B"]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ("what is this\r\n", "neither key nor value: 'what is this'"),
        (
            "Key Name:          Cluster\\A\r\nClass Name:        x\r\nno time\r\n",
            "without its last-written time",
        ),
        ("Key Name:          Cluster\\A\r\n" + "x\r\n" * 9, "goes over too many lines"),
        (
            "Key Name:          Nowhere\\A\r\nClass Name:        x\r\nLast Write Time:   x\r\n",
            "no known root",
        ),
        ("Key Name:          Cluster\\A\r\n", "ends inside the name of a key"),
        ("Value 7\r\n", "neither key nor value"),
        ("Value 0\r\n  What:            A\r\n", "a value without a name"),
        ("Value 0\r\n  Name:            A\r\n  Kind:            A\r\n", "a value without a type"),
        (
            "Value 0\r\n  Name:            A\r\n  Type:            REG_SZ\r\n  Else:\r\n",
            "a value without data",
        ),
        ("Value 0\r\n  Name:            A\r\n\r\n", "ends before its data"),
        ("Last line", "the text ends inside this line"),
    ],
)
def test_damaged_lines_are_named_and_take_away_what_absence_rests_on(damage: str, reason: str) -> None:
    evidence = read(TEXT + HEADER.replace("Cluster", "Cluster\\Z") + damage)
    assert reason in evidence.notes[0]
    assert evidence.state is State.DAMAGED
    assert not evidence.mounts[0].whole
    key = descend(evidence.mounts[0].root, ["ResourceTypes", TYPE])[-1]
    value = key.value("AdminExtensions")
    assert value is not None
    assert value.strings() == (CLSID,)


def test_a_key_without_its_parent_makes_a_fragment() -> None:
    evidence = read(HEADER + "\r\n" + HEADER.replace("Cluster", "Cluster\\A\\B") + "\r\n\r\n")
    assert [(mount.path.short, mount.whole) for mount in evidence.mounts] == [(r"HKLM\Cluster", False)]
    assert "without their parents" in evidence.notes[1]


@pytest.mark.parametrize(("blanks", "told"), [(0, False), (1, False), (2, True)])
def test_values_of_the_last_key_are_all_there_only_where_its_end_shows(blanks: int, told: bool) -> None:
    rows = "  Name:            A\r\n  Type:            REG_DWORD\r\n  Data:            0x1\r\n"
    key = read(f"{HEADER}Value 0\r\n{rows}" + "\r\n" * blanks).mounts[0].root
    if told:
        assert key.value("B") is None
        assert key.value("A") is not None
    else:
        with pytest.raises(EvidenceError, match="the text ends here"):
            key.value("B")


def test_what_sorts_behind_the_end_is_not_told() -> None:
    (mount,) = read(TEXT).mounts
    types = mount.root.subkey("ResourceTypes")
    assert types is not None
    assert mount.root.subkey("Networks") is None
    assert types.subkey("Network Name") is None
    for key in (mount.root, types):
        with pytest.raises(EvidenceError, match="further subkeys may have followed"):
            key.subkey("Zzz")


def test_the_size_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TEXT_LIMIT", 64)
    with pytest.raises(EvidenceError, match="offset 64: registry text over the limit"):
        read(TEXT)


def test_mail_headers_and_other_labels_are_no_registry() -> None:
    for text in (
        "From: a@b\nTo: c\nDate: 6/16/00 - 10:13 AM\n",
        "Key Name:  \\x\n",
        "Key Name: a\\b\nClass: c\nTime: yesterday\n",
        " Key Name: a\\b\nClass: c\nTime: 6/16/00 - 10:13\n",
        "a\\b\n",
        "Key Name: a\\b\nx\n",
        "\\:\0",
    ):
        assert not FORMAT.recognises(text.encode())


@given(st.integers(0, len(TEXT)), st.sampled_from(["cp1252", "utf-16-le"]))
def test_a_cut_anywhere_tells_nothing_wrong(cut: int, encoding: str) -> None:
    data = TEXT.encode(encoding)[: cut * (2 if encoding == "utf-16-le" else 1)]
    try:
        evidence = read(data)
    except EvidenceError:
        return
    assert lies(evidence, HKLM_CLUSTER, TREE) == []


@given(st.lists(st.tuples(st.integers(0, len(TEXT) - 1), st.integers(0, 255)), max_size=20))
def test_any_mutation_is_evidence_or_an_evidence_error(changes: list[tuple[int, int]]) -> None:
    data = bytearray(TEXT.encode())
    for place, byte in changes:
        data[place] = byte
    FORMAT.recognises(bytes(data[:8192]))
    try:
        evidence = read(bytes(data))
    except EvidenceError:
        return
    assert evidence.mounts
    for mount in evidence.mounts:
        assert KeyPath.parse(str(mount.path)) == mount.path


@given(st.binary(max_size=300).map(lambda data: HEADER.encode() + data) | st.binary(max_size=60))
def test_any_bytes_are_evidence_or_an_evidence_error(data: bytes) -> None:
    FORMAT.recognises(data)
    try:
        evidence = read(data)
    except EvidenceError:
        return
    assert evidence.mounts
