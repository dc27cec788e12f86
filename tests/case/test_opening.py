from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iiscluster_kb.case import Limits, containers, open_case
from iiscluster_kb.case._content import DiskContent
from iiscluster_kb.case._space import Space
from iiscluster_kb.errors import CaseError, EvidenceError
from iiscluster_kb.model import Stated
from tests.case.archives import contents, reasons, tar_bytes, write_folder, zip_bytes
from tests.case.cab_writer import cab_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TREE = {
    "NODE1/SYSTEM": b"regf" + bytes(9000),
    "NODE1/sub/dir.txt": b"Volume in drive C",
    "NODE2/SYSTEM": b"regf",
    "NODE2/empty": b"",
    "nested.zip": zip_bytes({"SYSTEM": b"1", "in/a.tar": tar_bytes({"b": b"2"})}),
    "nested.tgz": tar_bytes({"SYSTEM": b"3", "in.zip": zip_bytes({"b": b"4"})}, "w:gz"),
    "nested.cab": cab_bytes({"SYSTEM": b"5", "in.cab": cab_bytes({"b": b"6"})}),
    "case.toml": b'[case]\nadministered_from = "ADMINPC"\n',
}
OPENED = {
    "NODE1/SYSTEM": TREE["NODE1/SYSTEM"],
    "NODE1/sub/dir.txt": TREE["NODE1/sub/dir.txt"],
    "NODE2/SYSTEM": b"regf",
    "NODE2/empty": b"",
    "nested.zip/SYSTEM": b"1",
    "nested.zip/in/a.tar/b": b"2",
    "nested.tgz/SYSTEM": b"3",
    "nested.tgz/in.zip/b": b"4",
    "nested.cab/SYSTEM": b"5",
    "nested.cab/in.cab/b": b"6",
}

WRITERS: dict[str, Callable[[Path, Mapping[str, bytes]], object]] = {
    "mycase": write_folder,
    "mycase.zip": lambda path, tree: path.write_bytes(zip_bytes(tree)),
    "mycase.tar": lambda path, tree: path.write_bytes(tar_bytes(tree)),
    "mycase.tar.gz": lambda path, tree: path.write_bytes(tar_bytes(tree, "w:gz")),
    "mycase.tar.bz2": lambda path, tree: path.write_bytes(tar_bytes(tree, "w:bz2")),
    "mycase.txz": lambda path, tree: path.write_bytes(tar_bytes(tree, "w:xz")),
    "mycase.cab": lambda path, tree: path.write_bytes(cab_bytes(tree)),
}


@pytest.mark.parametrize("name", WRITERS)
def test_one_case_is_the_same_however_it_is_packed(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, TREE)
    with open_case(tmp_path / name) as case:
        assert case.name == "mycase"
        assert contents(case) == OPENED
        assert list(case.files) == sorted(OPENED)
        assert case.skipped == ()
        assert case.stated == Stated(administered_from="ADMINPC")


NAMES = st.text(st.sampled_from("ab\u00e9 .~"), min_size=1, max_size=4).filter(lambda name: name.strip(". "))


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.tuples(NAMES, NAMES).map("/".join), st.binary(max_size=40), min_size=1, max_size=5))
def test_the_same_tree_gives_the_same_hashes(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, bytes]
) -> None:
    root = tmp_path_factory.mktemp("law")
    seen = []
    for name, write in WRITERS.items():
        write(root / name, tree)
        with open_case(root / name) as case:
            seen.append({path: file.content.sha256 for path, file in case.files.items()})
    assert seen[0]
    assert all(one == seen[0] for one in seen)


def test_the_case_is_not_changed_by_reading(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "mycase", TREE)
    before = {path: (path.stat().st_mtime_ns, path.is_dir() or path.read_bytes()) for path in root.rglob("*")}
    with open_case(root) as case:
        for file in case.files.values():
            file.content.map()
            file.content.on_disk()
            assert file.content.sha256
    after = {path: (path.stat().st_mtime_ns, path.is_dir() or path.read_bytes()) for path in root.rglob("*")}
    assert after == before


def test_one_file_is_a_case(tmp_path: Path) -> None:
    (tmp_path / "CLUSDB.hiv").write_bytes(b"regf")
    with open_case(str(tmp_path / "CLUSDB.hiv"), symptom="finish-button", administered_from="PC") as case:
        assert (case.name, contents(case)) == ("CLUSDB", {"CLUSDB.hiv": b"regf"})
        assert case.stated == Stated("finish-button", "PC")


