"""The cases in which faults are planted: one for each way in which bytes come to the program."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.case.archives import tar_bytes, zip_bytes
from tests.support.scenarios import FIXTURES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["CASES", "FOLDER"]

FOLDER = FIXTURES / "scenarios" / "value-absent" / "case"
_NOISE = 1 << 20
"""Bytes from which an archive is read in parts; noise, so that no method makes them fewer."""


def _files() -> dict[str, bytes]:
    return {
        path.relative_to(FOLDER).as_posix(): path.read_bytes()
        for path in sorted(FOLDER.rglob("*"))
        if path.is_file()
    }


def _scenario(name: str) -> Callable[[Path], Path]:
    return lambda _scratch: FIXTURES / "scenarios" / name / "case"


def _archive(name: str, pack: Callable[[dict[str, bytes]], bytes]) -> Callable[[Path], Path]:
    def made(scratch: Path) -> Path:
        folder = scratch / "made"
        folder.mkdir()
        noise = random.Random(name).randbytes(_NOISE)  # noqa: S311 - must be the same each time
        (folder / name).write_bytes(pack({"noise.bin": noise, **_files()}))
        (folder / "beside.txt").write_bytes((FOLDER / "NODE1" / "dir.txt").read_bytes())
        return folder

    return made


CASES: dict[str, Callable[[Path], Path]] = {
    "a folder": _scenario("value-absent"),
    "dirty hives with logs": _scenario("value-added-in-the-log"),
    "a zip archive": _scenario("case-as-archive"),
    "archives in archives, dirty hives": _scenario("several-faults-in-a-nested-mixed-dirty-case"),
    "a large zip archive": _archive("nodes.zip", zip_bytes),
    "a compressed tar archive": _archive("nodes.tgz", lambda files: tar_bytes(files, "w:gz")),
}
"""By name: gives a folder that holds the case, made in a scratch folder where it is not a fixture."""
