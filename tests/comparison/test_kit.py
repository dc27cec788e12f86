from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.comparison._kit import Kit, KitPatch, assign, read_kit
from iiscluster_kb.errors import CaseError
from iiscluster_kb.model import Dialect, Patch, ValueChange
from iiscluster_kb.registry import RegistryValue, ValueType, multi_sz
from iiscluster_kb.remedy import format_patch
from tests.support.reports import TYPE_KEY

VALUE = RegistryValue("AdminExtensions", ValueType.REG_MULTI_SZ, multi_sz("{a}"))
PATCH = Patch("NODE1", Dialect.REGEDIT4, (ValueChange(TYPE_KEY, "AdminExtensions", None, VALUE),))


def write_kit(folder: Path, **files: bytes) -> Path:
    """A kit with right checksums; file names have their dots as underscores."""
    folder.mkdir(exist_ok=True)
    contents = {"NODE1.reg": format_patch(PATCH), "NODE1-undo.reg": format_patch(PATCH.undo())}
    contents |= {name.replace("__", "."): content for name, content in files.items()}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in contents.items())
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    return folder


def complaint(folder: Path) -> str:
    with pytest.raises(CaseError) as raised:
        read_kit(folder)
    text = str(raised.value)
    assert "\n" not in text
    return text.replace(str(folder.parent) + os.sep, "")


def test_patches_are_read_and_undos_are_not(tmp_path: Path) -> None:
    kit = read_kit(write_kit(tmp_path / "kit", plan__md=b"# Plan\n"))
    assert kit.name == "kit"
    assert [patch.file for patch in kit.patches] == ["NODE1.reg"]
    (value,) = kit.patches[0].values
    assert (value.key, value.name, value.value) == (TYPE_KEY, "AdminExtensions", VALUE)


def test_a_machine_may_be_called_like_an_undo(tmp_path: Path) -> None:
    folder = write_kit(tmp_path / "kit")
    (folder / "NODE1.reg").unlink()
    sums = (folder / "SHA256SUMS").read_text().splitlines()
    (folder / "SHA256SUMS").write_text("\n".join(sums[1:]) + "\n\n")
    (patch,) = read_kit(folder).patches
    assert patch.file == "NODE1-undo.reg"
    assert patch.values[0].value is None


def test_it_is_no_kit(tmp_path: Path) -> None:
    assert complaint(tmp_path / "nowhere") == "nowhere: there is no such fix kit"
    (tmp_path / "file").write_bytes(b"x")
    assert complaint(tmp_path / "file") == "file: is no folder"
    (tmp_path / "empty").mkdir()
    assert complaint(tmp_path / "empty") == "empty: no fix kit, it has no SHA256SUMS"


def test_a_kit_that_was_tampered_with(tmp_path: Path) -> None:
    folder = write_kit(tmp_path / "kit", plan__md=b"# Plan\n")
    (folder / "plan.md").write_bytes(b"# Another\n")
    changed = "differs from its checksum in SHA256SUMS; the kit was changed after it was made"
    assert complaint(folder) == f"kit{os.sep}plan.md: {changed}"
    write_kit(folder)
    with (folder / "NODE1.reg").open("ab") as stream:
        stream.write(b'"Start"=dword:00000004\r\n')
    assert complaint(folder) == f"kit{os.sep}NODE1.reg: {changed}"
    (folder / "NODE1.reg").unlink()
    assert complaint(folder) == f"kit{os.sep}NODE1.reg: is in SHA256SUMS but not in the kit"
    (folder / "NODE1.reg").mkdir()
    assert complaint(folder) == f"kit{os.sep}NODE1.reg: is no regular file"


def test_a_patch_that_was_slipped_in(tmp_path: Path) -> None:
    folder = write_kit(tmp_path / "kit")
    (folder / "NODE2.REG").write_bytes(format_patch(PATCH))
    assert complaint(folder) == (
        f"kit{os.sep}NODE2.REG: is not in SHA256SUMS; the kit was changed after it was made"
    )