def test_several_paths_are_named_below_what_they_share(tmp_path: Path) -> None:
    write_folder(tmp_path / "mycase", {"N1/SYSTEM": b"1", "N2/SYSTEM": b"2", "N3/x/a": b"3", "not": b"asked"})
    (tmp_path / "mycase" / "n4.zip").write_bytes(zip_bytes({"SYSTEM": b"4"}))
    root = tmp_path / "mycase"
    paths = [root / "n4.zip", root / "N2" / "SYSTEM", root / "N1" / "SYSTEM", root / "N3"]
    with open_case(*paths, paths[0], root / "N3" / "x" / "a") as case:
        assert case.name == "mycase"
        assert contents(case) == {
            "N1/SYSTEM": b"1",
            "N2/SYSTEM": b"2",
            "N3/x/a": b"3",
            "n4.zip/SYSTEM": b"4",
        }


def test_paths_that_share_nothing_are_named_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path, {"N1/SYSTEM": b"1", "N2/SYSTEM": b"2"})

    def nothing_shared(_paths: object) -> str:
        raise ValueError

    monkeypatch.setattr(os.path, "commonpath", nothing_shared)  # as on two drives of Windows
    with open_case(tmp_path / "N1" / "SYSTEM", tmp_path / "N2" / "SYSTEM") as case:
        assert case.name == "SYSTEM"
        assert contents(case) == {"SYSTEM": b"1", "SYSTEM~2": b"2"}


def test_case_toml_is_read_at_the_root_only_and_options_win(tmp_path: Path) -> None:
    toml = (
        b'[case]\nsymptom = "finish-button"\nadministered_from = "ADMINPC"\n[machines.N1]\npaths = ["n1/*"]\n'
    )
    write_folder(tmp_path, {"case.toml": toml, "n1/case.toml": b"not ours", "n1/SYSTEM": b"regf"})
    with open_case(tmp_path, administered_from="OTHER") as case:
        assert case.stated == Stated("finish-button", "OTHER", {"N1": ("n1/*",)})
        assert set(case.files) == {"n1/case.toml", "n1/SYSTEM"}
    (tmp_path / "case.toml").write_bytes(b"[case]\nsymptom = 'cough'")
    with pytest.raises(CaseError, match=r"^case.toml: case.symptom: unknown symptom 'cough'"):
        open_case(tmp_path)
    (tmp_path / "case.toml").write_bytes(b" " * 70_000)
    with pytest.raises(CaseError, match=r"^case.toml: larger than"):
        open_case(tmp_path)


def test_a_case_toml_that_cannot_be_read_stops_the_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(tmp_path, {"case.toml": b"", "SYSTEM": b"regf"})
    opened = DiskContent.open
    asked = []

    def refusing_the_second_time(content: DiskContent) -> object:
        asked.append(content._path)
        if asked.count("case.toml") == 2:
            raise EvidenceError("case.toml", "cannot be read: Permission denied")
        return opened(content)

    monkeypatch.setattr(DiskContent, "open", refusing_the_second_time)
    with pytest.raises(CaseError, match=r"^case.toml: cannot be read: Permission denied$"):
        open_case(tmp_path)


def test_what_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_folder(tmp_path / "stated", {"case.toml": b""})
    expected = {
        "missing": "missing: No such file or directory$",
        "empty": "^empty: holds no files$",
        "stated": "^stated: holds no files$",
        "a\0b": "null (byte|character)",
    }
    for name, message in expected.items():
        with pytest.raises(CaseError, match=message):
            open_case(f"{tmp_path}/{name}")
    with pytest.raises(CaseError, match="no path was given"):
        open_case()
    with pytest.raises(CaseError, match="unknown symptom 'cough'"):
        open_case(__file__, symptom="cough")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="links and pipes as on POSIX systems")
def test_odd_roots_are_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(CaseError, match=r"pipe: neither a file nor a folder$"):
        open_case(tmp_path / "pipe")
    (tmp_path / "SYSTEM").write_bytes(b"regf")
    with open_case(tmp_path) as case:
        assert set(reasons(case)) == {"pipe", "circle"}
    with pytest.raises(CaseError, match="circle"):
        open_case(tmp_path / "circle")
    (tmp_path / "link").symlink_to("real")
    write_folder(tmp_path / "real", {"SYSTEM": b"regf"})
    with open_case(tmp_path / "link") as case:
        assert (case.name, list(case.files)) == ("real", ["SYSTEM"])


def test_a_file_that_cannot_be_read_loses_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(tmp_path, {"closed": b"x", "open": b"y"})
    opened = os.open

    def refusing(path: str | Path, flags: int, *rest: int) -> int:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, *rest)

    monkeypatch.setattr(os, "open", refusing)
    with open_case(tmp_path) as case:
        assert contents(case) == {"open": b"y"}
        assert reasons(case) == {"closed": "cannot be read: Permission denied"}
    with pytest.raises(CaseError, match=r"^closed: cannot be read: Permission denied$"):
        open_case(tmp_path / "closed")


