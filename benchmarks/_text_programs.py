"""Programs that import and export .reg text, each with a registry or hive of its own in a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

from _pages import debian_version

from iiscluster_kb.registry.reg_text import Dialect, KeyDeletion, KeyEntry, ValueEntry, format_reg, parse_reg
from tests.support.regf_writer import KeySpec, build_hive

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from _forms import Form

    from iiscluster_kb.registry import KeyPath, RegistryValue
    from iiscluster_kb.registry.reg_text import Entry

__all__ = ["Hivexregedit", "Program", "Reged", "Samba", "Wine", "programs", "read_back"]

_HIVE_ROOT = "HKEY_LOCAL_MACHINE\\SOFTWARE"


class Program(Protocol):
    """Something that imports and exports."""

    name: str
    dialects: Sequence[Dialect]
    one_by_one: bool
    """Whether one value that it refuses costs a whole import, so that each is imported alone."""

    def load(self, content: bytes) -> None:
        """Import a text."""
        ...

    def export(self, key: KeyPath) -> bytes:
        """The text of a key and all below, empty where there is none."""
        ...


class Wine(AbstractContextManager["Wine"]):
    """Wine in a prefix of its own; a program that waits keeps its server alive between two calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment = os.environ | {
            "WINEPREFIX": str(folder / "prefix"),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=",
        }
        self._waiting: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.run("wineboot", "-i")
        self._waiting = subprocess.Popen(
            ["wine", "cmd"],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._waiting is not None:
            self._waiting.communicate(timeout=120)
        self.run("wineboot", "-k")

    def run(self, *arguments: str, output: str = os.devnull, folder: str = ".") -> None:
        """Run a program; its exit status proves nothing, and a pipe would stay open as long as the server runs."""
        with (self.folder / output).open("wb") as stream:
            subprocess.run(
                ["wine", *arguments],
                cwd=self.folder / folder,
                env=self._environment,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.DEVNULL,
                timeout=600,
            )


class WineRegedit:
    """Wine's regedit."""

    name = "Wine regedit"
    dialects = tuple(Dialect)
    one_by_one = False

    def __init__(self, wine: Wine) -> None:
        self._wine = wine

    def load(self, content: bytes) -> None:
        (self._wine.folder / "in.reg").write_bytes(content)
        self._wine.run("regedit", "/S", "in.reg")

    def export(self, key: KeyPath) -> bytes:
        return _made(
            self._wine.folder / "out.reg", lambda: self._wine.run("regedit", "/E", "out.reg", str(key))
        )


class WineReg(WineRegedit):
    """Wine's reg.exe."""

    name = "Wine reg"
    dialects = (Dialect.VERSION_5,)

    def load(self, content: bytes) -> None:
        (self._wine.folder / "in.reg").write_bytes(content)
        self._wine.run("reg", "import", "in.reg")

    def export(self, key: KeyPath) -> bytes:
        command = ("reg", "export", str(key), "out.reg", "/y")
        return _made(self._wine.folder / "out.reg", lambda: self._wine.run(*command))


class Samba:
    """Samba's ``net registry``: an import is one transaction."""

    name = "Samba net registry"
    dialects = tuple(Dialect)
    one_by_one = True
    _folders: ClassVar = (
        "private dir",
        "state directory",
        "lock directory",
        "cache directory",
        "ncalrpc dir",
    )

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        lines = ["[global]"]
        for name in self._folders:
            (folder / name).mkdir(parents=True)
            lines.append(f"{name} = {folder / name}")
        (folder / "smb.conf").write_text("\n".join(lines), encoding="utf-8")

    def load(self, content: bytes) -> None:
        (self._folder / "in.reg").write_bytes(content)
        self._net("import", "in.reg")

    def export(self, key: KeyPath) -> bytes:
        return _made(
            self._folder / "out.reg",
            lambda: self._net("export", "\\".join(("HKLM", *key.parts[1:])), "out.reg"),
        )

    def _net(self, *arguments: str) -> None:
        command = ["net", "-s", str(self._folder / "smb.conf"), "registry", *arguments]
        _run(command, self._folder)


class Hivexregedit:
    """hivexregedit on a hive; its manual asks for UTF-8 and lines without CR."""

    name = "hivexregedit"
    dialects = (Dialect.VERSION_5,)
    one_by_one = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        (folder / "hive").write_bytes(build_hive(KeySpec("SOFTWARE")))

    def load(self, content: bytes) -> None:
        text = content.decode("utf-16", "surrogatepass").replace("\r\n", "\n")
        (self._folder / "in.reg").write_bytes(text.encode("utf-8", "replace"))
        _run(["hivexregedit", "--merge", "--prefix", _HIVE_ROOT, "hive", "in.reg"], self._folder)

    def export(self, key: KeyPath) -> bytes:
        below = "\\".join(("", *key.parts[2:]))
        return _run(["hivexregedit", "--export", "--prefix", _HIVE_ROOT, "hive", below], self._folder)


class Reged:
    """chntpw's reged on a hive."""

    name = "reged"
    dialects = (Dialect.VERSION_5,)
    one_by_one = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        (folder / "hive").write_bytes(build_hive(KeySpec("SOFTWARE")))
        self._program = shutil.which("reged") or shutil.which("reged", path="/usr/sbin") or "reged"

    def load(self, content: bytes) -> None:
        (self._folder / "in.reg").write_bytes(content)
        _run([self._program, "-C", "-I", "hive", _HIVE_ROOT, "in.reg"], self._folder)

    def export(self, key: KeyPath) -> bytes:
        below = "\\".join(("", *key.parts[2:]))
        command = [self._program, "-x", "hive", _HIVE_ROOT, below, "out.reg"]
        return _made(self._folder / "out.reg", lambda: _run(command, self._folder))


def programs(folder: Path, wine: Wine | None) -> list[Program]:
    """Those that are installed."""
    found: list[Program] = []
    if shutil.which("hivexregedit"):
        found.append(Hivexregedit(folder / "hivexregedit"))
    if shutil.which("reged") or shutil.which("reged", path="/usr/sbin"):
        found.append(Reged(folder / "reged"))
    if shutil.which("net"):
        found.append(Samba(folder / "samba"))
    if wine is not None:
        found += [WineRegedit(wine), WineReg(wine)]
    return found


def versions() -> dict[str, str]:
    """Name and version of each program."""
    packages = {
        "hivexregedit": "libwin-hivex-perl",
        "reged": "chntpw",
        "Samba": "samba-common-bin",
        "Wine": "wine",
    }
    found = {name: debian_version(package) for name, package in packages.items()}
    return {name: number for name, number in found.items() if number}


def read_back(program: Program, forms: Sequence[Form], dialect: Dialect) -> list[RegistryValue | None]:
    """Import the forms and read the program's export of them; None: the value is not there."""
    top = forms[0].key.parent
    groups = [[form] for form in forms] if program.one_by_one else [list(forms)]
    for group in groups:
        entries: list[Entry] = []
        for form in group:
            entries += [KeyEntry(form.key), ValueEntry(form.key, form.value)]
        program.load(format_reg(entries, dialect, parents=True))
    found = []
    whole = {} if program.one_by_one else _values(program.export(_known(top)))
    for form in forms:
        values = _values(program.export(form.key)) if program.one_by_one else whole
        found.append(values.get((form.key, form.value.name)))
    if not program.one_by_one:
        program.load(format_reg([KeyDeletion(_known(top))], dialect))
    return found


def _known(key: KeyPath | None) -> KeyPath:
    if key is None:
        raise ValueError("forms lie below a key")
    return key


def _values(text: bytes) -> dict[tuple[KeyPath, str], RegistryValue]:
    entries = parse_reg(text).entries if text else ()
    return {(e.key, e.value.name): e.value for e in entries if isinstance(e, ValueEntry)}


def _made(path: Path, make: Callable[[], object]) -> bytes:
    path.unlink(missing_ok=True)
    make()
    return path.read_bytes() if path.exists() else b""


def _run(command: list[str], folder: Path) -> bytes:
    done = subprocess.run(
        command, cwd=folder, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=120
    )
    return done.stdout
