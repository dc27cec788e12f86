"""Takes an archive of cases apart, one level deep, into a folder: the worker's side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from iiscluster_kb.case import HEAD_SIZE, Budget, Limits, containers
from iiscluster_kb.case._content import DiskContent, as_evidence
from iiscluster_kb.case._names import Names, safe_path
from iiscluster_kb.case._space import Space
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.model import CaseFile, Skipped
from iiscluster_kb.triage._nouns import Outcome, Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iiscluster_kb.case import Container, Member
    from iiscluster_kb.triage._nouns import Row, Task

__all__ = ["unpack"]

_CHUNK = 1 << 20


def unpack(task: Task, into: str) -> Result:
    """Write every member below ``into``; archives among them stay as they are.

    Returns:
        Done, with one row of ``errors`` for each member that could not be taken; or failed.

    Raises:
        CaseError: There are too many files.
        OSError: The archive cannot be read.
    """
    archive = Path(task.found.path)
    space = Space()
    content = DiskContent(archive.name, archive, archive.stat().st_size, space)
    file = CaseFile(archive.name, content)
    limits = Limits(files=task.settings.files, total=task.settings.size, member=task.settings.size)
    try:
        with content.open() as stream:
            head = stream.read(HEAD_SIZE)
        container = next((kind for kind in containers() if kind.recognises(head, content)), None)
        if container is None:
            return Result(task.found, Outcome.FAILED, "no archive")
        lost = tuple(_lost(container, file, Budget(limits), Path(into)))
    except EvidenceError as error:
        return Result(task.found, Outcome.FAILED, str(error))
    finally:
        content.close()
        space.close()
    return Result(task.found, Outcome.DONE, rows={"errors": lost})


def _lost(container: Container, file: CaseFile, budget: Budget, into: Path) -> Iterator[Row]:
    """Take what can be taken; tells what could not."""
    names = Names()
    members = container.files(file, budget)
    while True:
        try:
            with as_evidence(file.path):
                member = next(members, None)
            if member is None:
                return
            budget.count()
            path = safe_path(member.path if isinstance(member, Skipped) else member.name) or "unnamed"
            reason = (
                member.reason
                if isinstance(member, Skipped)
                else _taken(member, into, names.claim(path), budget)
            )
        except EvidenceError as error:
            yield ("file", "", error.detail)  # nothing behind this place can be told
            return
        if reason is not None:
            yield ("file", path, reason)


def _taken(member: Member, into: Path, path: str, budget: Budget) -> str | None:
    reason = budget.refusal(member.size)
    if reason is not None:
        return reason
    target = into / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as copy:
            for chunk in _chunks(member, path):
                copy.write(chunk)
    except EvidenceError as error:
        return error.detail
    except OSError as error:
        return f"cannot be unpacked: {error.strerror or error}"
    return None


def _chunks(member: Member, path: str) -> Iterator[bytes]:
    with as_evidence(path):
        source, left = member.open(), member.size
    while True:
        with as_evidence(path):
            chunk = source.read(_CHUNK)
        if not chunk:
            return
        left -= len(chunk)
        if left < 0:
            raise EvidenceError(path, f"holds more than the {member.size:,} bytes that it declares")
        yield chunk
