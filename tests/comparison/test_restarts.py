from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from fixtures._case import CLSID, healthy, software_hive
from iiscluster_kb.comparison import Restarted, compare
from iiscluster_kb.comparison._restarts import judge_restarts
from tests.comparison.collecting import BEFORE, LATER, Times, collection, filetime, held
from tests.support.evidence import hive

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fixtures._case import Tree
    from iiscluster_kb.comparison import Collection, Restart

VERSION_KEY = r"Microsoft\Windows NT\CurrentVersion"
HOUR = timedelta(hours=1)


def node1(
    *,
    shutdown: datetime | bytes | None = None,
    windows: str = "4.0",
    times: Times | None = None,
    change: Callable[[Tree], object] = lambda _tree: None,
) -> Collection:
    case = healthy()
    for node in case.nodes:
        assert node.system is not None
        node.software = software_hive(version=windows)
        if shutdown is not None:
            data = shutdown if isinstance(shutdown, bytes) else filetime(shutdown)
            node.system["ControlSet001"]["Control"]["Windows"] = {"ShutdownTime": data}
        change(node.system)
    return held(case, times)


def judged(before: Collection, after: Collection) -> Restart:
    return judge_restarts(before, after, ())[0]


def texts(restart: Restart) -> str:
    return "\n".join(clue.text for clue in restart.clues)


@pytest.mark.parametrize(("windows", "answer"), [("5.0", Restarted.YES), ("4.0", Restarted.UNKNOWN)])
def test_a_later_shutdown_proves_from_windows_2000_on(windows: str, answer: Restarted) -> None:
    found = judged(
        node1(windows=windows, shutdown=BEFORE - HOUR),
        node1(windows=windows, shutdown=LATER, times=Times(LATER + HOUR)),
    )
    assert (found.answer, found.clues[0].says) == (answer, Restarted.YES)
    assert (
        "last shutdown was at 1999-05-07T08:00:00Z; the first collection names 1999-05-04T09:11:12Z"
        in texts(found)
    )


def test_a_shutdown_time_that_was_not_there_before() -> None:
    found = judged(node1(windows="5.0"), node1(windows="5.0", shutdown=LATER))
    assert found.answer is Restarted.YES
    assert "shows no shutdown" in texts(found)


def test_two_hints_on_windows_nt_4() -> None:
    later = Times(LATER, {VERSION_KEY: LATER})
    found = judged(node1(shutdown=BEFORE), node1(shutdown=LATER, times=later))
    assert found.answer is Restarted.YES
    assert not any(clue.is_proof for clue in found.clues)
    assert (
        "CurrentVersion, which is written at each start, was last written at 1999-05-07T08:00:00Z"
        in texts(found)
    )


def test_hints_that_contradict_each_other_decide_nothing() -> None:
    found = judged(node1(shutdown=BEFORE), node1(shutdown=BEFORE, times=Times(LATER, {VERSION_KEY: LATER})))
    assert {clue.says for clue in found.clues} == {Restarted.YES, Restarted.NO}
    assert found.answer is Restarted.UNKNOWN


@pytest.mark.parametrize("windows", ["4.0", "5.0"])
def test_the_same_shutdown_in_a_hive_that_was_written_since(windows: str) -> None:
    found = judged(
        node1(windows=windows, shutdown=BEFORE - HOUR),
        node1(windows=windows, shutdown=BEFORE - HOUR, times=Times(LATER)),
    )
    assert found.answer is Restarted.NO
    assert "though its hive was written since, at 1999-05-07T08:00:00Z" in texts(found)


def test_an_old_copy_of_the_hives_says_nothing() -> None:
    same = node1(windows="5.0", shutdown=BEFORE - HOUR)
    found = judged(same, same)
    assert found.answer is Restarted.UNKNOWN
    assert "either nothing happened, or an old copy was collected" in texts(found)


