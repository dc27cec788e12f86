"""Replay of transaction logs, each in the way its documentation shows; run by ``_worker.py``.

Job ``replay``: open the hive, lay its logs over it. Job ``replayed``: the same, then how many keys the result has
and a digest of all their paths, values and data, read by one reader for all.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from iiscluster_kb.regf import Hive


def _ours(hive: str, logs: list[str]) -> Hive:
    from iiscluster_kb.regf import Hive  # noqa: PLC0415 - only this reader's process needs it

    return Hive.open(hive, logs=logs)


def _python_registry(hive: str, logs: list[str]) -> bytes:
    from Registry import RegistryLog  # noqa: PLC0415 - the same

    recovered = io.BytesIO(Path(hive).read_bytes())
    opened = []
    for log in logs:
        recovered.seek(0)
        opened.append(RegistryLog.RegistryLog(recovered, log))
    first, second = opened if opened[0].is_starting_log(opened[1]) else reversed(opened)
    second.recover_hive_continue(first.recover_hive() + 1)
    return recovered.getvalue()


def _regipy(hive: str, logs: list[str]) -> bytes:
    from regipy.recovery import apply_transaction_logs  # noqa: PLC0415 - the same

    with tempfile.TemporaryDirectory() as folder:
        restored = Path(folder, "restored")
        apply_transaction_logs(hive, *logs, restored_hive_path=str(restored))
        return restored.read_bytes()


REPLAYS: dict[str, Callable[[str, list[str]], Hive | bytes]] = {
    "iiscluster_kb": _ours,
    "python-registry": _python_registry,
    "regipy": _regipy,
}


def _content(result: Hive | bytes) -> tuple[int, str]:
    from iiscluster_kb.regf import Hive  # noqa: PLC0415 - only a check needs it

    hive = Hive(result, "replayed") if isinstance(result, bytes) else result
    digest, keys = hashlib.sha256(), 0
    for key in hive.walk():
        keys += 1
        digest.update(key.path.encode("utf-16", "surrogatepass"))
        for value in key.values():
            digest.update(f"{value.name}:{value.type}:".encode("utf-16", "surrogatepass") + value.data)
    return keys, digest.hexdigest()[:16]


def run(contender: str, job: str, task: dict[str, Any]) -> Any:
    """Replay the logs of a hive."""
    result = REPLAYS[contender](task["file"], task["logs"])
    return _content(result) if job == "replayed" else None
