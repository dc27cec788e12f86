from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from iiscluster_kb.model import Dialect, Patch, Phase, Remedy, Step
from iiscluster_kb.remedy.naming import name_patches, name_sheets


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


def test_a_sheet_is_named_as_its_machines_patch_and_stands_in_order_of_the_plan() -> None:
    patches = tuple(Patch(machine, Dialect.REGEDIT4, ()) for machine in ("node1", "NODE1"))
    plan = tuple(Step(machine, Phase.PATCH, "x") for machine in ("A", None, "NODE1", "node1", "NODE1"))
    assert name_sheets(Remedy(patches, plan)) == {
        "A": "A-steps.txt",
        "NODE1": "NODE1-2-steps.txt",
        "node1": "node1-steps.txt",
    }