def test_an_earlier_shutdown_than_before() -> None:
    found = judged(node1(windows="5.0", shutdown=LATER), node1(windows="5.0", shutdown=BEFORE))
    assert found.answer is Restarted.UNKNOWN
    assert "names an earlier shutdown" in texts(found)


@pytest.mark.parametrize("data", [b"", b"\1\2\3", bytes(8), b"\xff" * 8])
def test_a_shutdown_time_that_is_none(data: bytes) -> None:
    found = judged(node1(windows="5.0", shutdown=BEFORE), node1(windows="5.0", shutdown=data))
    assert found.answer is Restarted.UNKNOWN
    assert "ShutdownTime holds no time" in texts(found)


def test_another_control_set_is_current() -> None:
    def switch(tree: Tree) -> None:
        tree["ControlSet003"] = tree["ControlSet001"]
        tree["Select"] |= {"Current": 3, "LastKnownGood": 1}

    found = judged(node1(), node1(change=switch))
    assert found.answer is Restarted.YES
    assert [clue.is_proof for clue in found.clues if clue.says is Restarted.YES] == [True, False]


def test_select_was_written() -> None:
    found = judged(node1(), node1(times=Times(LATER, {"Select": LATER, VERSION_KEY: LATER})))
    assert found.answer is Restarted.YES
    assert r"HKLM\SYSTEM\Select, which is written at each start, was last written at" in texts(found)


def test_nothing_was_collected_before() -> None:
    after = node1(windows="5.0", shutdown=LATER)
    before = collection([hive("NODE2/CLUSDB", r"HKLM\Cluster", {})])
    found = judged(before, after)
    assert found.answer is Restarted.UNKNOWN
    assert "which one it was before is not known: which control set is current is not known" in texts(found)


def exported(shutdown: datetime) -> Collection:
    """From a .reg export: neither times of keys nor a base block."""
    trees: dict[str, Any] = {
        r"HKLM\SYSTEM": {
            "Select": {"Current": 1},
            "ControlSet001": {
                "Control": {
                    "Windows": {"ShutdownTime": filetime(shutdown)},
                    "ComputerName": {"ComputerName": {"ComputerName": "NODE1"}},
                },
                "Services": {"ClusSvc": {"Start": 2}},
            },
        },
        r"HKLM\SOFTWARE": {"Microsoft": {"Windows NT": {"CurrentVersion": {"CurrentVersion": "5.0"}}}},
    }
    return collection(
        [hive(f"NODE1/{mount[5:]}.reg", mount, tree, format="reg-export") for mount, tree in trees.items()]
    )


def test_exports_tell_by_the_shutdown_alone() -> None:
    assert judged(exported(BEFORE), exported(LATER)).answer is Restarted.YES
    found = judged(exported(BEFORE), exported(BEFORE))
    assert found.answer is Restarted.UNKNOWN
    assert "when its hive was written is not known" in texts(found)


@pytest.mark.parametrize(
    ("shutdown", "words"),
    [
        (LATER, "before the shutdown at 1999-05-07T08:00:00Z: a restart followed the change."),
        (
            BEFORE,
            "after the shutdown at 1999-05-04T10:11:12Z: whether a restart followed the change is open.",
        ),
        (None, r"IIS Server Instance was last written at 1999-05-06T00:00:00Z."),
    ],
)
def test_the_change_and_the_shutdown_are_put_into_order(shutdown: datetime | None, words: str) -> None:
    broken, mended = healthy(), healthy()
    for node in broken.nodes:
        del node.type_key["AdminExtensions"]
    for node in mended.nodes:
        assert node.system is not None
        node.type_key["AdminExtensions"] = [CLSID]
        if shutdown:
            node.system["ControlSet001"]["Control"]["Windows"] = {"ShutdownTime": filetime(shutdown)}
    patched = LATER.replace(day=6, hour=0)
    times = Times(LATER, {r"ResourceTypes\IIS Server Instance": patched})
    comparison = compare(held(broken), held(mended, times))
    assert comparison.restarts[0].clues[-1].text.endswith(words)
