"""Hives and the transaction logs beside them, from the case to the report."""

from __future__ import annotations

import lzma
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb import examine, render
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import formats, hive, identify, transaction_log
from iiscluster_kb.model import Answer, Case, CaseFile, RegistryEvidence, State, Verdict
from iiscluster_kb.registry import descend
from tests.support.log_writer import interrupted_write, new_log, old_log, with_header
from tests.support.regf_writer import build_hive, tree_from_dict
from tests.support.reports import MemoryContent
from tests.support.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iiscluster_kb import Report
    from iiscluster_kb.model import Evidence

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus/hives"


def cluster(value: str, **more: object) -> bytes:
    tree = {"Nodes": {}, "Groups": {}, "ResourceTypes": {"IIS Server Instance": {"Name": value}}, **more}
    return build_hive(tree_from_dict("Cluster", tree), minor=3)  # type: ignore[arg-type]  # nested as it stands


OLD_STATE, NEW_STATE = cluster("old"), cluster("new")
WRITE = interrupted_write(OLD_STATE, NEW_STATE)
UNRECOVERED = (
    "sequence numbers 8 and 7 differ: changes are pending in transaction logs that were not laid over it"
)


def found(files: Mapping[str, bytes]) -> tuple[dict[str, Evidence], dict[str, str]]:
    case = Case("case", {path: CaseFile(path, MemoryContent(data)) for path, data in sorted(files.items())})
    evidence, skipped = identify(case)
    assert [piece.file.path for piece in evidence] == sorted(piece.file.path for piece in evidence)
    return {piece.file.path: piece for piece in evidence}, {one.path: one.reason for one in skipped}


def name(evidence: Evidence) -> str | None:
    assert isinstance(evidence, RegistryEvidence)
    (mount,) = evidence.mounts
    value = descend(mount.root, ["ResourceTypes", "IIS Server Instance"])[-1].value("Name")
    return value.text() if value else None


# --- recognition ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "signature", "named"),
    [
        (1, b"DIRT", "old kind, DIRT"),
        (2, b"DIRT", "DIRT"),
        (6, b"HvLE", "new kind, HvLE"),
        (1, b"x", "unknown"),
    ],
)
def test_a_log_that_lies_alone_is_declined(kind: int, signature: bytes, named: str) -> None:
    data = bytearray(OLD_STATE)
    data[28] = kind
    data[512 : 512 + len(signature)] = signature
    assert [form.name for form in formats() if form.recognises(bytes(data))] == ["transaction-log"]
    evidence, skipped = found({"NODE1/ORPHAN.LOG": bytes(data)})
    assert not evidence
    assert skipped["NODE1/ORPHAN.LOG"].startswith("a transaction log; it changes a hive and is none (")
    assert named in skipped["NODE1/ORPHAN.LOG"]


@pytest.mark.parametrize("log", ["regipy-SYSTEM_B.LOG1", "regipy-transactions_ntuser.dat.log2"])
def test_real_transaction_logs_are_declined_where_they_lie_alone(log: str) -> None:
    packed = CORPUS / f"{log}.xz"
    if not packed.exists():
        pytest.skip(f"no corpus: {packed}")
    _, skipped = found({log: lzma.decompress(packed.read_bytes())})
    assert "new kind, HvLE" in skipped[log]


def test_names_of_logs() -> None:
    names = transaction_log.log_names("N/Config/SYSTEM")
    assert names == tuple(
        f"n/config/system{ending}" for ending in (".log", ".log1", ".log2", "_log", "_log1", "_log2")
    )
    assert transaction_log.log_names("SYSTEM.hiv")[:1] == ("system.hiv.log",)
    assert "system.log1" in transaction_log.log_names("SYSTEM.hiv")
    assert transaction_log.log_names(".hiv")[0] == ".hiv.log"


