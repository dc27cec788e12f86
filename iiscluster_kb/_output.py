"""Where results go: standard output to the byte, or files that appear whole or not at all.

Only the command line writes; nothing else in the package does.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

    from iiscluster_kb.model import Document

__all__ = ["print_documents", "print_text", "say", "write_documents"]


def print_documents(documents: Iterable[Document]) -> None:
    """Put the documents that are meant for it on standard output, one after another.

    What is a file of some format goes out byte for byte. A ``.txt`` is for people: characters that the
    encoding of standard output lacks become escapes.

    Raises:
        OSError: Standard output takes no more. A reader that went away is no error.
    """
    for document in documents:
        if not document.printed:
            continue
        if document.name.endswith(".txt"):
            print_text(document.content.decode("utf-8"))
        else:
            _print(document.content)


def print_text(text: str) -> None:
    """Put text for people on standard output. Raises as ``print_documents`` does."""
    encoding: str | None = getattr(sys.stdout, "encoding", None)
    _print(text.encode(encoding or "ascii", "backslashreplace"))


def _print(content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except AttributeError as error:  # closed before the start, it is None
        raise OSError(errno.EBADF, "is closed", "standard output") from error
    except BrokenPipeError:
        _abandon(sys.stdout)
    except OSError as error:
        _abandon(sys.stdout)
        raise OSError(error.errno, error.strerror, "standard output") from error


def say(text: str) -> None:
    """Put text on standard error; where nobody can hear it, it is lost and nothing else happens."""
    stream: TextIO | None = getattr(sys, "stderr", None)
    if stream is None:
        return
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        _abandon(stream)


def _abandon(stream: TextIO) -> None:
    """Send what is still buffered nowhere, as the interpreter would fail on it once more when it ends."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def write_documents(documents: Sequence[Document], output: str, *, force: bool) -> tuple[Path, ...]:
    """Write each document to a file of its own.

    Args:
        documents: Any number where ``output`` is a folder, else at most one.
        output: A folder where one of that name is there or the name ends with a slash; else a file.
        force: Whether files that are there already may be replaced.

    Returns:
        The files written.

    Raises:
        OSError: A file is there already, or cannot be written. Nothing half-written is left behind, and of several
            documents none is put in place before all of them are on the disk.
        ValueError: Several documents and one file.
    """
    is_folder = output.endswith(("/", os.sep)) or Path(output).is_dir()
    if not is_folder and len(documents) > 1:
        names = ", ".join(document.name for document in documents)
        raise ValueError(f"{output}: there are several files to write ({names}); name a folder: {output}/")
    base = Path(output)
    targets = [base / document.name if is_folder else base for document in documents]
    for target in targets:
        _check(target, force=force)
    if is_folder and targets:
        base.mkdir(parents=True, exist_ok=True)
    _write_together(dict(zip(targets, (document.content for document in documents), strict=True)))
    return tuple(targets)


def _check(target: Path, *, force: bool) -> None:
    if not os.path.lexists(target):
        return
    if not force:
        raise FileExistsError(errno.EEXIST, "is there already; --force replaces it", str(target))
    if not target.is_file():  # a device or a pipe would be replaced by a file
        raise FileExistsError(errno.EEXIST, "is no regular file", str(target))


def _write_together(contents: Mapping[Path, bytes]) -> None:
    # In the same folder, as only there a rename is one step; random names, as two runs may share it.
    staged = {target: target.parent / f".iiscluster-kb-{os.urandom(8).hex()}.tmp" for target in contents}
    new = [target for target in contents if not os.path.lexists(target)]
    target = None
    try:
        for target, temporary in staged.items():
            with temporary.open("xb") as stream:
                stream.write(contents[target])
                stream.flush()
                os.fsync(stream.fileno())
        # From the last, so that no patch is there without its undo, whatever ends this.
        for target, temporary in reversed(staged.items()):
            temporary.replace(target)
    except BaseException as error:
        for made in new:
            with contextlib.suppress(OSError):
                made.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(target)) from error
        raise
    finally:
        for temporary in staged.values():
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
