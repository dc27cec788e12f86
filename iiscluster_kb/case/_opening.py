"""Opens a case: walks folders, looks into archives, gives every file its path or the reason why not."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from iiscluster_kb.case import HEAD_SIZE, Member, containers
from iiscluster_kb.case._content import DiskContent, MemberContent, as_evidence
from iiscluster_kb.case._folder import Found, walk
from iiscluster_kb.case._limits import Budget
from iiscluster_kb.case._names import Names, safe_path
from iiscluster_kb.case._space import Space
from iiscluster_kb.case._statement import FILE_NAME, LARGEST, merge, parse_statement
from iiscluster_kb.errors import CaseError, EvidenceError
from iiscluster_kb.model import Case, CaseFile, Skipped, Stated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from iiscluster_kb.case import Container, Limits

__all__ = ["open_paths"]

_ENDINGS = {".zip", ".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tzst", ".gz", ".bz2", ".xz", ".zst", ".cab"}
"""What an archive's name loses to name a case. Only names are made of it, no decision."""


_SHOWN = 80
"""Characters that are shown of a name that is too long."""


def open_paths(
    paths: Sequence[str | os.PathLike[str] | Member],
    symptom: str | None,
    administered_from: str | None,
    limits: Limits,
) -> Case:
    """Open what ``open_case`` was given; see there."""
    if not paths:
        raise CaseError("no path was given")
    members = [one for one in paths if isinstance(one, Member)]
    roots = _roots([one for one in paths if not isinstance(one, Member)])
    opening = _Opening(limits)
    try:
        match roots:
            case []:
                name = _shared_name(members)
            case [root]:
                name = opening.take_one(root)
            case _:
                name = opening.take_several(roots)
        for member in members:
            opening.take_member(member, "", ())
        opening.take_sets()
        stated = merge(opening.statement(), symptom, administered_from)
        files = opening.some_files(name)
    except BaseException:
        opening.space.close()
        raise
    for file in files.values():
        opening.space.admit(file.content)
    return Case(name, dict(sorted(files.items())), stated, tuple(opening.skipped))


