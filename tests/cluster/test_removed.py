from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iiscluster_kb.cluster import CLUSTER, CURRENT_CONTROL_SET, Machine
from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf.deleted import Deleted, DeletedValue, Link, Owner
from iiscluster_kb.registry import ValueType, multi_sz
from tests.support.evidence import WRITTEN, hive

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = CLUSTER / r"ResourceTypes\IIS Server Instance"
NAME = "AdminExtensions"


def removed(path: str | None, *, offset: int = 4128, name: str = NAME, intact: bool = True) -> DeletedValue:
    owner = Owner(64, path, WRITTEN, Link.LIST_SLACK)
    return DeletedValue(name, ValueType.REG_MULTI_SZ, multi_sz("{X}"), offset, owner, intact)


def machine(deleted: Callable[[], Deleted] | None, mount: str = r"HKLM\Cluster") -> Machine:
    return Machine("NODE1", (hive("NODE1/CLUSDB", mount, {}, deleted=deleted),))


def among(*values: DeletedValue) -> Machine:
    return machine(lambda: Deleted(values=values))


def test_a_removed_value_comes_with_its_place() -> None:
    (found,) = among(removed(r"resourcetypes\IIS Server Instance")).removed_values(KEY, NAME.lower())
    assert (found.key, found.intact, found.value.strings()) == (KEY, True, ("{X}",))
    assert (found.source.path, found.source.offset, found.source.last_written) == (
        "NODE1/CLUSDB",
        4128,
        WRITTEN,
    )
    assert found.source.key == r"HKEY_LOCAL_MACHINE\Cluster\resourcetypes\IIS Server Instance"


def test_those_of_other_keys_and_names_are_left_out() -> None:
    other = among(removed(r"ResourceTypes\Physical Disk"), removed(KEY.name, name="Name"))
    assert other.removed_values(KEY, NAME) == ()


def test_those_of_the_key_come_first_then_those_that_are_whole() -> None:
    mine = r"ResourceTypes\IIS Server Instance"
    nobodys = DeletedValue(NAME, ValueType.REG_MULTI_SZ, b"", 8, None, intact=True)
    values = (
        nobodys,
        removed(None, offset=16),
        removed(mine, offset=24, intact=False),
        removed(mine, offset=32),
    )
    found = among(*values).removed_values(KEY, NAME)
    assert [(each.source.offset, each.key, each.source.key is None) for each in found] == [
        (32, KEY, False),
        (24, KEY, False),
        (8, None, True),
        (16, None, True),
    ]


@pytest.mark.parametrize("mount", [r"HKLM\Cluster", r"HKLM\SOFTWARE"])
def test_what_cannot_be_searched_or_lies_elsewhere_tells_nothing(mount: str) -> None:
    assert machine(None, mount).removed_values(KEY, NAME) == ()
    assert machine(Deleted, r"HKLM\SOFTWARE").removed_values(KEY, NAME) == ()


def test_damage_tells_nothing() -> None:
    def broken() -> Deleted:
        raise EvidenceError("NODE1/CLUSDB", "damaged at offset 0x40", offset=64)

    assert machine(broken).removed_values(KEY, NAME) == ()


def test_an_unknown_control_set_holds_nothing() -> None:
    system = machine(lambda: Deleted(values=(removed("Services"),)), r"HKLM\SYSTEM")
    assert system.removed_values(CURRENT_CONTROL_SET / "Services", NAME) == ()
