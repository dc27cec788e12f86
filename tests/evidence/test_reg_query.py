from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures._case import CLSID, TYPE, cluster_hive
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import reg_query as module
from iiscluster_kb.evidence.reg_query import FORMAT
from iiscluster_kb.model import RegistryEvidence, State
from iiscluster_kb.registry import RegistryValue, ValueType, descend, multi_sz, sz
from tests.support.evidence import case_file
from tests.support.regf_writer import tree_from_dict
from tests.support.registry_text import VISTA, XP, Style, lies, reg_query, searched

if TYPE_CHECKING:
    from iiscluster_kb.registry import RegistryKey
    from tests.support.regf_writer import KeySpec

PATH = r"HKEY_LOCAL_MACHINE\Cluster"
TREE = tree_from_dict(
    "Cluster",
    cluster_hive()
    | {
        "": "unnamed",
        "Bytes": bytes(range(40)),
        "Big": RegistryValue("Big", ValueType.REG_QWORD, (1 << 40).to_bytes(8, "little")),
        "Path": RegistryValue("Path", ValueType.REG_EXPAND_SZ, sz("%windir%\\Cluster  ")),
        "Two words": ["one", "and two"],
        "Empty": "",
    },
)
TEXT = reg_query(PATH, TREE)
GERMAN = Style(no_name="(Standard)")
FRENCH_XP = Style("! REG.EXE VERSION 3.0\r\n", "\t", "<SANS NOM>", r"\0\0")
STYLES = [VISTA, XP, GERMAN, FRENCH_XP]


def read(data: str | bytes) -> RegistryEvidence:
    raw = data if isinstance(data, bytes) else data.encode("cp850")
    evidence = FORMAT.read(case_file("NODE1_reg_Cluster.txt", raw))
    assert isinstance(evidence, RegistryEvidence)
    return evidence


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


def root_of(lines: str, *, header: str = "") -> RegistryKey:
    return read(f"\r\n{header}\r\n{PATH}\r\n{lines}\r\n\r\n").mounts[0].root


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("encoding", ["cp850", "utf-8", "utf-16", "utf-16-le"])
def test_a_whole_subtree_comes_back(style: Style, encoding: str) -> None:
    data = reg_query(PATH, TREE, style=style).encode(encoding)
    assert FORMAT.recognises(data[:8192])
    evidence = read(data)
    (mount,) = evidence.mounts
    assert (str(mount.path), mount.whole, evidence.state) == (PATH, True, State.CLEAN)
    assert flat(mount.root) == flat_spec(TREE)
    assert lies(evidence, PATH, TREE) == []


@pytest.mark.parametrize("style", STYLES)
def test_without_s_only_the_key_s_own_values_and_the_names_below_are_told(style: Style) -> None:
    text = reg_query(PATH, TREE, style=style, recursive=False)
    assert FORMAT.recognises(text.encode("cp850"))
    evidence = read(text)
    (mount,) = evidence.mounts
    assert mount.whole
    assert mount.root.value("Nothing") is None
    assert mount.root.subkey("Networks") is None
    types = mount.root.subkey("ResourceTypes")
    assert types is not None
    with pytest.raises(EvidenceError, match="names ResourceTypes and need not show"):
        types.value("x")
    groups = mount.root.subkey("Groups")
    assert groups is not None
    with pytest.raises(EvidenceError, match="names Groups and need not show"):
        groups.subkey("x")
    assert lies(evidence, PATH, TREE) == []


def test_a_single_name_below_may_be_that_of_a_key_that_is_not_shown() -> None:
    text = reg_query(
        PATH, tree_from_dict("x", {"Name": "y", "Type": 1, "Long": 2, "Z": {"A": 1}}), recursive=False
    )
    below = read(text).mounts[0].root.subkey("Z")
    assert below is not None
    with pytest.raises(EvidenceError, match="need not show"):
        below.value("A")
    with pytest.raises(EvidenceError, match="may have followed"):
        below.subkey("A")


def test_values_know_their_lines() -> None:
    key = read(TEXT).mounts[0].root
    value = key.value("clustername")
    assert value is not None
    assert TEXT.split("\r\n")[(value.line or 0) - 1] == "    ClusterName    REG_SZ    WEBCLUS"
    assert (key.line, key.modified) == (2, None)


