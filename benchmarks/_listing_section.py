"""Listings: what programs print of a tree of files, read by ours and compared with the tree itself."""

from __future__ import annotations

import csv
import io
import os
import random
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from _pages import table

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import HEAD_SIZE, formats
from iiscluster_kb.model import FileEvidence
from iiscluster_kb.registry import fold
from tests.support.listings import case_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from _text_programs import Wine

__all__ = ["ListingComparison", "compare_listings", "grow", "judge"]

TOP = "tree"
_WORDS = ("Program Files", "inetsrv", "iisclex", "a.b.c", "UPPER", "caf\u00e9", "x y", "CLUSDB", "1033", "$x")
_EXTENSIONS = (".dll", ".TXT", ".exe", "", ".html")
_BODY = "0|C:/%P|%i|%y/%M|%U|%G|%s|%Ts|%Ts|%Ts|0\\n"
"""A body file, as ``fls -m C:`` writes it, of ``find -printf``."""


@dataclass(slots=True)
class ListingComparison:
    """What came of it."""

    rows: list[list[object]] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        head = [
            "program",
            "read as",
            "entries of the tree",
            "found",
            "sizes right",
            "directories",
            "listed whole",
        ]
        return table(head, self.rows, numbers=range(2, 7))


def grow(top: Path, seed: int = 224553) -> dict[str, int | None]:
    """Make a tree of files; the path of each below ``top``, as Windows spells it, with its size, None: a directory."""
    chance = random.Random(seed)  # noqa: S311 - the same tree every time
    made: dict[str, int | None] = {}
    pending = [(top, "", 0)]
    while pending:
        folder, path, depth = pending.pop()
        folder.mkdir()
        for number in range(6):
            is_directory = number % 3 == 0 and depth < 3
            name = f"{chance.choice(_WORDS)}{number}{'' if is_directory else chance.choice(_EXTENSIONS)}"
            below = f"{path}\\{name}".lstrip("\\")
            if is_directory:
                made[below] = None
                pending.append((folder / name, below, depth + 1))
            else:
                size = chance.choice((0, 1, 999, 1000, 65_664, 1_234_567 if depth == 0 else 12_345))
                (folder / name).write_bytes(bytes(size))
                os.utime(folder / name, (925_000_000 + size, 925_000_000 + size))
                made[below] = size
    return made


def compare_listings(folder: Path, wine: Wine | None) -> ListingComparison:
    """Have each program list the same tree, and read what it prints."""
    result = ListingComparison()
    drive = wine.folder / "prefix/drive_c" if wine is not None else folder
    tree = grow(drive / TOP)
    for program, path, text in (
        *_by_wine(wine),
        *_by_unix(drive),
        ("Export-Csv, by its documented form", "files.csv", _csv(tree)),
    ):
        judge(result, program, path, text, tree)
    shutil.rmtree(drive / TOP)
    return result


def _by_wine(wine: Wine | None) -> Iterator[tuple[str, str, bytes]]:
    if wine is None:
        return
    for options in ("/s", "/x /s", "/a /s", "/s /b", "/a /s /b", "/s /-c"):
        wine.run("cmd", "/c", f"dir {options} C:\\{TOP}", output="listing.txt")
        yield f"Wine cmd: dir {options}", "listing.txt", (wine.folder / "listing.txt").read_bytes()


def _by_unix(drive: Path) -> Iterator[tuple[str, str, bytes]]:
    environment = os.environ | {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
    for command in (
        ["ls", "-laR", f"./{TOP}"],
        ["ls", "-lR", "--time-style=full-iso", f"./{TOP}"],
        ["ls", "-laRn", "--time-style=long-iso", f"./{TOP}"],
        ["ls", "-laRQ", f"./{TOP}"],
        ["find", f"./{TOP}", "-ls"],
        ["find", ".", "-mindepth", "1", "-path", f"./{TOP}*", "-printf", _BODY],
    ):
        done = subprocess.run(command, cwd=drive, env=environment, capture_output=True, check=True)
        shown = "find -printf, as a body file" if "-printf" in command else f"GNU {' '.join(command)}"
        yield shown, "NODE1_C_files.txt", done.stdout


def _csv(tree: dict[str, int | None]) -> bytes:
    """``Get-ChildItem -Recurse | Select-Object … | Export-Csv`` of Windows PowerShell: directory by directory."""
    text = io.StringIO()
    text.write("#TYPE Selected.System.IO.DirectoryInfo\r\n")
    rows = csv.writer(text, quoting=csv.QUOTE_ALL)
    rows.writerow(["PSIsContainer", "FullName", "Length", "LastWriteTime"])

    def write(directory: str) -> None:
        inside = [path for path in tree if path.rpartition("\\")[0] == directory]
        for path in sorted(inside, key=lambda path: (tree[path] is not None, fold(path))):
            size = tree[path]
            rows.writerow(
                [
                    str(size is None),
                    f"C:\\{TOP}\\{path}",
                    "" if size is None else size,
                    "4/29/1999 12:00:00 PM",
                ]
            )
        for path in sorted(inside, key=fold):
            if tree[path] is None:
                write(path)

    write("")
    return text.getvalue().encode()


def judge(
    result: ListingComparison, program: str, path: str, text: bytes, tree: dict[str, int | None]
) -> None:
    """Read a listing and hold it to the tree: all that is there, nothing else, each size, no directory too much."""
    formed = [form for form in formats() if form.recognises(text[:HEAD_SIZE])]
    try:
        evidence = formed[0].read(case_file(text, path)) if formed else None
    except EvidenceError as error:
        result.unexplained.append(f"{program}: {error}")
        return
    if not isinstance(evidence, FileEvidence):
        result.unexplained.append(f"{program}: taken for {[form.name for form in formed]}: {text[:80]!r}")
        return
    top = fold(f"C:\\{TOP}")
    real = {f"{top}\\{fold(path)}": size for path, size in tree.items()}
    found = {path: entry for path, entry in evidence.entries.items() if path.startswith(f"{top}\\")}
    folders = {path for path, size in real.items() if size is None} | {top}
    bare = all(entry.size is None for entry in found.values())
    wrong = [
        path
        for path in real.keys() & found.keys()
        if found[path].is_directory != (real[path] is None) or (not bare and found[path].size != real[path])
    ]
    if bare:
        # A path alone does not say whether it is a directory: only one with something in it shows that.
        wrong = [path for path in wrong if found[path].is_directory and real[path] is not None]
    result.unexplained += [f"{program}: {path} is not told" for path in sorted(real.keys() - found.keys())]
    result.unexplained += [f"{program}: {path} is not there" for path in sorted(found.keys() - real.keys())]
    result.unexplained += [
        f"{program}: {path}: {found[path]} where there is {real[path]}" for path in sorted(wrong)
    ]
    whole = {path for path in evidence.directories if path.startswith(top)}
    result.unexplained += [f"{program}: {path} is no directory" for path in sorted(whole - folders)]
    sizes = (
        "-"
        if bare
        else sum(
            size is not None and found[path].size == size for path, size in real.items() if path in found
        )
    )
    result.rows.append(
        [program, evidence.format, len(real), len(found), sizes, len(folders), len(whole & folders)]
    )
