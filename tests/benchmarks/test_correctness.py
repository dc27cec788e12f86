"""The programs that compare can fail: a planted difference is reported, and the pages that are kept name none."""

from __future__ import annotations

import copy
import re
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from iiscluster_kb.registry import RegistryValue, ValueType, sz
from tests.support.listings import Item, dir_listing, entries
from tests.support.pe_writer import build_pe
from tests.support.regf_attacks import attacks
from tests.support.regf_writer import KeySpec, build_hive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
PEERS = ("python-registry", "regipy", "regipy + regipy-rs", "dissect.regf", "libregf-python", "hivex")
SHORT = RegistryValue("Short", ValueType.REG_BINARY, b"\1\2")
TREE = KeySpec(
    "R",
    (RegistryValue("Text", ValueType.REG_SZ, sz("text")), SHORT),
    (KeySpec("A", (RegistryValue("N", ValueType.REG_DWORD, b"\1\0\0\0"),)), KeySpec("B")),
)
HIVE = build_hive(TREE)


@pytest.fixture(scope="module")
def program() -> Iterator[Any]:
    """Gives a module of ``benchmarks``, which are scripts that find each other beside them."""
    if sys.platform != "linux" or shutil.which("prlimit") is None:
        pytest.skip("the programs measure and limit processes by /proc and prlimit, which are Linux's")
    folder = str(ROOT / "benchmarks")
    sys.path.insert(0, folder)
    yield import_module
    sys.path.remove(folder)


