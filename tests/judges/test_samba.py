"""Samba's registry as judge: ``net registry import`` takes both dialects to the same bytes, and the undo back."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import RemedyError
from iiscluster_kb.model import Dialect, Patch, ValueChange
from iiscluster_kb.registry import HKLM, RegistryValue, ValueType
from iiscluster_kb.remedy import format_patch
from tests.judges._patches import (
    CLSID,
    PATCHED,
    exported_key,
    exported_value,
    patch_of,
    registration,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.scenarios import Scenario

NET = shutil.which("net")
pytestmark = pytest.mark.skipif(NET is None, reason="net (Debian: samba-common-bin) is missing")

_FOLDERS = ("private dir", "state directory", "lock directory", "cache directory", "ncalrpc dir")


class Samba:
    """A registry of Samba's own, fresh in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        lines = ["[global]"]
        for name in _FOLDERS:
            (folder / name).mkdir()
            lines.append(f"{name} = {folder / name}")
        (folder / "smb.conf").write_text("\n".join(lines), encoding="utf-8")

    def run(self, *arguments: str) -> int:
        command = [str(NET), "-s", str(self._folder / "smb.conf"), "registry", *arguments]
        return subprocess.run(
            command, cwd=self._folder, check=False, capture_output=True, timeout=60
        ).returncode

    def load(self, content: bytes) -> int:
        (self._folder / "in.reg").write_bytes(content)
        return self.run("import", "in.reg")

    def export(self, *key: str) -> bytes:
        """A subtree as Samba writes it: below one of the two keys that it holds from the start."""
        out = self._folder / "out.reg"
        out.unlink(missing_ok=True)
        self.run("export", "\\".join(("HKLM", *key)), "out.reg")
        return out.read_bytes() if out.exists() else b""

    def value(self, change: ValueChange) -> RegistryValue | None:
        return exported_value(self.export(change.key.parts[1]), change.key, change.name)


@pytest.fixture
def samba(tmp_path: Path) -> Samba:
    return Samba(tmp_path)


def state(change: ValueChange, value: RegistryValue | None) -> bytes:
    """A .reg text, 5.00, that brings the value into a state. Samba refuses to delete what is not there."""
    after = value or RegistryValue("Other", ValueType.REG_SZ, b"a\0\0\0")
    return format_patch(Patch("N", Dialect.VERSION_5, (ValueChange(change.key, after.name, None, after),)))


def can_hold(value: RegistryValue | None) -> bool:
    """Samba converts text: an odd byte stops the whole import, and its export drops what lacks the NUL."""
    return value is None or value.type != ValueType.REG_MULTI_SZ or len(value.data) % 2 == 0


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("scenario", PATCHED, ids=lambda scenario: scenario.name)
def test_import_and_undo(scenario: Scenario, dialect: Dialect, samba: Samba) -> None:
    patch = patch_of(scenario, dialect)
    (change,) = patch.changes
    try:
        undo = format_patch(patch.undo())
    except RemedyError as error:
        pytest.skip(f"{dialect} cannot carry the old bytes: {error}")
    if not can_hold(change.before):
        pytest.skip("Samba stops at data of odd length")
    samba.load(state(change, change.before))
    assert samba.value(change) == change.before
    assert samba.load(format_patch(patch)) == 0
    assert samba.value(change) == change.after
    assert samba.load(undo) == 0
    assert samba.value(change) == change.before


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_key_that_the_patch_makes_is_gone_after_the_undo(dialect: Dialect, samba: Samba) -> None:
    patch = registration(dialect)
    server, listed = patch.changes
    samba.load(state(listed, listed.before))
    samba.load(state(replace(server, key=HKLM / r"SOFTWARE\Classes\CLSID\{OTHER}"), None))
    assert samba.load(format_patch(patch)) == 0
    assert [samba.value(change) for change in patch.changes] == [server.after, listed.after]
    assert samba.load(format_patch(patch.undo())) == 0
    assert [samba.value(change) for change in patch.changes] == [None, listed.before]
    below = samba.export("SOFTWARE")
    assert not exported_key(below, CLSID)
    assert exported_key(below, HKLM / r"SOFTWARE\Classes\CLSID\{OTHER}")


def test_known_limit_an_undo_without_its_patch_is_refused_whole(samba: Samba) -> None:
    """An import is one transaction for Samba, and deleting what is not there aborts it."""
    patch = registration(Dialect.VERSION_5)
    _, listed = patch.changes
    samba.load(state(listed, listed.after))
    assert samba.load(format_patch(patch.undo())) != 0
    assert samba.value(listed) == listed.after
