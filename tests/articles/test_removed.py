"""Removed lists of extensions in hives of which they are truly removed."""

from __future__ import annotations

import struct
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from fixtures._case import CLSID, OTHER, TYPE, healthy
from fixtures._writers import _spec
from iiscluster_kb.articles._removed import beside_removed
from iiscluster_kb.articles.q224553 import RULE
from iiscluster_kb.cluster import CLUSTER, Machine, group_machines
from iiscluster_kb.model import Absent, Mount, Present, RegistryEvidence, Stated, Unknown, Verdict
from iiscluster_kb.regf import Hive
from iiscluster_kb.regf.deleted import find_deleted
from iiscluster_kb.registry import KeyPath
from tests.support.evidence import case_file, hive, listing
from tests.support.regf_deleting import delete_value
from tests.support.regf_writer import write_hive

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixtures._case import Node
    from iiscluster_kb.model import Evidence, Finding
    from tests.support.regf_writer import HiveImage

KEY = rf"ResourceTypes\{TYPE}"
NAME = "AdminExtensions"


def remove(image: HiveImage, *, told: bool = True) -> None:
    """Delete the value, the last in its list; ``told``: what follows the list still names it."""
    (count,) = struct.unpack_from("<I", image.data, image.keys[KEY] + 4 + 36)
    delete_value(image, KEY, NAME)
    if not told:
        image.put(image.value_lists[KEY] + 4 * count, "<I", 0)


def judge(
    change: Callable[[HiveImage], None],
    *,
    extensions: tuple[str, ...],
    searched: bool = True,
    **more: list[str],
) -> Finding:
    """The finding on a node whose cluster hive lists the extensions last and was then changed."""
    case = healthy()
    node = case.nodes[0]
    node.type_key.pop(NAME)
    node.type_key.update(more)
    node.type_key[NAME] = list(extensions)
    image = write_hive(_spec("Cluster", node.cluster or {}), minor=3, list_kind="lf")
    change(image)
    read = Hive(image.seal(), "NODE1/CLUSDB")
    clusdb = RegistryEvidence(
        case_file("NODE1/CLUSDB", image.seal()),
        "registry-hive",
        (Mount(KeyPath.parse(r"HKLM\Cluster"), read.root),),
        deleted=cache(partial(find_deleted, read)) if searched else None,
    )
    cluster = group_machines([*others(node), clusdb], Stated(), "case")
    return next(
        finding
        for finding in RULE.diagnose(cluster)
        if finding.machine == "NODE1" and finding.cause.id.endswith("admin-extensions-missing")
    )


def others(node: Node) -> list[Evidence]:
    return [
        hive("NODE1/SYSTEM", r"HKLM\SYSTEM", node.system or {}),
        hive("NODE1/SOFTWARE", r"HKLM\SOFTWARE", node.software or {}),
        listing("NODE1/dir.txt", node.files or {}),
    ]


def test_a_removed_value_is_told_and_stays_absent() -> None:
    finding = judge(remove, extensions=(OTHER, CLSID))
    bare = judge(remove, extensions=(OTHER, CLSID), searched=False)
    assert (finding.verdict, finding.detail, finding.changes) == (Verdict.CONFIRMED, "absent", bare.changes)
    fact = finding.facts[0]
    assert isinstance(fact, Absent)
    assert replace(fact, notes=()) == bare.facts[0]
    assert (
        "AdminExtensions was there and was removed: NODE1/CLUSDB still holds at offset 0x"
        in finding.explanation
    )
    assert (
        f"a former AdminExtensions that listed {OTHER}, {CLSID}; the key was last written "
        in finding.explanation
    )
    assert finding.explanation.startswith(bare.explanation)
    assert [note for note in fact.notes if CLSID in note]


def test_a_list_of_others_is_told_too_where_its_key_is_known() -> None:
    assert f"listed {OTHER};" in judge(remove, extensions=(OTHER,)).explanation


def test_of_a_key_that_nothing_tells_only_a_list_with_the_clsid_counts() -> None:
    finding = judge(partial(remove, told=False), extensions=(CLSID,))
    assert "AdminExtensions may have listed the CLSID before: " in finding.explanation
    assert f"a former AdminExtensions of a key that nothing tells that listed {CLSID}" in finding.explanation
    silent = judge(partial(remove, told=False), extensions=(OTHER,))
    assert silent.explanation == "AdminExtensions is absent."


def test_data_that_was_written_over_is_called_so() -> None:
    def spoil(image: HiveImage) -> None:
        remove(image)
        image.put(
            image.value_data[KEY, NAME], "<i", 80
        )  # the rest is a cell again, the end of the list in it
        image.put(image.value_data[KEY, NAME] + 80, "<i", -8)

    assert f"listed {CLSID} and may be partly written over;" in judge(spoil, extensions=(CLSID,)).explanation


def test_data_of_which_nothing_is_left_is_not_told() -> None:
    def take(image: HiveImage) -> None:
        remove(image)
        (size,) = struct.unpack_from("<i", image.data, image.value_data[KEY, NAME])
        image.put(image.value_data[KEY, NAME], "<i", -size)

    assert judge(take, extensions=(CLSID,)).explanation == "AdminExtensions is absent."


def test_an_earlier_form_of_a_list_that_is_there_is_told_if_it_listed_the_clsid() -> None:
    def rename(image: HiveImage) -> None:
        remove(image)
        name = image.values[KEY, "AdminExtensionX"] + 24
        image.data[name : name + len(NAME)] = NAME.encode()

    def told(listed: str) -> Finding:
        return judge(rename, extensions=(listed,), AdminExtensionX=[OTHER])

    finding = told(CLSID)
    assert (finding.verdict, finding.detail) == (Verdict.CONFIRMED, "other-only")
    assert f"lists only {OTHER}. AdminExtensions listed the CLSID before: " in finding.explanation
    assert told(OTHER).explanation.endswith(f"lists only {OTHER}.")


def test_a_value_that_cannot_be_read_is_left_open() -> None:
    finding = judge(lambda _image: None, extensions=(CLSID,))
    unread = replace(finding, facts=(Unknown(finding.facts[0].subject, "damaged"),))
    assert beside_removed(Machine("NODE1"), unread, CLUSTER / KEY, NAME, CLSID) == unread


def test_long_and_many_strings_are_cut() -> None:
    strings = (CLSID, "x" * 500, *(f"{{{number}}}" for number in range(20)))
    told = judge(remove, extensions=strings).explanation
    assert f"listed {CLSID}, {'x' * 100}…, {{0}}, {{1}}, {{2}}, {{3}}, {{4}}, {{5}} …;" in told


def test_present_lists_of_the_clsid_are_not_searched() -> None:
    finding = judge(lambda _image: None, extensions=(CLSID,))
    assert isinstance(finding.facts[0], Present)
    assert (finding.verdict, finding.facts[0].notes) == (Verdict.RULED_OUT, ())
