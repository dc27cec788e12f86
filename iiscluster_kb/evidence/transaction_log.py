"""Transaction logs of hives, told by the file type in their base block.

A log holds what was to be written to a hive. It is read together with the hive beside it, which its name
tells (``CLUSDB`` and ``CLUSDB.LOG``, ``SYSTEM`` and ``SYSTEM.LOG1``); one that lies alone is of no use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.evidence import EvidenceFormat
from iiscluster_kb.model import RegistryEvidence, State

if TYPE_CHECKING:
    from iiscluster_kb.model import CaseFile
    from iiscluster_kb.regf.logs import LogOutcome

__all__ = ["FORMAT", "is_log", "log_evidence", "log_names"]

_SIGNATURE = b"regf"
_FILE_TYPE = slice(28, 32)
_LOG_TYPES = frozenset({1, 2, 6})
"""File types of transaction logs (regf specification, "Base block" and "Format of transaction log files")."""
_LOG_SIGNATURES = {b"DIRT": "old kind, DIRT", b"HvLE": "new kind, HvLE"}
_LOG_SIGNATURE = slice(512, 516)
_KINDS = {"old": "of the old kind, DIRT", "new": "of the new kind, HvLE"}
_ENDINGS = (".log", ".log1", ".log2", "_log", "_log1", "_log2")


def is_log(head: bytes) -> bool:
    """Whether a file that begins so is a transaction log, sound or not."""
    return head.startswith(_SIGNATURE) and int.from_bytes(head[_FILE_TYPE], "little") in _LOG_TYPES


def log_names(path: str) -> tuple[str, ...]:
    """Case paths, in lower case, of the logs of the hive of that path.

    A hive that was given an ending when it was collected (``SYSTEM.hiv``) may have logs that were not.
    """
    folder, slash, name = path.lower().rpartition("/")
    stem = name.rpartition(".")[0]
    return tuple(f"{folder}{slash}{one}{ending}" for one in (name, stem) if one for ending in _ENDINGS)


def log_evidence(file: CaseFile, hive: CaseFile, outcome: LogOutcome | None) -> RegistryEvidence:
    """The log as a piece of evidence of its own: it holds no keys, and its note says what became of it.

    Args:
        file: The log.
        hive: Its hive.
        outcome: None: the hive is clean, so nobody looked.
    """
    kind = "" if outcome is None or outcome.kind is None else f" ({_KINDS[outcome.kind]})"
    fate = "not needed: the hive's last write was completed" if outcome is None else str(outcome)
    state = State.CLEAN if outcome is None or outcome.is_sound else State.DAMAGED
    return RegistryEvidence(
        file,
        FORMAT.name,
        (),
        state,
        (f"a transaction log of {hive.path}{kind}; {fate}",),
        part_of=hive.path,
    )


def _read(file: CaseFile) -> NoReturn:
    with file.content.open() as stream:
        kind = _LOG_SIGNATURES.get(stream.read(_LOG_SIGNATURE.stop)[_LOG_SIGNATURE], "of an unknown kind")
    raise EvidenceError(file.path, f"a transaction log; it changes a hive and is none ({kind})")


FORMAT = EvidenceFormat("transaction-log", is_log, _read)
