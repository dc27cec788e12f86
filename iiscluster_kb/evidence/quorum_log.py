"""The quorum log, ``QUOLOG.LOG``: named and declined.

It records the changes since the newest checkpoint, and from Service Pack 5 on the checkpoints' checksums
(Q217147, Q225081). No public source describes its records, so it is told by its name, and only where its
content is that of no other format; nothing of it is read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import EvidenceFormat

if TYPE_CHECKING:
    from iiscluster_kb.model import CaseFile

__all__ = ["FORMAT"]

_NAME = re.compile(r"(?:.*[^0-9a-z])?quolog(?:~\d+)?\.log", re.IGNORECASE)


def _recognises(_head: bytes) -> bool:
    return False


def _adopts(path: str) -> bool:
    return _NAME.fullmatch(path.rpartition("/")[2]) is not None


def _read(file: CaseFile) -> NoReturn:
    size = file.content.size
    said = (
        "by its name the quorum log, empty" if size == 0 else f"by its name the quorum log ({size:,} bytes)"
    )
    raise EvidenceError(
        file.path,
        f"{said}: changes to the cluster database since the newest checkpoint; no hive, and its records are "
        "of an undocumented form that is not read",
    )


FORMAT = EvidenceFormat("quorum-log", _recognises, _read, _adopts)
