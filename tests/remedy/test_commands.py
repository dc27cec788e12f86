from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.model import Cause, Finding, MachineProfile, Phase, Role, Step, Verdict
from iiscluster_kb.remedy import prescribe, texts
from iiscluster_kb.remedy.commands import is_plain_command, is_plain_path, without_hostile_command

HOSTILE_ROOTS = [
    r"C:\WINNT & format D:",
    "C:\\WINNT\nformat D:",
    'C:\\WINNT" & del /q * & "',
    "C:\\%COMSPEC%",
    "C:\\WINNT|more",
    "C:\\WINNT>x",
    "C:\\WINNT^",
    "C:\\WINNT;x",
    "C:\\W\u0131NNT",
    "C:\\WINNT\r",
    "C:\\WIN  NT",
    "C:\\WINNT ",
    "\\\\server\\share",
    "",
]


@pytest.mark.parametrize("path", [r"C:\WINNT", r"D:\Win NT 4.0\system32", "C:\\", r"C:\PROGRA~1\a_b-c$"])
def test_usual_paths_are_plain(path: str) -> None:
    assert is_plain_path(path)


@pytest.mark.parametrize("path", HOSTILE_ROOTS)
def test_unusual_paths_are_not(path: str) -> None:
    assert not is_plain_path(path)


@pytest.mark.parametrize(
    "command",
    [
        'copy "%SystemRoot%\\Cluster\\CLUSDB" "%systemroot%\\Cluster\\CLUSDB.before"',
        "rdisk /s\nnet stop clussvc",
        'reg query "HKLM\\SOFTWARE\\Classes\\CLSID\\{92BF7500}" /ve',
    ],
)
def test_usual_commands_are_plain(command: str) -> None:
    assert is_plain_command(command)


@pytest.mark.parametrize(
    "command", ["dir & del x", "dir %PATH%", 'dir "x', "", "dir\n", "dir\n\ndel x", "a\tb"]
)
def test_unusual_commands_are_not(command: str) -> None:
    assert not is_plain_command(command)


@given(st.text(alphabet=st.sampled_from('abC:\\ "%&|<>^\n\r\t();,=!\u0131'), max_size=12))
def test_a_plain_path_between_quotes_is_one_plain_word(text: str) -> None:
    path = f"C:\\{text}"
    if is_plain_path(path):
        assert is_plain_command(f'dir "{path}"')
        assert not set('"%&|<>^\n\r\t!') & set(path)


def machine(root: str) -> MachineProfile:
    return MachineProfile("NODE1", Role.NODE, "4.0", "6a", "x86", root, 1)


@pytest.mark.parametrize("root", [root for root in HOSTILE_ROOTS if root])
def test_what_a_hostile_directory_becomes_part_of_is_not_given(root: str) -> None:
    step = Step("NODE1", Phase.REGISTER, "Register", f'cd /d "{root}\\system32"\nregsvr32 x.dll')
    found = Finding(Cause("Q1/a", "A"), "NODE1", Verdict.CONFIRMED, "x", "X.", steps=(step,))
    plan = prescribe([found], [machine(root)]).plan
    for one in plan:
        assert root not in (one.command or "")
    withheld = [one for one in plan if texts.WITHHELD in one.warnings]
    assert {one.phase for one in withheld} == {Phase.BACK_UP, Phase.REGISTER}
    assert all(one.command is None for one in withheld)


def test_a_usual_directory_changes_nothing() -> None:
    step = Step("NODE1", Phase.REGISTER, "Register", 'cd /d "C:\\WINNT"')
    assert without_hostile_command(step, machine(r"C:\WINNT")) is step
    assert without_hostile_command(step, None) is step
