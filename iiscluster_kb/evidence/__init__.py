"""Stage 2 of 6: says what the bytes of each case file are.

One module is one format. Formats are told by content, never by name, and strictly: for any file at
most one says yes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iiscluster_kb.discovery import discover
from iiscluster_kb.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from iiscluster_kb.model import Case, CaseFile, Evidence, Skipped

__all__ = ["HEAD_SIZE", "EvidenceFormat", "formats", "identify"]

HEAD_SIZE = 8192
"""How many bytes of a file a format may look at to recognise it."""


def _never(_path: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class EvidenceFormat:
    """What a module of this folder gives as its ``FORMAT``."""

    name: str
    recognises: Callable[[bytes], bool]
    """Whether a file that begins with these bytes (at most ``HEAD_SIZE``) is of this format."""
    read: Callable[[CaseFile], Evidence]
    """Reads a recognised file. Raises ``EvidenceError`` where nothing of it can be used, and nothing else."""
    adopts: Callable[[str], bool] = _never
    """Whether a file of this case path that no format recognises is still this format's business, such as
    a file named like a DLL that is none."""


def formats() -> tuple[EvidenceFormat, ...]:
    """Every format of this folder, in order of module names."""
    return discover(__name__, "FORMAT", EvidenceFormat)


def identify(case: Case) -> tuple[tuple[Evidence, ...], tuple[Skipped, ...]]:
    """Read every file of the case as what it is.

    Returns:
        The evidence in order of case paths, and every file that became none with its reason.
    """
    # Not above: the second readers' process is started from here while the model's types are still being made.
    from iiscluster_kb.model import Skipped  # noqa: PLC0415 - see above

    known = formats()
    evidence: list[Evidence] = []
    skipped = list(case.skipped)
    for file in case.files.values():
        try:
            chosen = _recognise(file, known)
            if isinstance(chosen, str):
                skipped.append(Skipped(file.path, chosen))
            else:
                evidence.append(chosen.read(file))
        except EvidenceError as error:
            skipped.append(Skipped(file.path, error.detail))
        except OSError as error:
            skipped.append(Skipped(file.path, f"cannot be read: {error.strerror or error}"))
    return tuple(evidence), tuple(skipped)


def _recognise(file: CaseFile, known: tuple[EvidenceFormat, ...]) -> EvidenceFormat | str:
    with file.content.open() as stream:
        head = stream.read(HEAD_SIZE)
    claims = [form for form in known if form.recognises(head)]
    if not claims:
        claims = [form for form in known if form.adopts(file.path)]
    match claims:
        case [only]:
            return only
        case []:
            return "unknown format" if head else "empty file"
        case several:
            return f"taken for several formats at once: {', '.join(form.name for form in several)}"
