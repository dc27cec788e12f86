from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fixtures._case import CLSID, OTHER, healthy
from iiscluster_kb.comparison import Extent, Outcome
from iiscluster_kb.comparison._nouns import Delivered, Delivery
from iiscluster_kb.comparison._patches import judge_patches, prescribed
from iiscluster_kb.model import Present, State
from iiscluster_kb.registry import KeyPath, RegistryValue, ValueType, multi_sz
from tests.comparison.collecting import collection, held
from tests.support.evidence import damaged_hive, hive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iiscluster_kb.comparison import Application, Collection

KEY = KeyPath.parse(r"HKLM\Cluster\ResourceTypes\IIS Server Instance")
OURS = RegistryValue("AdminExtensions", ValueType.REG_MULTI_SZ, multi_sz(CLSID))
THEIRS = RegistryValue("AdminExtensions", ValueType.REG_MULTI_SZ, multi_sz(OTHER))
PUT = Delivered(KEY, "AdminExtensions", OURS)
TAKE = Delivered(KEY, "Stray", None)
SHORT = RegistryValue("AdminExtensions", ValueType.REG_MULTI_SZ, multi_sz(CLSID)[:-2])


def side(values: Mapping[str, Any] | None, *, whole: bool = True) -> Collection:
    """NODE1 with these values in the key; None: without the key."""
    types = {} if values is None else {"IIS Server Instance": values}
    tree = {"Nodes": {"1": {"NodeName": "NODE1"}}, "ResourceTypes": types}
    return collection([hive("NODE1/CLUSDB", r"HKLM\Cluster", tree, whole=whole)])


def judged(before: Collection, after: Collection, *values: Delivered) -> Application:
    (one,) = judge_patches([Delivery("NODE1", "NODE1.reg", values or (PUT,))], before, after)
    return one


@pytest.mark.parametrize(
    ("before", "after", "outcome", "extent"),
    [
        ({}, {"AdminExtensions": OURS}, Outcome.APPLIED, Extent.EXACTLY),
        (None, {"AdminExtensions": OURS}, Outcome.APPLIED, Extent.EXACTLY),
        ({}, {"ADMINEXTENSIONS": OURS}, Outcome.APPLIED, Extent.EXACTLY),
        ({"AdminExtensions": OURS}, {"AdminExtensions": OURS}, Outcome.APPLIED, Extent.EXACTLY),
        ({}, {}, Outcome.NOT_APPLIED, Extent.NOT_AT_ALL),
        ({"AdminExtensions": THEIRS}, {"AdminExtensions": THEIRS}, Outcome.NOT_APPLIED, Extent.NOT_AT_ALL),
        ({"AdminExtensions": THEIRS}, {}, Outcome.OTHER_DATA, Extent.WITH_OTHER_CHANGES),
        (
            {"AdminExtensions": THEIRS},
            {"AdminExtensions": SHORT},
            Outcome.OTHER_DATA,
            Extent.WITH_OTHER_CHANGES,
        ),
        ({}, {"AdminExtensions": SHORT}, Outcome.OTHER_DATA, Extent.WITH_OTHER_CHANGES),
        ({}, {"AdminExtensions": CLSID}, Outcome.OTHER_DATA, Extent.WITH_OTHER_CHANGES),
    ],
)
def test_one_value(
    before: dict[str, Any] | None, after: dict[str, Any] | None, outcome: Outcome, extent: Extent
) -> None:
    found = judged(side(before), side(after))
    assert ([value.outcome for value in found.values], found.extent) == ([outcome], extent)
    assert (found.other_changes, found.doubts) == ((), ())


def test_a_value_that_goes() -> None:
    gone = judged(side({"Stray": 1}), side({}), TAKE)
    assert (gone.values[0].outcome, gone.extent) == (Outcome.APPLIED, Extent.EXACTLY)
    stays = judged(side({"Stray": 1}), side({"Stray": 1}), TAKE)
    assert (stays.values[0].outcome, stays.extent) == (Outcome.NOT_APPLIED, Extent.NOT_AT_ALL)