# --- a hive and its logs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hive_path", "log_path"),
    [
        ("NODE1/CLUSDB", "NODE1/CLUSDB.LOG"),
        ("NODE1/CLUSDB", "NODE1/clusdb.log"),
        ("NODE1/CLUSDB", "NODE1/Clusdb.LOG1"),
        ("NODE1/CLUSDB", "NODE1/CLUSDB_LOG"),
        ("NODE1/CLUSDB", "NODE1/CLUSDB_LOG2"),
        ("n.zip/CLUSDB.hiv", "n.zip/CLUSDB.LOG"),
        ("CLUSDB", "CLUSDB.LOG2"),
    ],
)
def test_a_log_beside_a_dirty_hive_is_laid_over_it(hive_path: str, log_path: str) -> None:
    evidence, skipped = found({hive_path: WRITE.hive, log_path: WRITE.log})
    assert not skipped
    piece, log = evidence[hive_path], evidence[log_path]
    assert isinstance(piece, hive.RecoveredHive)
    assert (piece.format, piece.state, name(piece)) == ("registry-hive", State.RECOVERED, "new")
    assert piece.notes == (f"recovered from {log_path.rpartition('/')[2]}, up to sequence number 8",)
    assert piece.file.content.map() == WRITE.hive
    assert bytes(piece.content[4096:]) == NEW_STATE[4096:]
    assert ([one.path for one in piece.logs], piece.logs_are_new) == ([log_path], False)
    assert isinstance(log, RegistryEvidence)
    assert (log.format, log.mounts, log.state) == ("transaction-log", (), State.CLEAN)
    assert log.notes == (
        (
            f"a transaction log of {hive_path} (of the old kind, DIRT); "
            "applied: 1 entry, up to sequence number 8"
        ),
    )


def test_a_log_elsewhere_is_none_of_the_hive_s() -> None:
    evidence, skipped = found({"NODE1/CLUSDB": WRITE.hive, "NODE2/CLUSDB.LOG": WRITE.log})
    assert evidence["NODE1/CLUSDB"].state is State.UNRECOVERED
    assert name(evidence["NODE1/CLUSDB"]) == "old"
    assert evidence["NODE1/CLUSDB"].notes == (UNRECOVERED,)
    assert set(skipped) == {"NODE2/CLUSDB.LOG"}


@dataclass(frozen=True)
class Sealed(MemoryContent):
    """Content that only its head may be read of."""

    def map(self) -> bytes:
        raise AssertionError

    @property
    def sha256(self) -> str:
        raise AssertionError


def test_logs_of_a_clean_hive_are_not_looked_into() -> None:
    files = {
        "N/CLUSDB": CaseFile("N/CLUSDB", MemoryContent(NEW_STATE)),
        "N/CLUSDB.LOG": CaseFile("N/CLUSDB.LOG", Sealed(WRITE.log)),
        "N/CLUSDB.LOG1": CaseFile("N/CLUSDB.LOG1", Sealed(b"")),
        "N/CLUSDB.LOG2": CaseFile("N/CLUSDB.LOG2", Sealed(b"\x13" * 2000)),
    }
    evidence, skipped = identify(Case("case", files))
    clean, log = evidence
    assert (clean.state, clean.notes) == (State.CLEAN, ())
    assert log.notes == ("a transaction log of N/CLUSDB; not needed: the hive's last write was completed",)
    assert {one.path: one.reason for one in skipped} == {
        "N/CLUSDB.LOG1": "empty file",
        "N/CLUSDB.LOG2": "unknown format",
    }


def test_a_log_that_is_refused_is_named_in_both() -> None:
    broken = WRITE.log[:508] + bytes(4) + WRITE.log[512:]
    evidence, _ = found({"N/CLUSDB": WRITE.hive, "N/CLUSDB.LOG": broken, "N/CLUSDB.LOG1": b"\x13" * 900})
    first, second = (
        "the checksum of its base block (offset 0x1fc) does not match",
        "no transaction log: it does not begin with 'regf'",
    )
    dirty = evidence["N/CLUSDB"]
    assert (dirty.state, name(dirty)) == (State.UNRECOVERED, "old")
    assert not isinstance(dirty, hive.RecoveredHive)
    assert dirty.notes == (
        UNRECOVERED,
        f"CLUSDB.LOG was refused: {first}",
        f"CLUSDB.LOG1 was refused: {second}",
    )
    assert evidence["N/CLUSDB.LOG"].state is State.DAMAGED
    assert evidence["N/CLUSDB.LOG1"].notes == (f"a transaction log of N/CLUSDB; refused: {second}",)


def test_a_log_of_an_earlier_write_is_not_needed_and_sound() -> None:
    log = old_log(OLD_STATE, NEW_STATE, number=3)
    evidence, _ = found({"N/CLUSDB": WRITE.hive, "N/CLUSDB.LOG": log})
    assert evidence["N/CLUSDB"].notes == (UNRECOVERED,)
    assert evidence["N/CLUSDB.LOG"].state is State.CLEAN
    assert evidence["N/CLUSDB.LOG"].notes[0].endswith("not needed: its number is 3, and the hive is at 7")