def _roots(paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        try:
            found[Path(path).resolve(strict=True)] = None
        except (OSError, RuntimeError, ValueError) as error:  # links in a circle; a NUL in the path
            raise CaseError(f"{os.fspath(path)}: {getattr(error, 'strerror', None) or error}") from error
    return [root for root in found if not any(parent in found for parent in root.parents)]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An archive that may be one of a set."""

    container: Container
    archive: CaseFile
    within: tuple[str, ...]
    """Kinds of the archives around its members, its own the last."""


class _Opening:
    """The state of one opening."""

    def __init__(self, limits: Limits) -> None:
        self.space = Space(in_place=limits.in_place)
        self.files: dict[str, CaseFile] = {}
        self.skipped: list[Skipped] = []
        self._containers = containers()
        self._budget = Budget(limits)
        self._names = Names()
        self._waiting: list[_Waiting] = []

    def take_one(self, root: Path) -> str:
        """Take a folder, an archive or a file as the whole case and return the case's name."""
        if _is_folder(root):
            self._take_folder(root, "")
            return safe_path(root.name) or "case"
        found = self._found(root, root.name)
        shown = safe_path(root.name) or "case"
        archive = CaseFile(shown, DiskContent(shown, found.file, found.size, self.space))
        try:
            container = self._container(archive)
        except EvidenceError as error:
            raise CaseError(str(error)) from error
        if container is None:
            self._names.claim(shown)
            self.files[shown] = archive
            return Path(shown).stem
        self._unpack(container, archive, "", (container.name,))
        return _bare(shown)

    def take_several(self, roots: Sequence[Path]) -> str:
        """Take several paths as one case, named below the directory that they share."""
        try:
            shared = Path(os.path.commonpath([root.parent for root in roots]))
        except ValueError:  # drives of Windows share nothing
            shared = None
        for root in sorted(roots):
            name = root.relative_to(shared or root.parent).as_posix()
            if _is_folder(root):
                self._take_folder(root, f"{name}/")
            else:
                self._budget.count()
                self._take_found(self._found(root, name))
        return safe_path(shared.name if shared else "") or _bare(min(roots).name)

    def take_member(self, member: Member, prefix: str, within: tuple[str, ...]) -> None:
        """Take a file that lies in an archive, or wherever the caller has it.

        Args:
            member: The file.
            prefix: The archive's path and a slash.
            within: Kinds of the archives in which it lies, from the outermost.
        """
        self._budget.count()
        path = self._claimed(prefix + member.name)
        if path is None:
            return
        reason = self._budget.refusal(member.size)
        if reason is not None:
            self.skipped.append(Skipped(path, reason))
            return
        content = MemberContent(path, member.size, member.open, self.space)
        if not member.is_lasting:
            try:
                content.expand()
            except EvidenceError as error:
                self.skipped.append(Skipped(path, error.detail))
                return
        self._take(CaseFile(path, content, within), within)

    def take_sets(self) -> None:
        """Take what is in the archives that may belong together, now that all of them are known.

        Those found inside them are taken with one another, in turn. Nothing of them is needed afterwards.
        """
        while self._waiting:
            taken, self._waiting = self._waiting, []
            beside: dict[str, dict[str, CaseFile]] = {}
            for one in taken:
                folder, _, name = one.archive.path.rpartition("/")
                beside.setdefault(folder, {}).setdefault(name.lower(), one.archive)
            for one in taken:
                around = beside[one.archive.path.rpartition("/")[0]]
                self._unpack(one.container, one.archive, f"{one.archive.path}/", one.within, around)
            for one in taken:
                one.archive.content.close()  # whose files have all been expanded, or are to be skipped

    def statement(self) -> Stated:
        """What ``case.toml`` at the root says; it is then no longer among the files."""
        file = self.files.pop(FILE_NAME, None)
        if file is None:
            return Stated()
        try:
            with file.content.open() as stream:
                return parse_statement(stream.read(LARGEST + 1), FILE_NAME)
        except EvidenceError as error:
            raise CaseError(str(error)) from error

    def some_files(self, name: str) -> dict[str, CaseFile]:
        """The files; a case without any is none."""
        if self.files:
            return self.files
        if not self.skipped:
            raise CaseError(f"{name}: holds no files")
        first, *rest = self.skipped
        more = f" (and {len(rest):,} more)" if rest else ""
        place = "" if first.path.startswith(name) else f"{name}: "
        raise CaseError(f"{place}{first.path}: {first.reason}{more}")

    def _take_folder(self, root: Path, prefix: str) -> None:
        for found in walk(root, prefix, self._budget):
            if isinstance(found, Skipped):
                self._skip(found.path, found.reason)
            else:
                self._take_found(found)

    def _found(self, file: Path, name: str) -> Found:
        try:
            status = file.stat()
        except OSError as error:
            raise CaseError(f"{file}: {error.strerror or error}") from error
        if not stat.S_ISREG(status.st_mode):
            raise CaseError(f"{file}: neither a file nor a folder")
        return Found(name, file, status.st_size)

    def _take_found(self, found: Found) -> None:
        path = self._claimed(found.name)
        if path is not None:
            self._take(CaseFile(path, DiskContent(path, found.file, found.size, self.space)), ())

    def _take(self, file: CaseFile, within: tuple[str, ...]) -> None:
        """Take a file, or what is in it where it is an archive.

        Args:
            file: Its bytes can be read at any time.
            within: Kinds of the archives in which it lies, from the outermost.
        """
        try:
            container = self._container(file)
        except EvidenceError as error:
            self.skipped.append(Skipped(file.path, error.detail))
            return
        if container is None:
            self.files[file.path] = file
        elif len(within) == self._budget.limits.depth:
            reason = f"an archive nested more than {len(within)} deep (Limits.depth)"
            self.skipped.append(Skipped(file.path, reason))
        elif container.files_of_set is not None:
            self._waiting.append(_Waiting(container, file, (*within, container.name)))
        else:
            self._unpack(container, file, f"{file.path}/", (*within, container.name))

    def _container(self, file: CaseFile) -> Container | None:
        with file.content.open() as stream:
            head = stream.read(HEAD_SIZE)
        claims = (one for one in self._containers if one.recognises(head, file.content))
        return next(claims, None)

    def _unpack(
        self,
        container: Container,
        archive: CaseFile,
        prefix: str,
        within: tuple[str, ...],
        beside: Mapping[str, CaseFile] | None = None,
    ) -> None:
        before = self._seen()
        try:
            for member in self._members(container, archive, beside or {}):
                if isinstance(member, Skipped):
                    self._budget.count()
                    self._skip(prefix + member.path or archive.path, member.reason)
                else:
                    self.take_member(member, prefix, within)
        except EvidenceError as error:
            self.skipped.append(Skipped(archive.path, f"damaged {container.name} archive: {error.detail}"))
        if self._seen() == before:
            self.skipped.append(Skipped(archive.path, f"{container.name} archive without files"))

    def _seen(self) -> int:
        return len(self.files) + len(self.skipped) + len(self._waiting)

    def _members(
        self, container: Container, archive: CaseFile, beside: Mapping[str, CaseFile]
    ) -> Iterator[Member | Skipped]:
        """The members, with the container's own errors converted and nobody else's."""
        with as_evidence(archive.path):
            members = (
                container.files(archive, self._budget)
                if container.files_of_set is None
                else container.files_of_set(archive, beside, self._budget)
            )
        while True:
            with as_evidence(archive.path):
                member = next(members, None)
            if member is None:
                return
            yield member

    def _claimed(self, name: str) -> str | None:
        path = safe_path(name)
        if path is None:
            self._skip(name, "")
            return None
        return self._names.claim(path)

    def _skip(self, name: str, reason: str) -> None:
        path = safe_path(name)
        if path is None:
            path = safe_path(name[:_SHOWN]) or "?"
            reason = reason or "its name is empty, or too long to be one"
        self.skipped.append(Skipped(path, reason))


def _is_folder(root: Path) -> bool:
    try:
        return root.is_dir()
    except OSError as error:
        raise CaseError(f"{root}: {error.strerror or error}") from error


def _shared_name(members: Sequence[Member]) -> str:
    paths = [path for member in members if (path := safe_path(member.name)) is not None]
    folders = {path.partition("/")[0] for path in paths if "/" in path}
    if len(folders) == 1 and all("/" in path for path in paths):
        return folders.pop()
    return _bare(paths[0].rpartition("/")[2]) if len(paths) == 1 else "case"


def _bare(name: str) -> str:
    """The name without the endings of archives."""
    bare = Path(name)
    while bare.suffix.lower() in _ENDINGS:
        bare = bare.with_suffix("")
    return bare.name