@pytest.fixture(scope="module")
def whole(program: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What our reader makes of the hive, in a process of its own."""
    path = tmp_path_factory.mktemp("hive") / "hive"
    path.write_bytes(HIVE)
    section = program("_hive_section")
    return section.dump(section.OURS, path)


def _first_value(root: Any, field: int, content: object) -> None:
    root.subkeys[0].values[0][field] = content


PLANTS: dict[str, Callable[[Any], object]] = {
    "time": lambda root: setattr(root.subkeys[0], "time", 5),
    "type": lambda root: _first_value(root, 1, 3),
    "data": lambda root: _first_value(root, 3, "02000000"),
    "value name": lambda root: _first_value(root, 0, "M"),
    "value missing": lambda root: root.subkeys[0].values.clear(),
    "value extra": lambda root: root.subkeys[0].values.append(["X", 3, "raw", "00"]),
    "key name": lambda root: setattr(root.subkeys[0], "path", ("R", "C")),
    "key missing": lambda root: root.subkeys.pop(),
    "key extra": lambda root: root.subkeys.append(copy.deepcopy(root.subkeys[0])),
}
"""By what is then to be reported, a change to what a reader made of the hive."""


def compared(program: Any, monkeypatch: pytest.MonkeyPatch, ours: Any, theirs: Any, peer: str) -> Any:
    section = program("_hive_section")
    monkeypatch.setattr(section, "dump", lambda reader, _: ours if reader == section.OURS else theirs)
    return section.compare_hives([peer], [("test", "hive", HIVE)])


@pytest.mark.parametrize("peer", PEERS)
def test_what_is_alike_is_counted_and_nothing_reported(
    program: Any, whole: Any, monkeypatch: pytest.MonkeyPatch, peer: str
) -> None:
    result = compared(program, monkeypatch, whole, copy.deepcopy(whole), peer)
    assert result.unexplained == []
    assert (result.tallies[peer].hives, result.tallies[peer].alike, result.tallies[peer].keys) == (1, 1, 3)
    assert not result.counts


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("plant", PLANTS)
def test_a_difference_of_no_known_kind_is_reported_of_every_reader(
    program: Any, whole: Any, monkeypatch: pytest.MonkeyPatch, peer: str, plant: str
) -> None:
    changed = copy.deepcopy(whole)
    PLANTS[plant](changed.root)
    result = compared(program, monkeypatch, whole, changed, peer)
    assert len(result.unexplained) == 1
    assert f"{peer}: {plant} at" in result.unexplained[0]
    assert not result.counts
    assert result.tallies[peer].alike == 0


@pytest.mark.parametrize("peer", PEERS)
def test_a_sound_hive_that_a_reader_refuses_is_reported(
    program: Any, whole: Any, monkeypatch: pytest.MonkeyPatch, peer: str
) -> None:
    refused = copy.deepcopy(whole)
    refused.root, refused.error = None, ["ValueError", "no hive"]
    assert len(compared(program, monkeypatch, whole, refused, peer).unexplained) == 1
    assert len(compared(program, monkeypatch, refused, whole, peer).unexplained) == 1


def test_a_difference_of_a_known_kind_is_explained(
    program: Any, whole: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = copy.deepcopy(whole)
    changed.root.values[1][3] = "01020000"
    result = compared(program, monkeypatch, whole, changed, "python-registry")
    assert result.unexplained == []
    assert result.counts == {("four bytes given for fewer", "python-registry"): 1}
    assert "four bytes given for fewer | python-registry | 1 | 1 | test: hive" in result.markdown()
    assert compared(program, monkeypatch, whole, changed, "hivex").unexplained


def test_text_that_comes_back_otherwise_is_reported_of_every_program(program: Any) -> None:
    section = program("_text_section")
    names = {name for kind in section.TEXT_KINDS for name in kind.programs}
    assert len(names) == 5
    for name in names:
        result = section.TextComparison()
        form = next(form for form in section.FORMS if form.value.name == "three")
        other = RegistryValue("three", ValueType.REG_MULTI_SZ, form.value.data[2:])
        result.add(name, "5.00", [form, form, form], [form.value, other, None])
        assert len(result.unexplained) == 2
        assert result.rows == [[name, "5.00", 3, 1]]


def test_a_listing_that_differs_from_the_tree_is_reported(program: Any) -> None:
    section = program("_listing_section")
    nested: dict[str, Any] = {"a.dll": 1, "folder": {"b.txt": Item(20)}}
    text = dir_listing({"tree": nested}, "nt4", "C:\\")
    top = "C:\\TREE\\"
    tree = {
        item_path.removeprefix(top): None if item.tree is not None else item.size
        for item_path, item in entries(nested, "C:\\tree").items()
    }

    def told(listed: dict[str, int | None]) -> list[str]:
        result = section.ListingComparison()
        section.judge(result, "dir", "listing.txt", text, listed)
        return list(result.unexplained)

    assert told(tree) == []
    assert told(tree | {"A.DLL": 2}) != []
    assert told(tree | {"LOST.DLL": 2}) == ["dir: C:\\TREE\\LOST.DLL is not told"]
    assert told({path: size for path, size in tree.items() if path != "A.DLL"}) == [
        "dir: C:\\TREE\\A.DLL is not there"
    ]
    assert len(told(tree | {"FOLDER": 7})) == 2  # neither a file, nor a directory that may be whole


def test_an_image_that_a_peer_reads_otherwise_is_reported(
    program: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    section = program("_image_section")
    sound = section.ImageComparison(["reader", "images", "machine", "exports", "version", "link time"])
    section.judge_image(sound, "image", build_pe(), tmp_path)
    assert sound.unexplained == []
    assert sound.rows[0] == ["pefile", 1, 1, 1, 1, 1]
    monkeypatch.setattr(section, "_version", lambda _high, _low: "9.9.9.9")
    section.judge_image(sound, "image", build_pe(), tmp_path)
    assert len(sound.unexplained) == 1
    assert sound.rows[0] == ["pefile", 2, 2, 2, 1, 2]


@pytest.mark.parametrize("unexplained", [[], ["something"]])
def test_the_program_fails_where_something_is_unexplained(
    program: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], unexplained: list[str]
) -> None:
    module: ModuleType = program("correctness")
    comparison = program("_image_section").ImageComparison(["reader"], [], unexplained)
    monkeypatch.setattr(module, "sections", lambda *_: {"cabinets": ("Cabinets", "", lambda: comparison)})
    monkeypatch.setattr(sys, "argv", ["correctness.py", "--only", "cabinets"])
    assert module.main() == len(unexplained)
    assert f"no known kind explains: **{len(unexplained)}**" in capsys.readouterr().out


def test_an_attack_that_ours_does_not_answer_rightly_is_a_failure(program: Any) -> None:
    module = program("attacks")
    attack = next(attack for attack in attacks() if attack.name == "a key below itself")
    hostile = module.Hostile(attack, opens=True)
    outcomes = module.outcomes_of(hostile, [], 10)
    assert outcomes[module.OURS].word == "right"
    told = {"keys": 7, "values": 5, "raised": [], "told": []}
    assert module.judge(told, hostile, None) == ("silent", "")
    assert module.judge(told | {"endless": True}, hostile, told) == ("endless", "")
    assert module.judge({"error": ["struct.error", "", False]}, hostile, told) == (
        "raw exception",
        "struct.error",
    )
    for bad in (
        module.Outcome("silent", "", 0.1, 20),
        module.Outcome("right", "", 1.5, 20),
        module.Outcome("right", "", 0.1, 300),
    ):
        assert len(module.failures([("hive", {module.OURS: bad})])) == 1
    assert module.failures([("hive", {module.OURS: module.Outcome("right", "", 0.1, 20)})]) == []


def test_a_program_that_does_not_end_is_stopped(program: Any) -> None:
    ended = program("_bounded").run([sys.executable, "-c", "while True: pass"], seconds=1)
    assert ended.status is None
    ended = program("_bounded").run([sys.executable, "-c", "bytes(1 << 31)"], seconds=5)
    assert ended.status == 1
    assert "MemoryError" in ended.errors


def test_the_page_on_correctness_names_nothing_unexplained() -> None:
    page = (ROOT / "docs/correctness.md").read_text("utf-8")
    assert re.findall(r"no known kind explains: \*\*(\d+)\*\*", page) == ["0"]
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == [
        *("Hives", ".reg text", "Listings", "DLLs", "Cabinets")
    ]
    for peer in PEERS:
        assert f"\n| {peer} | " in page


def test_the_page_on_hostile_hives_shows_ours_right_each_time() -> None:
    page = (ROOT / "docs/hostile-hives.md").read_text("utf-8")
    (hives,) = re.findall(r"^## (\d+) hives$", page, re.MULTILINE)
    summary = re.search(r"^\| iiscluster_kb \| (\d+) \|", page, re.MULTILINE)
    assert summary is not None
    assert summary[1] == hives
    for attack in attacks():
        assert f"\n| {attack.name} | right" in page