def test_a_root_that_goes_meanwhile_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"1")
    monkeypatch.setattr(Path, "resolve", lambda self, **_: self)
    with pytest.raises(CaseError, match="gone: No such file"):
        open_case(tmp_path / "gone")


def test_several_failures_are_counted(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = zip_bytes([("..", b"1"), (".", b"2"), ("/", b"")])
    (tmp_path / "case.zip").write_bytes(data)
    with pytest.raises(
        CaseError, match=r"^case: \?: its name is empty, or too long to be one \(and 1 more\)$"
    ):
        open_case(tmp_path / "case.zip")


def test_exactly_one_container_recognises_an_archive(tmp_path: Path) -> None:
    samples = {
        "zip": [zip_bytes({"a": b"1"}), zip_bytes({})],
        "cabinet": [cab_bytes({"a": b"1"}), cab_bytes({})],
        "tar": [tar_bytes({"a": b"1"}, mode) for mode in ("w", "w:gz", "w:bz2", "w:xz")],
    }
    for kind, several in samples.items():
        for data in several:
            (tmp_path / "x").write_bytes(data)
            content = DiskContent("x", tmp_path / "x", len(data), Space())
            claims = [one.name for one in containers() if one.recognises(data[:8192], content)]
            assert claims == [kind]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        [
            b"",
            b"PK\x03\x04",
            b"PK\x05\x06",
            b"\x1f\x8b\x08",
            b"BZh9",
            b"\xfd7zXZ\0",
            b"\x28\xb5\x2f\xfd",
            b"MSCF\0\0\0\0",
        ]
    ),
    st.binary(max_size=200),
)
def test_any_bytes_are_a_case_or_a_case_error(
    tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes
) -> None:
    file = tmp_path_factory.mktemp("any") / "x"
    file.write_bytes(start + rest)
    try:
        case = open_case(file)
    except CaseError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either outcome is right, and each is checked
        return
    with case:
        assert contents(case) == {"x": start + rest}


def limited(tmp_path: Path, body: str) -> str:
    """Run a script in a process with 1 GiB of address space and 64 descriptors."""
    script = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        "from iiscluster_kb.case import open_case\n" + textwrap.dedent(body)
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is meant as Linux means it")
@pytest.mark.parametrize("name", ["mycase", "mycase.zip", "mycase.tar.gz", "mycase.cab"])
def test_ten_thousand_small_files_hold_no_descriptors(tmp_path: Path, name: str) -> None:
    tree = {f"{number % 10}/{number}": b"%d" % number for number in range(10_000)}
    WRITERS[name](tmp_path / name, tree)
    output = limited(
        tmp_path / name,
        """
        import os
        with open_case(sys.argv[1]) as case:
            for file in case.files.values():
                file.content.map(), file.content.sha256
            print(len(case.files), len(os.listdir("/proc/self/fd")) < 16)
        """,
    )
    assert output.split() == ["10000", "True"]


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is meant as Linux means it")
@pytest.mark.parametrize("name", ["mycase", "mycase.zip", "mycase.tar"])
def test_a_large_case_fits_a_small_address_space(tmp_path: Path, name: str) -> None:
    noise = hashlib.shake_256(b"noise").digest(1 << 20)
    tree = {f"NODE{number}/SOFTWARE": noise * 32 for number in range(6)}
    tree |= {f"small/{number}": noise[: 3 << 18] for number in range(85)}
    if name.endswith(".zip"):
        (tmp_path / name).write_bytes(zip_bytes(tree, 0))
    else:
        WRITERS[name](tmp_path / name, tree)
    output = limited(
        tmp_path / name,
        """
        with open_case(sys.argv[1]) as case:
            for file in case.files.values():
                file.content.map(), file.content.sha256
            print(sum(file.content.size for file in case.files.values()) >> 20)
        """,
    )
    assert output.split() == ["255"]


def test_opening_that_fails_leaves_no_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    tree = {"a": bytes(5 << 20), "case.toml": b"nonsense"}
    (tmp_path / "case.tar").write_bytes(tar_bytes(tree))
    with pytest.raises(CaseError):
        open_case(tmp_path / "case.tar")
    assert list((tmp_path / "temporary").iterdir()) == []
    (tmp_path / "case.tar").write_bytes(tar_bytes({"a": bytes(5 << 20)}))
    case = open_case(tmp_path / "case.tar", limits=Limits())
    assert len(list((tmp_path / "temporary").iterdir())) == 1
    case.close()
    assert list((tmp_path / "temporary").iterdir()) == []
