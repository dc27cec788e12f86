from __future__ import annotations

import os
import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.triage import _tree
from iiscluster_kb.triage._nouns import Found, LeftOut
from iiscluster_kb.triage._worklist import find_cases
from tests.support.scenarios import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SCENARIOS = ROOT / "fixtures" / "scenarios"
CASE = SCENARIOS / "value-absent" / "case"


def sources(*roots: object) -> list[str]:
    return [item.source for item in find_cases(map(str, roots)) if isinstance(item, Found)]


def left_out(*roots: object) -> dict[str, str]:
    return {item.source: item.reason for item in find_cases(map(str, roots)) if isinstance(item, LeftOut)}


def zipped(path: Path, *files: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in files:
            archive.writestr(name, b"regf")
    return path


def test_every_scenario_is_one_case() -> None:
    found = [one for one in sources(SCENARIOS) if f"{os.sep}media{os.sep}" not in one]
    cases = {path / "case" for path in SCENARIOS.iterdir()}
    assert {os.path.commonpath([one, str(SCENARIOS)]) for one in found} == {str(SCENARIOS)}
    assert len(found) == len(cases)
    assert all(any(one == str(case) or one.startswith(f"{case}{os.sep}") for case in cases) for one in found)


@pytest.mark.parametrize("name", ["healthy-as-reg-query", "healthy-as-regedt32-text", "registry-as-exports"])
def test_exports_are_evidence_and_name_their_computer(name: str) -> None:
    assert sources(SCENARIOS / name / "case") == [str(SCENARIOS / name / "case")]


def test_machines_named_after_their_computer_are_one_case(tmp_path: Path) -> None:
    shutil.copytree(CASE, tmp_path / "shelf" / "customer")
    assert sources(tmp_path) == [str(tmp_path / "shelf" / "customer")]


def test_folders_named_otherwise_are_cases_of_their_own(tmp_path: Path) -> None:
    shutil.copytree(CASE / "NODE1", tmp_path / "monday")
    shutil.copytree(CASE / "NODE1", tmp_path / "tuesday")
    assert sources(tmp_path) == [str(tmp_path / "monday"), str(tmp_path / "tuesday")]


def test_a_statement_makes_a_case_of_anything(tmp_path: Path) -> None:
    for name in ("monday", "tuesday"):
        shutil.copytree(CASE / "NODE1", tmp_path / "both" / name)
    (tmp_path / "both" / "case.toml").write_text("[case]\n")
    shutil.copytree(CASE, tmp_path / "other")
    (tmp_path / "other" / "NODE1" / "case.toml").write_text("[case]\n")
    (tmp_path / "other" / "NODE2" / "case.toml").write_text("[case]\n")
    assert sources(tmp_path) == [
        str(tmp_path / "both"),
        str(tmp_path / "other" / "NODE1"),
        str(tmp_path / "other" / "NODE2"),
    ]


def test_windows_own_folders_belong_to_the_folder_above(tmp_path: Path) -> None:
    config = tmp_path / "server" / "C" / "WINNT" / "system32" / "config"
    config.mkdir(parents=True)
    shutil.copy(CASE / "NODE1" / "SYSTEM", config)
    assert sources(tmp_path) == [str(tmp_path / "server")]
    (tmp_path / "server").rename(tmp_path / "node1")
    assert sources(tmp_path) == [str(tmp_path)]


def test_archives_are_cases_even_broken_ones(tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip", "SYSTEM")
    zipped(tmp_path / "by-content", "SYSTEM")
    (tmp_path / "c.tar.gz").write_bytes(b"")
    (tmp_path / "readme.txt").write_text("nothing here")
    assert sources(tmp_path) == [str(tmp_path / name) for name in ("a.zip", "by-content", "c.tar.gz")]


def test_an_archive_beside_hives_belongs_to_them(tmp_path: Path) -> None:
    shutil.copytree(CASE / "NODE1", tmp_path / "one")
    zipped(tmp_path / "one" / "a.zip", "SYSTEM")
    assert sources(tmp_path) == [str(tmp_path / "one")]


def test_patterns_lists_and_single_files(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip", "c.cab"):
        zipped(tmp_path / name, "SYSTEM")
    names = tmp_path / "cases.txt"
    names.write_bytes(
        b"# by hand\n\n" + os.fsencode(tmp_path / "b.zip") + b"\r\n" + os.fsencode(tmp_path / "*.cab")
    )
    assert sources(tmp_path / "*.zip") == [str(tmp_path / "a.zip"), str(tmp_path / "b.zip")]
    assert sources(f"@{names}") == [str(tmp_path / "b.zip"), str(tmp_path / "c.cab")]
    assert sources(f"file://{tmp_path}/a.zip") == [str(tmp_path / "a.zip")]
    assert sources(names) == [str(names)]


def test_what_is_no_case_says_why(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("x")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "up").symlink_to("..")
    os.mkfifo(tmp_path / "links" / "pipe")
    told = left_out(tmp_path, tmp_path / "gone", tmp_path / "*.none", tmp_path / "links" / "pipe")
    assert told[str(tmp_path / "empty")] == "an empty folder"
    assert told[str(tmp_path / "notes")] == "no registry evidence, no archive"
    assert told[str(tmp_path / "links" / "up")] == "a link, which is not followed"
    assert told[str(tmp_path / "links" / "pipe")] == "neither a file nor a folder"
    assert told[str(tmp_path / "gone")] == "nothing is there"
    assert told[str(tmp_path / "*.none")] == "the pattern matches nothing"


def test_a_link_that_leads_nowhere_is_in_the_table(tmp_path: Path) -> None:
    (tmp_path / "itself").symlink_to("itself")
    assert sources(tmp_path / "itself") == [str(tmp_path / "itself")]


def test_what_cannot_be_read_is_no_reason_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CASE, tmp_path / "good")
    (tmp_path / "locked").mkdir()
    (tmp_path / "file").write_bytes(b"regf")
    listed = _tree.LocalTree.entries
    read = _tree.LocalTree.head

    def entries(self: _tree.LocalTree, path: str) -> list[_tree.Entry]:
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return listed(self, path)

    def head(self: _tree.LocalTree, path: str) -> bytes:
        if path.endswith("file"):
            raise PermissionError(13, "Permission denied")
        return read(self, path)

    monkeypatch.setattr(_tree.LocalTree, "entries", entries)
    monkeypatch.setattr(_tree.LocalTree, "head", head)
    assert sources(tmp_path) == [str(tmp_path / "locked"), str(tmp_path / "good")] or sources(tmp_path) == [
        str(tmp_path / "good"),
        str(tmp_path / "locked"),
    ]


def test_a_kit_is_no_case(tmp_path: Path) -> None:
    for name in ("NODE1.reg", "NODE1-undo.reg"):
        shutil.copy(SCENARIOS / "value-absent" / "expected" / name, tmp_path)
    assert sources(tmp_path) == []


def test_a_damaged_hive_names_no_computer(tmp_path: Path) -> None:
    (tmp_path / "NODE1").mkdir()
    (tmp_path / "NODE1" / "SYSTEM").write_bytes((CASE / "NODE1" / "SYSTEM").read_bytes()[:600])
    assert sources(tmp_path) == [str(tmp_path / "NODE1")]


def test_names_of_bytes_that_are_no_text(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"f\xfc\xff")
    shutil.copytree(CASE, odd)
    (found,) = find_cases([str(tmp_path)])
    assert isinstance(found, Found)
    assert found.source == str(odd)
    assert len(found.key) == 32