@pytest.mark.parametrize(
    ("line", "data"),
    [
        ("    A    REG_SZ    one    REG_SZ    two", sz("one    REG_SZ    two")),
        ("    A    REG_SZ      kept ", sz("  kept ")),
        ("    A    REG_SZ", sz("")),
        ("    A REG_SZ  from a screen", sz("from a screen")),
        ("    A    REG_DWORD    0x1f", b"\x1f\0\0\0"),
        ("    A    REG_QWORD    0x10000000000", (1 << 40).to_bytes(8, "little")),
        ("    A    REG_BINARY    00FF", b"\0\xff"),
        ("    A    REG_BINARY    ", b""),
        ("    A    REG_NONE    ", b""),
        (r"    A    REG_MULTI_SZ    a\0b", multi_sz("a", "b")),
        (r"    A    REG_MULTI_SZ    a\0b\0\0", multi_sz("a", "b")),
        (r"    A    REG_MULTI_SZ    \0hidden", multi_sz("", "hidden")),
        (r"    A    REG_MULTI_SZ    a\0", None),
        ("    A    REG_MULTI_SZ    ", None),
        ("    A    REG_DWORD    31", None),
        ("    A    REG_DWORD    0x123456789", None),
        ("    A    REG_BINARY    0", None),
        ("    A    REG_LINK    text", None),
        ("    A    REG_DWORD_BIG_ENDIAN    0x1", None),
        ("    A    0x12    00", None),
    ],
)
def test_data_are_told_exactly_or_not_at_all(line: str, data: bytes | None) -> None:
    key = root_of(line)
    if data is None:
        with pytest.raises(EvidenceError, match="line 4: the text does not tell"):
            key.value("A")
    else:
        value = key.value("A")
        assert value is not None
        assert value.data == data


@pytest.mark.parametrize(("text", "data"), [(r"a\0\0", multi_sz("a")), (r"a\0", None), ("a", None)])
def test_the_older_reg_exe_prints_the_end_of_a_list(text: str, data: bytes | None) -> None:
    key = root_of(f"    A\tREG_MULTI_SZ\t{text}", header=XP.header)
    if data is None:
        with pytest.raises(EvidenceError, match="does not tell the data"):
            key.value("A")
    else:
        value = key.value("A")
        assert value is not None
        assert value.data == data


@pytest.mark.parametrize("name", ["(Default)", "<NO NAME>", "(Standard)", "(par défaut)"])
def test_the_unnamed_value_is_told_by_its_brackets(name: str) -> None:
    value = root_of(f"    {name}    REG_SZ    x").value("")
    assert value is not None
    assert (value.name, value.text()) == ("", "x")


def test_an_unnamed_value_that_is_not_set_is_not_told() -> None:
    with pytest.raises(EvidenceError, match="is shown as"):
        root_of("    (Default)    REG_SZ    (value not set)").value("")


def test_two_names_in_brackets_are_unclear() -> None:
    key = root_of("    (Default)    REG_SZ    x\r\n    (other)    REG_SZ    y")
    for name in ("", "(other)"):
        with pytest.raises(EvidenceError, match="two values of the key have names in brackets"):
            key.value(name)


def test_a_string_of_several_lines_is_unclear() -> None:
    evidence = read(f"\r\n{PATH}\r\n    A    REG_SZ    one\r\ntwo\r\n\r\n")
    assert evidence.state is State.DAMAGED
    with pytest.raises(EvidenceError, match="line 4 may belong to it"):
        evidence.mounts[0].root.value("A")


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        (TEXT + "End of search: 22 match(es) found.\r\n", "may end a search"),
        (TEXT + "Ende der Suche: 22 Übereinstimmung(en) gefunden.\r\n", "may end a search"),
        (f"\r\n{PATH}\r\n    DllName    REG_SZ    clusiis4.dll\r\n\r\n", "a search may have printed it"),
        (
            f"\r\n{PATH}\r\n    Aa    REG_SZ    1\r\n    Ab    REG_DWORD    0x1\r\n\r\n",
            "a search may have printed",
        ),
        (TEXT + f"{PATH}\\x\\y\r\n    A    REG_SZ    x\r\n\r\n", "without their parents"),
        (TEXT + TEXT, "listed more than once"),
    ],
)
def test_of_a_search_or_a_fragment_only_what_is_listed_counts(text: str, doubt: str) -> None:
    evidence = read(text)
    assert [mount.whole for mount in evidence.mounts] == [False]
    assert doubt in " ".join(evidence.notes)
    assert evidence.state is State.CLEAN


@pytest.mark.parametrize(
    "damage", ["ERROR: Access is denied.\r\n", "    A    REG_SZ    lost\r\n", "a\\b 1\r\n"]
)
def test_lines_that_are_not_understood_take_away_what_absence_rests_on(damage: str) -> None:
    evidence = read(TEXT + damage + "\r\n")
    assert evidence.state is State.DAMAGED
    assert not evidence.mounts[0].whole
    assert "neither key nor value" in evidence.notes[0]
    value = descend(evidence.mounts[0].root, ["ResourceTypes", TYPE])[-1].value("AdminExtensions")
    assert value is not None
    assert value.strings() == (CLSID,)


def test_of_many_damaged_lines_the_first_are_named() -> None:
    assert read(TEXT + "bad\r\n" * 8).notes[0].endswith("and 3 more; only what is listed counts")


