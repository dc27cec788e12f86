from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.model import Dialect, Patch
from iiscluster_kb.remedy.naming import name_patches


def names(*machines: str) -> list[str]:
    named = name_patches(Patch(machine, Dialect.REGEDIT4, ()) for machine in machines)
    return [name for one in named for name in (one.file, one.undo_file)]


def test_files_are_named_after_the_machine() -> None:
    assert names("NODE1") == ["NODE1.reg", "NODE1-undo.reg"]


def test_machines_that_differ_in_case_alone_get_different_files() -> None:
    assert names("NODE1", "node1") == ["NODE1.reg", "NODE1-undo.reg", "node1-2.reg", "node1-2-undo.reg"]


def test_a_patch_never_takes_the_name_of_anothers_undo() -> None:
    assert names("A", "A-undo") == ["A.reg", "A-undo.reg", "A-undo-2.reg", "A-undo-2-undo.reg"]


@given(st.lists(st.sampled_from(["A", "a", "A-2", "A-undo", "a-2-undo", "..", "ä", "ö"]), max_size=8))
def test_all_names_differ(machines: list[str]) -> None:
    given_names = [name.upper() for name in names(*machines)]
    assert len(set(given_names)) == 2 * len(machines)
