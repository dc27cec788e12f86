from __future__ import annotations

import os
import shutil
import subprocess
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import unix_listing
from iiscluster_kb.evidence._unix_lines import leaves_out, parse_entry, unescape, windows_path
from iiscluster_kb.evidence.unix_listing import FORMAT
from iiscluster_kb.model import FileEvidence, State
from tests.support.listing_laws import DLL, NODE, VOLUME, read
from tests.support.listings import case_file, directories, entries
from tests.support.listings_more import find_listing, ls_listing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.listings import Tree

WHOLE = directories(NODE, "C:\\WINNT") - {"C:\\WINNT\\SYSTEM32\\ZETA"}
"""The last directory may have been cut off."""
FIND = (
    "C:\\WINNT\\CLUSTER",
    "C:\\WINNT\\SYSTEM32",
    "C:\\WINNT\\SYSTEM32\\INETSRV",
    "C:\\WINNT\\SYSTEM32\\ZETA",
)


def listing(*lines: str) -> bytes:
    return "".join(line + "\n" for line in lines).encode()


# --- ls ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("locale", datetime(1999, 4, 29)),  # noqa: DTZ001 - a listing prints local time without a zone
        ("german", datetime(1999, 4, 29)),  # noqa: DTZ001 - the same
        ("recent", None),
        ("long-iso", datetime(1999, 4, 29, 17, 4)),  # noqa: DTZ001 - the same
        ("full-iso", datetime(1999, 4, 29, 17, 4)),  # noqa: DTZ001 - the same
    ],
)
def test_a_recursive_listing(style: str, written: datetime | None) -> None:
    evidence = read(FORMAT, ls_listing(NODE, style=style, total="insgesamt"))
    assert evidence.state is State.CLEAN
    assert set(evidence.entries) == set(entries(NODE, "C:\\WINNT"))
    assert evidence.directories == WHOLE
    assert evidence.notes == ()
    dll = evidence.entries[DLL]
    assert (dll.path, dll.size, dll.modified) == (
        "C:\\WINNT\\system32\\inetsrv\\iisclex4.dll",
        65664,
        written,
    )
    assert evidence.entries["C:\\WINNT\\SYSTEM32"].is_directory
    assert evidence.entries["C:\\WINNT\\SYSTEM32"].size is None


def test_without_a() -> None:
    evidence = read(FORMAT, ls_listing(NODE, all_files=False))
    # A directory that shows not even itself may be one that could not be read.
    assert evidence.directories == WHOLE - {"C:\\WINNT\\SYSTEM32\\1033"}
    assert evidence.notes == ("names that begin with a dot are listed only under -a",)


@pytest.mark.parametrize(
    "root", ["/mnt/c", "/mnt/C", "/cygdrive/c", "/c", "C:", "c:", "/media/C", "/srv/case/C$"]
)
def test_where_the_drive_is_told(root: str) -> None:
    assert DLL in read(FORMAT, ls_listing(NODE, f"{root}/WINNT")).entries


def test_paths_without_a_drive_are_declined() -> None:
    data = ls_listing(NODE, "/mnt/WINNT")
    with pytest.raises(EvidenceError, match="line 1: /mnt/WINNT tells no drive; mount the disk as /mnt/c"):
        FORMAT.read(case_file(data, "NODE1_C_ls.txt"))


def test_the_name_of_the_file_states_the_drive_of_a_dot() -> None:
    data = ls_listing(VOLUME, ".")
    with pytest.raises(EvidenceError, match="name the file after its drive"):
        FORMAT.read(case_file(data))
    assert DLL in read(FORMAT, data, "NODE1_C_ls.txt").entries
    assert "E:\\WINNT" in read(FORMAT, data, "x/NODE1-e.txt").directories
    with pytest.raises(EvidenceError, match="tells no drive"):
        FORMAT.read(case_file(data, "c_d.txt"))


def test_part_of_it_without_a_drive() -> None:
    data = ls_listing(NODE) + b"\n" + ls_listing(NODE, "/home/me")
    evidence = read(FORMAT, data)
    assert evidence.directories == directories(NODE, "C:\\WINNT")
    assert any("/home/me tells no drive" in note for note in evidence.notes)