def test_one_of_two_values() -> None:
    half = judged(side({"Stray": 1}), side({"Stray": 1, "AdminExtensions": OURS}), PUT, TAKE)
    assert [value.outcome for value in half.values] == [Outcome.APPLIED, Outcome.NOT_APPLIED]
    assert half.extent is Extent.PARTLY


def test_other_values_of_the_key() -> None:
    before = side({"DllName": "clusiis4.dll", "Name": "x", "Gone": 1})
    after = side({"DllName": "other.dll", "Name": "x", "Added": 2, "AdminExtensions": OURS})
    found = judged(before, after)
    assert found.values[0].outcome is Outcome.APPLIED
    assert found.extent is Extent.WITH_OTHER_CHANGES
    assert [change.name for change in found.other_changes] == ["DllName", "Gone", "Added"]
    (changed, *_) = found.other_changes
    assert isinstance(changed.before, Present)
    assert isinstance(changed.after, Present)
    assert (changed.before.value.text(), changed.after.value.text()) == ("clusiis4.dll", "other.dll")


def test_other_changes_do_not_hide_that_nothing_was_applied() -> None:
    found = judged(side({}), side({"Added": 2}))
    assert found.extent is Extent.NOT_AT_ALL
    assert len(found.other_changes) == 1


def test_a_machine_that_was_not_collected_again() -> None:
    found = judged(side({}), collection([hive("NODE2/CLUSDB", r"HKLM\Cluster", {})]))
    assert (found.values[0].outcome, found.extent) == (Outcome.UNKNOWN, Extent.UNKNOWN)
    assert found.doubts == (
        rf"whether more values of {KEY.short} changed cannot be told: no evidence holds {KEY.short} (now)",
    )


def test_what_was_there_before_is_not_needed_to_know_what_was_applied() -> None:
    before = collection([damaged_hive("NODE1/CLUSDB", r"HKLM\Cluster")])
    found = judged(before, side({"AdminExtensions": OURS, "Name": "x"}))
    assert (found.values[0].outcome, found.extent) == (Outcome.APPLIED, Extent.EXACTLY)
    assert len(found.doubts) == 1
    assert judged(before, side({})).values[0].outcome is Outcome.NOT_APPLIED
    assert judged(before, side({"AdminExtensions": SHORT})).values[0].outcome is Outcome.OTHER_DATA


def test_reservations_of_the_evidence_are_kept() -> None:
    tree = {"Nodes": {"1": {"NodeName": "NODE1"}}, "ResourceTypes": {"IIS Server Instance": {}}}
    stale = hive("NODE1/CLUSDB", r"HKLM\Cluster", tree, state=State.UNRECOVERED, notes=("pending changes",))
    found = judged(side({}), collection([stale]))
    assert found.doubts == ("NODE1/CLUSDB is unrecovered: pending changes",)


def test_a_fragment_leaves_open_what_it_does_not_list() -> None:
    found = judged(side({"Name": "x"}, whole=False), side({"AdminExtensions": OURS, "Name": "x", "More": 1}))
    assert found.other_changes == ()
    assert len(found.doubts) == 1


def test_values_that_cannot_be_listed() -> None:
    tree = {
        "Nodes": {"1": {"NodeName": "NODE1"}},
        "ResourceTypes": {"IIS Server Instance": {"AdminExtensions": OURS}},
    }
    sound = hive("NODE1/CLUSDB", r"HKLM\Cluster", tree)
    torn = collection([sound, damaged_hive("NODE1/CLUSDB.old", KEY.short)])
    found = judged(torn, torn)
    assert found.extent is Extent.EXACTLY
    assert "list of values at offset 0x40 is damaged" in found.doubts[-1]


def test_what_the_report_calls_for_is_what_would_be_delivered() -> None:
    case = healthy()
    for node in case.nodes:
        node.type_key["AdminExtensions"] = [OTHER]
    both = RegistryValue("AdminExtensions", ValueType.REG_MULTI_SZ, multi_sz(OTHER, CLSID))
    assert prescribed(held(case).report) == tuple(
        Delivery(name, f"{name}.reg", (Delivered(KEY, "AdminExtensions", both),))
        for name in ("NODE1", "NODE2")
    )
