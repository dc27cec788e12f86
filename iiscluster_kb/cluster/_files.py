"""Asks the listings and specimens of one machine for files, as Windows would resolve their paths."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from iiscluster_kb.cluster._joining import joined_files
from iiscluster_kb.model import Absent, FileEntry, FileSubject, Present, Source, Unknown
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.model import Fact, FileEvidence, Specimen

__all__ = ["FileView", "join"]

_ABSOLUTE = re.compile(r"[A-Za-z]:\\")


def join(directory: str, *names: str) -> str:
    r"""A Windows path of a directory and names below it."""
    return "\\".join((directory.rstrip("\\"), *names))


def _divided(path: str) -> list[str]:
    r"""Its parts, the drive first: ``C:``, ``WINNT`` …; ``.`` and doubled backslashes left out."""
    return [part for part in path.replace("/", "\\").split("\\") if part not in {"", "."}]


@dataclass(frozen=True, slots=True)
class FileView:
    """The files of one machine as its evidence shows them."""

    machine: str
    listings: tuple[FileEvidence, ...]
    specimens: tuple[Specimen, ...]

    def file(self, path: str) -> Fact[FileEntry]:
        r"""Whether a file or directory is there.

        Args:
            path: Absolute Windows path, every variable expanded. Letters count alike in either case, and an
                8.3 name is looked up where the listing shows short names.

        Returns:
            Where several pieces of evidence show it, what they tell together; see ``_joining``.
        """
        subject = FileSubject(self.machine, path)
        if not _ABSOLUTE.match(path):
            return Unknown(subject, "not an absolute path with a drive letter")
        answers = [self._listed(listing, subject, path) for listing in self.listings]
        shown = next((fact.value for fact in answers if isinstance(fact, Present)), None)
        if shown and fold(shown.path) != fold(path):  # by an 8.3 name, which not every listing shows
            answers = [
                fact if isinstance(fact, Present) else self._listed(listing, subject, shown.path)
                for fact, listing in zip(answers, self.listings, strict=True)
            ]
        for fact, listing in zip(answers, self.listings, strict=True):
            if listing.replaces and isinstance(fact, Present):
                return fact
        present = [fact for fact in (*answers, *self._collected(subject, shown)) if isinstance(fact, Present)]
        absent = [fact for fact in answers if isinstance(fact, Absent)]
        if present:
            joined = joined_files(present)
            disputes = (f"{fact.source.path} covers the directory and does not show it" for fact in absent)
            return replace(joined, notes=(*joined.notes, *disputes))
        if absent:
            return absent[0]
        unknown = [fact for fact in answers if isinstance(fact, Unknown) and fact.source is not None]
        directory = path.rpartition("\\")[0]
        return unknown[0] if unknown else Unknown(subject, f"no listing shows {directory} whole")

    def files_named(self, name: str) -> Iterator[tuple[FileEvidence, FileEntry]]:
        """Every file of this name that a listing shows, wherever it lies, with that listing."""
        ending = f"\\{fold(name)}"
        for listing in self.listings:
            # By path, since an entry is made anew each time it is asked for, and a listing has up to a million.
            for path in listing.entries:
                if path.endswith(ending) and not (entry := listing.entries[path]).is_directory:
                    yield listing, entry

    def specimens_at(self, path: str) -> tuple[Specimen, ...]:
        """The collected files known to come from exactly this path."""
        return tuple(s for s in self.specimens if s.windows_path and fold(s.windows_path) == fold(path))

    def specimens_named(self, name: str) -> tuple[Specimen, ...]:
        """The collected files of this name of which nobody knows where they lay."""
        return tuple(s for s in self.specimens if s.windows_path is None and fold(s.name) == fold(name))

    def _listed(self, listing: FileEvidence, subject: FileSubject, path: str) -> Fact[FileEntry]:
        notes = () if listing.state == "clean" else (f"{listing.file.path} is {listing.state}",)
        reached, *names = _divided(path)
        for number, name in enumerate(names, start=1):
            entry, in_doubt = _entry(listing, reached, name)
            if entry is not None:
                reached = entry.path
                if number == len(names):
                    source = Source(listing.file, line=entry.line, last_written=entry.modified)
                    return Present(subject, entry, source, (*notes, *listing.notes))
                continue
            if fold(_as_directory(reached)) in listing.directories and not in_doubt:
                return Absent(subject, Source(listing.file, line=_line_of(listing, reached)), notes)
            if in_doubt:
                reason = f"{name} may be the short name of another entry; the listing shows no short names"
                return Unknown(subject, reason, Source(listing.file))
            reached = join(reached, name)
        return Unknown(subject, "not listed")

    def _collected(self, subject: FileSubject, shown: FileEntry | None) -> Iterator[Present[FileEntry]]:
        """What the collected files tell: those from that place, else the only one of the name and size listed."""
        places = dict.fromkeys((subject.path, *([shown.path] if shown else [])))
        pieces = [specimen for place in places for specimen in self.specimens_at(place)]
        if not pieces and shown and shown.size:
            alike = [s for s in self.specimens_named(_divided(shown.path)[-1]) if s.size == shown.size]
            pieces = alike if len(alike) == 1 else []
        for piece in pieces:
            entry = FileEntry(
                subject.path,
                piece.size,
                version=piece.version,
                architecture=piece.architecture,
                linked=piece.linked,
            )
            yield Present(subject, entry, Source(piece.file))


def _as_directory(path: str) -> str:
    return path + "\\" if path.endswith(":") else path


def _line_of(listing: FileEvidence, directory: str) -> int | None:
    entry = listing.entries.get(fold(directory))
    return entry.line if entry else None


def _entry(listing: FileEvidence, directory: str, name: str) -> tuple[FileEntry | None, bool]:
    """The entry, and whether its absence is in doubt because ``name`` looks like an 8.3 name."""
    found = listing.entries.get(fold(join(directory, name)))
    if found is not None or "~" not in name:
        return found, False
    prefix = fold(_as_directory(directory)).rstrip("\\") + "\\"
    beside = [path for path in listing.entries if path.startswith(prefix) and "\\" not in path[len(prefix) :]]
    siblings = [listing.entries[path] for path in beside]
    for entry in siblings:
        if entry.short_name and fold(entry.short_name) == fold(name):
            return entry, False
    return None, not any(entry.short_name for entry in siblings) and bool(siblings)
