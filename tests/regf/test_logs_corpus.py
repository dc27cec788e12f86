"""Real hives with their transaction logs: what other readers found in them is found here too."""

from __future__ import annotations

import io
import lzma
from pathlib import Path

import pytest
from Registry import RegistryLog

from iiscluster_kb.regf import Hive
from iiscluster_kb.regf.logs import LogFate

HIVES = Path(__file__).resolve().parents[2] / "../shared/corpus/hives"

pytestmark = pytest.mark.skipif(not HIVES.exists(), reason="no corpus beside the project")

CASES = [
    ("regipy-SYSTEM_B", ["regipy-SYSTEM_B.LOG1", "regipy-SYSTEM_B.LOG2"], 35_595, 2130, 0),
    ("regipy-UsrClass.dat", ["regipy-UsrClass.dat.LOG1", "regipy-UsrClass.dat.LOG2"], 6_238, 300, 0),
    (
        "regipy-transactions_NTUSER.DAT",
        ["regipy-transactions_ntuser.dat.log1", "regipy-transactions_ntuser.dat.log2"],
        3_105,
        588,
        1,
    ),
]


def save(folder: Path, name: str) -> Path:
    target = folder / name
    target.write_bytes(lzma.decompress((HIVES / f"{name}.xz").read_bytes()))
    return target


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_the_logs_are_laid_over_the_hive(tmp_path: Path, case: tuple[str, list[str], int, int, int]) -> None:
    name, names, keys, sequence, stale = case
    path, logs = save(tmp_path, name), [save(tmp_path, log) for log in names]
    before = path.read_bytes()
    with Hive.open(path, logs=reversed(logs)) as hive:
        assert hive.state == "recovered"
        assert hive.sequence_numbers == (sequence, sequence)
        assert sum(1 for _ in hive.walk()) == keys
        assert hive.damage == ()
        assert hive.recovery is not None
        fates = [log.fate for log in hive.recovery.logs]
        assert fates.count(LogFate.NOT_NEEDED) == stale
        assert fates.count(LogFate.APPLIED) == len(logs) - stale
        assert bytes(hive.content) == _theirs(before, logs[: len(logs) - stale])
    assert path.read_bytes() == before


def _theirs(hive: bytes, logs: list[Path]) -> bytes:
    """What python-registry makes of it."""
    made, last = io.BytesIO(hive), None
    for path in logs:
        made.seek(0)
        log = RegistryLog.RegistryLog(made, io.BytesIO(path.read_bytes()))
        last = log.recover_hive() if last is None else log.recover_hive_continue(last + 1)
    return made.getvalue()


def test_without_the_first_log_the_second_is_taken_and_the_gap_is_told(tmp_path: Path) -> None:
    """As other readers do: that an earlier log existed cannot be seen."""
    path, log = save(tmp_path, "regipy-SYSTEM_B"), save(tmp_path, "regipy-SYSTEM_B.LOG2")
    with Hive.open(path, logs=[log]) as hive:
        assert hive.recovery is not None
        (outcome,) = hive.recovery.logs
        assert outcome.reason == "its first number is 2111, the hive's is 1621"


def test_a_log_of_another_hive_is_not_needed_or_refused(tmp_path: Path) -> None:
    path = save(tmp_path, "regipy-SYSTEM_B")
    with Hive.open(path, logs=[save(tmp_path, "regipy-UsrClass.dat.LOG1")]) as hive:
        assert hive.state == "unrecovered"
        assert sum(1 for _ in hive.walk()) > 30_000
