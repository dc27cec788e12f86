from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from iiscluster_kb.triage import _worker
from iiscluster_kb.triage._nouns import Found, Outcome, Settings, Task
from iiscluster_kb.triage._worker import Worker
from tests.support.scenarios import ROOT

CASE = ROOT / "fixtures" / "scenarios" / "value-absent" / "case"
HEALTHY = ROOT / "fixtures" / "scenarios" / "healthy-cluster" / "case"
QUICK = Settings(articles=("Q224553",), second_opinion="none", seconds=60.0)


def task(path: Path, settings: Settings = QUICK) -> Task:
    return Task(Found(str(path), str(path), path.name), settings)


def acting(code: str) -> tuple[str, ...]:
    """A worker's program that reads a task and then does this; ``out`` is where answers go."""
    begin = (
        "import os,sys,time,json;i=sys.stdin.buffer;out=sys.stdout.buffer;"
        "out.write(b'\\0\\0\\0\\5ready');out.flush();i.read(int.from_bytes(i.read(4),'big'));"
    )
    return sys.executable, "-c", begin + code


def test_one_process_for_many_cases() -> None:
    with Worker() as worker:
        first, second = worker.examine(task(CASE)), worker.examine(task(HEALTHY))
    assert (first.outcome, first.verdict, first.is_faulty) == (Outcome.DONE, "confirmed", True)
    assert (second.outcome, second.verdict) == (Outcome.DONE, "ruled-out") or second.verdict == "undetermined"
    assert first.memory > 1 << 20
    assert first.page is not None
    assert second.page is None
    assert {row[1] for row in first.rows["findings"]} >= {"Q224553/admin-extensions-missing"}


@pytest.mark.parametrize(
    ("code", "outcome", "reason"),
    [
        ("os.kill(os.getpid(), 9)", Outcome.KILLED, "its worker died (signal 9)"),
        ("sys.exit('sad words')", Outcome.KILLED, "its worker died (exit status 1): sad words"),
        (
            "raise ValueError('a mistake')",
            Outcome.KILLED,
            "its worker died (exit status 1): ValueError: a mistake",
        ),
        ("time.sleep(60)", Outcome.TIMED_OUT, "took more than 0.5 s (--case-timeout)"),
        ("out.write(b'\\0\\0\\0\\5{bad}')", Outcome.KILLED, "Expecting property name"),
        ("out.write(b'\\0\\0\\0\\2{}')", Outcome.KILLED, "the worker's answer has no known shape"),
        ("out.write(b'\\xff\\xff\\xff\\xff')", Outcome.KILLED, "its worker died"),
        ("out.write(b'\\0\\0')", Outcome.KILLED, "its worker died (exit status 0)"),
    ],
)
def test_whatever_a_case_does_to_a_worker_there_is_a_result(code: str, outcome: Outcome, reason: str) -> None:
    seconds = 0.5 if outcome is Outcome.TIMED_OUT else 30.0
    with Worker(acting(code)) as worker:
        told = worker.examine(task(CASE, replace(QUICK, seconds=seconds)))
        assert told.outcome is outcome
        assert told.reason is not None
        assert told.reason.startswith(reason)
        # The next case has a process of its own.
        assert worker.examine(task(CASE, replace(QUICK, seconds=seconds))).outcome is outcome


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="memory is limited where the system can")
def test_a_case_over_the_memory_limit_is_killed_and_the_next_one_done() -> None:
    with Worker() as worker:
        starved = worker.examine(task(CASE, replace(QUICK, memory=48 << 20)))
        assert starved.outcome is Outcome.KILLED
        assert worker.examine(task(CASE)).outcome is Outcome.DONE


def test_nothing_is_left_in_the_temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Worker(acting("open(sys.argv[1] + '/rubbish', 'w').close(); os.abort()")) as worker:
        worker.examine(task(CASE))
    with Worker() as worker:
        worker.examine(task(CASE))
        (folder,) = tmp_path.iterdir()
        assert folder.name.startswith("iiscluster-kb-triage-")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX's")
def test_the_children_of_a_worker_end_with_it(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = f"import subprocess;p=subprocess.Popen(['sleep','60']);open({str(pid)!r},'w').write(str(p.pid));time.sleep(60)"
    with Worker(acting(code)) as worker:
        assert worker.examine(task(CASE, replace(QUICK, seconds=2.0))).outcome is Outcome.TIMED_OUT
    child = int(pid.read_text())
    for _ in range(100):
        try:
            with open(f"/proc/{child}/stat") as stat:  # noqa: PTH123 - no file of ours
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return
        except OSError:
            return
        time.sleep(0.05)
    pytest.fail("the worker's child is still there")


def test_a_worker_is_replaced_after_many_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_worker, "_MOST_CASES", 1)
    with Worker() as worker:
        assert worker.examine(task(CASE)).outcome is Outcome.DONE
        assert worker._process is None
        assert worker.examine(task(CASE)).outcome is Outcome.DONE


def test_closing_from_another_thread_ends_the_case() -> None:
    worker = Worker(acting("time.sleep(60)"))
    worker.start()
    threading.Timer(0.5, worker.close).start()
    assert worker.examine(task(CASE)).outcome is Outcome.KILLED


@pytest.mark.parametrize(
    "code", ["import nothing_of_that_name", "import time; time.sleep(60)", "print('hello')"]
)
def test_a_program_that_cannot_start_is_no_case_s_fault(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_worker, "_STARTING", 0.5)
    with (
        Worker((sys.executable, "-c", code)) as worker,
        pytest.raises(OSError, match="no worker can be started"),
    ):
        worker.examine(task(CASE))


def test_closing_while_it_starts() -> None:
    worker = Worker((sys.executable, "-c", "import time; time.sleep(60)"))
    worker.start()
    threading.Timer(0.3, worker.close).start()
    assert worker.examine(task(CASE)).reason == "the run was stopped"
