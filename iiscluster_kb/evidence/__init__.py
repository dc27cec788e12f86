"""Stage 2 of 6: says what the bytes of each case file are.

One module is one format. Formats are told by content, never by name, and strictly: for any file at
most one says yes. Only which files belong together (a hive and its transaction logs) is told by names.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from iiscluster_kb.discovery import discover
from iiscluster_kb.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from iiscluster_kb.model import Case, CaseFile, Evidence, Skipped

__all__ = ["HEAD_SIZE", "Companion", "Companions", "EvidenceFormat", "formats", "identify"]

HEAD_SIZE = 8192
"""How many bytes of a file a format may look at to recognise it."""


def _never(_path: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that by its name belongs to another."""

    file: CaseFile
    is_recognised: bool
    """Whether its content is of the format that companions have; False: it is of none."""


@dataclass(frozen=True, slots=True)
class Companions:
    """Files that are read together with one of a format, because they change what it says."""

    format: str
    """Name of their own format."""
    names: Callable[[str], tuple[str, ...]]
    """For a case path those that a companion's may be, in lower case, the likeliest first."""
    read: Callable[[CaseFile, tuple[Companion, ...]], tuple[Evidence, ...]]
    """Asked instead of the format's ``read`` where there are any. Gives the evidence of the file itself and of
    each companion that it takes for one; the others are then treated as if they lay alone."""


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
    companions: Companions | None = None
    """Which files beside one of this format belong to it."""


@cache
def formats() -> tuple[EvidenceFormat, ...]:
    """Every format of this folder, in order of module names."""
    return discover(__name__, "FORMAT", EvidenceFormat)


def identify(case: Case) -> tuple[tuple[Evidence, ...], tuple[Skipped, ...]]:
    """Read every file of the case as what it is.

    Returns:
        The evidence in order of case paths, and every file that became none with its reason.
    """
    # Not above: the second readers' process is started from here while the model's types are still being made.
    from iiscluster_kb.model import Sign, Skipped  # noqa: PLC0415 - see above

    known = formats()
    by_name: set[str] = set()
    chosen: dict[str, EvidenceFormat | str] = {}
    for path, file in case.files.items():
        try:
            chosen[path], is_by_content = _recognise(file, known)
            if not is_by_content:
                by_name.add(path)
        except (EvidenceError, OSError) as error:
            chosen[path] = _reason(error)
    companions = _companions(case.files, chosen)
    belonging = {companion.file.path for group in companions.values() for companion in group}
    by_name |= {one.file.path for group in companions.values() for one in group if not one.is_recognised}
    found: dict[str, Evidence] = {}
    skipped = list(case.skipped)
    for path in sorted(chosen, key=belonging.__contains__):  # what belongs to another file comes after it
        form = chosen[path]
        if path in found:
            continue
        if isinstance(form, str):
            skipped.append(Skipped(path, form))
            continue
        try:
            for piece in _read(form, case.files[path], companions.get(path, ())):
                named = piece.file.path in by_name
                found[piece.file.path] = replace(piece, recognised_by=Sign.NAME) if named else piece
        except (EvidenceError, OSError) as error:
            skipped.append(Skipped(path, _reason(error)))
    return tuple(found[path] for path in chosen if path in found), tuple(skipped)


def _read(form: EvidenceFormat, file: CaseFile, companions: tuple[Companion, ...]) -> tuple[Evidence, ...]:
    if form.companions is not None and companions:
        return form.companions.read(file, companions)
    return (form.read(file),)


def _reason(error: EvidenceError | OSError) -> str:
    return error.detail if isinstance(error, EvidenceError) else f"cannot be read: {error.strerror or error}"


def _recognise(file: CaseFile, known: tuple[EvidenceFormat, ...]) -> tuple[EvidenceFormat | str, bool]:
    """The format or the reason why there is none, and whether the content told it."""
    with file.content.open() as stream:
        head = stream.read(HEAD_SIZE)
    claims = [form for form in known if form.recognises(head)]
    is_by_content = bool(claims)
    if not claims:
        claims = [form for form in known if form.adopts(file.path)]
    match claims:
        case [only]:
            return only, is_by_content
        case []:
            return "unknown format" if head else "empty file", True
        case several:
            return f"taken for several formats at once: {', '.join(form.name for form in several)}", True


def _companions(
    files: Mapping[str, CaseFile], chosen: Mapping[str, EvidenceFormat | str]
) -> dict[str, tuple[Companion, ...]]:
    """Which files belong to which: each to the one for which its name is the likeliest."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for path in chosen:
        by_name[path.lower()].append(path)
    claims: dict[str, tuple[int, str]] = {}
    for path, form in chosen.items():
        if isinstance(form, str) or form.companions is None:
            continue
        for rank, name in enumerate(form.companions.names(path)):
            for other in by_name.get(name, ()):
                if _may_follow(chosen[other], form.companions):
                    claims[other] = min((rank, path), claims.get(other, (rank, path)))
    groups: dict[str, list[Companion]] = defaultdict(list)
    for other, (_, path) in sorted(claims.items()):
        groups[path].append(Companion(files[other], not isinstance(chosen[other], str)))
    return {path: tuple(group) for path, group in groups.items()}


def _may_follow(form: EvidenceFormat | str, companions: Companions) -> bool:
    return isinstance(form, str) or form.name == companions.format
