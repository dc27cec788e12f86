"""Reads a fix kit back: the patches that were delivered, from the very files, checked against SHA256SUMS."""

from __future__ import annotations

import hashlib
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from iiscluster_kb.comparison._nouns import Delivered, Delivery
from iiscluster_kb.errors import CaseError, EvidenceError
from iiscluster_kb.registry import fold
from iiscluster_kb.registry.reg_text import PATCH_COMMENT, KeyDeletion, ValueDeletion, ValueEntry, parse_reg
from iiscluster_kb.remedy.naming import safe_file_name

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from iiscluster_kb.registry.reg_text import Entry

__all__ = ["Kit", "KitPatch", "assign", "delivered_values", "read_kit"]

_SUMS = "SHA256SUMS"
_SUM = re.compile(r"([0-9A-Fa-f]{64}) [ *](?:\./)?([^/\\]+)")
"""A line as sha256sum writes it: digits, a blank, a blank or an asterisk, the name."""
_MOST_SUMS = 1 << 20
_MOST_PATCH = 16 << 20
"""Bytes. A kit of thousands of machines, a patch of thousands of values stay far below."""
_CHUNK = 1 << 20
_UNDO = "-undo"


@dataclass(frozen=True, slots=True)
class KitPatch:
    """One machine's patch in a kit."""

    file: str
    values: tuple[Delivered, ...]


@dataclass(frozen=True, slots=True)
class Kit:
    """A fix kit whose files are what its checksums say."""

    name: str
    patches: tuple[KitPatch, ...]


def read_kit(folder: str | os.PathLike[str]) -> Kit:
    """Read a folder that ``fix`` wrote. Undo files are checked, not read.

    Raises:
        CaseError: It is no folder, has no checksums, a file is missing or differs from its checksum, a .reg
            file has no checksum, or a patch is none of this program's.
    """
    path = Path(folder)
    if not path.is_dir():
        raise CaseError(f"{path}: {'is no folder' if path.exists() else 'there is no such fix kit'}")
    try:
        return _read_kit(path)
    except OSError as error:
        raise CaseError(f"{error.filename or path}: cannot be read: {error.strerror or error}") from error


def _read_kit(path: Path) -> Kit:
    sums = _read_sums(path)
    for name, digest in sums.items():
        _require_same(path / name, digest)
    unlisted = sorted({one.name for one in path.iterdir() if _is_reg(one.name)} - sums.keys())
    if unlisted:
        raise CaseError(f"{path / unlisted[0]}: is not in {_SUMS}; the kit was changed after it was made")
    names = sorted(name for name in sums if _is_reg(name) and not _is_undo(name, sums))
    return Kit(path.resolve().name, tuple(_read_patch(path / name, sums[name]) for name in names))


def _is_reg(name: str) -> bool:
    return name.lower().endswith(".reg")


def _is_undo(name: str, names: Iterable[str]) -> bool:
    """A machine may itself be called ``X-undo``: only beside its own patch is a file an undo."""
    stem = name[: -len(".reg")]
    return stem.endswith(_UNDO) and f"{stem.removesuffix(_UNDO)}.reg" in names


def _read_sums(folder: Path) -> Mapping[str, str]:
    path = folder / _SUMS
    if not path.is_file():
        raise CaseError(f"{folder}: no fix kit, it has no {_SUMS}")
    text = _read(path, _MOST_SUMS).decode("utf-8", "replace")
    sums: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _SUM.fullmatch(line)
        if match is None or match[2] in {".", ".."}:
            raise CaseError(f"{path}: line {number} is no checksum of a file in this folder")
        sums[match[2]] = match[1].lower()
    return sums


def _require_same(path: Path, digest: str) -> None:
    if not path.exists():
        raise CaseError(f"{path}: is in {_SUMS} but not in the kit")
    if not stat.S_ISREG(path.stat().st_mode):
        raise CaseError(f"{path}: is no regular file")
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            found.update(chunk)
    if found.hexdigest() != digest:
        raise CaseError(
            f"{path}: differs from its checksum in {_SUMS}; the kit was changed after it was made"
        )


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise CaseError(f"{path}: larger than {limit:,} bytes, which no fix kit needs")
    return content


def _read_patch(path: Path, digest: str) -> KitPatch:
    content = _read(path, _MOST_PATCH)
    if hashlib.sha256(content).hexdigest() != digest:
        raise CaseError(f"{path}: changed while the kit was read")
    try:
        document = parse_reg(content, name=str(path))
    except EvidenceError as error:
        raise CaseError(str(error)) from error
    if PATCH_COMMENT not in document.comments:
        raise CaseError(f"{path}: no patch of this program; its comment line is missing")
    if document.problems:
        first = document.problems[0]
        raise CaseError(f"{path}: line {first.line}: {first.reason}")
    for entry in document.entries:
        if isinstance(entry, KeyDeletion):
            raise CaseError(f"{path}: line {entry.line}: deletes a key, which no patch of this program does")
    return KitPatch(path.name, delivered_values(document.entries))


def delivered_values(entries: Iterable[Entry]) -> tuple[Delivered, ...]:
    """What the entries of a patch put and take, value by value; of two for one place the later counts."""
    values: dict[tuple[object, str], Delivered] = {}
    for entry in entries:
        match entry:
            case ValueEntry(key=key, value=value):
                values[key, fold(value.name)] = Delivered(key, value.name, value)
            case ValueDeletion(key=key, name=name):
                values[key, fold(name)] = Delivered(key, name, None)
            case _:
                pass
    return tuple(values.values())


def assign(kit: Kit, machines: Iterable[str]) -> tuple[Delivery, ...]:
    """Say for which machine each patch is, by its file name.

    Raises:
        CaseError: A patch is for no machine of the collections, or its name fits several.
    """
    names = tuple({fold(name): name for name in machines}.values())
    return tuple(Delivery(_machine_of(kit, patch, names), patch.file, patch.values) for patch in kit.patches)


def _machine_of(kit: Kit, patch: KitPatch, names: Iterable[str]) -> str:
    stem = fold(patch.file[: -len(".reg")])
    safe = {name: fold(safe_file_name(name)) for name in names}
    fitting = [name for name, plain in safe.items() if plain == stem]
    # Names that became equal were numbered.
    base, _, number = stem.rpartition("-")
    if not fitting and number.isdecimal():
        fitting = [name for name, plain in safe.items() if plain == base]
    match fitting:
        case [only]:
            return only
        case []:
            raise CaseError(f"{kit.name}: {patch.file} is for no machine of the two collections")
        case several:
            raise CaseError(f"{kit.name}: {patch.file} may be for {' or '.join(several)}")
