r"""The format ``file-table``: a table of files that PowerShell or The Sleuth Kit wrote.

``Get-ChildItem -Recurse | Export-Csv`` writes a directory's content in one block, as ``dir /s /b`` does, and
covers directories by the same rule (``_walk``); ``fls -r -m C:`` goes into each directory at once, so there a
directory is whole when a line outside of it follows (``_bodyfile``). A damaged row ends the reading as the
end of a cut-off file would: what the rows before it show whole stays whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import EvidenceFormat
from iiscluster_kb.evidence._bodyfile import has_drive, is_bodyfile, read_bodyfile
from iiscluster_kb.evidence._csv_table import is_csv_table, read_csv_table
from iiscluster_kb.evidence._table import as_evidence
from iiscluster_kb.evidence._text import decode, looks_like_text

if TYPE_CHECKING:
    from iiscluster_kb.model import CaseFile, FileEvidence

__all__ = ["FORMAT"]

_NAME = "file-table"


def _recognises(head: bytes) -> bool:
    if not looks_like_text(head):
        return False
    text = decode(head).text
    return is_bodyfile(text) or is_csv_table(text)


def _read(file: CaseFile) -> FileEvidence:
    text = decode(file.content.map()).text
    body = is_bodyfile(text)
    if body and not has_drive(text):
        raise EvidenceError(
            file.path,
            "line 1: its names carry no drive, so nobody knows where they lay; make it with fls -r -m C:",
        )
    return as_evidence(file, _NAME, read_bodyfile(text) if body else read_csv_table(text))


FORMAT = EvidenceFormat(_NAME, _recognises, _read)
