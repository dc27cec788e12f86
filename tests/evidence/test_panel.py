from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.evidence._panel import READERS, Found, Limits, Panel, Question, Unreadable
from tests.support.regf_writer import build_hive, write_hive

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import Popen

    from iiscluster_kb.evidence._panel import Reply
    from tests.support.regf_writer import HiveImage

from tests.support.opinions import PYTHON_REGISTRY, REGIPY, cluster


def stub(folder: Path, root: str) -> None:
    """A python-registry whose ``root()`` does what is given, found before the real one."""
    package = folder / "Registry"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "RegistryParse.py").write_text("class RegistryException(Exception): pass\n")
    body = textwrap.indent(textwrap.dedent(root).strip(), " " * 8)
    (package / "Registry.py").write_text(
        "class RegistryKeyNotFoundException(Exception): pass\n"
        "class RegistryValueNotFoundException(Exception): pass\n"
        f"class Registry:\n    def __init__(self, path): pass\n    def root(self):\n{body}\n"
    )


def processes(panel: Panel) -> list[Popen[bytes]]:
    return [child._process for child in panel._children if child._process is not None]


QUICK = Limits(question=0.3, total=20)


def ask_both(folder: Path, limits: Limits = QUICK, count: int = 2) -> dict[str, list[Reply]]:
    path = folder / "hive"
    path.write_bytes(build_hive(cluster({f"K{number}": {} for number in range(count)})))
    questions = [Question(path, (f"K{number}",), None) for number in range(count)]
    with Panel(limits).start() as panel:
        replies = panel.ask(questions)
    return {reader: [replies[reader, question] for question in questions] for reader in READERS}


@pytest.mark.skipif(sys.platform == "win32", reason="no interval timer")
@pytest.mark.parametrize(
    "hang",
    [
        "while True: pass",
        """
        while True:
            try:
                while True: pass
            except Exception: pass
        """,
    ],
    ids=["loop", "loop that catches"],
)
def test_a_peer_that_hangs_is_stopped_and_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hang: str
) -> None:
    stub(tmp_path, hang)
    monkeypatch.syspath_prepend(tmp_path)
    replies = ask_both(tmp_path, count=50)
    assert replies[PYTHON_REGISTRY] == [Unreadable("took too long")] * 50
    assert replies[REGIPY] == [Found()] * 50


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("import os; os._exit(3)", "the readers' process ended early (exit status 3)"),
        (
            "import os, sys; sys.stdout.write('{'); sys.stdout.flush(); os._exit(4)",
            "the readers' process ended early (exit status 4)",
        ),
        ("import os; os.kill(os.getpid(), 9)", "the readers' process ended early (signal 9)"),
    ],
)
def test_a_peer_that_dies_leaves_the_other_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, reason: str
) -> None:
    stub(tmp_path, fault)
    monkeypatch.syspath_prepend(tmp_path)
    replies = ask_both(tmp_path)
    assert replies == {PYTHON_REGISTRY: [Unreadable(reason)] * 2, REGIPY: [Found()] * 2}


@pytest.mark.parametrize(
    ("fault", "reply"),
    [
        ("raise ZeroDivisionError('a\\n b')", Unreadable("ZeroDivisionError: a b", raised=True)),
        ("return self.root()", Unreadable("recursed too deep")),
        ("raise MemoryError", Unreadable("ran out of memory")),
        ("return bytearray(1 << 40)", Unreadable("ran out of memory")),
    ],
)
def test_what_a_peer_raises_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, reply: Reply
) -> None:
    stub(tmp_path, fault)
    monkeypatch.syspath_prepend(tmp_path)
    replies = ask_both(tmp_path)
    assert replies == {PYTHON_REGISTRY: [reply] * 2, REGIPY: [Found()] * 2}


def test_a_peer_that_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Registry.py").write_text("raise ImportError('planted')\n")
    monkeypatch.syspath_prepend(tmp_path)
    replies = ask_both(tmp_path)
    assert replies[PYTHON_REGISTRY] == [Unreadable("cannot be imported: planted")] * 2
    assert replies[REGIPY] == [Found()] * 2


