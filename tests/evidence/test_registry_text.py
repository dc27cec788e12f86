from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures._case import cluster_hive, files_of_a_node
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import formats
from iiscluster_kb.evidence._registry_text import TextKey, TextTree
from iiscluster_kb.registry import KeyPath, RegistryValue
from tests.support.evidence import case_file
from tests.support.listings import dir_listing
from tests.support.regf_writer import tree_from_dict
from tests.support.registry_text import FRENCH, GERMAN, VISTA, XP, reg_query, regedt32_text

if TYPE_CHECKING:
    from iiscluster_kb.registry import RegistryKey

CLUSTER = KeyPath.parse(r"HKLM\Cluster")
TREE = tree_from_dict("Cluster", cluster_hive())


def key_with(*names: str) -> TextKey:
    key = TextKey("a.txt", "x", 1)
    for name in names:
        key.child(name, 2)
    return key


def test_it_answers_like_any_key() -> None:
    key: RegistryKey = key_with("b")
    assert key.subkey("B") is not None
    assert key.subkey("c") is None
    assert (key.value("v"), list(key.values())) == (None, [])


@pytest.mark.parametrize(
    ("name", "is_told"), [("Alpha", True), ("beta", True), ("GAMMA", True), ("delta", False)]
)
def test_names_that_sort_before_the_last_one_are_told(name: str, is_told: bool) -> None:
    key = key_with("a", "C")
    key.leave_open(key.listed("c"), "line 9: the text ends here")
    if is_told and name != "GAMMA":
        assert key.subkey(name) is None
    else:
        with pytest.raises(EvidenceError, match=r"^a\.txt: line 9: the text ends here$"):
            key.subkey(name)


def test_where_names_are_in_no_order_none_is_told() -> None:
    key = key_with("c", "a")
    key.leave_open(key.listed("a"), "ends")
    with pytest.raises(EvidenceError, match="ends"):
        key.subkey("A0")
    assert key.subkey("c") is not None


def test_what_is_unclear_raises_though_nothing_is_untold() -> None:
    key = key_with()
    key.put(RegistryValue("A", 4, bytes(4)))
    key.put(RegistryValue("a", 4, bytes(4)))
    assert key.value("A") is not None
    key.obscure("A", 3, "odd")
    key.obscure("A", 4, "the first reason stays")
    with pytest.raises(EvidenceError, match="line 3: odd"):
        key.value("a")
    assert list(key.values()) == []


def test_a_tree_tells_outermost_keys_and_gaps() -> None:
    tree = TextTree("a.txt")
    for line, path in enumerate(("HKLM\\A", "HKLM\\A\\b", "HKLM\\C\\d", "HKLM\\A\\x\\y"), 1):
        tree.add(KeyPath.parse(path), line)
    assert [subtree.path.short for subtree in tree.subtrees] == ["HKLM\\A", "HKLM\\C\\d"]
    assert [len(subtree.doubts) for subtree in tree.subtrees] == [1, 0]
    assert tree.is_listed(KeyPath.parse("HKLM\\a\\B"))
    assert not tree.is_listed(KeyPath.parse("HKLM\\A\\x"))
    assert not tree.is_listed(KeyPath.parse("HKLM\\Q\\r"))


def test_doubts_are_named_once_and_not_too_many() -> None:
    subtree, _ = TextTree("a.txt").add(CLUSTER, 1)
    for number in range(9):
        subtree.doubt("the same")
        subtree.doubt(f"another {number}")
    assert len(subtree.doubts) == 5


def every_sample() -> dict[str, bytes]:
    path = str(CLUSTER)
    samples = {
        "regedt32-text": [
            regedt32_text("Cluster", TREE).encode(),
            regedt32_text(path, TREE, labels=GERMAN).encode("utf-16"),
            regedt32_text(path, TREE, labels=FRENCH, width=60).encode("cp850"),
        ],
        "reg-query": [
            reg_query(path, TREE).encode(),
            reg_query(path, TREE, style=XP, recursive=False).encode(),
            b"C:\\>reg query HKLM\\Cluster /s\r\n" + reg_query(path, TREE, style=VISTA).encode(),
            reg_query(path, TREE, style=XP).encode("utf-16-le"),
        ],
        "dir-listing": [dir_listing(files_of_a_node()["WINNT"], style="nt4")],
        "reg-export": [b"REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\Cluster]\r\n\r\n"],
    }
    return {
        f"{form} {number}": data for form, several in samples.items() for number, data in enumerate(several)
    }


@pytest.mark.parametrize(("name", "data"), every_sample().items())
def test_each_sample_is_recognised_by_its_own_format_alone(name: str, data: bytes) -> None:
    assert [form.name for form in formats() if form.recognises(data[:8192])] == [name.split(maxsplit=1)[0]]


NEW = [form for form in formats() if form.name in {"reg-query", "regedt32-text"}]


@given(st.data())
def test_crossed_texts_are_evidence_or_an_evidence_error(data: st.DataObject) -> None:
    """Pieces of all kinds of text, in any order."""
    pieces = data.draw(st.lists(st.sampled_from(list(every_sample().values())), max_size=3))
    text = b"".join(piece[: data.draw(st.integers(0, len(piece)))] for piece in pieces)
    for form in NEW:
        form.recognises(text[:8192])
        try:
            evidence = form.read(case_file("a.txt", text))
        except EvidenceError:
            continue
        assert evidence.format == form.name