def test_a_value_listed_twice_with_other_data_is_unclear() -> None:
    with pytest.raises(EvidenceError, match="listed once more, with other data"):
        root_of("    A    REG_SZ    x\r\n    a    REG_SZ    y").value("A")


def test_several_queries_in_one_file_hold_several_places() -> None:
    services = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\ClusSvc"
    service = tree_from_dict(
        "x", {"Start": 2, "ImagePath": "c:\\clussvc.exe", "Group": "q", "Parameters": {}}
    )
    text = (
        "C:\\>reg query it\r\n"
        + TEXT
        + reg_query(services, service)
        + "\r\nHKEY_CURRENT_USER\\x\r\n    A    REG_SZ    b\r\n"
    )
    assert FORMAT.recognises(text.encode())
    evidence = read(text)
    assert [(mount.path.short, mount.whole) for mount in evidence.mounts] == [
        (r"HKLM\Cluster", True),
        (r"HKLM\SYSTEM\CurrentControlSet\Services\ClusSvc", True),
    ]
    assert evidence.notes[-1].startswith("keys of HKEY_CURRENT_USER are left out")


def test_very_many_queries_are_a_fragment() -> None:
    text = "".join(f"\r\nHKEY_LOCAL_MACHINE\\k{n}\r\n    A    REG_SZ    b\r\n" for n in range(65))
    evidence = read(text + "\r\n")
    assert [(mount.path.short, mount.whole) for mount in evidence.mounts] == [("HKLM", False)]
    assert [key.name for key in evidence.mounts[0].root.subkeys()][:2] == ["k0", "k1"]


@pytest.mark.parametrize("name", ["x" * (1 << 16), "\\x" * 513])
def test_names_that_no_key_has_are_not_taken(name: str) -> None:
    evidence = read(f"{TEXT}{PATH}\\{name}\r\n    A    REG_SZ    b\r\n\r\n")
    assert "too long" in evidence.notes[0]


def test_of_users_alone_nothing_is_taken() -> None:
    with pytest.raises(EvidenceError, match="lists no key of HKEY_LOCAL_MACHINE"):
        read("\r\nHKEY_CURRENT_USER\\x\r\n    A    REG_SZ    b\r\n\r\n")


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iiscluster_kb.evidence._registry_text._WEIGHT_LIMIT", 20)
    with pytest.raises(EvidenceError, match=r"line \d+: over the limit of 20 "):
        read(TEXT)
    monkeypatch.setattr(module, "TEXT_LIMIT", 64)
    with pytest.raises(EvidenceError, match="offset 64: registry text over the limit"):
        read(TEXT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "HKEY_LOCAL_MACHINE\\Cluster\r\n",
        "HKEY_LOCAL_MACHINE\\Cluster\r\nis where it is\r\n",
        "[HKEY_LOCAL_MACHINE\\Cluster]\r\n",
        "a\nb\nc\nd\ne\nf\nHKEY_LOCAL_MACHINE\\Cluster\r\n    A    REG_SZ    b\r\n",
        "HE\0",
    ],
)
def test_other_text_is_not_recognised(text: str) -> None:
    assert not FORMAT.recognises(text.encode())


def test_the_older_header_is_enough() -> None:
    assert FORMAT.recognises(f"\r\n! REG.EXE VERSION 2.0\r\n\r\n{PATH}\r\n".encode())


@given(st.integers(0, len(TEXT)), st.sampled_from(STYLES), st.booleans())
def test_a_cut_anywhere_tells_nothing_wrong(cut: int, style: Style, recursive: bool) -> None:
    text = reg_query(PATH, TREE, style=style, recursive=recursive)
    try:
        evidence = read(text[: cut % (len(text) + 1)])
    except EvidenceError:
        return
    assert lies(evidence, PATH, TREE) == []


WORDS = sorted(
    {word for text in flat_spec(TREE) for word in (text[:2], text[-2:], text[2:5])} | set("aeinrs0:")
)


@given(st.sampled_from(WORDS), st.integers(0, 1 << 16), st.sampled_from([VISTA, XP]))
def test_a_search_whose_end_was_cut_off_tells_nothing_wrong(pattern: str, cut: int, style: Style) -> None:
    text = searched(PATH, TREE, pattern, style=style)
    for part in (text, text[: cut % (len(text) + 1)]):
        try:
            evidence = read(part)
        except EvidenceError:
            continue
        assert lies(evidence, PATH, TREE) == []


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


@given(st.binary(max_size=300).map(lambda data: f"{PATH}\r\n".encode() + data) | st.binary(max_size=60))
def test_any_bytes_are_evidence_or_an_evidence_error(data: bytes) -> None:
    FORMAT.recognises(data)
    try:
        evidence = read(data)
    except EvidenceError:
        return
    assert evidence.mounts
