"""The whole flow on odd cases: each gives one clear line, loses nothing else, and never a traceback."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iiscluster_kb import CaseError, examine, render
from iiscluster_kb.case import open_case
from iiscluster_kb.evidence import HEAD_SIZE, formats
from iiscluster_kb.model import Verdict
from tests.support.scenarios import CORPUS, SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path

    from iiscluster_kb import Report
    from tests.support.scenarios import Scenario

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def look(*paths: Path) -> Report:
    return examine(*paths, articles=["Q224553"], second_opinion=False)


def verdicts(report: Report) -> dict[tuple[str, str | None], tuple[Verdict, str]]:
    return {(f.cause.id, f.machine): (f.verdict, f.detail) for f in report.findings}


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A copy of the case in which the value is absent on both nodes."""
    target = tmp_path / "case"
    shutil.copytree(BY_NAME["value-absent"].case, target)
    return target


# --- nothing changes --------------------------------------------------------------------------------


def fingerprint(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
    }


def test_evidence_is_never_changed(case: Path) -> None:
    before = fingerprint(case)
    report = examine(case, articles=["Q224553"])
    for output in ("json", "plan", "reg", "text"):
        render(report, output)
    assert fingerprint(case) == before


def test_the_same_case_gives_the_same_bytes(case: Path) -> None:
    first, second = ([d.content for d in render(look(case), "json")] for _ in range(2))
    assert first == second


def archived(folder: Path, kind: str) -> Path:
    target = folder.parent / f"case.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(target, "w") as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder))
    else:
        with tarfile.open(target, "w:gz" if kind == "tar.gz" else "w") as tar:
            tar.add(folder, ".")
    return target


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_folder_and_archives_of_one_case_give_one_report(case: Path, kind: str) -> None:
    there, here = look(archived(case, kind)), look(case)
    assert {artifact.containers for artifact in there.artifacts} == {(kind.partition(".")[0],)}
    loose = tuple(replace(artifact, containers=()) for artifact in there.artifacts)
    assert render(replace(there, artifacts=loose), "json") == render(here, "json")


# --- nothing there ----------------------------------------------------------------------------------


def test_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "none", tmp_path / "empty"):
        with pytest.raises(CaseError) as error:
            look(path)
        assert "\n" not in str(error.value)


def test_a_case_of_nothing_readable_still_makes_a_report(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "b.txt").write_bytes(b"")
    report = look(tmp_path)
    assert {one.path: one.reason for one in report.skipped} == {
        "a.bin": "unknown format",
        "b.txt": "empty file",
    }
    local = [finding for finding in report.findings if finding.weighs]
    assert [finding.verdict for finding in local] == [Verdict.UNDETERMINED] * 3
    assert all(finding.collect for finding in local)
    for output in ("json", "plan", "reg", "text"):
        render(report, output)


def test_a_damaged_archive_is_one_clear_line(tmp_path: Path, case: Path) -> None:
    archive = archived(case, "zip")
    (tmp_path / "cut.zip").write_bytes(archive.read_bytes()[:-100])
    with pytest.raises(CaseError, match=r"cut\.zip"):
        look(tmp_path / "cut.zip")


def test_ten_thousand_small_files_lose_nothing(case: Path) -> None:
    for number in range(10_000):
        (case / f"f{number}").write_bytes(b"x")
    report = look(case)
    assert len(report.skipped) == 10_000
    assert verdicts(report)["Q224553/admin-extensions-missing", "NODE1"] == (Verdict.CONFIRMED, "absent")


# --- damage -----------------------------------------------------------------------------------------

HIVE = (BY_NAME["value-absent"].case / "NODE1" / "CLUSDB").read_bytes()
WHOLE = verdicts(look(BY_NAME["value-absent"].case))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, len(HIVE) - 1), name=st.sampled_from(["CLUSDB", "SYSTEM", "SOFTWARE", "dir.txt"]))
def test_a_file_cut_anywhere_flips_no_verdict(
    tmp_path_factory: pytest.TempPathFactory, cut: int, name: str
) -> None:
    folder = tmp_path_factory.mktemp("cut") / "case"
    shutil.copytree(BY_NAME["value-absent"].case, folder)
    path = folder / "NODE1" / name
    path.write_bytes(path.read_bytes()[: cut % path.stat().st_size])
    for place, found in verdicts(look(folder)).items():
        if place in WHOLE:
            assert found in {WHOLE[place], (Verdict.UNDETERMINED, "")}


def test_two_machines_of_one_name_are_both_reported(case: Path) -> None:
    shutil.copytree(case / "NODE1", case / "COPY")
    report = look(case)
    claimed = [a for a in report.artifacts if any("claims the same place" in note for note in a.notes)]
    assert {artifact.path for artifact in claimed} >= {"NODE1/SYSTEM", "COPY/SYSTEM"}
    assert verdicts(report)["Q224553/admin-extensions-missing", "NODE1"] == (Verdict.CONFIRMED, "absent")


def test_a_listing_in_an_unknown_language_is_read_by_shape(case: Path) -> None:
    path = case / "NODE1" / "dir.txt"
    text = (
        path.read_bytes()
        .replace(b"Directory of", b"Cnuas na bhfeidhmeanna")
        .replace(b"File(s)", b"Comhad")
        .replace(b"bytes", b"beart")
    )
    path.write_bytes(text)
    assert verdicts(look(case))["Q224553/dll-missing", "NODE1"][0] is Verdict.RULED_OUT


# --- hives that nobody here wrote -------------------------------------------------------------------


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real hives is not beside the checkout")
def test_a_real_windows_10_system_hive_is_no_node(tmp_path: Path) -> None:
    import lzma  # noqa: PLC0415 - only here

    (tmp_path / "SYSTEM").write_bytes(lzma.decompress((CORPUS / "hives" / "regipy-SYSTEM.xz").read_bytes()))
    report = examine(tmp_path, articles=["Q224553"])
    local = [f for f in report.findings if not f.cause.id.endswith("remote-administration")]
    assert {f.verdict for f in local} == {Verdict.NOT_APPLICABLE}
    assert all("there is no cluster service" in f.explanation.lower() for f in local)
    assert {
        opinion.answer for f in local for fact in f.facts for opinion in getattr(fact, "opinions", ())
    } == {"agrees"}


# --- recognition ------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_fixture_is_of_exactly_one_format(scenario: Scenario) -> None:
    known = formats()
    with open_case(scenario.case) as case:
        for file in case.files.values():
            with file.content.open() as stream:
                head = stream.read(HEAD_SIZE)
            claims = [form.name for form in known if form.recognises(head)]
            adopted = [form.name for form in known if form.adopts(file.path)]
            assert len(claims or adopted) == 1, (file.path, claims, adopted)


def test_an_output_is_no_evidence(case: Path) -> None:
    report = look(case)
    for output in ("json", "plan", "reg", "text"):
        for document in render(report, output):
            (case / "NODE1" / document.name).write_bytes(document.content)
    again = look(case)
    assert verdicts(again) == verdicts(report)
    assert {artifact.path for artifact in again.artifacts} == {artifact.path for artifact in report.artifacts}


def test_a_huge_map_is_read_as_bytes(tmp_path: Path) -> None:
    stream = io.BytesIO(HIVE)
    (tmp_path / "CLUSDB").write_bytes(stream.getvalue() + bytes(2 << 20))
    report = look(tmp_path)
    assert replace(report.artifacts[0], notes=()).size == len(HIVE) + (2 << 20)