@pytest.mark.parametrize("line", ["nonsense", f"{'0' * 64}  ../NODE1.reg", f"{'0' * 64}  .."])
def test_checksums_that_are_none(tmp_path: Path, line: str) -> None:
    folder = write_kit(tmp_path / "kit")
    (folder / "SHA256SUMS").write_text(f"{line}\n")
    assert complaint(folder) == f"kit{os.sep}SHA256SUMS: line 1 is no checksum of a file in this folder"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"hello", "line 1: neither a .reg header nor a registry key"),
        (
            b"REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\Cluster]\r\n\r\n",
            "no patch of this program; its comment line is missing",
        ),
        (
            b"REGEDIT4\r\n; iiscluster-kb patch\r\n[HKEY_LOCAL_MACHINE\\Cluster]\r\n!\r\n\r\n",
            "line 4: neither a key nor a value",
        ),
        (
            b"REGEDIT4\r\n; iiscluster-kb patch\r\n[-HKEY_LOCAL_MACHINE\\Cluster]\r\n\r\n",
            "line 3: deletes a key, which no patch of this program does",
        ),
    ],
)
def test_a_patch_that_is_none_of_ours(tmp_path: Path, content: bytes, reason: str) -> None:
    folder = write_kit(tmp_path / "kit", NODE2__reg=content)
    assert complaint(folder) == f"kit{os.sep}NODE2.reg: {reason}"


def test_files_larger_than_any_kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iiscluster_kb.comparison._kit._MOST_PATCH", 100)
    folder = write_kit(tmp_path / "kit")
    assert complaint(folder) == f"kit{os.sep}NODE1.reg: larger than 100 bytes, which no fix kit needs"


def test_a_kit_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_kit(tmp_path / "kit")

    def fail(path: Path, _limit: int) -> bytes:
        raise OSError(5, "Input/output error", str(path))

    monkeypatch.setattr("iiscluster_kb.comparison._kit._read", fail)
    assert complaint(folder) == f"kit{os.sep}SHA256SUMS: cannot be read: Input/output error"


def test_a_patch_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_kit(tmp_path / "kit")

    def read(path: Path, _limit: int) -> bytes:
        return path.read_bytes() + (b"" if path.name == "SHA256SUMS" else b"; more")

    monkeypatch.setattr("iiscluster_kb.comparison._kit._read", read)
    assert complaint(folder) == f"kit{os.sep}NODE1.reg: changed while the kit was read"


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"{'0' * 64}  {text}\n".encode()))
def test_no_checksums_raise_anything_else(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "SHA256SUMS").write_bytes(content)
        try:
            assert read_kit(folder).patches == ()
        except CaseError as error:
            assert str(error)  # noqa: PT017 - either is right, nothing else is


def named_kit(*files: str) -> Kit:
    return Kit("kit", tuple(KitPatch(file, ()) for file in files))


@pytest.mark.parametrize(
    ("file", "machines", "expected"),
    [
        ("NODE1.reg", ("node1", "NODE2"), "node1"),
        ("NODE1-2.reg", ("NODE1", "NODE1-2"), "NODE1-2"),
        ("X-undo-2.reg", ("X", "X-undo"), "X-undo"),
        ("N_DE.reg", ("N\u00d6DE", "NODE1"), "N\u00d6DE"),
    ],
)
def test_whose_a_patch_is(file: str, machines: tuple[str, ...], expected: str) -> None:
    (delivery,) = assign(named_kit(file), machines)
    assert (delivery.machine, delivery.file) == (expected, file)


@pytest.mark.parametrize(
    ("file", "machines", "message"),
    [
        ("NODE1-b.reg", ("NODE1",), "kit: NODE1-b.reg is for no machine of the two collections"),
        ("NODE9.reg", ("NODE1",), "kit: NODE9.reg is for no machine of the two collections"),
        ("N_DE.reg", ("N\u00d6DE", "N\u00c4DE"), "kit: N_DE.reg may be for N\u00d6DE or N\u00c4DE"),
    ],
)
def test_a_patch_for_nobody(file: str, machines: tuple[str, ...], message: str) -> None:
    with pytest.raises(CaseError) as raised:
        assign(named_kit(file), machines)
    assert str(raised.value) == message