def test_a_listing_that_names_no_directory_is_declined() -> None:
    data = listing("total 8", "-rw-r--r-- 1 root root 5 Apr 29  1999 a.dll")
    assert FORMAT.recognises(data)
    with pytest.raises(EvidenceError, match="line 2: no line says in which directory"):
        FORMAT.read(case_file(data))


A = "-rw-r--r-- 1 root root 5 Apr 29  1999 a.dll"
HEAD = ("/mnt/c/X:", "total 4")
NEXT = ("", "/mnt/c/Y:", "total 4", A)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ((*HEAD, A, *NEXT), None),
        (("/mnt/c/X:", A, *NEXT), None),
        ((*HEAD, A, "what is this", *NEXT), "line 4 is not understood"),
        ((*HEAD, A, "x" * 3000, *NEXT), "line 4 is not understood"),
        ((*HEAD, A, "ls: reading directory '/mnt/c/X': Input/output error", *NEXT), "line 4: not understood"),
        (("$ ls -lR -I '*.dll' /mnt/c", *HEAD, A, *NEXT), "the command leaves files out"),
        (("$ ls -lRB /mnt/c", *HEAD, A, *NEXT), "the command leaves files out"),
        (("$ ls -lR /mnt/c | grep -v dll", *HEAD, A, *NEXT), "the command leaves files out"),
        ((*HEAD, A + "'", A[:-5] + "'b c.dll'", *NEXT), "names stand in quotes"),
        ((*HEAD, A[:-5] + "a|b", *NEXT), "no file of Windows"),
    ],
)
def test_what_is_whole(lines: tuple[str, ...], says: str | None) -> None:
    evidence = FORMAT.read(case_file(listing(*lines)))
    assert isinstance(evidence, FileEvidence)
    whole = says is None and "total 4" in lines[:2]
    assert evidence.directories == ({"C:\\X"} if whole else set())
    assert says is None or any(says in note for note in evidence.notes), evidence.notes


def test_harmless_commands_and_messages() -> None:
    denied = "ls: cannot open directory '/mnt/c/System Volume Information': Permission denied"
    data = listing("root@lab:/# ls -laR --time-style=full-iso /mnt/c > x.txt", denied, *HEAD, A, *NEXT)
    assert read(FORMAT, data).directories == {"C:\\X"}


def test_names_in_quotes_as_on_a_terminal() -> None:
    data = listing("'/mnt/c/a b':", "total 4", A[:-5] + " c.dll", A[:-5] + "'d e.dll'", *NEXT)
    evidence = read(FORMAT, data)
    assert {"C:\\A B\\C.DLL", "C:\\A B\\D E.DLL"} < set(evidence.entries)
    assert evidence.directories == set()


def test_links_and_files_that_could_not_be_looked_at() -> None:
    link = "lrwxrwxrwx 1 root root 12 Apr 29  1999 Documents and Settings -> /mnt/c/Users"
    data = listing(
        *HEAD, link, "-????????? ? ?    ?       ?            ? b.dll", "d????????? ? ? ? ? ? e", *NEXT
    )
    evidence = read(FORMAT, data)
    assert set(evidence.entries) == {
        f"C:\\{name}" for name in ("X\\DOCUMENTS AND SETTINGS", "X\\B.DLL", "X\\E", "Y\\A.DLL")
    }
    assert evidence.entries["C:\\X\\B.DLL"].size is None
    assert evidence.entries["C:\\X\\E"].is_directory
    assert evidence.directories == {"C:\\X"}


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unix_listing, "_BLOCK_LIMIT", 3)
    evidence = read(FORMAT, ls_listing(NODE))
    assert "C:\\WINNT" not in evidence.directories
    monkeypatch.setattr(unix_listing, "ROW_LIMIT", 3)
    evidence = read(FORMAT, ls_listing(NODE))
    assert evidence.state is State.DAMAGED
    assert any("only 3 entries" in note for note in evidence.notes)


