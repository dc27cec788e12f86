"""Second opinions on hives over which transaction logs were laid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import Companion, hive
from iiscluster_kb.evidence._panel import Found, Missing, Panel, Question, Unreadable
from iiscluster_kb.evidence._second_opinion import confirm
from iiscluster_kb.model import Answer, CaseFile, Verdict
from tests.support.log_writer import interrupted_write, new_log, with_header
from tests.support.opinions import (
    PYTHON_REGISTRY,
    REGIPY,
    DiskContent,
    Script,
    cluster,
    fact,
    finding,
    opinions,
)
from tests.support.regf_writer import build_hive

if TYPE_CHECKING:
    from pathlib import Path

    from iiscluster_kb.evidence._panel import Reply

STATES = [
    build_hive(
        cluster({"ResourceTypes": {"AdminExtensions": [text], "gone" if step < 2 else "come": 1}}), minor=5
    )
    for step, text in enumerate(("{A}", "{B}", "{C}"))
]
HIVE = with_header(STATES[0], (5, 4))
LOGS = {"LOG1": new_log(STATES[1:], first=5), "LOG2": new_log(STATES[:2], first=4)}
OLD = interrupted_write(STATES[0], STATES[2])


def save(folder: Path, hive_data: bytes, logs: dict[str, bytes]) -> hive.RecoveredHive:
    files = dict((("CLUSDB", hive_data), *((f"CLUSDB.{n}", d) for n, d in logs.items())))
    for name, data in files.items():
        (folder / name).write_bytes(data)
    first, *others = (CaseFile(f"NODE1/{name}", DiskContent(folder / name)) for name in files)
    assert hive.FORMAT.companions is not None
    evidence = hive.FORMAT.companions.read(
        first, tuple(Companion(file, is_recognised=True) for file in others)
    )[0]
    assert isinstance(evidence, hive.RecoveredHive)
    return evidence


def test_a_reader_that_lays_the_logs_over_the_hive_itself_agrees(tmp_path: Path) -> None:
    evidence = save(tmp_path, HIVE, LOGS)
    assert [log.path for log in evidence.logs] == ["NODE1/CLUSDB.LOG2", "NODE1/CLUSDB.LOG1"]
    facts = [fact(evidence, "ResourceTypes", name) for name in ("AdminExtensions", "come", "gone")]
    facts += [fact(evidence, "ResourceTypes"), fact(evidence, "Nodes\\1")]
    with Panel().start() as panel:
        (confirmed,) = confirm((finding(*facts),), (evidence,), panel)
    assert confirmed.verdict is Verdict.CONFIRMED
    for one in confirmed.facts:
        theirs, other = opinions(one)
        assert (theirs.reader, theirs.answer) == (PYTHON_REGISTRY, Answer.AGREES)
        assert theirs.note == "it laid the transaction logs over the hive by its own means"
        assert (other.reader, other.answer) == (REGIPY, Answer.NOT_ASKED)
        assert "its own way of doing so is known to be wrong" in (other.note or "")


def test_of_an_old_log_nobody_is_asked(tmp_path: Path) -> None:
    evidence = save(tmp_path, OLD.hive, {"LOG": OLD.log})

    def refuse(_reader: str, _question: Question) -> Reply:
        raise AssertionError

    (confirmed,) = confirm((finding(fact(evidence, "ResourceTypes", "come")),), (evidence,), Script(refuse))
    for opinion in opinions(confirmed.facts[0]):
        assert opinion.answer is Answer.NOT_ASKED
        assert "a transaction log of the old kind" in (opinion.note or "")


def test_who_reads_something_else_after_its_own_recovery_leaves_it_open(tmp_path: Path) -> None:
    evidence = save(tmp_path, HIVE, LOGS)
    script = Script(lambda reader, _: Missing("value") if reader == PYTHON_REGISTRY else Found(1, b"x"))
    (confirmed,) = confirm((finding(fact(evidence, "ResourceTypes", "come")),), (evidence,), script)
    assert confirmed.verdict is Verdict.UNDETERMINED
    assert [one.answer for one in opinions(confirmed.facts[0])] == [Answer.DISAGREES, Answer.NOT_ASKED]


def test_logs_that_cannot_be_handed_over_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = save(tmp_path, HIVE, LOGS)
    one = fact(evidence, "ResourceTypes", "come")

    def fail(content: DiskContent) -> Path:
        raise EvidenceError("NODE1/CLUSDB.LOG1", f"the case is closed ({content.path.name})")

    monkeypatch.setattr(DiskContent, "on_disk", fail)
    (confirmed,) = confirm((finding(one),), (evidence,), Script(lambda *_: Found()))
    assert {opinion.answer for opinion in opinions(confirmed.facts[0])} == {Answer.UNREADABLE}


@pytest.mark.parametrize(
    ("logs", "reason"),
    [
        ({"LOG1": LOGS["LOG1"][:600]}, "required argument is not an integer"),
        ({"LOG1": new_log(STATES[:2], first=2)}, "ValueError: no transaction log is one to begin with"),
        ({"LOG1": OLD.log}, "NotSupportedException"),
        ({"LOG1": b""}, "error"),
    ],
)
def test_logs_of_which_the_reader_makes_nothing_are_unreadable(
    tmp_path: Path, logs: dict[str, bytes], reason: str
) -> None:
    (tmp_path / "CLUSDB").write_bytes(HIVE)
    for name, data in logs.items():
        (tmp_path / name).write_bytes(data)
    question = Question(tmp_path / "CLUSDB", ("Nodes",), None, tuple(tmp_path / name for name in logs))
    plain = Question(tmp_path / "CLUSDB", ("Nodes",), None)
    with Panel().start() as panel:
        replies = panel.ask([question, plain])
    reply = replies[PYTHON_REGISTRY, question]
    assert isinstance(reply, Unreadable)
    assert reason in reply.reason
    assert {replies[reader, plain] for reader in (PYTHON_REGISTRY, REGIPY)} == {Found()}
