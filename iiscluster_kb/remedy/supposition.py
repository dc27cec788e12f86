"""Evidence as it would be once steps are done: registries after an import, listings after a file was put back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from iiscluster_kb.model import FileEntry, FileEvidence, RegistryEvidence, Specimen
from iiscluster_kb.registry import fold
from iiscluster_kb.registry.overlay import lay_over

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from iiscluster_kb.model import Evidence, FileRestored
    from iiscluster_kb.registry.reg_text import Entry

__all__ = ["Supposition"]


@dataclass(frozen=True, slots=True)
class Supposition:
    """What is taken for granted of a case beyond its evidence."""

    entries: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    """What was imported, by machine, in order."""
    files: Mapping[str, tuple[FileRestored, ...]] = field(default_factory=dict)
    """Which files are in their place and sound, by machine."""
    symptom_is_gone: bool = False
    """Whether what the operator reported is no longer seen."""

    def entered(self, machine: str, entries: Sequence[Entry]) -> Supposition:
        """This, and the entries imported after all others on that machine."""
        return replace(self, entries={**self.entries, machine: (*self.entries.get(machine, ()), *entries)})

    def restored(self, machine: str, file: FileRestored) -> Supposition:
        """This, and the file in its place on that machine."""
        return replace(self, files={**self.files, machine: (*self.files.get(machine, ()), file)})

    def of(self, machine: str) -> tuple[tuple[Entry, ...], tuple[FileRestored, ...]]:
        """What is supposed of one machine."""
        return self.entries.get(machine, ()), self.files.get(machine, ())

    def evidence(self, machine: str, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
        """The machine's evidence as it would then be."""
        entries, files = self.of(machine)
        laid = tuple(_laid_over(piece, entries) for piece in evidence) if entries else tuple(evidence)
        if not files or not laid:
            return laid
        return (_listing(files, laid[0]), *_without_old_files(laid, files))


def _laid_over(piece: Evidence, entries: Sequence[Entry]) -> Evidence:
    match piece:
        case RegistryEvidence(mounts=mounts):
            laid = tuple(replace(mount, root=lay_over(mount.root, mount.path, entries)) for mount in mounts)
            return replace(piece, mounts=laid)
        case _:
            return piece


def _listing(files: Sequence[FileRestored], neighbour: Evidence) -> FileEvidence:
    """A listing of the files alone, which covers nothing; it stands first, so it answers before older ones."""
    entries = {fold(file.path): FileEntry(file.path, file.size) for file in files}
    return FileEvidence(neighbour.file, "supposition", frozenset(), entries, replaces=True)


def _without_old_files(evidence: Sequence[Evidence], files: Sequence[FileRestored]) -> Iterator[Evidence]:
    paths = {fold(file.path) for file in files}
    names = {path.rpartition("\\")[2] for path in paths}
    for piece in evidence:
        match piece:
            case Specimen(windows_path=str() as path) if fold(path) in paths:
                continue
            case Specimen(windows_path=None, name=name) if fold(name) in names:
                continue
            case _:
                yield piece
