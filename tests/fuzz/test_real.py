"""Real files, spoilt: hives with logs and what was deleted in them, cabinets, exports and images of other writers."""

from __future__ import annotations

import lzma
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf import Hive
from iiscluster_kb.regf.deleted import find_deleted
from tests.fuzz.mutations import mutations, spoil
from tests.fuzz.profiles import fuzzed
from tests.fuzz.test_examine import look
from tests.support.scenarios import CORPUS

if TYPE_CHECKING:
    from tests.fuzz.mutations import Mutation

pytestmark = pytest.mark.skipif(
    not CORPUS.exists(), reason="the corpus of real files is not beside the checkout"
)

FILES = (
    "cabinets/iis4_1_mszip.cab", "cabinets/iis4_1_stored.cab", "cabinets/iis4_1_wine_mszip.cab",
    "pe/iisclex4_x86.dll", "reg_exports/hivexregedit_default.reg", "reg_exports/tricky.hiv",
    "reg_exports/wine_RegSaveKey_text.reg", "reg_exports/wine_regedit_E_v5.reg",
)  # fmt: skip
LOGGED = {
    "regipy-transactions_NTUSER.DAT": "regipy-transactions_ntuser.dat.log1",
    "regipy-UsrClass.dat": "regipy-UsrClass.dat.LOG1",
}
HIVES = (
    "plaso-100_sub_keys.hiv",
    "plaso-corrupt_sub_key_list.hiv",
    "regipy-BCD",
    "regipy-corrupted_system_hive",
)


@cache
def real(name: str) -> bytes:
    return lzma.decompress((CORPUS / "hives" / f"{name}.xz").read_bytes())


@pytest.mark.parametrize("name", FILES)
@fuzzed(4)
@given(changes=mutations())
def test_a_spoilt_file_is_a_report_or_one_error(name: str, changes: list[Mutation]) -> None:
    data = spoil((CORPUS / name).read_bytes(), changes)
    look({name.rpartition("/")[2]: data or b"\0", "SYSTEM._": data[:5000] or b"\0"})


def search(hive: Hive) -> None:
    for key in hive.walk():
        list(key.values())
    found = find_deleted(hive)
    assert all(len(value.data) <= len(hive.content) for value in found.values)


@pytest.mark.parametrize("name", LOGGED)
@fuzzed(4)
@given(in_hive=mutations(2) | st.just([]), in_log=mutations())
def test_a_spoilt_hive_with_a_spoilt_log(name: str, in_hive: list[Mutation], in_log: list[Mutation]) -> None:
    hive, log = spoil(real(name), in_hive), spoil(real(LOGGED[name]), in_log, real(name))
    try:
        search(Hive(hive, name, logs=[("log", log)]))
    except EvidenceError as error:
        assert error.detail  # noqa: PT017 - either end is right


@pytest.mark.parametrize("name", HIVES)
@fuzzed(4)
@given(changes=mutations())
def test_a_spoilt_hive_is_walked_and_searched(name: str, changes: list[Mutation]) -> None:
    try:
        search(Hive(spoil(real(name), changes), name))
    except EvidenceError as error:
        assert error.detail  # noqa: PT017 - either end is right
