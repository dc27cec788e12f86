"""The same tree of files as a folder and as each kind of archive."""

from __future__ import annotations

import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from iiscluster_kb.model import Case


def write_folder(root: Path, tree: Mapping[str, bytes]) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for name, data in tree.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return root


def zip_bytes(
    members: Mapping[str, bytes] | Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    pairs = members.items() if hasattr(members, "items") else members
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in pairs:
            info = zipfile.ZipInfo()
            info.filename = name  # set afterwards: the constructor mends names
            info.compress_type = method
            archive.writestr(info, data)
    return out.getvalue()


def tar_bytes(
    members: Mapping[str, bytes] | Iterable[tuple[str, bytes]],
    mode: str = "w",
    form: int = tarfile.PAX_FORMAT,
) -> bytes:
    pairs = members.items() if hasattr(members, "items") else members
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=form) as archive:  # type: ignore[call-overload] # mode is a plain str here
        for name, data in pairs:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def contents(case: Case) -> dict[str, bytes]:
    return {path: bytes(file.content.map()) for path, file in case.files.items()}


def reasons(case: Case) -> dict[str, str]:
    return {skipped.path: skipped.reason for skipped in case.skipped}
