"""The fix kit: a folder that appears whole or not at all, made from a case that nobody changed meanwhile."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from iiscluster_kb.errors import CaseError, RemedyError
from iiscluster_kb.model import Document
from iiscluster_kb.render import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from iiscluster_kb.model import Report

__all__ = ["CHECKSUMS", "check_target", "compare", "documents_of", "fingerprint", "new_folder", "write_kit"]

CHECKSUMS = "SHA256SUMS"
_OUTPUTS = ("reg", "steps", "plan", "html", "json")


def documents_of(report: Report) -> tuple[Document, ...]:
    """Everything that a kit holds: patches, undos, step sheets, plan, report, and the sums of them all.

    The same report gives the same bytes.

    Raises:
        RemedyError: Two of them have the same name where case does not count.
    """
    made = [document for output in _OUTPUTS for document in render(report, output)]
    made.append(_checksums(made))
    if len({document.name.upper() for document in made}) < len(made):
        names = ", ".join(document.name for document in made)
        raise RemedyError(f"two files of the kit have the same name: {names}")
    return tuple(made)


def _checksums(documents: Iterable[Document]) -> Document:
    """In the form that ``sha256sum -c`` reads."""
    sums = sorted((document.name, hashlib.sha256(document.content).hexdigest()) for document in documents)
    return Document(CHECKSUMS, "".join(f"{digest}  {name}\n" for name, digest in sums).encode("ascii"))


# --- the case, before and after ---------------------------------------------------------------------


def fingerprint(paths: Iterable[str]) -> Mapping[str, str]:
    """The SHA-256 of every file that a case is made of, archives as they lie on the disk.

    A file that cannot be read has the reason in its place.

    Raises:
        CaseError: There are too many files.
    """
    return {str(file): _digest(file) for file in _files(paths)}


def _files(paths: Iterable[str]) -> Iterator[Path]:
    from iiscluster_kb.case import Budget, Limits  # noqa: PLC0415 - only a case that is there is walked
    from iiscluster_kb.case._folder import Found, walk  # noqa: PLC0415 - the same

    budget = Budget(Limits())
    for path in paths:
        root = Path(path)
        if root.is_file():
            yield root
        if not root.is_dir():
            continue
        for found in walk(root.resolve(), "", budget):
            if isinstance(found, Found):
                yield found.file


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return error.strerror or type(error).__name__


def compare(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Require that a case is as it was.

    Raises:
        CaseError: It is not; the message names the first file that changed.
    """
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            how = "changed" if path in before and path in after else "appeared" if path in after else "went"
            raise CaseError(f"{path}: {how} while the case was read; nothing was written")


# --- the folder -------------------------------------------------------------------------------------


def check_target(output: str, cases: Iterable[str], *, force: bool) -> Path:
    """Say whether a kit may be put there, before any work is done for it.

    Args:
        output: The folder to be made.
        cases: What the case is made of; never written into, never replaced.
        force: Whether a folder with something in it may be replaced whole.

    Returns:
        Where the folder will be, links resolved.

    Raises:
        OSError: Something else is there, or the folder must not be replaced.
    """
    try:
        target = Path(output).resolve()
    except RuntimeError as error:  # links in a circle, before Python 3.13
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), output) from error
    for case in cases:
        evidence = Path(case).resolve()
        if target == evidence or evidence in target.parents:
            raise OSError(errno.EPERM, f"lies in the case {case}, which is never written to", output)
        if target in evidence.parents:
            raise OSError(errno.EPERM, f"holds the case {case}", output)
    if not os.path.lexists(target):
        return target
    if not target.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "is no folder; a kit is one", output)
    if any(target.iterdir()):
        _check_replaceable(target, output, force=force)
    return target


def _check_replaceable(target: Path, output: str, *, force: bool) -> None:
    if not force:
        raise FileExistsError(errno.EEXIST, "is not empty; --force replaces the whole folder", output)
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - pathlib's raises where there is no home
    for kept in (Path.cwd(), home):
        if target == kept or target in kept.parents:
            raise OSError(errno.EPERM, f"holds {kept}; it is not replaced, even by --force", output)


def write_kit(documents: Iterable[Document], target: Path, *, force: bool) -> None:
    """Put a folder with the documents in place, in one step, once all of them are on the disk.

    Args:
        documents: Their names hold no directories.
        target: What ``check_target`` returned.
        force: Whether what is there is replaced, which ends only when the new folder is complete.

    Raises:
        OSError: It cannot be written; nothing half-written is left behind, and what was there is there still.
    """
    with new_folder(target, force=force) as folder:
        for document in documents:
            with (folder / document.name).open("xb") as stream:
                stream.write(document.content)


@contextlib.contextmanager
def new_folder(target: Path, *, force: bool) -> Iterator[Path]:
    """A folder to be filled; what is in it at the end is put in place, in one step.

    Args:
        target: Where it is put: nothing is there, or an empty folder.
        force: Whether a folder with something in it may be there, which is then replaced.

    Raises:
        OSError: It cannot be written or filled; nothing of it is left behind, and what was there is there still.
    """
    missing = [folder for folder in target.parents if not folder.exists()]
    temporary = target.with_name(f".iiscluster-kb-{os.urandom(8).hex()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        yield temporary
        for made in (*temporary.rglob("*"), temporary):
            _sync(made)
        _put_in_place(temporary, target, force=force)
        _sync(target.parent)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        for folder in missing:  # the innermost first
            with contextlib.suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(target)) from error
        raise


def _put_in_place(temporary: Path, target: Path, *, force: bool) -> None:
    if not target.exists():
        temporary.replace(target)
        return
    if not force:
        target.rmdir()  # fails where somebody put something in meanwhile
        temporary.replace(target)
        return
    aside = temporary.with_suffix(".old")
    target.replace(aside)
    try:
        temporary.replace(target)
    except BaseException:
        aside.replace(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _sync(path: Path) -> None:
    """Have a file, or a folder's own entries, on the disk."""
    if path.is_dir() and os.name == "nt":  # which opens no folders
        return
    descriptor = os.open(
        path, os.O_RDONLY if path.is_dir() else os.O_RDWR
    )  # Windows flushes what may be written
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
