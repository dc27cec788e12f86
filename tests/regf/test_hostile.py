"""No bytes raise anything but EvidenceError, and every call ends."""

from __future__ import annotations

import tracemalloc
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iiscluster_kb.errors import EvidenceError
from iiscluster_kb.regf import Hive
from tests.support.regf_attacks import TREE, attacks
from tests.support.regf_attacks_more import more_attacks, refused
from tests.support.regf_writer import KeySpec, build_hive, write_hive

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.regf_attacks import Attack

ATTACKS = [*attacks(), *more_attacks()]
SEEDS = [
    build_hive(TREE, minor=minor, list_kind=kind, leaf_size=2)
    for minor in (1, 3, 5, 6)
    for kind in ("li", "lf", "lh", "ri/lf")
]


def _exhaust(data: bytes) -> Hive | None:
    """Ask everything there is to ask; every number that bounds the work is checked."""
    try:
        hive = Hive(data, "hive")
    except EvidenceError:
        return None
    room = len(data)
    keys = 0
    for key in hive.walk():
        keys += 1
        assert key.path.count("\\") < 512
        assert sum(len(value.data) for value in key.values()) <= room
        for ask in (lambda: key.class_name, lambda: key.subkey("One"), lambda: key.value("Big")):  # noqa: B023 - called at once
            _tolerate(ask)
        assert key.modified is None or key.modified.tzinfo
    assert keys <= room // 80
    assert len(hive.damage) <= 1001
    for ask in (lambda: hive.root, lambda: hive.key("Alpha\\One\\Deep"), lambda: hive.key("Beta")):
        _tolerate(ask)
    return hive


def _tolerate(ask: Callable[[], object]) -> None:
    fault = None
    try:
        ask()
    except EvidenceError as error:
        fault = error
    if fault:
        assert fault.path == "hive"
        assert fault.offset is not None
        assert f"{fault.offset:#x}" in fault.detail


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_an_attack_is_answered_in_bounds_and_named(attack: Attack) -> None:
    tracemalloc.start()
    hive = _exhaust(attack.data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert hive is not None
    assert peak < 8 * 1024 * 1024
    if attack.reason is None:
        assert hive.damage == ()
    else:
        assert any(attack.reason in damage.reason for damage in hive.damage)
        assert hive.state == "damaged"


@pytest.mark.parametrize("attack", [*refused()], ids=str)
def test_what_cannot_be_opened_is_refused_with_its_reason(attack: Attack) -> None:
    with pytest.raises(EvidenceError, match=str(attack.reason)) as caught:
        Hive(attack.data, "hive")
    assert caught.value.path == "hive"
    assert caught.value.offset is not None


def test_keys_of_2000_with_one_list_are_each_read_once() -> None:
    attack = next(attack for attack in ATTACKS if attack.name.startswith("2,000 keys"))
    assert len(list(Hive(attack.data, "hive").walk())) == 2001


def test_levels_down_to_the_limit_are_read() -> None:
    tree = KeySpec("511")
    for level in reversed(range(511)):
        tree = KeySpec(str(level), (), (tree,))
    hive = Hive(build_hive(tree), "hive")
    assert len(list(hive.walk())) == 512
    assert hive.damage == ()
    deepest = hive.key("\\".join(str(level) for level in range(1, 512)))
    assert deepest is not None
    assert deepest.name == "511"


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_a_hive_cut_anywhere_never_loses_a_key_silently(seed: int) -> None:
    data = SEEDS[seed]
    whole = [key.path for key in Hive(data, "hive").walk()]
    random = Random(seed)  # noqa: S311 - a repeatable choice of places, no secret
    for _ in range(60):
        cut = data[: random.randrange(len(data))]
        hive = _exhaust(cut)
        if hive is None:
            continue
        assert hive.state == "damaged"
        for path in whole:
            _present_or_unknown(hive, path)


def _present_or_unknown(hive: Hive, path: str) -> None:
    try:
        assert hive.key(path) is not None, path
    except EvidenceError:
        return


@settings(max_examples=400, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), max_size=12
    ),
)
def test_changed_bytes_raise_nothing_else(seed: bytes, changes: list[tuple[float, bytes]]) -> None:
    data = bytearray(seed)
    for where, new in changes:
        at = int(where * len(data))
        data[at : at + len(new)] = new
    _exhaust(bytes(data))


@settings(max_examples=300, deadline=None)
@given(
    minor=st.sampled_from([1, 3, 5]),
    where=st.integers(0, 10_000),
    number=st.sampled_from([0, 1, 4, 0x20, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFF]),
)
def test_a_changed_number_in_a_record_raises_nothing_else(minor: int, where: int, number: int) -> None:
    image = write_hive(TREE, minor=minor)
    places = [
        *image.keys.values(),
        *image.values.values(),
        *image.value_lists.values(),
        *image.value_data.values(),
    ]
    places += [offset for lists in image.lists.values() for offset in lists]
    at = places[where % len(places)] + where // len(places) % 20 * 4
    image.put(at, "<I", number)
    _exhaust(image.seal())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_raise_nothing_else(data: bytes) -> None:
    _exhaust(data)
    _exhaust(b"regf" + data)
    _exhaust(SEEDS[0][:4096] + data)