def test_what_a_reader_should_know_of_the_replay_is_noted() -> None:
    log = new_log([OLD_STATE, NEW_STATE], first=20)
    evidence, _ = found({"N/CLUSDB": bytes(512) + WRITE.hive[512:], "N/CLUSDB.LOG1": log})
    assert evidence["N/CLUSDB"].notes == (
        "recovered from CLUSDB.LOG1, up to sequence number 20",
        "its base block was damaged and taken from CLUSDB.LOG1",
    )
    assert name(evidence["N/CLUSDB"]) == "new"
    evidence, _ = found({"N/CLUSDB": WRITE.hive, "N/CLUSDB.LOG1": log})
    assert evidence["N/CLUSDB"].notes == (
        "recovered from CLUSDB.LOG1, up to sequence number 20",
        "CLUSDB.LOG1: its first number is 20, the hive's is 7",
    )
    assert isinstance(evidence["N/CLUSDB"], hive.RecoveredHive)
    assert evidence["N/CLUSDB"].logs_are_new


def test_a_base_block_alone_makes_no_recovered_hive() -> None:
    logs = {f"N/CLUSDB.LOG{n}": new_log([OLD_STATE, NEW_STATE], first=n * 20) for n in (1, 2)}
    evidence, _ = found({"N/CLUSDB": bytes(512) + WRITE.hive[512:], **logs})
    piece = evidence["N/CLUSDB"]
    assert isinstance(piece, hive.RecoveredHive)
    assert (piece.state, piece.logs, name(piece)) == (State.UNRECOVERED, (), "old")
    assert "its base block was damaged and taken from CLUSDB.LOG2" in piece.notes


def test_a_hive_without_base_block_and_logs_says_so() -> None:
    _, skipped = found({"N/CLUSDB": bytes(512) + WRITE.hive[512:]})
    assert skipped["N/CLUSDB"].startswith(
        "a hive whose base block is destroyed, and no transaction log gives it"
    )


def test_a_hive_of_no_use_leaves_its_log_alone() -> None:
    sam = [build_hive(tree_from_dict("SAM", {"SAM": {"a": text}})) for text in "xy"]
    write = interrupted_write(*sam)
    _, skipped = found({"N/SAM": write.hive, "N/SAM.LOG": write.log})
    assert skipped["N/SAM"].startswith("a hive of no use here")
    assert skipped["N/SAM.LOG"].startswith("a transaction log; ")


def test_a_log_goes_to_the_hive_whose_name_fits_best() -> None:
    files = {"N/CLUSDB": WRITE.hive, "N/CLUSDB.SAV": WRITE.hive, "N/CLUSDB.LOG": WRITE.log}
    evidence, _ = found(files)
    assert evidence["N/CLUSDB"].state is State.RECOVERED
    assert evidence["N/CLUSDB.SAV"].state is State.UNRECOVERED
    del files["N/CLUSDB"]
    assert found(files)[0]["N/CLUSDB.SAV"].state is State.RECOVERED


def test_a_file_of_another_format_is_no_log_whatever_its_name() -> None:
    text = b"REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\Cluster]\r\n\r\n"
    evidence, _ = found({"N/CLUSDB": WRITE.hive, "N/CLUSDB.LOG": text})
    assert evidence["N/CLUSDB"].notes == (UNRECOVERED,)
    assert evidence["N/CLUSDB.LOG"].format == "reg-export"


@dataclass(frozen=True)
class Unreadable(MemoryContent):
    error: Exception

    def map(self) -> bytes:
        raise self.error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (EvidenceError("N/CLUSDB.LOG", "ends after 3 of 9 bytes"), "ends after 3 of 9 bytes"),
        (OSError(5, "Input/output error"), "cannot be read: Input/output error"),
    ],
)
def test_a_log_that_cannot_be_read_is_refused(error: Exception, told: str) -> None:
    files = {
        "N/CLUSDB": CaseFile("N/CLUSDB", MemoryContent(WRITE.hive)),
        "N/CLUSDB.LOG": CaseFile("N/CLUSDB.LOG", Unreadable(WRITE.log, error)),
    }
    (dirty, log), skipped = identify(Case("case", files))
    assert not skipped
    assert dirty.notes == (UNRECOVERED, f"CLUSDB.LOG was refused: {told}")
    assert log.notes == (f"a transaction log of N/CLUSDB; refused: {told}",)


# --- the whole flow ---------------------------------------------------------------------------------

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """The value is absent on both nodes; on NODE1 only in the log."""
    target = tmp_path / "case"
    shutil.copytree(BY_NAME["value-absent"].case, target)
    return target


