r"""The format ``fsutil-listing``: what ``fsutil usn enumdata`` printed of an NTFS volume.

It prints a record for each file: its reference number, its parent's, and its name last; the paths follow from
entry 5, the root. Of what else ``fsutil`` prints, nothing lists the files of a disk: ``usn readjournal``
tells of changes, ``file queryFileNameById`` of one file, and paths alone (``file findBySID``) are read as
``dir /s /b`` is.

No directory is covered: only files are printed whose last change lies in the range that the command names,
and the output does not show it. The drive is told by the command behind a prompt, else by the name of the
file (``_drive_name``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import EvidenceFormat
from iiscluster_kb.evidence._drive_name import HOW_TO_STATE, stated_drive
from iiscluster_kb.evidence._rows import ROW_LIMIT, Entries, Table, as_directory, bare_row, join
from iiscluster_kb.evidence._table import as_evidence
from iiscluster_kb.evidence._text import decode, lines, looks_like_text
from iiscluster_kb.registry import fold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from iiscluster_kb.evidence._rows import Stored
    from iiscluster_kb.model import CaseFile, FileEvidence

__all__ = ["FORMAT"]

_NAME = "fsutil-listing"
_LINE_LIMIT = 1024
_REFERENCE = re.compile(r"[^:]{1,40}: 0x(?:0{16})?([0-9a-fA-F]{16})$").match
_NAMED = re.compile(r'[^:]{1,40}\([0-9]{3}\) *: ([^<>:"/\\|?*\x00-\x1f]+)$').match
_COMMAND = re.compile(
    r"[A-Za-z]:\\[^<>]*> ?.*\bfsutil(?:\.exe)? .*\s\"?([A-Za-z]):\\?\"?\s*(?:>.*)?$", re.IGNORECASE
).match
_ROOT = 5
"""Entry number of a volume's root directory."""
_ENTRY_BITS = (1 << 48) - 1
"""Of a reference number; the rest counts how often the entry was used."""
_DEEPEST = 128

_Record: TypeAlias = "tuple[int, str, int]"
"""Entry number of the parent, name, line."""


def _recognises(head: bytes) -> bool:
    if not looks_like_text(head):
        return False
    text = decode(head).text
    return (
        all(len(line) <= _LINE_LIMIT for _, line, _ in lines(text)) and next(_records(text), None) is not None
    )


def _records(text: str) -> Iterator[tuple[int, _Record]]:
    """Entry number and record of each file; two reference numbers and, not far below, a name are one."""
    references: list[int] = []
    for number, line, ended in lines(text):
        if not ended or len(line) > _LINE_LIMIT:
            return
        bare = line.rstrip()
        if match := _REFERENCE(bare):
            references.append(int(match[1], 16) & _ENTRY_BITS)
        elif named := _NAMED(bare):
            if len(references) in _REFERENCES:
                yield references[0], (references[1], named[1], number)
            references = []
        elif not bare:
            references = []


_REFERENCES = range(2, 4)
"""The file's, its parent's, and the number of its change, which looks alike."""


def _read(file: CaseFile) -> FileEvidence:
    text = decode(file.content.map()).text
    drive = _drive_in(text) or stated_drive(file.path)
    if drive is None:
        raise EvidenceError(file.path, f"line 1: fsutil does not print the drive letter; {HOW_TO_STATE}")
    records: dict[int, _Record] = {}
    damaged = False
    notes = ["fsutil may leave files out and does not show it: no directory is listed whole"]
    for entry, record in _records(text):
        if len(records) >= ROW_LIMIT:
            damaged = True
            notes.append(f"line {record[2]}: only {ROW_LIMIT} records are read")
            break
        records[entry] = record
    rows = _rows(records, f"{drive}:\\")
    if len(rows) < len(records) - 1:
        notes.append(
            f"{len(records) - len(rows)} records lie in no directory that is listed; they are left out"
        )
    return as_evidence(file, _NAME, Table(Entries(rows, _no_moment), frozenset(), damaged, tuple(notes)))


def _drive_in(text: str) -> str | None:
    for number, line, _ in lines(text):
        if match := _COMMAND(line[:_LINE_LIMIT]):
            return match[1].upper()
        if number > _COMMAND_LINES:
            break
    return None


_COMMAND_LINES = 8
"""Lines from the top on in which the command is looked for."""


def _rows(records: dict[int, _Record], root: str) -> dict[str, Stored]:
    rows: dict[str, Stored] = {}
    places: dict[int, str | None] = {_ROOT: root}
    parents = {parent for parent, _, _ in records.values()}
    for entry, (parent, name, line) in records.items():
        if entry == _ROOT:
            continue
        directory = _place(records, places, parent)
        if directory is not None:
            row = bare_row(directory, name, line)
            rows[fold(join(directory, name))] = as_directory(row) if entry in parents else row
    return rows


def _place(records: dict[int, _Record], places: dict[int, str | None], entry: int) -> str | None:
    """The path of a directory; None: it is not listed, or the way up never ends."""
    way: list[int] = []
    while entry not in places and entry in records and len(way) <= _DEEPEST:
        way.append(entry)
        entry = records[entry][0]
    path = places.get(entry)
    for step in reversed(way):
        deep = path is None or path.count("\\") >= _DEEPEST
        path = None if path is None or deep else join(path, records[step][1])
        places[step] = path
    return path


def _no_moment(_date: str, _clock: str) -> datetime | None:
    return None


FORMAT = EvidenceFormat(_NAME, _recognises, _read)