def test_too_much_time_in_all_ends_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub(tmp_path, "import time; time.sleep(600)")
    monkeypatch.syspath_prepend(tmp_path)
    replies = ask_both(tmp_path, Limits(question=500, total=0.3))
    assert replies[PYTHON_REGISTRY] == [Unreadable("the readers took too long and were stopped")] * 2


def test_data_beyond_every_use_are_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "hive"
    path.write_bytes(build_hive(cluster({"V": b"z" * (5 << 20)})))
    question = Question(path, (), "V")
    with Panel().start() as panel:
        replies = panel.ask([question])
    refused = Unreadable("ValueError: more than 4194304 bytes of data", raised=True)
    assert [replies[reader, question] for reader in READERS] == [refused] * 2


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    question = Question(tmp_path / "none", ("a", "b"), "c")
    with Panel().start() as panel:
        replies = panel.ask([question, question])
    for reader in READERS:
        reply = replies[reader, question]
        assert isinstance(reply, Unreadable)
        assert reply.reason.startswith("FileNotFoundError")


def test_a_child_that_cannot_start_is_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    for replies in ask_both(tmp_path).values():
        for reply in replies:
            assert isinstance(reply, Unreadable)
            assert reply.reason.startswith("the readers' process could not be started: ")


def test_a_child_that_is_gone_before_it_is_asked_is_an_answer(tmp_path: Path) -> None:
    question = Question(tmp_path / "hive", (), None)
    with Panel().start() as panel:
        for process in processes(panel):
            process.kill()
        status = {process.wait() for process in processes(panel)}.pop()
        replies = panel.ask([question])
    ended = f"signal {-status}" if status < 0 else f"exit status {status}"
    assert set(replies.values()) == {Unreadable(f"the readers' process ended early ({ended})")}


def test_an_interrupted_panel_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_line: bytes) -> None:
        raise KeyboardInterrupt

    panel = Panel().start()
    started = processes(panel)
    monkeypatch.setattr("iiscluster_kb.evidence._panel.json.loads", interrupt)
    with pytest.raises(KeyboardInterrupt):
        panel.ask([Question(tmp_path / "none", (), None)])
    assert [process.poll() is None for process in started] == [False, False]


def test_a_panel_that_is_not_asked_leaves_no_process() -> None:
    panel = Panel().start()
    started = processes(panel)
    panel.close()
    assert [process.poll() is None for process in started] == [False, False]
    panel.close()
    question = Question(Path("x"), (), None)
    assert set(panel.ask([question]).values()) == {Unreadable("the panel was not started")}


# --- hostile hives ----------------------------------------------------------------------------------


def cyclic(image: HiveImage) -> None:
    image.put(image.lists["A"][0] + 8, "<I", image.keys[""] - 4096)


def endless_list(image: HiveImage) -> None:
    image.put(image.lists["A"][0] + 4, "<2sHI", b"ri", 1, image.lists["A"][0] - 4096)


def huge_counts(image: HiveImage) -> None:
    image.put(image.keys["A"] + 4 + 20, "<I", 0xFFFFFFF0)
    image.put(image.keys["A"] + 4 + 36, "<I", 0xFFFFFFF0)


def huge_data(image: HiveImage) -> None:
    image.put(image.values["A\\B", "V"] + 4 + 4, "<I", 0x7FFFFFF0)


@pytest.mark.parametrize("damage", [cyclic, endless_list, huge_counts, huge_data])
def test_a_hostile_hive_is_survived(tmp_path: Path, damage: Callable[[HiveImage], None]) -> None:
    image = write_hive(cluster({"A": {"B": {"V": b"12345678"}, "x": b"longer than four"}}))
    damage(image)
    path = tmp_path / "hive"
    path.write_bytes(image.seal())
    questions = [Question(path, ("A", "none"), None), Question(path, ("A", "B"), "V")]
    questions += [Question(path, ("A",), "none"), Question(path, ("A",) * 3000, None)]
    with Panel(Limits(question=1, total=30)).start() as panel:
        replies = panel.ask(questions)
    assert len(replies) == len(questions) * len(READERS)
    assert "were stopped" not in repr(replies)
    assert "ended early" not in repr(replies)
