"""What every listing of files does with its table once the lines are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence._text import TEXT_LIMIT
from iiscluster_kb.model import FileEvidence, State

if TYPE_CHECKING:
    from iiscluster_kb.evidence._rows import Table
    from iiscluster_kb.model import CaseFile

__all__ = ["Notes", "as_evidence"]

_NOTES_OF_A_KIND = 5


class Notes:
    """Notes about a listing, so many of a kind and no more."""

    def __init__(self) -> None:
        self._kinds: dict[str, list[str]] = {}

    def add(self, kind: str, text: str) -> None:
        """Note something; after the fifth of a kind only that there are more."""
        notes = self._kinds.setdefault(kind, [])
        if len(notes) < _NOTES_OF_A_KIND:
            notes.append(text)
        elif len(notes) == _NOTES_OF_A_KIND:
            notes.append("… and more of the kind")

    def texts(self) -> tuple[str, ...]:
        """All of them, by kind in the order of the first of each."""
        return tuple(note for kind in self._kinds.values() for note in kind)


def as_evidence(file: CaseFile, name: str, table: Table) -> FileEvidence:
    """The table as evidence of the format ``name``.

    Raises:
        EvidenceError: It has no entry; the first note that names a line says why.
    """
    if not table.entries:
        placed = [note for note in table.notes if "line " in note]
        raise EvidenceError(file.path, (*placed, "line 1: no file of a listing is understood")[0])
    cut = file.content.size > TEXT_LIMIT
    return FileEvidence(
        file,
        name,
        table.directories,
        table.entries,
        State.DAMAGED if table.damaged or cut else State.CLEAN,
        (*table.notes, *([f"only the first {TEXT_LIMIT >> 20} MiB are read"] if cut else [])),
    )
