"""Wine's regedit as judge: both dialects give the same bytes, and the undo gives the old ones back."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.errors import RemedyError
from iiscluster_kb.model import Dialect, Patch
from iiscluster_kb.registry import HKLM, KeyPath, ValueType
from iiscluster_kb.registry.reg_text import KeyEntry, ValueEntry, parse_reg
from iiscluster_kb.remedy import format_patch
from tests.injection.catalogue import CATALOGUE
from tests.injection.reports import documents, report_of
from tests.judges._patches import (
    CLSID,
    PATCHED,
    exported_key,
    exported_value,
    patch_of,
    registration,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from iiscluster_kb.model import ValueChange
    from iiscluster_kb.registry import RegistryValue
    from tests.support.scenarios import Scenario

WINE = shutil.which("wine")
IIS_TYPE = HKLM / r"Cluster\ResourceTypes\IIS Server Instance"
pytestmark = [
    pytest.mark.skipif(WINE is None, reason="wine is missing"),
    pytest.mark.xdist_group("wine"),
]


class Wine:
    """A Windows registry that nobody here wrote."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[tuple[str, str, tuple[bytes, ...]], list[RegistryValue | None]] = {}
        self._environment = os.environ | {
            "WINEPREFIX": str(folder / "prefix"),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=",
        }

    def run(self, *arguments: str) -> int:
        return subprocess.run(
            [str(WINE), *arguments],
            cwd=self._folder,
            env=self._environment,
            check=False,  # its exit status proves nothing; bytes are compared
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would stay open as long as Wine's own server runs
            stderr=subprocess.DEVNULL,
            timeout=180,
        ).returncode

    def stay(self) -> subprocess.Popen[bytes]:
        """A program that waits for input, and meanwhile keeps Wine's server from ending between two calls.

        A call that meets the server while it ends may do nothing at all.
        """
        return subprocess.Popen(
            [str(WINE), "cmd"],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def load(self, content: bytes) -> None:
        (self._folder / "in.reg").write_bytes(content)
        if self.run("regedit", "/S", "in.reg"):  # zero proves nothing, but anything else is a crash
            self.run("regedit", "/S", "in.reg")

    def export(self, key: KeyPath) -> bytes:
        """A subtree as Wine's regedit writes it; nothing where the key is not there."""
        out = self._folder / "out.reg"
        out.unlink(missing_ok=True)
        self.run("regedit", "/E", "out.reg", str(key))
        return out.read_bytes() if out.exists() else b""

    def value(self, change: ValueChange) -> RegistryValue | None:
        return exported_value(self.export(change.key), change.key, change.name)

    def values(self, change: ValueChange, *contents: bytes) -> list[RegistryValue | None]:
        """The value after each file that is imported in turn; the same files, which many cases share, only once."""
        asked = (str(change.key), change.name, contents)
        if asked not in self._seen:
            self._seen[asked] = [self._value_after(content, change) for content in contents]
        return self._seen[asked]

    def _value_after(self, content: bytes, change: ValueChange) -> RegistryValue | None:
        self.load(content)
        return self.value(change)


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wine]:
    program = Wine(tmp_path_factory.mktemp("wine"))
    program.run("wineboot", "-i")
    with program.stay() as waiting:
        yield program
        assert waiting.stdin is not None
        waiting.stdin.close()
        waiting.wait(60)
    program.run("wineboot", "-k")


def state(change: ValueChange, value: RegistryValue | None) -> bytes:
    """A .reg text, 5.00, that brings the value into a state."""
    return format_patch(Patch("N", Dialect.VERSION_5, (replace(change, before=None, after=value),)))


def can_hold(value: RegistryValue | None) -> bool:
    """Wine's RegSetValueEx appends the NULs that a text lacks and evens its length: such bytes it cannot hold."""
    if value is None or value.type not in {ValueType.REG_SZ, ValueType.REG_EXPAND_SZ, ValueType.REG_MULTI_SZ}:
        return True
    return (len(value.data) % 2 == 0 and value.data[-4:] == bytes(4)) or value.type != ValueType.REG_MULTI_SZ


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("scenario", PATCHED, ids=lambda scenario: scenario.name)
def test_import_and_undo(scenario: Scenario, dialect: Dialect, wine: Wine) -> None:
    patch = patch_of(scenario, dialect)
    (change,) = patch.changes
    try:
        undo = format_patch(patch.undo())
    except RemedyError as error:
        pytest.skip(f"{dialect} cannot carry the old bytes: {error}")
    before, after, undone = wine.values(change, state(change, change.before), format_patch(patch), undo)
    assert after == change.after
    if can_hold(change.before):
        assert (before, undone) == (change.before, change.before)


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_key_that_the_patch_makes_is_gone_after_the_undo(dialect: Dialect, wine: Wine) -> None:
    patch = registration(dialect)
    server, listed = patch.changes
    wine.load(state(listed, listed.before))
    wine.load(format_patch(patch))
    assert [wine.value(change) for change in patch.changes] == [server.after, listed.after]
    wine.load(format_patch(patch.undo()))
    assert [wine.value(change) for change in patch.changes] == [None, listed.before]
    above = CLSID.parent
    assert above is not None
    exported = wine.export(above)
    assert exported_key(exported, above)
    assert not exported_key(exported, CLSID)


def test_nothing_that_evidence_smuggles_is_written(wine: Wine, tmp_path: Path) -> None:
    """One import of every patch of every hostile case: what is there afterwards was proved, to the name."""
    cluster = KeyPath.parse(r"HKLM\Cluster")

    def names() -> set[tuple[str, str]]:
        exported = wine.export(cluster)
        entries = parse_reg(exported).entries if exported else ()
        found = {(str(e.key).upper(), e.value.name) for e in entries if isinstance(e, ValueEntry)}
        return found | {(str(e.key).upper(), "") for e in entries if isinstance(e, KeyEntry)}

    before = names()
    proved = {
        (str(key).upper(), name)
        for threat in CATALOGUE
        for patch in report_of(threat).remedy.patches
        for change in patch.changes
        for key, name in ((change.key, change.name), *((above, "") for above in lineage(change.key)))
    }
    patches = [
        (tmp_path / f"{threat.name}-{number}.reg", content)
        for threat in CATALOGUE
        for number, (name, content) in enumerate(documents("reg", threat).items())
        if not name.endswith("-undo.reg")
    ]
    for path, content in patches:
        path.write_bytes(content)
    assert len(patches) > len(CATALOGUE)
    wine.run("regedit", "/S", *(str(path) for path, _ in patches))
    after = names()
    assert (str(IIS_TYPE).upper(), "AdminExtensions") in after
    assert after <= before | proved


def lineage(key: KeyPath) -> Iterator[KeyPath]:
    """The key and those above it."""
    while key.parent is not None:
        yield key
        key = key.parent