def pending(case: Path, *, is_new: bool) -> tuple[bytes, bytes]:
    """Put the healthy database on NODE1's disk, and what took the value away into its log."""
    healthy = (BY_NAME["healthy-cluster"].case / "NODE1" / "CLUSDB").read_bytes()
    faulty = (case / "NODE1" / "CLUSDB").read_bytes()
    write = interrupted_write(healthy, faulty)
    log = new_log([healthy, faulty], first=7) if is_new else write.log
    (case / "NODE1" / "CLUSDB").write_bytes(write.hive)
    (case / "NODE1" / ("CLUSDB.LOG1" if is_new else "CLUSDB.LOG")).write_bytes(log)
    return write.hive, log


def verdict(report: Report) -> Verdict:
    return next(
        finding.verdict
        for finding in report.findings
        if finding.cause.id.endswith("admin-extensions-missing") and finding.machine == "NODE1"
    )


@pytest.mark.parametrize("is_new", [False, True])
def test_the_verdict_rests_on_what_the_log_holds(case: Path, *, is_new: bool) -> None:
    pending(case, is_new=is_new)
    report = examine(case, articles=["Q224553"], second_opinion=True)
    assert verdict(report) is Verdict.CONFIRMED
    (finding,) = (
        f for f in report.findings if f.cause.id.endswith("admin-extensions-missing") and f.machine == "NODE1"
    )
    facts = [f for f in finding.facts if getattr(f, "source", None) and f.source.path == "NODE1/CLUSDB"]  # type: ignore[union-attr]  # a source is there
    assert facts
    for fact in facts:
        notes = " ".join(getattr(fact, "notes", ()))
        assert f"recovered from CLUSDB.LOG{'1' if is_new else ''}, up to sequence number" in notes
    answers = {opinion.reader: opinion for fact in facts for opinion in getattr(fact, "opinions", ())}
    assert answers["regipy"].answer is Answer.NOT_ASKED
    assert answers["regipy"].note is not None
    assert answers["python-registry"].answer is (Answer.AGREES if is_new else Answer.NOT_ASKED)
    assert answers["python-registry"].note is not None


def test_the_report_shows_the_log_and_the_hive_as_they_were_collected(case: Path) -> None:
    import hashlib  # noqa: PLC0415 - only here

    hive_bytes, log_bytes = pending(case, is_new=False)
    report = examine(case, articles=["Q224553"], second_opinion=False)
    artifacts = {artifact.path: artifact for artifact in report.artifacts}
    dirty, log = artifacts["NODE1/CLUSDB"], artifacts["NODE1/CLUSDB.LOG"]
    assert (dirty.state, log.format, log.machine) == (State.RECOVERED, "transaction-log", "NODE1")
    assert dirty.sha256 == hashlib.sha256(hive_bytes).hexdigest()
    assert log.sha256 == hashlib.sha256(log_bytes).hexdigest()
    assert not report.skipped
    for output in ("json", "text", "plan", "reg"):
        assert list(render(report, output))
    assert {path.name for path in (case / "NODE1").iterdir()} >= {"CLUSDB", "CLUSDB.LOG"}
    assert (case / "NODE1" / "CLUSDB").read_bytes() == hive_bytes


def test_without_the_log_the_hive_still_answers_with_the_reservation(case: Path) -> None:
    pending(case, is_new=False)
    (case / "NODE1" / "CLUSDB.LOG").unlink()
    report = examine(case, articles=["Q224553"], second_opinion=False)
    assert verdict(report) is Verdict.RULED_OUT
    notes = [
        note for finding in report.findings for fact in finding.facts for note in getattr(fact, "notes", ())
    ]
    assert any("NODE1/CLUSDB is unrecovered: sequence numbers 8 and 7 differ" in note for note in notes)


def test_a_large_hive_is_mapped_privately(tmp_path: Path) -> None:
    states = [cluster(text, Quorum={"large": b"z" * 1_500_000}) for text in ("old", "new")]
    folder = tmp_path / "case" / "NODE1"
    folder.mkdir(parents=True)
    (folder / "CLUSDB").write_bytes(with_header(states[0], (8, 7)))
    (folder / "CLUSDB.LOG1").write_bytes(new_log(states, first=7))
    from iiscluster_kb.case import open_case  # noqa: PLC0415 - only here

    with open_case(folder.parent) as case:
        (dirty, _), _ = identify(case)
        assert (dirty.state, name(dirty)) == (State.RECOVERED, "new")
        assert dirty.file.content.map()[4096:] == states[0][4096:]
