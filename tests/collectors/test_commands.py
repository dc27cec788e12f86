from __future__ import annotations

import pytest

from iiscluster_kb.collectors.commands import (
    Era,
    Way,
    copy_file,
    copy_logs,
    in_words,
    list_directory,
    save_cluster_hive,
    save_hive,
)
from iiscluster_kb.evidence.transaction_log import log_names

REG = r"reg save HKLM\SYSTEM %COMPUTERNAME%_reg_SYSTEM.hiv"
REGBACK = "regback %COMPUTERNAME%_reg_SYSTEM.hiv machine SYSTEM"
BY_HAND = "Regedt32: window HKEY_LOCAL_MACHINE, key SYSTEM, menu Registry, Save Key"


@pytest.mark.parametrize(
    ("windows", "era"),
    [
        ("4.0", Era.NT4),
        ("3.51", Era.NT4),
        ("5.0", Era.WINDOWS_2000),
        ("5", Era.WINDOWS_2000),
        ("5.1", Era.XP),
        ("5.2", Era.XP),
        ("10.0", Era.XP),
        (None, Era.UNKNOWN),
        ("", Era.UNKNOWN),
        ("four", Era.UNKNOWN),
        ("99999", Era.UNKNOWN),
    ],
)
def test_the_era_of_a_windows(windows: str | None, era: Era) -> None:
    assert Era.of(windows) is era


@pytest.mark.parametrize(
    ("era", "commands"),
    [
        (Era.NT4, [BY_HAND, REGBACK]),
        (Era.WINDOWS_2000, [REG, BY_HAND]),
        (Era.XP, [REG]),
        (Era.UNKNOWN, [BY_HAND, REGBACK, REG]),
    ],
)
def test_a_hive_is_saved_with_what_that_windows_has(era: Era, commands: list[str]) -> None:
    assert [way.command for way in save_hive("SYSTEM", era)] == commands


@pytest.mark.parametrize("era", Era)
def test_the_cluster_hive_is_loaded_or_a_file(era: Era) -> None:
    *loaded, stopped = save_cluster_hive(era)
    assert loaded
    assert all((way.condition or "").startswith("while the cluster service runs") for way in loaded)
    assert stopped == Way(
        r"copy %SystemRoot%\Cluster\CLUSDB %COMPUTERNAME%_CLUSDB"
        r" & copy %SystemRoot%\Cluster\CLUSDB.LOG %COMPUTERNAME%_CLUSDB.LOG",
        "while the service is stopped",
    )


def test_a_log_is_found_beside_the_hive_under_the_names_that_the_commands_give() -> None:
    assert "node1_clusdb.log" in log_names("NODE1_CLUSDB")
    way = copy_logs(r"%SystemRoot%\Cluster\CLUSDB")
    assert way.command == r"copy %SystemRoot%\Cluster\CLUSDB.LOG* ."
    assert "put them beside it" in (way.condition or "")


def test_a_listing_shows_hidden_files_and_short_names() -> None:
    (way,) = list_directory(r"%SystemRoot%\system32\inetsrv")
    assert way.command == r'dir /a /x /s "%SystemRoot%\system32\inetsrv" > %COMPUTERNAME%_dir_inetsrv.txt'


@pytest.mark.parametrize("path", [r"C:\Program Files\Cluster (1)\a.dll", "iisclex4.dll", r"%SYSTEMROOT%\a"])
def test_a_plain_path_is_given_as_it_is(path: str) -> None:
    assert copy_file(path) == (Way(f'copy "{path}" .'),)


@pytest.mark.parametrize(
    "path",
    [
        r'C:\WINNT" & format D:',
        "C:\\WINNT\nformat D:",
        r"%PATH%\a",
        r"C:\a|b",
        "C:\\a\\",
        r"\\server\share",
        "C:\\a \\b",
        "",
        "C:\\\u202ea",
    ],
)
def test_no_command_holds_what_evidence_could_have_written(path: str) -> None:
    assert copy_file(path) == (Way('copy "<file>" .'),)
    assert list_directory(path) == (Way('dir /a /x /s "<directory>" > %COMPUTERNAME%_dir_directory.txt'),)


def test_all_ways_in_one_sentence() -> None:
    assert in_words((Way("a"), Way("b", "if c"))) == "a; or b (if c)"