# --- find -------------------------------------------------------------------------------------------


def test_find_covers_only_where_the_command_is_seen() -> None:
    evidence = read(FORMAT, find_listing(NODE))
    assert DLL in evidence.entries
    assert evidence.directories == set()
    assert any("nothing shows that find left no file out" in note for note in evidence.notes)
    for command in ("$ find /mnt/c/WINNT -ls", "root@x:~# find /mnt/c/WINNT -xdev -ls > f.txt 2>&1"):
        assert read(FORMAT, find_listing(NODE, command=command)).directories == set(FIND)


@pytest.mark.parametrize(
    "command",
    [
        "$ find /mnt/c/WINNT -newer x -ls",
        "$ find /mnt/c/WINNT -ls | head",
        "$ find /mnt/c/WINNT/*.dll -ls",
        "$ ls -laR /mnt/c",
    ],
)
def test_find_that_leaves_out(command: str) -> None:
    assert read(FORMAT, find_listing(NODE, command=command)).directories == set()


def test_find_names() -> None:
    tree: Tree = {"a b": {"ü\\ö.dll": 1, "z.ini": 2}, "b.sys": 3}
    evidence = read(FORMAT, find_listing(tree, command="$ find /mnt/c/WINNT -ls"))
    # No file of Windows has a backslash in its name.
    assert "C:\\WINNT\\A B\\Z.INI" in evidence.entries
    assert evidence.directories == set()
    sound: Tree = {"a b": {"ü.dll": 1, "z.ini": 2}, "b.sys": 3}
    evidence = read(FORMAT, find_listing(sound, command="$ find /mnt/c/WINNT -ls"))
    assert evidence.entries["C:\\WINNT\\A B\\Ü.DLL"].path == "C:\\WINNT\\a b\\ü.dll"
    assert evidence.directories == {"C:\\WINNT\\A B"}


def test_find_out_of_order() -> None:
    lines = find_listing(NODE).decode().splitlines()
    data = listing("$ find /mnt/c/WINNT -ls", *lines, lines[3])
    evidence = read(FORMAT, data)
    assert evidence.directories == set()
    assert any("order of a walk" in note for note in evidence.notes)


def test_find_messages() -> None:
    denied = "find: \u2018/mnt/c/WINNT/system32/inetsrv\u2019: Permission denied"
    data = find_listing(NODE, command="$ find /mnt/c/WINNT -ls") + denied.encode() + b"\n"
    assert read(FORMAT, data).directories == set(FIND) - {"C:\\WINNT\\SYSTEM32\\INETSRV"}


# --- judges that are not ours -----------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A disk mounted at ``…/C:``."""
    for name in ("WINNT/system32/inetsrv/iisclex4.dll", "WINNT/a b/über.txt", "WINNT/zeta/last.ini", "x.sys"):
        path = tmp_path / "C:" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"12345")
        os.utime(path, (925405440, 925405440))
    return tmp_path / "C:"


@pytest.mark.parametrize("switches", ["-laR", "-lR", "-laisR", "-gloR", "-lanR --time-style=full-iso"])
def test_gnu_ls(disk: Path, switches: str) -> None:
    program = shutil.which("ls")
    if program is None:
        pytest.skip("no ls on this machine")
    printed = subprocess.run(
        [program, *switches.split(), str(disk)],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C.UTF-8", "TZ": "UTC"},
    )
    evidence = read(FORMAT, printed.stdout)
    entry = evidence.entries[DLL]
    assert (entry.size, entry.is_directory) == (5, False)
    assert entry.modified is not None
    assert entry.modified.date().isoformat() == "1999-04-29"
    assert evidence.entries["C:\\WINNT\\A B\\ÜBER.TXT"].path.endswith("\\a b\\über.txt")
    assert {"C:\\", "C:\\WINNT", "C:\\WINNT\\SYSTEM32\\INETSRV"} <= evidence.directories


