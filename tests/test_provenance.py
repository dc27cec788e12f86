"""Where every piece of evidence comes from is told, and no command changes what it was given."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import io
import json
import shutil
import stat
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.cli import main
from iiscluster_kb.cli._parser import command_line
from iiscluster_kb.render import renderers
from tests.case.archives import tar_bytes, zip_bytes
from tests.case.cab_writer import cab_bytes
from tests.support.scenarios import SCENARIOS
from tests.support.szdd_writer import szdd_compress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
FOLDER = BY_NAME["value-taken-away-in-the-log"].case
NESTED = BY_NAME["several-faults-in-a-nested-mixed-dirty-case"].case / "collected.tar"
COMMANDS = (
    "articles",
    "collectors",
    "completion",
    "examine",
    "explain",
    "fix",
    "inspect",
    "triage",
    "verify",
)
MEDIA = BY_NAME["dll-absent-and-the-cd-at-hand"].media[0]


def members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Every file in a tar of zip archives, by other readers than the program's."""
    with tarfile.open(fileobj=io.BytesIO(data)) as outer:
        for member in outer.getmembers():
            stream = outer.extractfile(member)
            assert stream is not None
            with zipfile.ZipFile(io.BytesIO(stream.read())) as inner:
                yield from ((f"{member.name}/{name}", inner.read(name)) for name in inner.namelist())


# --- what is told -----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["examine", "inspect"])
def test_every_file_of_a_nested_case_is_traced_to_its_bytes(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--no-second-opinion"] if command == "examine" else []
    main([command, str(NESTED), "--format", "json", *more])
    told = json.loads(capsys.readouterr().out)
    there = dict(members(NESTED.read_bytes()))
    assert {one["path"] for one in told["artifacts"]} | {one["path"] for one in told["skipped"]} == set(there)
    for one in told["artifacts"]:
        data = there[one["path"]]
        assert (one["size"], one["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
        assert one["containers"] == ["tar", "zip"]
        assert one["machine"] in {"NODE1", "NODE2"}
        assert one["format"]
        assert one["recognised_by"] == "content"
        assert one["given_because"]
        assert one["state"] in {"clean", "recovered"}


def test_a_person_is_told_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    main(["inspect", str(NESTED)])
    page = capsys.readouterr().out
    words = " ".join(page.split())
    for path, data in members(NESTED.read_bytes()):
        assert path in page
        assert hashlib.sha256(data).hexdigest() in page
    assert words.count("inside, from the outermost: tar, zip") == len(list(members(NESTED.read_bytes())))
    assert "given to the machine because: the ComputerName it holds" in words
    assert "registry-hive by its content, recovered, 8,192 bytes" in words
    assert "transaction-log by its content, clean" in words


def test_what_its_name_alone_told_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    main(["inspect", str(BY_NAME["dll-not-pe"].case), "--format", "json"])
    told = {one["path"]: one["recognised_by"] for one in json.loads(capsys.readouterr().out)["artifacts"]}
    assert {path for path, sign in told.items() if sign == "name"} == {
        "NODE1/C/WINNT/system32/inetsrv/iisclex4.dll"
    }


# --- what is left as it is --------------------------------------------------------------------------


def fingerprint(root: Path) -> dict[str, tuple[str, int, int, int]]:
    """Bytes, times of data and of metadata, and mode of everything, the root itself included."""
    found = {}
    for path in (root, *sorted(root.rglob("*"))):
        status = path.lstat()
        data = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path)] = (data, status.st_mtime_ns, status.st_ctime_ns, status.st_mode)
    return found


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """A folder with a dirty hive and its log, archives in archives, a cabinet, a compressed hive, and a statement."""
    folder = tmp_path / "given" / "case"
    shutil.copytree(FOLDER, folder)
    software = (folder / "NODE2" / "SOFTWARE").read_bytes()
    (folder / "NODE2" / "SOFTWARE").unlink()
    (folder / "NODE2" / "SOFTWARE._").write_bytes(szdd_compress(software))
    system = (folder / "NODE2" / "SYSTEM").read_bytes()
    (folder / "NODE2" / "SYSTEM").unlink()
    inner = cab_bytes({"SYSTEM": system})
    (folder / "NODE2" / "more.zip").write_bytes(zip_bytes({"more.tar": tar_bytes({"hive.cab": inner})}))
    (folder / "case.toml").write_text('[case]\nsymptom = "finish-button"\n')
    (tmp_path / "given" / "nested.tar").write_bytes(NESTED.read_bytes())
    shutil.copytree(MEDIA, tmp_path / "given" / "media")
    return tmp_path / "given"


def arguments(given: Path, out: Path) -> dict[str, list[list[str]]]:
    """By command, every way of calling it on evidence; what writes, writes elsewhere."""
    cases = [str(given / "case"), str(given / "nested.tar")]
    media = ["--media", str(given / "media")]
    alone = ["--no-second-opinion", *media]  # the other readers read the same, whatever is rendered of it
    examine = [
        *(["examine", case, *media] for case in cases),
        *(["examine", case, "--format", name, *alone] for case in cases for name in sorted(renderers())),
    ]
    written = [
        ["examine", case, "--format", "reg", "--output", f"{out / str(n)}/"] for n, case in enumerate(cases)
    ]
    kits = [str(out / f"kit{number}") for number in range(2)]
    pairs = list(zip(cases, kits, strict=True))
    store = str(out / "store.duckdb")
    made = {
        "examine": [*examine, *written],
        "fix": [["fix", case, "--output", kit, *media] for case, kit in pairs],
        "verify": [
            *(["verify", case, case, "--kit", kit] for case, kit in pairs),
            *(["verify", *cases, "--format", name] for name in ("text", "json", "markdown")),
        ],
        "inspect": [
            ["inspect", case, "--format", name, *media] for case in cases for name in ("text", "json")
        ],
        "collectors": [["collectors", str(out / "collectors")]],
        "explain": [["explain", "Q224553"]],
        "articles": [["articles"]],
        "completion": [["completion", "bash"]],
        "triage": [
            ["triage", str(given), "--dry-run"],
            ["triage", *cases, "--store", store, "--workers", "1"],
            ["triage", "report", store],
        ],
    }
    if importlib.util.find_spec("duckdb") is None:
        made["triage"] = []
    return made


def test_every_command_is_called_below(tmp_path: Path) -> None:
    parser = command_line()
    (commands,) = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    assert set(COMMANDS) == arguments(tmp_path, tmp_path).keys() == commands.choices.keys()


def as_it_is(_given: Path) -> None:
    """Leave it writable."""


def read_only(given: Path) -> None:
    for path in (*given.rglob("*"), given):
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("prepare", [as_it_is, read_only])
def test_no_command_changes_what_it_was_given(
    command: str,
    prepare: Callable[[Path], None],
    given: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    prepare(given)
    before = fingerprint(given)
    calls = arguments(given, out)
    if command == "verify":
        calls["verify"] = [*calls["fix"], *calls["verify"]]
    for call in calls[command]:
        status = main(call)
        assert status in {0, 1, 3}, (call, capfd.readouterr().err)
        assert fingerprint(given) == before, call
    shutil.rmtree(out)
    for path in (given, *given.rglob("*")):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