def test_gnu_find(disk: Path) -> None:
    program = shutil.which("find")
    if program is None:
        pytest.skip("no find on this machine")
    printed = subprocess.run([program, str(disk), "-ls"], capture_output=True, check=True, env={"TZ": "UTC"})
    evidence = read(FORMAT, b"$ find C: -ls\n" + printed.stdout)
    assert set(evidence.entries) == {
        "C:\\X.SYS",
        "C:\\WINNT",
        "C:\\WINNT\\SYSTEM32",
        "C:\\WINNT\\SYSTEM32\\INETSRV",
        DLL,
        "C:\\WINNT\\A B",
        "C:\\WINNT\\A B\\ÜBER.TXT",
        "C:\\WINNT\\ZETA",
        "C:\\WINNT\\ZETA\\LAST.INI",
    }
    assert evidence.entries[DLL].size == 5


# --- lines ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "drive", "where"),
    [
        ("/mnt/c", None, "C:\\"),
        ("/mnt/c/", None, "C:\\"),
        ("/mnt/c/a//./b", None, "C:\\a\\b"),
        ("C:\\WINNT", None, "C:\\WINNT"),
        ("/mnt/cc/a", None, None),
        ("/proc/cygdrive/c/a", None, None),
        ("./a", "D", "D:\\a"),
        (".", "D", "D:\\"),
        ("./a", None, None),
        ("a/b", "D", None),
        ("/case/NODE1/C:/WINNT", None, "C:\\WINNT"),
    ],
)
def test_windows_paths(path: str, drive: str | None, where: str | None) -> None:
    assert windows_path(path, drive) == where


@pytest.mark.parametrize(
    ("escaped", "plain"),
    [
        ("a\\ b", "a b"),
        ("\\303\\274", "ü"),
        ("a\\\\b", "a\\b"),
        ("a\\nb", "a\nb"),
        ("\\777x", "\ufffdx"),
        ("\\9", "9"),
    ],
)
def test_escapes(escaped: str, plain: str) -> None:
    assert unescape(escaped) == plain


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("-rw-r--r-- 1 a b 5 avril 29  1999 x", ""),
        ("-rw-r--r-- 1 a b 5 29. Dez 1999 x", ""),
        ("-rw-r--r-- 1 a b 5 29. Dec 1999 x", "1999-12-29"),
        ("-rw-r--r-- 1 a b 5 04-29 17:04 x", ""),
        ("-rw-r--r-- 1 a b 5 1999-04-29  x", "1999-04-29"),
        ("-rw-r--r-- 1 Domain Users None 5 Apr 29  1999 x", "1999-04-29"),
        ("-rw-r--r--+ 1 a b 65K Apr 29  1999 x", "1999-04-29"),
    ],
)
def test_lines_of_ls(line: str, date: str) -> None:
    entry = parse_entry(line)
    assert entry is not None
    assert (entry.name, entry.date) == ("x", date)


@pytest.mark.parametrize(
    "line", ["", "total 4", "-rw-r--r-- 1 a b Apr 29  1999 x", "drwx 1 a b 5 Apr 29  1999 x"]
)
def test_other_lines(line: str) -> None:
    assert parse_entry(line) is None


@pytest.mark.parametrize(
    ("program", "arguments", "answer"),
    [
        ("ls", " -laR /mnt/c", False),
        ("ls", " -laR /mnt/c | tee x", False),
        ("ls", " -ld /mnt/c", True),
        ("ls", " -laR --hide=x /mnt/c", True),
        ("ls", " -laR --color=never /mnt/c", False),
        ("find", " . -type f -ls", True),
        ("find", " . ! -name x -ls", True),
        ("find", " . -ls", False),
    ],
)
def test_commands(program: str, arguments: str, answer: bool) -> None:
    assert leaves_out(program, arguments) is answer


@pytest.mark.parametrize(
    "text",
    ["", "words\nand words\n", "-rw-r--r-- 1 a b 5 Apr 29  1999 x", "x" * 3000 + "\n" + A + "\n", "\x01"],
)
def test_other_texts_are_not_taken(text: str) -> None:
    assert not FORMAT.recognises(text.encode())
